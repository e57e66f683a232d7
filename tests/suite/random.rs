//! Random programs: made once as plain steps, then traced by the crate and interpreted on dual numbers.

mod generate;
mod interpret;
mod steps;

use manymin::{Error, ProblemError};
use num_dual::Dual64;

use crate::shader_text::validate;
pub(crate) use generate::Random;
use interpret::{Interpreter, trace};
use steps::Program;

/// How many programs are compared.
const PROGRAMS: usize = 400;

/// Steps keep values within this, or the program is left out: errors grow with values.
const LARGEST_VALUE: f64 = 1e3;

/// Two sides of a comparison nearer than this may compare otherwise after rounding; such programs are left out.
const TIE: f64 = 1e-9;

/// Relative to the largest number met. Some 100 steps of 1e-16 each, amplified by slopes of up to `LARGEST_VALUE`; a
/// wrong derivative is off by 1e-3 or more.
const AGREEMENT: f64 = 1e-10;

#[test]
fn random_programs_have_the_value_and_gradient_of_their_interpretation() {
    let (mut compared, mut left_out, mut nested, mut folds, mut seed) = (0, 0, 0, 0, 0);
    while compared < PROGRAMS {
        seed += 1;
        let program = Program::random(&mut Random::new(seed));
        if compare(seed, &program) {
            compared += 1;
            nested += usize::from(program.body.depth() >= 2);
            folds += usize::from(program.body.folds());
        } else {
            left_out += 1;
        }
    }
    assert!(left_out < PROGRAMS, "{left_out} programs left out: the steps are too wild to test much");
    assert!(nested > PROGRAMS / 4, "only {nested} programs with nested loops");
    assert!(folds > PROGRAMS / 4, "only {folds} programs with folds");
}

/// A random program, ready to be asked.
#[cfg_attr(not(feature = "gpu"), expect(dead_code, reason = "tolerances are the GPU engine's"))]
pub(crate) struct Prepared {
    pub(crate) problem: manymin::Problem,
    pub(crate) point: Vec<f64>,
    pub(crate) parameters: Vec<f64>,
    /// What its interpretation says.
    value: f64,
    gradient: Vec<f64>,
    /// The largest number or derivative met on the way, 1 at least.
    pub(crate) largest: f64,
    /// The least distance between the two sides of a comparison.
    pub(crate) closest: f64,
}

/// The program that a seed gives; none if it is left out.
pub(crate) fn prepared(seed: u64) -> Option<Prepared> {
    prepare(seed, &Program::random(&mut Random::new(seed)))
}

fn prepare(seed: u64, program: &Program) -> Option<Prepared> {
    let mut x: Vec<Dual64> = program.point.iter().map(|&v| Dual64::from(v)).collect();
    let mut gradient = Vec::new();
    let mut value = 0.0;
    let (mut largest, mut closest): (f64, f64) = (1.0, f64::INFINITY);
    for k in 0..x.len() {
        x[k].eps = 1.0;
        let mut interpreter = Interpreter::new(program, &x);
        let at = interpreter.run();
        let (size, gap) = (interpreter.largest, interpreter.closest);
        x[k].eps = 0.0;
        if gap < TIE || size >= LARGEST_VALUE {
            return None;
        }
        (largest, closest) = (largest.max(size), closest.min(gap));
        value = at.re;
        gradient.push(at.eps);
    }
    let builder = manymin::Problem::builder(x.len())
        .parameters(program.parameters.len())
        .data("first", &program.data[0])
        .data("second", &program.data[1]);
    let problem = match builder.build(|x, c| trace(program, x, c)) {
        // The untaken root of a constant is refused.
        Err(Error::Problem(ProblemError::NonFiniteConstant { .. })) => return None,
        built => built.unwrap_or_else(|error| panic!("program {seed}: {error}\n{program:#?}")),
    };
    let (point, parameters) = (program.point.clone(), program.parameters.clone());
    Some(Prepared { problem, point, parameters, value, gradient, largest, closest })
}

/// Whether the program could be compared; panics if it compares badly.
fn compare(seed: u64, program: &Program) -> bool {
    let Some(Prepared { problem, value, gradient, largest, .. }) = prepare(seed, program) else { return false };
    let run = || problem.evaluate(&program.point, &program.parameters).unwrap();
    let at = std::panic::catch_unwind(run).unwrap_or_else(|_| panic!("program {seed}\n{program:#?}"));
    assert!((at.value - value).abs() <= AGREEMENT * largest, "program {seed}: {} for {value}\n{program:#?}", at.value);
    let steepest = gradient.iter().fold(largest, |m, g| m.max(g.abs()));
    for (k, (g, exact)) in at.gradient.iter().zip(&gradient).enumerate() {
        assert!((g - exact).abs() <= AGREEMENT * steepest, "program {seed}: component {k} is {g} for {exact}\n{program:#?}");
    }
    validate(&format!("program {seed}"), &problem);
    true
}
