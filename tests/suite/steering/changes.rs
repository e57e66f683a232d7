//! Lanes that are sent elsewhere, held, tested and limited otherwise.

use manymin::prelude::*;

use super::{assert_others_same, ends, now, sweep, ways, whole_and_begun};
use crate::devices::{Bits, assert_same, devices, minimizer, rosenbrock, starts_at, starts_in};

#[test]
fn a_moved_lane_is_evaluated_where_it_is() {
    // mize steps on by the value and the gradient of the point before: f = 4.28 where it is 40016.
    for (way, method, device) in ways() {
        let (problem, starts) = (rosenbrock(2), starts_at(&[&[-1.2, 1.0], &[-1.0, 1.5], &[0.3, 0.2]]));
        let mut batch = Minimizer::new(method).start(&device, &problem, &starts).unwrap();
        (0..2).for_each(|_| batch.step().unwrap());
        let (stays, before) = (batch.clone(), batch.lane(0).unwrap());
        batch.set_point(0, &[5.0, 5.0], Memory::Clear).unwrap();
        let unknown = batch.summary(0).unwrap();
        assert!(unknown.value.is_nan() && unknown.gradient_max.is_nan() && unknown.gradient_norm.is_nan(), "{way}: {unknown:?}");
        assert_eq!((unknown.evaluations, unknown.iteration), (before.evaluations, before.iterations), "{way}");
        batch.advance(1).unwrap();
        let after = batch.summary(0).unwrap();
        // 100 (5 - 25)^2 + (1 - 5)^2, and 400 5 20 + 2 4: exact in f32.
        assert_eq!((after.value, after.gradient_max), (40_016.0, 40_008.0), "{way}");
        assert_eq!((after.evaluations, after.iteration), (before.evaluations + 1, before.iterations), "{way}");
        let lane = batch.lane(0).unwrap();
        assert_eq!((lane.value, &lane.point, lane.last_value), (before.value, &before.point, 40_016.0), "{way}: the best is kept");
        assert_eq!((lane.last_point, lane.gradient_max), (vec![5.0, 5.0], before.gradient_max), "{way}");
        assert_eq!(batch.clone().finish().unwrap().lane(0).value, before.value, "{way}");
        let lowest = (0..3).map(|lane| batch.lane(lane).unwrap().value).fold(f64::INFINITY, f64::min);
        assert_eq!((batch.best().value, batch.clone().finish().unwrap().best().value), (lowest, lowest), "{way}");
        assert_others_same(&ends(stays), &ends(batch), &[0], &format!("{way}: the other lanes"));
    }
}

#[test]
fn a_moved_lane_without_history_goes_the_way_of_one_that_starts_there() {
    for (way, method, device) in ways() {
        let (problem, starts) = (rosenbrock(2), starts_at(&[&[-1.2, 1.0]]));
        // What one has done before, the other may do more.
        let minimizer =
            |limit| Minimizer::new(method).tolerances(Tolerances { gradient_max: 0.0, ..Tolerances::default() }).max_iterations(limit);
        let mut batch = minimizer(12).start(&device, &problem, &starts).unwrap();
        (0..2).for_each(|_| batch.step().unwrap());
        let has_inertia = matches!(method, Method::Momentum(_) | Method::Nesterov(_));
        let waits = has_inertia && batch.lane(0).unwrap().restarts > 0;
        batch.set_point(0, &[0.7, 0.9], Memory::Clear).unwrap();
        batch.run().unwrap();
        let moved = batch.lane(0).unwrap();
        let started = minimizer(10).minimize(&device, &problem, &starts_at(&[&[0.7, 0.9]])).unwrap().lane(0);
        // The region of a lane's first step is another, and so is the wait for a second restart.
        if matches!(method, Method::LevenbergMarquardt(_)) || waits {
            continue;
        }
        let bits = |point: &[f64]| point.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(moved.status, started.status, "{way}");
        assert_eq!(bits(&moved.last_point), bits(&started.last_point), "{way}");
    }
}

#[test]
fn history_that_is_kept_spares_the_way_to_it() {
    let problem = Problem::new(8, |x| x.sum(0..8, |i| 0.5 * (1.0 + i.number()).powi(2) * x.at(i).powi(2))).unwrap();
    for method in [Method::from(Lbfgs { memory: 20 }), Bfgs::default().into()] {
        for device in devices() {
            let mut batch = Minimizer::new(method).start(&device, &problem, &starts_in(8, -2.0, 2.0, 20, 12)).unwrap();
            (0..12).for_each(|_| batch.step().unwrap());
            let lanes: Vec<usize> = (0..20).filter(|&lane| batch.summary(lane).unwrap().status.is_active()).collect();
            assert!(lanes.len() >= 10, "{device}");
            let (mut keeps, mut clears) = (batch.clone(), batch);
            for &lane in &lanes {
                keeps.set_point(lane, &[1.0; 8], Memory::Keep).unwrap();
                clears.set_point(lane, &[1.0; 8], Memory::Clear).unwrap();
            }
            keeps.run().unwrap();
            clears.run().unwrap();
            for batch in [&keeps, &clears] {
                assert!(lanes.iter().all(|&lane| batch.lane(lane).unwrap().status.is_success()), "{device}");
            }
            let (with, without) = (keeps.evaluations(), clears.evaluations());
            assert!(with < without, "{method:?} on {device}: {with} evaluations with, {without} without");
        }
    }
}

#[test]
fn bounds_that_come_later_hold() {
    let problem = rosenbrock(3);
    let (low, high) = ([-0.5, -0.25, f64::NEG_INFINITY], [0.75, f64::INFINITY, 0.3]);
    let inside = |point: &[f64]| point.iter().zip(&low).zip(&high).all(|((x, low), high)| (low..=high).contains(&x));
    let bounds = Bounds::new(&low, &high).unwrap();
    let wider = Bounds::new(&[-2.0; 3], &[2.0; 3]).unwrap();
    for (way, method, device) in ways().into_iter().filter(|way| !matches!(way.1, Method::LevenbergMarquardt(_))) {
        for bounded in [false, true] {
            let mut minimizer = Minimizer::new(method).pool(25);
            if bounded {
                minimizer = minimizer.bounds(&wider);
            }
            let mut batch = minimizer.start(&device, &problem, &starts_in(3, -2.0, 2.0, 60, 13)).unwrap();
            (0..3).for_each(|_| batch.step().unwrap());
            batch.pause(&[1, 50]).unwrap();
            let (ended, before) = (batch.clone().finish().unwrap(), batch.evaluations());
            batch.set_bounds(&bounds).unwrap();
            assert_eq!(batch.evaluations(), before, "{way}");
            batch.advance(1).unwrap();
            batch.unpause(&[1, 50]).unwrap();
            batch.advance(2).unwrap();
            let outcome = {
                let mut all = batch.clone();
                all.run().unwrap();
                all.finish().unwrap()
            };
            for lane in outcome.iter().filter(|lane| ended.statuses()[lane.lane].is_active()) {
                assert!(inside(&lane.point) && inside(&lane.last_point), "{way}: {lane:?}");
                if matches!(method, Method::Lbfgs(_)) {
                    assert!(lane.status.is_success(), "{way}: {lane:?}");
                }
            }
            // And are taken away again.
            batch.set_bounds(&Bounds::new(&[f64::NEG_INFINITY; 3], &[f64::INFINITY; 3]).unwrap()).unwrap();
            batch.run().unwrap();
            if matches!(method, Method::Lbfgs(_) | Method::Bfgs(_)) {
                let best = batch.best();
                assert!(best.value < 1e-6, "{way}: the minimum is outside the box: {best:?}");
            }
        }
    }
}

#[test]
fn the_same_bounds_and_those_of_one_lane_leave_the_others_alone() {
    let (problem, starts) = (rosenbrock(3), starts_in(3, -2.0, 2.0, 60, 14));
    let bounds = Bounds::new(&[-1.0; 3], &[0.5; 3]).unwrap();
    for device in devices() {
        let minimizer = minimizer().pool(25).bounds(&bounds);
        let (whole, mut batch) = whole_and_begun(&minimizer, &device, &problem, &starts);
        batch.advance(7).unwrap();
        batch.set_bounds(&bounds).unwrap();
        let mut branch = batch.clone();
        assert_same(&whole, &ends(batch), &format!("{device}: nothing has changed"));
        branch.set_lane_bounds(4, &Bounds::new(&[-0.25; 3], &[0.25; 3]).unwrap()).unwrap();
        branch.set_lane_bounds(55, &Bounds::new(&[-0.5; 3], &[2.0; 3]).unwrap()).unwrap();
        branch.run().unwrap();
        assert_others_same(&whole, &now(&branch), &[4, 55], &format!("{device}"));
        let inside = |lane: usize, low: f64, high: f64| branch.lane(lane).unwrap().point.iter().all(|x| (low..=high).contains(x));
        assert!(inside(4, -0.25, 0.25) && inside(55, -0.5, 0.5), "{device}");
    }
}

#[test]
fn fixed_components_stay_where_they_are() {
    for device in devices() {
        let minimizer = minimizer().pool(2).fixed(&[false, true]);
        let starts = starts_at(&[&[-1.25, 1.5], &[0.5, 0.25], &[2.0, -2.0]]);
        let mut batch = minimizer.start(&device, &rosenbrock(2), &starts).unwrap();
        batch.step().unwrap();
        for lane in [0, 2] {
            batch.set_point(lane, &[0.5, 7.0], Memory::Keep).unwrap();
        }
        batch.replace(1, &[0.5, 3.0]).unwrap();
        batch.run().unwrap();
        let second: Vec<f64> = (0..3).map(|lane| batch.lane(lane).unwrap().last_point[1]).collect();
        assert_eq!(second, [1.5, 3.0, -2.0], "{device}: a new start fixes them anew");
    }
}

#[test]
fn tolerances_and_limits_reach_lanes_wherever_they_are() {
    let (problem, starts) = (rosenbrock(3), starts_in(3, -2.0, 2.0, 60, 15));
    for device in devices() {
        let start = || minimizer().pool(25).start(&device, &problem, &starts).unwrap();
        let tolerances = Tolerances { gradient_max: 1.0, ..Tolerances::default() };
        let strict = Tolerances { gradient_max: 1e-3, ..Tolerances::default() };
        let mut batch = start();
        batch.advance(1).unwrap();
        batch.pause(&[1]).unwrap();
        batch.set_lane_tolerances(2, strict).unwrap();
        batch.set_tolerances(tolerances).unwrap();
        batch.set_lane_tolerances(57, strict).unwrap();
        batch.unpause(&[1]).unwrap();
        let expected = |lane: usize| if [2, 57].contains(&lane) { strict.gradient_max } else { tolerances.gradient_max };
        batch.run().unwrap();
        for lane in batch.finish().unwrap().iter() {
            assert_eq!(lane.evidence.threshold as f32, expected(lane.lane) as f32, "{device}: {lane:?}");
        }

        let limits = |iterations| Limits { iterations, ..Limits::default() };
        let mut batch = start();
        (0..4).for_each(|_| batch.step().unwrap());
        batch.set_lane_limits(2, limits(9)).unwrap();
        batch.set_lane_limits(57, limits(9)).unwrap();
        let before = batch.evaluations();
        batch.set_limits(limits(4)).unwrap();
        assert_eq!(batch.evaluations(), before, "{device}: those that have done as much end at once");
        assert_eq!(batch.active(), 60 - 24, "{device}: all residents but lane 2");
        batch.run().unwrap();
        for lane in batch.clone().finish().unwrap().iter().filter(|lane| lane.status == Status::IterationLimit) {
            let expected = if [2, 57].contains(&lane.lane) { 9 } else { 4 };
            assert_eq!((lane.iterations, lane.evidence.threshold), (expected, f64::from(expected)), "{device}");
        }
        batch.set_lane_limits(2, limits(500)).unwrap();
        assert_eq!(batch.summary(2).unwrap().status, Status::IterationLimit, "{device}: until it is resumed");
        assert_eq!(batch.resume(limits(4)).unwrap(), 1, "{device}: the others are at their limit still");
        batch.resume(limits(500)).unwrap();
        let whole = start();
        assert_others_same(&ends(whole), &ends(batch), &[57], &format!("{device}"));
    }
}

#[test]
fn what_is_set_to_what_it_was_changes_no_bit() {
    let (problem, starts) = sweep(60);
    for device in devices() {
        let (whole, mut batch) = whole_and_begun(&minimizer().pool(25), &device, &problem, &starts);
        for k in 0..6 {
            batch.step().unwrap();
            match k {
                // Between two steps no lane is in the middle of a search.
                0 => batch.set_line_search(SlopeSearch::default()).unwrap(),
                1 => batch.set_method(Lbfgs::default()).unwrap(),
                2 => batch.set_limits(Limits { iterations: 499, ..Limits::default() }).unwrap(),
                3 => batch.set_limits(Limits::default()).unwrap(),
                4 => batch.set_tolerances(Tolerances { gradient_max: 1.0, ..Tolerances::default() }).unwrap(),
                _ => batch.set_tolerances(Tolerances::default()).unwrap(),
            }
            if k == 4 {
                batch.set_tolerances(Tolerances::default()).unwrap();
            }
        }
        assert_same(&whole, &ends(batch), &format!("{device}"));
    }
}

#[test]
fn lanes_go_on_with_another_line_search_and_another_method() {
    let (problem, starts) = (rosenbrock(4), starts_in(4, -2.0, 2.0, 60, 16));
    let searches: [LineSearch; 3] =
        [MoreThuente::default().into(), Backtracking::default().into(), SlopeSearch { curvature: 0.3, ..SlopeSearch::default() }.into()];
    let methods: [Method; 3] = [Lbfgs { memory: 3 }.into(), Lbfgs { memory: 20 }.into(), Bfgs::default().into()];
    for device in devices() {
        let mut batch = minimizer().pool(25).start(&device, &problem, &starts).unwrap();
        let mut outcomes = Vec::new();
        // In the middle of searches.
        batch.advance(9).unwrap();
        batch.pause(&[3]).unwrap();
        let mut limited = batch.clone();
        limited.set_limits(Limits { iterations: 3, ..Limits::default() }).unwrap();
        for batch in [&mut batch, &mut limited] {
            for search in searches {
                let mut branch = batch.clone();
                let before = branch.totals();
                branch.set_line_search(search).unwrap();
                assert_eq!(branch.totals(), before, "{device}: nothing is evaluated for it");
                outcomes.push((format!("{search:?}"), branch));
            }
            for method in methods {
                let mut branch = batch.clone();
                branch.set_method(method).unwrap();
                outcomes.push((format!("{method:?}"), branch));
            }
        }
        for (name, mut batch) in outcomes {
            batch.unpause(&[3]).unwrap();
            batch.run().unwrap();
            batch.resume(Limits::default()).unwrap();
            batch.run().unwrap();
            let outcome = batch.finish().unwrap();
            let done = outcome.statuses().iter().filter(|status| status.is_success()).count();
            // Of 20,000 lanes with three pairs one in seventy fails in f32.
            assert!(done >= 56, "{name} on {device}: {:?}", outcome.status_counts());
            // A method that another takes the place of leaves its best.
            let sum = outcome.iter().map(|lane| u64::from(lane.evaluations)).sum::<u64>();
            assert_eq!(sum, outcome.evaluations(), "{name} on {device}");
        }
    }
}

#[test]
fn a_lane_that_is_not_touched_is_the_same_whatever_becomes_of_the_others() {
    let (problem, starts) = sweep(80);
    for (way, method, device) in ways() {
        let minimizer = Minimizer::new(method).max_evaluations(60).pool(30);
        let (whole, mut batch) = whole_and_begun(&minimizer, &device, &problem, &starts);
        batch.advance(4).unwrap();
        batch.set_point(0, &[1.5; 4], Memory::Clear).unwrap();
        batch.set_parameters(1, &[10.0, 0.0], Memory::Clear).unwrap();
        batch.pause(&[2, 70]).unwrap();
        batch.step().unwrap();
        batch.stop_lanes(&[3, 71]).unwrap();
        batch.replace(4, &[0.5; 4]).unwrap();
        batch.replace(72, &[0.5; 4]).unwrap();
        batch.set_parameters(73, &[10.0, 0.0], Memory::Clear).unwrap();
        batch.advance(3).unwrap();
        batch.restart(&[5, 74]).unwrap();
        batch.set_lane_limits(6, Limits { iterations: 5, ..Limits::default() }).unwrap();
        batch.run().unwrap();
        let changed = [0, 1, 2, 3, 4, 6, 70, 71, 72, 73];
        assert_others_same(&whole, &now(&batch), &changed, &way);
        batch.unpause(&[2, 70]).unwrap();
        batch.resume_stopped().unwrap();
        batch.run().unwrap();
        let lanes: Vec<Bits> = now(&batch);
        for lane in [2, 3, 70, 71] {
            assert_eq!(lanes[lane], whole[lane], "{way}: lane {lane} was away and is back");
        }
    }
}
