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

const EXACT: Units = units(0.0, 0.0);

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
    let any = units(0.0, 0.0);
    vec![
        unary("neg", EXACT, [-5.0, 5.0], |x, _| -x),
        unary("abs", EXACT, [-5.0, 5.0], |x, _| x.abs()),
        unary("floor", EXACT, [-5.0, 5.0], |x, _| x.floor()),
        unary("recip", any, [0.1, 9.0], |x, _| x.recip()),
        unary("clamp", EXACT, [-5.0, 5.0], |x, _| x.clamp(-2.0, 3.0)),
        unary("powi(3)", any, [-5.0, 5.0], |x, _| x.powi(3)),
        unary("powi(37)", any, [-2.0, 2.0], |x, _| x.powi(37)),
        unary("powi(-4)", any, [0.3, 3.0], |x, _| x.powi(-4)),
        unary("powf(2.5)", any, [0.1, 30.0], |x, _| x.powf(2.5)),
        unary("sqrt", any, [1e-6, 30.0], |x, _| x.sqrt()),
        unary("exp", any, [-20.0, 20.0], |x, _| x.exp()),
        unary("exp, far", any, [-87.0, 88.0], |x, _| x.exp()),
        unary("ln", any, [1e-3, 30.0], |x, _| x.ln()),
        unary("ln, near 1", any, [0.95, 1.05], |x, _| x.ln()),
        unary("log2", any, [1e-3, 30.0], |x, _| x.log2()),
        unary("sin", any, [-30.0, 30.0], |x, _| x.sin()),
        unary("sin, far", any, [-1e4, 1e4], |x, _| x.sin()),
        unary("cos", any, [-30.0, 30.0], |x, _| x.cos()),
        unary("tan", any, [-1.5, 1.5], |x, _| x.tan()),
        unary("asin", any, [-0.99, 0.99], |x, _| x.asin()),
        unary("acos", any, [-0.99, 0.99], |x, _| x.acos()),
        unary("atan", any, [-9.0, 9.0], |x, _| x.atan()),
        unary("sinh", any, [-9.0, 9.0], |x, _| x.sinh()),
        unary("cosh", any, [-9.0, 9.0], |x, _| x.cosh()),
        unary("tanh", any, [-9.0, 9.0], |x, _| x.tanh()),
        unary("tanh, near 0", any, [-0.01, 0.01], |x, _| x.tanh()),
        unary("erf", any, [-3.5, 3.5], |x, _| x.erf()),
        binary("+", any, [-9.0, 9.0], SIGNED, |x, y| x + y),
        binary("-", any, [-9.0, 9.0], SIGNED, |x, y| x - y),
        binary("*", any, [-9.0, 9.0], SIGNED, |x, y| x * y),
        binary("/", any, [-9.0, 9.0], SIGNED, |x, y| x / y),
        binary("min", EXACT, [-9.0, 9.0], SIGNED, |x, y| x.min(y)),
        binary("max", EXACT, [-9.0, 9.0], SIGNED, |x, y| x.max(y)),
        binary("select", EXACT, [-9.0, 9.0], SIGNED, |x, y| x.less(y).or(x.greater(5.0)).select(y, x)),
        binary("powf", any, [0.1, 9.0], [-1.3, 0.7, 4.0], |x, y| x.powf(y)),
        binary("atan2", any, [-9.0, 9.0], SIGNED, |x, y| x.atan2(y)),
        binary("hypot", any, [-9.0, 9.0], SIGNED, |x, y| x.hypot(y)),
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
        at("sin(ln(-1))", &[-1.0], |x, _| x.ln().sin()),
        at("atan(sqrt(-1))", &[-1.0], |x, _| x.sqrt().atan()),
        at("erf(ln(-1))", &[-1.0], |x, _| x.ln().erf()),
        at("min(ln(-1), 1)", &[-1.0], |x, _| x.ln().min(1.0)),
        at("max(ln(-1), 1)", &[-1.0], |x, _| x.ln().max(1.0)),
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
            cpu.is_finite() || answer.value.is_finite() || answer.status != Status::NonFiniteStart
        })
        .map(|(operation, (arguments, answer))| format!("{} at {arguments:?}: {} and {:?}", operation.name, answer.value, answer.status))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
