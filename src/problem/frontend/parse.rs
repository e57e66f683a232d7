//! From the text to the compiler's module, in bounded time and memory.

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{Block, Module, Span, Statement};

use super::super::verbatim::complaints::wrong_call;
use super::super::verbatim::words::{Word, words};
use super::text::error_at;
use crate::error::WgslError;
use crate::large_stack::on_large_stack;

/// Longer texts are refused before they are looked at.
const MOST_BYTES: usize = 1 << 20;
/// The compiler's time grows with the square of a function's length: this many words take seconds at worst.
const MOST_WORDS: usize = 100_000;
/// Blocks in blocks, `else if` among them: what is done with them recurses.
const DEEPEST_BLOCK: usize = 150;

/// An error if the text is too long, and its words unless a bracket is not closed, which the compiler tells better.
pub(super) fn bounded_words(text: &str) -> Result<Vec<Word<'_>>, WgslError> {
    if text.len() > MOST_BYTES {
        return Err(WgslError::TooLong { what: "bytes", given: text.len(), limit: MOST_BYTES });
    }
    let words = words(text).unwrap_or_default();
    if words.len() > MOST_WORDS {
        return Err(WgslError::TooLong { what: "words", given: words.len(), limit: MOST_WORDS });
    }
    Ok(words)
}

/// The module of a text that the compiler takes.
pub(super) fn parsed(text: &str) -> Result<Module, WgslError> {
    let read = on_large_stack(|| {
        let module = naga::front::wgsl::parse_str(text).map_err(|error| {
            let notes: String = error.notes().map(|note| format!("{note}\n")).collect();
            let span = error.labels().next().map_or(Span::UNDEFINED, |label| label.0);
            error_at(text, span, error.message(), notes)
        })?;
        if let Some(span) = module.functions.iter().find_map(|(_, function)| too_deep(&function.body, 0)) {
            let help = "write `else if` chains as a `switch`, or take blocks out into functions";
            return Err(error_at(text, span, format!("blocks are nested deeper than {DEEPEST_BLOCK}"), help));
        }
        let checked = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
        match checked {
            Ok(_) => Ok(module),
            Err(error) => {
                let message = wrong_call(error.as_inner(), &module).unwrap_or_else(|| deepest(error.as_inner()));
                // The shortest place says most.
                let spans = error.spans().map(|span| span.0).filter(|span| span.is_defined());
                let span = spans.min_by_key(|span| span.to_range().map_or(0, |range| range.len()));
                Err(error_at(text, span.unwrap_or_default(), message, ""))
            }
        }
    });
    read.unwrap_or_else(|error| Err(error_at(text, Span::UNDEFINED, error.to_string(), "")))
}

/// The last cause of an error: those before it name functions and expressions by numbers, and the place is shown.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

/// The place of a block that lies too deep.
fn too_deep(block: &Block, depth: usize) -> Option<Span> {
    block.span_iter().find_map(|(statement, span)| {
        if depth > DEEPEST_BLOCK {
            return Some(*span);
        }
        match statement {
            Statement::Block(inner) => too_deep(inner, depth + 1),
            Statement::If { accept, reject, .. } => too_deep(accept, depth + 1).or_else(|| too_deep(reject, depth + 1)),
            Statement::Switch { cases, .. } => cases.iter().find_map(|case| too_deep(&case.body, depth + 1)),
            Statement::Loop { body, continuing, .. } => too_deep(body, depth + 1).or_else(|| too_deep(continuing, depth + 1)),
            _ => None,
        }
    })
}
