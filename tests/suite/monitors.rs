//! Runs that hand control back: when monitors are asked, what they see, and that they change nothing.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use manymin::monitor::{Every, TimeLimit, Watch};
use manymin::prelude::*;
use manymin::{Error, MonitorError, SteerError};

use crate::devices::{Bits, assert_same, bowl, devices, minimizer, rosenbrock, starts_in};
use crate::invariance::{limited, sweep};

/// Notes what it is shown, with which number.
#[derive(Default)]
struct Notes {
    every: Every,
    begun: usize,
    asked: Vec<u64>,
    ended: usize,
    at_the_end: Option<usize>,
}

impl Notes {
    fn new(every: Every) -> Self {
        Self { every, ..Self::default() }
    }
}

impl Monitor for Notes {
    fn when(&self) -> Every {
        self.every
    }
    fn begin(&mut self, step: &mut Step<'_>) -> manymin::Result<()> {
        assert_eq!(step.number(), 0);
        self.begun += 1;
        Ok(())
    }
    fn step(&mut self, step: &mut Step<'_>) -> manymin::Result<Control> {
        self.asked.push(step.number());
        Ok(Control::Continue)
    }
    fn end(&mut self, step: &mut Step<'_>) -> manymin::Result<()> {
        self.ended += 1;
        self.at_the_end = Some(step.active());
        Ok(())
    }
}

#[test]
fn every_monitor_is_asked_when_it_wants_to_be() {
    let starts = starts_in(3, -2.0, 2.0, 150, 9);
    for device in devices() {
        let mut notes =
            [Every::Step, Every::Steps(1), Every::Steps(7), Every::Sync, Every::Seconds(1e9), Every::Seconds(0.0)].map(Notes::new);
        let mut batch = minimizer().start(&device, &rosenbrock(3), &starts).unwrap();
        let mut all: Vec<&mut dyn Monitor> = notes.iter_mut().map(|notes| notes as &mut dyn Monitor).collect();
        batch.run_with(&mut all).unwrap();
        let steps = *notes[0].asked.last().unwrap();
        let each: Vec<u64> = (0..=steps).collect();
        assert!(steps > 20, "{device}: {steps} steps");
        assert_eq!(notes[0].asked, each, "{device}: the start, and each step");
        assert_eq!(notes[1].asked, each, "{device}: every one");
        assert_eq!(notes[2].asked, (0..=steps).step_by(7).collect::<Vec<_>>(), "{device}: every seventh");
        assert_eq!(notes[3].asked, each, "{device}: whenever the host hears of the device");
        assert_eq!(notes[4].asked, [0], "{device}: the time never comes");
        assert_eq!(notes[5].asked, each, "{device}: there is always time");
        for notes in &notes {
            assert_eq!((notes.begun, notes.ended, notes.at_the_end), (1, 1, Some(0)), "{device}: {:?}", notes.every);
        }
    }
}

#[test]
fn monitors_asked_by_time_leave_the_run_free() {
    let starts = starts_in(4, -2.0, 2.0, 5_000, 9);
    for device in devices() {
        let rounds = |monitors: &mut [&mut dyn Monitor]| {
            let mut batch = minimizer().start(&device, &rosenbrock(4), &starts).unwrap();
            batch.run_with(monitors).unwrap();
            (batch.telemetry().map(|telemetry| telemetry.dispatches), Bits::all(&batch.finish().unwrap()))
        };
        let (free, expected) = rounds(&mut []);
        let (mut seldom, mut steps) = (Notes::new(Every::Seconds(1e9)), Notes::new(Every::Step));
        let (watched, seen) = rounds(&mut [&mut seldom]);
        let (stepped, _) = rounds(&mut [&mut steps]);
        assert_eq!(seldom.asked, [0], "{device}: the start is shown");
        assert_same(&expected, &seen, &format!("{device}: to be watched changes nothing"));
        // A step takes a dispatch at least; a free run some rounds each, and how many depends on measured time.
        if let (Some(free), Some(watched), Some(stepped)) = (free, watched, stepped) {
            assert!(watched < stepped, "{device}: {free} dispatches, {watched} when watched, {stepped} step by step");
        }
    }
}

#[test]
fn the_start_is_step_0_with_values_and_no_steps() {
    let starts = starts_in(3, -2.0, 2.0, 120, 4);
    for device in devices() {
        let seen = RefCell::new(Vec::new());
        let note = |step: &mut Step| seen.borrow_mut().push((step.number(), step.totals(), step.summaries().to_vec()));
        minimizer().monitor(note).minimize(&device, &rosenbrock(3), &starts).unwrap();
        let seen = seen.into_inner();
        let (number, totals, first) = &seen[0];
        assert_eq!((*number, totals.evaluations, totals.iterations, first.len()), (0, 120, 0, 120), "{device}");
        for summary in first {
            let start = rosenbrock(3).evaluate(&starts.point(summary.lane), &[]).unwrap().value;
            // Of values up to some thousand, by a few operations in the lane's precision.
            assert!((summary.value - start).abs() <= 1e-5 * start, "{device}: {} and {start}", summary.value);
            assert_eq!((summary.iteration, summary.evaluations, summary.step), (0, 1, 0.0), "{device}");
        }
        let second = &seen[1].2;
        assert!(second.iter().filter(|s| s.status.is_active()).all(|s| s.iteration == 1), "{device}: then each has taken one step");
    }
}

#[test]
fn watchers_that_only_look_change_no_bit() {
    let (problem, starts) = sweep(500);
    for device in devices() {
        let whole = limited().minimize(&device, &problem, &starts).unwrap();
        let expected = Bits::all(&whole);
        let mut looks = |step: &mut Step| {
            step.summaries();
            step.points().unwrap();
            step.lane(17).unwrap();
            step.best();
        };
        let mut seldom = Watch::every(Every::Steps(5), |step: &mut Step| assert!(!step.summaries().is_empty() || step.active() == 0));
        let mut free = Watch::every(Every::Seconds(0.0), |step: &mut Step| assert!(step.best().value.is_finite()));
        type Watchers<'a, 'b> = &'a mut [&'b mut dyn Monitor];
        let mut ways: [(&str, Watchers); 3] = [
            ("each step", &mut [&mut looks]),
            ("two at once", &mut [&mut seldom, &mut Notes::new(Every::Sync)]),
            ("free, as often as can be", &mut [&mut free]),
        ];
        for (name, monitors) in &mut ways {
            for pool in [100, 10_000] {
                let mut batch = limited().pool(pool).start(&device, &problem, &starts).unwrap();
                batch.run_with(monitors).unwrap();
                let outcome = batch.finish().unwrap();
                assert_same(&expected, &Bits::all(&outcome), &format!("{device}, {name}, pool {pool}"));
                assert_eq!(outcome.evaluations(), whole.evaluations(), "{device}, {name}: nothing is evaluated twice");
            }
        }
    }
}

#[test]
fn each_monitor_is_told_of_every_end_once() {
    let starts = starts_in(3, -2.0, 2.0, 200, 3);
    for device in devices() {
        let ends = [RefCell::new(Vec::new()), RefCell::new(Vec::new())];
        let note = |k: usize, step: &mut Step| {
            let ended = step.summaries().iter().filter(|summary| !summary.status.is_active()).map(|summary| summary.lane);
            ends[k].borrow_mut().extend(ended);
        };
        let mut each = |step: &mut Step| note(0, step);
        let mut seldom = Watch::every(Every::Steps(9), |step: &mut Step| note(1, step));
        let mut batch = minimizer().pool(64).start(&device, &rosenbrock(3), &starts).unwrap();
        batch.run_with(&mut [&mut each, &mut seldom]).unwrap();
        assert_eq!(batch.summaries().unwrap().len(), 200, "{device}: a loop of one's own is told by itself");
        let [mut each, mut seldom] = ends.map(RefCell::into_inner);
        each.sort_unstable();
        assert_eq!(each, (0..200).collect::<Vec<_>>(), "{device}");
        let told = seldom.len();
        seldom.sort_unstable();
        seldom.dedup();
        assert!(told > 150 && seldom.len() == told, "{device}: {told} ends, {} of them different", seldom.len());
    }
}

#[test]
fn a_panic_is_an_error_and_the_batch_goes_on_to_the_same_end() {
    let (problem, starts) = sweep(300);
    for device in devices() {
        let expected = Bits::all(&limited().minimize(&device, &problem, &starts).unwrap());
        for every in [Every::Step, Every::Sync] {
            let mut batch = limited().pool(64).start(&device, &problem, &starts).unwrap();
            let mut fails = Watch::every(every, |step: &mut Step| {
                if step.number() == 3 {
                    step.summaries();
                    panic!("index out of bounds: {}", step.number());
                }
            });
            let mut other = Notes::new(Every::Sync);
            let mut asked_before = false;
            match batch.run_with(&mut [&mut fails, &mut other]) {
                Err(Error::Monitor(error)) => {
                    assert_eq!(error.message, "it panicked: index out of bounds: 3", "{device}");
                    assert!(error.outcome().is_none(), "{device}: the batch has it all");
                    asked_before = true;
                }
                // A free run may be over before its third pause.
                other => assert!(other.is_ok() && every == Every::Sync, "{device}: {other:?}"),
            }
            assert_eq!(other.ended, 1, "{device}: others are shown the end");
            assert!(every == Every::Sync || asked_before && batch.active() > 0, "{device}");
            batch.run().unwrap();
            assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{device}: after a panic"));
        }
    }
}

#[test]
fn a_monitor_that_fails_at_the_beginning_or_the_end_spoils_nothing() {
    struct Fails(bool);
    impl Monitor for Fails {
        fn begin(&mut self, _: &mut Step<'_>) -> manymin::Result<()> {
            if self.0 { panic!("begin") } else { Ok(()) }
        }
        fn step(&mut self, _: &mut Step<'_>) -> manymin::Result<Control> {
            Ok(Control::Continue)
        }
        fn end(&mut self, _: &mut Step<'_>) -> manymin::Result<()> {
            Err(Error::NoSuchLane { lane: 0, lanes: 0 })
        }
    }
    let starts = starts_in(2, -2.0, 2.0, 100, 3);
    for device in devices() {
        let expected = Bits::all(&minimizer().minimize(&device, &rosenbrock(2), &starts).unwrap());
        let mut batch = minimizer().start(&device, &rosenbrock(2), &starts).unwrap();
        let failed = batch.run_with(&mut [&mut Fails(true)]).unwrap_err();
        assert_eq!(failed.to_string(), "a monitor failed: it panicked: begin", "{device}: the first error is told");
        assert_eq!((batch.active(), batch.evaluations()), (100, 0), "{device}: nothing has begun");
        let failed = batch.run_with(&mut [&mut Fails(false)]).unwrap_err();
        assert_eq!(failed, Error::NoSuchLane { lane: 0, lanes: 0 }, "{device}: an error at the end");
        assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{device}"));
    }
}

#[test]
fn a_minimizer_that_is_consumed_hands_out_what_was_found() {
    let starts = starts_in(2, -2.0, 2.0, 100, 3);
    for device in devices() {
        let fails = |step: &mut Step| if step.number() < 6 { Ok(Control::Continue) } else { Err("no") };
        let error = minimizer().monitor(fails).minimize(&device, &rosenbrock(2), &starts).unwrap_err();
        let mut batch = minimizer().start(&device, &rosenbrock(2), &starts).unwrap();
        (0..6).for_each(|_| batch.step().unwrap());
        let Error::Monitor(error) = error else { panic!("{device}: {error:?}") };
        let outcome = error.outcome().expect("what was found");
        assert_same(&Bits::all(&batch.finish().unwrap()), &Bits::all(outcome), &format!("{device}: after six steps"));
    }
    const fn shared<T: Send + Sync + 'static>() {}
    const { shared::<MonitorError>() }
}

#[test]
fn run_until_hands_back_at_the_step_that_it_is_asked_for() {
    let starts = starts_in(3, -2.0, 2.0, 150, 8);
    for device in devices() {
        let expected = Bits::all(&minimizer().minimize(&device, &rosenbrock(3), &starts).unwrap());
        let mut batch = minimizer().start(&device, &rosenbrock(3), &starts).unwrap();
        assert!(batch.run_until(|step| step.number() == 4).unwrap(), "{device}");
        assert!(batch.summaries().unwrap().iter().filter(|s| s.status.is_active()).all(|s| s.iteration == 4), "{device}");
        assert!(batch.run_until(|_| true).unwrap(), "{device}: what holds already takes no step");
        assert!(batch.summaries().unwrap().iter().all(|s| s.iteration <= 4), "{device}");
        assert!(batch.run_until_every(Every::Steps(5), |step| step.number() > 0).unwrap(), "{device}");
        assert!(batch.summaries().unwrap().iter().filter(|s| s.status.is_active()).all(|s| s.iteration == 9), "{device}");
        assert!(batch.run_until(|_| panic!("no")).is_err(), "{device}");
        assert!(!batch.run_until_every(Every::Seconds(0.0), |_| false).unwrap(), "{device}: it never holds, and the lanes end");
        assert_eq!(batch.active(), 0, "{device}");
        assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{device}"));
    }
}

#[test]
fn run_for_hands_back_with_lanes_under_way_and_always_gets_on() {
    let starts = starts_in(6, -2.0, 2.0, 20_000, 8);
    for device in devices() {
        let mut batch = minimizer().start(&device, &rosenbrock(6), &starts).unwrap();
        let (mut before, mut calls) = (0, 0);
        while batch.active() > 0 {
            batch.run_for(Duration::ZERO).unwrap();
            assert!(batch.evaluations() > before, "{device}: some rounds are done in any case");
            (before, calls) = (batch.evaluations(), calls + 1);
        }
        assert!(calls > 1, "{device}: {calls} calls");
        let mut batch = minimizer().start(&device, &rosenbrock(6), &starts).unwrap();
        batch.run_for(Duration::MAX).unwrap();
        assert_eq!(batch.active(), 0, "{device}: there is time for all");
    }
}

#[test]
fn the_strongest_answer_counts_and_all_are_asked() {
    let starts = starts_in(2, -2.0, 2.0, 100, 8);
    let limit = Duration::from_secs(5);
    let answers = [
        ([Control::Continue, Control::TimeLimit(limit)], Status::TimeLimit),
        ([Control::Stop, Control::TimeLimit(limit)], Status::Stopped),
        ([Control::TimeLimit(limit), Control::Continue], Status::TimeLimit),
    ];
    for device in devices() {
        for (answers, expected) in answers {
            let asked = RefCell::new([0; 2]);
            let answer = |k: usize| {
                asked.borrow_mut()[k] += 1;
                answers[k]
            };
            let mut batch = minimizer().pool(64).start(&device, &rosenbrock(2), &starts).unwrap();
            let mut end = Notes::new(Every::Step);
            batch.run_with(&mut [&mut |_: &mut Step| answer(0), &mut |_: &mut Step| answer(1), &mut end]).unwrap();
            assert_eq!(asked.into_inner(), [1, 1], "{device}");
            assert_eq!((end.asked.as_slice(), end.at_the_end), ([0].as_slice(), Some(0)), "{device}: the end is shown, all lanes stopped");
            let outcome = batch.finish().unwrap();
            assert!(outcome.statuses().iter().all(|&status| status == expected), "{device}: {:?}", outcome.status_counts());
            let lane = outcome.lane(0);
            assert!(lane.value.is_finite() && lane.evaluations == 1, "{device}: {lane:?}");
            match expected {
                Status::TimeLimit => assert!(lane.evidence.threshold == 5.0 && lane.evidence.measured > 0.0, "{device}: {lane:?}"),
                _ => assert!(lane.evidence.measured.is_nan(), "{device}: {lane:?}"),
            }
        }
    }
}

#[test]
fn what_a_monitor_does_to_the_batch_the_run_goes_on_from() {
    let starts = starts_in(3, -2.0, 2.0, 150, 8);
    for device in devices() {
        let expected = Bits::all(&minimizer().minimize(&device, &rosenbrock(3), &starts).unwrap());
        let mut drained = Vec::new();
        let mut batch = minimizer().pool(64).start(&device, &rosenbrock(3), &starts).unwrap();
        let mut drains = |step: &mut Step| {
            let before = step.summaries().to_vec();
            step.batch().advance(3).unwrap();
            assert!(step.summaries() != before || step.active() == 0, "what is shown is how it stands now");
            drained.extend(step.batch().drain_finished());
        };
        let mut looks = |step: &mut Step| assert!(step.summaries().iter().all(|summary| summary.status.is_active()));
        batch.run_with(&mut [&mut drains, &mut looks]).unwrap();
        drained.sort_unstable_by_key(|lane| lane.lane);
        let drained: Vec<Bits> = drained.iter().map(Bits::of).collect();
        assert_same(&expected, &drained, &format!("{device}"));
    }
}

#[test]
fn a_cadence_out_of_its_range_is_refused() {
    for device in devices() {
        for every in [Every::Steps(0), Every::Seconds(-1.0), Every::Seconds(f64::NAN)] {
            let mut batch = minimizer().start(&device, &bowl(2), &starts_in(2, -1.0, 1.0, 10, 1)).unwrap();
            let refused = batch.run_with(&mut [&mut Notes::new(every)]);
            assert!(matches!(refused, Err(Error::Setting { .. })), "{device}: {every:?} gives {refused:?}");
            assert_eq!(batch.evaluations(), 0, "{device}: nothing has begun");
        }
    }
}

#[test]
fn a_lane_is_seen_wherever_it_is() {
    let starts = starts_in(3, -2.0, 2.0, 200, 4);
    for device in devices() {
        let mut batch = minimizer().pool(64).start(&device, &rosenbrock(3), &starts).unwrap();
        while batch.active() > 0 {
            batch.advance(9).unwrap();
            let now = batch.clone().finish().unwrap();
            for lane in [0, 63, 64, 199] {
                assert_eq!(Bits::of(&batch.lane(lane).unwrap()), Bits::of(&now.lane(lane)), "{device}: lane {lane}");
            }
        }
        batch.drain_finished();
        assert_eq!(batch.lane(7), Err(SteerError::Drained { lane: 7 }.into()), "{device}");
        assert_eq!(batch.lane(200), Err(Error::NoSuchLane { lane: 200, lanes: 200 }), "{device}");
    }
}

/// Steps of 1 along the gradient of `(1 - r) x^2 / 2 + r x^3 / 3` make x to r x (1 - x), the logistic map: for r = 3.7 it wanders in
/// (0, 1) without end.
pub(crate) fn wander() -> Problem {
    Problem::new(1, |x| -2.7 * x[0].powi(2) / 2.0 + 3.7 * x[0].powi(3) / 3.0).unwrap()
}

/// Lanes that never end by themselves, where they wander.
pub(crate) fn wanderers() -> Minimizer<'static> {
    Minimizer::new(SteepestDescent)
        .line_search(ConstantStep { alpha: 1.0 })
        .tolerances(Tolerances { gradient_max: 0.0, ..Tolerances::default() })
        .limits(Limits { iterations: u32::MAX, evaluations: u32::MAX })
}

#[test]
fn a_time_limit_ends_lanes_as_such_and_a_run_without_end_in_time() {
    for device in devices() {
        let begun = Instant::now();
        let limit = Duration::from_millis(200);
        let outcome =
            wanderers().pool(64).monitor(TimeLimit(limit)).minimize(&device, &wander(), &starts_in(1, 0.2, 0.8, 2_000, 4)).unwrap();
        assert!(begun.elapsed() >= limit, "{device}");
        assert!(outcome.statuses().iter().all(|&status| status == Status::TimeLimit), "{device}: {:?}", outcome.status_counts());
        let (resident, queued) = (outcome.lane(0), outcome.lane(1_999));
        assert!(resident.evaluations > 0 && resident.evidence.measured >= resident.evidence.threshold, "{device}: {resident:?}");
        assert!(resident.status.is_budget() && resident.evidence.threshold == 0.2, "{device}: {resident:?}");
        assert_eq!(queued.evaluations, 0, "{device}: it never had a place");
    }
}
