//! Every mistake in an objective comes back from `build` as a typed error.

use manymin::prelude::*;
use manymin::{Error, ProblemError};

/// What is wrong with a problem that must not build.
fn refusal(problem: manymin::Result<Problem>) -> ProblemError {
    match problem {
        Err(Error::Problem(error)) => error,
        Err(error) => panic!("not the objective's error: {error}"),
        Ok(problem) => panic!("{problem:?} must not build"),
    }
}

fn out_of_range(what: &str, index: i64, len: usize) -> ProblemError {
    ProblemError::IndexOutOfRange { what: what.into(), index, len, lengths: Vec::new() }
}

#[test]
fn a_point_without_components_is_refused() {
    assert_eq!(refusal(Problem::new(0, |x| x.constant(1.0))), ProblemError::NoComponents);
}

#[test]
fn a_component_that_the_point_lacks_is_named() {
    assert_eq!(refusal(Problem::new(3, |x| x[0] + x[5])), out_of_range("x", 5, 3));
    assert_eq!(refusal(Problem::new(3, |x| x[0] + x.at(5))), out_of_range("x", 5, 3));
    assert_eq!(refusal(Problem::new(3, |x| x[0] + x.at(usize::MAX))), out_of_range("x", i64::MAX, 3), "an absurd index does not wrap");
}

#[test]
fn an_index_that_leaves_its_range_in_a_loop_is_named() {
    assert_eq!(refusal(Problem::new(4, |x| x.sum(0..4, |i| x.at(i) * x.at(i + 1)))), out_of_range("x", 4, 4), "past the end");
    assert_eq!(refusal(Problem::new(4, |x| x.sum(0..4, |i| x.at(i - 1)))), out_of_range("x", -1, 4), "before the beginning");
    assert_eq!(refusal(Problem::new(12, |x| x.sum(0..4, |i| x.at(3 * i + 3)))), out_of_range("x", 12, 12), "a stride");
    assert_eq!(
        refusal(Problem::new(5, |x| x.sum(0..5, |i| x.sum((i + 1).to(5), |j| x.at(j + i))))),
        out_of_range("x", 5, 5),
        "the first pair that is too far is (1, 4)"
    );
    assert_eq!(
        refusal(Problem::new(5, |x| x.sum(0..5, |i| x.sum(..i, |j| x.at(j - i))))),
        out_of_range("x", -1, 5),
        "j - i is negative below the diagonal"
    );
}

#[test]
fn an_index_that_only_an_empty_loop_would_take_is_fine() {
    let problem = Problem::new(5, |x| x.sum(0..5, |i| x.sum((i + 1).to(5), |j| x.at(i + 1) * x.at(j))));
    assert!(problem.is_ok(), "i + 1 = 5 where j has no value: {problem:?}");
    let never = Problem::new(2, |x| x[0] + x.sum(4..4, |i| x.at(i)));
    assert!(never.is_ok(), "a loop without rounds reads nothing: {never:?}");
}

#[test]
fn parameters_and_data_out_of_range_are_named() {
    let builder = || Problem::builder(1).parameters(2).data("y", &[1.0, 2.0, 3.0]);
    assert_eq!(refusal(builder().build(|x, c| x[0] * c.parameter(2))), out_of_range("parameters", 2, 2));
    assert_eq!(refusal(builder().build(|x, c| x[0] * c.parameters().at(7))), out_of_range("parameters", 7, 2));
    assert_eq!(refusal(builder().build(|x, c| x[0] * c.sum(0..3, |i| c.parameter(i)))), out_of_range("parameters", 2, 2));
    assert_eq!(refusal(builder().build(|x, c| x[0] * c.data("y").at(3))), out_of_range("y", 3, 3));
    let longer = builder().data("t", &[0.0; 4]);
    let error = refusal(longer.build(|x, c| x[0] * c.sum(0..c.data("t").len(), |i| c.data("t").at(i) * c.data("y").at(i))));
    assert!(error.to_string().ends_with("the data differ in length: `y` has 3, `t` has 4"), "{error}");
    assert_eq!(refusal(builder().build(|x, c| x[0] * c.sum(0..3, |i| c.data("y").at(2 * i)))), out_of_range("y", 4, 3));
}

#[test]
fn constants_that_are_not_finite_are_refused() {
    fn is_refused(problem: manymin::Result<Problem>) {
        let error = refusal(problem);
        assert!(matches!(error, ProblemError::NonFiniteConstant { .. }), "{error}");
    }
    is_refused(Problem::new(1, |x| x[0] + f64::NAN));
    is_refused(Problem::new(1, |x| f64::INFINITY - x[0]));
    is_refused(Problem::new(1, |x| x.constant(f64::NEG_INFINITY)));
    is_refused(Problem::new(1, |x| x[0].max(f64::INFINITY)));
    is_refused(Problem::new(1, |x| x[0].less(f64::NAN).select(1.0, x[0])));
    is_refused(Problem::new(1, |x| x[0] * (x.constant(0.0) / 0.0)));
    is_refused(Problem::new(1, |x| x[0] * x.constant(-1.0).sqrt()));
    is_refused(Problem::new(1, |x| x[0] * x.constant(0.0).ln()));
    is_refused(Problem::new(1, |x| x[0] * (x.constant(1e308) * 10.0)));
    is_refused(Problem::new(1, |x| x[0] * x.constant(0.0).powi(-1)));
    is_refused(Problem::new(1, |x| x[0] * x.constant(-2.0).powf(0.5)));
    is_refused(Problem::new(1, |x| x[0] + x.sum(0..3, |_| x.constant(1000.0).exp())));
}

#[test]
fn the_value_met_is_told() {
    assert_eq!(refusal(Problem::new(1, |x| x[0] + f64::INFINITY)), ProblemError::NonFiniteConstant { value: f64::INFINITY });
}

#[test]
fn a_value_outside_its_loop_is_refused() {
    let leak = Problem::new(3, |x| {
        let mut kept = None;
        let sum = x.sum(0..3, |i| *kept.insert(x.at(i) * 2.0));
        sum + kept.unwrap_or(sum)
    });
    assert_eq!(refusal(leak), ProblemError::LeakedValue, "used after the loop");
    let result = Problem::new(3, |x| {
        let mut kept = x[0];
        _ = x.sum(0..3, |i| {
            kept = x.at(i);
            kept
        });
        kept
    });
    assert_eq!(refusal(result), ProblemError::LeakedValue, "returned as the objective");
    let sibling = Problem::new(3, |x| {
        let mut kept = x[0];
        let first = x.sum(0..3, |i| {
            kept = x.at(i);
            kept
        });
        first + x.sum(0..3, |j| kept * x.at(j))
    });
    assert_eq!(refusal(sibling), ProblemError::LeakedValue, "used in another loop over the same range");
    let condition = Problem::new(3, |x| {
        let mut kept = x[0].less(1.0);
        let sum = x.sum(0..3, |i| {
            kept = x.at(i).less(0.0);
            x.at(i)
        });
        kept.select(sum, 1.0)
    });
    assert_eq!(refusal(condition), ProblemError::LeakedValue, "a condition");
}

#[test]
fn an_index_outside_its_loop_is_refused() {
    fn leaked<'g>(x: Point<'g>) -> (Scalar<'g>, Index<'g>) {
        let mut kept = None;
        let sum = x.sum(0..3, |i| {
            kept = Some(i);
            x.at(i)
        });
        (sum, kept.expect("the loop's closure runs"))
    }
    let read = Problem::new(3, |x| {
        let (sum, i) = leaked(x);
        sum + x.at(i)
    });
    assert_eq!(refusal(read), ProblemError::LeakedValue, "to read by");
    let number = Problem::new(3, |x| {
        let (sum, i) = leaked(x);
        sum + (i + 1).number()
    });
    assert_eq!(refusal(number), ProblemError::LeakedValue, "as a number");
    let range = Problem::new(3, |x| {
        let (sum, i) = leaked(x);
        sum + x.sum(..i, |j| x.at(j))
    });
    assert_eq!(refusal(range), ProblemError::LeakedValue, "as the end of a range");
    let mixed = Problem::new(6, |x| {
        let (sum, i) = leaked(x);
        sum + x.sum(0..3, |j| x.at(i + j))
    });
    assert_eq!(refusal(mixed), ProblemError::LeakedValue, "added to an index still in its loop");
}

#[test]
fn a_value_of_an_enclosing_loop_is_fine_further_in() {
    let problem = Problem::new(3, |x| {
        x.sum(0..3, |i| {
            let outer = x.at(i).exp();
            let inner = x.sum(0..2, |j| outer * x.at(j));
            inner * outer
        })
    });
    assert!(problem.is_ok(), "{problem:?}");
}

#[test]
fn data_that_was_not_given_is_named_with_what_was() {
    let unknown = refusal(Problem::builder(1).data("t", &[1.0]).data("y", &[2.0]).build(|x, c| x[0] * c.data("z").at(0)));
    assert_eq!(unknown, ProblemError::UnknownData { name: "z".into(), known: vec!["t".into(), "y".into()] });
    assert!(unknown.to_string().contains("t, y"), "{unknown}");
}

#[test]
fn data_given_twice_or_not_finite_is_refused() {
    let build = |arrays: &[(&str, &[f64])]| {
        let builder = arrays.iter().fold(Problem::builder(1), |builder, (name, values)| builder.data(name, values));
        refusal(builder.build(|x, _| x[0]))
    };
    assert_eq!(build(&[("t", &[1.0]), ("t", &[2.0])]), ProblemError::RepeatedData { name: "t".into() });
    let bad = build(&[("t", &[1.0, f64::NEG_INFINITY])]);
    assert_eq!(bad, ProblemError::NonFiniteData { name: "t".into(), index: 1, value: f64::NEG_INFINITY });
    let nan = build(&[("t", &[f64::NAN])]);
    assert!(matches!(nan, ProblemError::NonFiniteData { index: 0, .. }), "{nan}");
}

fn nest<'g>(x: Point<'g>, depth: usize) -> Scalar<'g> {
    if depth == 0 { x[0] } else { x.sum(0..2, |i| nest(x, depth - 1) * i.number()) }
}

#[test]
fn sums_nested_too_deep_are_refused() {
    let deepest = Problem::new(1, |x| nest(x, 16));
    assert!(deepest.is_ok(), "16 deep: {deepest:?}");
    assert_eq!(refusal(Problem::new(1, |x| nest(x, 17))), ProblemError::NestedTooDeep { limit: 16 });
}

#[test]
fn folds_count_as_loops_of_the_nest() {
    fn folds<'g>(x: Point<'g>, depth: usize) -> Scalar<'g> {
        if depth == 0 { x[0] } else { x.fold(0..2, [x[0]], |_, [s]| [s + folds(x, depth - 1)])[0] }
    }
    let deepest = Problem::new(1, |x| folds(x, 16));
    assert!(deepest.is_ok(), "16 deep: {deepest:?}");
    assert_eq!(refusal(Problem::new(1, |x| folds(x, 17))), ProblemError::NestedTooDeep { limit: 16 });
    let long = Problem::new(1, |x| x.fold(0..100_000, [x[0]], |_, [s]| [s + nest(x, 15)])[0]);
    assert_eq!(refusal(long), ProblemError::NestedTooDeep { limit: 16 }, "a long fold is more than one loop");
}

#[test]
fn a_state_outside_its_fold_is_refused() {
    let leak = Problem::new(2, |x| {
        let mut kept = x[0];
        let [last] = x.fold(0..3, [x[0]], |_, [s]| {
            kept = s;
            [s * x[1]]
        });
        last + kept
    });
    assert_eq!(refusal(leak), ProblemError::LeakedValue, "used after the fold");
    let next = Problem::new(2, |x| {
        let mut kept = x[0];
        _ = x.sum(0..3, |i| {
            kept = i.number();
            kept
        });
        x.fold(0..3, [x[0]], |_, _| [kept])[0]
    });
    assert_eq!(refusal(next), ProblemError::LeakedValue, "returned by a fold, of another loop");
    let initial = Problem::new(2, |x| {
        let mut kept = x[0];
        _ = x.fold(0..3, [x[0]], |_, [s]| {
            kept = s;
            [s]
        });
        x.fold(0..3, [kept], |_, [s]| [s])[0]
    });
    assert_eq!(refusal(initial), ProblemError::LeakedValue, "as the state of another fold at first");
    let index = Problem::new(3, |x| {
        let mut kept = None;
        let [s] = x.fold(0..3, [x[0]], |i, [s]| {
            kept = Some(i);
            [s * x.at(i)]
        });
        s + kept.map_or(s, |i| x.at(i))
    });
    assert_eq!(refusal(index), ProblemError::LeakedValue, "the index");
}

#[test]
fn an_index_out_of_range_in_any_round_of_a_fold_is_refused() {
    assert_eq!(refusal(Problem::new(3, |x| x.fold(0..4, [x[0]], |i, [s]| [s * x.at(i)])[0])), out_of_range("x", 3, 3));
    let long = |len: usize| {
        let data = vec![0.5; len];
        Problem::builder(1).data("t", &data).build(|x, c| x.fold(0..9_999, [x[0]], |i, [s]| [s + c.data("t").at(9_999 - i)])[0])
    };
    assert_eq!(refusal(long(9_999)), out_of_range("t", 9_999, 9_999), "in the first of many blocks");
    assert!(long(10_000).is_ok(), "{:?}", long(10_000));
    let data = vec![0.5; 9_998];
    let last = Problem::builder(1).data("t", &data).build(|x, c| x.fold(0..9_999, [x[0]], |i, [s]| [s + c.data("t").at(i)])[0]);
    assert_eq!(refusal(last), out_of_range("t", 9_998, 9_998), "in the last");
}

#[test]
fn the_greatest_of_nothing_is_refused() {
    let empty = |what| ProblemError::EmptyRange { what };
    assert_eq!(refusal(Problem::new(3, |x| x[0] + x.maximum(2..2, |i| x.at(i)))), empty("maximum"));
    assert_eq!(refusal(Problem::new(3, |x| x.sum(0..3, |i| x.minimum(..i, |j| x.at(j))))), empty("minimum"), "empty in one round");
    let fine = Problem::new(3, |x| x.sum(0..3, |i| x.minimum(..i + 1, |j| x.at(j))));
    assert!(fine.is_ok(), "{fine:?}");
}

#[test]
fn points_and_parameters_of_the_wrong_length_are_refused() {
    let problem = Problem::builder(2).parameters(1).build(|x, c| x[0] * x[1] * c.parameter(0)).unwrap();
    let point = |given| Err(Error::Problem(ProblemError::WrongLength { what: "the point", given, wanted: 2 }));
    let parameters = |given| Err(Error::Problem(ProblemError::WrongLength { what: "the parameters", given, wanted: 1 }));
    assert_eq!(problem.evaluate(&[1.0], &[1.0]), point(1));
    assert_eq!(problem.evaluate_f32(&[1.0, 2.0, 3.0], &[1.0]), point(3));
    assert_eq!(problem.evaluate(&[1.0, 2.0], &[]), parameters(0));
    assert_eq!(problem.evaluate_f32(&[1.0, 2.0], &[1.0, 2.0]), parameters(2));
    assert_eq!(problem.check_gradient(&[], &[1.0]).map(|_| ()).unwrap_err(), point(0).unwrap_err());
}

#[test]
fn more_values_than_are_held_are_refused() {
    let error = refusal(Problem::new(1 << 23, |x| x[0]));
    assert!(matches!(error, ProblemError::TooLarge { .. }), "a point of eight million components: {error}");
    let unrolled = refusal(Problem::new(1, |x| (0..1 << 22).fold(x[0], |sum, k| sum + f64::from(k) * 0.1)));
    assert!(matches!(unrolled, ProblemError::TooLarge { .. }), "a loop of the closure's own: {unrolled}");
}

#[test]
fn the_first_of_several_mistakes_is_told() {
    let error = refusal(Problem::new(2, |x| x.at(9) + x.constant(f64::NAN) + x.at(7)));
    assert_eq!(error, out_of_range("x", 9, 2));
}
