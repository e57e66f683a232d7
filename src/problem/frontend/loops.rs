//! What there is to know of a loop before it is run: its counters, how often it runs, what it changes.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use naga::{BinaryOperator as Operator, Block, Expression, Handle, ScalarKind, Span, Statement};

use super::super::affine::{Affine, LoopId, extreme};
use super::facts::{Facts, root};
use super::integers::is_moderate;
use super::lower::Lowering;
use super::statements::flat;
use super::value::{Count, Frame, Key, Lowered, Stop, Value};

/// Stands for the number of the round while the number of rounds is found out.
const ROUND: LoopId = LoopId::MAX;
/// Sums of sums of counters that a condition of a loop may be made of.
const DEEPEST_BOUND: usize = 32;

/// A loop as the compiler has it: body, continuing, and the condition to leave after it.
pub(super) type Parts<'a> = (&'a Block, &'a Block, Option<Handle<Expression>>);

/// A variable that grows by the same in every round.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    pub(super) key: Key,
    pub(super) signed: bool,
    pub(super) start: Affine,
    pub(super) step: i64,
    /// Where it grows, among the statements of the loop.
    at: usize,
}

/// A loop that is understood.
#[derive(Clone)]
pub(super) struct Plan<'a> {
    /// Body and continuing, without the question whether to go on.
    pub(super) body: Vec<(&'a Statement, Span)>,
    pub(super) continuing: Vec<(&'a Statement, Span)>,
    /// What runs once more before the loop is left.
    pub(super) last: Vec<(&'a Statement, Span)>,
    /// The first is what the loop asks for.
    pub(super) counters: Vec<Counter>,
    /// The values of the loop's variable: those of the counter that it asks for, if it grows by one.
    pub(super) start: Affine,
    pub(super) rounds: Affine,
    /// What the counters have grown by after the loop.
    pub(super) grown: Vec<Affine>,
    pub(super) changed: BTreeSet<Key>,
    pub(super) facts: Rc<Facts>,
    /// The function that the loop is in.
    pub(super) frame: u32,
}

impl Counter {
    /// Its value in the round that the loop's variable is `at` in.
    pub(super) fn value(&self, at: &Affine, start: &Affine) -> Value {
        Value::index(self.signed, self.start.plus(self.step, &at.plus(-1, start)))
    }
}

impl<'a> Lowering<'a> {
    /// Finds out how a loop runs.
    pub(super) fn plan(&mut self, frame: &mut Frame<'a>, parts: Parts<'a>, span: Span) -> Lowered<Plan<'a>> {
        let (body, continuing, break_if) = parts;
        let facts = self.facts(frame, parts);
        let (mut body, continuing) = (flat(body), flat(continuing));
        let changed = self.changed(frame, &facts);
        let all: Vec<(&'a Statement, Span)> = body.iter().chain(&continuing).copied().collect();
        self.charge(all.len())?;
        let counters = self.counters(frame, &facts, &all);
        let mut guards: Vec<(usize, Handle<Expression>, bool)> = body
            .iter()
            .enumerate()
            .filter_map(|(k, (statement, _))| guard(statement).map(|(condition, goes_on)| (k, condition, goes_on)))
            .collect();
        guards.extend(break_if.map(|condition| (all.len(), condition, false)));
        for (at, condition, goes_on) in guards {
            let bound = Bound { facts: &facts, counters: &counters, changed: &changed, at, asked: Cell::new(None) };
            let Some((counter, rounds)) = self.rounds(frame, &bound, condition, goes_on).map_err(|stop| stop.at(span))? else { continue };
            let skipped = body[..at.min(body.len())].iter().any(|(statement, _)| continues(statement));
            if skipped && at < all.len() {
                continue;
            }
            // What stands before the question runs once more than what stands behind it.
            let (last, after) = if at < body.len() { (body[..at].to_vec(), true) } else { (all.clone(), false) };
            let mut rounds = rounds;
            if at < body.len() {
                body.remove(at);
            }
            let mut last = if last.iter().all(|(statement, _)| matches!(statement, Statement::Emit(_))) { Vec::new() } else { last };
            let ends_there = !after || (at == body.len() && continuing.is_empty());
            let may_be_none = extreme(&rounds, -1, &self.graph.loops) < 0;
            if may_be_none && !last.is_empty() {
                match rounds.as_constant() {
                    Some(_) => rounds = Affine::constant(0),
                    None => continue,
                }
            }
            let grown = |counter: &Counter| {
                let rounds = if counter.at < at { rounds.plus(1, &Affine::constant(1)) } else { rounds.clone() };
                Affine::constant(0).plus(counter.step, &rounds)
            };
            let mut counters = counters;
            counters.sort_by_key(|other| other.key != counter.key);
            let grown = counters.iter().map(grown).collect();
            if ends_there && !last.is_empty() {
                last.clear();
                rounds = rounds.plus(1, &Affine::constant(1));
            }
            let start = if counter.step == 1 { counter.start.clone() } else { Affine::constant(0) };
            return Ok(Plan { body, continuing, last, counters, start, rounds, grown, changed, facts, frame: frame.number });
        }
        Stop::failed(
            "how often this loop runs is not known",
            "Count its rounds by an integer: `for (var i = 0u; i < n; i++)`, with n made of constants, arrayLength and the loops around it, and the counter \
             changed in one place. To stop where something is reached, `break` inside of it: the loop then runs all its rounds, and the lane keeps what it had.",
        )
        .map_err(|stop: Stop| stop.at(span))
    }

    /// The integers that grow by a constant once a round.
    fn counters(&mut self, frame: &mut Frame<'a>, facts: &Facts, all: &[(&'a Statement, Span)]) -> Vec<Counter> {
        let mut counters = Vec::new();
        for (at, (statement, _)) in all.iter().enumerate() {
            let Statement::Store { pointer, value } = statement else { continue };
            let Expression::LocalVariable(local) = frame.expressions[*pointer] else { continue };
            let once = facts.stored.iter().any(|&(stored, times)| stored == local && times == 1);
            let key = Key::Local(frame.number, local);
            let Some(Value::Whole(whole)) = self.environment.get(&key).filter(|_| once) else { continue };
            let (signed, Count::Index(start)) = (whole.signed, whole.count.clone()) else { continue };
            let Expression::Binary { op, left, right } = frame.expressions[*value] else { continue };
            let own = |handle: Handle<Expression>| matches!(frame.expressions[handle], Expression::Load { pointer } if matches!(frame.expressions[pointer], Expression::LocalVariable(l) if l == local));
            let (sign, other) = match op {
                Operator::Add if own(left) => (1, right),
                Operator::Add if own(right) => (1, left),
                Operator::Subtract if own(left) => (-1, right),
                _ => continue,
            };
            if facts.emitted.contains(&other) {
                continue;
            }
            let Ok(Value::Whole(step)) = self.value(frame, other) else { continue };
            if let Some(step) = step.constant().filter(|step| *step != 0) {
                counters.push(Counter { key, signed, start, step: sign * step, at });
            }
        }
        counters
    }

    /// The counter that a condition asks for, and the number of rounds in which the loop goes on.
    fn rounds(
        &mut self,
        frame: &mut Frame<'a>,
        bound: &Bound<'_>,
        condition: Handle<Expression>,
        goes_on: bool,
    ) -> Lowered<Option<(Counter, Affine)>> {
        let (op, left, right) = match frame.expressions[condition] {
            Expression::Binary { op, left, right } => (op, left, right),
            _ => return Ok(None),
        };
        let (Some(left), Some(right)) = (self.bound(frame, bound, left, 0), self.bound(frame, bound, right, 0)) else { return Ok(None) };
        let op = if goes_on { op } else { negated(op) };
        let (low, high, strict) = match op {
            Operator::Less => (&left, &right, true),
            Operator::LessEqual => (&left, &right, false),
            Operator::Greater => (&right, &left, true),
            Operator::GreaterEqual => (&right, &left, false),
            Operator::NotEqual => (&left, &right, true),
            _ => return Ok(None),
        };
        // It goes on while low - high < 0, that is a + b round < 0.
        let mut difference = low.plus(-1, high);
        difference.constant -= i64::from(!strict);
        let mut b = difference.coefficient(ROUND);
        let mut a = difference.substitute(ROUND, &Affine::constant(0));
        if b == 0 {
            return Ok(None);
        }
        if op == Operator::NotEqual && b < 0 {
            (a, b) = (Affine::constant(0).plus(-1, &a), -b);
        }
        let asked = bound.asked.get();
        let Some(counter) = bound.counters.iter().find(|counter| Some(counter.key) == asked) else { return Ok(None) };
        const ENDLESS: &str = "A u32 is never below 0: count down with an i32, or while it is above 0.";
        if b < 0 {
            // It goes on for ever, unless it never begins.
            return if extreme(&a, -1, &self.graph.loops) >= 0 {
                Ok(Some((counter.clone(), Affine::constant(0))))
            } else {
                Stop::failed("this loop never ends", ENDLESS)
            };
        }
        let rounds = match a.as_constant() {
            Some(a) if op == Operator::NotEqual && a % b != 0 => {
                return Stop::failed("this loop never ends", "Its counter passes over the end: ask with <.");
            }
            Some(a) => Affine::constant((-a + b - 1).div_euclid(b)),
            None if a.terms.iter().all(|term| term.1 % b == 0) => {
                Affine { constant: (-a.constant + b - 1).div_euclid(b), terms: a.terms.iter().map(|&(id, c)| (id, -c / b)).collect() }
            }
            None => return Ok(None),
        };
        if op == Operator::NotEqual && extreme(&rounds, -1, &self.graph.loops) < 0 {
            return Stop::failed("this loop never ends where its counter begins beyond its end", "Ask with < or >.");
        }
        let at_end = counter.start.plus(counter.step, &rounds);
        if !counter.signed && counter.step < 0 && extreme(&at_end, -1, &self.graph.loops) < 0 && extreme(&rounds, 1, &self.graph.loops) > 0
        {
            return Stop::failed("this loop never ends", ENDLESS);
        }
        Ok(Some((counter.clone(), rounds)))
    }

    /// An integer of a loop's condition, with the number of the round in it; none if it is anything else.
    fn bound(&mut self, frame: &mut Frame<'a>, bound: &Bound<'_>, handle: Handle<Expression>, depth: usize) -> Option<Affine> {
        self.bound_of(frame, bound, handle, depth).filter(is_moderate)
    }

    fn bound_of(&mut self, frame: &mut Frame<'a>, bound: &Bound<'_>, handle: Handle<Expression>, depth: usize) -> Option<Affine> {
        if depth > DEEPEST_BOUND {
            return None;
        }
        if !bound.facts.emitted.contains(&handle) {
            let value = self.value(frame, handle).ok()?;
            return self.index(&value).ok();
        }
        match frame.expressions[handle] {
            Expression::Load { pointer } => {
                let local = root(frame, pointer)?;
                let key = Key::Local(frame.number, local);
                if let Some(counter) = bound.counters.iter().find(|counter| counter.key == key) {
                    bound.asked.set(Some(key));
                    let moved = if counter.at < bound.at { counter.step } else { 0 };
                    let start = counter.start.plus(moved, &Affine::constant(1));
                    return Some(start.plus(counter.step, &Affine::variable(ROUND)));
                }
                if bound.changed.contains(&key) || !matches!(frame.expressions[pointer], Expression::LocalVariable(_)) {
                    return None;
                }
                let value = self.environment.get(&key)?.clone();
                self.index(&value).ok()
            }
            Expression::Binary { op: op @ (Operator::Add | Operator::Subtract), left, right } => {
                let (left, right) = (self.bound(frame, bound, left, depth + 1)?, self.bound(frame, bound, right, depth + 1)?);
                Some(left.plus(if op == Operator::Add { 1 } else { -1 }, &right))
            }
            Expression::Binary { op: Operator::Multiply, left, right } => {
                let (left, right) = (self.bound(frame, bound, left, depth + 1)?, self.bound(frame, bound, right, depth + 1)?);
                let (factor, other) = if left.terms.is_empty() { (left, right) } else { (right, left) };
                factor.as_constant().map(|factor| Affine::constant(0).plus(factor, &other))
            }
            Expression::Binary { op: Operator::Divide, left, right } => {
                let left = self.bound(frame, bound, left, depth + 1)?.as_constant()?;
                left.checked_div(self.bound(frame, bound, right, depth + 1)?.as_constant()?).map(Affine::constant)
            }
            Expression::As { expr, kind: ScalarKind::Sint | ScalarKind::Uint, convert: Some(_) } => {
                self.bound(frame, bound, expr, depth + 1)
            }
            Expression::ArrayLength(_) => {
                let value = self.value(frame, handle).ok()?;
                self.index(&value).ok()
            }
            _ => None,
        }
    }
}

/// What a condition of a loop is read with.
struct Bound<'a> {
    facts: &'a Facts,
    counters: &'a [Counter],
    changed: &'a BTreeSet<Key>,
    /// Where it is asked, among the statements.
    at: usize,
    /// The counter that was met in it.
    asked: Cell<Option<Key>>,
}

/// `if condition { } else { break; }`, or the other way round: the condition, and whether the loop goes on where it holds.
fn guard(statement: &Statement) -> Option<(Handle<Expression>, bool)> {
    let Statement::If { condition, accept, reject } = statement else { return None };
    let leaves = |block: &Block| matches!(flat(block)[..], [(Statement::Break, _)]);
    match (accept.is_empty(), reject.is_empty()) {
        (true, false) if leaves(reject) => Some((*condition, true)),
        (false, true) if leaves(accept) => Some((*condition, false)),
        _ => None,
    }
}

/// Whether a statement may skip the rest of the round.
fn continues(statement: &Statement) -> bool {
    let within = |block: &Block| block.iter().any(continues);
    match statement {
        Statement::Continue => true,
        Statement::Block(inner) => within(inner),
        Statement::If { accept, reject, .. } => within(accept) || within(reject),
        Statement::Switch { cases, .. } => cases.iter().any(|case| within(&case.body)),
        _ => false,
    }
}

fn negated(op: Operator) -> Operator {
    match op {
        Operator::Less => Operator::GreaterEqual,
        Operator::LessEqual => Operator::Greater,
        Operator::Greater => Operator::LessEqual,
        Operator::GreaterEqual => Operator::Less,
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
        other => other,
    }
}
