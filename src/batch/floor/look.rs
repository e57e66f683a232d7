//! A look at the points of lanes that say they are at the floor: which of them are in doubt.

use nalgebra::DMatrix;

use super::Doubt;
use super::newton::Newton;
use crate::engine::Lanes;
use crate::engine::placement::{Placement, Start};
use crate::method::Tolerances;
use crate::problem::points::{At, Points};
use crate::problem::{Evaluation, Problem};

/// At the floor f falls by no more than so many roundings of its terms and its point.
const ROUNDINGS: f64 = 100.0;
/// Newton's step is believed that promises so many times less: f is not quadratic.
const BELIEVED: f64 = 8.0;
/// A Hessian in f32 is believed if what elimination leaves of each curvature is no smaller a part of it: its rounding is far below.
const ROUGH: f64 = 1e-3;
/// With more components than this Hessians take longer than polishing does.
const MOST_COMPONENTS: usize = 64;
/// Lengths of Newton's step that are tried, the first at which f falls being taken.
const LENGTHS: [f64; 5] = [1.0, 0.25, 0.0625, 0.015625, 0.00390625];

/// Looks at lanes a block at a time.
pub(super) struct Look<'a> {
    problem: &'a Problem,
    placement: &'a Placement,
    points: Points<'a>,
    /// Where lanes are.
    starts: Vec<Start>,
    /// A sum of squares can't fall by more than it is.
    squares: bool,
}

impl<'a> Look<'a> {
    pub(super) fn new(problem: &'a Problem, placement: &'a Placement) -> Self {
        let squares = problem.residual_count().is_some();
        Self { problem, placement, points: Points::of(problem), starts: Vec::new(), squares }
    }

    /// Those of the lanes that this does not find at the floor.
    pub(super) fn doubts(&mut self, lanes: &Lanes, floors: &[usize]) -> Vec<Doubt> {
        let open = self.above(lanes, floors);
        if self.problem.dimension() > MOST_COMPONENTS {
            return open.into_iter().map(|(doubt, _)| doubt).collect();
        }
        let believes = |(doubt, here): &(Doubt, Evaluation), hessian: &DMatrix<f64>, least: f64| {
            let promise = Newton::new(&doubt.start, here, hessian).promise();
            promise.is_some_and(|(promise, pivot)| promise <= doubt.threshold / BELIEVED && pivot >= least)
        };
        // Where curvatures are of one magnitude, as they are most often, f32 is enough to know them by.
        let hessians = self.points.rough_hessians(&places(&open));
        let doubted = open.into_iter().zip(hessians).filter(|(lane, hessian)| !believes(lane, hessian, ROUGH));
        let open: Vec<(Doubt, Evaluation)> = doubted.map(|(lane, _)| lane).collect();
        let hessians = self.points.hessians(&places(&open));
        let doubted = open.into_iter().zip(hessians).filter(|(lane, hessian)| !believes(lane, hessian, 0.0));
        let go_along_step = |((doubt, here), hessian): ((Doubt, Evaluation), DMatrix<f64>)| {
            let step = Newton::new(&doubt.start, &here, &hessian).step();
            Doubt { lower: step.and_then(|step| self.lower(&doubt, &step)), ..doubt }
        };
        doubted.map(go_along_step).collect()
    }

    /// Those from which f could fall farther, and whose gradient is not within its tolerance.
    fn above(&mut self, lanes: &Lanes, floors: &[usize]) -> Vec<(Doubt, Evaluation)> {
        let n = self.problem.dimension();
        self.starts.resize_with(floors.len(), || self.placement.room());
        for (start, &k) in self.starts.iter_mut().zip(floors) {
            self.placement.fill(lanes.records[k].summary.lane, start);
            start.project(&lanes.points[k * n..][..n]);
        }
        let evaluations = self.points.evaluate(&self.starts.iter().map(at).collect::<Vec<_>>());
        let mut open = Vec::new();
        for ((&k, start), here) in floors.iter().zip(&self.starts).zip(evaluations) {
            let threshold = ROUNDINGS * f64::from(f32::EPSILON) * change(start, &here);
            let steepest = here.gradient.iter().enumerate().fold(0.0, |most: f64, (i, &g)| most.max(g.abs().min(start.room(i, -g))));
            let Tolerances { gradient_max, gradient_relative, .. } = start.demands.tolerances;
            let flat = steepest <= gradient_max.max(gradient_relative * here.value.abs().max(1.0));
            if !(flat || self.squares && here.value <= threshold) {
                open.push((Doubt { k, start: start.clone(), value: here.value, threshold, lower: None }, here));
            }
        }
        open
    }

    /// A point along a step where f is lower.
    fn lower(&mut self, doubt: &Doubt, step: &[f64]) -> Option<Vec<f64>> {
        let mut to = doubt.start.clone();
        LENGTHS.into_iter().find_map(|length| {
            let point: Vec<f64> = doubt.start.point.iter().zip(step).map(|(x, by)| x + length * by).collect();
            to.project(&point);
            let there = self.points.evaluate(&[at(&to)]);
            (there[0].value < doubt.value).then(|| to.point.clone())
        })
    }
}

/// Where a lane is.
fn at(start: &Start) -> At<'_> {
    (&start.point, &start.parameters)
}

fn places(open: &[(Doubt, Evaluation)]) -> Vec<At<'_>> {
    open.iter().map(|(doubt, _)| at(&doubt.start)).collect()
}

/// What f changes by when its terms and the point are rounded once. What a bound holds stands there to the bit.
fn change(start: &Start, here: &Evaluation) -> f64 {
    let product = |(i, g): (usize, &f64)| if start.room(i, -g) > 0.0 { (start.point[i] * g).abs() } else { 0.0 };
    here.scale + here.gradient.iter().enumerate().map(product).sum::<f64>()
}
