//! Changes of a text by words and statements, which come further than changes of bytes; for the fuzz target, and for the test suite.

/// A small generator of random numbers.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `limit`, or 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A stretch of `parts`, of a few of them.
    fn stretch(&mut self, parts: usize) -> std::ops::Range<usize> {
        let begin = self.below(parts);
        begin..(begin + 1 + self.below(24)).min(parts)
    }
}

/// Words that mean something where others stood.
#[rustfmt::skip]
const WORDS: [&str; 64] = [
    "{", "}", "(", ")", "[", "]", "<", ">", "==", "!=", "<=", ">=", ";", ",", ".", "-", "!", "~", "&", "*", "+", "/", "%", "<<", ">>", "&&", "||",
    "+=", "--", "++", "=", "x", "p", "i", "n", "f32", "i32", "u32", "bool", "vec2", "vec3f", "vec4<u32>", "mat3x3f", "mat2x4<f32>", "array", "ptr",
    "select", "clamp", "pow", "dot", "cross", "abs", "min", "fma", "bitcast", "modf", "frexp", "length", "normalize", "transpose", "arrayLength",
    "x.yx", "let", "const",
];

/// Numbers at ends of ranges.
#[rustfmt::skip]
const NUMBERS: [&str; 24] = [
    "0", "1", "-1", "2", "3u", "0u", "7i", "16", "1000", "65536u", "2147483647", "2147483648", "-2147483648i", "4294967295u", "0x7fffffff", "1e30",
    "-1e38f", "1e-45", "1e-320", "0.0", "-0.0", "0.1f", "3.5", "0x1p-3",
];

/// Statements that other statements may stand beside, or in.
const STATEMENTS: [&str; 20] = [
    "break;",
    "continue;",
    "return 0.0;",
    "return x[0];",
    "var a: array<f32, 4>;",
    "var v = vec3(x[0], 1.0, 2.0);",
    "var m: mat2x2<f32>;",
    "x[0] = 1.0;",
    "let q = &x;",
    "_ = x[1];",
    "if (x[0] > 0.0) { return x[1]; }",
    "if (x[0] > 0.0) { break; } else { continue; }",
    "for (var j = 0; j < 3; j++) { s += x[j]; }",
    "for (var j = i; j > 0; j -= 2) { s = s * x[0]; }",
    "while (s < 3.0) { s += 1.0; }",
    "loop { s *= 2.0; i++; continuing { break if i > 4; } }",
    "switch (i) { case 0, 1: { s = 1.0; } default: { break; } }",
    "{ var s = x[0]; s += 1.0; }",
    "a[i] = x[i];",
    "var s = 0.0; var i = 0; var n = 3u;",
];

/// What is put around a stretch of a text.
const AROUND: [(&str, &str); 8] = [
    ("(", ")"),
    ("-(", ")"),
    ("{", "}"),
    ("if (x[0] > 1.0) {", "}"),
    ("for (var k = 0; k < 2; k++) {", "}"),
    ("f32(", ")"),
    ("x[", "]"),
    ("/*", "*/"),
];

/// `text` after one to four changes.
pub(crate) fn mutated(text: &str, random: &mut Random) -> String {
    let mut parts = cut(text);
    for _ in 0..=random.below(4) {
        change(&mut parts, random);
    }
    parts.concat()
}

fn change(parts: &mut Vec<String>, random: &mut Random) {
    if parts.is_empty() {
        parts.push(random.one(&STATEMENTS).into());
    }
    let (at, other) = (random.below(parts.len()), random.below(parts.len()));
    let stretch = random.stretch(parts.len());
    match random.below(12) {
        0 => drop(parts.remove(at)),
        1 => drop(parts.drain(stretch)),
        2 => parts.insert(at, parts[other].clone()),
        3 => parts.swap(at, other),
        4 => parts[at] = random.one(&WORDS).into(),
        5 => parts.insert(at, random.one(&WORDS).into()),
        6 => match parts.iter().cycle().skip(at).take(parts.len()).position(|part| part.starts_with(|c: char| c.is_ascii_digit())) {
            Some(after) => {
                let number = (at + after) % parts.len();
                parts[number] = random.one(&NUMBERS).into();
            }
            None => parts[at] = random.one(&NUMBERS).into(),
        },
        // A stretch, or statements, elsewhere, once or often.
        7 => insert(parts, at, &parts[stretch].concat()),
        8 => {
            let (statements, after) = (whole(parts, stretch), ends(parts, at));
            insert(parts, after, &parts[statements].concat());
        }
        9 => {
            let statements = whole(parts, stretch);
            let (end, text) = (statements.end, parts[statements].concat());
            insert(parts, end, &text.repeat(1 + random.below(30)));
        }
        10 => {
            let (begin, end) = AROUND[random.below(AROUND.len())];
            let stretch = if random.below(2) == 0 { whole(parts, stretch) } else { stretch };
            let times = if random.below(8) == 0 { 1 + random.below(200) } else { 1 };
            insert(parts, stretch.end, &end.repeat(times));
            insert(parts, stretch.start, &begin.repeat(times));
        }
        _ => {
            let after = ends(parts, at);
            insert(parts, after, random.one(&STATEMENTS));
        }
    }
}

fn insert(parts: &mut Vec<String>, at: usize, text: &str) {
    parts.splice(at..at, cut(text));
}

/// The place behind the statement that `at` lies in.
fn ends(parts: &[String], at: usize) -> usize {
    let rest = parts[at.min(parts.len())..].iter();
    rest.take_while(|part| !matches!(part.as_str(), ";" | "{" | "}")).count().saturating_add(at + 1).min(parts.len())
}

/// A stretch, longer until it begins and ends as statements do.
fn whole(parts: &[String], stretch: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let before = &parts[..stretch.start];
    let begin = before.iter().rposition(|part| matches!(part.as_str(), ";" | "{" | "}")).map_or(0, |at| at + 1);
    begin..ends(parts, stretch.end).max(begin)
}

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
        word = c.is_alphanumeric() || c == '_' || (continues && c == '.');
    }
    parts
}
