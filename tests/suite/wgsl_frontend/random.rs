//! Texts made at random, against the same expressions computed here.

use std::fmt::Write;

use proptest::prelude::*;

use super::built;
use crate::cases::cases;

/// An expression of three components, without poles.
#[derive(Clone, Debug)]
enum Expression {
    Component(usize),
    Constant(f64),
    Unary(&'static str, fn(f64) -> f64, Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    /// `if (a < b) { c } else { d }`
    Choice([Box<Expression>; 4]),
    /// The sum of `expression * (i + 1)` over four rounds.
    Sum(Box<Expression>),
    /// `s = 0.5 s + expression`, three times from a start.
    Fold(Box<Expression>, Box<Expression>),
}

impl Expression {
    fn value(&self, x: &[f64]) -> f64 {
        match self {
            Self::Component(k) => x[*k],
            Self::Constant(value) => *value,
            Self::Unary(_, f, a) => f(a.value(x)),
            Self::Binary(op, a, b) => {
                let (a, b) = (a.value(x), b.value(x));
                match *op {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    _ => a / (1.0 + b * b),
                }
            }
            Self::Choice([a, b, c, d]) => {
                if a.value(x) < b.value(x) {
                    c.value(x)
                } else {
                    d.value(x)
                }
            }
            Self::Sum(a) => (1..=4).map(|i| a.value(x) * f64::from(i)).sum(),
            Self::Fold(start, a) => (0..3).fold(start.value(x), |s, _| 0.5 * s + a.value(x)),
        }
    }

    /// Writes statements that leave the value in a variable, and gives its name.
    fn write(&self, out: &mut String, count: &mut usize) -> String {
        let value = match self {
            Self::Component(k) => format!("x[{k}]"),
            Self::Constant(value) => format!("({value:?})"),
            Self::Unary(name, _, a) => format!("{name}({})", a.write(out, count)),
            Self::Binary(op, a, b) => {
                let (a, b) = (a.write(out, count), b.write(out, count));
                if *op == "/" { format!("{a} / (1.0 + {b} * {b})") } else { format!("{a} {op} {b}") }
            }
            Self::Choice([a, b, c, d]) => {
                let (a, b, result) = (a.write(out, count), b.write(out, count), format!("r{count}"));
                *count += 1;
                _ = writeln!(out, "var {result} = 0.0; if ({a} < {b}) {{");
                let c = c.write(out, count);
                _ = writeln!(out, "{result} = {c}; }} else {{");
                let d = d.write(out, count);
                _ = writeln!(out, "{result} = {d}; }}");
                result
            }
            Self::Sum(a) => {
                let result = format!("r{count}");
                *count += 1;
                _ = writeln!(out, "var {result} = 0.0; for (var i{result} = 0u; i{result} < 4u; i{result}++) {{");
                let a = a.write(out, count);
                _ = writeln!(out, "{result} += {a} * f32(i{result} + 1u); }}");
                result
            }
            Self::Fold(start, a) => {
                let (start, result) = (start.write(out, count), format!("r{count}"));
                *count += 1;
                _ = writeln!(out, "var {result} = {start}; for (var i{result} = 3; i{result} > 0; i{result}--) {{");
                let a = a.write(out, count);
                _ = writeln!(out, "{result} = 0.5 * {result} + {a}; }}");
                result
            }
        };
        *count += 1;
        let name = format!("v{count}");
        _ = writeln!(out, "let {name} = {value};");
        name
    }
}

fn expressions() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![(0..3_usize).prop_map(Expression::Component), (-2.0..2.0).prop_map(Expression::Constant)];
    leaf.prop_recursive(5, 30, 4, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let functions = prop_oneof![
            Just(("sin", f64::sin as fn(f64) -> f64)),
            Just(("tanh", f64::tanh as fn(f64) -> f64)),
            Just(("abs", f64::abs as fn(f64) -> f64)),
            Just(("atan", f64::atan as fn(f64) -> f64)),
        ];
        let operators = prop_oneof![Just("+"), Just("-"), Just("*"), Just("/")];
        prop_oneof![
            (functions, boxed()).prop_map(|((name, f), a)| Expression::Unary(name, f, a)),
            (operators, boxed(), boxed()).prop_map(|(op, a, b)| Expression::Binary(op, a, b)),
            [boxed(), boxed(), boxed(), boxed()].prop_map(Expression::Choice),
            boxed().prop_map(Expression::Sum),
            (boxed(), boxed()).prop_map(|(start, a)| Expression::Fold(start, a)),
        ]
    })
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn texts_compute_what_they_say(expression in expressions(), x in prop::array::uniform3(-2.0..2.0)) {
        let mut body = String::new();
        let result = expression.write(&mut body, &mut 0);
        let text = format!("fn objective(x: array<f32, 3>) -> f32 {{\n{body}return {result} + 0.0 * x[0];\n}}");
        let problem = built(&text);
        let (value, expected) = (problem.evaluate(&x, &[]).unwrap().value, expression.value(&x));
        // At a jump between two sides, either is right; products of products may cancel.
        let moved = [1e-12, -1e-12].map(|by| expression.value(&x.map(|v| v + by)));
        let near = moved.iter().any(|other| (value - other).abs() <= 1e-9 * expected.abs().max(1.0));
        prop_assert!(near || (value - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{value} for {expected} in\n{text}");
        let gradient = problem.evaluate(&x, &[]).unwrap().gradient;
        prop_assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?} in\n{text}");
        super::valid_shader("a random text", &problem);
    }
}
