//! Operators, on scalars and part by part.

use naga::{BinaryOperator as Operator, ScalarKind, UnaryOperator};

use super::super::affine::Affine;
use super::super::graph::{Binary, Id, Unary};
use super::lower::Lowering;
use super::value::{Count, Lowered, Relation, Stop, Test, Truth, Value, Whole};

impl Lowering<'_> {
    pub(super) fn binary_value(&mut self, op: Operator, a: &Value, b: &Value) -> Lowered<Value> {
        self.charge(1)?;
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => self.number_binary(op, *a, *b),
            (Value::Whole(a), Value::Whole(b)) => self.whole_binary(op, a, b),
            (Value::Truth(a), Value::Truth(b)) => self.truth_binary(op, a, b),
            (Value::Unknown(why), _) | (_, Value::Unknown(why)) => self.unknown(why),
            _ if op == Operator::Multiply && a.depth().max(b.depth()) == 2 => self.product(a, b),
            _ => self.each(a, b, &mut |this, a, b| this.binary_value(op, a, b)),
        }
    }

    /// `operation` on the parts of two values, or on a scalar and the parts of a value.
    pub(super) fn each(
        &mut self,
        a: &Value,
        b: &Value,
        operation: &mut dyn FnMut(&mut Self, &Value, &Value) -> Lowered<Value>,
    ) -> Lowered<Value> {
        let parts: Lowered<Vec<Value>> = match (a.depth(), b.depth()) {
            (0, 0) => return operation(self, a, b),
            (0, _) => self.parts(b)?.iter().map(|b| self.each(a, b, operation)).collect(),
            (_, 0) => self.parts(a)?.iter().map(|a| self.each(a, b, operation)).collect(),
            _ => {
                let (a, b) = (self.parts(a)?, self.parts(b)?);
                a.iter().zip(b.iter()).map(|(a, b)| self.each(a, b, operation)).collect()
            }
        };
        Ok(Value::parts(parts?))
    }

    /// `operation` on every scalar of a value.
    pub(super) fn every(&mut self, a: &Value, operation: &mut dyn FnMut(&mut Self, &Value) -> Lowered<Value>) -> Lowered<Value> {
        if a.depth() == 0 {
            return operation(self, a);
        }
        let parts: Lowered<Vec<Value>> = self.parts(a)?.iter().map(|part| self.every(part, operation)).collect();
        Ok(Value::parts(parts?))
    }

    /// A product with a matrix in it.
    fn product(&mut self, a: &Value, b: &Value) -> Lowered<Value> {
        match (a.depth(), b.depth()) {
            // The columns, each times its component, added up.
            (2, 1) => {
                let (columns, vector) = (self.parts(a)?, self.parts(b)?);
                let mut sum: Option<Value> = None;
                for (column, factor) in columns.iter().zip(vector.iter()) {
                    let scaled = self.binary_value(Operator::Multiply, column, factor)?;
                    sum = Some(match sum {
                        Some(sum) => self.binary_value(Operator::Add, &sum, &scaled)?,
                        None => scaled,
                    });
                }
                sum.map_or_else(|| self.type_refused(), Ok)
            }
            (1, 2) => {
                let columns: Lowered<Vec<Value>> = self.parts(b)?.iter().map(|column| self.dot(a, column)).collect();
                Ok(Value::parts(columns?))
            }
            (2, 2) => {
                let columns: Lowered<Vec<Value>> = self.parts(b)?.iter().map(|column| self.product(a, column)).collect();
                Ok(Value::parts(columns?))
            }
            _ => self.each(a, b, &mut |this, a, b| this.binary_value(Operator::Multiply, a, b)),
        }
    }

    /// The sum of the products of the parts of two vectors.
    pub(super) fn dot(&mut self, a: &Value, b: &Value) -> Lowered<Value> {
        let products = self.binary_value(Operator::Multiply, a, b)?;
        let products = self.parts(&products)?;
        let Some((first, rest)) = products.split_first() else { return self.type_refused() };
        rest.iter().try_fold(first.clone(), |sum, next| self.binary_value(Operator::Add, &sum, next))
    }

    fn number_binary(&mut self, op: Operator, a: Id, b: Id) -> Lowered<Value> {
        let number = |id: Lowered<Id>| Ok(Value::Number(id?));
        match op {
            Operator::Add => number(self.binary(Binary::Add, a, b)),
            Operator::Subtract => number(self.binary(Binary::Sub, a, b)),
            Operator::Multiply => number(self.binary(Binary::Mul, a, b)),
            Operator::Divide => number(self.binary(Binary::Div, a, b)),
            Operator::Modulo => {
                let quotient = self.binary(Binary::Div, a, b)?;
                let whole = self.truncated(quotient)?;
                let product = self.binary(Binary::Mul, b, whole)?;
                number(self.binary(Binary::Sub, a, product))
            }
            _ => {
                let (comparison, a, b) = match op {
                    Operator::Less => (Binary::Less, a, b),
                    Operator::LessEqual => (Binary::LessEqual, a, b),
                    Operator::Greater => (Binary::Less, b, a),
                    Operator::GreaterEqual => (Binary::LessEqual, b, a),
                    Operator::Equal | Operator::NotEqual => (Binary::Equal, a, b),
                    _ => return Stop::failed("this operation is not for numbers", ""),
                };
                let id = self.binary(comparison, a, b)?;
                let truth = self.truth_of(id);
                Ok(Value::Truth(if op == Operator::NotEqual { self.not(&truth) } else { truth }))
            }
        }
    }

    fn truth_binary(&mut self, op: Operator, a: &Truth, b: &Truth) -> Lowered<Value> {
        let truth = match op {
            Operator::LogicalAnd | Operator::And => self.and(a, b),
            Operator::LogicalOr | Operator::InclusiveOr => self.or(a, b),
            Operator::Equal | Operator::NotEqual | Operator::ExclusiveOr => {
                let (x, y) = (self.truth_number(a), self.truth_number(b));
                let id = self.graph.binary(Binary::Equal, x, y);
                let same = self.truth_of(id);
                if op == Operator::Equal { same } else { self.not(&same) }
            }
            _ => return Stop::failed("this operation is not for conditions", ""),
        };
        Ok(Value::Truth(truth))
    }

    pub(super) fn and(&mut self, a: &Truth, b: &Truth) -> Truth {
        match (a, b) {
            (Truth::Known(false), _) | (_, Truth::Known(false)) => Truth::Known(false),
            (Truth::Known(true), other) | (other, Truth::Known(true)) => other.clone(),
            _ => {
                let (x, y) = (self.truth_number(a), self.truth_number(b));
                let id = self.graph.binary(Binary::Mul, x, y);
                self.truth_of(id)
            }
        }
    }

    pub(super) fn or(&mut self, a: &Truth, b: &Truth) -> Truth {
        match (a, b) {
            (Truth::Known(true), _) | (_, Truth::Known(true)) => Truth::Known(true),
            (Truth::Known(false), other) | (other, Truth::Known(false)) => other.clone(),
            _ => {
                let (x, y) = (self.truth_number(a), self.truth_number(b));
                let id = self.graph.binary(Binary::Max, x, y);
                self.truth_of(id)
            }
        }
    }

    pub(super) fn not(&mut self, a: &Truth) -> Truth {
        match a {
            Truth::Known(known) => Truth::Known(!known),
            Truth::Relation(relation) => Truth::Relation(relation.clone().not()),
            Truth::Value(id) => {
                let zero = self.graph.constant(0.0);
                let id = self.graph.binary(Binary::Equal, *id, zero);
                self.truth_of(id)
            }
        }
    }

    /// 1 or 0.
    pub(super) fn truth_number(&mut self, truth: &Truth) -> Id {
        match truth {
            Truth::Known(known) => self.graph.constant(f64::from(u8::from(*known))),
            Truth::Value(id) => *id,
            Truth::Relation(Relation { difference, test }) => {
                let (number, zero) = (self.graph.number(difference.clone()), self.graph.constant(0.0));
                match test {
                    Test::Negative => self.graph.binary(Binary::Less, number, zero),
                    Test::Zero => self.graph.binary(Binary::Equal, number, zero),
                    Test::NotZero => {
                        let equal = self.graph.binary(Binary::Equal, number, zero);
                        self.graph.binary(Binary::Equal, equal, zero)
                    }
                }
            }
        }
    }

    pub(super) fn unary_value(&mut self, op: UnaryOperator, a: &Value) -> Lowered<Value> {
        self.every(a, &mut |this, a| match (op, a) {
            (UnaryOperator::Negate, Value::Number(a)) => Ok(Value::Number(this.unary(Unary::Neg, *a)?)),
            (UnaryOperator::Negate, Value::Whole(a)) => this.whole_negated(a),
            (UnaryOperator::LogicalNot, Value::Truth(a)) => Ok(Value::Truth(this.not(a))),
            (UnaryOperator::BitwiseNot, Value::Whole(a)) if a.constant().is_some() => {
                let minus = this.whole_negated(a)?;
                this.binary_value(Operator::Subtract, &minus, &Value::index(a.signed, Affine::constant(1)))
            }
            (_, Value::Unknown(why)) => this.unknown(why),
            _ => Stop::failed("this operation is for constants only", ""),
        })
    }

    /// `f32(a)`, `i32(a)`, `u32(a)`, `bool(a)`
    pub(super) fn converted(&mut self, kind: ScalarKind, a: &Value) -> Lowered<Value> {
        self.every(a, &mut |this, a| {
            if let (Value::Unknown(why), _) = (a, kind) {
                return this.unknown(why);
            }
            match (kind, a) {
                (ScalarKind::Float, _) => Ok(Value::Number(this.scalar(a)?)),
                (ScalarKind::Bool, Value::Truth(_)) => Ok(a.clone()),
                (ScalarKind::Bool, Value::Whole(whole)) => {
                    let zero = Whole { signed: whole.signed, count: Count::Index(Affine::constant(0)) };
                    this.whole_binary(Operator::NotEqual, whole, &zero)
                }
                (ScalarKind::Bool, Value::Number(number)) => {
                    let zero = this.graph.constant(0.0);
                    this.number_binary(Operator::NotEqual, *number, zero)
                }
                (ScalarKind::Sint | ScalarKind::Uint, _) => {
                    let signed = kind == ScalarKind::Sint;
                    match a {
                        Value::Whole(whole) if whole.constant().is_some() => {
                            let zero = Whole { signed, count: Count::Index(Affine::constant(0)) };
                            this.whole_binary(Operator::Add, &Whole { signed, ..whole.clone() }, &zero)
                        }
                        Value::Whole(whole) => Ok(Value::Whole(Whole { signed, count: whole.count.clone() })),
                        Value::Truth(Truth::Known(known)) => Ok(Value::index(signed, Affine::constant((*known).into()))),
                        Value::Truth(truth) => {
                            let count = Count::Number(this.truth_number(truth));
                            Ok(Value::Whole(Whole { signed, count }))
                        }
                        _ => {
                            let number = this.number(a)?;
                            this.cut_off(signed, number)
                        }
                    }
                }
                _ => this.type_refused(),
            }
        })
    }

    /// `then` where the condition holds, else `otherwise`, part by part.
    pub(super) fn chosen(&mut self, condition: &Truth, then: &Value, otherwise: &Value) -> Lowered<Value> {
        if let Truth::Known(known) = condition {
            return Ok(if *known { then.clone() } else { otherwise.clone() });
        }
        if then.is_same(otherwise) {
            return Ok(then.clone());
        }
        self.charge(1)?;
        match (then, otherwise) {
            (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Ok(Value::Unknown(why)),
            (Value::Pointer(_), _) | (_, Value::Pointer(_)) => Ok(Value::Unknown("a pointer that points to one of several places")),
            (Value::Truth(a), Value::Truth(b)) => {
                let (c, x, y) = (self.truth_number(condition), self.truth_number(a), self.truth_number(b));
                let id = self.graph.select(c, x, y);
                Ok(Value::Truth(self.truth_of(id)))
            }
            (Value::Number(_) | Value::Whole(_), _) => {
                let (c, x, y) = (self.truth_number(condition), self.scalar(then)?, self.scalar(otherwise)?);
                let id = self.graph.select(c, x, y);
                Ok(self.scalar_like(then, id))
            }
            _ => {
                let (a, b) = (self.parts(then)?, self.parts(otherwise)?);
                let parts: Lowered<Vec<Value>> = a.iter().zip(b.iter()).map(|(a, b)| self.chosen(condition, a, b)).collect();
                Ok(Value::parts(parts?))
            }
        }
    }

    /// The number without its fraction, towards zero.
    pub(super) fn truncated(&mut self, number: Id) -> Lowered<Id> {
        let floor = self.unary(Unary::Floor, number)?;
        if self.graph.nonnegative(number) {
            return Ok(floor);
        }
        let ceiling = self.ceiling(number)?;
        let zero = self.graph.constant(0.0);
        let below = self.graph.binary(Binary::Less, number, zero);
        Ok(self.graph.select(below, ceiling, floor))
    }

    /// The least integer not below.
    pub(super) fn ceiling(&mut self, number: Id) -> Lowered<Id> {
        let minus = self.unary(Unary::Neg, number)?;
        let floor = self.unary(Unary::Floor, minus)?;
        self.unary(Unary::Neg, floor)
    }
}
