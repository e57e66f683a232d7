//! Arithmetic: in what order, and what stays in the register.

use super::super::super::graph::{Id, Op, Unary};
use super::{After, Code, Compiler, First, Instruction, NOTHING, Operand, Operator, Second, as_arithmetic, at};

/// The highest tree that waits: it is compiled by recursion.
const HIGHEST: u32 = 32;

impl Compiler<'_> {
    /// Compiles the definition of a value by arithmetic.
    pub(super) fn arithmetic(&mut self, id: Id, may_wait: bool) {
        let height = |id: Id| self.waiting.get(&id).copied().unwrap_or(0);
        let height = 1 + self.graph.operands(self.graph.op(id)).map(height).max().unwrap_or(0);
        if may_wait && height <= HIGHEST {
            self.waiting.insert(id, height);
        } else {
            if may_wait {
                // It stays until its reader comes, which may be further away.
                self.passing.remove(&id);
            }
            self.compute(id);
        }
    }

    /// Leaves a value in the register, computed from operands of which some may still wait.
    fn compute(&mut self, id: Id) {
        let Some((operator, a, b)) = as_arithmetic(self.graph.op(id)) else { unreachable!("only arithmetic waits") };
        if let Some((operator, a, product)) = self.with_product(operator, a, b) {
            let scaled = self.compute_but_scaling(a);
            return self.combine(id, operator, (a, scaled), product);
        }
        // The one computed last is in the register when it is needed.
        let waiting = |id: Id| self.waiting.contains_key(&id);
        let (operator, a, b) = if waiting(b) && !waiting(a) { (exchanged(operator), b, a) } else { (operator, a, b) };
        self.compute_waiting(b);
        let scaled = self.compute_but_scaling(a);
        if a == b && operator != Operator::Mul {
            self.overwrite(&[]);
        }
        let in_register = self.held == Some(a) || scaled.is_some();
        let better = self.held == Some(b) || (self.is_number(a) && !self.is_number(b)) || (self.kept_at(b) > self.kept_at(a));
        let (operator, a, b) = if !in_register && better { (exchanged(operator), b, a) } else { (operator, a, b) };
        self.combine(id, operator, (a, scaled), b);
    }

    fn compute_waiting(&mut self, id: Id) {
        if self.waiting.remove(&id).is_some() {
            self.compute(id);
        }
    }

    /// Computes a value that waits; if it is a number times one that waits or is in the register, that one only. Returns
    /// that one and the number.
    fn compute_but_scaling(&mut self, id: Id) -> Option<(Id, Id)> {
        let scaled = self.product(id).filter(|&(a, b)| {
            let in_register = self.waiting.contains_key(&a) || self.held == Some(a);
            self.is_number(b) && !self.is_number(a) && in_register
        });
        match scaled {
            Some((a, _)) => {
                self.waiting.remove(&id);
                self.compute_waiting(a);
            }
            None => self.compute_waiting(id),
        }
        scaled
    }

    /// `a . b` as one value in the register or a row, and a product that the same instruction can compute, if it is that.
    fn with_product(&self, operator: Operator, a: Id, b: Id) -> Option<(Operator, Id, Id)> {
        let sum = matches!(operator, Operator::Add | Operator::Sub);
        let fits = |a: Id, b: Id| {
            let Some((c, d)) = self.product(b) else { return false };
            let ready = |id: Id| !self.waiting.contains_key(&id) && id != a;
            let in_row = |id: Id| self.held != Some(id) && self.kept_at(id).is_none();
            ready(c)
                && ready(d)
                && if self.waiting.contains_key(&a) || self.held == Some(a) {
                    c == d || (in_row(c) && in_row(d))
                } else {
                    in_row(a) && !self.is_number(a) && in_row(c) && in_row(d)
                }
        };
        match sum {
            true if fits(a, b) => Some((operator, a, b)),
            true if fits(b, a) => Some((exchanged(operator), b, a)),
            _ => None,
        }
    }

    /// The factors of a product that waits; the second may be a number.
    fn product(&self, id: Id) -> Option<(Id, Id)> {
        match as_arithmetic(self.graph.op(id)) {
            Some((Operator::Mul, a, b)) if self.waiting.contains_key(&id) => {
                Some(if self.is_number(a) && !self.is_number(b) { (b, a) } else { (a, b) })
            }
            _ => None,
        }
    }

    /// Emits `id = a . b`, with a from the register if it is there; b is computed, or a product that waits. Of a, which may
    /// be a value times a number, there may be no more than that value yet.
    fn combine(&mut self, id: Id, operator: Operator, (a, scaled): (Id, Option<(Id, Id)>), b: Id) {
        let factors = self.product(b);
        let scaled = scaled.filter(|&(value, number)| {
            let ready = match factors {
                Some((c, _)) => self.kept_at(c).is_some(),
                None => b != a && b != value && !self.is_number(b),
            };
            let fits = ready && matches!(operator, Operator::Add | Operator::Sub | Operator::From);
            if !fits {
                self.combine(a, Operator::Mul, (value, None), number);
            }
            fits
        });
        let value = scaled.map_or(a, |scaled| scaled.0);
        let in_register = self.held == Some(value);
        match factors {
            Some((c, d)) => self.overwrite(&[value, c, d]),
            None => self.overwrite(&[value, b]),
        }
        let (second, places) = match factors {
            Some((c, d)) if c == d => match self.kept_at(c) {
                Some(slot) => ([Second::SquareA, Second::SquareB][slot], [NOTHING; 2]),
                None => (Second::Squared, [self.operand(c), NOTHING]),
            },
            Some((c, d)) => match self.second(d) {
                (Second::Number, number) => (Second::Scaled, [self.operand(c), number]),
                (_, row) => (Second::Product, [self.operand(c), row]),
            },
            None if a == b && operator == Operator::Mul => (Second::Same, [NOTHING; 2]),
            None => {
                let (second, place) = self.second(b);
                (second, [place, NOTHING])
            }
        };
        let (first, place) = match scaled {
            Some((_, number)) => (First::Scaled, self.second(number).1),
            None if in_register => (First::Register, NOTHING),
            None => match self.kept_at(a) {
                Some(slot) if operator == Operator::Mul && matches!(second, Second::Same | Second::Number) => {
                    ([First::KeptA, First::KeptB][slot], NOTHING)
                }
                Some(slot) => {
                    self.push(Code::Take(slot), NOTHING, &[]);
                    (First::Register, NOTHING)
                }
                None => (First::Row, self.operand(a)),
            },
        };
        self.push(Code::Arithmetic(first, operator, second, After::Nothing), NOTHING, &[place, places[0], places[1]]);
        self.held = Some(id);
        self.release(a);
        if let Some((value, number)) = scaled {
            self.release(value);
            self.release(number);
        }
        self.release(b);
        if let Some((c, d)) = factors {
            self.waiting.remove(&b);
            self.release(c);
            self.release(d);
        }
    }

    /// What is to be negated, and that, if nothing else reads the negation.
    fn negated(&mut self, value: Id) -> (Id, bool) {
        match self.graph.op(value) {
            Op::Unary(Unary::Neg, positive) if self.waiting.remove(&value).is_some() => (positive, true),
            _ => (value, false),
        }
    }

    /// Emits `to += value`, or `to -= value` if the value is to be negated and nothing else reads that.
    pub(super) fn add_to(&mut self, to: Operand, value: Id) {
        let (value, negated) = self.negated(value);
        let from_register = if negated { Operator::From } else { Operator::Add };
        if let Some((factor, number)) = self.compute_but_scaling(value) {
            self.overwrite(&[factor]);
            let number_place = self.second(number).1;
            self.push(Code::Arithmetic(First::Scaled, from_register, Second::Row, After::Put), to, &[number_place, to]);
            self.release(factor);
            self.release(number);
        } else if self.bring_to_register(value) {
            self.push(Code::Arithmetic(First::Register, from_register, Second::Row, After::Put), to, &[NOTHING, to]);
        } else {
            let operator = if negated { Operator::Sub } else { Operator::Add };
            let (second, place) = self.second(value);
            self.push(Code::Arithmetic(First::Row, operator, second, After::Put), to, &[to, place]);
        }
        self.release(value);
    }

    /// Emits `to = value`, which stays in the register, as nothing has been added to `to` so far.
    pub(super) fn put(&mut self, to: Operand, value: Id) {
        let (value, negated) = self.negated(value);
        self.compute_waiting(value);
        if !negated && self.held == Some(value) {
            self.then(After::Put, to);
        } else {
            let zero = self.number(0.0);
            let (first, place) = if self.bring_to_register(value) { (First::Register, NOTHING) } else { (First::Row, self.operand(value)) };
            let operator = if negated { Operator::From } else { Operator::Add };
            self.push(Code::Arithmetic(first, operator, Second::Number, After::Put), to, &[place, zero]);
        }
        self.release(value);
    }

    /// Takes a value to the register, to be used up, unless it is in a row or a number. Whether it did.
    fn bring_to_register(&mut self, value: Id) -> bool {
        let in_register = self.held == Some(value);
        self.overwrite(&[value]);
        let slot = if in_register { None } else { self.kept_at(value) };
        if let Some(slot) = slot {
            self.push(Code::Take(slot), NOTHING, &[]);
        }
        in_register || slot.is_some()
    }

    /// Which of the kept values it is.
    pub(super) fn kept_at(&self, id: Id) -> Option<usize> {
        self.kept.iter().position(|&kept| kept == Some(id))
    }

    /// Keeps the value in the register, or gives it a row, if it is read again after the next instruction, which reads
    /// `operands`.
    pub(super) fn overwrite(&mut self, operands: &[Id]) {
        let Some(held) = self.held.take() else { return };
        let now = operands.iter().filter(|&&id| id == held).count() as u32;
        if self.uses[&held] <= now {
            return;
        }
        let free = self.kept.iter().position(Option::is_none).filter(|_| self.passing.contains(&held));
        if let Some(slot) = free {
            self.kept[slot] = Some(held);
            self.then([After::KeepA, After::KeepB][slot], NOTHING);
        } else {
            let row = Operand { row: self.take(), offset: 0 };
            self.places.insert(held, row);
            self.then(After::Put, row);
        }
    }

    /// Has something done with the register, by the instruction before if that does nothing else with it.
    fn then(&mut self, what: After, to: Operand) {
        match self.instructions.last_mut() {
            Some(Instruction { code: Code::Arithmetic(.., after @ After::Nothing), operands }) => {
                *after = what;
                operands[at::D] = to;
            }
            _ => self.push(Code::Stay(what), to, &[]),
        }
    }

    /// A second operand, and its place.
    fn second(&mut self, id: Id) -> (Second, Operand) {
        if let Some(value) = self.graph.as_constant(id) {
            return (Second::Number, self.number(value));
        }
        if let Some(slot) = self.kept_at(id) {
            return ([Second::KeptA, Second::KeptB][slot], NOTHING);
        }
        let kind = if self.is_number(id) { Second::Number } else { Second::Row };
        (kind, self.operand(id))
    }

    /// A constant among the numbers.
    pub(super) fn number(&mut self, value: f64) -> Operand {
        let next = self.layout.data + self.numbers.len() as u32;
        Operand { row: *self.numbers.entry(value.to_bits()).or_insert(next), ..NOTHING }
    }

    /// Whether a value is one number for all lanes.
    pub(super) fn is_uniform(&self, id: Id) -> bool {
        matches!(self.graph.op(id), Op::Constant(_) | Op::Data(..))
    }

    /// Whether it can be read as one number: constants can, also where some instructions need them in a row.
    pub(super) fn is_number(&self, id: Id) -> bool {
        match self.graph.op(id) {
            Op::Constant(_) => true,
            Op::Data(..) => !self.in_rows.contains(&id),
            _ => false,
        }
    }
}

/// The operator for exchanged operands.
fn exchanged(operator: Operator) -> Operator {
    match operator {
        Operator::Sub => Operator::From,
        Operator::From => Operator::Sub,
        Operator::Div => Operator::Into,
        Operator::Into => Operator::Div,
        other => other,
    }
}
