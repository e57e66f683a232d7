//! Values, gradients and Hessians at many points at once, in f64: the lanes of a block compute them side by side.

use nalgebra::DMatrix;

use super::curvature::with;
use super::evaluate::chunk::{CHUNK, LANES, Row};
use super::evaluate::machine::Machine;
use super::evaluate::real::Real;
use super::{Evaluation, Problem};

/// A point, and the parameters that go with it.
pub(crate) type At<'a> = (&'a [f64], &'a [f64]);

/// What evaluates a problem at up to [`LANES`] points at once.
pub(crate) struct Points<'a> {
    problem: &'a Problem,
    plain: Machine<f64>,
    /// Set up when they are first asked for.
    rough: Option<Machine<f32>>,
    exact: Option<Machine<f64>>,
}

impl<'a> Points<'a> {
    /// Who sets one up has asked `check_cpu` before.
    pub(crate) fn of(problem: &'a Problem) -> Self {
        Self { problem, plain: problem.machine(), rough: None, exact: None }
    }

    /// Value and gradient at each point.
    pub(crate) fn evaluate(&mut self, points: &[At<'_>]) -> Vec<Evaluation> {
        debug_assert!(points.len() <= LANES, "a block has {LANES} lanes");
        let machine = &mut self.plain;
        points.iter().enumerate().for_each(|(lane, (point, parameters))| machine.set_lane(lane, point, parameters));
        machine.evaluate(points.len().div_ceil(CHUNK));
        let gradient = |lane| machine.gradient().iter().map(|row| of(row, lane)).collect();
        let evaluation = |lane| Evaluation { value: of(machine.value(), lane), gradient: gradient(lane), scale: of(machine.scale(), lane) };
        (0..points.len()).map(evaluation).collect()
    }

    /// The Hessian at each point, as its products with the unit vectors give it: not quite symmetric.
    pub(crate) fn hessians(&mut self, points: &[At<'_>]) -> Vec<DMatrix<f64>> {
        hessians(self.problem, self.exact.get_or_insert_with(|| self.problem.hessian_machine()), points)
    }

    /// The same computed in f32, in half the time.
    pub(crate) fn rough_hessians(&mut self, points: &[At<'_>]) -> Vec<DMatrix<f64>> {
        hessians(self.problem, self.rough.get_or_insert_with(|| self.problem.hessian_machine()), points)
    }
}

fn hessians<T: Real>(problem: &Problem, machine: &mut Machine<T>, points: &[At<'_>]) -> Vec<DMatrix<f64>> {
    debug_assert!(points.len() <= LANES, "a block has {LANES} lanes");
    let (n, first) = (problem.dimension(), problem.parameters());
    let nowhere = vec![0.0; n];
    points.iter().enumerate().for_each(|(lane, (point, parameters))| machine.set_lane(lane, point, &with(parameters, &nowhere)));
    let mut hessians = vec![DMatrix::zeros(n, n); points.len()];
    // The point is set, the direction goes from one unit vector to the next.
    for k in (0..n).filter(|_| !points.is_empty()) {
        machine.set_parameter(first + k, 1.0);
        machine.evaluate(points.len().div_ceil(CHUNK));
        machine.set_parameter(first + k, 0.0);
        for (i, row) in machine.outputs()[n..].iter().enumerate() {
            hessians.iter_mut().enumerate().for_each(|(lane, hessian)| hessian[(i, k)] = of(row, lane));
        }
    }
    hessians
}

/// One lane's number.
fn of<T: Real>(row: &Row<T>, lane: usize) -> f64 {
    row[lane / CHUNK].get().0[lane % CHUNK].to_f64()
}
