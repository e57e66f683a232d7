//! What a batch and its outcome show, and what may cross threads.

use std::collections::BTreeMap;

use manymin::prelude::*;

use crate::devices::{Bits, assert_same, devices, minimizer, rosenbrock, starts_in};

const fn shared<T: Clone + Send + Sync>() {}
const fn owned<T: Send + 'static>() {}

// Checked while compiling.
const _: () = {
    shared::<Problem>();
    shared::<Device>();
    shared::<Starts>();
    owned::<Problem>();
    owned::<Starts>();
    owned::<Batch>();
    owned::<Outcome>();
    owned::<manymin::Error>();
};

#[test]
fn a_batch_may_move_to_another_thread() {
    let starts = starts_in(2, -2.0, 2.0, 100, 1);
    for device in devices() {
        let expected = Bits::all(&minimizer().minimize(&device, &rosenbrock(2), &starts).unwrap());
        let mut batch = minimizer().start(&device, &rosenbrock(2), &starts).unwrap();
        batch.step().unwrap();
        let there = std::thread::spawn(move || {
            batch.run().unwrap();
            Bits::all(&batch.finish().unwrap())
        });
        assert_same(&expected, &there.join().unwrap(), &format!("{device}: begun here, ended there"));
    }
}

#[test]
fn summaries_tell_of_every_resident_lane_and_once_of_every_end() {
    const LANES: usize = 300;
    const POOL: usize = 100;
    for device in devices() {
        let starts = starts_in(4, -2.0, 2.0, LANES, 2);
        let mut batch = minimizer().pool(POOL).start(&device, &rosenbrock(4), &starts).unwrap();
        let fresh = batch.summaries().unwrap();
        assert_eq!(fresh.len(), POOL, "{device}: residents, before the first step");
        assert!(fresh.iter().all(|s| s.status.is_active() && s.evaluations == 0 && s.value.is_nan()), "{device}: nothing is evaluated yet");
        let mut ends = BTreeMap::new();
        let mut iterations = vec![0; LANES];
        while batch.active() > 0 {
            batch.step().unwrap();
            let active = batch.active();
            let summaries = batch.summaries().unwrap();
            assert!(summaries.windows(2).all(|pair| pair[0].lane < pair[1].lane), "{device}: by lane, none twice");
            let resident = summaries.iter().filter(|s| s.status.is_active()).count();
            assert_eq!(resident, active.min(POOL), "{device}: places are filled while lanes wait");
            for s in &summaries {
                assert!(s.iteration <= iterations[s.lane] + 1, "{device}: at most one step a step");
                if s.status.is_active() && s.evaluations > 0 {
                    assert_eq!(s.iteration, iterations[s.lane] + 1, "{device}: lane {} took its step", s.lane);
                    assert!(s.value.is_finite() && s.gradient_max > 0.0 && s.step > 0.0 && s.alpha > 0.0, "{device}: {s:?}");
                    // Of four components; the f32 norm is computed from rounded components in f64.
                    assert!(s.gradient_norm >= s.gradient_max && s.gradient_norm <= 2.0 * s.gradient_max, "{device}: {s:?}");
                }
                iterations[s.lane] = s.iteration;
                if !s.status.is_active() {
                    assert!(ends.insert(s.lane, *s).is_none(), "{device}: lane {} ends twice", s.lane);
                }
            }
            assert!(batch.summaries().unwrap().iter().all(|s| s.status.is_active()), "{device}: ends are told once");
        }
        assert_eq!(ends.len(), LANES, "{device}: every end is told");
        for (lane, end) in batch.finish().unwrap().iter().zip(ends.values()) {
            assert_eq!((lane.status, lane.iterations, lane.evaluations), (end.status, end.iteration, end.evaluations), "{device}");
            assert_eq!(lane.last_value, end.value, "{device}: the last value");
        }
    }
}

#[test]
fn totals_are_the_sums_of_lanes_at_any_time() {
    for device in devices() {
        let mut batch = minimizer().pool(64).start(&device, &rosenbrock(3), &starts_in(3, -2.0, 2.0, 200, 3)).unwrap();
        assert_eq!((batch.lanes(), batch.active(), batch.evaluations()), (200, 200, 0), "{device}: before the first step");
        while batch.active() > 0 {
            batch.advance(9).unwrap();
            let (totals, now) = (batch.totals(), batch.clone().finish().unwrap());
            let sums = now.iter().fold((0, 0), |(e, i), lane| (e + u64::from(lane.evaluations), i + u64::from(lane.iterations)));
            assert_eq!((totals.evaluations, totals.iterations), sums, "{device}");
            assert_eq!((now.evaluations(), now.iterations()), sums, "{device}");
        }
    }
}

#[test]
fn points_are_best_points_and_starts_of_those_that_wait() {
    for device in devices() {
        let starts = starts_in(3, -2.0, 2.0, 200, 4);
        let mut batch = minimizer().pool(64).start(&device, &rosenbrock(3), &starts).unwrap();
        let points = batch.points().unwrap();
        assert_eq!((points.nrows(), points.ncols()), (3, 200), "{device}: one column a lane");
        for lane in 0..200 {
            assert_eq!(points.column(lane).as_slice().to_vec(), starts.point(lane), "{device}: nothing has moved yet");
        }
        batch.step().unwrap();
        batch.step().unwrap();
        let (points, now) = (batch.points().unwrap(), batch.clone().finish().unwrap());
        for lane in now.iter() {
            assert_eq!(points.column(lane.lane).as_slice(), lane.point, "{device}: lane {}", lane.lane);
        }
        assert_eq!(points.column(199).as_slice().to_vec(), starts.point(199), "{device}: a queued lane's start");
        assert_eq!(now.points(), points, "{device}: the outcome's are the same");
    }
}

#[test]
fn lanes_handed_out_are_columns_of_nan_and_keep_their_end() {
    for device in devices() {
        let starts = starts_in(2, -2.0, 2.0, 100, 5);
        let mut batch = minimizer().start(&device, &rosenbrock(2), &starts).unwrap();
        let mut gone = BTreeMap::new();
        while gone.len() < 20 {
            batch.step().unwrap();
            gone.extend(batch.drain_finished().into_iter().map(|lane| (lane.lane, lane.status)));
        }
        assert!(batch.active() > 0, "{device}: some lanes are still under way");
        let points = batch.points().unwrap();
        let outcome = batch.finish().unwrap();
        for lane in outcome.iter() {
            let column = points.column(lane.lane);
            match gone.get(&lane.lane) {
                Some(&status) => {
                    assert!(column.iter().all(|x| x.is_nan()), "{device}: lane {} was handed out", lane.lane);
                    assert!(lane.value.is_nan() && lane.point.iter().all(|x| x.is_nan()), "{device}: its result is not here: {lane:?}");
                    assert_eq!(lane.status, status, "{device}: how it ended is known");
                    assert_eq!(outcome.statuses()[lane.lane], status, "{device}: how it ended is known");
                }
                None => {
                    assert_eq!(column.as_slice(), lane.point, "{device}: lane {} is here", lane.lane);
                    assert!(lane.status.is_active(), "{device}: and under way");
                }
            }
        }
    }
}

#[test]
fn the_best_is_the_lowest_of_all_lanes_that_have_started() {
    for device in devices() {
        let starts = starts_in(3, -2.0, 2.0, 200, 6);
        let mut batch = minimizer().pool(64).start(&device, &rosenbrock(3), &starts).unwrap();
        let nothing = batch.best();
        assert!(nothing.value.is_nan() && nothing.lane == 0 && nothing.point == starts.point(0), "{device}: before the first step");
        while batch.active() > 0 {
            batch.step().unwrap();
            let now = batch.clone().finish().unwrap();
            let lowest = now.values().into_iter().filter(|value| !value.is_nan()).fold(f64::INFINITY, f64::min);
            assert_eq!((batch.best().value, now.best().value), (lowest, lowest), "{device}");
            assert_eq!(Bits::of(&batch.best()), Bits::of(&now.best()), "{device}: the batch's and the outcome's");
            assert_eq!(Bits::of(&now.best()), Bits::of(&now.lane(now.best().lane)), "{device}: it is the lane of its number");
        }
    }
}

#[test]
fn an_outcome_is_the_same_from_every_side() {
    for device in devices() {
        let outcome = minimizer().minimize(&device, &rosenbrock(3), &starts_in(3, -2.0, 2.0, 150, 7)).unwrap();
        assert_eq!(outcome.device(), &device);
        assert_eq!(outcome.iter().count(), outcome.lanes(), "{device}");
        let mut counts = BTreeMap::new();
        for (k, lane) in outcome.iter().enumerate() {
            assert_eq!(Bits::of(&lane), Bits::of(&outcome.lane(k)), "{device}");
            assert_eq!(lane.status, outcome.statuses()[k], "{device}");
            assert_eq!(lane.value, outcome.values()[k], "{device}");
            assert_eq!(outcome.points().column(k).as_slice(), lane.point, "{device}");
            *counts.entry(lane.status).or_insert(0) += 1;
        }
        assert_eq!(outcome.status_counts(), counts, "{device}: ways in which none ended are left out");
        assert_eq!(counts.values().sum::<usize>(), 150, "{device}: every lane is counted once");
    }
}

#[test]
fn polishing_lowers_the_value_and_says_how_far_it_went() {
    for device in devices() {
        let problem = rosenbrock(4);
        let outcome = minimizer().minimize(&device, &problem, &starts_in(4, -2.0, 2.0, 50, 8)).unwrap();
        for polished in outcome.polish(&(0..50).collect::<Vec<_>>()).unwrap() {
            let lane = outcome.lane(polished.lane);
            let (before, after) = (outcome.certify(polished.lane).unwrap(), problem.evaluate(&polished.point, &[]).unwrap());
            // A success is reported where its test was passed, which may be higher by rounding.
            let rounding = 4.0 * f64::EPSILON * before.value.abs();
            assert!(
                polished.value <= before.value + rounding,
                "{device}, lane {}: {} from {}",
                polished.lane,
                polished.value,
                before.value
            );
            assert_eq!(polished.value, after.value, "{device}: the f64 value of its point");
            assert_eq!(polished.gradient_max, after.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs())), "{device}");
            let shift = lane.point.iter().zip(&polished.point).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
            assert_eq!(polished.shift, shift, "{device}: the largest component's way");
            assert!(polished.status.is_success(), "{device}: {polished:?}");
        }
    }
}

#[test]
fn bytes_per_lane_grow_with_memory_dimension_and_precision() {
    let bytes = |memory, n, precision| Minimizer::new(Lbfgs { memory }).bytes_per_lane(&Device::cpu(precision), &rosenbrock(n));
    assert!(bytes(8, 10, Precision::F64) > bytes(8, 10, Precision::F32));
    // A pair is 2 n numbers and rho.
    assert_eq!(bytes(9, 10, Precision::F32) - bytes(8, 10, Precision::F32), 4 * (2 * 10 + 1));
    assert!(bytes(8, 20, Precision::F32) > bytes(8, 10, Precision::F32));
}

#[test]
fn to_be_watched_changes_nothing() {
    for device in devices() {
        let starts = starts_in(3, -2.0, 2.0, 150, 9);
        let mut seen = 0;
        let watched =
            minimizer().monitor(|step: &mut Step| seen += step.summaries().len()).minimize(&device, &rosenbrock(3), &starts).unwrap();
        let alone = minimizer().minimize(&device, &rosenbrock(3), &starts).unwrap();
        assert_same(&Bits::all(&alone), &Bits::all(&watched), &format!("{device}: to be watched changes nothing"));
        assert!(seen as u64 >= watched.iterations(), "{device}: every step was shown");
    }
}
