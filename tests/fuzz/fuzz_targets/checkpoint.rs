//! Any bytes, as they are and with a length and checksum that are right: a batch that can be used, or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manymin::prelude::*;

/// Nobody waits for longer loops, nor gathers the results of more lanes.
const LONGEST_LOOPS: u64 = 1_000;
const MOST_LANES: usize = 1_000;

fuzz_target!(|bytes: &[u8]| {
    open(bytes);
    let mut sealed = bytes.to_vec();
    manymin::probe::seal(&mut sealed);
    open(&sealed);
});

/// Loads a file on each device that may open it, and uses what there is as users do.
fn open(bytes: &[u8]) {
    for precision in [Precision::F32, Precision::F64] {
        let device = Device::cpu(precision);
        let Ok(mut batch) = Batch::from_bytes(bytes, &device) else { continue };
        let few = batch.lanes() <= MOST_LANES && batch.problem().dimension() <= MOST_LANES;
        if !few || manymin::probe::loop_iterations(batch.problem()).is_none_or(|rounds| rounds > LONGEST_LOOPS) {
            continue;
        }
        batch.advance(4).expect("the CPU engine does not fail");
        batch.best();
        batch.points().expect("the CPU engine does not fail");
        // What is written is read, unless a count was at its bound and has gone beyond it.
        let again = batch.to_bytes();
        if let Err(error) = Batch::from_bytes(&again, &device).map(|mut again| again.drain_finished()) {
            assert!(error.to_string().contains("beyond all measure"), "{error}");
        }
        batch.stop().expect("the CPU engine does not fail");
        batch.finish().expect("all lanes have ended");
    }
}
