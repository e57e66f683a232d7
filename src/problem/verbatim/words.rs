//! The words of a WGSL text, and the brackets around them.

use crate::error::WgslError;

/// A name, a keyword, a number or one sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::problem) struct Word<'a> {
    pub(in crate::problem) text: &'a str,
    /// Where it begins, in bytes.
    pub(in crate::problem) at: usize,
    /// Brackets that are open around it; an opening bracket stands outside of itself, a closing one as well.
    pub(in crate::problem) depth: usize,
}

impl Word<'_> {
    pub(in crate::problem) fn is_name(&self) -> bool {
        self.text.starts_with(starts_name)
    }
}

/// The line of a place in a text, from 1.
pub(in crate::problem) fn line(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().iter().take(at);
    u32::try_from(before.filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
}

/// The blanks of WGSL.
fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t' || is_break(c) || matches!(c, '\u{200e}' | '\u{200f}')
}

/// What ends a line, and a comment.
fn is_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Names may be in any script; a sign that stands in none is told by the compiler.
fn starts_name(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic() || (!c.is_ascii() && !is_blank(c))
}

fn continues_name(c: char) -> bool {
    starts_name(c) || c.is_ascii_digit()
}

/// The words of `text`, comments left out.
pub(in crate::problem) fn words(text: &str) -> Result<Vec<Word<'_>>, WgslError> {
    let refused = |message: String, at: usize| WgslError::Refused { message, line: line(text, at), text: text.into() };
    let mut words = Vec::new();
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if is_blank(c) {
            c.len_utf8()
        } else if rest.starts_with("//") {
            rest.find(is_break).unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment(rest).ok_or_else(|| refused("this comment has no end".into(), at))?
        } else {
            let length = word(rest, c);
            if let Some(close) = closing(c) {
                words.push(Word { text: &rest[..length], at, depth: open.len() });
                open.push((close, at));
            } else {
                if matches!(c, ')' | ']' | '}') && open.pop().map(|bracket| bracket.0) != Some(c) {
                    return Err(refused(format!("`{c}` closes nothing"), at));
                }
                words.push(Word { text: &rest[..length], at, depth: open.len() });
            }
            length
        };
        at += length;
    }
    match open.last() {
        Some((close, at)) => Err(refused(format!("a `{close}` is missing: what is opened here has no end"), *at)),
        None => Ok(words),
    }
}

fn closing(c: char) -> Option<char> {
    match c {
        '(' => Some(')'),
        '[' => Some(']'),
        '{' => Some('}'),
        _ => None,
    }
}

/// The length of a block comment; they nest.
fn comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    None
}

/// The length of the word that `text` begins with, its first sign being `first`.
fn word(text: &str, first: char) -> usize {
    let until = |end: &dyn Fn(char) -> bool| text.find(end).unwrap_or(text.len());
    if starts_name(first) {
        return until(&|c| !continues_name(c));
    }
    let digit_next = text[first.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
    if !(first.is_ascii_digit() || (first == '.' && digit_next)) {
        return first.len_utf8();
    }
    let mut length = until(&|c| !(c.is_ascii_alphanumeric() || c == '.'));
    // `1e-5`, `0x1p+4`, but not `0xe-5`.
    let exponents = if text.starts_with("0x") || text.starts_with("0X") { ['p', 'P'] } else { ['e', 'E'] };
    if text[..length].ends_with(exponents) && text[length..].starts_with(['+', '-']) {
        length += 1;
        length += text[length..].find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len() - length);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        words(text).unwrap().iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_what_the_compiler_reads() {
        assert_eq!(texts("a.x1+1e-5f*0x1p+4f-0xe-5 .5"), ["a", ".", "x1", "+", "1e-5f", "*", "0x1p+4f", "-", "0xe", "-", "5", ".5"]);
        assert_eq!(texts("a // b\n/* c /* d */ e */ f\u{2028}größe"), ["a", "f", "größe"]);
        assert_eq!(texts("1.0.x 2u"), ["1.0.x", "2u"], "no number has two points: nothing is lost");
        let depths: Vec<usize> = words("f(a[1]) { }").unwrap().iter().map(|word| word.depth).collect();
        assert_eq!(depths, [0, 0, 1, 1, 2, 1, 0, 0, 0]);
    }

    #[test]
    fn what_is_not_closed_is_told_with_its_line() {
        let told = |text: &str| match words(text) {
            Err(WgslError::Refused { message, line, .. }) => (message, line),
            other => panic!("{other:?}"),
        };
        assert_eq!(told("a\n/* b").1, 2);
        assert_eq!(told("fn f() {\n  (\n"), ("a `)` is missing: what is opened here has no end".into(), 2));
        assert_eq!(told("a\n\n}"), ("`}` closes nothing".into(), 3));
        assert_eq!(told("(]").0, "`]` closes nothing");
    }
}
