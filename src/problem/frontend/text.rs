//! The text of a problem file, and where things stand in it.

use std::ops::Range;

use naga::Span;

use crate::error::WgslError;

/// Characters of a line that are shown around a place.
const SHOWN: usize = 120;

/// Where a place is, for people.
struct Position<'a> {
    line: u32,
    column: u32,
    /// The line, without its end.
    source: &'a str,
    /// Where the line begins, in bytes.
    begin: usize,
}

fn position(text: &str, at: usize) -> Position<'_> {
    let at = (0..=at.min(text.len())).rev().find(|&k| text.is_char_boundary(k)).unwrap_or(0);
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let source = text[begin..].lines().next().unwrap_or_default();
    let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    Position { line: number(text[..begin].matches('\n').count()), column: number(text[begin..at].chars().count()), source, begin }
}

/// An error at the place of `span`, or at the beginning of the text where that is not known.
pub(super) fn error_at(text: &str, span: Span, message: impl Into<String>, help: impl Into<String>) -> WgslError {
    let Range { start, end } = span.to_range().unwrap_or(0..0);
    let Position { line, column, source, begin } = position(text, start);
    let marked = end.saturating_sub(start).min((begin + source.len()).saturating_sub(start));
    let marked = text.get(start..start + marked).map_or(1, |marked| marked.chars().count().max(1));
    WgslError::At { message: message.into(), help: help.into(), line, column, excerpt: excerpt(line, source, column as usize - 1, marked) }
}

/// `  3 | let a = b;` with carets below `marked` characters from `column`, counted from 0; of a long line the part around them.
fn excerpt(line: u32, source: &str, column: usize, marked: usize) -> String {
    let first = column.saturating_sub(SHOWN / 2);
    let shown: String = source.chars().skip(first).take(SHOWN).collect();
    // Tabs stay tabs, so that the caret stands where the eye looks for it.
    let before: String = shown.chars().take(column - first).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let carets = "^".repeat(marked.min(SHOWN - (column - first)));
    format!("{line:>5} | {shown}\n      | {before}{carets}\n")
}

/// The comment at the top, without its slashes and stars.
pub(super) fn description(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if let Some(rest) = text.strip_prefix("/*") {
        let inside = &rest[..rest.find("*/").unwrap_or(rest.len())];
        let lines = inside.lines().map(|line| line.trim().trim_start_matches('*').trim());
        return lines.collect::<Vec<_>>().join("\n").trim().to_string();
    }
    let lines = text.lines().map(str::trim).take_while(|line| line.starts_with("//"));
    let lines = lines.map(|line| line.trim_start_matches(['/', '!']).trim());
    lines.collect::<Vec<_>>().join("\n").trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_with_line_column_and_caret() {
        let text = "a\n\tlet größe = b + c;\nd";
        let at = text.find("b + c").unwrap_or_default();
        let span = Span::new(at as u32, at as u32 + 5);
        let WgslError::At { line, column, excerpt, .. } = error_at(text, span, "no", "") else { panic!("another error") };
        assert_eq!((line, column), (2, 14));
        assert_eq!(excerpt, "    2 | \tlet größe = b + c;\n      | \t            ^^^^^\n");
    }

    #[test]
    fn a_long_line_is_shown_in_part_and_a_place_beyond_the_end_is_none() {
        let text = "x".repeat(1 << 20);
        let shown = error_at(&text, Span::new(500_000, 600_000), "no", "").to_string();
        assert!(shown.len() < 400 && shown.contains("column 500001"), "{shown}");
        error_at("ä", Span::new(1, 7), "no", "");
        error_at("", Span::UNDEFINED, "no", "");
    }

    #[test]
    fn the_comment_at_the_top_is_the_description() {
        assert_eq!(
            description("// Rosenbrock's valley\n//! of n components\n\n// not this\nfn f() {}"),
            "Rosenbrock's valley\nof n components"
        );
        assert_eq!(description("\n/* one\n * two\n */ fn f() {}"), "one\ntwo");
        assert_eq!(description("fn f() {}"), "");
    }
}
