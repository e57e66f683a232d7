//! The names that a text declares for the whole module, and the text with other names in their place.
//!
//! The text becomes a part of the engine's shader, which has names of its own. So every word that is declared in it for the
//! whole module, or is provided to it, gets a prefix wherever it stands, and no word of the text has that prefix already: all
//! places where one name stood have one name again, and what shadowed what still does.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::words::Word;

/// What stands at the outermost level: `fn name`, `var<private> name: type = value;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declaration<'a> {
    pub(super) keyword: &'a str,
    pub(super) name: &'a str,
    pub(super) at: usize,
    /// Of a variable: its type and its first value, as words.
    kind: Vec<Word<'a>>,
    value: Vec<Word<'a>>,
}

/// All declarations of the module.
pub(super) fn declarations<'a>(words: &[Word<'a>]) -> Vec<Declaration<'a>> {
    let mut found = Vec::new();
    for (k, word) in words.iter().enumerate() {
        let starts = ["fn", "struct", "alias", "const", "override", "var"].contains(&word.text);
        if word.depth > 0 || !starts || previous(words, k) == Some("@") {
            continue;
        }
        let rest = &words[k + 1..];
        // `var<private> name`: the name comes after the template.
        let skipped =
            if rest.first().is_some_and(|next| next.text == "<") { 1 + rest.iter().take_while(|w| w.text != ">").count() } else { 0 };
        let Some(name) = rest.get(skipped).filter(|word| word.is_name()) else { continue };
        let (mut kind, mut value) = (Vec::new(), Vec::new());
        if word.text == "var" {
            let rest: Vec<Word<'_>> = rest[skipped + 1..].iter().copied().take_while(|word| word.text != ";").collect();
            let typed = rest.first().is_some_and(|word| word.text == ":");
            let end = rest.iter().position(|word| word.text == "=" && word.depth == 0).unwrap_or(rest.len());
            kind = if typed { rest[1..end].to_vec() } else { Vec::new() };
            value = rest.get(end + 1..).unwrap_or_default().to_vec();
        }
        found.push(Declaration { keyword: word.text, name: name.text, at: name.at, kind, value });
    }
    found
}

fn previous<'a>(words: &[Word<'a>], k: usize) -> Option<&'a str> {
    k.checked_sub(1).map(|before| words[before].text)
}

/// A prefix that no word has.
pub(super) fn free_prefix(words: &[Word<'_>]) -> String {
    let free = |prefix: &String| !words.iter().any(|word| word.text.starts_with(prefix.as_str()));
    let numbered = (2..).map(|k| format!("user{k}_"));
    std::iter::once("user_".to_string()).chain(numbered).find(free).unwrap_or_default()
}

/// Puts a prefix before names of the module.
pub(super) struct Renaming<'a> {
    pub(super) prefix: String,
    pub(super) names: BTreeSet<&'a str>,
}

impl Renaming<'_> {
    /// The text with other names, line by line as it was.
    pub(super) fn text(&self, text: &str, words: &[Word<'_>]) -> String {
        let members = members(words);
        let mut out = String::with_capacity(text.len() + 1024);
        let mut done = 0;
        for (k, word) in words.iter().enumerate() {
            if self.names.contains(word.text) && !members.contains(&k) && !is_elsewhere(words, k) {
                out += &text[done..word.at];
                out += &self.prefix;
                done = word.at;
            }
        }
        out + &text[done..]
    }

    /// Statements that give every variable of the module its first value again.
    pub(super) fn resets(&self, declarations: &[Declaration<'_>]) -> String {
        let mut out = String::new();
        for variable in declarations.iter().filter(|declaration| declaration.keyword == "var") {
            let Declaration { name, kind, value, .. } = variable;
            let value = if value.is_empty() { self.joined(kind) + "()" } else { self.joined(value) };
            _ = writeln!(out, "    {}{name} = {value};", self.prefix);
        }
        out
    }

    fn joined(&self, words: &[Word<'_>]) -> String {
        let renamed = |k: usize| {
            let other = self.names.contains(words[k].text) && !is_elsewhere(words, k);
            format!("{}{}", if other { &self.prefix } else { "" }, words[k].text)
        };
        // Blanks between signs would part `<=`, which a value has only in brackets of its own.
        let mut out = String::new();
        for k in 0..words.len() {
            let apart = k > 0 && words[k].at > words[k - 1].at + words[k - 1].text.len();
            out += if apart { " " } else { "" };
            out += &renamed(k);
        }
        out
    }
}

/// Whether the word is no name of the module although it may look like one: a member, an attribute, an address space.
fn is_elsewhere(words: &[Word<'_>], k: usize) -> bool {
    match previous(words, k) {
        Some("." | "@") => true,
        Some("<") => k > 1 && ["var", "ptr"].contains(&words[k - 2].text),
        _ => false,
    }
}

/// Which words name members where structs declare them.
fn members(words: &[Word<'_>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for k in (0..words.len()).filter(|&k| words[k].text == "struct" && words[k].depth == 0) {
        let inside = words.iter().enumerate().skip(k + 3).take_while(|(_, word)| word.depth > 0);
        let named = |j: usize| words.get(j + 1).is_some_and(|next| next.text == ":");
        found.extend(inside.filter(|(j, word)| word.depth == 1 && named(*j)).map(|(j, _)| j));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn renamed(text: &str) -> (String, String) {
        let words = words(text).unwrap();
        let declarations = declarations(&words);
        let names = declarations.iter().map(|declaration| declaration.name).collect();
        let renaming = Renaming { prefix: free_prefix(&words), names };
        (renaming.text(text, &words), renaming.resets(&declarations))
    }

    #[test]
    fn names_of_the_module_change_and_members_stay() {
        let text = "struct total { x: f32, @align(N) y: x }\nfn x(v: vec2<f32>) -> f32 { let N = v.x; return N * total(1).x; } // x\nconst N = 16;";
        let expected = "struct user_total { x: f32, @align(user_N) y: user_x }\n\
            fn user_x(v: vec2<f32>) -> f32 { let user_N = v.x; return user_N * user_total(1).x; } // x\nconst user_N = 16;";
        assert_eq!(renamed(text).0, expected);
        assert_eq!(renamed("fn user_a() {} fn b() {}").0, "fn user2_user_a() {} fn user2_b() {}");
        assert_eq!(renamed("var<private> private: i32;").0, "var<private> user_private: i32;");
        assert_eq!(renamed("fn f(f: ptr<function, f32>) {}").0, "fn user_f(user_f: ptr<function, f32>) {}");
    }

    #[test]
    fn variables_get_their_first_values_again() {
        let text = "const n = 3; var<private> a: array<vec2<f32>, n>; var<private> b: f32 = 1e-3; var<private> c = vec2(n, 4 <= 5);";
        let expected = "    user_a = array<vec2<f32>, user_n>();\n    user_b = 1e-3;\n    user_c = vec2(user_n, 4 <= 5);\n";
        assert_eq!(renamed(text).1, expected);
    }

    #[test]
    fn declarations_inside_of_functions_are_none_of_the_module() {
        let words = words("fn f() { const a = 1; var b = a; } alias c = f32; @must_use fn d() -> c { return c(); }").unwrap();
        let names: Vec<&str> = declarations(&words).iter().map(|declaration| declaration.name).collect();
        assert_eq!(names, ["f", "c", "d"]);
    }
}
