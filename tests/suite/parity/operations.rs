//! Every operation of objectives, value and derivative, in one shader: a lane asks for one of them by its parameters.

use manymin::prelude::*;

use super::{Questions, off, single};
use crate::precision::sensitivity;

/// How far value and slope may be off, in EPSILONs of what `sensitivity` tells: the size of each, and how much each
/// changes with a relative change of the argument.
#[derive(Clone, Copy, Debug, Default)]
struct Units {
    value: f64,
    slope: f64,
}

const fn units(value: f64, slope: f64) -> Units {
    Units { value, slope }
}

/// Exact: a choice, or a change of the sign.
const EXACT: Units = units(0.0, 0.0);
/// `+ - *` are correctly rounded in WGSL, and their slopes are operands.
const ARITHMETIC: Units = units(0.5, 0.0);
/// A quotient may be off by [`DIVISION`] units; the slope by y is another one times the first.
const QUOTIENT: Units = units(DIVISION, 2.0 * DIVISION + 0.5);
const DIVISION: f64 = 2.5;
/// `sqrt` is as good as 1 / inverseSqrt, of 2 units; the slope divides by it.
const ROOT: Units = units(SQRT, SQRT + DIVISION);
const SQRT: f64 = 2.0 + DIVISION;
/// k - 1 products put x^k within k / 2, and the measure has |x f'(x)| = k |x^k|; likewise the slope.
const INTEGER_POWER: Units = units(0.5, 0.6);
/// The measure is 4 |x^-4|, and 20 |x^-5| for the slope, of a quotient and a few products.
const RECIPROCAL_POWER: Units = units((1.5 + DIVISION) / 4.0, (3.0 + 2.0 * DIVISION) / 5.0);
/// exp2(y log2 x), 3 units of each and 2 for each unit of exp2's argument: 12.3 for x^2.5, and ln of x^2.5 is up to 8.5. The
/// measure is 2.5 |x^2.5|. The slope's argument is up to 7.4, and 5.1, its measure 1.5 of it.
const POWER: Units = units((3.0 * 8.5 + 3.0 + 2.0 * 12.3) / 2.5, (3.0 * 5.1 + 3.0 + 2.0 * 7.4 + 1.0) / 1.5);
/// Likewise; here the measure grows with the argument, |y ln x|. The slope is another such, and products.
const VARIABLE_POWER: Units = units(3.0 + 3.0 + 2.0 * std::f64::consts::LOG2_E, 3.0 + 4.0 + 2.0 * std::f64::consts::LOG2_E + 1.0);
/// 3 + 2 |x| units (measured: 8 of the result), where the measure has |x| of them; the slope is the value.
const EXP: Units = units(5.0, 5.0);
/// 3 units, or 2^-21 = 4 EPSILONs from 1/2 to 2 (measured: 60 units of the result near 1), where the measure is 1.
const LN: Units = units(4.0, DIVISION);
/// Likewise; the slope is a quotient by a rounded product.
const LOG2: Units = units(4.0, DIVISION + 1.0);
/// The CPU engine's formula but for the reduction, within 2. WGSL's own: 2^-11 absolute, and nothing for |x| > pi.
const SINE: Units = units(2.0, 2.0);
/// A quotient of sine and cosine; the slope squares it, which doubles its error, and adds 1.
const TAN: Units = units(4.0 + DIVISION, 2.0 * (4.0 + DIVISION) + 1.0);
/// pi / 2 - 2 y, where y has a root's error and 2 of its polynomial, and is as large as what is left of it: doubled. The
/// slope is a quotient by a root. WGSL's own: 6.8e-5 absolute, measured 3,000 units.
const ASIN: Units = units(2.0 * (SQRT + 2.0), SQRT + DIVISION + 1.0);
/// A polynomial of a quotient, about as large as what it is added to. The slope is a sum's reciprocal. WGSL's own: 4,096
/// units, measured 172.
const ATAN: Units = units(DIVISION + 3.0, DIVISION + 1.0);
/// `exp`, a quotient, and from |x| = 1 on a difference that is 0.86 of its larger term. WGSL's own cancels: measured 20 units.
const SINH: Units = units(5.0 / 0.86 + DIVISION / 2.0 + 0.5, 5.0 / 0.86 + DIVISION / 2.0 + 0.5);
/// 1 - 2 / (e + 1), from |x| = 0.625 on, where the quotient is 0.8 of the result at most and e = exp(2 |x|) is off by 5.5
/// units; the slope (1 - t) (1 + t) has the error twice. WGSL's own: 1e-5 absolute, measured 2,000 units near 0.
const TANH: Units = units(0.8 * (5.5 + DIVISION + 1.0) + 0.5, 1.6 * (5.5 + DIVISION + 1.0) + 2.0);
/// 3e-7 of at least 1/2 by its formula, a quotient in the exponent and before it, and 4.5 of exp; the slope is exp, of a
/// square that the measure has, and two products.
const ERF: Units = units(5.0 + 2.0 * DIVISION + 4.5, 5.0 + 2.0);
/// A polynomial of a quotient of a quotient; the slopes are quotients by a square of a length.
const ATAN2: Units = units(2.0 * DIVISION + 3.0, 3.0 * DIVISION + 2.0);
/// A quotient, of which half counts, a root and two products; the slope divides by it.
const HYPOT: Units = units(SQRT + DIVISION / 2.0 + 1.0, SQRT + 1.5 * DIVISION + 1.5);

type Function = for<'g> fn(Scalar<'g>, Scalar<'g>) -> Scalar<'g>;

struct Operation {
    name: &'static str,
    units: Units,
    /// Where the first argument runs, and the second ones, if it has them.
    range: [f64; 2],
    seconds: Vec<f64>,
    function: Function,
}

impl Operation {
    /// How many components it takes.
    fn arguments(&self) -> usize {
        1 + usize::from(!self.seconds.is_empty())
    }

    /// The operation by itself.
    fn alone(&self) -> Problem {
        Problem::new(self.arguments(), |x| (self.function)(x[0], x[self.arguments() - 1])).unwrap()
    }

    /// A point where it is finite.
    fn harmless(&self) -> Vec<f64> {
        let [low, high] = self.range;
        std::iter::once(0.25 * low + 0.75 * high).chain(self.seconds.first().copied()).collect()
    }
}

fn unary(name: &'static str, units: Units, range: [f64; 2], function: Function) -> Operation {
    Operation { name, units, range, seconds: Vec::new(), function }
}

fn binary(name: &'static str, units: Units, range: [f64; 2], seconds: [f64; 3], function: Function) -> Operation {
    Operation { name, units, range, seconds: seconds.to_vec(), function }
}

fn operations() -> Vec<Operation> {
    const SIGNED: [f64; 3] = [-1.3, 0.7, 40.0];
    vec![
        unary("neg", EXACT, [-5.0, 5.0], |x, _| -x),
        unary("abs", EXACT, [-5.0, 5.0], |x, _| x.abs()),
        unary("floor", EXACT, [-5.0, 5.0], |x, _| x.floor()),
        unary("recip", QUOTIENT, [0.1, 9.0], |x, _| x.recip()),
        unary("clamp", EXACT, [-5.0, 5.0], |x, _| x.clamp(-2.0, 3.0)),
        unary("powi(3)", INTEGER_POWER, [-5.0, 5.0], |x, _| x.powi(3)),
        unary("powi(37)", INTEGER_POWER, [0.3, 3.0], |x, _| x.powi(37)),
        unary("(-x)^5", INTEGER_POWER, [-3.0, -0.3], |x, _| x.powi(5)),
        unary("powi(-4)", RECIPROCAL_POWER, [0.3, 3.0], |x, _| x.powi(-4)),
        unary("powf(2.5)", POWER, [0.1, 30.0], |x, _| x.powf(2.5)),
        unary("sqrt", ROOT, [1e-6, 30.0], |x, _| x.sqrt()),
        unary("exp", EXP, [-20.0, 20.0], |x, _| x.exp()),
        unary("exp, far", EXP, [-87.0, 88.0], |x, _| x.exp()),
        unary("ln", LN, [1e-3, 30.0], |x, _| x.ln()),
        unary("ln, near 1", LN, [0.95, 1.05], |x, _| x.ln()),
        unary("log2", LOG2, [1e-3, 30.0], |x, _| x.log2()),
        unary("sin", SINE, [-30.0, 30.0], |x, _| x.sin()),
        unary("sin, far", SINE, [-1e4, 1e4], |x, _| x.sin()),
        unary("cos", SINE, [-30.0, 30.0], |x, _| x.cos()),
        unary("tan", TAN, [-1.5, 1.5], |x, _| x.tan()),
        unary("asin", ASIN, [-0.99, 0.99], |x, _| x.asin()),
        unary("acos", ASIN, [-0.99, 0.99], |x, _| x.acos()),
        unary("atan", ATAN, [-9.0, 9.0], |x, _| x.atan()),
        unary("sinh", SINH, [-9.0, 9.0], |x, _| x.sinh()),
        unary("cosh", SINH, [-9.0, 9.0], |x, _| x.cosh()),
        unary("tanh", TANH, [-9.0, 9.0], |x, _| x.tanh()),
        unary("tanh, near 0", TANH, [-0.01, 0.01], |x, _| x.tanh()),
        unary("erf", ERF, [-3.5, 3.5], |x, _| x.erf()),
        binary("+", ARITHMETIC, [-9.0, 9.0], SIGNED, |x, y| x + y),
        binary("-", ARITHMETIC, [-9.0, 9.0], SIGNED, |x, y| x - y),
        binary("*", ARITHMETIC, [-9.0, 9.0], SIGNED, |x, y| x * y),
        binary("/", QUOTIENT, [-9.0, 9.0], SIGNED, |x, y| x / y),
        binary("min", EXACT, [-9.0, 9.0], SIGNED, |x, y| x.min(y)),
        binary("max", EXACT, [-9.0, 9.0], SIGNED, |x, y| x.max(y)),
        binary("select", EXACT, [-9.0, 9.0], SIGNED, |x, y| x.less(y).or(x.greater(5.0)).select(y, x)),
        binary("powf", VARIABLE_POWER, [0.1, 9.0], [-1.3, 0.7, 4.0], |x, y| x.powf(y)),
        binary("atan2", ATAN2, [-9.0, 9.0], SIGNED, |x, y| x.atan2(y)),
        binary("hypot", HYPOT, [-9.0, 9.0], SIGNED, |x, y| x.hypot(y)),
    ]
}

/// All operations in one objective: the sum of each times a parameter of its own. A lane sets one parameter to 1 and the
/// others to 0, at points where they are finite: what is left is that operation to the bit.
struct Together {
    operations: Vec<Operation>,
    problem: Problem,
}

impl Together {
    fn new(operations: Vec<Operation>) -> Self {
        let components = operations.iter().map(Operation::arguments).sum();
        let built = Problem::builder(components).parameters(operations.len()).build(|x, c| {
            let mut first = 0;
            let mut sum = None;
            for (k, operation) in operations.iter().enumerate() {
                let last = first + operation.arguments() - 1;
                let term = c.parameter(k) * (operation.function)(x[first], x[last]);
                sum = Some(sum.map_or(term, |sum| sum + term));
                first = last + 1;
            }
            sum.unwrap()
        });
        Self { problem: built.unwrap(), operations }
    }

    /// The first component of an operation.
    fn first(&self, k: usize) -> usize {
        self.operations[..k].iter().map(Operation::arguments).sum()
    }

    /// The point and parameters that ask operation `k` at `arguments`.
    fn ask(&self, questions: &mut Questions, k: usize, arguments: &[f64]) {
        let mut point: Vec<f64> = self.operations.iter().flat_map(Operation::harmless).collect();
        point[self.first(k)..][..arguments.len()].copy_from_slice(arguments);
        let mut parameters = vec![0.0; self.operations.len()];
        parameters[k] = 1.0;
        questions.ask(&point, &parameters);
    }
}

/// Arguments tried of each operation.
const ARGUMENTS: u32 = 400;

#[test]
fn every_operation_is_within_its_tolerance_on_the_gpu() {
    let together = Together::new(operations());
    let mut questions = Questions::default();
    let mut asked = Vec::new();
    for (k, operation) in together.operations.iter().enumerate() {
        let [low, high] = operation.range;
        for part in 0..ARGUMENTS {
            let x = single(low + (high - low) * (f64::from(part) + 0.41) / f64::from(ARGUMENTS));
            let seconds: Vec<Vec<f64>> =
                if operation.seconds.is_empty() { vec![Vec::new()] } else { operation.seconds.iter().map(|&y| vec![single(y)]).collect() };
            for second in seconds {
                let arguments = [vec![x], second].concat();
                together.ask(&mut questions, k, &arguments);
                asked.push((k, arguments));
            }
        }
    }
    let answers = questions.answers(&together.problem);
    let alone: Vec<Problem> = together.operations.iter().map(Operation::alone).collect();
    // Against f64, and against the CPU engine in f32.
    let mut worst = vec![[Units::default(); 2]; alone.len()];
    for ((k, arguments), answer) in asked.iter().zip(&answers) {
        let (wide, narrow) = (alone[*k].evaluate(arguments, &[]).unwrap(), alone[*k].evaluate_f32(arguments, &[]).unwrap());
        let (value, slope) = sensitivity(&alone[*k], arguments);
        let gradient = &answer.gradient[together.first(*k)..][..arguments.len()];
        for (worst, other) in worst[*k].iter_mut().zip([wide, narrow]) {
            worst.value = worst.value.max(off(answer.value, other.value, value));
            for (a, b) in gradient.iter().zip(&other.gradient) {
                worst.slope = worst.slope.max(off(*a, *b, slope));
            }
        }
    }
    let mut failures = Vec::new();
    for (operation, [wide, narrow]) in together.operations.iter().zip(worst) {
        let Operation { name, units, .. } = operation;
        let figures = format!(
            "{name:13} | value {:6.2} (f32 {:6.2}) of {:4.1} | slope {:6.2} (f32 {:6.2}) of {:4.1}",
            wide.value, narrow.value, units.value, wide.slope, narrow.slope, units.slope
        );
        println!("{figures}");
        // The CPU engine's own error, within the same tolerance, lies between it and the GPU's.
        let within = |worst: Units, times: f64| worst.value <= times * units.value && worst.slope <= times * units.slope;
        if !(within(wide, 1.0) && within(narrow, 2.0)) {
            failures.push(figures);
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Where operations have no value, or none that f32 can hold.
fn outside() -> Vec<(Operation, Vec<f64>)> {
    let at = |name, arguments: &[f64], function| {
        let seconds = if arguments.len() > 1 { vec![1.0] } else { Vec::new() };
        (Operation { name, units: EXACT, range: [0.25, 0.75], seconds, function }, arguments.to_vec())
    };
    vec![
        at("ln(-1)", &[-1.0], |x, _| x.ln()),
        at("ln(0)", &[0.0], |x, _| x.ln()),
        at("ln of a small negative number", &[-1e-30], |x, _| x.ln()),
        at("log2(-3)", &[-3.0], |x, _| x.log2()),
        at("sqrt(-1)", &[-1.0], |x, _| x.sqrt()),
        at("1 / 0", &[0.0], |x, _| x.recip()),
        at("0 / 0", &[0.0, 0.0], |x, y| x / y),
        at("0^-3", &[0.0], |x, _| x.powi(-3)),
        at("asin(1.5)", &[1.5], |x, _| x.asin()),
        at("asin(-1.0001)", &[-1.0001], |x, _| x.asin()),
        at("acos(1.5)", &[1.5], |x, _| x.acos()),
        at("acos(-7)", &[-7.0], |x, _| x.acos()),
        at("(-1)^2.5", &[-1.0], |x, _| x.powf(2.5)),
        at("(-2)^0.3 of two variables", &[-2.0, 0.3], |x, y| x.powf(y)),
        at("exp(89)", &[89.0], |x, _| x.exp()),
        at("exp(1e30)", &[1e30], |x, _| x.exp()),
        at("cosh(-100)", &[-100.0], |x, _| x.cosh()),
        at("sinh(100)", &[100.0], |x, _| x.sinh()),
        at("a product that overflows", &[1e30, 1e30], |x, y| x * y),
        at("a power that overflows", &[1e10], |x, _| x.powi(4)),
        // What is not a number stays none on its way through other functions.
        at("exp(ln(-1))", &[-1.0], |x, _| x.ln().exp()),
        at("tanh(sqrt(-1))", &[-1.0], |x, _| x.sqrt().tanh()),
        at("cosh(sqrt(-1))", &[-1.0], |x, _| x.sqrt().cosh()),
        at("sinh(ln(-1))", &[-1.0], |x, _| x.ln().sinh()),
        at("sqrt(-1)^1.5", &[-1.0], |x, _| x.sqrt().powf(1.5)),
        at("2^ln(-1)", &[-1.0], |x, _| (x - 1.0).abs().powf(x.ln())),
        at("ln(sqrt(-1))", &[-1.0], |x, _| x.sqrt().ln()),
        at("sin(ln(-1))", &[-1.0], |x, _| x.ln().sin()),
        at("atan(sqrt(-1))", &[-1.0], |x, _| x.sqrt().atan()),
        at("erf(ln(-1))", &[-1.0], |x, _| x.ln().erf()),
        at("min(ln(-1), 1)", &[-1.0], |x, _| x.ln().min(1.0)),
        at("max(ln(-1), 1)", &[-1.0], |x, _| x.ln().max(1.0)),
        at("atan2(sqrt(-1), 1)", &[-1.0], |x, _| x.sqrt().atan2(x)),
        at("atan2(1, sqrt(-1))", &[-1.0], |x, _| x.abs().atan2(x.sqrt())),
        at("hypot(sqrt(-1), 1)", &[-1.0], |x, _| x.sqrt().hypot(1.0)),
        at("hypot(1, sqrt(-1))", &[-1.0], |x, _| x.sqrt().hypot(x)),
        at("atan2(sqrt(-1), 1)", &[-1.0], |x, _| x.sqrt().atan2(1.0)),
    ]
}

#[test]
fn where_an_operation_has_no_value_both_engines_say_so() {
    let (operations, arguments): (Vec<Operation>, Vec<Vec<f64>>) = outside().into_iter().unzip();
    let together = Together::new(operations);
    let mut questions = Questions::default();
    for (k, arguments) in arguments.iter().enumerate() {
        together.ask(&mut questions, k, arguments);
    }
    let answers = questions.answers(&together.problem);
    let faults: Vec<String> = together
        .operations
        .iter()
        .zip(arguments.iter().zip(answers))
        .filter(|(operation, (arguments, answer))| {
            let cpu = operation.alone().evaluate_f32(arguments, &[]).unwrap().value;
            // f is unbounded where it is minus infinity.
            let expected = if cpu == f64::NEG_INFINITY { Status::Unbounded } else { Status::NonFiniteStart };
            cpu.is_finite() || answer.value.is_finite() || answer.status != expected
        })
        .map(|(operation, (arguments, answer))| format!("{} at {arguments:?}: {} and {:?}", operation.name, answer.value, answer.status))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn sums_parameters_data_and_indices_are_read_alike() {
    let data: Vec<f64> = (0..50).map(|k| single((f64::from(k) * 0.7).sin())).collect();
    // 10 terms are added one by one, 50 in blocks; whole numbers and their products are exact on every device.
    let problem = Problem::builder(12)
        .parameters(3)
        .data("first", &data[..7])
        .data("second", &data)
        .build(|x, c| {
            let (first, second) = (c.data("first"), c.data("second"));
            let chain = x.sum(0..10, |i| i.number() * x.at(i) * x.at(i + 2));
            let long = x.sum(0..50, |i| second.at(i) * c.parameter(1));
            let nested = x.sum(0..4, |i| x.sum(i.to(7), |j| first.at(j) * x.at(i + j) * (i + 2 * j).number()));
            chain + c.parameter(0) * nested + long * x[3] + c.parameter(2)
        })
        .unwrap();
    let mut questions = Questions::default();
    for k in 0..300 {
        let point: Vec<f64> = (0..12).map(|i| (f64::from(k) + 1.3 * f64::from(i)).cos() * 3.0).collect();
        questions.ask(&point, &[f64::from(k) * 0.1, -2.0 + f64::from(k) * 0.01, 7.5]);
    }
    // Sums of 50 products, each rounded twice, and then a few.
    const SUMS: f64 = 16.0;
    for (k, answer) in questions.answers(&problem).iter().enumerate() {
        let (point, parameters) = (&questions.points[k], &questions.parameters[k]);
        for other in [problem.evaluate(point, parameters).unwrap(), problem.evaluate_f32(point, parameters).unwrap()] {
            let steepest = other.gradient.iter().fold(other.scale, |most: f64, g| most.max(g.abs()));
            assert!(off(answer.value, other.value, other.scale) <= SUMS, "lane {k}: {} for {}", answer.value, other.value);
            for (a, b) in answer.gradient.iter().zip(&other.gradient) {
                assert!(off(*a, *b, steepest) <= SUMS, "lane {k}: {a} for {b}");
            }
        }
    }
}
