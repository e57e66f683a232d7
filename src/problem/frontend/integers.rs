//! Integers: exact where they are made of constants and loop variables, else computed as numbers.

use naga::BinaryOperator as Operator;

use super::super::affine::{Affine, extreme};
use super::super::graph::{Binary, Id, Unary};
use super::lower::Lowering;
use super::value::{Count, Lowered, Relation, Stop, Test, Truth, Value, Whole};

/// The least and the greatest value of the type.
fn limits(signed: bool) -> (i64, i64) {
    if signed { (i32::MIN.into(), i32::MAX.into()) } else { (0, u32::MAX.into()) }
}

/// As the device has it: 32 bits, the rest cut off.
fn wrapped(signed: bool, value: i128) -> i64 {
    let bits = value.rem_euclid(1 << 32) as i64;
    if signed && bits > i64::from(i32::MAX) { bits - (1 << 32) } else { bits }
}

/// `value` after an operation of integers, which is another one where it is more than 32 bits hold.
fn constant(signed: bool, value: i128) -> Whole {
    Whole { signed, count: Count::Index(Affine::constant(wrapped(signed, value))) }
}

const NOT_AFFINE: &str =
    "Integers that loops run through are added, and multiplied by constants; nest two loops where this would divide them.";

impl Lowering<'_> {
    /// The value as a number of the graph.
    pub(super) fn whole_number(&mut self, whole: &Whole) -> Lowered<Id> {
        match &whole.count {
            Count::Number(id) => Ok(*id),
            Count::Index(index) => {
                self.in_limits(whole.signed, index)?;
                Ok(self.graph.number(index.clone()))
            }
        }
    }

    /// An error where an index may leave what its type holds: the device would go on with another number.
    fn in_limits(&self, signed: bool, index: &Affine) -> Lowered<()> {
        let (least, most) = limits(signed);
        let (low, high) = (extreme(index, -1, &self.graph.loops), extreme(index, 1, &self.graph.loops));
        if low < least || high > most {
            let kind = if signed { "i32" } else { "u32" };
            return Stop::failed(
                format!("this {kind} may be {}, which it can't hold", if low < least { low } else { high }),
                "Write it so that it stays in range: add before subtracting, or use i32.",
            );
        }
        Ok(())
    }

    /// The index that a value is.
    pub(super) fn index(&self, value: &Value) -> Lowered<Affine> {
        match self.whole(value)?.count {
            Count::Index(index) => Ok(index),
            Count::Number(_) => Stop::failed(
                "this index is no sum of loop variables and constants",
                "Elements are read at indices such as i, n - 1u - i or 3u * i + j, with loop variables i and j; not at what depends on the point, nor at \
                 quotients and remainders: nest two loops instead.",
            ),
        }
    }

    pub(super) fn whole_binary(&mut self, op: Operator, a: &Whole, b: &Whole) -> Lowered<Value> {
        let signed = a.signed;
        if let Some(truth) = self.compared(op, a, b)? {
            return Ok(Value::Truth(truth));
        }
        if let (Some(x), Some(y)) = (a.constant(), b.constant()) {
            return Ok(Value::Whole(constants(op, signed, x, y)?));
        }
        let count = match (op, &a.count, &b.count) {
            (Operator::Add, Count::Index(x), Count::Index(y)) => Count::Index(x.plus(1, y)),
            (Operator::Subtract, Count::Index(x), Count::Index(y)) => Count::Index(x.plus(-1, y)),
            (Operator::Multiply, Count::Index(x), Count::Index(y)) if y.as_constant().is_some() => {
                Count::Index(Affine::constant(0).plus(y.constant, x))
            }
            (Operator::Multiply, Count::Index(x), Count::Index(y)) if x.as_constant().is_some() => {
                Count::Index(Affine::constant(0).plus(x.constant, y))
            }
            (Operator::Divide | Operator::Modulo, Count::Index(x), Count::Index(y)) => return self.divided(op, signed, x, y),
            (Operator::ShiftLeft, Count::Index(x), Count::Index(y)) if (0..32).contains(&y.constant) && y.terms.is_empty() => {
                Count::Index(Affine::constant(0).plus(1 << y.constant, x))
            }
            (Operator::ShiftRight, Count::Index(x), Count::Index(y)) if (0..31).contains(&y.constant) && y.terms.is_empty() => {
                return self.divided(Operator::Divide, signed, x, &Affine::constant(1 << y.constant));
            }
            (Operator::And, Count::Index(x), Count::Index(y))
                if y.terms.is_empty() && y.constant >= 0 && (y.constant + 1).count_ones() == 1 =>
            {
                return self.divided(Operator::Modulo, signed, x, &Affine::constant(y.constant + 1));
            }
            (Operator::Add | Operator::Subtract | Operator::Multiply, ..) => {
                let (x, y) = (self.whole_number(a)?, self.whole_number(b)?);
                let op = match op {
                    Operator::Add => Binary::Add,
                    Operator::Subtract => Binary::Sub,
                    _ => Binary::Mul,
                };
                Count::Number(self.binary(op, x, y)?)
            }
            _ => return Stop::failed("this operation on integers is for constants only", NOT_AFFINE),
        };
        if let Count::Index(index) = &count
            && !is_moderate(index)
        {
            return Stop::failed("this integer is far from what 32 bits hold", "Every step of it must stay in range.");
        }
        Ok(Value::Whole(Whole { signed, count }))
    }

    /// An index divided by a constant: exact where it divides every coefficient, else by a number's floor.
    fn divided(&mut self, op: Operator, signed: bool, x: &Affine, y: &Affine) -> Lowered<Value> {
        let Some(by) = y.as_constant().filter(|by| *by > 0) else {
            return Stop::failed("an integer is divided by what is no positive constant", NOT_AFFINE);
        };
        self.in_limits(signed, x)?;
        if extreme(x, -1, &self.graph.loops) < 0 {
            return Stop::failed("an integer that may be negative is divided", "Write it so that it is at least 0.");
        }
        if x.terms.iter().all(|term| term.1 % by == 0) {
            let quotient = Affine { constant: x.constant.div_euclid(by), terms: x.terms.iter().map(|&(id, c)| (id, c / by)).collect() };
            let rest = Affine::constant(x.constant.rem_euclid(by));
            return Ok(Value::index(signed, if op == Operator::Divide { quotient } else { rest }));
        }
        // Half a unit more keeps the quotient off the integers, whatever the division rounds to.
        let (number, half, by) = (self.graph.number(x.clone()), self.graph.constant(0.5), self.graph.constant(by as f64));
        let above = self.binary(Binary::Add, number, half)?;
        let quotient = self.binary(Binary::Div, above, by)?;
        let quotient = self.unary(Unary::Floor, quotient)?;
        let count = if op == Operator::Divide {
            quotient
        } else {
            let whole = self.binary(Binary::Mul, by, quotient)?;
            self.binary(Binary::Sub, number, whole)?
        };
        Ok(Value::Whole(Whole { signed, count: Count::Number(count) }))
    }

    /// The answer to a comparison; none for another operation.
    fn compared(&mut self, op: Operator, a: &Whole, b: &Whole) -> Lowered<Option<Truth>> {
        let (flip, not, test, equality) = match op {
            Operator::Less => (false, false, Test::Negative, Binary::Less),
            Operator::Greater => (true, false, Test::Negative, Binary::Less),
            Operator::GreaterEqual => (false, true, Test::Negative, Binary::Less),
            Operator::LessEqual => (true, true, Test::Negative, Binary::Less),
            Operator::Equal => (false, false, Test::Zero, Binary::Equal),
            Operator::NotEqual => (false, true, Test::Zero, Binary::Equal),
            _ => return Ok(None),
        };
        let (a, b) = if flip { (b, a) } else { (a, b) };
        let truth = match (&a.count, &b.count) {
            (Count::Index(x), Count::Index(y)) => {
                self.in_limits(a.signed, x)?;
                self.in_limits(b.signed, y)?;
                self.decided(Relation { difference: x.plus(-1, y), test })
            }
            _ => {
                let (x, y) = (self.whole_number(a)?, self.whole_number(b)?);
                let id = self.binary(equality, x, y)?;
                self.truth_of(id)
            }
        };
        Ok(Some(if not { self.not(&truth) } else { truth }))
    }

    /// A relation, or its answer if that is the same all over the loops.
    pub(super) fn decided(&self, relation: Relation) -> Truth {
        let loops = &self.graph.loops;
        let (low, high) = (extreme(&relation.difference, -1, loops), extreme(&relation.difference, 1, loops));
        let known = match relation.test {
            Test::Negative if high < 0 => Some(true),
            Test::Negative if low >= 0 => Some(false),
            Test::Zero | Test::NotZero if low > 0 || high < 0 => Some(relation.test == Test::NotZero),
            Test::Zero | Test::NotZero if low == 0 && high == 0 => Some(relation.test == Test::Zero),
            _ => None,
        };
        known.map_or(Truth::Relation(relation), Truth::Known)
    }

    /// `min`, `max` or `clamp` step of two integers.
    pub(super) fn whole_extreme(&mut self, op: Binary, a: &Whole, b: &Whole) -> Lowered<Value> {
        if let (Count::Index(x), Count::Index(y)) = (&a.count, &b.count) {
            self.in_limits(a.signed, x)?;
            self.in_limits(b.signed, y)?;
            if let Truth::Known(less) = self.decided(Relation { difference: x.plus(-1, y), test: Test::Negative }) {
                return Ok(Value::Whole(if less == (op == Binary::Min) { a.clone() } else { b.clone() }));
            }
        }
        let (x, y) = (self.whole_number(a)?, self.whole_number(b)?);
        let id = self.binary(op, x, y)?;
        Ok(Value::Whole(Whole { signed: a.signed, count: Count::Number(id) }))
    }

    /// The integer that a number is cut off to.
    pub(super) fn cut_off(&mut self, signed: bool, number: Id) -> Lowered<Value> {
        if let Some(value) = self.graph.as_constant(number) {
            let (least, most) = limits(signed);
            let value = value.trunc().clamp(least as f64, most as f64) as i64;
            return Ok(Value::index(signed, Affine::constant(value)));
        }
        let mut cut = self.truncated(number)?;
        if !signed {
            let zero = self.graph.constant(0.0);
            cut = self.binary(Binary::Max, cut, zero)?;
        }
        Ok(Value::Whole(Whole { signed, count: Count::Number(cut) }))
    }

    pub(super) fn whole_negated(&mut self, whole: &Whole) -> Lowered<Value> {
        if let Some(value) = whole.constant() {
            return Ok(Value::Whole(constant(whole.signed, -i128::from(value))));
        }
        let count = match &whole.count {
            Count::Index(index) => Count::Index(Affine::constant(0).plus(-1, index)),
            Count::Number(id) => Count::Number(self.unary(Unary::Neg, *id)?),
        };
        Ok(Value::Whole(Whole { signed: whole.signed, count }))
    }
}

/// Whether sums and products of a few such indices are exact.
pub(super) fn is_moderate(index: &Affine) -> bool {
    const MOST: u64 = 1 << 40;
    index.constant.unsigned_abs() <= MOST && index.terms.iter().all(|term| term.1.unsigned_abs() <= MOST)
}

/// An operation on two constants.
fn constants(op: Operator, signed: bool, x: i64, y: i64) -> Lowered<Whole> {
    let (a, b) = (i128::from(x), i128::from(y));
    let value = match op {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide | Operator::Modulo if b == 0 => return Stop::failed("an integer is divided by zero", ""),
        Operator::Divide => a / b,
        Operator::Modulo => a % b,
        Operator::And => a & b,
        Operator::InclusiveOr => a | b,
        Operator::ExclusiveOr => a ^ b,
        Operator::ShiftLeft => a << (b & 31),
        Operator::ShiftRight => a >> (b & 31),
        _ => return Stop::failed("this operation is not for integers", ""),
    };
    Ok(constant(signed, value))
}
