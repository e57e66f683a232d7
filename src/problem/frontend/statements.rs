//! Statements: what they leave in the variables.

use std::collections::HashMap;

use naga::{Block, Function, Span, Statement, SwitchCase, SwitchValue};

use super::super::affine::{Affine, extreme};
use super::lower::Lowering;
use super::value::{Count, Environment, Frame, Key, Lowered, Relation, Stop, Test, Truth, Value, Whole};

/// Functions that call functions.
const DEEPEST_CALL: usize = 64;
/// Cases of a switch on a value.
const MOST_CASES: usize = 128;

/// Statements in order, each with its place.
pub(super) type List<'a> = [(&'a Statement, Span)];

/// The statements of a block, those of plain blocks in it too.
pub(super) fn flat(block: &Block) -> Vec<(&Statement, Span)> {
    let each = block.span_iter().flat_map(|(statement, span)| match statement {
        Statement::Block(inner) => flat(inner),
        statement => vec![(statement, *span)],
    });
    each.collect()
}

impl<'a> Lowering<'a> {
    /// Runs a function where it is called.
    pub(super) fn call(&mut self, function: &'a Function, arguments: Vec<Value>) -> Lowered<Value> {
        if self.depth >= DEEPEST_CALL {
            return Stop::failed(format!("functions call functions more than {DEEPEST_CALL} deep"), "Write the inner ones out.");
        }
        self.frames += 1;
        let mut frame =
            Frame { number: self.frames, function: Some(function), expressions: &function.expressions, arguments, cache: HashMap::new() };
        self.charge(function.local_variables.len())?;
        let locals: Vec<Key> = function.local_variables.iter().map(|(handle, _)| Key::Local(frame.number, handle)).collect();
        for ((_, local), key) in function.local_variables.iter().zip(&locals) {
            let value = match local.init {
                Some(init) => self.value(&mut frame, init)?,
                None if matches!(self.task.module.types[local.ty].inner, naga::TypeInner::Pointer { .. }) => Value::Unknown("a pointer"),
                None => self.zero(local.ty)?,
            };
            self.environment.insert(*key, value);
        }
        let flags = [Key::Returned, Key::Result, Key::Broke, Key::Continued];
        let around = flags.map(|key| (key, self.environment.remove(&key)));
        self.depth += 1;
        self.block(&mut frame, &function.body)?;
        self.depth -= 1;
        let result = self.environment.remove(&Key::Result).unwrap_or(Value::Unknown("the function returns nothing"));
        for key in locals {
            self.environment.remove(&key);
        }
        for (key, value) in around {
            self.environment.remove(&key);
            self.environment.extend(value.map(|value| (key, value)));
        }
        Ok(result)
    }

    fn block(&mut self, frame: &mut Frame<'a>, block: &'a Block) -> Lowered<()> {
        self.list(frame, &flat(block))
    }

    /// Runs statements in order. Where a lane may have left, the rest is run for those that have not.
    pub(super) fn list(&mut self, frame: &mut Frame<'a>, list: &List<'a>) -> Lowered<()> {
        for (k, (statement, span)) in list.iter().enumerate() {
            match self.left() {
                Truth::Known(true) => return Ok(()),
                Truth::Known(false) => self.statement(frame, statement, *span).map_err(|stop| stop.at(*span))?,
                left => return self.unless(&left, |this| this.list(frame, &list[k..])),
            }
        }
        Ok(())
    }

    /// Whether the lane has left the round, the loop or the function.
    pub(super) fn left(&mut self) -> Truth {
        [Key::Returned, Key::Broke, Key::Continued].into_iter().fold(Truth::Known(false), |left, key| {
            let flag = self.flag(key);
            self.or(&left, &flag)
        })
    }

    pub(super) fn flag(&self, key: Key) -> Truth {
        match self.environment.get(&key) {
            Some(Value::Truth(truth)) => truth.clone(),
            _ => Truth::Known(false),
        }
    }

    /// Runs `rest` for lanes that have not left.
    pub(super) fn unless(&mut self, left: &Truth, rest: impl FnOnce(&mut Self) -> Lowered<()>) -> Lowered<()> {
        let mut before = self.copy()?;
        let round_is_over = self.flag(Key::Continued) != Truth::Known(false);
        for key in [Key::Returned, Key::Broke, Key::Continued] {
            self.environment.remove(&key);
        }
        rest(self)?;
        let after = std::mem::take(&mut self.environment);
        // Nobody asks for the counter of a lane that has left the loop.
        if !round_is_over {
            for key in &self.counters {
                before.extend(after.get(key).map(|value| (*key, value.clone())));
            }
        }
        self.environment = self.merged(left, before, after)?;
        Ok(())
    }

    /// The variables as they are, each counted.
    pub(super) fn copy(&mut self) -> Lowered<Environment> {
        self.charge(self.environment.len())?;
        Ok(self.environment.clone())
    }

    /// Every variable as the one side leaves it where the condition holds, else as the other does.
    fn merged(&mut self, condition: &Truth, then: Environment, otherwise: Environment) -> Lowered<Environment> {
        let mut merged = Environment::new();
        let mut otherwise = otherwise;
        for (key, a) in then {
            let is_flag = matches!(key, Key::Returned | Key::Broke | Key::Continued);
            let value = match otherwise.remove(&key) {
                Some(b) => self.chosen(condition, &a, &b)?,
                None if is_flag => self.chosen(condition, &a, &Value::truth(false))?,
                // Who has not returned has no result that is asked for.
                None => a,
            };
            merged.insert(key, value);
        }
        for (key, b) in otherwise {
            let is_flag = matches!(key, Key::Returned | Key::Broke | Key::Continued);
            let value = if is_flag { self.chosen(condition, &Value::truth(false), &b)? } else { b };
            merged.insert(key, value);
        }
        Ok(merged)
    }

    /// Runs one of two sides, or both where the condition depends on the point.
    fn either(
        &mut self,
        frame: &mut Frame<'a>,
        condition: &Truth,
        side: impl Fn(&mut Self, &mut Frame<'a>, bool) -> Lowered<()>,
    ) -> Lowered<()> {
        match condition {
            Truth::Known(known) => return side(self, frame, *known),
            Truth::Relation(relation) => self.split(relation).map_or(Ok(()), Err)?,
            Truth::Value(_) => {}
        }
        let before = self.copy()?;
        side(self, frame, true)?;
        let then = std::mem::replace(&mut self.environment, before);
        side(self, frame, false)?;
        let otherwise = std::mem::take(&mut self.environment);
        self.environment = self.merged(condition, then, otherwise)?;
        Ok(())
    }

    fn statement(&mut self, frame: &mut Frame<'a>, statement: &'a Statement, span: Span) -> Lowered<()> {
        match statement {
            Statement::Emit(range) => self.emit(frame, range.clone()),
            Statement::Block(block) => self.block(frame, block),
            Statement::If { condition, accept, reject } => {
                let condition = self.value(frame, *condition)?;
                let condition = self.truth(&condition)?;
                self.either(frame, &condition, |this, frame, side| this.block(frame, if side { accept } else { reject }))
            }
            Statement::Switch { selector, cases } => {
                let selector = self.value(frame, *selector)?;
                let selector = self.whole(&selector)?;
                let around = self.environment.remove(&Key::Broke);
                if cases.len() > MOST_CASES && selector.constant().is_none() {
                    return Stop::failed(format!("a switch on a value has more than {MOST_CASES} cases"), "Write a table and index it.");
                }
                self.cases(frame, &selector, cases)?;
                self.environment.remove(&Key::Broke);
                self.environment.extend(around.map(|around| (Key::Broke, around)));
                Ok(())
            }
            Statement::Loop { body, continuing, break_if } => self.repeat(frame, (body, continuing, *break_if), span),
            Statement::Break => self.raise(Key::Broke),
            Statement::Continue => self.raise(Key::Continued),
            Statement::Return { value } => {
                if let Some(value) = value {
                    let value = self.value(frame, *value)?;
                    self.environment.insert(Key::Result, value);
                }
                self.raise(Key::Returned)
            }
            Statement::Store { pointer, value } => {
                let (pointer, value) = (self.value(frame, *pointer)?, self.value(frame, *value)?);
                match pointer {
                    Value::Pointer(pointer) => self.store(&pointer, &value),
                    Value::Unknown(why) => self.unknown(why),
                    _ => self.type_refused(),
                }
            }
            Statement::Call { function, arguments, result } => {
                let values: Lowered<Vec<Value>> = arguments.iter().map(|argument| self.value(frame, *argument)).collect();
                let value = self.call(&self.task.module.functions[*function], values?)?;
                frame.cache.extend(result.map(|result| (result, value)));
                Ok(())
            }
            Statement::Kill => Stop::failed("`discard` is for images", "Return a large value where the point makes no sense."),
            _ => Stop::failed("lanes know nothing of each other: no atomics, barriers, textures or subgroups", ""),
        }
    }

    fn raise(&mut self, flag: Key) -> Lowered<()> {
        self.environment.insert(flag, Value::truth(true));
        Ok(())
    }

    /// The cases of a switch, as a chain of conditions.
    fn cases(&mut self, frame: &mut Frame<'a>, selector: &Whole, cases: &'a [SwitchCase]) -> Lowered<()> {
        // Several selectors of one body fall through to it; `default` is asked last, wherever it stands.
        let mut bodies: Vec<(Vec<SwitchValue>, &'a Block)> = Vec::new();
        let mut selectors = Vec::new();
        for case in cases {
            selectors.push(case.value);
            if !case.fall_through {
                bodies.push((std::mem::take(&mut selectors), &case.body));
            }
        }
        bodies.sort_by_key(|(selectors, _)| selectors.contains(&SwitchValue::Default));
        self.chain(frame, selector, &bodies)
    }

    fn chain(&mut self, frame: &mut Frame<'a>, selector: &Whole, bodies: &[(Vec<SwitchValue>, &'a Block)]) -> Lowered<()> {
        let Some(((selectors, body), rest)) = bodies.split_first() else { return Ok(()) };
        let mut condition = Truth::Known(false);
        for value in selectors {
            let value: i64 = match value {
                SwitchValue::I32(value) => (*value).into(),
                SwitchValue::U32(value) => (*value).into(),
                SwitchValue::Default => return self.block(frame, body),
            };
            let value = Whole { signed: selector.signed, count: Count::Index(Affine::constant(value)) };
            if let Value::Truth(equal) = self.whole_binary(naga::BinaryOperator::Equal, selector, &value)? {
                if let Truth::Relation(relation) = &equal {
                    self.split(relation).map_or(Ok(()), Err)?;
                }
                condition = self.or(&condition, &equal);
            }
        }
        self.either(frame, &condition, |this, frame, side| if side { this.block(frame, body) } else { this.chain(frame, selector, rest) })
    }

    /// Where the innermost loop of a relation is to be cut, so that its answer is one on either side.
    fn split(&self, relation: &Relation) -> Option<Stop> {
        let loops = &self.graph.loops;
        let difference = &relation.difference;
        let &(variable, factor) = difference.terms.iter().max_by_key(|term| loops[term.0 as usize].level)?;
        let rest = difference.substitute(variable, &Affine::constant(0));
        // a + f v = 0 at v = -a / f.
        let at = match (relation.test, factor) {
            (_, 1) => Affine::constant(0).plus(-1, &rest),
            (Test::Negative, -1) => rest.plus(1, &Affine::constant(1)),
            (_, -1) => rest,
            (test, factor) => {
                let value = rest.as_constant()?;
                let exact = -value as f64 / factor as f64;
                match test {
                    Test::Negative if factor > 0 => Affine::constant(exact.ceil() as i64),
                    Test::Negative => Affine::constant(exact.floor() as i64 + 1),
                    _ if exact.fract() == 0.0 => Affine::constant(exact as i64),
                    _ => return None,
                }
            }
        };
        let range = &loops[variable as usize];
        let at = if relation.test != Test::Negative && at == range.start { at.plus(1, &Affine::constant(1)) } else { at };
        let inside = at != range.start
            && at != range.end
            && extreme(&at.plus(-1, &range.start), -1, loops) >= 0
            && extreme(&range.end.plus(-1, &at), -1, loops) >= 0;
        (inside && self.open.contains(&variable)).then_some(Stop::Split { variable, at })
    }
}
