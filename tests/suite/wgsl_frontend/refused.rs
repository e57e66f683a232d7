//! Texts that can't become programs: what is said, where, and what to do.

use std::time::{Duration, Instant};

use manymin::prelude::*;
use manymin::{Error, ProblemError, WgslError};

fn error_of(text: &str) -> WgslError {
    match Problem::from_wgsl(text) {
        Err(Error::Problem(ProblemError::Wgsl(error))) => error,
        Err(other) => panic!("{other} for\n{text}"),
        Ok(_) => panic!("it is taken:\n{text}"),
    }
}

/// The error's line and column, its message and its help.
fn place_of(text: &str) -> (u32, u32, String, String) {
    match error_of(text) {
        WgslError::At { message, help, line, column, excerpt } => {
            assert!(excerpt.contains('^'), "{excerpt}");
            (line, column, message, help)
        }
        other => panic!("{other}"),
    }
}

/// A body of `objective`, which begins in line 2, and the part of it that is pointed at.
fn refused(body: &str, at: &str, message: &str, help: &str) {
    let text = format!("fn objective(x: array<f32, 3>, p: array<f32, 2>) -> f32 {{\n{body}\n}}");
    let (line, column, told, helped) = place_of(&text);
    let begin = body.find(at).unwrap_or_else(|| panic!("{at} in {body}"));
    let row = body[..begin].matches('\n').count();
    let begins = body[..begin].rfind('\n').map_or(0, |k| k + 1);
    assert_eq!((line as usize, column as usize), (2 + row, begin - begins + 1), "{told} in\n{text}");
    assert!(told.contains(message) && helped.contains(help), "{told}\n{helped}\nin\n{text}");
}

#[test]
fn loops_of_unknown_length_are_told_with_their_place() {
    let unknown = "how often this loop runs is not known";
    refused("var s = x[0];\nwhile (s < 3.0) { s = s * 2.0; }\nreturn s;", "while", unknown, "Count its rounds");
    refused("var s = 0.0;\n  loop { s += 1.0; if (s > x[0]) { break; } }\nreturn s;", "loop", unknown, "break");
    refused("var s = 0.0; for (var t = 0.0; t < 1.0; t += 0.1) { s += x[0]; } return s;", "for", unknown, "integer");
    refused("var s = 0.0; for (var i = 0; i < i32(x[0]); i++) { s += 1.0; } return s;", "for", unknown, "constants");
    refused("var i = 0; while (i < 3) { if (x[0] > 0.0) { i++; } } return 0.0;", "while", unknown, "one place");
    refused("for (var i = 3u; i >= 0u; i--) { } return x[0];", "for", "never ends", "below 0");
    refused("for (var i = 0; i < 3; i--) { } return x[0];", "for", "never ends", "");
    refused("for (var i = 0; i != 5; i += 2) { } return x[0];", "for", "never ends", "<");
    refused(
        "for (var i = 0u; i < 4294967295u; i++) { for (var j = 0u; j < 4294967295u; j++) { } } return x[0];",
        "for (var j",
        "rounds",
        "",
    );
    refused(
        "var i = 0; while (i < 3) { if (x[0] > 0.0) { continue; } i++; } return 0.0;",
        "while",
        "does not grow by the same in every round",
        "one place",
    );
}

#[test]
fn indices_that_are_no_indices_are_told_with_their_place() {
    refused("return x[u32(x[0])];", "x[u32", "no sum of loop variables", "nest two loops");
    refused(
        "var s = 0.0; for (var i = 0u; i < 6u; i++) { s += x[i / 2u]; } return s;",
        "x[i / 2u]",
        "no sum of loop variables",
        "nest two loops",
    );
    refused(
        "var s = 0.0; for (var i = 0u; i < 3u; i++) { s += x[i + 1u]; } return s;",
        "x[i + 1u]",
        "index 3 of `x` is out of range",
        "condition",
    );
    refused("var s = 0.0; for (var i = 0; i < 3; i++) { s += p[i]; } return s;", "p[i]", "`parameters` is out of range", "");
    refused("var s = 0.0; for (var i = 0u; i < 3u; i++) { s += f32(i - 1u) * x[0]; } return s;", "f32(i - 1u)", "u32 may be -1", "i32");
    refused(
        "var w: array<f32, 100>;\nfor (var i = 0; i < 100; i++) { w[i] = x[0]; }\nreturn w[1];",
        "w[i] = x[0]",
        "a loop writes to an array of 100 elements",
        "function of the index",
    );
}

#[test]
fn values_that_are_not_known_are_told_with_their_place() {
    refused(
        "var i = 0; for (; i < 3; i++) { if (x[i] > 0.0) { break; } }\nreturn f32(i);",
        "f32(i)",
        "leave at different rounds",
        "of its own",
    );
    refused("return sqrt(0.0 - 1.0 - 1e-3) * x[0];", "sqrt", "", "");
    refused("let a = 0.0; return x[0] + 1.0 / a;", "1.0 / a", "", "");
}

#[test]
fn what_is_not_for_objectives_is_told_with_its_place() {
    refused("return f32(bitcast<u32>(x[0]));", "bitcast<u32>", "bits", "bitcast");
    refused("return frexp(x[0]).fract;", "frexp", "can't be differentiated", "frexp");
    refused("return f32(pack4x8snorm(vec4(x[0])));", "pack4x8snorm", "can't be differentiated", "");
    refused("return x[0]\n  + y;", "y", "y", "");
    refused("let a: i32 = x[0]; return 1.0;", "a", "", "");
    refused("return x[3];", "x[3]", "out of", "");
    let other = |declaration: &str, body: &str| {
        let text = format!("{declaration}\nfn objective(x: array<f32, 2>) -> f32 {{ {body} }}");
        place_of(&text)
    };
    let data = "@group(0) @binding(0) var<storage, read> t: array<vec2<f32>>;";
    assert!(other(data, "return t[0].x;").2.contains("neither data"));
    assert!(other("@group(0) @binding(0) var<uniform> u: vec4<f32>;", "return u.x;").2.contains("neither data"));
    assert!(other("var<workgroup> w: f32;", "return w;").2.contains("neither data"));
    assert!(
        other("@group(0) @binding(0) var t: texture_2d<f32>;", "return textureLoad(t, vec2(0), 0).x;").2.contains("not for objectives")
    );
    assert!(other("override A = 1.0;", "return A * x[0];").2.contains("set from outside"));
    assert_eq!(other("fn f(a: f32) -> f32 { return f(a); }", "return f(x[0]);").0, 1, "recursion");
    assert!(other("enable f16;", "return f32(f16(x[0]));").0 > 0);
}

#[test]
fn an_objective_must_be_there_and_take_arrays() {
    assert_eq!(place_of("fn value(x: array<f32, 2>) -> f32 { return x[0]; }").2, "there is no function `objective`");
    let by_hand = "fn objective() -> f32 { return 1.0; }";
    assert!(place_of(by_hand).3.contains("Problem::verbatim"));
    for arguments in
        ["x: f32", "x: vec3<f32>", "x: array<i32, 3>", "x: array<f32, 3>, p: f32", "x: array<f32, 2>, p: array<f32, 2>, q: array<f32, 2>"]
    {
        let (line, column, message, help) = place_of(&format!("\nfn objective({arguments}) -> f32 {{ return 1.0; }}"));
        assert_eq!((line, column), (2, 4), "{message}");
        assert!(help.contains("array<f32, DIM>"), "{help}");
    }
    place_of("fn objective(x: array<f32, 3>) -> i32 { return 1; }");
    place_of("fn objective(x: array<f32, 3>) { }");
    place_of("fn objective(x: array<f32, 3>) -> f32 { }");
    place_of("");
    // What is beside it and not used does not matter.
    let beside = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { out[id.x] = 1u; }
        fn objective(x: array<f32, 1>) -> f32 { return x[0]; }";
    assert_eq!(Problem::from_wgsl(beside).unwrap().evaluate(&[3.0], &[]).unwrap().value, 3.0);
}

#[test]
fn constants_and_data_that_do_not_fit_are_told() {
    let text = "const N: u32 = 2u; const S: i32 = -1; const A = 0.5; const ON = true; const T = array(1.0, 2.0);
        @group(0) @binding(0) var<storage, read> t: array<f32>; @group(0) @binding(1) var<storage, read> two: array<f32, N>;
        fn objective(x: array<f32, N>) -> f32 { if (ON) { return A * x[0] + t[0] * two[1] + f32(S); } return T[0]; }";
    let source = || WgslSource::parse(text).unwrap();
    let names: Vec<String> = source().constants().into_iter().map(|constant| constant.0).collect();
    assert_eq!(names, ["N", "S", "A"]);
    let refused = |result: manymin::Result<WgslSource>| match result {
        Err(Error::Problem(ProblemError::Wgsl(error))) => error,
        other => panic!("{other:?}"),
    };
    let known = ["N", "S", "A", "ON", "T"].map(String::from).to_vec();
    assert_eq!(refused(source().set("B", 1.0)), WgslError::UnknownConstant { name: "B".into(), known });
    for (name, value) in [("N", 2.5), ("N", -1.0), ("S", 1e10), ("ON", 2.0), ("A", f64::NAN), ("A", 1e300)] {
        let error = refused(source().set(name, value));
        assert!(matches!(error, WgslError::ConstantValue { .. }), "{error}");
    }
    assert!(matches!(refused(source().set("N", 0.0)), WgslError::At { .. }), "no array has no elements");
    assert_eq!(refused(source().data("u", &[1.0])), WgslError::UnknownArray { name: "u".into(), known: vec!["t".into(), "two".into()] });
    assert_eq!(refused(source().data("two", &[1.0])), WgslError::ArrayLength { name: "two".into(), given: 1, wanted: 2 });
    let filled = source().data("two", &[1.0, 2.0]).unwrap();
    let missing = Error::Problem(ProblemError::Wgsl(WgslError::NoNumbers { name: "t".into() }));
    assert_eq!(filled.build().err(), Some(missing));
    let filled = filled.data("t", &[5.0]).unwrap();
    let at = |source: WgslSource| source.build().unwrap().evaluate(&[3.0, 0.0], &[]).unwrap().value;
    assert_eq!(at(filled.clone()), 10.5);
    assert_eq!(at(filled.clone().set("A", 0.1).unwrap().set("S", -7.0).unwrap()), 0.1 * 3.0 + 10.0 - 7.0);
    assert_eq!(at(filled.clone().set("ON", 0.0).unwrap()), 1.0);
    let other_length = filled.set("N", 3.0).unwrap().build().err();
    assert!(matches!(other_length, Some(Error::Problem(ProblemError::Wgsl(WgslError::ArrayLength { .. })))), "{other_length:?}");
}

/// What texts of strangers may be: long, deep, doubling. Seconds are enough for all of them together.
#[test]
fn no_text_takes_long() {
    let body = |body: &str| format!("fn objective(x: array<f32, 2>) -> f32 {{ {body} }}");
    let repeat = |n: usize, f: &dyn Fn(usize) -> String| (0..n).map(f).collect::<String>();
    let calls = repeat(60, &|k| match k {
        0 => "fn g0(a: f32) -> f32 { return sin(a); }".into(),
        k => format!("fn g{k}(a: f32) -> f32 {{ return g{}(a) + g{}(a * 1.01); }}", k - 1, k - 1),
    });
    let nests = repeat(60, &|k| format!("for (var i{k} = 0; i{k} < 9; i{k}++) {{"));
    let refused = [
        "{".repeat(1 << 20),
        "a ".repeat(1 << 19),
        "-".repeat(1 << 20),
        "x".repeat(2 << 20),
        body(&format!("return {}x[0]{};", "(".repeat(50_000), ")".repeat(50_000))),
        body(&format!("{}{}", "if (x[0] > 0.0) {".repeat(10_000), "}".repeat(10_000))),
        body(&format!("if (x[0] > 0.0) {{ }} {} return 0.0;", "else if (x[0] > 0.0) { }".repeat(5_000))),
        format!("{calls}{}", body("return g59(x[0]);")),
        body(&format!("{nests} {} return x[0];", "}".repeat(60))),
        body("var a: array<f32, 100000000>; a[1] = x[0]; return a[0];"),
        body(&repeat(2_000, &|k| format!("if (x[0] > {k}.5) {{ return x[1]; }}"))),
        format!("alias a0 = f32; {} {}", repeat(60, &|k| format!("alias a{} = array<a{k}, 2>;", k + 1)), body("var a: a60; return x[0];")),
        format!(
            "const c0 = 1.0; {} {}",
            repeat(40, &|k| format!("const c{} = array(c{k}, c{k});", k + 1)),
            body("var a = c40; a = c40; return x[0];")
        ),
        body(&format!(
            "var s = 0.0; {} return s;",
            repeat(12, &|_| "for (var i = 0; i < 9; i++) { for (var j = 0; j < 9; j++) { if (i * 3 > j * 2 + 1) { s = sin(s); } } }"
                .into())
            .repeat(200)
        )),
        body(&format!(
            "var a: array<f32, 500>; {} {} }}}}}} return a[0];",
            repeat(3, &|k| format!("for (var i{k} = 0; i{k} < 9; i{k}++) {{")),
            repeat(500, &|k| format!("a[{k}] = sin(a[{}] + x[0]);", (7 * k + 1) % 500))
        )),
    ];
    let begin = Instant::now();
    for text in &refused {
        let begin = Instant::now();
        let told = Problem::from_wgsl(text).map(|problem| problem.operations());
        let shown = text.chars().take(80).collect::<String>();
        assert!(told.is_err(), "{shown} is taken: {told:?}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{shown} takes {:?}", begin.elapsed());
        assert!(told.err().is_some_and(|error| error.to_string().len() < 2_000), "{shown}");
    }
    println!("{:?}", begin.elapsed());
}
