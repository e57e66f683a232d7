//! Problem files with words taken out, doubled and exchanged: each is a problem, with a valid shader, or a typed error.

use manymin::prelude::*;
use manymin::{Error, ProblemError, WgslError};

use super::problems::texts;

/// A small generator of random numbers: the same texts every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Words that mean something where others stood.
const STRANGE: [&str; 22] = [
    "0u",
    "4294967295u",
    "-1",
    "1e30",
    "x",
    "i",
    "{",
    "}",
    "(",
    ")",
    ";",
    "-",
    "/",
    "%",
    "<",
    ">=",
    "==",
    "break;",
    "continue;",
    "return 0.0;",
    "f32",
    "2",
];

/// The text cut between words.
fn cut(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut word = false;
    for c in text.chars() {
        let continues = word && (c.is_alphanumeric() || c == '_' || c == '.');
        match parts.last_mut().filter(|_| continues) {
            Some(part) => part.push(c),
            None => parts.push(c.into()),
        }
        word = c.is_alphanumeric() || c == '_';
    }
    parts
}

#[test]
fn damaged_texts_are_problems_or_typed_errors() {
    let mut random = Random(20_240_229);
    let (mut taken, mut refused) = (0, 0);
    for (name, text) in texts() {
        for _ in 0..60 {
            let mut parts = cut(&text);
            for _ in 0..=random.below(3) {
                let (at, other) = (random.below(parts.len()), random.below(parts.len()));
                match random.below(4) {
                    0 => drop(parts.remove(at)),
                    1 => parts.insert(at, parts[other].clone()),
                    2 => parts.swap(at, other),
                    _ => parts[at] = STRANGE[random.below(STRANGE.len())].into(),
                }
            }
            let damaged = parts.concat();
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
