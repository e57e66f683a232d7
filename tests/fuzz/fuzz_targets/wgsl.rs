//! Any text: it becomes a problem that can be evaluated, or a typed error; never a panic, a hang or a huge allocation.

#![no_main]

mod words;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use manymin::WgslSource;

/// Longer texts and points are right, and take their time.
const FEW: usize = 1 << 12;
/// Nobody waits for longer loops: a stranger's text may ask for billions of rounds.
const LONGEST_LOOPS: u64 = 1_000;
/// One mutation of so many is of bytes, the others of words.
const OF_BYTES: usize = 4;

fuzz_target!(init: abort_at_panics(), |text: &str| {
    let Ok(mut source) = WgslSource::parse(text) else { return };
    let names: Vec<String> = source.data_names().map(String::from).collect();
    for name in &names {
        // Arrays of a length that the text says are left empty.
        if let Ok(filled) = source.clone().data(name, &[0.5, -1.0, 2.0]) {
            source = filled;
        }
    }
    let _ = source.description();
    for (name, value) in source.constants() {
        let _ = source.clone().set(&name, value + 1.0);
    }
    if source.dimension() > FEW || text.len() > FEW {
        return;
    }
    let Ok(problem) = source.build() else { return };
    if manymin::probe::loop_iterations(&problem).is_some_and(|rounds| rounds <= LONGEST_LOOPS) {
        let parameters = vec![0.5; source.parameters()];
        problem.evaluate(&vec![0.5; source.dimension()], &parameters).expect("a point of as many components as there are");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = words::Random(seed.into());
    match std::str::from_utf8(&data[..size]) {
        Ok(text) if random.below(OF_BYTES) != 0 => {
            let mutated = words::mutated(text, &mut random);
            let size = mutated.len().min(max_size);
            data[..size].copy_from_slice(&mutated.as_bytes()[..size]);
            size
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});

/// The compiler's own panics are caught, and told as errors; all others are findings.
fn abort_at_panics() {
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
        let compilers = panic.location().is_some_and(|at| at.file().contains("/naga-"));
        if !compilers {
            std::process::abort();
        }
    }));
}
