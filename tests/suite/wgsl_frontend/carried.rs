//! What loops carry from round to round.

use super::{agrees, body_agrees, built};

#[test]
fn what_is_carried_from_round_to_round_is_a_fold() {
    body_agrees("var q = 1.0; for (var i = 0; i < 3; i++) { q *= x[i] + 3.0; } return q;", |x, _| x.iter().map(|v| v + 3.0).product());
    body_agrees("var m = -100.0; for (var i = 0; i < 3; i++) { m = max(m, x[i] * x[i]); } return m;", |x, _| {
        x.iter().map(|v| v * v).fold(-100.0, f64::max)
    });
    // x' = v, v' = -p x by Euler's steps, and the sum of what it passes.
    body_agrees(
        "var a = x[0]; var v = x[1]; var passed = 0.0;
         for (var k = 0u; k < 50u; k++) { let next = a + 0.02 * v; v -= 0.02 * p[0] * a; a = next; passed += a * a; }
         return passed + v;",
        |x, p| {
            let (mut a, mut v, mut passed) = (x[0], x[1], 0.0);
            for _ in 0..50 {
                (a, v) = (a + 0.02 * v, v - 0.02 * p[0] * a);
                passed += a * a;
            }
            passed + v
        },
    );
    // Fibonacci-like vectors, in a structure, in two loops.
    agrees(
        "struct Pair { a: vec2<f32>, b: vec2<f32> }
         fn objective(x: array<f32, 2>) -> f32 {
             var pair = Pair(vec2(x[0], 1.0), vec2(1.0, x[1]));
             for (var i = 0; i < 2; i++) { for (var j = 0; j < 3; j++) { let c = 0.5 * (pair.a + pair.b); pair.a = pair.b; pair.b = c; } pair.a.x += x[1]; }
             return dot(pair.a, pair.b);
         }",
        |x, _| {
            let (mut a, mut b) = ([x[0], 1.0], [1.0, x[1]]);
            for _ in 0..2 {
                for _ in 0..3 {
                    let c = [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])];
                    (a, b) = (b, c);
                }
                a[0] += x[1];
            }
            a[0] * b[0] + a[1] * b[1]
        },
    );
}

/// Each of these was, or could be, mistaken for something simpler.
#[test]
fn what_looks_like_a_sum_and_is_none() {
    body_agrees("var c = 0.0; var s = 0.0; for (var i = 0; i < 3; i++) { c += x[i]; s += c * c; } return s;", |x, _| {
        x[0] * x[0] + (x[0] + x[1]).powi(2) + (x[0] + x[1] + x[2]).powi(2)
    });
    body_agrees(
        "var before = x[2]; var s = 0.0; for (var i = 0; i < 3; i++) { s += x[i] * before; before = x[i]; } return s + before;",
        |x, _| x[0] * x[2] + x[1] * x[0] + x[2] * x[1] + x[2],
    );
    body_agrees(
        "var k = 2.0; var s = 0.0; for (var i = 0; i < 3; i++) { if (i > 5) { k = 7.0; } s += k * x[i]; } return s * k;",
        |x, _| 4.0 * (x[0] + x[1] + x[2]),
    );
    body_agrees(
        "var last = 0.0; var first = 1.0; for (var i = 0; i < 3; i++) { last = x[i] * x[i]; first = 5.0; } return last * first;",
        |x, _| 5.0 * x[2] * x[2],
    );
    body_agrees("var n = 0; for (var i = 0; i < 3; i++) { if (x[i] > 0.0) { n++; } } return f32(n) * x[0];", |x, _| {
        x.iter().filter(|v| **v > 0.0).count() as f64 * x[0]
    });
    body_agrees("var s = x[0]; for (var i = 0; i < 3; i++) { s = x[i] - s; } for (var i = 0; i < 4; i++) { s += s; } return s;", |x, _| {
        16.0 * (x[2] - (x[1] - (x[0] - x[0])))
    });
    body_agrees(
        "var s = 0.0; for (var i = 0; i < 4; i++) { var t = x[0]; for (var j = 0; j < i; j++) { t = t * 0.5 + x[1]; } s += t; } return s;",
        |x, _| (0..4).map(|i| (0..i).fold(x[0], |t, _| t * 0.5 + x[1])).sum(),
    );
    agrees(
        "fn add(total: ptr<function, f32>, x: array<f32, 3>, by: f32) { for (var i = 0; i < 3; i++) { *total += x[i] * by; } }
         fn grow(total: ptr<function, f32>) { for (var i = 0; i < 3; i++) { *total = *total * 1.5; } }
         fn objective(x: array<f32, 3>) -> f32 { var t = 1.0; add(&t, x, x[0]); grow(&t); for (var k = 0; k < 2; k++) { add(&t, x, 2.0); grow(&t); } return t; }",
        |x, _| {
            let sum: f64 = x.iter().sum();
            (0..2).fold((1.0 + x[0] * sum) * 3.375, |t, _| (t + 2.0 * sum) * 3.375)
        },
    );
}

/// Thousands of rounds are stored in blocks, and the program does not grow.
#[test]
fn long_folds_stay_small() {
    let text = |rounds: usize| {
        format!(
            "fn objective(x: array<f32, 2>) -> f32 {{ var a = x[0]; for (var i = 0; i < {rounds}; i++) {{ a = 0.9995 * a + 0.001 * sin(x[1] * f32(i)); }} return a * a; }}"
        )
    };
    let problem = built(&text(5000));
    super::assert_agrees(&problem, "a long fold", |x, _| {
        let a = (0..5000).fold(x[0], |a, i| 0.9995 * a + 0.001 * (x[1] * f64::from(i)).sin());
        a * a
    });
    assert_eq!(built(&text(4900)).operations(), problem.operations());
}
