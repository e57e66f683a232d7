//! Loops, conditions, early ways out, arrays and functions.

use super::{agrees, body_agrees, built};
use manymin::prelude::*;

const ROSENBROCK: &str = "const DIM: u32 = 10u;
fn objective(x: array<f32, DIM>) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < DIM - 1u; i++) {
        let rise = x[i + 1u] - x[i] * x[i];
        sum += 100.0 * rise * rise + (1.0 - x[i]) * (1.0 - x[i]);
    }
    return sum;
}";

fn rosenbrock(x: &[f64], _: &[f64]) -> f64 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}

#[test]
fn a_loop_that_adds_up_is_the_traced_sum() {
    agrees(ROSENBROCK, rosenbrock);
    let problem = built(ROSENBROCK);
    let traced = Problem::new(10, |x| {
        x.sum(0..9, |i| {
            let rise = x.at(i + 1) - x.at(i) * x.at(i);
            100.0 * rise * rise + (1.0 - x.at(i)) * (1.0 - x.at(i))
        })
    })
    .unwrap();
    assert_eq!((problem.operations(), problem.wgsl()), (traced.operations(), traced.wgsl()), "the same program");
    let longer = WgslSource::parse(ROSENBROCK).unwrap().set("DIM", 1000.0).unwrap().build().unwrap();
    assert_eq!(longer.operations(), problem.operations(), "loops stay loops");
}

#[test]
fn loops_of_every_form_run_as_often_as_they_say() {
    let cases: [(&str, &[i32]); 14] = [
        ("for (var i = 0; i < 5; i++) { s += f32(i) * x[0] + x[1]; }", &[0, 1, 2, 3, 4]),
        ("for (var i = 5; i > 0; i--) { s += f32(i) * x[0] + x[1]; }", &[5, 4, 3, 2, 1]),
        ("for (var i = 4; i >= 0; i -= 2) { s += f32(i) * x[0] + x[1]; }", &[4, 2, 0]),
        ("for (var i = 1u; i <= 10u; i += 4u) { s += f32(i) * x[0] + x[1]; }", &[1, 5, 9]),
        ("for (var i = 0; i != 6; i += 3) { s += f32(i) * x[0] + x[1]; }", &[0, 3]),
        ("for (var i = 7; i < 7; i++) { s += f32(i) * x[0] + x[1]; }", &[]),
        ("for (var i = 7; i < 3; i++) { s += f32(i) * x[0] + x[1]; }", &[]),
        ("var i = 0; while (i < 3) { s += f32(i) * x[0] + x[1]; i = i + 1; }", &[0, 1, 2]),
        ("var i = 0; while (i < 3) { i = 1 + i; s += f32(i) * x[0] + x[1]; }", &[1, 2, 3]),
        ("var i = 0; loop { if (i >= 3) { break; } s += f32(i) * x[0] + x[1]; i++; }", &[0, 1, 2]),
        ("var i = 0; loop { s += f32(i) * x[0] + x[1]; i++; if (i == 3) { break; } }", &[0, 1, 2]),
        ("var i = 9; loop { s += f32(i) * x[0] + x[1]; continuing { i++; break if i > 3; } }", &[9]),
        ("var i = 0; loop { i++; if (i > 3) { break; } s += f32(i) * x[0] + x[1]; }", &[1, 2, 3]),
        ("for (var i = 0; i < 3; i++) { for (var j = i; j < 3; j++) { s += f32(j) * x[0] + x[1]; } }", &[0, 1, 2, 1, 2, 2]),
    ];
    for (text, ks) in cases {
        let text = format!("fn objective(x: array<f32, 2>) -> f32 {{ var s = 0.0; {text} return s; }}");
        let at = built(&text).evaluate(&[1.5, 10.25], &[]).unwrap();
        assert_eq!(at.value, ks.iter().map(|&k| f64::from(k) * 1.5 + 10.25).sum::<f64>(), "{text}");
        assert_eq!(at.gradient, [ks.iter().map(|&k| f64::from(k)).sum(), ks.len() as f64], "{text}");
    }
}

#[test]
fn counters_are_known_after_the_loop() {
    body_agrees("var i = 0u; for (; i < 7u; i += 2u) { } return f32(i) * x[0];", |x, _| 8.0 * x[0]);
    body_agrees("var n = 0; for (var i = 0; i < 5; i++) { n += 2; } return f32(n) * x[0];", |x, _| 10.0 * x[0]);
    body_agrees("var s = 0.0; for (var i = 0; i < 3; i++) { var j = 0; for (; j < i; j++) { } s += f32(j) * x[j]; } return s;", |x, _| {
        x[1] + 2.0 * x[2]
    });
}

/// Conditions on loop variables cut the loop: neither side is computed where it does not hold.
#[test]
fn conditions_on_counters_cut_loops() {
    body_agrees(
        "var s = 0.0; for (var i = 0; i < 3; i++) { if (i > 0) { s += x[i] * x[i - 1]; } else { s += 7.0 * x[i]; } } return s;",
        |x, _| 7.0 * x[0] + x[1] * x[0] + x[2] * x[1],
    );
    let pairs = "const N = 6u; fn objective(x: array<f32, N>) -> f32 {
        var s = 0.0;
        for (var i = 0u; i < N; i++) { for (var j = 0u; j < N; j++) { if (i != j) { let d = x[i] - x[j]; s += log(d * d) * f32(i + 1u); } } }
        return s; }";
    agrees(pairs, |x, _| {
        let pairs = (0..6).flat_map(|i| (0..6).map(move |j| (i, j))).filter(|(i, j)| i != j);
        pairs.map(|(i, j)| (x[i] - x[j]).powi(2).ln() * (i as f64 + 1.0)).sum()
    });
    body_agrees(
        "var s = 0.0; for (var i = 0; i < 9; i++) { if (i == 3) { continue; } if (i == 6) { break; } s += f32(i) * x[0]; } return s;",
        |x, _| 12.0 * x[0],
    );
    body_agrees("for (var i = 0; i < 9; i++) { if (i == 2) { return x[i]; } } return 0.0;", |x, _| x[2]);
    body_agrees(
        "var s = 0.0; for (var i = 0u; i < 3u; i++) { switch i { case 0u: { s += x[0]; } case 1u, 5u: { s += x[1] * x[1]; } default: { s += 4.0 * x[i]; } } } return s;",
        |x, _| x[0] + x[1] * x[1] + 4.0 * x[2],
    );
    body_agrees(
        "var s = 0.0; for (var i = 0; i < 12; i++) { if (i % 2 == 0) { s += x[0]; } else { s += f32(i) * x[1]; } if (2 * i > 7) { s += x[2]; } } return s;",
        |x, _| 6.0 * x[0] + 36.0 * x[1] + 8.0 * x[2],
    );
}

#[test]
fn conditions_on_the_point_choose() {
    body_agrees("if (x[0] > 0.0) { return x[1]; } else if (x[1] > 0.0) { return x[0] * x[0]; } return x[2];", |x, _| {
        if x[0] > 0.0 {
            x[1]
        } else if x[1] > 0.0 {
            x[0] * x[0]
        } else {
            x[2]
        }
    });
    body_agrees("var v = x[0]; if (v < 0.0) { v = -v; if (v > 1.0) { v = v * 2.0; } } v += 1.0; return v * x[1];", |x, _| {
        let v = if x[0] < -1.0 { -2.0 * x[0] } else { x[0].abs() };
        (v + 1.0) * x[1]
    });
    body_agrees("if (x[0] > 0.0 && x[1] > 0.0 || x[2] > 1.0) { return x[0] + x[1]; } return x[2] * x[2];", |x, _| {
        if x[0] > 0.0 && x[1] > 0.0 || x[2] > 1.0 { x[0] + x[1] } else { x[2] * x[2] }
    });
    body_agrees(
        "var s = 0.0; switch i32(floor(x[0])) { case 0: { s = x[1]; break; } case 1, -1: { if (x[2] > 0.0) { break; } s = x[2]; } default { s = x[0]; } } return s + x[2];",
        |x, _| {
            let s = match x[0].floor() as i32 {
                0 => x[1],
                1 | -1 => x[2].min(0.0),
                _ => x[0],
            };
            s + x[2]
        },
    );
    body_agrees("var s = 0.0; for (var i = 0; i < 3; i++) { if (x[i] < 0.0) { continue; } s += x[i] * x[i]; } return s;", |x, _| {
        x.iter().filter(|v| **v >= 0.0).map(|v| v * v).sum()
    });
}

/// The branch that is not taken may be infinite or not a number.
#[test]
fn the_branch_not_taken_poisons_nothing() {
    let problem = built("fn objective(x: array<f32, 1>) -> f32 { if (x[0] <= 0.0) { return 3.0 * x[0]; } return sqrt(x[0]) * log(x[0]); }");
    assert_eq!(problem.evaluate(&[0.0], &[]).unwrap().gradient, [3.0]);
    assert_eq!(problem.evaluate(&[-1.0], &[]).unwrap(), Evaluation { value: -3.0, gradient: vec![3.0], scale: 3.0 });
    let sum = "fn objective(x: array<f32, 3>) -> f32 { var s = 0.0; for (var i = 0; i < 3; i++) { if (x[i] > 0.0) { s += sqrt(x[i]); } } return s; }";
    assert_eq!(built(sum).evaluate(&[0.0, -1.0, 4.0], &[]).unwrap().gradient, [0.0, 0.0, 0.25]);
}

/// The loop runs all its rounds, and a lane that has left keeps what it had.
#[test]
fn lanes_may_leave_loops_where_the_point_says() {
    body_agrees(
        "var v = x[0]; for (var i = 0; i < 20; i++) { if (abs(v) > 4.0) { break; } v = 1.3 * v + x[1] * 0.1; } return v;",
        |x, _| {
            let mut v = x[0];
            for _ in 0..20 {
                if v.abs() > 4.0 {
                    break;
                }
                v = 1.3 * v + x[1] * 0.1;
            }
            v
        },
    );
    body_agrees("for (var i = 0; i < 3; i++) { if (x[i] > 0.5) { return x[i] * f32(i + 1); } } return -x[0];", |x, _| {
        x.iter().zip(1..).find(|(v, _)| **v > 0.5).map_or(-x[0], |(v, k)| v * f64::from(k))
    });
    agrees(
        "fn first(x: array<f32, 3>, above: f32) -> f32 { for (var i = 0; i < 3; i++) { if (x[i] > above) { return x[i]; } } return above; }
         fn objective(x: array<f32, 3>) -> f32 { var s = 0.0; for (var k = 0; k < 3; k++) { s += first(x, f32(k) - 1.0) * x[k]; } return s; }",
        |x, _| {
            let first = |above: f64| x.iter().copied().find(|v| *v > above).unwrap_or(above);
            (0..3).map(|k| first(k as f64 - 1.0) * x[k]).sum()
        },
    );
}

#[test]
fn arrays_are_read_and_written() {
    agrees(
        "const W = array<array<f32, 3>, 2>(array<f32, 3>(1.0, 2.0, 3.0), array<f32, 3>(4.0, 5.0, 6.0));
         const V = array(vec2(1.0, 2.0), vec2(3.0, 4.0), vec2(5.0, 6.0));
         const K = array<u32, 3>(7u, 8u, 9u);
         fn objective(x: array<f32, 3>) -> f32 {
             var s = 0.0;
             for (var i = 0u; i < 2u; i++) { for (var j = 0u; j < 3u; j++) { s += W[i][j] * x[j] * f32(i + 1u); } }
             for (var j = 0u; j < 3u; j++) { let v = V[2u - j]; s += dot(v, vec2(x[j], 1.0)) + f32(K[j]) * x[0]; }
             return s + W[1][2];
         }",
        |x, _| {
            let w = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
            let mut s = 6.0;
            for j in 0..3 {
                s += w[0][j] * x[j]
                    + 2.0 * w[1][j] * x[j]
                    + (2 * (2 - j) + 1) as f64 * x[j]
                    + (2 * (2 - j) + 2) as f64
                    + (7 + j) as f64 * x[0];
            }
            s
        },
    );
    body_agrees("var a = x; a[1] = a[0] * 2.0; let b = a; a[2] = 0.0; return a[1] * b[2] + a[2];", |x, _| 2.0 * x[0] * x[2]);
    body_agrees(
        "let a = array(x[0], x[1] * x[1], 3.0); var s = 0.0; for (var i = 0; i < 3; i++) { s += a[2 - i] * f32(i) + a[i] * a[i]; } return s;",
        |x, _| {
            let a = [x[0], x[1] * x[1], 3.0];
            (0..3).map(|i| a[2 - i] * i as f64 + a[i] * a[i]).sum()
        },
    );
    // An array that a loop fills is carried element by element.
    body_agrees(
        "var w: array<f32, 3>; for (var i = 0; i < 3; i++) { w[i] = 1.0 + (x[i] - 1.0) / 4.0; } var s = 0.0; for (var i = 0; i < 2; i++) { s += w[i] * w[i + 1]; } return s + sin(w[0]);",
        |x, _| {
            let w: Vec<f64> = x.iter().map(|v| 1.0 + (v - 1.0) / 4.0).collect();
            w[0] * w[1] + w[1] * w[2] + w[0].sin()
        },
    );
    body_agrees("var a = array<f32, 40>(); for (var i = 0; i < 40; i++) { a[i] += x[0] * f32(i); } return a[39] * a[1];", |x, _| {
        39.0 * x[0] * x[0]
    });
}

#[test]
fn functions_are_run_where_they_are_called() {
    agrees(
        "fn square(v: f32) -> f32 { return v * v; }
         fn ramp(v: f32) -> f32 { if (v < 0.0) { return 0.0; } return square(v); }
         fn norm(x: array<f32, 4>, from_: u32) -> f32 { var s = 0.0; for (var i = from_; i < 4u; i++) { s += square(x[i]); } return s; }
         fn objective(x: array<f32, 4>) -> f32 { var s = 0.0; for (var k = 0u; k < 4u; k++) { s += norm(x, k) * ramp(x[k]); } return s; }",
        |x, _| (0..4).map(|k| x[k..].iter().map(|v| v * v).sum::<f64>() * x[k].max(0.0).powi(2)).sum(),
    );
}

#[test]
fn parameters_and_data_are_read_by_index() {
    let text = "// An exponential decay, fitted
@group(0) @binding(0) var<storage, read> t: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
const SCALE = 2.0;
fn objective(x: array<f32, 2>, p: array<f32, 3>) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < arrayLength(&t); i++) {
        let miss = SCALE * x[0] * exp(-x[1] * t[i]) - y[i];
        sum += miss * miss;
    }
    for (var k = 0u; k < 3u; k++) { sum += p[k] * x[0]; }
    return sum;
}";
    let source = WgslSource::parse(text).unwrap();
    assert_eq!((source.dimension(), source.parameters(), source.description().as_str()), (2, 3, "An exponential decay, fitted"));
    assert_eq!(source.data_names().collect::<Vec<_>>(), ["t", "y"]);
    assert_eq!(source.constants(), [("SCALE".to_string(), 2.0)]);
    let problem =
        source.data("t", &[0.0, 0.1, 0.7]).unwrap().data("y", &[1.1, 1.2, 1.3]).unwrap().set("SCALE", 3.0).unwrap().build().unwrap();
    super::assert_agrees(&problem, text, |x, p| {
        let miss = |t: f64, y: f64| (3.0 * x[0] * (-x[1] * t).exp() - y).powi(2);
        miss(0.0, 1.1) + miss(0.1, 1.2) + miss(0.7, 1.3) + (p[0] + p[1] + p[2]) * x[0]
    });
}

#[test]
fn loops_stand_in_conditions_and_conditions_in_loops() {
    body_agrees(
        "var s = 1.0; if (x[0] > 0.0) { for (var i = 0; i < 3; i++) { s += x[i]; } } else { for (var i = 0; i < 3; i++) { s *= x[i]; } } return s;",
        |x, _| if x[0] > 0.0 { 1.0 + x.iter().sum::<f64>() } else { x.iter().product() },
    );
    // Left from the inner of two loops, and from both.
    body_agrees(
        "var s = 0.0; for (var i = 0; i < 3; i++) { for (var j = 0; j < 3; j++) { if (x[j] > x[i]) { break; } s += x[i] * x[j]; if (s > 9.0) { return s - 9.0; } } s += 0.1; } return s;",
        |x, _| {
            let mut s = 0.0;
            for i in 0..3 {
                for j in 0..3 {
                    if x[j] > x[i] {
                        break;
                    }
                    s += x[i] * x[j];
                    if s > 9.0 {
                        return s - 9.0;
                    }
                }
                s += 0.1;
            }
            s
        },
    );
    // A counter that counts what the point says, in a loop that is left.
    body_agrees(
        "var v = x[0]; var steps = 0; for (var i = 0; i < 30; i++) { if (v * v < 0.01) { break; } v *= 0.8; steps++; } return v + f32(steps);",
        |x, _| {
            let (mut v, mut steps) = (x[0], 0.0);
            while v * v >= 0.01 && steps < 30.0 {
                v *= 0.8;
                steps += 1.0;
            }
            v + steps
        },
    );
    // Cut at both ends, and what is carried goes through the cuts.
    body_agrees(
        "var v = 1.0; var s = 0.0; for (var i = 0; i < 9; i++) { v = 0.5 * v + x[1]; if (i == 0) { s += v; } else if (i < 4) { s += v * x[0]; } else if (i == 8) { s += 100.0; } } return s + v;",
        |x, _| {
            let (mut v, mut s) = (1.0, 0.0);
            for i in 0..9 {
                v = 0.5 * v + x[1];
                s += match i {
                    0 => v,
                    1..4 => v * x[0],
                    8 => 100.0,
                    _ => 0.0,
                };
            }
            s + v
        },
    );
}
