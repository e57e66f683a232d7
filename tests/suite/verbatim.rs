//! Objectives in WGSL by hand: against traced ones on the GPU, and every mistake in them.

use manymin::prelude::*;
use manymin::{DeviceError, Error, ProblemError, WgslError};
use nalgebra::DMatrix;

use crate::devices::{Bits, assert_same, gpu, minimizer, rosenbrock, starts_at, starts_in};

/// The objective of [`rosenbrock`], with names that the engine's shader has too.
const VALLEY: &str = "
struct Sum { x: f32, value: f32 }
const N = 100.0;
var<private> lane: f32;
var<private> total: array<f32, 2> = array(0.0, 1.0);
fn add(a: f32, b: f32) -> Sum {
    let rise = b - a * a;
    lane += 1.0;
    total[1] += 1.0;
    return Sum(rise, N * rise * rise + (1.0 - a) * (1.0 - a));
}
fn objective() -> f32 {
    var value = 0.0;
    for (var i = 0u; i < DIM - 1u; i++) {
        let x = x_at(i);
        let pair = add(x, x_at(i + 1u));
        value += pair.value;
        add_gradient(i, -4.0 * N * x * pair.x - 2.0 * (1.0 - x));
        add_gradient(i + 1u, 2.0 * N * pair.x);
    }
    // Both are what they were at first, plus one a call.
    if (lane != f32(DIM - 1u) || total[1] != lane + 1.0 || total[0] != 0.0) { return 1e30; }
    return value;
}";

fn refused(result: manymin::Result<Problem>) -> ProblemError {
    match result {
        Err(Error::Problem(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it is taken"),
    }
}

/// The error that a text gives for two components.
fn error_of(text: &str) -> WgslError {
    match refused(Problem::verbatim(2, text)) {
        ProblemError::Wgsl(error) => {
            assert!(error.to_string().len() > 20, "{error}");
            error
        }
        other => panic!("{other} for {text}"),
    }
}

/// The line and the message of what is refused.
fn line_of(text: &str) -> (u32, String) {
    match error_of(text) {
        WgslError::Refused { line, message, text: whole } => {
            assert_eq!(whole, text);
            (line, message)
        }
        other => panic!("{other} for {text}"),
    }
}

/// `objective` with some lines in it.
fn body(lines: &str) -> String {
    format!("fn objective() -> f32 {{\n{lines}\nadd_gradient(0, x_at(0));\nreturn x_at(0);\n}}")
}

#[test]
fn a_valley_by_hand_is_minimised_as_the_traced_one() {
    let (hand, traced) = (Problem::verbatim(10, VALLEY).unwrap(), rosenbrock(10));
    let starts = starts_in(10, -2.0, 2.0, 500, 5);
    let run = |problem: &Problem| minimizer().minimize(&gpu(), problem, &starts).unwrap();
    let (hand, traced) = (run(&hand), run(&traced));
    let succeeded = |outcome: &Outcome| outcome.statuses().iter().filter(|status| status.is_success()).count();
    assert!(succeeded(&hand) >= 490 && succeeded(&traced) >= 490, "{:?} {:?}", hand.status_counts(), traced.status_counts());
    // The other order of operations rounds otherwise, which moves single lanes to the other minimum, or by a few evaluations.
    let ratio = hand.evaluations() as f64 / traced.evaluations() as f64;
    assert!((0.95..1.05).contains(&ratio), "{ratio}");
    let near = |a: &LaneResult, b: &LaneResult| a.point.iter().zip(&b.point).all(|(a, b)| (a - b).abs() < 1e-3);
    let same = hand.iter().zip(traced.iter()).filter(|(a, b)| near(a, b)).count();
    assert!(same >= 475, "{same} of 500 lanes end at the same point");
    assert!(hand.best().value < 1e-9, "{:?}", hand.best());
}

/// With the same operations and the same number of terms, everything is the same to the bit.
#[test]
fn the_text_of_a_traced_problem_gives_its_lanes_to_the_bit() {
    let traced = Problem::builder(6)
        .parameters(2)
        .data("w", &[1.0, 4.0, 9.0, 16.0, 25.0, 36.0])
        .build(|x, c| {
            let w = c.data("w");
            x.sum(0..6, |i| w.at(i) * (x.at(i) - c.parameter(0)).cosh() * (1.0 + c.parameter(1) * x.at(i) * x.at(i)))
        })
        .unwrap();
    let text = traced.wgsl().replace("mm_objective", "objective");
    let text = text.replace("mm_x(", "x_at(").replace("mm_p(", "p_at(").replace("mm_g(", "add_gradient(").replace("mm_d(", "w_at(");
    let hand = Problem::builder(6).parameters(2).data("w", &[1.0, 4.0, 9.0, 16.0, 25.0, 36.0]).verbatim(&text).unwrap();
    let parameters = DMatrix::from_fn(2, 130, |row, lane| if row == 0 { lane as f64 / 65.0 - 1.0 } else { 0.01 * lane as f64 });
    let starts = starts_in(6, -2.0, 2.0, 130, 7).with_parameters(parameters);
    let run = |problem: &Problem| Bits::all(&minimizer().pool(64).minimize(&gpu(), problem, &starts).unwrap());
    assert_same(&run(&traced), &run(&hand), "traced and by hand");
}

#[test]
fn parameters_and_data_arrive_and_single_values_can_be_had() {
    let text = "
        fn miss(i: u32) -> f32 { return p_at(1) * x_at(0) * t_at(i) - y_at(i) + p_at(0); }
        fn objective() -> vec2<f32> {
            var f = vec2(0.0);
            for (var i = 0u; i < t_len; i++) {
                let e = miss(i);
                f += vec2(e * e, 1.0);
                add_gradient(0, 2.0 * e * p_at(1) * t_at(i));
            }
            return f + f32(y_len - t_len);
        }";
    let (t, y) = ([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]);
    let hand = Problem::builder(1).parameters(2).data("t", &t).data("y", &y).verbatim(text).unwrap();
    assert_eq!((hand.dimension(), hand.parameters(), hand.verbatim_text()), (1, 2, Some(text)));
    assert!(hand.operations() > 5 && format!("{hand:?}").contains("operations"), "{hand:?}");
    let at = hand.evaluate_on(&gpu(), &[3.0], &[0.0, 1.0]).unwrap();
    assert_eq!((at.value, at.gradient, at.scale), (14.0, vec![28.0], 3.0), "e = 1, 2, 3");
    // x = 2 / p1 fits where p0 = 0.
    let starts = starts_at(&[&[5.0], &[5.0], &[-3.0]]).with_parameters(DMatrix::from_row_slice(2, 3, &[0.0, 0.0, 0.0, 1.0, 2.0, 4.0]));
    let outcome = minimizer().minimize(&gpu(), &hand, &starts).unwrap();
    for (lane, minimum) in outcome.iter().zip([2.0, 1.0, 0.5]) {
        assert!(lane.status.is_success() && (lane.point[0] - minimum).abs() < 1e-4, "{minimum}: {lane:?}");
    }
    let traced = Problem::builder(1).parameters(1).build(|x, c| c.parameter(0) * x[0] * x[0]).unwrap();
    assert_eq!(traced.evaluate_on(&gpu(), &[3.0], &[2.0]).unwrap().gradient, [12.0], "traced ones too");
    assert_eq!(traced.evaluate_on(&Device::cpu(Precision::F64), &[3.0], &[2.0]).unwrap().value, 18.0);
    let short = hand.evaluate_on(&gpu(), &[3.0], &[2.0]);
    assert_eq!(short, Err(Error::Problem(ProblemError::WrongLength { what: "the parameters", given: 1, wanted: 2 })));
}

/// Names of WGSL itself, of the engine's functions and of what they call.
#[test]
fn any_names_may_be_taken() {
    let text = "
        alias vectors = f32;
        struct trial { accept: vectors, mm_x: f32 }
        var<private> steps: u32;
        const DIM: u32 = 2u;
        const user_f = 0.5;
        fn max(a: f32) -> f32 { return a * a; }
        fn mm_x(rounds: u32) -> trial { steps += 1u; return trial(max(x_at(rounds)), user_f); }
        fn evaluate(ptr: ptr<function, trial>, slot: u32) { (*ptr).accept += mm_x(slot).accept; }
        fn main() {}
        fn objective() -> f32 {
            var rules: trial;
            for (var i = 0u; i < DIM; i++) {
                evaluate(&rules, i);
                add_gradient(i, 2.0 * user_f * x_at(i));
            }
            let /* words */ words = vec2(rules.accept, 0.0); // main
            main();
            return words.x * user_f;
        }";
    let hand = Problem::verbatim(2, text).unwrap();
    let at = hand.evaluate_on(&gpu(), &[3.0, 4.0], &[]).unwrap();
    assert_eq!((at.value, at.gradient), (12.5, vec![3.0, 4.0]));
    let outcome = minimizer().minimize(&gpu(), &hand, &starts_in(2, -2.0, 2.0, 100, 1)).unwrap();
    assert!(outcome.statuses().iter().all(|status| status.is_success()), "{:?}", outcome.status_counts());
}

#[test]
fn lanes_do_not_depend_on_how_the_run_is_cut() {
    let problem = Problem::verbatim(4, VALLEY).unwrap();
    let starts = starts_in(4, -2.0, 2.0, 150, 3);
    let whole = Bits::all(&minimizer().minimize(&gpu(), &problem, &starts).unwrap());
    let mut batch = minimizer().pool(64).start(&gpu(), &problem, &starts).unwrap();
    while batch.active() > 0 {
        batch.step().unwrap();
        batch = batch.clone();
    }
    assert_same(&whole, &Bits::all(&batch.finish().unwrap()), "step by step");
}

#[test]
fn gradients_are_checked_against_differences() {
    let right = Problem::verbatim(10, VALLEY).unwrap();
    for point in [[0.3; 10], [-1.2; 10], [1.0; 10]] {
        let check = right.check_gradient_on(&gpu(), &point, &[]).unwrap();
        assert!(check.error < 1e-2, "{check:?}");
    }
    for (wrong, component) in [("2.0 * N * pair.x", "1.9 * N * pair.x"), ("-4.0 * N * x", "4.0 * N * x")] {
        let check = Problem::verbatim(10, &VALLEY.replace(wrong, component)).unwrap().check_gradient_on(&gpu(), &[0.3; 10], &[]).unwrap();
        assert!(check.error > 2e-2, "{component}: {check:?}");
    }
    // More points than are computed at once.
    let bowl = "fn objective() -> f32 {
        var f = 0.0;
        for (var i = 0u; i < DIM; i++) { f += x_at(i) * x_at(i); add_gradient(i, select(2.0, 3.0, i == 77u) * x_at(i)); }
        return f;
    }";
    let check = Problem::verbatim(300, bowl).unwrap().check_gradient_on(&gpu(), &[0.5; 300], &[]).unwrap();
    assert!(check.worst == 77 && (0.2..0.5).contains(&check.error), "{} {}", check.worst, check.error);
    let traced = rosenbrock(3).check_gradient_on(&Device::cpu(Precision::F32), &[0.3; 3], &[]).unwrap();
    assert_eq!(traced, rosenbrock(3).check_gradient(&[0.3; 3], &[]).unwrap(), "on the CPU it is the check in f64");
}

/// f = (10,000 + x^2) - 10,000 in effect: what is left of x^2 is noise of the large term.
#[test]
fn a_text_that_tells_its_terms_ends_at_the_floor() {
    let text = |result: &str| {
        format!(
            "fn objective() -> {result} {{
                let large = 1e4 + x_at(0);
                let f = large * large - 2e4 * x_at(0) - 1e8;
                add_gradient(0, 2.0 * x_at(0) + 1e-3 * sin(1e5 * x_at(0)));
                return {};
            }}",
            if result == "f32" { "f" } else { "vec2(f, 2e8)" }
        )
    };
    let starts = starts_in(1, -3.0, 3.0, 64, 9);
    let run = |result: &str| minimizer().minimize(&gpu(), &Problem::verbatim(1, &text(result)).unwrap(), &starts).unwrap();
    let (told, untold) = (run("vec2<f32>"), run("f32"));
    let succeeded = |outcome: &Outcome| outcome.statuses().iter().filter(|status| status.is_success()).count();
    assert_eq!(succeeded(&told), 64, "{:?}", told.status_counts());
    assert!(succeeded(&untold) < 64, "{:?}: no lane is called a success for lack of knowledge", untold.status_counts());
}

#[test]
fn what_computes_on_the_cpu_says_that_it_cannot() {
    let hand = Problem::verbatim(4, VALLEY).unwrap();
    let only = |result: Result<(), Error>, expected: &str| match result {
        Err(Error::Device(error @ DeviceError::GpuOnly { what })) => {
            assert!(what == expected && error.to_string().contains("Device::gpu()"), "{error}");
        }
        other => panic!("{other:?}"),
    };
    let starts = starts_in(4, -2.0, 2.0, 4, 1);
    for precision in [Precision::F32, Precision::F64] {
        only(minimizer().start(&Device::cpu(precision), &hand, &starts).map(drop), "the CPU engine");
        only(minimizer().minimize(&Device::cpu(precision), &hand, &starts).map(drop), "the CPU engine");
        assert!(minimizer().bytes_per_lane(&Device::cpu(precision), &hand) > 0);
    }
    only(hand.evaluate(&[0.0; 4], &[]).map(drop), "`evaluate`");
    only(hand.evaluate_f32(&[0.0; 4], &[]).map(drop), "`evaluate_f32`");
    only(hand.evaluate_on(&Device::cpu(Precision::F64), &[0.0; 4], &[]).map(drop), "`evaluate`");
    only(hand.check_gradient(&[0.0; 4], &[]).map(drop), "`check_gradient`");
    only(hand.check_gradient_on(&Device::cpu(Precision::F32), &[0.0; 4], &[]).map(drop), "`check_gradient`");
    let outcome = minimizer().minimize(&gpu(), &hand, &starts).unwrap();
    only(outcome.certify(0).map(drop), "`certify`");
    only(outcome.polish(&[0]).map(drop), "`polish`");
    assert_eq!(outcome.points().ncols(), 4);
}

#[test]
fn mistakes_are_told_with_the_line_of_the_text() {
    assert_eq!(line_of("\n\nfn objective() -> f32 { return y; }").0, 3);
    assert!(line_of("fn objective() -> f32 { return y; }").1.contains("`y`"));
    assert_eq!(line_of(&body("\nlet a: f32 = 1u;")).0, 3);
    assert_eq!(line_of(&body("add_gradient(0, 1u);")).0, 2);
    assert_eq!(line_of(&body("add_gradient(0);")), (2, "`add_gradient` takes 2 arguments and is given 1".into()));
    let (line, message) = line_of(&body("let i = 0;\nadd_gradient(i, 1.0);"));
    assert!(line == 3 && message.contains("`u32`: `var i = 0u`"), "{line}: {message}");
    assert_eq!(line_of("fn objective() -> f32 {\n return 0.0;\n").0, 1);
    assert_eq!(line_of("/* fn objective() -> f32 { return 0.0; }").0, 1);
    assert_eq!(line_of(&format!("{}\n}}", body(""))).0, 6);
    assert_eq!(line_of(&format!("enable f16;\n{}", body(""))).0, 1);
    assert_eq!(line_of(&format!("{}\n fn f() -> f32 {{\n }}", body(""))).0, 6);
    assert_eq!(line_of(&format!("{}\n fn f() {{ f(); }}", body(""))).0, 6);
    assert_eq!(line_of(&body("let a = lane.iterations;")).0, 2);
    assert_eq!(line_of(&body("let a = mm_x(0u);")).0, 2);
    assert_eq!(line_of(&body("workgroupBarrier();")).0, 2);
    assert_eq!(line_of(&format!("{}\nvar<workgroup> a: f32;", body(""))).0, 6);
    assert_eq!(line_of(&format!("{}\n@group(0) @binding(0) var<storage, read> t: array<f32>;", body(""))).0, 6);
    assert_eq!(line_of(&format!("override a: f32 = 1.0;\n{}", body(""))).0, 1);
    assert!(line_of(&format!("{}\n@compute @workgroup_size(1) fn k() {{}}", body(""))).1.contains("kernel"));
    assert_eq!(line_of("\n\nfn objective").0, 3);
    let (line, message) = line_of(&body(&format!("let a = 1.0{};", " + x_at(0)".repeat(100_000))));
    assert!(line == 0 && message.contains("words"), "{line}: {message}");
    let (line, message) = line_of(&body(&format!("let a = {}1.0{};", "(".repeat(10_000), ")".repeat(10_000))));
    assert!(line < 3 && message.contains("recursion"), "{line}: {message}");
    let shown = error_of("fn objective() -> f32 {\n    return y;\n}").to_string();
    assert!(shown.contains(">     2 |     return y;"), "{shown}");
}

#[test]
fn each_thing_that_is_missing_has_its_error() {
    assert_eq!(error_of(""), WgslError::NoObjective);
    assert_eq!(error_of("const objective = 1.0;"), WgslError::NoObjective);
    assert_eq!(error_of("fn objective() -> f32 { return x_at(0); }"), WgslError::NoGradient);
    assert_eq!(error_of("fn f() { add_gradient(0, 1.0); }\nfn objective() -> f32 { return x_at(0); }"), WgslError::NoGradient);
    let signature = |text: &str| match error_of(text) {
        WgslError::Signature { found, line } => (found, line),
        other => panic!("{other}"),
    };
    assert_eq!(signature("\nfn objective() { }"), ("fn objective()".into(), 2));
    assert_eq!(signature("fn objective() -> u32 { return 0u; }").0, "fn objective() -> u32");
    assert_eq!(signature("fn objective() -> vec3<f32> { return vec3(0.0); }").0, "fn objective() -> vec3<f32>");
    let arrays = "fn objective(x: array<f32, DIM>, gradient: ptr<function, array<f32, DIM>>) -> f32 { return x[0]; }";
    assert_eq!(signature(arrays).0, "fn objective(x: array<...>, gradient: ptr<...>) -> f32");
    assert_eq!(error_of(&format!("const DIM = 3;\n{}", body(""))), WgslError::Dimension { text: 3, problem: 2 });
    assert_eq!(error_of(&format!("const DIM: u32 = 1u + 2u;\n{}", body(""))), WgslError::Dimension { text: 3, problem: 2 });
    assert!(Problem::verbatim(2, &format!("const DIM = 2i;\n{}", body(""))).is_ok());
    assert_eq!(error_of(&body("\nlet a = p_at(0);")), WgslError::NoParameters { line: 3 });
    assert_eq!(error_of(&format!("{}\nfn x_at() {{}}", body(""))), WgslError::Taken { name: "x_at".into(), line: 6 });
    let missing = refused(Problem::builder(1).data("t", &[1.0]).verbatim(&body("let a = y_at(0);")));
    assert_eq!(missing, ProblemError::UnknownData { name: "y".into(), known: vec!["t".into()] });
    for name in ["x", "p", "a b", "", "é", "1a", "_a"] {
        let refused = refused(Problem::builder(1).data(name, &[1.0]).verbatim(&body("")));
        assert_eq!(refused, ProblemError::Wgsl(WgslError::DataName { name: name.into() }));
    }
    assert_eq!(refused(Problem::verbatim(0, &body(""))), ProblemError::NoComponents);
    assert_eq!(refused(Problem::builder(1).data("t", &[]).data("t", &[]).verbatim("")), ProblemError::RepeatedData { name: "t".into() });
}

#[test]
fn indices_out_of_range_are_found() {
    let beyond = |what: &str, index| ProblemError::IndexOutOfRange { what: what.into(), index, len: 2, lengths: Vec::new() };
    assert_eq!(refused(Problem::verbatim(2, &body("let a = x_at(2);"))), beyond("x", 2));
    assert_eq!(
        refused(Problem::builder(2).parameters(2).verbatim(&body("if (x_at(0) > 0.0) { let a = p_at(7); }"))),
        beyond("parameters", 7)
    );
    assert_eq!(refused(Problem::builder(2).data("t", &[1.0; 2]).verbatim(&body("let a = t_at(DIM);"))), beyond("t", 2));
    assert_eq!(refused(Problem::verbatim(2, &body("add_gradient(9, 1.0);"))), beyond("the gradient", 9));
    // Found where it happens: at the first start, or later.
    let text = body("for (var i = 0u; f32(i) < x_at(0); i++) { add_gradient(i, 0.0); }");
    let problem = Problem::verbatim(2, &text).unwrap();
    let out = Error::Problem(ProblemError::Wgsl(WgslError::OutOfRange));
    assert_eq!(problem.evaluate_on(&gpu(), &[5.0, 0.0], &[]).err(), Some(out.clone()));
    assert_eq!(minimizer().start(&gpu(), &problem, &starts_at(&[&[5.0, 0.0]])).err(), Some(out));
    let outcome = minimizer().max_iterations(2).minimize(&gpu(), &problem, &starts_at(&[&[1.0, 0.0], &[5.0, 0.0]])).unwrap();
    assert_eq!(outcome.statuses()[1], Status::NonFiniteStart);
    assert_ne!(outcome.statuses()[0], Status::NonFiniteStart);
}

/// Loops that a software driver would silently end. Hardware runs them all.
#[test]
fn loops_are_never_cut_short_in_silence() {
    let device = gpu();
    let text = "
        fn objective() -> f32 {
            var count = 0.0;
            for (var i = 0u; i < u32(x_at(1)); i++) { count += 1.0; }
            add_gradient(0, 2.0 * x_at(0));
            return x_at(0) * x_at(0) + (count - x_at(1));
        }";
    let problem = Problem::verbatim(2, text).unwrap();
    let start = |rounds: f64| minimizer().start(&device, &problem, &starts_at(&[&[1.0, rounds]]));
    for rounds in [0.0, 1.0, 1_000.0, 60_000.0] {
        assert_eq!(problem.evaluate_on(&device, &[1.0, rounds], &[]).unwrap().value, 1.0, "{rounds}");
        let mut batch = start(rounds).unwrap();
        batch.run().unwrap();
        assert!(batch.best().status.is_success(), "{rounds}: {:?}", batch.best());
    }
    for rounds in [65_534.0, 65_535.0, 65_536.0, 100_000.0, 1_000_000.0] {
        match (problem.evaluate_on(&device, &[1.0, rounds], &[]), start(rounds)) {
            (Ok(at), Ok(_)) => assert_eq!(at.value, 1.0, "{rounds}"),
            (at, Err(Error::Device(error @ DeviceError::LoopsCutShort { .. }))) => {
                assert!(device.info().name.contains("llvmpipe") && error.to_string().contains("closure"), "{error}");
                assert!(at.is_err() || rounds < 65_535.0, "{rounds}");
            }
            (_, other) => panic!("{rounds}: {:?}", other.err()),
        }
    }
    // Not at the first start: lanes that are cut short have no value, nor have those that the driver computes together with them.
    let outcome = minimizer().minimize(&device, &problem, &starts_at(&[&[1.0, 9.0], &[1.0, 100_000.0]])).unwrap();
    assert!(outcome.statuses()[0].is_success() || outcome.statuses()[0] == Status::NonFiniteStart, "{:?}", outcome.statuses());
    assert!(outcome.statuses()[1] == Status::NonFiniteStart || !device.info().name.contains("llvmpipe"), "{:?}", outcome.statuses());
}
