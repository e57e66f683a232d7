//! Batches that move from device to device, and those whose device fails.

use manymin::prelude::*;
use manymin::{DeviceError, Error};

use crate::devices::{Bits, assert_same, gpu, minimizer, rosenbrock, starts_in};
use crate::invariance::{limited, sweep};

/// Opened apart: each has memory and compiled kernels of its own.
fn opened_again() -> Device {
    Device::adapter(&gpu().info().name).unwrap()
}

/// A device, and another one of the same kind.
fn twins() -> Vec<(Device, Device)> {
    let cpu = [Precision::F32, Precision::F64].map(|precision| (Device::cpu(precision), Device::cpu(precision)));
    cpu.into_iter().chain([(gpu(), opened_again())]).collect()
}

#[test]
fn a_move_changes_no_bit_and_evaluates_nothing_twice() {
    let (problem, starts) = sweep(300);
    for (device, twin) in twins() {
        let whole = limited().minimize(&device, &problem, &starts).unwrap();
        let expected = Bits::all(&whole);
        type Way = fn(usize, &mut Batch) -> bool;
        // What is done before the k-th move; false if there is none any more.
        let ways: [(&str, Way); 6] = [
            ("before the first round", |k, _| k == 0),
            ("after a look at the starts", |k, batch| batch.summaries().is_ok() && k == 0),
            ("after each of the first rounds", |k, batch| batch.advance(1).is_ok() && k < 12),
            ("after every third step", |_, batch| (0..3).all(|_| batch.step().is_ok())),
            ("after the first have ended", |k, batch| batch.advance(25).is_ok() && k == 0),
            ("once a step, once rounds", |k, batch| if k % 2 == 0 { batch.step() } else { batch.advance(11) }.is_ok()),
        ];
        for (name, way) in ways {
            for pool in [70, 10_000] {
                let mut batch = limited().pool(pool).start(&device, &problem, &starts).unwrap();
                let mut k = 0;
                while way(k, &mut batch) && batch.active() > 0 {
                    let before = (batch.active(), batch.totals(), Bits::of(&batch.best()));
                    batch.move_to(if k % 2 == 0 { &twin } else { &device }).unwrap();
                    assert_eq!(before, (batch.active(), batch.totals(), Bits::of(&batch.best())), "{device}, {name}, pool {pool}");
                    k += 1;
                }
                assert!(k > 0, "{name}");
                batch.run().unwrap();
                let outcome = batch.finish().unwrap();
                assert_same(&expected, &Bits::all(&outcome), &format!("{device}, {name}, pool {pool}"));
                assert_eq!(outcome.evaluations(), whole.evaluations(), "{device}, {name}: nothing is evaluated twice");
            }
        }
    }
}

#[test]
fn lanes_look_the_same_after_a_move() {
    let (problem, starts) = sweep(200);
    for (device, twin) in twins() {
        let mut batch = limited().pool(150).start(&device, &problem, &starts).unwrap();
        (0..4).for_each(|_| batch.step().unwrap());
        let (mut stays, told) = (batch.clone(), batch.summaries().unwrap());
        batch.move_to(&twin).unwrap();
        assert_eq!(batch.finish().unwrap().device(), &twin);
        let mut moved = stays.clone();
        moved.move_to(&twin).unwrap();
        let bits = |batch: &mut Batch| batch.points().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
        assert_eq!(bits(&mut stays), bits(&mut moved), "{device}: points");
        let again = moved.summaries().unwrap();
        let words = |summaries: &[Summary]| summaries.iter().map(|s| format!("{s:?}")).collect::<Vec<String>>();
        assert_eq!(words(&told), words(&again), "{device}: summaries");
        // A branch of a moved batch, and a stop.
        let mut branch = moved.clone();
        stays.stop().unwrap();
        branch.stop().unwrap();
        assert_same(&Bits::all(&stays.finish().unwrap()), &Bits::all(&branch.finish().unwrap()), &format!("{device}: stopped"));
    }
}

#[test]
fn long_points_and_short_memories_move_as_well() {
    for (n, memory) in [(1, 1), (70, 2)] {
        let problem = Problem::new(n, |x| x.sum(0..n, |i| (1.0 + i.number()) * (x.at(i) - 1.0).cosh())).unwrap();
        let starts = starts_in(n, -2.0, 2.0, 30, 33);
        for (device, twin) in twins() {
            let start = || Minimizer::new(Lbfgs { memory }).max_iterations(40).pool(20).start(&device, &problem, &starts).unwrap();
            let (mut stays, mut moves) = (start(), start());
            stays.run().unwrap();
            while moves.active() > 0 {
                moves.advance(4).unwrap();
                moves.move_to(&twin).unwrap();
            }
            let bits = |batch: Batch| Bits::all(&batch.finish().unwrap());
            assert_same(&bits(stays), &bits(moves), &format!("{device}, n = {n}, m = {memory}"));
        }
    }
}

#[test]
fn lanes_go_on_from_the_same_state_on_another_engine() {
    let (problem, starts) = (rosenbrock(6), starts_in(6, -2.0, 2.0, 200, 31));
    let (cpu, gpu) = (Device::cpu(Precision::F32), gpu());
    let whole = minimizer().minimize(&cpu, &problem, &starts).unwrap();
    let mut batch = minimizer().pool(150).start(&cpu, &problem, &starts).unwrap();
    for device in [&gpu, &cpu, &gpu, &cpu] {
        (0..9).for_each(|_| batch.advance(1).unwrap());
        batch.move_to(device).unwrap();
    }
    batch.run().unwrap();
    let moved = batch.finish().unwrap();
    assert_eq!(moved.evaluations(), moved.iter().map(|lane| u64::from(lane.evaluations)).sum::<u64>());
    let (a, b) = (whole.evaluations() as f64, moved.evaluations() as f64);
    assert!((0.9..1.1).contains(&(a / b)), "{a} evaluations, and {b} with moves: lanes lost what they remembered");
    // Rounding tells lanes apart where valleys do: those of the local minimum may differ, and few others.
    let level = |outcome: &Outcome, lane: usize| outcome.statuses()[lane].is_success().then(|| outcome.lane(lane).value < 1.0);
    let differ = (0..200).filter(|&lane| level(&whole, lane) != level(&moved, lane)).count();
    assert!(differ <= 10, "{differ} lanes of 200 end elsewhere");
}

#[test]
fn another_precision_is_an_error_and_the_batch_stays() {
    let (problem, starts) = sweep(50);
    let (single, double) = (Device::cpu(Precision::F32), Device::cpu(Precision::F64));
    for (device, other) in [(&single, &double), (&double, &single), (&gpu(), &double), (&double, &gpu())] {
        let mut batch = limited().start(device, &problem, &starts).unwrap();
        batch.step().unwrap();
        match batch.move_to(other) {
            Err(Error::Device(error @ DeviceError::Precision { .. })) => assert!(error.to_string().contains("polish"), "{error}"),
            other => panic!("{other:?}"),
        }
        batch.run().unwrap();
        let outcome = batch.finish().unwrap();
        assert_eq!(outcome.device(), device);
        assert_same(&Bits::all(&limited().minimize(device, &problem, &starts).unwrap()), &Bits::all(&outcome), "stayed");
    }
}

#[cfg(feature = "gpu")]
#[test]
fn a_batch_whose_gpu_is_lost_goes_on_elsewhere() {
    let (problem, starts) = sweep(300);
    let whole = limited().minimize(&gpu(), &problem, &starts).unwrap();
    let expected = Bits::all(&whole);
    for (pool, sync) in [(100, false), (100, true), (1_000, false), (1_000, true)] {
        let name = format!("pool {pool}, sync {sync}");
        let lost = opened_again();
        let mut batch = limited().pool(pool).start(&lost, &problem, &starts).unwrap();
        batch.advance(20).unwrap();
        if sync {
            batch.sync().unwrap();
        }
        // Some end after the state was taken, and are handed out.
        batch.advance(15).unwrap();
        let mut drained = batch.drain_finished();
        let first = drained.len();
        batch.advance(6).unwrap();
        let (active, totals, mut unnoticed) = (batch.active(), batch.totals(), batch.clone());
        manymin::probe::destroy(&lost);
        for failure in [batch.step(), batch.advance(1), batch.run(), batch.stop(), batch.sync(), batch.summaries().map(drop)] {
            assert!(matches!(failure, Err(Error::Device(DeviceError::Lost { .. }))), "{name}: {failure:?}");
        }
        assert!(batch.clone().finish().is_err() && batch.points().is_err());
        assert_eq!((batch.active(), batch.totals()), (active, totals), "{name}: what is known stays");
        drained.extend(batch.drain_finished());
        let best = drained.iter().min_by(|a, b| a.value.total_cmp(&b.value)).unwrap();
        assert_eq!(batch.best().value, best.value, "{name}");
        assert!(batch.move_to(&lost).is_err(), "{name}: it is lost for good");
        let mut branch = batch.clone();
        for (batch, what) in [(&mut batch, "the batch"), (&mut branch, "its branch")] {
            batch.move_to(&gpu()).unwrap();
            assert_eq!(batch.active(), active, "{name}, {what}");
            let done: u64 = drained.iter().map(|lane| u64::from(lane.evaluations)).sum();
            assert_eq!(batch.evaluations() > done, sync, "{name}, {what}: lanes begin again where they were known");
            batch.run().unwrap();
            let mut all = drained.clone();
            all.extend(batch.drain_finished());
            all.sort_by_key(|lane| lane.lane);
            assert_same(&expected, &all.iter().map(Bits::of).collect::<Vec<_>>(), &format!("{name}, {what}"));
            assert_eq!(batch.evaluations(), whole.evaluations(), "{name}, {what}");
        }
        // Nobody has asked the device of this one since.
        unnoticed.move_to(&Device::cpu(Precision::F32)).unwrap();
        unnoticed.run().unwrap();
        assert_eq!(first + unnoticed.drain_finished().len(), 300, "{name}: on the CPU engine");
    }
}

#[cfg(feature = "gpu")]
#[test]
fn a_gpu_that_is_lost_after_the_end_is_not_missed() {
    let (problem, starts) = sweep(60);
    let lost = opened_again();
    let mut batch = limited().start(&lost, &problem, &starts).unwrap();
    batch.run().unwrap();
    manymin::probe::destroy(&lost);
    assert!(batch.summaries().is_err());
    let expected = limited().minimize(&gpu(), &problem, &starts).unwrap();
    assert_same(&Bits::all(&expected), &Bits::all(&batch.finish().unwrap()), "results that have come");
}
