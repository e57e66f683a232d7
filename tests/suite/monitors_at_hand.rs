//! The monitors that come with the crate: each beside the same thing computed in another way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use manymin::monitor::{Channel, EarlyStopping, Every, History, Interrupt, Reason};
use manymin::prelude::*;
use manymin::{Error, Summary};

use crate::devices::{Bits, assert_same, devices, minimizer, rosenbrock, starts_in};
use crate::monitors::{wander, wanderers};

/// The summaries of each step of a run, by another monitor than the history.
type Steps = Vec<(u64, BTreeMap<usize, Summary>)>;

/// Runs with a history, and returns what the steps were in truth: of every lane the last that was told of it.
fn recorded(device: &Device, history: &mut History, pool: usize) -> (Steps, Outcome) {
    let mut steps = Steps::new();
    let note = |step: &mut Step| {
        let mut now = steps.last().map(|last| last.1.clone()).unwrap_or_default();
        now.extend(step.summaries().iter().map(|summary| (summary.lane, *summary)));
        steps.push((step.number(), now));
    };
    let starts = starts_in(3, -2.0, 2.0, 150, 6);
    let outcome = minimizer().pool(pool).monitor(note).watched_by(history).minimize(device, &rosenbrock(3), &starts).unwrap();
    (steps, outcome)
}

#[test]
fn a_history_is_what_summaries_tell() {
    for device in devices() {
        for pool in [64, 1_000] {
            let mut history = History::new();
            let (steps, outcome) = recorded(&device, &mut history, pool);
            assert_eq!(history.rows().len(), steps.len(), "{device}: a row for each step, the start's included");
            let mut best = f64::INFINITY;
            for (row, (number, lanes)) in history.rows().iter().zip(&steps) {
                assert_eq!(row.number, *number, "{device}");
                let mut values: Vec<f64> = lanes.values().map(|s| s.value).filter(|v| v.is_finite()).collect();
                values.sort_by(f64::total_cmp);
                best = values.iter().copied().fold(best, f64::min);
                assert_eq!((row.best, row.value.lanes), (best, values.len()), "{device}, step {number}");
                assert_eq!((row.value.minimum, row.value.maximum), (values[0], values[values.len() - 1]), "{device}, step {number}");
                let middle = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
                // Two ways to write the middle of two numbers.
                assert!((row.value.median - middle).abs() <= 4.0 * f64::EPSILON * middle.abs(), "{device}, step {number}: {middle}");
                let mut gradients: Vec<f64> = lanes.values().map(|s| s.gradient_max).filter(|v| v.is_finite()).collect();
                gradients.sort_by(f64::total_cmp);
                assert_eq!(row.gradient_max.maximum, gradients[gradients.len() - 1], "{device}, step {number}");
                let mut counts = BTreeMap::from([(Status::Active, 150 - lanes.len())]);
                lanes.values().for_each(|summary| *counts.entry(summary.status).or_insert(0) += 1);
                counts.retain(|_, lanes| *lanes > 0);
                assert_eq!(row.statuses, counts, "{device}, step {number}");
                assert_eq!(row.active, counts.get(&Status::Active).copied().unwrap_or(0), "{device}, step {number}");
                assert_eq!(row.evaluations, lanes.values().map(|s| u64::from(s.evaluations)).sum::<u64>(), "{device}, step {number}");
                assert_eq!(row.iterations, lanes.values().map(|s| u64::from(s.iteration)).sum::<u64>(), "{device}, step {number}");
            }
            let last = history.rows().last().unwrap();
            assert_eq!((last.evaluations, last.iterations), (outcome.evaluations(), outcome.iterations()), "{device}");
            assert_eq!(last.statuses, outcome.status_counts(), "{device}");
            assert!(history.rows().windows(2).all(|pair| pair[0].best >= pair[1].best && pair[0].seconds <= pair[1].seconds), "{device}");
        }
    }
}

#[test]
fn chosen_lanes_are_recorded_in_full_with_points_that_stay() {
    for device in devices() {
        let mut history = History::new().lanes([7, 149, 0, 7]).points();
        let (steps, outcome) = recorded(&device, &mut history, 1_000);
        for lane in [0, 7, 149] {
            let rows = history.lane(lane);
            let end = outcome.lane(lane);
            assert_eq!(rows.len(), end.iterations as usize + 1, "{device}: the start and each step of lane {lane}");
            let told = steps.iter().map(|step| step.1[&lane]);
            for (k, (row, told)) in rows.iter().zip(told).enumerate() {
                assert_eq!((row.number, row.iteration), (k as u64, k as u32), "{device}, lane {lane}");
                let scalars = [told.value, told.gradient_max, told.gradient_norm, told.step, told.alpha, told.mu].map(f64::to_bits);
                let recorded = [row.value, row.gradient_max, row.gradient_norm, row.step, row.alpha, row.mu].map(f64::to_bits);
                assert_eq!((scalars, told.evaluations, told.status), (recorded, row.evaluations, row.status), "{device}, lane {lane}");
            }
            // The same memory handed out at every step would show one point many times.
            let distinct: std::collections::BTreeSet<Vec<u64>> =
                rows.iter().map(|row| row.point.iter().map(|x| x.to_bits()).collect()).collect();
            assert_eq!(distinct.len(), rows.len(), "{device}: lane {lane} has been at as many points");
            assert_eq!(rows.last().unwrap().point, end.last_point, "{device}");
            let value = |row: &&manymin::monitor::LaneRow| rosenbrock(3).evaluate(&row.point, &[]).unwrap().value;
            for row in &rows {
                // In f32 a value of sums of squares is as good as its rounding: some units of the terms it is made of, up to 10^4.
                assert!((value(row) - row.value).abs() <= 1e-5 * (row.value.abs() + 1.0), "{device}: point and value belong together");
            }
        }
        assert_eq!(history.lane_rows().len(), [0, 7, 149].map(|lane| history.lane(lane).len()).iter().sum::<usize>(), "{device}");
    }
}

#[test]
fn a_history_reads_back_from_csv_and_json() {
    let device = Device::cpu(Precision::F64);
    let mut history = History::new().lanes([3, 149]).points();
    recorded(&device, &mut history, 64);

    let mut text = Vec::new();
    history.write_csv(&mut text).unwrap();
    let mut csv = csv::Reader::from_reader(text.as_slice());
    let columns: Vec<String> = csv.headers().unwrap().iter().map(String::from).collect();
    assert_eq!(columns.len(), 6 + 2 * 5 + 18, "numbers, quantiles, a column a status");
    let lines: Vec<BTreeMap<String, f64>> = csv
        .records()
        .map(|record| columns.iter().cloned().zip(record.unwrap().iter().map(|field| field.parse().unwrap())).collect())
        .collect();
    assert_eq!(lines.len(), history.rows().len());
    for (line, row) in lines.iter().zip(history.rows()) {
        assert_eq!(line["number"], row.number as f64);
        let numbers = ["seconds", "best", "value_median", "value_upper_quartile", "gradient_max_minimum"];
        let expected = [row.seconds, row.best, row.value.median, row.value.upper_quartile, row.gradient_max.minimum];
        assert_eq!(numbers.map(|name| line[name].to_bits()), expected.map(f64::to_bits), "to the bit");
        assert_eq!(line["evaluations"], row.evaluations as f64);
        assert_eq!(line["active"], row.active as f64);
        assert_eq!(line["converged_gradient"], row.statuses.get(&Status::Converged(Test::Gradient)).copied().unwrap_or(0) as f64);
    }

    let mut text = Vec::new();
    history.write_lanes_csv(&mut text).unwrap();
    let mut csv = csv::Reader::from_reader(text.as_slice());
    assert_eq!(csv.headers().unwrap().iter().skip(10).collect::<Vec<_>>(), ["status", "x0", "x1", "x2"]);
    let lines: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(lines.len(), history.lane_rows().len());
    for (line, row) in lines.iter().zip(history.lane_rows()) {
        assert_eq!((line[1].parse(), &line[10]), (Ok(row.lane), row.status.name()));
        let value: f64 = line[3].parse().unwrap();
        assert!(value.to_bits() == row.value.to_bits() || value.is_nan() && row.value.is_nan());
        assert_eq!(line[13].parse(), Ok(row.point[2]));
    }

    let mut text = Vec::new();
    history.write_json(&mut text).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let (rows, lanes) = (json["rows"].as_array().unwrap(), json["lanes"].as_array().unwrap());
    assert_eq!((rows.len(), lanes.len()), (history.rows().len(), history.lane_rows().len()));
    for (read, row) in rows.iter().zip(history.rows()) {
        // A reader of JSON may be off by a last bit.
        assert!((read["value"]["median"].as_f64().unwrap() / row.value.median - 1.0).abs() <= f64::EPSILON);
        let counts: BTreeMap<String, usize> = serde_json::from_value(read["statuses"].clone()).unwrap();
        let expected: BTreeMap<String, usize> = row.statuses.iter().map(|(status, lanes)| (status.name().into(), *lanes)).collect();
        assert_eq!(counts, expected);
    }
    // A lane that has just come from the queue has no value yet.
    let fresh = history.lane_rows().iter().position(|row| row.value.is_nan()).expect("lane 149 waits at first");
    assert!(lanes[fresh]["value"].is_null() && lanes[fresh]["lane"] == 149);
    let read: manymin::monitor::LaneRow = serde_json::from_value(lanes[0].clone()).unwrap();
    assert_eq!((read.lane, read.status, read.evaluations), (3, Status::Active, 1), "and it reads back");
}

#[test]
fn a_history_goes_on_in_the_next_run_and_shows_how_a_stop_ended_lanes() {
    for device in devices() {
        let starts = starts_in(3, -2.0, 2.0, 100, 6);
        let mut batch = minimizer().pool(64).start(&device, &rosenbrock(3), &starts).unwrap();
        let mut history = History::new();
        let mut fails = |step: &mut Step| if step.number() == 4 { Err("no") } else { Ok(Control::Continue) };
        batch.run_with(&mut [&mut history, &mut fails]).unwrap_err();
        let mut stops = |step: &mut Step| if step.number() == 3 { Control::Stop } else { Control::Continue };
        batch.run_with(&mut [&mut history, &mut stops]).unwrap();
        let numbers: Vec<u64> = history.rows().iter().map(|row| row.number).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 7], "{device}");
        let [before, after] = [7, 8].map(|k| &history.rows()[k]);
        assert_eq!((before.active, after.active), (100, 0), "{device}");
        assert_eq!(after.statuses, BTreeMap::from([(Status::Stopped, 100)]), "{device}: those in the queue too");
    }
}

#[test]
fn a_run_stops_early_by_each_criterion() {
    let starts = starts_in(3, -2.0, 2.0, 200, 6);
    for device in devices() {
        let run = |mut stopping: EarlyStopping| {
            let outcome = minimizer().watched_by(&mut stopping).minimize(&device, &rosenbrock(3), &starts).unwrap();
            (stopping.reason(), outcome)
        };
        let ended = |outcome: &Outcome| 200 - outcome.status_counts().get(&Status::Stopped).copied().unwrap_or(0);

        let (reason, outcome) = run(EarlyStopping::new().target(1e-2));
        assert_eq!(reason, Some(Reason::Target), "{device}");
        assert!(outcome.best().value <= 1e-2 && ended(&outcome) < 20, "{device}: {:?}", outcome.status_counts());

        let (reason, outcome) = run(EarlyStopping::new().share_done(0.5));
        assert_eq!(reason, Some(Reason::ShareDone), "{device}");
        assert!((100..190).contains(&ended(&outcome)), "{device}: {:?}", outcome.status_counts());

        let (reason, outcome) = run(EarlyStopping::new().agreement(3, 1e-6));
        assert_eq!(reason, Some(Reason::Agreement), "{device}");
        let successes = outcome.statuses().iter().filter(|status| status.is_success()).count();
        assert!((3..150).contains(&successes), "{device}: {:?}", outcome.status_counts());

        // The value never falls by as much as its start is: the second ask is the third that has not seen it fall.
        let (reason, outcome) = run(EarlyStopping::new().patience(3, 1e9));
        assert_eq!(reason, Some(Reason::Patience), "{device}");
        assert!(outcome.iter().filter(|lane| lane.status == Status::Stopped).all(|lane| lane.iterations == 3), "{device}");

        let (reason, outcome) = run(EarlyStopping::new().target(-1.0).agreement(201, 0.0).patience(10_000, 0.0));
        assert_eq!((reason, ended(&outcome)), (None, 200), "{device}: nothing of it comes");
    }
}

#[test]
fn early_stopping_out_of_its_range_is_refused() {
    let wrong = [
        EarlyStopping::new().target(f64::NAN),
        EarlyStopping::new().agreement(1, 0.0),
        EarlyStopping::new().agreement(2, -1.0),
        EarlyStopping::new().share_done(1.5),
        EarlyStopping::new().patience(0, 0.0),
        EarlyStopping::new().patience(1, f64::NAN),
    ];
    for stopping in wrong {
        let named = format!("{stopping:?}");
        let device = Device::cpu(Precision::F64);
        let refused = minimizer().monitor(stopping).minimize(&device, &rosenbrock(2), &starts_in(2, -1.0, 1.0, 10, 1));
        assert!(matches!(refused, Err(Error::Setting { .. })), "{named}");
    }
}

#[test]
fn an_interrupt_stops_a_run_that_would_not_end() {
    for device in devices() {
        let flag = Arc::new(AtomicBool::new(false));
        let evaluations = AtomicU64::new(0);
        // Another monitor sets the flag, as a handler would at any time, when some steps are done.
        let sets = |step: &mut Step| {
            evaluations.store(step.totals().evaluations, Ordering::Relaxed);
            flag.store(step.totals().iterations > 1_000, Ordering::Relaxed);
        };
        let outcome = wanderers()
            .monitor(sets.every(Every::Sync))
            .monitor(Interrupt::new(&flag))
            .minimize(&device, &wander(), &starts_in(1, 0.2, 0.8, 100, 4))
            .unwrap();
        assert!(outcome.statuses().iter().all(|&status| status == Status::Stopped), "{device}: {:?}", outcome.status_counts());
        assert!(outcome.iterations() > 1_000 && outcome.best().value.is_finite(), "{device}: with what was found");
        assert_eq!(outcome.evaluations(), evaluations.into_inner(), "{device}: at once");
    }
}

#[test]
fn a_channel_never_waits_and_counts_what_it_drops() {
    let starts = starts_in(3, -2.0, 2.0, 150, 6);
    for device in devices() {
        let expected = minimizer().minimize(&device, &rosenbrock(3), &starts).unwrap();
        // Nobody reads before the run is over: the channel is full after three.
        let (channel, snapshots) = Channel::new(3);
        let mut channel = channel.with_summaries().every(Every::Step);
        let mut asked = 0;
        let count = |_: &mut Step| asked += 1;
        let outcome = minimizer().monitor(count).watched_by(&mut channel).minimize(&device, &rosenbrock(3), &starts).unwrap();
        assert_same(&Bits::all(&expected), &Bits::all(&outcome), &format!("{device}"));
        assert_eq!(channel.dropped(), asked + 1 - 3, "{device}: each step and the end, but the first three");
        let kept: Vec<_> = snapshots.try_iter().collect();
        assert_eq!(kept.iter().map(|now| now.number).collect::<Vec<_>>(), [0, 1, 2], "{device}: those that were there stay");
        assert_eq!((kept[0].lanes, kept[0].active, kept[0].summaries.len()), (150, 150, 150), "{device}");

        // A reader that is slow is told of the ends that were in what was dropped, each once.
        let (channel, snapshots) = Channel::new(1);
        let mut received = Vec::new();
        let reads = |step: &mut Step| {
            if step.number().is_multiple_of(10) {
                received.extend(snapshots.try_iter());
            }
        };
        let channel = channel.with_summaries().every(Every::Step);
        minimizer().monitor(reads).monitor(channel).minimize(&device, &rosenbrock(3), &starts).unwrap();
        received.extend(snapshots.try_iter());
        let ends = received.iter().flat_map(|now| &now.summaries).filter(|summary| !summary.status.is_active());
        let mut ends: Vec<usize> = ends.map(|summary| summary.lane).collect();
        let told = ends.len();
        ends.sort_unstable();
        ends.dedup();
        assert_eq!((ends.len(), told), (told, 150 - received.last().unwrap().active), "{device}");
        assert!(told > 75 && received.len() < 20, "{device}: {told} ends in {} snapshots", received.len());
    }
}

#[test]
fn a_channel_whose_reader_has_gone_disturbs_nothing() {
    let (channel, snapshots) = Channel::new(1);
    drop(snapshots);
    let mut channel = channel.every(Every::Step);
    let device = Device::cpu(Precision::F32);
    minimizer().watched_by(&mut channel).minimize(&device, &rosenbrock(2), &starts_in(2, -1.0, 1.0, 10, 1)).unwrap();
    assert_eq!(channel.dropped(), 0, "there was no want of room");
}

#[test]
fn a_time_limit_far_off_changes_nothing() {
    let starts = starts_in(3, -2.0, 2.0, 150, 6);
    for device in devices() {
        let expected = minimizer().minimize(&device, &rosenbrock(3), &starts).unwrap();
        for limit in [Duration::from_secs(3_600), Duration::MAX] {
            let outcome = minimizer().monitor(manymin::monitor::TimeLimit(limit)).minimize(&device, &rosenbrock(3), &starts).unwrap();
            assert_same(&Bits::all(&expected), &Bits::all(&outcome), &format!("{device}, {limit:?}"));
        }
    }
}
