//! Whole lanes: the same starts end alike on both engines.

use manymin::prelude::*;

use crate::devices::{gpu, minimizer, single as lane_from, starts_in};
use crate::lanes::{problems, run};

/// Lanes of each problem.
const LANES: usize = 10_000;
/// The ill-conditioned quadratic takes hundreds of evaluations a lane: a software driver would compute for a minute.
const LANES_OF_LONG: usize = 1_000;

/// Lanes with the same status, or a success on both engines, in percent. The rest ends in a failure on one of them.
const AGREEMENT: f64 = 98.0;
/// Points within this, as a part of 1 + |x_i|, are at one minimum: minima of these problems are 0.1 and more apart, and
/// lanes in f32 end within 1e-4 of them.
const SAME_MINIMUM: f64 = 1e-2;
/// Lanes at one minimum whose values are alike, in percent.
const ALIKE: f64 = 99.5;
/// How alike, as a part of 1 + |f|. Where the minimum is 0 values have no digits in common, and are 1 and more elsewhere.
const VALUE: f64 = 1e-5;

/// Lanes whose iterations differ by at most a tenth, in percent. Where a lane ends at the floor of the precision, its last steps are
/// rounding, and how many they are is chance; on Ackley's function some lanes part early, see [`ASTRAY`].
const AS_LONG: f64 = 60.0;

/// Successes at another minimum, in percent. Last bits differ, since compilers of shaders fuse and reorder sums; a lane that
/// passes a ridge falls to either side of it. Ackley's function has thousands of minima on its slopes, and first steps across
/// several of them, whose curvature values tell: 11 % of its lanes were seen to part, and at most 0.04 % of the others'.
const ASTRAY: f64 = 15.0;

#[test]
fn lanes_take_the_same_way_on_both_engines() {
    let mut faults = Vec::new();
    for (long, cheap) in problems(LANES_OF_LONG).into_iter().zip(problems(LANES)) {
        let study = if long.name == "quad20" { long } else { cheap };
        let (ours, theirs) = (run(&study, &gpu()), run(&study, &Device::cpu(Precision::F32)));
        let (mut agree, mut both, mut same, mut alike, mut identical, mut as_long) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
        for (a, b) in ours.iter().zip(theirs.iter()) {
            let successes = a.status.is_success() && b.status.is_success();
            agree += u32::from(a.status == b.status || successes);
            identical += u32::from(a.point == b.point && a.evaluations == b.evaluations && a.status == b.status);
            let distance = a.point.iter().zip(&b.point).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs() / (1.0 + b.abs())));
            as_long += u32::from(a.iterations.abs_diff(b.iterations) <= 1 + b.iterations / 10);
            if successes {
                both += 1;
                same += u32::from(distance <= SAME_MINIMUM);
                alike += u32::from(distance <= SAME_MINIMUM && (a.value - b.value).abs() <= VALUE * (1.0 + b.value.abs()));
            }
        }
        let percent = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
        let lanes = study.starts.lanes() as u32;
        let shares = [percent(agree, lanes), 100.0 - percent(same, both), percent(alike, same), percent(as_long, lanes)];
        println!(
            "{:13} | {lanes:5} lanes | statuses agree {:6.2} % | at another minimum {:5.2} % | values alike {:6.2} % | as long {:6.2} % | the same to the bit {:6.2} %",
            study.name,
            shares[0],
            shares[1],
            shares[2],
            shares[3],
            percent(identical, lanes)
        );
        if !(shares[0] >= AGREEMENT && shares[1] <= ASTRAY && shares[2] >= ALIKE && shares[3] >= AS_LONG && both > 0) {
            faults.push(format!("{}: {shares:?}", study.name));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Lanes of each method, on a valley and on a bowl.
const LANES_OF_METHODS: usize = 200;
/// Lanes of these whose iterations differ by at most a tenth, in percent: they end before rounding decides.
const AS_LONG_OTHERWISE: f64 = 95.0;

#[test]
fn lanes_take_the_same_way_by_every_method_and_search() {
    let exact = MoreThuente { approximate_armijo: true, ..MoreThuente::default() };
    let walks: [(&str, Minimizer<'_>); 8] = [
        ("L-BFGS, More-Thuente", minimizer().line_search(exact)),
        ("L-BFGS, backtracking", minimizer().line_search(Backtracking::default())),
        ("BFGS", Minimizer::new(Bfgs::default())),
        ("conjugate gradients", Minimizer::new(ConjugateGradient::default())),
        ("steepest descent", Minimizer::new(SteepestDescent)),
        ("momentum", Minimizer::new(Momentum::default())),
        ("Nesterov", Minimizer::new(Nesterov::default())),
        ("delta-bar-delta", Minimizer::new(DeltaBarDelta::default())),
    ];
    let mut faults = Vec::new();
    for (name, minimizer) in walks {
        let minimizer = minimizer
            .tolerances(Tolerances { gradient_max: 1e-2, ..Tolerances::default() })
            .bounds(&Bounds::new(&[-1.5, -3.0, -0.5], &[f64::INFINITY, 0.5, 2.0]).unwrap())
            .limits(Limits { iterations: 3_000, evaluations: 6_000 });
        let problem =
            Problem::new(3, |x| x.sum(0..2, |i| 10.0 * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2))).unwrap();
        let starts = starts_in(3, -2.0, 2.0, LANES_OF_METHODS, 17);
        let run = |device: &Device| {
            let mut batch = minimizer.start(device, &problem, &starts).unwrap();
            batch.run().unwrap();
            batch.finish().unwrap()
        };
        let (ours, theirs) = (run(&gpu()), run(&Device::cpu(Precision::F32)));
        let (mut agree, mut same, mut as_long) = (0_u32, 0_u32, 0_u32);
        for (a, b) in ours.iter().zip(theirs.iter()) {
            agree += u32::from(a.status == b.status || a.status.is_success() && b.status.is_success());
            let distance = a.point.iter().zip(&b.point).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs() / (1.0 + b.abs())));
            same += u32::from(distance <= SAME_MINIMUM);
            as_long += u32::from(a.iterations.abs_diff(b.iterations) <= 1 + b.iterations / 10);
        }
        let shares = [agree, same, as_long].map(|part| 100.0 * f64::from(part) / LANES_OF_METHODS as f64);
        println!(
            "{name}: statuses agree {:.1} %, at one point {:.1} %, as long {:.1} %, {:?}",
            shares[0],
            shares[1],
            shares[2],
            ours.status_counts()
        );
        if !(shares[0] >= AGREEMENT && shares[1] >= 100.0 - ASTRAY && shares[2] >= AS_LONG_OTHERWISE) {
            faults.push(format!("{name}: {shares:?}, {:?} and {:?}", ours.status_counts(), theirs.status_counts()));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// How near lanes come to the minimum, as a part of it.
const NEAR: f64 = 1e-3;

type Function = for<'g> fn(Scalar<'g>) -> Scalar<'g>;

#[test]
fn lanes_turn_back_from_where_f_has_no_value() {
    // The function, a start whose first step leaves its domain, and its minimum.
    let cases: [(&str, Function, f64, f64); 7] = [
        ("sqrt", |x| 10.0 * x - x.sqrt(), 0.5, 0.0025),
        ("ln", |x| 10.0 * x - x.ln(), 0.5, 0.1),
        ("log2", |x| 10.0 * x - x.log2(), 0.5, 0.1 / std::f64::consts::LN_2),
        ("powf", |x| 10.0 * x - x.powf(0.3), 0.5, 0.03_f64.powf(1.0 / 0.7)),
        ("asin", |x| (x.asin() - 1.4).powi(2), 0.3, 1.4_f64.sin()),
        ("acos", |x| (x.acos() - 0.2).powi(2), 0.3, 0.2_f64.cos()),
        ("exp", |x| (100.0 * x).exp() - 200.0 * x, 0.0, std::f64::consts::LN_2 / 100.0),
    ];
    for (name, function, start, minimum) in cases {
        let problem = Problem::new(1, |x| function(x[0])).unwrap();
        let slope = problem.evaluate(&[start], &[]).unwrap().gradient[0];
        let first = start - slope.signum() * slope.abs().min(1.0);
        assert!(!problem.evaluate_f32(&[first], &[]).unwrap().value.is_finite(), "{name}: the first step to {first} is harmless");
        for device in [gpu(), Device::cpu(Precision::F32)] {
            let lane = lane_from(minimizer(), &device, &problem, &[start]);
            assert!(lane.status.is_success(), "{device}, {name}: {lane:?}");
            assert!((lane.point[0] - minimum).abs() <= NEAR * minimum, "{device}, {name}: {} of {minimum}", lane.point[0]);
        }
    }
}
