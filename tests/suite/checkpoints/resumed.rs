//! A run that was saved and taken up again is the one that never stopped, to the bit.

use manymin::prelude::*;
use nalgebra::DMatrix;

use super::{again, decay, decays, kinds};
use crate::devices::{Bits, assert_same, devices, gpu, minimizer, rosenbrock, starts_in};
use crate::invariance::{limited, sweep};
use crate::methods::methods;

/// So many rounds before each save: lanes are anywhere in their searches.
const ROUNDS: [u32; 4] = [1, 3, 2, 5];

/// Asserts that a run does not change by being saved every few rounds, whether it goes on from the file or by itself.
fn assert_goes_on(minimizer: &Minimizer<'_>, device: &Device, problem: &Problem, starts: &Starts, name: &str) {
    let mut whole = minimizer.start(device, problem, starts).unwrap();
    whole.run().unwrap();
    let whole = whole.finish().unwrap();
    let expected = Bits::all(&whole);
    let mut resumed = minimizer.start(device, problem, starts).unwrap();
    let mut stays = resumed.clone();
    for k in 0.. {
        let before = (resumed.active(), resumed.totals(), Bits::of(&resumed.best()));
        resumed = again(&mut resumed, device);
        assert_eq!(before, (resumed.active(), resumed.totals(), Bits::of(&resumed.best())), "{name}: after load {k}");
        if resumed.active() == 0 {
            break;
        }
        let rounds = ROUNDS[k % ROUNDS.len()];
        resumed.advance(rounds).unwrap();
        stays.to_bytes();
        stays.advance(rounds).unwrap();
    }
    for (batch, way) in [(resumed, "resumed"), (stays, "saved and gone on")] {
        let outcome = batch.finish().unwrap();
        assert_same(&expected, &Bits::all(&outcome), &format!("{name}, {way}"));
        let counts = |outcome: &Outcome| (outcome.evaluations(), outcome.iterations(), outcome.projected_starts());
        assert_eq!(counts(&outcome), counts(&whole), "{name}, {way}");
    }
}

#[test]
fn every_kind_of_run_goes_on_from_its_file_bit_for_bit() {
    for device in devices() {
        for (name, minimizer, problem, starts) in kinds(50) {
            assert_goes_on(&minimizer.pool(30), &device, &problem, &starts, &format!("{device}, {name}"));
        }
    }
}

#[test]
fn every_method_goes_on_from_its_file_bit_for_bit() {
    let (problem, starts) = sweep(30);
    for device in devices() {
        for (name, method) in methods() {
            let minimizer = Minimizer::new(method).max_evaluations(50).pool(20);
            assert_goes_on(&minimizer, &device, &problem, &starts, &format!("{device}, {name}"));
        }
    }
    for precision in [Precision::F32, Precision::F64] {
        let minimizer = Minimizer::new(LevenbergMarquardt::default()).pool(20);
        assert_goes_on(&minimizer, &Device::cpu(precision), &decay(), &decays(40), &format!("{precision}, Levenberg-Marquardt"));
    }
}

#[test]
fn lanes_look_the_same_after_a_load() {
    let (problem, starts) = sweep(120);
    for (device, curvature) in devices().into_iter().flat_map(|device| [(device.clone(), false), (device, true)]) {
        let limited = || if curvature { limited().inverse_hessian_diagonals() } else { limited() };
        let mut batch = limited().pool(70).start(&device, &problem, &starts).unwrap();
        batch.advance(25).unwrap();
        batch.summaries().unwrap();
        batch.advance(6).unwrap();
        let mut loaded = again(&mut batch, &device);
        let bits = |batch: &mut Batch| batch.points().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
        assert_eq!(bits(&mut batch), bits(&mut loaded), "{device}: points");
        let words = |batch: &mut Batch| batch.summaries().unwrap().iter().map(|s| format!("{s:?}")).collect::<Vec<String>>();
        assert_eq!(words(&mut batch), words(&mut loaded), "{device}: summaries, of those that have not been told of");
        // Branches, and what is stopped before it starts.
        let mut branch = loaded.clone();
        batch.stop().unwrap();
        branch.stop().unwrap();
        let mut stopped = again(&mut branch, &device);
        assert_eq!(stopped.active(), 0);
        assert!(stopped.step().is_ok() && stopped.run().is_ok());
        let expected = Bits::all(&batch.finish().unwrap());
        for batch in [branch, stopped] {
            assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{device}: stopped"));
        }
        loaded.run().unwrap();
        let whole = limited().minimize(&device, &problem, &starts).unwrap();
        assert_same(&Bits::all(&whole), &Bits::all(&loaded.finish().unwrap()), &format!("{device}: gone on"));
    }
}

#[test]
fn results_that_were_handed_out_stay_so() {
    let (problem, starts) = sweep(150);
    for device in devices() {
        let whole = limited().minimize(&device, &problem, &starts).unwrap();
        let mut batch = limited().pool(40).start(&device, &problem, &starts).unwrap();
        let mut drained = Vec::new();
        for k in 0.. {
            if batch.active() == 0 {
                break;
            }
            batch.advance(7).unwrap();
            if k % 2 == 0 {
                drained.extend(batch.drain_finished());
            }
            let best = Bits::of(&batch.best());
            batch = again(&mut batch, &device);
            assert_eq!(best, Bits::of(&batch.best()), "{device}: the best, which may have been handed out");
        }
        drained.extend(batch.drain_finished());
        assert_eq!(batch.evaluations(), whole.evaluations(), "{device}");
        assert_eq!(Bits::of(&batch.best()), Bits::of(&whole.best()), "{device}");
        drained.sort_by_key(|lane| lane.lane);
        assert_same(&Bits::all(&whole), &drained.iter().map(Bits::of).collect::<Vec<_>>(), &format!("{device}: handed out"));
        assert_eq!(again(&mut batch, &device).finish().unwrap().statuses(), whole.statuses(), "{device}: how they ended");
    }
}

#[test]
fn long_points_short_memories_and_single_lanes_go_on() {
    for (n, memory, lanes) in [(1, 1, 1), (70, 2, 20)] {
        let problem = Problem::new(n, |x| x.sum(0..n, |i| (1.0 + i.number()) * (x.at(i) - 1.0).cosh())).unwrap();
        let starts = starts_in(n, -2.0, 2.0, lanes, 33);
        for device in devices() {
            let minimizer = Minimizer::new(Lbfgs { memory }).max_iterations(40).pool(15);
            assert_goes_on(&minimizer, &device, &problem, &starts, &format!("{device}, n = {n}, m = {memory}"));
        }
    }
}

#[test]
fn starts_that_have_no_value_end_the_same() {
    let problem = Problem::new(1, |x| x[0].ln() + x[0] * x[0]).unwrap();
    let points = [1.0, f64::NAN, -1.0, f64::INFINITY, 0.5, 1e300, 0.0];
    let starts = Starts::from_matrix(DMatrix::from_row_slice(1, points.len(), &points));
    for device in devices() {
        for pool in [1, 100] {
            assert_goes_on(&minimizer().pool(pool), &device, &problem, &starts, &format!("{device}, pool {pool}"));
        }
    }
}

#[test]
fn a_file_of_one_engine_opens_on_the_other() {
    let (problem, starts) = (rosenbrock(2), starts_in(2, -2.0, 2.0, 200, 31));
    let (cpu, gpu) = (Device::cpu(Precision::F32), gpu());
    for (from, to) in [(&cpu, &gpu), (&gpu, &cpu)] {
        let mut batch = minimizer().pool(150).start(from, &problem, &starts).unwrap();
        batch.advance(11).unwrap();
        let (bytes, before) = (batch.to_bytes(), batch.evaluations());
        let mut batch = Batch::from_bytes(&bytes, to).unwrap();
        assert_eq!(batch.evaluations(), before);
        batch.run().unwrap();
        let outcome = batch.finish().unwrap();
        assert_eq!(outcome.device(), to);
        for lane in outcome.iter() {
            assert!(lane.status.is_success(), "{from} to {to}: {lane:?}");
            // A gradient of 1e-5, where the least curvature is 0.4.
            let distance = lane.last_point.iter().fold(0.0, |far: f64, x| far.max((x - 1.0).abs()));
            assert!(distance < 1e-3, "{from} to {to}: {lane:?}");
        }
    }
}

#[cfg(feature = "gpu")]
#[test]
fn a_run_whose_gpu_is_lost_is_saved_as_the_host_knows_it() {
    let (problem, starts) = sweep(100);
    let whole = limited().minimize(&gpu(), &problem, &starts).unwrap();
    for saved in [false, true] {
        let lost = Device::adapter(&gpu().info().name).unwrap();
        let mut batch = limited().pool(60).start(&lost, &problem, &starts).unwrap();
        batch.advance(20).unwrap();
        if saved {
            batch = again(&mut batch, &lost);
        }
        let (active, done) = (batch.active(), batch.evaluations());
        manymin::probe::destroy(&lost);
        assert!(batch.step().is_err());
        let mut batch = again(&mut batch, &gpu());
        assert_eq!(batch.active(), active);
        assert_eq!(batch.evaluations() == done, saved, "what was saved before is known to the host");
        batch.run().unwrap();
        let outcome = batch.finish().unwrap();
        assert_same(&Bits::all(&whole), &Bits::all(&outcome), &format!("saved before: {saved}"));
        assert_eq!(outcome.evaluations(), whole.evaluations());
    }
}
