//! The program of a text against the text itself, compiled and run by a GPU's driver.

use manymin::prelude::*;
use manymin::probe::evaluate_on;
use nalgebra::DMatrix;

use super::{built, points};
use crate::devices::gpu;

/// Both compute in single precision, in different orders and with functions of up to a few hundred units in the last place, of
/// terms up to the program's scale.
const SINGLE: f64 = 1e-4;

/// Bodies of `objective` with a point of three components and two parameters.
const BODIES: [&str; 16] = [
    "return x[0] * x[1] - p[0] * x[2] / (1.0 + x[0] * x[0]);",
    "var s = 0.0; for (var i = 0u; i < 3u; i++) { for (var j = 0u; j < 3u; j++) { if (i != j) { s += sin(x[i] - x[j]) * f32(i + 2u * j); } } } return s;",
    "var v = x[0]; for (var i = 0; i < 20; i++) { if (abs(v) > 4.0) { break; } v = 1.3 * v + x[1] * 0.1; } return v;",
    "for (var i = 0; i < 3; i++) { if (x[i] > 0.5) { return x[i] * f32(i + 1); } } return -x[0];",
    "var s = 0.0; for (var i = 0; i < 3; i++) { if (x[i] < 0.0) { continue; } s += x[i] * x[i]; } return s;",
    "if (x[0] > 0.0 && x[1] > 0.0 || x[2] > 1.0) { return x[0] + x[1]; } return x[2] * x[2];",
    "switch i32(floor(x[0])) { case 0: { return x[1]; } case 1, -1: { if (x[2] > 0.0) { break; } return x[2]; } default { return x[0]; } } return 7.0;",
    "var w: array<f32, 3>; for (var i = 0; i < 3; i++) { w[i] = 1.0 + (x[i] - 1.0) / 4.0; } var s = 0.0; for (var i = 0; i < 2; i++) { s += w[i] * w[i + 1]; } return s;",
    "var a = x[0]; var v = x[1]; for (var k = 0u; k < 50u; k++) { let next = a + 0.02 * v; v -= 0.02 * p[0] * a; a = next; } return a + v * v;",
    "let m = mat3x3<f32>(x[0], 2.0, 3.0, x[1], x[2], p[1], 7.0, 8.0, 9.0); let v = m * vec3(x[2], 1.0, 2.0); return dot(v, v.zxy) + determinant(m) + length(v);",
    "var h = 12345u; var s = 0.0; for (var i = 0; i < 9; i++) { s += f32(i % 4) * x[0] + f32(i / 2) * x[1]; } h = h * 1664525u + 1013904223u; return s * f32(h >> 24u);",
    "let v = vec3(x[0], x[1], x[2]); return dot(floor(v), vec3(1.0, 10.0, 100.0)) + dot(round(v * 1.7), ceil(v)) + dot(trunc(v), sign(v)) + dot(fract(v), vec3(1.0));",
    "let v = vec2(x[0], x[1]); return smoothstep(-1.0, 1.0, x[2]) + mix(x[0], x[1], 0.25) + dot(clamp(v, vec2(-0.5), vec2(0.5)), reflect(v, vec2(0.6, 0.8))) + distance(v, v.yx + 1.0);",
    "var i = 0; var s = 0.0; loop { s += f32(i) * x[0]; i++; if (i * 2 > 9) { break; } continuing { s += x[1]; } } return s + f32(i);",
    "var a = x; a[1] = a[0] * 2.0; let b = a; a[2] = 0.0; var k = 0; while (k < 3) { a[k] += b[2 - k]; k = k + 1; } return a[0] * a[1] + a[2];",
    "return exp(0.3 * x[0]) + log(3.0 + x[1]) + tanh(x[2]) + atan2(x[0], 3.0 + x[1]) + pow(abs(x[2]) + 0.2, p[0]) + exp2(x[0]) + asinh(x[1]) + inverseSqrt(4.0 + x[2]);",
];

/// The text as one that gives its value, and nothing for a gradient.
fn by_hand(body: &str) -> Problem {
    let text = format!(
        "fn inner(x: array<f32, 3>, p: array<f32, 2>) -> f32 {{\n{body}\n}}
         fn objective() -> f32 {{
             let x = array<f32, 3>(x_at(0u), x_at(1u), x_at(2u));
             let p = array<f32, 2>(p_at(0u), p_at(1u));
             add_gradient(0u, 0.0);
             return inner(x, p);
         }}"
    );
    Problem::builder(3).parameters(2).verbatim(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn programs_compute_what_the_driver_computes_of_the_text() {
    let mut asked: Vec<Vec<f64>> = points(3).chain([vec![0.25, -0.75, 1.25], vec![-1.9, 0.9, 0.1]]).collect();
    // All compute from the same singles.
    asked.iter_mut().flatten().for_each(|v| *v = f64::from(*v as f32));
    let parameters = [0.5, 1.5];
    let starts = Starts::from_matrix(DMatrix::from_fn(3, asked.len(), |i, lane| asked[lane][i]));
    let starts = starts.with_parameters(DMatrix::from_fn(2, asked.len(), |k, _| parameters[k]));
    for body in BODIES {
        let program = built(&format!("fn objective(x: array<f32, 3>, p: array<f32, 2>) -> f32 {{\n{body}\n}}"));
        let (of_text, of_program) =
            (evaluate_on(&gpu(), &by_hand(body), &starts).unwrap(), evaluate_on(&gpu(), &program, &starts).unwrap());
        for (lane, x) in asked.iter().enumerate() {
            let own = program.evaluate_f32(x, &parameters).unwrap();
            let driver = of_text[lane].value;
            let size = own.scale.max(own.value.abs()).max(1.0);
            for value in [own.value, of_program[lane].value] {
                assert!((value - driver).abs() <= SINGLE * size, "{value} for the driver's {driver} at {x:?} in\n{body}");
            }
        }
    }
}
