//! Files that are not as they were written: an error that says so, or a batch that can be stepped, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use manymin::prelude::*;
use manymin::{CheckpointError, Error};
use nalgebra::DMatrix;

use super::kinds;
use crate::devices::{minimizer, starts_at};
use crate::random::Random;

/// A file of few bytes: one lane under way, one that has ended.
fn small() -> Vec<u8> {
    let problem = Problem::new(1, |x| (x[0] - 1.0).powi(4)).unwrap();
    let starts = starts_at(&[&[1.0], &[3.0]]);
    let mut batch = Minimizer::new(Lbfgs { memory: 1 }).start(&Device::cpu(Precision::F32), &problem, &starts).unwrap();
    batch.advance(3).unwrap();
    assert_eq!(batch.active(), 1);
    batch.to_bytes()
}

fn refused(bytes: &[u8]) -> CheckpointError {
    match Batch::from_bytes(bytes, &Device::cpu(Precision::F32)) {
        Err(Error::Checkpoint(error)) => error,
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn every_flipped_byte_is_found() {
    let bytes = small();
    println!("{} bytes", bytes.len());
    for at in 0..bytes.len() {
        for pattern in (0..8).map(|bit| 1 << bit).chain([0xff, 0x55]) {
            let mut damaged = bytes.clone();
            damaged[at] ^= pattern;
            let error = refused(&damaged);
            let expected = match at {
                0..8 => error == CheckpointError::NotACheckpoint,
                20..28 => matches!(error, CheckpointError::Truncated { .. } | CheckpointError::Appended { .. }),
                _ => error == CheckpointError::Checksum,
            };
            assert!(expected, "byte {at} ^ {pattern:#x}: {error}");
        }
    }
}

#[test]
fn every_truncation_and_whatever_is_appended_is_found() {
    let bytes = small();
    for length in 0..bytes.len() {
        let error = refused(&bytes[..length]);
        let expected = if length == 0 { CheckpointError::NotACheckpoint } else { error.clone() };
        assert!(error == expected && (length == 0 || matches!(error, CheckpointError::Truncated { .. })), "{length} bytes: {error}");
    }
    for more in [&[0][..], &[0; 1000], &bytes] {
        let longer = [&bytes, more].concat();
        assert!(matches!(refused(&longer), CheckpointError::Appended { .. }), "{} more", more.len());
    }
    assert_eq!(refused(b"{ \"points\": [] }"), CheckpointError::NotACheckpoint);
}

/// Loops of more rounds than this may be what a changed file asks for; nobody waits for them.
const LONGEST_LOOPS: u64 = 100_000;
/// The same of lanes, whose results are gathered, and of components.
const MOST_LANES: usize = 10_000;

/// What becomes of bytes whose checksum is right: `true` if there is a batch, which is then used as users do.
fn is_taken(bytes: &[u8], precision: Precision, steps: usize) -> bool {
    let Ok(mut batch) = Batch::from_bytes(bytes, &Device::cpu(precision)) else { return false };
    let few = batch.lanes() <= MOST_LANES && batch.problem().dimension() <= MOST_LANES;
    if !few || manymin::probe::loop_iterations(batch.problem()).is_none_or(|rounds| rounds > LONGEST_LOOPS) {
        return true;
    }
    batch.advance(4).unwrap();
    batch.best();
    batch.summaries().unwrap();
    batch.points().unwrap();
    (0..steps).for_each(|_| batch.step().unwrap());
    let again = batch.to_bytes();
    let mut again = Batch::from_bytes(&again, &Device::cpu(precision)).unwrap();
    again.drain_finished();
    batch.advance(4).unwrap();
    batch.stop().unwrap();
    assert_eq!(batch.active(), 0);
    batch.finish().unwrap();
    true
}

/// Changes bytes of `range` in one of several ways.
fn mutate(bytes: &mut [u8], range: std::ops::Range<usize>, dice: &mut Random) {
    for _ in 0..1 + dice.below(3) {
        let at = range.start + dice.below(range.len());
        let run = (1 + dice.below(8)).min(bytes.len() - at);
        match dice.below(6) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][dice.below(5)],
            2 => bytes[at] = dice.below(256) as u8,
            3 => bytes[at..at + run].fill([0, 0xff, 0x7f][dice.below(3)]),
            4 => bytes[at] = bytes[at].wrapping_add([1, 0xff][dice.below(2)]),
            _ => {
                let from = range.start + dice.below(range.len());
                let run = run.min(bytes.len() - from);
                bytes.copy_within(from..from + run, at);
            }
        }
    }
}

/// Where a section's bytes are.
fn section(bytes: &[u8], tag: &[u8; 4]) -> std::ops::Range<usize> {
    let mut at = 28;
    loop {
        let length = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().unwrap()) as usize;
        if bytes[at..at + 4] == *tag {
            return at + 12..at + 12 + length;
        }
        at += 12 + length;
    }
}

/// Files of every kind of run, some lanes ended, some handed out, some queued.
fn files(precision: Precision) -> Vec<(&'static str, Vec<u8>)> {
    let device = Device::cpu(precision);
    let fit = ("Levenberg-Marquardt", Minimizer::new(LevenbergMarquardt::default()), super::decay(), super::decays(8));
    let momentum = |name, method: Method| (name, Minimizer::new(method), crate::invariance::sweep(8).0, crate::invariance::sweep(8).1);
    let methods = [
        momentum("Nesterov", Nesterov::default().into()),
        momentum("delta-bar-delta", DeltaBarDelta::default().into()),
        momentum("conjugate gradients", ConjugateGradient::default().into()),
    ];
    let nested = Problem::new(6, |x| {
        let pairs = x.sum(0..5, |i| x.sum((i + 1).to(6), |j| (x.at(i) - x.at(j) + 0.1 * (j - i).number()).powi(2)));
        pairs + x.sum(0..2, |k| x.at(3 * k + 1).less(0.0).select(x.at(k).exp(), x.at(k).cos())) + x[0].powf(2.0)
    });
    let loops = ("loops", minimizer(), nested.unwrap(), crate::devices::starts_in(6, -2.0, 2.0, 8, 3));
    let all = kinds(8).into_iter().chain([fit, loops]).chain(methods);
    all.map(|(name, minimizer, problem, starts)| {
        let mut batch = minimizer.pool(6).start(&device, &problem, &starts).unwrap();
        batch.advance(14).unwrap();
        batch.drain_finished();
        batch.advance(5).unwrap();
        (name, batch.to_bytes())
    })
    .collect()
}

/// Changes files in the places that `range` gives, seals them, and uses what comes of them; how many came to a batch.
fn changed(each: u64, steps: usize, range: impl Fn(&[u8]) -> std::ops::Range<usize>) -> (usize, usize) {
    let (mut taken, mut all) = (0, 0);
    for precision in [Precision::F32, Precision::F64] {
        for (name, bytes) in files(precision) {
            assert!(is_taken(&bytes, precision, steps), "{name}");
            for seed in 0..each {
                let mut dice = Random::new(seed);
                let mut damaged = bytes.clone();
                mutate(&mut damaged, range(&bytes), &mut dice);
                manymin::probe::seal(&mut damaged);
                let used = catch_unwind(AssertUnwindSafe(|| is_taken(&damaged, precision, steps)));
                taken += usize::from(used.unwrap_or_else(|_| panic!("{name} in {precision}, seed {seed}")));
                all += 1;
            }
        }
    }
    println!("{taken} of {all} are taken");
    (taken, all)
}

#[test]
fn whatever_stands_behind_a_right_checksum_is_a_batch_or_an_error() {
    let (taken, all) = changed(300, 0, |bytes| 28..bytes.len() - 16);
    assert!(taken > all / 20 && taken < all, "both happen: {taken} of {all}");
}

#[test]
fn changed_programs_are_programs_or_errors() {
    let (taken, all) = changed(400, 0, |bytes| section(bytes, b"prob"));
    assert!(taken > all / 100 && taken < all, "both happen: {taken} of {all}");
}

#[test]
fn lanes_of_any_numbers_can_be_stepped() {
    let (taken, all) = changed(150, 6, |bytes| section(bytes, b"lane"));
    assert!(taken > all / 5 && taken < all, "both happen: {taken} of {all}");
}

#[test]
fn places_results_and_settings_of_any_numbers_are_taken_or_refused() {
    for tag in [b"sett", b"strt", b"run_", b"done", b"drnd", b"more"] {
        println!("{}", String::from_utf8_lossy(tag));
        changed(40, 0, |bytes| section(bytes, tag));
    }
}

#[test]
fn a_file_can_ask_for_no_more_memory_than_it_has_bytes() {
    let bytes = small();
    // Each count and length there is, as large as it can be.
    for at in 28..bytes.len() - 8 {
        for value in [u64::MAX, u64::MAX >> 1, 1 << 40, u64::from(u32::MAX)] {
            let mut damaged = bytes.clone();
            damaged[at..at + 8].copy_from_slice(&value.to_le_bytes());
            manymin::probe::seal(&mut damaged);
            is_taken(&damaged, Precision::F32, 0);
        }
    }
}

#[test]
fn lanes_in_two_places_or_none_are_refused() {
    let problem = Problem::new(2, |x| x[0] * x[0] + x[1] * x[1]).unwrap();
    let starts = Starts::from_matrix(DMatrix::from_fn(2, 9, |i, lane| (i + lane) as f64));
    let mut batch = minimizer().pool(4).start(&Device::cpu(Precision::F32), &problem, &starts).unwrap();
    batch.advance(1).unwrap();
    let bytes = batch.to_bytes();
    let run = section(&bytes, b"run_");
    // The queue's first lane stands behind the size of a number, three counts and the number of ranges.
    let first = run.start + 1 + 3 * 8 + 8;
    assert_eq!(bytes[first], 4);
    for (lane, fault) in [(3, "more than one place"), (5, "no place"), (9, "are none")] {
        let mut damaged = bytes.clone();
        damaged[first] = lane;
        manymin::probe::seal(&mut damaged);
        let error = refused(&damaged).to_string();
        assert!(error.contains(fault), "{lane}: {error}");
    }
}
