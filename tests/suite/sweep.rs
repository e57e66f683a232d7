//! Sweeps: rows in their order, in portions, in chains.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use manymin::prelude::*;
use manymin::{Error, Row, StartsError, Sweep, Swept};

/// (x^2 - p)^2 + q x: for p > 0 two minima, of which q chooses the lower one.
fn double_well() -> Problem {
    Problem::builder(1).parameters(2).build(|x, c| (x[0].powi(2) - c.parameter(0)).powi(2) + c.parameter(1) * x[0]).expect("a problem")
}

fn rows(count: usize) -> impl Iterator<Item = manymin::Result<Vec<f64>>> {
    (0..count).map(|row| Ok(vec![1.0 + row as f64 / 100.0, if row.is_multiple_of(2) { 0.1 } else { -0.1 }]))
}

fn sweep(sweep: &Sweep, starts: &Starts, count: usize) -> (Vec<Row>, Swept) {
    let mut taken = Vec::new();
    let swept = sweep
        .run(&Device::cpu(Precision::F64), &double_well(), starts, rows(count), |row| {
            taken.push(row);
            Ok(Control::Continue)
        })
        .expect("a sweep");
    (taken, swept)
}

fn both_sides() -> Starts {
    Starts::grid(&Bounds::new(&[-2.0], &[2.0]).expect("a box"), &[2])
}

fn minimizer() -> Minimizer<'static> {
    Minimizer::new(Lbfgs::default())
}

#[test]
fn every_row_has_the_best_of_its_lanes_in_the_order_of_rows_whatever_the_portions() {
    let (whole, swept) = sweep(&Sweep::new(minimizer()), &both_sides(), 301);
    assert_eq!((swept.rows, swept.lanes, swept.stopped), (301, 602, false));
    assert_eq!(swept.statuses.values().sum::<usize>(), 602);
    for (k, row) in whole.iter().enumerate() {
        assert_eq!((row.row, row.best.lane / 2), (k, k));
        assert_eq!(row.best.point[0] < 0.0, row.parameters[1] > 0.0, "the lower of the two minima: {row:?}");
    }
    for portion in [1, 7, 100, 602] {
        assert_eq!(sweep(&Sweep::new(minimizer()).portion(portion), &both_sides(), 301).0, whole, "portions of {portion} lanes");
    }
}

#[test]
fn a_row_continues_from_the_row_before_it_in_its_chain() {
    // Rows of one sign only, begun on the wrong side: a chain stays in the well that it is in.
    let starts = Starts::grid(&Bounds::new(&[2.0], &[2.0]).expect("a box"), &[1]);
    let (rows, swept) = sweep(&Sweep::new(minimizer()).continuation(4), &starts, 101);
    assert_eq!((swept.rows, rows.len()), (101, 101));
    assert!(rows.iter().enumerate().all(|(k, row)| row.row == k && row.best.status.is_success()));
    assert!(rows.iter().all(|row| row.best.point[0] > 0.0), "all in the well they began in");
    let (_, cold) = sweep(&Sweep::new(minimizer()), &starts, 101);
    let evaluations = |swept: &Swept| swept.totals.evaluations;
    assert!(evaluations(&swept) < evaluations(&cold), "{} beside {}", evaluations(&swept), evaluations(&cold));
}

#[test]
fn a_sweep_can_be_stopped_and_ten_million_rows_are_not_read_before_they_are_needed() {
    let mut read = 0_usize;
    let rows = (0..10_000_000).map(|row| {
        read += 1;
        Ok(vec![1.0 + f64::from(row) * 1e-7, 0.1])
    });
    let taker = |row: Row| Ok(if row.row == 99 { Control::Stop } else { Control::Continue });
    let swept = Sweep::new(minimizer())
        .portion(1_000)
        .run(&Device::cpu(Precision::F32), &double_well(), &both_sides(), rows, taker)
        .expect("a sweep");
    assert_eq!((swept.rows, swept.stopped), (100, true));
    assert!(read <= 501, "{read} rows were read");
}

#[test]
fn rows_that_have_ended_are_handed_out_when_a_sweep_is_cut_in_the_middle_of_a_portion() {
    let flag = Arc::new(AtomicBool::new(false));
    // The pool is far smaller than the portion: some rows end while others have not begun.
    let (device, starts) = (Device::cpu(Precision::F64), both_sides());
    let slow = Problem::builder(1).parameters(2).build(|x, c| {
        let [wave] = x.fold(0..500, [x[0]], |_, [y]| [y.sin()]);
        (x[0].powi(2) - c.parameter(0)).powi(2) + c.parameter(1) * x[0] + 1e-3 * wave
    });
    let slow = slow.expect("a problem");
    let run = |sweep: Sweep| {
        let mut taken = Vec::new();
        let begun = Instant::now();
        let swept = sweep.run(&device, &slow, &starts, rows(60_000), |row| {
            taken.push(row.row);
            Ok(Control::Continue)
        });
        (swept.expect("a sweep"), taken, begun.elapsed())
    };
    let minimizer = || minimizer().pool(64);
    let (limited, taken, seconds) = run(Sweep::new(minimizer()).time_limit(Duration::from_millis(300)));
    assert!(limited.stopped && limited.rows > 0 && limited.rows < 60_000, "{limited:?}");
    assert!(seconds < Duration::from_secs(20), "{seconds:?}");
    assert_eq!((taken.len(), taken.is_sorted()), (limited.rows, true));
    assert!(limited.statuses[&Status::TimeLimit] > 0, "{:?}", limited.statuses);
    let (chained, taken, _) = run(Sweep::new(minimizer()).continuation(300).time_limit(Duration::from_millis(300)));
    assert!(chained.stopped && chained.rows > 0 && chained.rows < 60_000, "{chained:?}");
    assert_eq!((taken.len(), taken.is_sorted()), (chained.rows, true));
    let set = Arc::clone(&flag);
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        set.store(true, Ordering::Relaxed);
    });
    let (interrupted, taken, _) = run(Sweep::new(minimizer()).interrupt(&flag));
    thread.join().expect("no panic");
    assert!(interrupted.stopped && taken.len() == interrupted.rows && !taken.is_empty(), "{interrupted:?}");
    assert!(interrupted.statuses[&Status::Stopped] > 0, "{:?}", interrupted.statuses);
    let (none, taken, _) = run(Sweep::new(minimizer()).interrupt(&flag));
    assert_eq!((none.rows, none.lanes, none.stopped, taken.len()), (0, 0, true, 0), "nothing is begun");
}

#[test]
fn what_does_not_fit_is_told_with_its_row() {
    let refused = |rows: Vec<manymin::Result<Vec<f64>>>, sweep: Sweep| {
        sweep.run(&Device::cpu(Precision::F64), &double_well(), &both_sides(), rows, |_| Ok(Control::Continue)).expect_err("refused")
    };
    let short = refused(vec![Ok(vec![1.0, 0.1]), Ok(vec![1.0])], Sweep::new(minimizer()));
    assert_eq!(short, Error::Starts(StartsError::Row { row: 1, given: 1, wanted: 2 }));
    let own = refused(vec![Err(Error::NoSuchLane { lane: 3, lanes: 1 })], Sweep::new(minimizer()));
    assert_eq!(own, Error::NoSuchLane { lane: 3, lanes: 1 });
    let setting = |error| matches!(error, Error::Setting { name: "portion" | "chains", .. });
    assert!(setting(refused(Vec::new(), Sweep::new(minimizer()).portion(0))));
    assert!(setting(refused(Vec::new(), Sweep::new(minimizer()).continuation(0))));
}
