//! Numbers, vectors, matrices, structures, integers and the functions that WGSL has built in.

use super::{agrees, body_agrees, built};

/// Each built-in function of a number, at a number made of the point that is in its domain and at no kink.
#[test]
fn functions_of_one_number_are_those_of_wgsl() {
    type One = fn(f64) -> f64;
    let table: [(&str, One); 30] = [
        ("abs", f64::abs),
        ("acos", f64::acos),
        ("acosh", |v| (v + 3.0).acosh()),
        ("asin", f64::asin),
        ("asinh", f64::asinh),
        ("atan", f64::atan),
        ("atanh", f64::atanh),
        ("ceil", f64::ceil),
        ("cos", f64::cos),
        ("cosh", f64::cosh),
        ("degrees", f64::to_degrees),
        ("exp", f64::exp),
        ("exp2", f64::exp2),
        ("floor", f64::floor),
        ("fract", |v| v - v.floor()),
        ("inverseSqrt", |v| 1.0 / (v + 3.0).sqrt()),
        ("log", |v| (v + 3.0).ln()),
        ("log2", |v| (v + 3.0).log2()),
        ("radians", f64::to_radians),
        ("round", f64::round_ties_even),
        ("saturate", |v| v.clamp(0.0, 1.0)),
        ("sign", f64::signum),
        ("sin", f64::sin),
        ("sinh", f64::sinh),
        ("sqrt", |v| (v + 3.0).sqrt()),
        ("tan", f64::tan),
        ("tanh", f64::tanh),
        ("trunc", f64::trunc),
        ("length", f64::abs),
        ("determinant", |v| 9.0 * v - 2.0),
    ];
    for (name, oracle) in table {
        let shifted = ["acosh", "inverseSqrt", "log", "log2", "sqrt"].contains(&name);
        let argument = match name {
            "determinant" => "mat2x2<f32>(v, 1.0, 2.0, 9.0)",
            _ if shifted => "v + 3.0",
            _ => "v",
        };
        let text =
            format!("fn objective(x: array<f32, 1>) -> f32 {{ let v = 0.9 * sin(x[0] + 0.3); return {name}({argument}) + 0.1 * x[0]; }}");
        let problem = built(&text);
        for x in [-1.3_f64, -0.2, 0.4, 1.1] {
            let v = 0.9 * (x + 0.3).sin();
            let (value, expected) = (problem.evaluate(&[x], &[]).unwrap().value, oracle(v) + 0.1 * x);
            assert!((value - expected).abs() < 1e-12 * expected.abs().max(1.0), "{name}: {value} for {expected} at {x}");
            let check = problem.check_gradient(&[x], &[]).unwrap();
            assert!(check.error < 1e-5, "{name}: {check:?}");
        }
    }
}

#[test]
fn round_takes_the_even_one_of_two() {
    let problem = built("fn objective(x: array<f32, 1>) -> f32 { return round(x[0]); }");
    for x in [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.499_999_999_999_999_94, 1e15 + 0.5] {
        assert_eq!(problem.evaluate(&[x], &[]).unwrap().value, x.round_ties_even(), "{x}");
    }
}

#[test]
fn functions_of_more_numbers_are_those_of_wgsl() {
    body_agrees("return atan2(x[0], x[1]) + pow(abs(x[2]) + 0.1, p[0]);", |x, p| x[0].atan2(x[1]) + (x[2].abs() + 0.1).powf(p[0]));
    body_agrees("return pow(x[0], 3) + pow(x[1], 2.0) + pow(2.0, x[2]);", |x, _| x[0].powi(3) + x[1] * x[1] + x[2].exp2());
    body_agrees("return min(x[0], x[1] + 5.0) * max(x[1], x[2] - 7.0);", |x, _| x[0] * x[1]);
    body_agrees("return clamp(x[0], -0.5, 0.7) + mix(x[0], x[1], p[0]);", |x, p| x[0].clamp(-0.5, 0.7) + x[0] * (1.0 - p[0]) + x[1] * p[0]);
    body_agrees("return fma(x[0], x[1], x[2]) + step(0.1, x[0]) * x[1];", |x, _| x[0] * x[1] + x[2] + if x[0] >= 0.1 { x[1] } else { 0.0 });
    body_agrees("return smoothstep(-1.0, 3.0, x[0]) * x[1];", |x, _| {
        let t = ((x[0] + 1.0) / 4.0).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t) * x[1]
    });
    body_agrees("return ldexp(x[0], 3) + modf(x[1] * 2.3).fract + x[2] % 0.7;", |x, _| 8.0 * x[0] + (x[1] * 2.3).fract() + x[2] % 0.7);
}

#[test]
fn vectors_have_components_swizzles_and_functions() {
    body_agrees("let v = vec3(x[0], x[1], x[2]); let w = v.zyx * 2.0 - vec3(1.0); return dot(v, w) + v.xy.y + w.r;", |x, _| {
        let w = [2.0 * x[2] - 1.0, 2.0 * x[1] - 1.0, 2.0 * x[0] - 1.0];
        x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[1] + w[0]
    });
    body_agrees("var v = vec4<f32>(); v.x = x[0]; v.w += x[1]; v[1] = 3.0; v.z = v.w; return v.x * v.w + v.y + v.z;", |x, _| {
        x[0] * x[1] + 3.0 + x[1]
    });
    body_agrees("let c = cross(vec3(x[0], x[1], x[2]), vec3f(1, 2, 3)); return c.x + 10.0 * c.y + 100.0 * c.z;", |x, _| {
        (3.0 * x[1] - 2.0 * x[2]) + 10.0 * (x[2] - 3.0 * x[0]) + 100.0 * (2.0 * x[0] - x[1])
    });
    body_agrees("let a = vec2(x[0], x[1]); return length(a) + distance(a, vec2(9.0, x[2])) + normalize(a + 10.0).x;", |x, _| {
        let h = (x[0] + 10.0).hypot(x[1] + 10.0);
        x[0].hypot(x[1]) + (x[0] - 9.0).hypot(x[1] - x[2]) + (x[0] + 10.0) / h
    });
    body_agrees("let r = reflect(vec2(x[0], x[1]), vec2(0.6, 0.8)); return r.x * r.y + select(x[2], 1.0, x[0] > 9.0);", |x, _| {
        let d = 2.0 * (0.6 * x[0] + 0.8 * x[1]);
        (x[0] - 0.6 * d) * (x[1] - 0.8 * d) + x[2]
    });
    body_agrees(
        "let v = vec3(x[0], x[1], x[2]); let s = select(v, -v, v < vec3(0.0)); if (all(s >= vec3(0.0)) && !any(s < vec3(0.0))) { return s.x + s.y * s.z; } return 7.0;",
        |x, _| x[0].abs() + x[1].abs() * x[2].abs(),
    );
}

#[test]
fn matrices_are_made_of_columns() {
    body_agrees(
        "let m = mat2x2<f32>(x[0], 2.0, 3.0, x[1]); let v = m * vec2(x[2], 1.0); let w = vec2(x[2], 1.0) * m; return v.x + 10.0 * v.y + 100.0 * w.x + w.y;",
        |x, _| x[0] * x[2] + 3.0 + 10.0 * (2.0 * x[2] + x[1]) + 100.0 * (x[0] * x[2] + 2.0) + 3.0 * x[2] + x[1],
    );
    body_agrees(
        "let a = mat2x3<f32>(1.0, x[0], 3.0, 4.0, 5.0, x[1]); let b = transpose(a) * a; return b[0][0] + b[0].y + b[1][1] * 0.5 + (2.0 * a)[1].z;",
        |x, _| {
            let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
            let (c, d) = ([1.0, x[0], 3.0], [4.0, 5.0, x[1]]);
            dot(c, c) + dot(c, d) + 0.5 * dot(d, d) + 2.0 * x[1]
        },
    );
    body_agrees("var m = mat3x3<f32>(); m[0].x = x[0]; m[1][1] = x[1]; m[2] = vec3(1.0, 2.0, x[2]); return determinant(m + m);", |x, _| {
        8.0 * x[0] * x[1] * x[2]
    });
}

#[test]
fn structures_and_pointers_hold_values() {
    agrees(
        "struct Line { slope: f32, at: vec2<f32>, kind: u32 }
         fn value(line: Line, t: f32) -> f32 { return line.slope * (t - line.at.x) + line.at.y + f32(line.kind); }
         fn tilt(line: ptr<function, Line>, by: f32) { (*line).slope += by; (*line).at.y *= 2.0; }
         fn objective(x: array<f32, 3>) -> f32 {
             var line = Line(x[0], vec2(x[1], x[2]), 3u);
             tilt(&line, 0.5);
             let again = line;
             line.slope = 0.0;
             let place = &line.at;
             (*place).x = 1.0;
             return value(again, 2.0) + value(line, 4.0) * x[0];
         }",
        |x, _| (x[0] + 0.5) * (2.0 - x[1]) + 2.0 * x[2] + 3.0 + (2.0 * x[2] + 3.0) * x[0],
    );
    agrees(
        "var<private> calls: f32 = 1.0; var<private> seen: array<f32, 2>;
         fn count(v: f32) -> f32 { calls += 1.0; seen[1] = v; return v * v; }
         fn objective(x: array<f32, 2>) -> f32 { let a = count(x[0]); let b = count(x[1]); return calls * (a + b) + seen[0] + seen[1]; }",
        |x, _| 3.0 * (x[0] * x[0] + x[1] * x[1]) + x[1],
    );
}

#[test]
fn integers_are_exact() {
    body_agrees(
        "var h = 12345u; h = h * 1664525u + 1013904223u; let r = f32(h >> 16u) / 65536.0; return r * x[0] + f32(7 / 2) + f32(-7 % 4) + f32(i32(2.9)) + f32(u32(true));",
        |x, _| {
            let h = 12345_u32.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(h >> 16) / 65536.0 * x[0] + 3.0 - 3.0 + 2.0 + 1.0
        },
    );
    // The remainder and the quotient of a loop's variable are no index, but they are numbers.
    body_agrees(
        "var s = 0.0; for (var i = 0; i < 20; i++) { s += f32(i % 3) * x[0] + f32(i / 7) * x[1] + f32(i & 3) + f32(i >> 2u) * x[2]; } return s;",
        |x, _| (0..20).map(|i| f64::from(i % 3) * x[0] + f64::from(i / 7) * x[1] + f64::from(i & 3) + f64::from(i >> 2) * x[2]).sum(),
    );
    body_agrees(
        "var s = 0.0; for (var i = 0u; i < 4u; i++) { let j = min(i, 2u) + max(i, 1u) * 2u; s += f32(j * i) * x[0] + f32(abs(2 - i32(i))) * x[1] + f32(i == 2u); } return s;",
        |x, _| {
            (0..4_i32)
                .map(|i| f64::from((i.min(2) + i.max(1) * 2) * i) * x[0] + f64::from((2 - i).abs()) * x[1] + f64::from(u8::from(i == 2)))
                .sum()
        },
    );
    body_agrees("let k = i32(x[0] * 3.0); let j = u32(abs(x[1])); return f32(k) + f32(j + 1u) * x[2] + f32(k * k);", |x, _| {
        let k = (x[0] * 3.0).trunc();
        k + (x[1].abs().trunc() + 1.0) * x[2] + k * k
    });
}

/// The host computes in double precision: `0.1` is not what a single has of it.
#[test]
fn constants_keep_their_digits() {
    let value = |text: &str| built(text).evaluate(&[1.0], &[]).unwrap().value;
    assert_eq!(value("fn objective(x: array<f32, 1>) -> f32 { return 0.1 * x[0]; }"), 0.1);
    assert_eq!(
        value("const A = 0.1; const B: f32 = 1.0 / 3.0; fn objective(x: array<f32, 1>) -> f32 { return (A + x[0] * B) - A * x[0]; }"),
        0.1 + 1.0 / 3.0 - 0.1
    );
    assert_eq!(value("const T = array(0.1, 0.2, 0.7); fn objective(x: array<f32, 1>) -> f32 { return T[2] * x[0]; }"), 0.7);
    assert_eq!(
        value(
            "const T = array<f32, 3>(0.1, 0.2, 0.7); fn objective(x: array<f32, 1>) -> f32 { var s = 0.0; for (var i = 0; i < 3; i++) { s += T[i]; } return s * x[0]; }"
        ),
        0.1 + 0.2 + 0.7
    );
}
