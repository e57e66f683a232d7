//! Arithmetic: in what order, and what stays in the register.

use super::super::super::graph::{Id, Op, Unary};
use super::{Code, Compiler, First, NOTHING, Operand, Operator, Second, as_arithmetic, at};

/// The highest tree that waits: it is compiled by recursion.
const HIGHEST: u32 = 32;

impl Compiler<'_> {
    /// Compiles the definition of a value by arithmetic.
    pub(super) fn arithmetic(&mut self, id: Id, may_wait: bool) {
        let height = |id: Id| self.waiting.get(&id).copied().unwrap_or(0);
        let height = 1 + self.graph.op(id).operands().map(height).max().unwrap_or(0);
        if may_wait && height <= HIGHEST {
            self.waiting.insert(id, height);
        } else {
            self.compute(id);
        }
    }

    /// Leaves a value in the register, computed from operands of which some may still wait.
    fn compute(&mut self, id: Id) {
        let Some((operator, a, b)) = as_arithmetic(self.graph.op(id)) else { unreachable!("only arithmetic waits") };
        if let Some((operator, a, product)) = self.with_product(operator, a, b) {
            self.compute_waiting(a);
            return self.combine(id, operator, a, product);
        }
        // The one computed last is in the register when it is needed.
        self.compute_waiting(b);
        self.compute_waiting(a);
        if a == b && operator != Operator::Mul {
            self.overwrite(&[]);
        }
        let exchange = self.held != Some(a) && (self.held == Some(b) || (self.is_number(a) && !self.is_number(b)));
        let (operator, a, b) = if exchange { (exchanged(operator), b, a) } else { (operator, a, b) };
        self.combine(id, operator, a, b);
    }

    fn compute_waiting(&mut self, id: Id) {
        if self.waiting.remove(&id).is_some() {
            self.compute(id);
        }
    }

    /// `a . b` as one value in the register, and a product that the same instruction can compute, if it is that.
    fn with_product(&self, operator: Operator, a: Id, b: Id) -> Option<(Operator, Id, Id)> {
        let sum = matches!(operator, Operator::Add | Operator::Sub);
        let fits = |a: Id, b: Id| {
            let Some((c, d)) = self.product(b) else { return false };
            let ready = |id: Id| !self.waiting.contains_key(&id) && id != a;
            ready(c) && ready(d) && (self.waiting.contains_key(&a) || self.held == Some(a))
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

    /// Emits `id = a . b`, with a from the register if it is there; b is computed, or a product that waits.
    fn combine(&mut self, id: Id, operator: Operator, a: Id, b: Id) {
        let factors = self.product(b);
        let first = if self.held == Some(a) { First::Register } else { First::Row };
        match factors {
            Some((c, d)) => self.overwrite(&[a, c, d]),
            None => self.overwrite(&[a, b]),
        }
        let place = if first == First::Row { self.operand(a) } else { NOTHING };
        let (second, places) = match factors {
            Some((c, d)) if c == d => (Second::Squared, [self.operand(c), NOTHING]),
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
        self.push(Code::Arithmetic(first, operator, second, false), NOTHING, &[place, places[0], places[1]]);
        self.held = Some(id);
        self.release(a);
        self.release(b);
        if let Some((c, d)) = factors {
            self.waiting.remove(&b);
            self.release(c);
            self.release(d);
        }
    }

    /// Emits `to += value`, or `to -= value` if the value is to be negated and nothing else reads that.
    pub(super) fn add_to(&mut self, to: Operand, value: Id) {
        let (value, negated) = match self.graph.op(value) {
            Op::Unary(Unary::Neg, positive) if self.waiting.remove(&value).is_some() => (positive, true),
            _ => (value, false),
        };
        self.compute_waiting(value);
        let in_register = self.held == Some(value);
        self.overwrite(&[value]);
        if in_register {
            let operator = if negated { Operator::From } else { Operator::Add };
            self.push(Code::Arithmetic(First::Register, operator, Second::Row, true), to, &[NOTHING, to]);
        } else {
            let operator = if negated { Operator::Sub } else { Operator::Add };
            let (second, place) = self.second(value);
            self.push(Code::Arithmetic(First::Row, operator, second, true), to, &[to, place]);
        }
        self.release(value);
    }

    /// Gives the value in the register a row if it is read again after the next instruction, which reads `operands`.
    pub(super) fn overwrite(&mut self, operands: &[Id]) {
        let Some(held) = self.held.take() else { return };
        let now = operands.iter().filter(|&&id| id == held).count() as u32;
        if self.uses[&held] > now {
            let row = Operand { row: self.take(), offset: 0 };
            self.places.insert(held, row);
            if let Some(last) = self.instructions.last_mut()
                && let Code::Arithmetic(_, _, _, store) = &mut last.code
            {
                *store = true;
                last.operands[at::D] = row;
            }
        }
    }

    /// A second operand, and its place.
    fn second(&mut self, id: Id) -> (Second, Operand) {
        if let Some(value) = self.graph.as_constant(id) {
            return (Second::Number, self.number(value));
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
