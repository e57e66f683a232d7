//! Single precision against double, operation by operation and program by program.
//!
//! Points and parameters are rounded to f32 first, so that both precisions are asked the same question.

use manymin::prelude::*;

use super::programs::all;

const EPSILON: f64 = f32::EPSILON as f64;

/// How far an operation's value and slope may be off, in [`EPSILON`]s of the largest of value, slope and the changes
/// that a relative change of the argument makes to them.
///
/// A correctly rounded operation is off by 1/2. The slope's tolerance adds up the operations that it is made of.
#[derive(Clone, Copy)]
struct Units {
    value: f64,
    slope: f64,
}

const fn units(value: f64, slope: f64) -> Units {
    Units { value, slope }
}

/// Rounded once, and slopes that are 1, an operand or a quotient of two operations.
const ARITHMETIC: Units = units(0.5, 1.5);
/// Exact.
const EXTREME: Units = units(0.0, 0.0);
/// k - 1 products put x^k within k/2, and the measure has |x f'(x)| = k |x^k|; likewise the slope, with a factor more.
const INTEGER_POWER: Units = units(0.5, 0.6);
/// The standard library's, within one unit; the slope is another power and two products.
const POWER: Units = units(1.0, 2.5);
/// Correctly rounded; the slope halves (exact) and divides.
const ROOT: Units = units(0.5, 1.0);
/// 2 units by `math`; the slope is the value.
const EXP: Units = units(2.0, 2.0);
/// 2 units by `math`; the slope a quotient.
const LN: Units = units(2.0, 0.5);
/// `ln` times a rounded constant.
const LOG2: Units = units(3.0, 1.5);
/// 2 units by `math`; the slope another such.
const SINE: Units = units(2.0, 2.0);
/// A quotient of sine and cosine; the slope squares it, which doubles its error, and adds 1.
const TAN: Units = units(4.5, 10.0);
/// The standard library's, within one unit; the slope a root of a product of two rounded factors, and a quotient.
const ASIN: Units = units(1.0, 2.0);
/// The standard library's, within one unit; the slope a square, a sum and a quotient.
const ATAN: Units = units(1.0, 1.5);
/// The standard library's, within one unit and a half; the slope another such.
const SINH: Units = units(1.5, 1.5);
/// 4 units by `math`; the slope (1 - t) (1 + t) has that error twice, and two roundings.
const TANH: Units = units(4.0, 9.0);
/// `libm`'s, within one unit; the slope exp(-x^2), whose argument is rounded (covered by the change of the slope), and
/// two products.
const ERF: Units = units(1.0, 4.0);
/// The standard library's, within one unit; the slopes two quotients, a length of 2 and a product.
const ATAN2: Units = units(1.0, 5.0);
/// A quotient, a square, a sum, a root and a product; the slope divides by it.
const HYPOT: Units = units(2.5, 3.0);

struct Operation {
    name: &'static str,
    units: Units,
    problem: Problem,
    /// Where the first argument runs, and the second ones, if it has them.
    range: [f64; 2],
    seconds: Vec<f64>,
}

fn unary(name: &'static str, units: Units, range: [f64; 2], function: impl for<'g> Fn(Scalar<'g>) -> Scalar<'g>) -> Operation {
    Operation { name, units, problem: Problem::new(1, |x| function(x[0])).unwrap(), range, seconds: Vec::new() }
}

fn binary(
    name: &'static str,
    units: Units,
    range: [f64; 2],
    seconds: [f64; 3],
    function: impl for<'g> Fn(Scalar<'g>, Scalar<'g>) -> Scalar<'g>,
) -> Operation {
    Operation { name, units, problem: Problem::new(2, |x| function(x[0], x[1])).unwrap(), range, seconds: seconds.to_vec() }
}

fn operations() -> Vec<Operation> {
    const SIGNED: [f64; 3] = [-1.3, 0.7, 40.0];
    vec![
        unary("neg", ARITHMETIC, [-5.0, 5.0], |x| -x),
        unary("abs", EXTREME, [-5.0, 5.0], |x| x.abs()),
        unary("floor", EXTREME, [-5.0, 5.0], |x| x.floor()),
        unary("recip", ARITHMETIC, [0.1, 9.0], |x| x.recip()),
        unary("clamp", EXTREME, [-5.0, 5.0], |x| x.clamp(-2.0, 3.0)),
        unary("powi(3)", INTEGER_POWER, [-5.0, 5.0], |x| x.powi(3)),
        unary("powi(37)", INTEGER_POWER, [0.3, 3.0], |x| x.powi(37)),
        unary("powi(-4)", INTEGER_POWER, [0.3, 3.0], |x| x.powi(-4)),
        unary("powf(2.5)", POWER, [0.1, 30.0], |x| x.powf(2.5)),
        unary("sqrt", ROOT, [1e-6, 30.0], |x| x.sqrt()),
        unary("exp", EXP, [-20.0, 20.0], |x| x.exp()),
        unary("ln", LN, [1e-3, 30.0], |x| x.ln()),
        unary("log2", LOG2, [1e-3, 30.0], |x| x.log2()),
        unary("sin", SINE, [-30.0, 30.0], |x| x.sin()),
        unary("cos", SINE, [-30.0, 30.0], |x| x.cos()),
        unary("tan", TAN, [-1.5, 1.5], |x| x.tan()),
        unary("asin", ASIN, [-0.99, 0.99], |x| x.asin()),
        unary("acos", ASIN, [-0.99, 0.99], |x| x.acos()),
        unary("atan", ATAN, [-9.0, 9.0], |x| x.atan()),
        unary("sinh", SINH, [-9.0, 9.0], |x| x.sinh()),
        unary("cosh", SINH, [-9.0, 9.0], |x| x.cosh()),
        unary("tanh", TANH, [-9.0, 9.0], |x| x.tanh()),
        unary("erf", ERF, [-3.5, 3.5], |x| x.erf()),
        binary("+", ARITHMETIC, [-9.0, 9.0], SIGNED, |x, y| x + y),
        binary("-", ARITHMETIC, [-9.0, 9.0], SIGNED, |x, y| x - y),
        binary("*", ARITHMETIC, [-9.0, 9.0], SIGNED, |x, y| x * y),
        binary("/", ARITHMETIC, [-9.0, 9.0], SIGNED, |x, y| x / y),
        binary("min", EXTREME, [-9.0, 9.0], SIGNED, |x, y| x.min(y)),
        binary("max", EXTREME, [-9.0, 9.0], SIGNED, |x, y| x.max(y)),
        binary("select", EXTREME, [-9.0, 9.0], SIGNED, |x, y| x.less(y).or(x.greater(5.0)).select(y, x)),
        binary("powf", POWER, [0.1, 9.0], [-1.3, 0.7, 4.0], |x, y| x.powf(y)),
        binary("atan2", ATAN2, [-9.0, 9.0], SIGNED, |x, y| x.atan2(y)),
        binary("hypot", HYPOT, [-9.0, 9.0], SIGNED, |x, y| x.hypot(y)),
    ]
}

/// Arguments tried of each operation.
const ARGUMENTS: u32 = 2_000;

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is the point")]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

#[test]
fn every_operation_is_within_its_tolerance_in_single_precision() {
    let mut failures = Vec::new();
    for operation in operations() {
        let Operation { name, units, problem, range: [low, high], seconds } = operation;
        let mut worst = Units { value: 0.0, slope: 0.0 };
        let seconds = if seconds.is_empty() { vec![Vec::new()] } else { seconds.into_iter().map(|y| vec![single(y)]).collect() };
        for k in 0..ARGUMENTS {
            let x = single(low + (high - low) * (f64::from(k) + 0.41) / f64::from(ARGUMENTS));
            for second in &seconds {
                let point = [vec![x], second.clone()].concat();
                let (wide, narrow) = (problem.evaluate(&point, &[]).unwrap(), problem.evaluate_f32(&point, &[]).unwrap());
                let (value, slope) = sensitivity(&problem, &point);
                let off = |a: f64, b: f64, scale: f64| if a == b { 0.0 } else { (a - b).abs() / (EPSILON * scale) };
                worst.value = worst.value.max(off(narrow.value, wide.value, value));
                for (a, b) in narrow.gradient.iter().zip(&wide.gradient) {
                    worst.slope = worst.slope.max(off(*a, *b, slope));
                }
            }
        }
        if !(worst.value <= units.value && worst.slope <= units.slope) {
            failures.push(format!("{name}: value {:.2} of {}, slope {:.2} of {}", worst.value, units.value, worst.slope, units.slope));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// What errors of the value and of the slope are measured by: the size of each, and how much each changes with a
/// relative change of a component, |x f'(x)| and |x f''(x)|.
pub(crate) fn sensitivity(problem: &Problem, point: &[f64]) -> (f64, f64) {
    const CHANGE: f64 = 1e-7;
    let at = problem.evaluate(point, &[]).unwrap();
    let largest = |values: &[f64]| values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let mut value = at.value.abs();
    let mut slope = largest(&at.gradient).max(value);
    for k in 0..point.len() {
        value = value.max((point[k] * at.gradient[k]).abs());
        let mut moved = point.to_vec();
        moved[k] *= 1.0 + CHANGE;
        let there = problem.evaluate(&moved, &[]).unwrap();
        let change: Vec<f64> = there.gradient.iter().zip(&at.gradient).map(|(a, b)| (a - b) / CHANGE).collect();
        slope = slope.max(largest(&change));
    }
    (value, slope)
}

#[test]
fn every_program_keeps_its_digits_in_single_precision() {
    let mut failures = Vec::new();
    for case in all() {
        for (point, parameters) in &case.points {
            let (point, parameters): (Vec<f64>, Vec<f64>) =
                (point.iter().map(|&v| single(v)).collect(), parameters.iter().map(|&v| single(v)).collect());
            let wide = case.problem.evaluate(&point, &parameters).unwrap();
            let narrow = case.problem.evaluate_f32(&point, &parameters).unwrap();
            // The value is as good as its terms, the gradient as its largest component and those terms.
            let scale = wide.scale.max(wide.value.abs());
            let off = |a: f64, b: f64, scale: f64| if a == b { 0.0 } else { (a - b).abs() / (EPSILON * scale) };
            let steepest = wide.gradient.iter().fold(scale, |m: f64, g| m.max(g.abs()));
            let value = off(narrow.value, wide.value, scale);
            let slope = narrow
                .gradient
                .iter()
                .zip(&wide.gradient)
                .map(|(a, b)| off(*a, *b, steepest))
                .fold(0.0, |m: f64, v| if v.is_nan() { v } else { m.max(v) });
            if !(value <= case.condition && slope <= case.condition) {
                failures.push(format!("{}: value {value:.1}, slope {slope:.1} of {}", case.name, case.condition));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
