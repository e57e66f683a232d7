//! Problem files with words and statements taken out, doubled and exchanged: each is a problem, with a valid shader, or a typed error.

use manymin::prelude::*;
use manymin::{Error, ProblemError, WgslError};

use super::problems::texts;

#[path = "../../fuzz/fuzz_targets/words.rs"]
mod words;

#[test]
fn damaged_texts_are_problems_or_typed_errors() {
    let mut random = words::Random(20_240_229);
    let (mut taken, mut refused) = (0, 0);
    for (name, text) in texts() {
        for _ in 0..60 {
            let damaged = words::mutated(&text, &mut random);
            let built = WgslSource::parse(&damaged).and_then(|mut source| {
                let names: Vec<String> = source.data_names().map(String::from).collect();
                for name in names {
                    source = source.data(&name, &[0.5, -1.0, 2.0])?;
                }
                source.build()
            });
            match built {
                Ok(problem) => {
                    super::valid_shader(&format!("{name}, damaged:\n{damaged}"), &problem);
                    taken += 1;
                }
                Err(Error::Problem(ProblemError::Wgsl(WgslError::At { message, .. }))) => {
                    assert!(!message.contains("panicked"), "{name}: {message} in\n{damaged}");
                    refused += 1;
                }
                Err(Error::Problem(_)) => refused += 1,
                Err(other) => panic!("{name}: {other} in\n{damaged}"),
            }
        }
    }
    assert!(taken > 50 && refused > 50, "{taken} taken and {refused} refused");
}
