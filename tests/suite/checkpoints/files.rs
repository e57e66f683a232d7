//! Files themselves: where they are, what they are of, and how large.

use std::fs;
use std::path::Path;

use manymin::prelude::*;
use manymin::{CheckpointError, DeviceError, Error};
use nalgebra::DMatrix;

use crate::devices::{Bits, assert_same, gpu, minimizer, rosenbrock, starts_in};
use crate::invariance::{limited, sweep};

fn batch(device: &Device) -> Batch {
    let (problem, starts) = sweep(60);
    let mut batch = limited().pool(40).start(device, &problem, &starts).unwrap();
    batch.advance(9).unwrap();
    batch
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn fault(result: manymin::Result<Batch>) -> CheckpointError {
    match result {
        Err(Error::Checkpoint(error)) => error,
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn a_file_takes_the_place_of_the_one_before_and_leaves_nothing_else() {
    let device = Device::cpu(Precision::F32);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.manymin");
    let mut batch = batch(&device);
    batch.save(&path).unwrap();
    let first = fs::read(&path).unwrap();
    assert_eq!(first, batch.to_bytes(), "a file is its bytes");
    batch.advance(9).unwrap();
    batch.save(&path).unwrap();
    assert_ne!(first, fs::read(&path).unwrap());
    assert_eq!(names(directory.path()), ["run.manymin"]);
    let mut loaded = Batch::load(&path, &device).unwrap();
    loaded.run().unwrap();
    batch.run().unwrap();
    assert_same(&Bits::all(&batch.finish().unwrap()), &Bits::all(&loaded.finish().unwrap()), "the second file");
}

#[test]
fn where_nothing_can_be_written_or_read_the_path_is_named() {
    let device = Device::cpu(Precision::F32);
    let directory = tempfile::tempdir().unwrap();
    let mut batch = batch(&device);
    let missing = directory.path().join("not there").join("run.manymin");
    let taken = directory.path().join("taken");
    fs::create_dir_all(taken.join("inside")).unwrap();
    for path in [missing.as_path(), taken.as_path(), Path::new("")] {
        match batch.save(path) {
            Err(Error::Checkpoint(error @ CheckpointError::Io { .. })) => {
                assert!(error.to_string().contains(&format!("can't write {}", path.display())), "{error}")
            }
            other => panic!("{other:?}"),
        }
    }
    let error = fault(Batch::load(&missing, &device));
    assert!(
        matches!(&error, CheckpointError::Io { path, .. } if *path == missing) && error.to_string().contains("check the path"),
        "{error}"
    );
    assert_eq!(names(directory.path()), ["taken"], "nothing is left of what failed");
    // A name without a directory is one here.
    assert!(matches!(fault(Batch::load("no such file", &device)), CheckpointError::Io { .. }));
}

#[test]
fn a_file_of_another_objective_is_refused_by_name() {
    let device = Device::cpu(Precision::F32);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.manymin");
    let mut batch = batch(&device);
    batch.save(&path).unwrap();
    let (own, other) = (sweep(5).0, rosenbrock(4));
    assert!(Batch::load_for(&path, &device, &own).is_ok(), "it is the objective that counts, not the starts");
    let error = fault(Batch::load_for(&path, &device, &other));
    assert_eq!(error, CheckpointError::OtherObjective { given: other.fingerprint(), found: own.fingerprint() });
    for print in [own.fingerprint(), other.fingerprint()] {
        assert!(error.to_string().contains(&print.to_string()), "{error}");
    }
}

#[test]
fn a_device_of_another_precision_is_refused() {
    let (single, double) = (Device::cpu(Precision::F32), Device::cpu(Precision::F64));
    for (from, to) in [(&single, &double), (&double, &single), (&gpu(), &double), (&double, &gpu())] {
        match Batch::from_bytes(&batch(from).to_bytes(), to) {
            Err(Error::Device(error @ DeviceError::Precision { .. })) => assert!(error.to_string().contains("checkpoint"), "{error}"),
            other => panic!("{:?}", other.err()),
        }
    }
}

#[cfg(feature = "gpu")]
#[test]
fn verbatim_objectives_come_back_on_gpus_alone() {
    let text = "
        fn objective() -> f32 {
            var value = 0.0;
            for (var i = 0u; i < t_len; i++) {
                let miss = x_at(0) * t_at(i) - p_at(0);
                value += miss * miss;
                add_gradient(0, 2.0 * miss * t_at(i));
            }
            return value;
        }";
    let problem = Problem::builder(1).parameters(1).data("t", &[1.0, 2.0, 3.0]).verbatim(text).unwrap();
    let starts = starts_in(1, -2.0, 2.0, 20, 3).with_parameters(nalgebra::DMatrix::from_fn(1, 20, |_, lane| lane as f64));
    let mut batch = minimizer().start(&gpu(), &problem, &starts).unwrap();
    batch.advance(2).unwrap();
    let bytes = batch.to_bytes();
    let mut loaded = Batch::from_bytes(&bytes, &gpu()).unwrap();
    assert_eq!(loaded.problem().verbatim_text(), Some(text));
    assert_eq!(loaded.problem().fingerprint(), problem.fingerprint());
    loaded.run().unwrap();
    batch.run().unwrap();
    assert_same(&Bits::all(&batch.finish().unwrap()), &Bits::all(&loaded.finish().unwrap()), "verbatim");
    let refused = Batch::from_bytes(&bytes, &Device::cpu(Precision::F32)).err();
    assert!(matches!(refused, Some(Error::Device(DeviceError::GpuOnly { .. }))), "{refused:?}");
}

/// What a file may take besides the bytes of its lanes: the program, the settings and the frame.
const BESIDES: usize = 4096;

#[test]
fn files_are_hardly_larger_than_the_lanes_in_them() {
    const LANES: usize = 3000;
    let (problem, starts) = (rosenbrock(10), starts_in(10, -2.0, 2.0, LANES, 7));
    for (device, number) in [(Device::cpu(Precision::F32), 4), (Device::cpu(Precision::F64), 8), (gpu(), 4)] {
        let each = minimizer().bytes_per_lane(&device, &problem);
        let mut batch = minimizer().pool(1000).start(&device, &problem, &starts).unwrap();
        for k in 0.. {
            batch.advance(15).unwrap();
            let (finished, resident) = {
                let summaries = batch.clone().summaries().unwrap();
                let active = summaries.iter().filter(|summary| summary.status.is_active()).count();
                (summaries.len() - active, active)
            };
            let most = (1.2 * (each * resident) as f64) as usize + finished * (64 + 10 * number) + BESIDES;
            let bytes = batch.to_bytes().len();
            println!("{device}: {resident} lanes under way, {finished} results: {bytes} bytes of {most}");
            assert!(bytes <= most, "{device}, look {k}: {bytes} bytes for {resident} lanes of {each} and {finished} results");
            if batch.active() == 0 {
                break;
            }
        }
        let results = batch.to_bytes().len();
        batch.drain_finished();
        let drained = batch.to_bytes().len();
        assert!(drained <= LANES + BESIDES && drained < results, "{device}: {drained} bytes for {LANES} lanes that were handed out");
    }
}

/// What two files of format 1 of a certain batch hold between head and checksum, as a hash. Where this changes, older files are not
/// read as they were written: raise the format in `checkpoint/frame.rs`, unless no release has written the one before.
const FORMAT_1: u128 = 0xb547_53d8_0bbe_989b_df9d_4f9a_4f94_1362;

#[test]
fn a_format_stays_as_it_is() {
    let problem = Problem::builder(2).parameters(1).data("t", &[1.0, 2.5]).build(|x, c| {
        let nested = x.sum(0..2, |i| x.sum((i + 1).to(2), |j| (x.at(i) - x.at(j) * (j - i).number()).powi(4)));
        let fit = c.sum(0..2, |i| (x[0] * c.data("t").at(i) - c.parameter(0)).abs());
        nested + fit.sqrt() + x[1].less(0.5).select(x[1].min(x[0]), 0.25)
    });
    let table = |value: f64| DMatrix::from_element(2, 3, value);
    let starts = starts_in(2, -1.0, 1.0, 3, 9)
        .with_parameters(DMatrix::from_element(1, 3, 0.5))
        .with_bounds(table(-1.5), table(1.5))
        .with_tolerances(vec![Tolerances { target: Some(0.125), ..Tolerances::default() }; 3])
        .with_limits(vec![Limits { iterations: 7, evaluations: 300 }; 3]);
    let minimizer = Minimizer::new(ConjugateGradient::default())
        .line_search(Backtracking::default())
        .initial_step(InitialStep { first: FirstStep::Rasmussen, next: NextStep::Value(0.5) })
        .bounds(&Bounds::new(&[-1.0; 2], &[1.0; 2]).unwrap())
        .fixed(&[false, true])
        .trail(2)
        .pool(2);
    let mut batch = minimizer.start(&Device::cpu(Precision::F64), &problem.unwrap(), &starts).unwrap();
    // Two lanes are placed, and nothing is computed that machines might round differently; then they have ended.
    batch.advance(0).unwrap();
    let placed = batch.to_bytes();
    batch.stop().unwrap();
    let stopped = batch.to_bytes();
    let bytes = [placed, stopped].map(|file| file[28..file.len() - 16].to_vec()).concat();
    let hash = twox_hash::XxHash3_128::oneshot(&bytes);
    assert_eq!(hash, FORMAT_1, "the layout of checkpoints has changed: now {hash:#x}");
}
