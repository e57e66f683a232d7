//! The digits of the constants, as they stand in the text.
//!
//! The compiler rounds every `f32` to single precision, and the host computes in double. So where the text says `0.1`, or
//! `1.0 / 3.0`, its own value is taken, as long as it rounds to what the compiler made of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use super::super::verbatim::words::Word;

/// Brackets in brackets, and constants made of constants, that are followed.
const DEEPEST: usize = 32;

/// `const name: kind = value;` at the outermost level; `kind` and `value` are ranges of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Constant {
    pub(super) name: String,
    pub(super) value: Range<usize>,
}

/// All constants of the module.
pub(super) fn constants(words: &[Word<'_>]) -> Vec<Constant> {
    let mut found = Vec::new();
    for k in 0..words.len() {
        let (true, "const", Some(name)) = (words[k].depth == 0, words[k].text, words.get(k + 1)) else { continue };
        let end = words[k..].iter().position(|word| word.text == ";" && word.depth == 0).map(|to| k + to);
        let sign = words[k..].iter().position(|word| word.text == "=" && word.depth == 0).map(|to| k + to);
        if let (Some(sign), Some(end)) = (sign, end)
            && sign < end
            && name.is_name()
        {
            found.push(Constant { name: name.text.into(), value: sign + 1..end });
        }
    }
    found
}

/// A number of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// It is an integer by type, whose quotients are cut off.
    pub(super) whole: bool,
}

/// Evaluates constant expressions of a text in double precision.
pub(super) struct Digits<'a> {
    words: &'a [Word<'a>],
    constants: HashMap<String, Range<usize>>,
    known: RefCell<HashMap<String, Option<Number>>>,
}

impl<'a> Digits<'a> {
    pub(super) fn new(words: &'a [Word<'a>]) -> Self {
        let constants = constants(words).into_iter().map(|constant| (constant.name, constant.value)).collect();
        Self { words, constants, known: RefCell::default() }
    }

    /// The number that the text between two bytes stands for, which the compiler has as `rounded`.
    pub(super) fn of(&self, rounded: f32, place: Option<Range<usize>>) -> f64 {
        place.and_then(|place| self.found(rounded, &place)).unwrap_or_else(|| rounded.into())
    }

    fn found(&self, rounded: f32, place: &Range<usize>) -> Option<f64> {
        let first = self.words.partition_point(|word| word.at < place.start);
        let mut end = self.words.partition_point(|word| word.at < place.end);
        if first >= end {
            return None;
        }
        // The compiler gives only the name of what is called.
        if end == first + 1 && self.words[first].is_name() && self.words.get(end).is_some_and(|next| next.text == "(") {
            let depth = self.words[end].depth;
            end += 1 + self.words[end + 1..].iter().position(|word| word.depth == depth)? + 1;
        }
        let close = |number: &Number| {
            let off = (number.value - f64::from(rounded)).abs();
            off <= 8.0 * f64::from(f32::EPSILON) * f64::from(rounded).abs()
        };
        if let Some(number) = self.expression(first..end, 0).filter(close) {
            return Some(number.value);
        }
        // A part of a list, whose place is that of the whole list.
        let parts = (first..end.min(first + 4096)).filter_map(|k| self.expression(k..k + 1, 0)).map(|number| number.value);
        parts.flat_map(|value| [value, -value]).find(|value| *value as f32 == rounded)
    }

    /// The value of a constant of the module, if it is a number that can be told.
    pub(super) fn constant(&self, name: &str) -> Option<Number> {
        self.named(name, 0)
    }

    fn named(&self, name: &str, depth: usize) -> Option<Number> {
        if let Some(known) = self.known.borrow().get(name) {
            return *known;
        }
        let value = self.constants.get(name)?.clone();
        // A constant made of itself has no value.
        self.known.borrow_mut().insert(name.into(), None);
        let number = self.expression(value, depth + 1);
        self.known.borrow_mut().insert(name.into(), number);
        number
    }

    fn expression(&self, range: Range<usize>, depth: usize) -> Option<Number> {
        let mut reader = Reader { digits: self, words: self.words.get(range)?, at: 0 };
        let number = reader.sum(depth)?;
        (reader.at == reader.words.len()).then_some(number)
    }
}

/// Reads an expression, word by word.
struct Reader<'a> {
    digits: &'a Digits<'a>,
    words: &'a [Word<'a>],
    at: usize,
}

impl Reader<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let found = self.words.get(self.at).is_some_and(|word| word.text == sign);
        self.at += usize::from(found);
        found
    }

    fn sum(&mut self, depth: usize) -> Option<Number> {
        let mut left = self.product(depth)?;
        loop {
            let sign = if self.takes("+") {
                1.0
            } else if self.takes("-") {
                -1.0
            } else {
                return Some(left);
            };
            let right = self.product(depth)?;
            left = Number { value: left.value + sign * right.value, whole: left.whole && right.whole };
        }
    }

    fn product(&mut self, depth: usize) -> Option<Number> {
        let mut left = self.factor(depth)?;
        loop {
            if self.takes("*") {
                let right = self.factor(depth)?;
                left = Number { value: left.value * right.value, whole: left.whole && right.whole };
            } else if self.takes("/") {
                let right = self.factor(depth)?;
                let (value, whole) = (left.value / right.value, left.whole && right.whole);
                left = Number { value: if whole { value.trunc() } else { value }, whole };
            } else {
                return Some(left);
            }
        }
    }

    fn factor(&mut self, depth: usize) -> Option<Number> {
        if depth > DEEPEST {
            return None;
        }
        if self.takes("-") {
            let number = self.factor(depth + 1)?;
            return Some(Number { value: -number.value, ..number });
        }
        if self.takes("(") {
            let number = self.sum(depth + 1)?;
            return self.takes(")").then_some(number);
        }
        let word = self.words.get(self.at)?;
        self.at += 1;
        if !word.is_name() {
            return literal(word.text);
        }
        if !self.takes("(") {
            return self.digits.named(word.text, depth);
        }
        let first = self.sum(depth + 1)?;
        let second = if self.takes(",") { Some(self.sum(depth + 1)?) } else { None };
        self.takes(")").then_some(())?;
        called(word.text, first, second)
    }
}

/// The value of a number's word.
fn literal(word: &str) -> Option<Number> {
    if let Some(hex) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        let value = i64::from_str_radix(hex.trim_end_matches(['u', 'i']), 16).ok()?;
        return Some(Number { value: value as f64, whole: true });
    }
    let plain = word.trim_end_matches(['f', 'h', 'u', 'i']);
    let value: f64 = plain.parse().ok().filter(|_| plain.starts_with(|c: char| c.is_ascii_digit() || c == '.'))?;
    Some(Number { value, whole: !word.contains(['.', 'e', 'E', 'f', 'h']) })
}

/// A function of numbers.
fn called(name: &str, a: Number, b: Option<Number>) -> Option<Number> {
    let real = |value: f64| Some(Number { value, whole: false });
    match (name, b) {
        ("f32", None) => real(a.value),
        ("u32" | "i32", None) => Some(Number { value: a.value.trunc(), whole: true }),
        ("abs", None) => Some(Number { value: a.value.abs(), ..a }),
        ("sqrt", None) => real(a.value.sqrt()),
        ("inverseSqrt", None) => real(1.0 / a.value.sqrt()),
        ("exp", None) => real(a.value.exp()),
        ("exp2", None) => real(a.value.exp2()),
        ("log", None) => real(a.value.ln()),
        ("log2", None) => real(a.value.log2()),
        ("sin", None) => real(a.value.sin()),
        ("cos", None) => real(a.value.cos()),
        ("tan", None) => real(a.value.tan()),
        ("acos", None) => real(a.value.acos()),
        ("asin", None) => real(a.value.asin()),
        ("atan", None) => real(a.value.atan()),
        ("radians", None) => real(a.value.to_radians()),
        ("degrees", None) => real(a.value.to_degrees()),
        ("pow", Some(b)) => real(a.value.powf(b.value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::verbatim::words::words;
    use super::*;

    fn found(text: &str, part: &str, rounded: f32) -> f64 {
        let words = words(text).unwrap_or_default();
        let at = text.rfind(part).unwrap_or_default();
        Digits::new(&words).of(rounded, Some(at..at + part.len()))
    }

    #[test]
    fn digits_are_those_of_the_text() {
        assert_eq!(found("a * 0.1", "0.1", 0.1), 0.1);
        assert_eq!(found("const Q = 1.0 / 3.0; x * Q", "Q", 1.0 / 3.0), 1.0 / 3.0);
        assert_eq!(found("x * -0.7f;", "-0.7f", -0.7), -0.7);
        assert_eq!(found("x * sqrt(2.0);", "sqrt", 2_f32.sqrt()), 2_f64.sqrt());
        assert_eq!(found("array(0.1, -0.2)", "array(0.1, -0.2)", -0.2), -0.2);
        assert_eq!(found("(1 + 2) / 2 * 0.1", "(1 + 2) / 2 * 0.1", 0.1), 0.1);
        assert_eq!(found("const A = 1; const B = A + 0.25; B", "B", 1.25), 1.25);
    }

    #[test]
    fn what_the_text_does_not_say_stays_as_it_is() {
        assert_eq!(found("x * other", "other", 0.1), f64::from(0.1_f32));
        assert_eq!(found("const Q = 0.3; Q", "Q", 0.1), f64::from(0.1_f32), "a local of the same name");
        assert_eq!(found("const A = B; const B = A; A", "A", 0.1), f64::from(0.1_f32));
    }

    #[test]
    fn constants_that_double_are_each_read_once() {
        let text: String = (1..2_000).map(|k| format!("const c{k} = c{} + c{};", k - 1, k - 1)).collect();
        let text = format!("const c0 = 1e-300;{text}");
        let words = words(&text).unwrap_or_default();
        assert_eq!(Digits::new(&words).constant("c20").map(|number| number.value), Some(1e-300 * f64::from(1 << 20)));
    }
}
