//! A text in WGSL, on its way into a shader.
//!
//! It is read as it was given, so that messages name its own lines; then names that it declares get a prefix, and it
//! becomes a part of the engine's shader in place of what a traced program writes.

use std::fmt::Write;

use super::names::{self, Declaration, Renaming};
use super::read::{self, Reading};
use super::words::{self, Word};
use crate::error::{ProblemError, WgslError};

/// A text that was read and checked.
#[derive(Clone)]
pub(in crate::problem) struct Verbatim {
    /// As it was given.
    pub(in crate::problem) text: String,
    pub(in crate::problem) operations: usize,
    /// Whether it has loops, whose lengths nobody knows.
    pub(in crate::problem) loops: bool,
    /// The text under other names, and what it calls.
    body: String,
    /// The function that the engine calls: up to where its loops are checked, and from there.
    entry: [String; 2],
}

/// What a text is about: n, the parameters of a lane, and the data by name and length.
pub(super) struct About<'a> {
    pub(super) dimension: usize,
    pub(super) parameters: usize,
    pub(super) data: &'a [(String, Vec<f64>)],
}

/// The compiler takes minutes for longer texts, and a stack of any size is too small for some of them.
const MOST_WORDS: usize = 200_000;

/// Bits of `mm_trouble`: an index out of range, and loops that a driver has cut short.
pub(crate) const OUT_OF_RANGE: u32 = 1;
pub(crate) const CUT_SHORT: u32 = 2;

/// What an engine defines, for a shader that is only read.
const ENGINE: &str = "
fn mm_x(i: u32) -> f32 { return 0.0; }
fn mm_p(i: u32) -> f32 { return 0.0; }
fn mm_d(i: u32) -> f32 { return 0.0; }
fn mm_g(i: u32, value: f32) { }
@compute @workgroup_size(1)
fn mm_main() { let f = mm_objective(); }
";

impl About<'_> {
    /// The functions that read by number: name, what they read, its length, and what they call for element `i`.
    fn readers(&self) -> Vec<(String, String, usize, String)> {
        let mut readers = vec![("x_at".to_string(), "x".to_string(), self.dimension, "mm_x(i)".to_string())];
        if self.parameters > 0 {
            readers.push(("p_at".into(), "parameters".into(), self.parameters, "mm_p(i)".into()));
        }
        let mut start = 0;
        for (name, values) in self.data {
            readers.push((format!("{name}_at"), name.clone(), values.len(), format!("mm_d({start}u + i)")));
            start += values.len();
        }
        readers
    }

    /// Constants: name and value.
    fn constants(&self) -> Vec<(String, usize)> {
        let lengths = self.data.iter().map(|(name, values)| (format!("{name}_len"), values.len()));
        [("DIM".to_string(), self.dimension)].into_iter().chain(lengths).collect()
    }

    fn check_data_names(&self) -> Result<(), WgslError> {
        let plain = |name: &str| {
            let letters = name.starts_with(|c: char| c.is_ascii_alphabetic());
            letters && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && name != "x" && name != "p"
        };
        match self.data.iter().find(|(name, _)| !plain(name)) {
            Some((name, _)) => Err(WgslError::DataName { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// What is asked for under a name that would be data's, and is not there.
    fn check_asked(&self, text: &str, words: &[Word<'_>], known: &[&str]) -> Result<(), ProblemError> {
        for (k, word) in words.iter().enumerate() {
            let called = words.get(k + 1).is_some_and(|next| next.text == "(") && (k == 0 || words[k - 1].text != "fn");
            let Some(name) = word.text.strip_suffix("_at").filter(|_| called && !known.contains(&word.text)) else { continue };
            if name == "p" {
                return Err(WgslError::NoParameters { line: words::line(text, word.at) }.into());
            }
            return Err(ProblemError::UnknownData { name: name.into(), known: self.data.iter().map(|(name, _)| name.clone()).collect() });
        }
        Ok(())
    }
}

impl Verbatim {
    /// Reads a text, and checks all that can be known of it.
    pub(super) fn new(text: &str, about: &About<'_>) -> Result<Self, ProblemError> {
        about.check_data_names()?;
        let words = words::words(text)?;
        if words.len() > MOST_WORDS {
            let message = format!("it has {} words, more than the {MOST_WORDS} that are taken; write repeated parts as loops", words.len());
            return Err(WgslError::Refused { message, line: 0, text: text.into() }.into());
        }
        let directives = ["enable", "requires", "diagnostic"];
        if let Some(word) = words.iter().enumerate().find(|(k, w)| w.depth == 0 && directives.contains(&w.text) && is_directive(&words, *k))
        {
            let message = format!("`{}` is for a whole shader, of which an objective is a part", word.1.text);
            return Err(WgslError::Refused { message, line: words::line(text, word.1.at), text: text.into() }.into());
        }
        let declared = names::declarations(&words);
        let (readers, constants) = (about.readers(), about.constants());
        let functions = readers.iter().map(|reader| reader.0.as_str()).chain(["add_gradient"]);
        let given: Vec<&str> = functions.chain(constants.iter().map(|constant| constant.0.as_str())).collect();
        if let Some(twice) = declared.iter().find(|d| given.contains(&d.name) && d.name != "DIM") {
            return Err(WgslError::Taken { name: twice.name.into(), line: words::line(text, twice.at) }.into());
        }
        let names = given.iter().copied().chain(declared.iter().map(|declaration| declaration.name)).collect::<Vec<_>>();
        about.check_asked(text, &words, &names)?;
        let renaming = Renaming { prefix: names::free_prefix(&words), names: names.into_iter().collect() };
        let objective = declared.iter().find(|d| d.name == "objective" && d.keyword == "fn").ok_or(WgslError::NoObjective)?;

        let own_dimension = declared.iter().any(|declaration| declaration.name == "DIM");
        let dimension = format!("{}dimension", renaming.prefix);
        let mut plain = provided("", about, own_dimension, |_| "return 0.0;".into(), "");
        _ = writeln!(plain, "const {dimension}: u32 = u32(DIM);");
        let facts = read::read(&Reading {
            text,
            provided: &plain,
            dimension: &dimension,
            indexed: &readers
                .iter()
                .map(|reader| (reader.0.as_str(), reader.1.as_str(), reader.2))
                .chain([("add_gradient", "the gradient", about.dimension)])
                .collect::<Vec<_>>(),
            components: about.dimension,
            line: words::line(text, objective.at),
        })?;

        let mut body = renaming.text(text, &words);
        body += "\n\n// Provided to it.\nvar<private> mm_trouble: u32;\n";
        body += &provided(
            &renaming.prefix,
            about,
            own_dimension,
            |(_, _, len, read)| format!("if (i < {len}u) {{ return {read}; }} mm_trouble |= {OUT_OF_RANGE}u; return 0.0;"),
            &format!("if (i < {}u) {{ mm_g(i, value); }} else {{ mm_trouble |= {OUT_OF_RANGE}u; }}", about.dimension),
        );
        let made = Self {
            text: text.into(),
            operations: facts.operations,
            loops: words.iter().any(|word| ["for", "while", "loop"].contains(&word.text)),
            entry: entry(&renaming, &declared, facts.tells_scale),
            body,
        };
        // What the compiler takes under the text's own names it takes under others, if it is what was read here.
        read::check(&(made.shader(Some(1)) + ENGINE), text)?;
        Ok(made)
    }

    /// Value and gradient, as a traced program writes them. `reserve` is for drivers that silently cut loops short: the loop
    /// iterations that must be left afterwards.
    pub(in crate::problem) fn shader(&self, reserve: Option<u64>) -> String {
        let [before, after] = &self.entry;
        let (mut guard, mut checked) = (String::new(), String::new());
        if let (Some(reserve), true) = (reserve, self.loops) {
            // Nobody but the point knows how many rounds these are: a compiler can't take them away.
            _ = write!(
                guard,
                "
fn mm_is_cut_short() -> bool {{
    let rounds = {reserve}u + (bitcast<u32>(mm_x(0u)) & 1u);
    var count = 0u;
    var number = 1u;
    for (var i = 0u; i < rounds; i += 1u) {{
        number = number * 1664525u + 1013904223u;
        count += 1u;
    }}
    return count != rounds || (number & 1u) != ((1u + rounds) & 1u);
}}
"
            );
            checked = format!("    if (mm_is_cut_short()) {{ mm_trouble |= {CUT_SHORT}u; }}\n");
        }
        format!("{}{guard}{before}{checked}{after}", self.body)
    }
}

/// `diagnostic(off, ...)` is a directive, `@diagnostic(...)` an attribute.
fn is_directive(words: &[Word<'_>], k: usize) -> bool {
    k.checked_sub(1).is_none_or(|before| words[before].text == ";")
}

/// Constants and functions that a text can use.
fn provided(
    prefix: &str,
    about: &About<'_>,
    own_dimension: bool,
    read: impl Fn(&(String, String, usize, String)) -> String,
    add: &str,
) -> String {
    let mut text = String::new();
    for (name, value) in about.constants().iter().filter(|constant| !(own_dimension && constant.0 == "DIM")) {
        _ = writeln!(text, "const {prefix}{name}: u32 = {value}u;");
    }
    for reader in about.readers() {
        _ = writeln!(text, "fn {prefix}{}(i: u32) -> f32 {{ {} }}", reader.0, read(&reader));
    }
    _ = writeln!(text, "fn {prefix}add_gradient(i: u32, value: f32) {{ {add} }}");
    text
}

/// The function that the engine calls, in two parts.
fn entry(renaming: &Renaming<'_>, declared: &[Declaration<'_>], tells_scale: bool) -> [String; 2] {
    let (prefix, resets) = (&renaming.prefix, renaming.resets(declared));
    let before = format!("\nfn mm_objective() -> vec2<f32> {{\n    mm_trouble = 0u;\n{resets}    let f = {prefix}objective();\n");
    // A scale that is not finite would make all of f noise, or none.
    let result = if tells_scale {
        "vec2<f32>(f.x, abs(select(f.y, f.x, (bitcast<u32>(f.y) & 0x7f800000u) == 0x7f800000u)))"
    } else {
        "vec2<f32>(f, abs(f))"
    };
    let after = format!(
        "    if (mm_trouble != 0u) {{\n        var not_a_number = 0x7fc00000u;\n        return vec2<f32>(bitcast<f32>(not_a_number));\n    }}\n    \
         return {result};\n}}\n"
    );
    [before, after]
}
