//! Formulas as NIST's files write them, read straight onto traced numbers.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = signed { ("*" | "/") signed }
//! signed  = "-" signed | power
//! power   = atom [ "**" signed ]
//! atom    = number | name | [ function ] ( "(" sum ")" | "[" sum "]" )
//! ```

use manymin::prelude::*;

use super::Result;

/// What the names in a formula stand for.
pub(crate) type Names<'n, 'g> = &'n dyn Fn(&str) -> Option<Scalar<'g>>;

/// The value of the formula `text`. Each rule of the grammar is a method that takes its part off the front.
pub(crate) fn trace<'g>(text: &str, context: Context<'g>, names: Names<'_, 'g>) -> Result<Scalar<'g>> {
    let mut formula = Formula { rest: text.trim_start(), context, names };
    let value = formula.sum();
    let problem = match value {
        Ok(value) if formula.rest.is_empty() => return Ok(value),
        Ok(_) => "an operator is missing".into(),
        Err(problem) => problem,
    };
    let place = if formula.rest.is_empty() { "the end".into() } else { format!("`{}`", formula.rest) };
    Err(format!("the formula `{text}` can't be read: {problem} at {place}").into())
}

struct Formula<'t, 'n, 'g> {
    rest: &'t str,
    context: Context<'g>,
    names: Names<'n, 'g>,
}

impl<'t, 'g> Formula<'t, '_, 'g> {
    fn sum(&mut self) -> Result<Scalar<'g>> {
        let mut value = self.product()?;
        loop {
            if self.take("+") {
                value += self.product()?;
            } else if self.take("-") {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<Scalar<'g>> {
        let mut value = self.signed()?;
        loop {
            if self.take("*") {
                value *= self.signed()?;
            } else if self.take("/") {
                value /= self.signed()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn signed(&mut self) -> Result<Scalar<'g>> {
        if self.take("-") { Ok(-self.signed()?) } else { self.power() }
    }

    fn power(&mut self) -> Result<Scalar<'g>> {
        let base = self.atom()?;
        // A constant integer exponent takes a base of any sign.
        if self.take("**") { Ok(base.powf(self.signed()?)) } else { Ok(base) }
    }

    fn atom(&mut self) -> Result<Scalar<'g>> {
        if let Some(value) = self.group()? {
            return Ok(value);
        }
        match self.rest.chars().next() {
            Some('0'..='9' | '.') => self.number(),
            Some('a'..='z' | 'A'..='Z') => self.named(),
            _ => Err("a number, a name or a parenthesis is missing".into()),
        }
    }

    /// A sum in parentheses or brackets, if there is one.
    fn group(&mut self) -> Result<Option<Scalar<'g>>> {
        for (open, close) in [("(", ")"), ("[", "]")] {
            if self.take(open) {
                let value = self.sum()?;
                return if self.take(close) { Ok(Some(value)) } else { Err(format!("`{close}` is missing").into()) };
            }
        }
        Ok(None)
    }

    fn number(&mut self) -> Result<Scalar<'g>> {
        let text = self.rest;
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let mut end = digits(text);
        if let Some(exponent) = text[end..].strip_prefix(['e', 'E']) {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            end = text.len() - unsigned.len() + digits(unsigned);
        }
        let value = text[..end].parse().map_err(|_| format!("`{}` should be a number", &text[..end]))?;
        self.rest = text[end..].trim_start();
        Ok(self.context.constant(value))
    }

    /// A function of a sum in parentheses, or what a name stands for.
    fn named(&mut self) -> Result<Scalar<'g>> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let function = match name {
            "exp" => Scalar::exp,
            "log" => Scalar::ln,
            "sin" => Scalar::sin,
            "cos" => Scalar::cos,
            "arctan" => Scalar::atan,
            _ => {
                let value = (self.names)(name).ok_or_else(|| format!("`{name}` is neither a function nor a name known"))?;
                self.rest = rest.trim_start();
                return Ok(value);
            }
        };
        self.rest = rest.trim_start();
        Ok(function(self.group()?.ok_or_else(|| format!("`{name}` takes its argument in parentheses, which is missing"))?))
    }

    /// Takes `token` off the front, if it stands there.
    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.map_or(self.rest, str::trim_start);
        rest.is_some()
    }
}
