//! The functions that WGSL has built in.

use naga::{BinaryOperator as Operator, MathFunction as Function};

use super::super::graph::{Binary, Id, Unary};
use super::lower::Lowering;
use super::value::{Lowered, Stop, Value};

impl Lowering<'_> {
    pub(super) fn called_builtin(&mut self, function: Function, arguments: &[Value]) -> Lowered<Value> {
        match arguments {
            [a] => self.of_one(function, a),
            [a, b] => self.of_two(function, a, b),
            [a, b, c] => self.of_three(function, a, b, c),
            _ => not_for_objectives(),
        }
    }

    /// `f` on every component.
    fn numbers(&mut self, a: &Value, f: &mut dyn FnMut(&mut Self, Id) -> Lowered<Id>) -> Lowered<Value> {
        self.every(a, &mut |this, a| {
            let a = this.number(a)?;
            Ok(Value::Number(f(this, a)?))
        })
    }

    fn pairs(&mut self, a: &Value, b: &Value, f: &mut dyn FnMut(&mut Self, Id, Id) -> Lowered<Id>) -> Lowered<Value> {
        self.each(a, b, &mut |this, a, b| {
            let (a, b) = (this.number(a)?, this.number(b)?);
            Ok(Value::Number(f(this, a, b)?))
        })
    }

    fn of_one(&mut self, function: Function, a: &Value) -> Lowered<Value> {
        let plain = match function {
            Function::Cos => Some(Unary::Cos),
            Function::Cosh => Some(Unary::Cosh),
            Function::Sin => Some(Unary::Sin),
            Function::Sinh => Some(Unary::Sinh),
            Function::Tan => Some(Unary::Tan),
            Function::Tanh => Some(Unary::Tanh),
            Function::Acos => Some(Unary::Acos),
            Function::Asin => Some(Unary::Asin),
            Function::Atan => Some(Unary::Atan),
            Function::Floor => Some(Unary::Floor),
            Function::Exp => Some(Unary::Exp),
            Function::Log => Some(Unary::Ln),
            Function::Log2 => Some(Unary::Log2),
            Function::Sqrt => Some(Unary::Sqrt),
            _ => None,
        };
        if let Some(op) = plain {
            return self.numbers(a, &mut |this, a| this.unary(op, a));
        }
        match function {
            Function::Abs => self.every(a, &mut |this, a| match a {
                Value::Whole(whole) => {
                    let minus = this.whole_negated(whole)?;
                    let minus = this.whole(&minus)?;
                    this.whole_extreme(Binary::Max, whole, &minus)
                }
                _ => {
                    let a = this.number(a)?;
                    Ok(Value::Number(this.unary(Unary::Abs, a)?))
                }
            }),
            Function::Sign => self.every(a, &mut |this, a| {
                let number = this.scalar(a)?;
                let (zero, one, minus) = (this.graph.constant(0.0), this.graph.constant(1.0), this.graph.constant(-1.0));
                let (above, below) = (this.graph.binary(Binary::Less, zero, number), this.graph.binary(Binary::Less, number, zero));
                let rest = this.graph.select(below, minus, zero);
                let id = this.graph.select(above, one, rest);
                Ok(this.scalar_like(a, id))
            }),
            Function::Saturate => self.numbers(a, &mut |this, a| {
                let (zero, one) = (this.graph.constant(0.0), this.graph.constant(1.0));
                let a = this.binary(Binary::Max, a, zero)?;
                this.binary(Binary::Min, a, one)
            }),
            Function::Radians | Function::Degrees => {
                let factor = if function == Function::Radians { 1_f64.to_radians() } else { 1_f64.to_degrees() };
                self.numbers(a, &mut |this, a| {
                    let factor = this.graph.constant(factor);
                    this.binary(Binary::Mul, factor, a)
                })
            }
            Function::Ceil => self.numbers(a, &mut |this, a| this.ceiling(a)),
            Function::Trunc => self.numbers(a, &mut |this, a| this.truncated(a)),
            Function::Round => self.numbers(a, &mut |this, a| this.rounded(a)),
            Function::Fract => self.numbers(a, &mut |this, a| {
                let floor = this.unary(Unary::Floor, a)?;
                this.binary(Binary::Sub, a, floor)
            }),
            // The structure of the fraction and the whole part.
            Function::Modf => {
                let whole = self.numbers(a, &mut |this, a| this.truncated(a))?;
                let fraction = self.binary_value(Operator::Subtract, a, &whole)?;
                Ok(Value::parts(vec![fraction, whole]))
            }
            Function::Exp2 => self.numbers(a, &mut |this, a| {
                let two = this.graph.constant(2.0);
                this.binary(Binary::Pow, two, a)
            }),
            Function::InverseSqrt => self.numbers(a, &mut |this, a| {
                let (one, root) = (this.graph.constant(1.0), this.unary(Unary::Sqrt, a)?);
                this.binary(Binary::Div, one, root)
            }),
            Function::Asinh | Function::Acosh | Function::Atanh => self.numbers(a, &mut |this, a| this.inverse_hyperbolic(function, a)),
            Function::Length => self.length(a),
            Function::Normalize => {
                let length = self.length(a)?;
                self.binary_value(Operator::Divide, a, &length)
            }
            Function::Transpose => {
                let columns = self.parts(a)?;
                let columns: Lowered<Vec<_>> = columns.iter().map(|column| self.parts(column)).collect();
                let columns = columns?;
                let rows = columns.first().map_or(0, |column| column.len());
                Ok(Value::parts((0..rows).map(|row| Value::parts(columns.iter().map(|column| column[row].clone()).collect())).collect()))
            }
            Function::Determinant => {
                let columns = self.parts(a)?;
                let columns: Lowered<Vec<Vec<Value>>> = columns.iter().map(|column| Ok(self.parts(column)?.to_vec())).collect();
                self.determinant(&columns?)
            }
            _ => not_for_objectives(),
        }
    }

    fn of_two(&mut self, function: Function, a: &Value, b: &Value) -> Lowered<Value> {
        match function {
            Function::Min | Function::Max => {
                let op = if function == Function::Min { Binary::Min } else { Binary::Max };
                self.each(a, b, &mut |this, a, b| this.lesser_or_greater(op, a, b))
            }
            Function::Atan2 => self.pairs(a, b, &mut |this, a, b| this.binary(Binary::Atan2, a, b)),
            Function::Pow => self.pairs(a, b, &mut |this, a, b| this.binary(Binary::Pow, a, b)),
            Function::Step => self.pairs(a, b, &mut |this, edge, x| Ok(this.graph.binary(Binary::LessEqual, edge, x))),
            Function::Dot => self.dot(a, b),
            Function::Cross => self.cross(a, b),
            Function::Distance => {
                let difference = self.binary_value(Operator::Subtract, a, b)?;
                self.length(&difference)
            }
            Function::Reflect => {
                // a - 2 (b . a) b
                let two = Value::Number(self.graph.constant(2.0));
                let dot = self.dot(b, a)?;
                let twice = self.binary_value(Operator::Multiply, &two, &dot)?;
                let along = self.binary_value(Operator::Multiply, &twice, b)?;
                self.binary_value(Operator::Subtract, a, &along)
            }
            Function::Ldexp => {
                let exponent = self.whole(b)?.constant();
                let Some(exponent) = exponent.filter(|e| (-1022..=1023).contains(e)) else {
                    return Stop::failed("`ldexp` takes a constant exponent here", "Write a * exp2(f32(e)).");
                };
                let factor = Value::Number(self.graph.constant(2_f64.powi(exponent as i32)));
                self.binary_value(Operator::Multiply, a, &factor)
            }
            _ => not_for_objectives(),
        }
    }

    fn of_three(&mut self, function: Function, a: &Value, b: &Value, c: &Value) -> Lowered<Value> {
        match function {
            Function::Clamp => {
                let above = self.each(a, b, &mut |this, a, b| this.lesser_or_greater(Binary::Max, a, b))?;
                self.each(&above, c, &mut |this, a, c| this.lesser_or_greater(Binary::Min, a, c))
            }
            Function::Mix => {
                // a (1 - c) + b c
                let one = Value::Number(self.graph.constant(1.0));
                let rest = self.binary_value(Operator::Subtract, &one, c)?;
                let (a, b) = (self.binary_value(Operator::Multiply, a, &rest)?, self.binary_value(Operator::Multiply, b, c)?);
                self.binary_value(Operator::Add, &a, &b)
            }
            Function::Fma => {
                let product = self.each(a, b, &mut |this, a, b| this.binary_value(Operator::Multiply, a, b))?;
                self.binary_value(Operator::Add, &product, c)
            }
            Function::SmoothStep => {
                // t^2 (3 - 2 t) with t = (c - a) / (b - a) held in 0..1
                let (above, width) = (self.binary_value(Operator::Subtract, c, a)?, self.binary_value(Operator::Subtract, b, a)?);
                let t = self.binary_value(Operator::Divide, &above, &width)?;
                let t = self.of_one(Function::Saturate, &t)?;
                let (two, three) = (Value::Number(self.graph.constant(2.0)), Value::Number(self.graph.constant(3.0)));
                let twice = self.binary_value(Operator::Multiply, &two, &t)?;
                let (rest, square) =
                    (self.binary_value(Operator::Subtract, &three, &twice)?, self.binary_value(Operator::Multiply, &t, &t)?);
                self.binary_value(Operator::Multiply, &square, &rest)
            }
            _ => not_for_objectives(),
        }
    }

    fn lesser_or_greater(&mut self, op: Binary, a: &Value, b: &Value) -> Lowered<Value> {
        if let (Value::Whole(a), Value::Whole(b)) = (a, b) {
            return self.whole_extreme(op, a, b);
        }
        let (a, b) = (self.number(a)?, self.number(b)?);
        Ok(Value::Number(self.binary(op, a, b)?))
    }

    fn length(&mut self, a: &Value) -> Lowered<Value> {
        if a.depth() == 0 {
            return self.of_one(Function::Abs, a);
        }
        let square = self.dot(a, a)?;
        self.of_one(Function::Sqrt, &square)
    }

    fn cross(&mut self, a: &Value, b: &Value) -> Lowered<Value> {
        let (a, b) = (self.parts(a)?, self.parts(b)?);
        let ([_, _, _], [_, _, _]) = (&a[..], &b[..]) else { return self.type_refused() };
        let mut parts = Vec::new();
        for k in 0..3 {
            let (i, j) = ((k + 1) % 3, (k + 2) % 3);
            let (plus, minus) =
                (self.binary_value(Operator::Multiply, &a[i], &b[j])?, self.binary_value(Operator::Multiply, &a[j], &b[i])?);
            parts.push(self.binary_value(Operator::Subtract, &plus, &minus)?);
        }
        Ok(Value::parts(parts))
    }

    /// By minors of the first column.
    fn determinant(&mut self, columns: &[Vec<Value>]) -> Lowered<Value> {
        if let [column] = columns {
            return Ok(column[0].clone());
        }
        let mut sum = Value::Number(self.graph.constant(0.0));
        for row in 0..columns.len() {
            let minor: Vec<Vec<Value>> = columns[1..]
                .iter()
                .map(|column| column.iter().enumerate().filter(|(k, _)| *k != row).map(|(_, value)| value.clone()).collect())
                .collect();
            let minor = self.determinant(&minor)?;
            let term = self.binary_value(Operator::Multiply, &columns[0][row], &minor)?;
            sum = self.binary_value(if row % 2 == 0 { Operator::Add } else { Operator::Subtract }, &sum, &term)?;
        }
        Ok(sum)
    }

    /// To the nearest integer, of two the even one.
    fn rounded(&mut self, a: Id) -> Lowered<Id> {
        let floor = self.unary(Unary::Floor, a)?;
        let rest = self.binary(Binary::Sub, a, floor)?;
        let (zero, half, one, two) =
            (self.graph.constant(0.0), self.graph.constant(0.5), self.graph.constant(1.0), self.graph.constant(2.0));
        let pairs = self.binary(Binary::Mul, half, floor)?;
        let pairs = self.unary(Unary::Floor, pairs)?;
        let even = self.binary(Binary::Mul, two, pairs)?;
        let odd = self.binary(Binary::Sub, floor, even)?;
        let (above, tie) = (self.graph.binary(Binary::Less, half, rest), self.graph.binary(Binary::Equal, half, rest));
        let other = self.graph.select(tie, odd, zero);
        let up = self.graph.select(above, one, other);
        self.binary(Binary::Add, floor, up)
    }

    fn inverse_hyperbolic(&mut self, function: Function, a: Id) -> Lowered<Id> {
        let one = self.graph.constant(1.0);
        match function {
            // sign(a) ln(|a| + sqrt(a^2 + 1)): without the sign, what is added up cancels.
            Function::Asinh => {
                let (size, zero) = (self.unary(Unary::Abs, a)?, self.graph.constant(0.0));
                let root = self.binary(Binary::Hypot, a, one)?;
                let sum = self.binary(Binary::Add, size, root)?;
                let value = self.unary(Unary::Ln, sum)?;
                let minus = self.unary(Unary::Neg, value)?;
                let below = self.graph.binary(Binary::Less, a, zero);
                Ok(self.graph.select(below, minus, value))
            }
            // ln(a + sqrt((a - 1) (a + 1)))
            Function::Acosh => {
                let (below, above) = (self.binary(Binary::Sub, a, one)?, self.binary(Binary::Add, a, one)?);
                let product = self.binary(Binary::Mul, below, above)?;
                let root = self.unary(Unary::Sqrt, product)?;
                let sum = self.binary(Binary::Add, a, root)?;
                self.unary(Unary::Ln, sum)
            }
            // ln((1 + a) / (1 - a)) / 2
            _ => {
                let (above, below) = (self.binary(Binary::Add, one, a)?, self.binary(Binary::Sub, one, a)?);
                let quotient = self.binary(Binary::Div, above, below)?;
                let logarithm = self.unary(Unary::Ln, quotient)?;
                let half = self.graph.constant(0.5);
                self.binary(Binary::Mul, half, logarithm)
            }
        }
    }
}

fn not_for_objectives<T>() -> Lowered<T> {
    Stop::failed(
        "this built-in function can't be differentiated, or is not for numbers",
        "Of WGSL's functions an objective has those of numbers, vectors and matrices; not frexp, refract, and those of bits and packed data.",
    )
}
