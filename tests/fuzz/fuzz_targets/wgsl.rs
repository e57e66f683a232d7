//! Any text: it becomes a problem, or a typed error; never a panic, a hang or a huge allocation.

#![no_main]

use libfuzzer_sys::fuzz_target;
use manymin::WgslSource;

/// Rounds of loops that are still evaluated: a stranger's text may ask for billions.
const FEW: usize = 1 << 12;

fuzz_target!(|text: &str| {
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
    // Long loops are right, and take their time.
    if !text.contains("for") && !text.contains("while") && !text.contains("loop") {
        let _ = problem.evaluate(&vec![0.5; source.dimension()], &vec![0.5; source.parameters()]);
    }
});
