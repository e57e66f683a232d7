//! Every line search, every initial step and BFGS on every device: same minima, conditions that hold, evaluations that count.

use manymin::prelude::*;
use manymin::{DeviceError, Error};

use crate::devices::{bowl, devices, epsilon, gpu, minimizer, rosenbrock, single, starts_at, starts_in};
use crate::mize_traces::wood;

fn searches() -> Vec<(&'static str, LineSearch)> {
    let approximate = MoreThuente { approximate_armijo: true, ..MoreThuente::default() };
    vec![
        ("slopes", SlopeSearch::default().into()),
        ("slopes, 0.1", SlopeSearch { curvature: 0.1, ..SlopeSearch::default() }.into()),
        ("More-Thuente", approximate.into()),
        ("More-Thuente, 0.1", MoreThuente { curvature: 0.1, ..approximate }.into()),
        ("backtracking", Backtracking::default().into()),
    ]
}

fn methods() -> [(&'static str, Method); 2] {
    [("L-BFGS", Lbfgs::default().into()), ("BFGS", Bfgs::default().into())]
}

/// x' A x / 2 with eigenvalues from 1 to 1,000, rotated in the plane of neighbours.
fn quadratic() -> Problem {
    Problem::new(6, |x| {
        x.sum(0..5, |i| 0.5 * (x.at(i) - 0.5 * x.at(i + 1)).powi(2) * (1.0 + 40.0 * i.number().powi(2))) + 0.5 * (x[5] - 1.0).powi(2)
    })
    .unwrap()
}

#[test]
fn every_search_finds_the_minimum_with_either_method() {
    let mut faults = Vec::new();
    let problems = [("Rosenbrock", rosenbrock(2)), ("quadratic", quadratic()), ("Wood", wood())];
    for device in devices() {
        for (name, problem) in &problems {
            let starts = starts_in(problem.dimension(), -2.0, 2.0, 64, 5);
            for (method_name, method) in methods() {
                for (search_name, search) in searches() {
                    let outcome = Minimizer::new(method).line_search(search).minimize(&device, problem, &starts).unwrap();
                    let found = outcome.iter().filter(|lane| lane.status.is_success() && lane.value < 1e-4).count();
                    println!(
                        "{device}, {name}, {method_name}, {search_name}: {found} of 64, {:.1} evaluations a lane, {:?}",
                        outcome.evaluations() as f64 / 64.0,
                        outcome.status_counts()
                    );
                    // Exact sufficient decrease stays on Wood's plateau in f32, where values say nothing.
                    let least = if device.precision() == Precision::F32 && *name == "Wood" { 50 } else { 63 };
                    if found < least {
                        faults.push(format!("{device}, {name}, {method_name}, {search_name}: {:?}", outcome.status_counts()));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_initial_step_leads_to_the_minimum() {
    let firsts = [FirstStep::Scaled, FirstStep::Rasmussen, FirstStep::Value(0.01)];
    let nexts = [NextStep::Unit, NextStep::Quadratic, NextStep::SlopeRatio, NextStep::Value(0.5)];
    let starts = starts_in(2, -2.0, 2.0, 64, 6);
    for device in devices() {
        for (first, next) in firsts.into_iter().flat_map(|first| nexts.map(|next| (first, next))) {
            // Steps that are short for their direction near the minimum slowly, through all that is rounding of the gradient.
            let tolerances = Tolerances { gradient_max: 1e-3, ..Tolerances::default() };
            let minimizer = minimizer().initial_step(InitialStep { first, next }).tolerances(tolerances);
            let outcome = minimizer.minimize(&device, &rosenbrock(2), &starts).unwrap();
            let found = outcome.iter().filter(|lane| lane.status.is_success() && lane.value < 1e-4).count();
            assert!(found >= 63, "{device}, {first:?}, {next:?}: {:?}", outcome.status_counts());
        }
    }
}

#[test]
fn the_first_step_is_what_it_is_said_to_be() {
    // f = (x - 3)^2 / 2: at 0 the gradient is -3.
    let parabola = Problem::new(1, |x| 0.5 * (x[0] - 3.0).powi(2)).unwrap();
    let cases = [
        // d = 1, alpha = 1; then d = 3.
        (FirstStep::Scaled, 1.0, 1.0),
        (FirstStep::Rasmussen, 1.01 / 10.0, 3.0 * 1.01 / 10.0),
        (FirstStep::Value(0.25), 0.25, 0.75),
    ];
    for device in devices() {
        for (first, alpha, point) in cases {
            let minimizer = Minimizer::new(Bfgs::default())
                .line_search(Backtracking::default())
                .initial_step(InitialStep { first, next: NextStep::Unit })
                .max_iterations(1);
            let mut batch = minimizer.start(&device, &parabola, &starts_at(&[&[0.0]])).unwrap();
            batch.step().unwrap();
            let summary = batch.summaries().unwrap()[0];
            assert!((summary.alpha - alpha).abs() <= 4.0 * epsilon(&device), "{device}, {first:?}: {}", summary.alpha);
            let lane = batch.finish().unwrap().lane(0);
            assert!((lane.last_point[0] - point).abs() <= 8.0 * epsilon(&device), "{device}, {first:?}: {:?}", lane.last_point);
        }
    }
}

#[test]
fn a_constant_step_is_never_searched_for() {
    let problem = Problem::new(3, |x| x.sum(0..3, |i| (1.0 + i.number()) * (x.at(i) - 1.0).powi(2))).unwrap();
    for device in devices() {
        for (name, method) in methods() {
            let minimizer = || Minimizer::new(method).line_search(ConstantStep { alpha: 0.3 });
            let outcome = minimizer().minimize(&device, &problem, &starts_in(3, -2.0, 2.0, 50, 7)).unwrap();
            for lane in outcome.iter() {
                assert_eq!(lane.status, Status::Converged(Test::Gradient), "{device}, {name}: {lane:?}");
                assert_eq!(lane.evaluations, lane.iterations + 1, "{device}, {name}");
            }
            let mut batch = minimizer().start(&device, &problem, &starts_at(&[&[0.0; 3]])).unwrap();
            batch.step().unwrap();
            // x - alpha g
            let points = batch.points().unwrap();
            let expected = [0.6, 1.2, 1.8];
            assert!((0..3).all(|i| (points[(i, 0)] - expected[i]).abs() < 1e-6), "{device}, {name}: {points}");
        }
        // It goes up as well as down, and the lowest point is kept.
        let far = Minimizer::new(Lbfgs::default()).line_search(ConstantStep { alpha: 40.0 }).max_iterations(3);
        let lane = single(far, &device, &bowl(1), &[1.0]);
        assert_eq!(lane.status, Status::IterationLimit, "{device}: {lane:?}");
        assert!(lane.value <= 1.0 && lane.last_value >= lane.value, "{device}: {lane:?}");
    }
}

#[test]
fn strong_wolfe_conditions_hold_where_more_thuente_stops() {
    let search = MoreThuente { curvature: 0.4, ..MoreThuente::default() };
    for (name, method) in methods() {
        for problem in [rosenbrock(2), wood()] {
            let n = problem.dimension();
            let minimizer =
                Minimizer::new(method).line_search(search).tolerances(Tolerances { gradient_max: 1e-4, ..Tolerances::default() });
            let starts = starts_in(n, -2.0, 2.0, 40, 8);
            let mut batch = minimizer.start(&Device::cpu(Precision::F64), &problem, &starts).unwrap();
            let at = |point: &[f64]| problem.evaluate(point, &[]).unwrap();
            let mut before: Vec<Vec<f64>> = (0..40).map(|lane| starts.point(lane)).collect();
            let mut steps = 0;
            while batch.active() > 0 {
                batch.step().unwrap();
                let (summaries, points) = (batch.summaries().unwrap(), batch.points().unwrap());
                for summary in summaries.iter().filter(|summary| summary.status.is_active()) {
                    let new: Vec<f64> = points.column(summary.lane).iter().copied().collect();
                    let old = before[summary.lane].clone();
                    let (a, b) = (at(&old), at(&new));
                    let along = |g: &[f64]| (0..n).map(|i| g[i] * (new[i] - old[i])).sum::<f64>();
                    let (slope, s_t) = (along(&a.gradient), along(&b.gradient));
                    assert!(slope < 0.0, "{name}, {summary:?}");
                    assert!(b.value <= a.value + 1e-4 * slope + 1e-12 * a.value.abs(), "{name}, {summary:?}: {} to {}", a.value, b.value);
                    assert!(s_t.abs() <= 0.4 * slope.abs() * (1.0 + 1e-9), "{name}, {summary:?}: {slope} to {s_t}");
                    before[summary.lane] = new;
                    steps += 1;
                }
            }
            assert!(steps > 400, "{steps} steps looked at");
        }
    }
}

#[test]
fn both_engines_take_the_same_steps() {
    const LANES: usize = 200;
    let starts = starts_in(4, -2.0, 2.0, LANES, 9);
    for (method_name, method) in methods() {
        for (search_name, search) in searches() {
            let after_rounds = |device: &Device| {
                let minimizer = Minimizer::new(method).line_search(search);
                let mut batch = minimizer.start(device, &wood(), &starts).unwrap();
                batch.advance(8).unwrap();
                batch.summaries().unwrap()
            };
            let (ours, theirs) = (after_rounds(&gpu()), after_rounds(&Device::cpu(Precision::F32)));
            let find = |lane: usize| theirs.iter().find(|summary| summary.lane == lane);
            let same = ours.iter().filter(|a| {
                find(a.lane).is_some_and(|b| {
                    (a.iteration, a.evaluations, a.status) == (b.iteration, b.evaluations, b.status)
                        && (a.value - b.value).abs() <= 1e-2 * b.value.abs()
                })
            });
            let same = same.count();
            println!("{method_name}, {search_name}: {same} of {LANES} lanes alike after eight rounds");
            assert!(same * 10 >= LANES * 9, "{method_name}, {search_name}: {same} of {LANES}");
        }
    }
}

/// Down an exponential the mean curvature of a step is several times what is left at its end: slopes alone halve the gradient with
/// every step, values let it fall as Newton's method does, to a third and less.
#[test]
fn values_tell_the_curvature_at_the_end_of_a_step() {
    let exponentials = Problem::new(2, |x| x.sum(0..2, |i| ((1.0 + i.number()) * x.at(i)).exp() - x.at(i))).unwrap();
    for device in devices() {
        for (name, method) in &methods()[..1] {
            let evaluations = |values| {
                let minimizer = Minimizer::new(*method).pairs(Pairs { values, ..Pairs::default() });
                let lane = single(minimizer, &device, &exponentials, &[20.0, 18.0]);
                assert!(lane.status.is_success(), "{device}, {name}: {:?}", lane.status);
                lane.evaluations
            };
            let (with, without) = (evaluations(true), evaluations(false));
            assert!(4 * with <= 3 * without, "{device}, {name}: {with} evaluations, {without} without values");
        }
    }
}

/// Of a quadratic function values tell nothing new, and their noise must not be taken for it.
#[test]
fn values_change_nothing_where_f_is_quadratic() {
    let starts = starts_in(6, -2.0, 2.0, 64, 5);
    for device in devices() {
        for (name, method) in methods() {
            let run = |values| {
                let minimizer = Minimizer::new(method).pairs(Pairs { values, ..Pairs::default() });
                minimizer.minimize(&device, &quadratic(), &starts).unwrap()
            };
            let (with, without) = (run(true), run(false));
            for (a, b) in with.iter().zip(without.iter()) {
                assert_eq!((a.evaluations, &a.point), (b.evaluations, &b.point), "{device}, {name}, lane {}", a.lane);
            }
        }
    }
}

#[test]
fn trials_that_are_not_finite_are_backed_away_from() {
    // The first step leaves the domain; the minimum is at 0.1.
    let steep = Problem::new(1, |x| 10.0 * x[0] - x[0].ln()).unwrap();
    for device in devices() {
        for (name, search) in searches() {
            let lane = single(minimizer().line_search(search), &device, &steep, &[0.5]);
            assert!(lane.status.is_success() && (lane.point[0] - 0.1).abs() < 1e-4, "{device}, {name}: {lane:?}");
            let unbounded = Problem::new(1, |x| -x[0]).unwrap();
            let lane = single(minimizer().line_search(search), &device, &unbounded, &[0.0]);
            assert!(!lane.status.is_success(), "{device}, {name}: {lane:?}");
        }
    }
}

#[test]
fn limits_on_evaluations_are_kept_and_nothing_found_is_lost() {
    for device in devices() {
        for (name, search) in searches() {
            let mut last = f64::INFINITY;
            for limit in 1..12 {
                let lane = single(minimizer().line_search(search).max_evaluations(limit), &device, &wood(), &[-3.0, -1.0, -3.0, -1.0]);
                assert!(lane.evaluations <= limit, "{device}, {name}: {lane:?}");
                assert!(lane.value <= last, "{device}, {name}: {limit} evaluations find less than {}", limit - 1);
                last = lane.value;
            }
            assert!(last < 19_192.0, "{device}, {name}");
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let of = |minimizer: Minimizer<'_>, device: &Device| match minimizer.start(device, &bowl(2), &starts_at(&[&[1.0; 2]])) {
        Err(Error::Setting { name, .. }) => name,
        Err(other) => panic!("{other}"),
        Ok(_) => "taken",
    };
    for device in devices() {
        let search = |search: LineSearch| of(minimizer().line_search(search), &device);
        for bad in [0.0, -1e-4, 0.9, 1.0, f64::NAN] {
            assert_eq!(search(SlopeSearch { armijo: bad, ..SlopeSearch::default() }.into()), "armijo", "{bad}");
            assert_eq!(search(MoreThuente { armijo: bad, ..MoreThuente::default() }.into()), "armijo", "{bad}");
        }
        for bad in [0.0, 1.0, 1.5, -0.1, f64::NAN, f64::INFINITY] {
            assert_eq!(search(SlopeSearch { curvature: bad, ..SlopeSearch::default() }.into()), "curvature", "{bad}");
            assert_eq!(search(MoreThuente { curvature: bad, ..MoreThuente::default() }.into()), "curvature", "{bad}");
            assert_eq!(search(Backtracking { contraction: bad, ..Backtracking::default() }.into()), "contraction", "{bad}");
            assert_eq!(search(Backtracking { armijo: bad, ..Backtracking::default() }.into()), "armijo", "{bad}");
        }
        assert_eq!(search(MoreThuente { evaluations: 0, ..MoreThuente::default() }.into()), "evaluations");
        assert_eq!(search(SlopeSearch { evaluations: 0, ..SlopeSearch::default() }.into()), "evaluations");
        assert_eq!(search(Backtracking { evaluations: 0, ..Backtracking::default() }.into()), "evaluations");
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
            assert_eq!(search(ConstantStep { alpha: bad }.into()), "alpha", "{bad}");
            let step = |first, next| of(minimizer().initial_step(InitialStep { first, next }), &device);
            assert_eq!(step(FirstStep::Value(bad), NextStep::Unit), "first", "{bad}");
            assert_eq!(step(FirstStep::Scaled, NextStep::Value(bad)), "next", "{bad}");
        }
        let both = minimizer().line_search(ConstantStep { alpha: 1.0 }).initial_step(InitialStep::default());
        assert_eq!(of(both, &device), "initial_step", "a setting that would do nothing");
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let pairs = |pairs| of(minimizer().pairs(pairs), &device);
            assert_eq!(pairs(Pairs { cosine: bad, ..Pairs::default() }), "cosine", "{bad}");
            assert_eq!(pairs(Pairs { noise: bad, ..Pairs::default() }), "noise", "{bad}");
            assert_eq!(pairs(Pairs { offset: bad, ..Pairs::default() }), "offset", "{bad}");
        }
    }
}

#[test]
fn a_matrix_that_no_device_holds_is_refused_with_what_it_takes() {
    for device in devices() {
        let start = Starts::from_matrix(nalgebra::DMatrix::from_element(5_000, 1, 1.0));
        let refused = Minimizer::new(Bfgs::default()).start(&device, &bowl(5_000), &start).map(drop);
        match refused {
            Err(Error::Device(DeviceError::MatrixTooLarge { dimension: 5_000, bytes, limit, lanes })) => {
                let float = if device.precision() == Precision::F64 { 8 } else { 4 };
                assert!(bytes >= 5_000 * 5_001 / 2 * float * lanes as u64 && bytes > limit, "{device}: {bytes} of {limit}");
            }
            other => panic!("{device}: {other:?}"),
        }
    }
}
