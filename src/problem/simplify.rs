//! How values enter the graph: constants are folded and identities applied, all of them exact where operands are finite.

use super::affine::{Affine, LoopId};
use super::graph::{Binary, Graph, Id, Op, Unary};

impl Graph {
    pub(crate) fn constant(&mut self, value: f64) -> Id {
        // One zero: -0 and 0 differ in no objective that is differentiable there.
        let value = if value == 0.0 { 0.0 } else { value };
        self.intern(Op::Constant(value.to_bits()))
    }

    pub(crate) fn coordinate(&mut self, index: Affine) -> Id {
        let index = self.intern_affine(index);
        self.intern(Op::Coordinate(index))
    }

    pub(crate) fn parameter(&mut self, index: Affine) -> Id {
        let index = self.intern_affine(index);
        self.intern(Op::Parameter(index))
    }

    pub(crate) fn data(&mut self, array: u32, index: Affine) -> Id {
        let index = self.intern_affine(index);
        self.intern(Op::Data(array, index))
    }

    pub(crate) fn number(&mut self, index: Affine) -> Id {
        if let Some(constant) = index.as_constant() {
            return self.constant(constant as f64);
        }
        let index = self.intern_affine(index);
        self.intern(Op::Number(index))
    }

    pub(crate) fn unary(&mut self, op: Unary, a: Id) -> Id {
        if let Some(value) = self.as_constant(a) {
            let folded = fold_unary(op, value);
            if folded.is_finite() {
                return self.constant(folded);
            }
        }
        match (op, self.op(a)) {
            (Unary::Neg, Op::Unary(Unary::Neg, b)) => b,
            (Unary::Neg, Op::Binary(Binary::Sub, b, c)) => self.binary(Binary::Sub, c, b),
            (Unary::Abs, Op::Unary(Unary::Neg, b)) => self.unary(Unary::Abs, b),
            (Unary::Abs, _) if self.nonnegative(a) => a,
            _ => self.intern(Op::Unary(op, a)),
        }
    }

    pub(crate) fn binary(&mut self, op: Binary, a: Id, b: Id) -> Id {
        let constants = (self.as_constant(a), self.as_constant(b));
        if let (Some(x), Some(y)) = constants {
            let folded = fold_binary(op, x, y);
            if folded.is_finite() {
                return self.constant(folded);
            }
        }
        match op {
            Binary::Add => self.add(a, b),
            Binary::Sub => self.sub(a, b),
            Binary::Mul => self.mul(a, b),
            Binary::Div => match constants {
                (_, Some(1.0)) => a,
                (_, Some(y)) if is_power_of_two(y) => {
                    let reciprocal = self.constant(1.0 / y);
                    self.mul(a, reciprocal)
                }
                _ => self.intern(Op::Binary(op, a, b)),
            },
            Binary::Min | Binary::Max if a == b => a,
            Binary::Pow => match constants.1 {
                Some(y) if y.fract() == 0.0 && y.abs() <= f64::from(i32::MAX) => self.power(a, y as i32),
                Some(0.5) => self.unary(Unary::Sqrt, a),
                _ => self.intern(Op::Binary(op, a, b)),
            },
            Binary::Hypot | Binary::Equal => {
                let (a, b) = (a.min(b), a.max(b));
                self.intern(Op::Binary(op, a, b))
            }
            _ => self.intern(Op::Binary(op, a, b)),
        }
    }

    fn add(&mut self, a: Id, b: Id) -> Id {
        match (self.as_constant(a), self.as_constant(b)) {
            (Some(0.0), _) => return b,
            (_, Some(0.0)) => return a,
            _ => {}
        }
        if a == b {
            let two = self.constant(2.0);
            return self.mul(two, a);
        }
        if let Some((factor, c, d)) = self.common_factor(a, b) {
            let sum = self.add(c, d);
            return self.mul(factor, sum);
        }
        match (self.op(a), self.op(b)) {
            (_, Op::Unary(Unary::Neg, c)) => self.sub(a, c),
            (Op::Unary(Unary::Neg, c), _) => self.sub(b, c),
            _ => self.intern(Op::Binary(Binary::Add, a.min(b), a.max(b))),
        }
    }

    fn sub(&mut self, a: Id, b: Id) -> Id {
        match (self.as_constant(a), self.as_constant(b)) {
            (_, Some(0.0)) => return a,
            (Some(0.0), _) => return self.unary(Unary::Neg, b),
            _ => {}
        }
        if let Some((factor, c, d)) = self.common_factor(a, b) {
            let difference = self.sub(c, d);
            return self.mul(factor, difference);
        }
        match (self.op(a), self.op(b)) {
            (_, Op::Unary(Unary::Neg, c)) => self.add(a, c),
            // -a - b = -(a + b): what is added up in the end is then subtracted.
            (Op::Unary(Unary::Neg, c), _) if self.varies_with(c, b) => {
                let sum = self.add(c, b);
                self.unary(Unary::Neg, sum)
            }
            _ => self.intern(Op::Binary(Binary::Sub, a, b)),
        }
    }

    fn mul(&mut self, a: Id, b: Id) -> Id {
        // A constant stands first.
        let (a, b) = if self.as_constant(b).is_some() || (self.as_constant(a).is_none() && b < a) { (b, a) } else { (a, b) };
        if let Some(x) = self.as_constant(a) {
            if x == 1.0 {
                return b;
            }
            if x == -1.0 {
                return self.unary(Unary::Neg, b);
            }
            match self.op(b) {
                Op::Binary(Binary::Mul, c, d) => {
                    // Exact as long as one factor is a power of two.
                    if let Some(y) = self.as_constant(c)
                        && (is_power_of_two(x) || is_power_of_two(y))
                        && (x * y).is_normal()
                    {
                        let product = self.constant(x * y);
                        return self.mul(product, d);
                    }
                }
                Op::Unary(Unary::Neg, c) => {
                    let negated = self.constant(-x);
                    return self.mul(negated, c);
                }
                _ => {}
            }
        }
        match (self.op(a), self.op(b)) {
            (Op::Unary(Unary::Neg, c), Op::Unary(Unary::Neg, d)) => self.mul(c, d),
            // The sign moves out, to where an addition takes it.
            (Op::Unary(Unary::Neg, c), _) if self.varies_with(c, b) => self.negated_product(c, b),
            (_, Op::Unary(Unary::Neg, d)) if self.varies_with(d, a) => self.negated_product(a, d),
            // So does a power of two, to where it can be taken out of a sum.
            (Op::Binary(Binary::Mul, factor, c), _) if self.can_move(factor) && self.varies_with(c, b) => self.scaled_product(factor, c, b),
            (_, Op::Binary(Binary::Mul, factor, d)) if self.can_move(factor) && self.varies_with(d, a) => self.scaled_product(factor, a, d),
            _ => self.intern(Op::Binary(Binary::Mul, a, b)),
        }
    }

    fn negated_product(&mut self, a: Id, b: Id) -> Id {
        let product = self.mul(a, b);
        self.unary(Unary::Neg, product)
    }

    /// Whether a factor may be multiplied by later than it was written: a power of two, above 1, so that nothing overflows
    /// which did not before, and not far, so that nothing that matters underflows.
    fn can_move(&self, factor: Id) -> bool {
        self.as_constant(factor).is_some_and(|x| is_power_of_two(x) && x > 1.0 && x <= 16.0)
    }

    fn scaled_product(&mut self, factor: Id, a: Id, b: Id) -> Id {
        let product = self.mul(a, b);
        self.mul(factor, product)
    }

    /// The common factor of two products and what it multiplies, if it can be taken out.
    fn common_factor(&self, a: Id, b: Id) -> Option<(Id, Id, Id)> {
        match (self.op(a), self.op(b)) {
            (Op::Binary(Binary::Mul, x, c), Op::Binary(Binary::Mul, y, d)) if x == y && self.can_move(x) => Some((x, c, d)),
            _ => None,
        }
    }

    /// Whether `a` changes in every loop that `b` changes in; if not, its negation costs less than theirs together.
    fn varies_with(&self, a: Id, b: Id) -> bool {
        self.depends(b).iter().all(|variable| self.depends(a).contains(variable))
    }

    /// `base^exponent`. It stays one operation until differentiated; see [`Graph::expand_power`].
    pub(crate) fn power(&mut self, base: Id, exponent: i32) -> Id {
        if let Some(value) = self.as_constant(base) {
            let folded = value.powi(exponent);
            if folded.is_finite() {
                return self.constant(folded);
            }
        }
        match exponent {
            0 => self.constant(1.0),
            1 => base,
            _ => self.intern(Op::Power(base, exponent)),
        }
    }

    /// A power written out as products, by repeated squaring.
    pub(super) fn expand_power(&mut self, base: Id, exponent: i32) -> Id {
        if exponent < 0 {
            let one = self.constant(1.0);
            let power = self.expand_positive(base, exponent.unsigned_abs());
            return self.binary(Binary::Div, one, power);
        }
        self.expand_positive(base, exponent.unsigned_abs())
    }

    fn expand_positive(&mut self, base: Id, exponent: u32) -> Id {
        match exponent {
            0 => self.constant(1.0),
            1 => base,
            k if k.is_multiple_of(2) => {
                let half = self.expand_positive(base, k / 2);
                self.mul(half, half)
            }
            k => {
                let rest = self.expand_positive(base, k - 1);
                self.mul(rest, base)
            }
        }
    }

    pub(crate) fn select(&mut self, condition: Id, then: Id, otherwise: Id) -> Id {
        if then == otherwise {
            return then;
        }
        match self.as_constant(condition) {
            Some(0.0) => otherwise,
            Some(_) => then,
            None => self.intern(Op::Select(condition, then, otherwise)),
        }
    }

    /// The sum of `body` over `variable`; of a body that does not vary, the count times the body.
    pub(crate) fn sum(&mut self, variable: LoopId, body: Id) -> Id {
        if self.most_trips(variable) == 0 || self.as_constant(body) == Some(0.0) {
            return self.constant(0.0);
        }
        if !self.depends(body).contains(&variable)
            && let Some(count) = self.trip_count(variable)
        {
            let count = self.number(count);
            return self.binary(Binary::Mul, count, body);
        }
        self.intern(Op::Sum(variable, body))
    }
}

fn is_power_of_two(value: f64) -> bool {
    const MANTISSA: u64 = (1 << 52) - 1;
    value.is_normal() && value.to_bits() & MANTISSA == 0
}

fn fold_unary(op: Unary, a: f64) -> f64 {
    match op {
        Unary::Neg => -a,
        Unary::Abs => a.abs(),
        Unary::Sqrt => a.sqrt(),
        Unary::Exp => a.exp(),
        Unary::Ln => a.ln(),
        Unary::Log2 => a.log2(),
        Unary::Sin => a.sin(),
        Unary::Cos => a.cos(),
        Unary::Tan => a.tan(),
        Unary::Asin => a.asin(),
        Unary::Acos => a.acos(),
        Unary::Atan => a.atan(),
        Unary::Sinh => a.sinh(),
        Unary::Cosh => a.cosh(),
        Unary::Tanh => a.tanh(),
        Unary::Erf => libm::erf(a),
        Unary::Floor => a.floor(),
    }
}

fn fold_binary(op: Binary, a: f64, b: f64) -> f64 {
    let truth = |holds: bool| f64::from(u8::from(holds));
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Min => a.min(b),
        Binary::Max => a.max(b),
        Binary::Pow => a.powf(b),
        Binary::Atan2 => a.atan2(b),
        Binary::Hypot => a.hypot(b),
        Binary::Less => truth(a < b),
        Binary::LessEqual => truth(a <= b),
        Binary::Equal => truth(a == b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_operations_are_one_value() {
        let mut g = Graph::new();
        let (x, y) = (g.coordinate(Affine::constant(0)), g.coordinate(Affine::constant(1)));
        assert_eq!(g.binary(Binary::Add, x, y), g.binary(Binary::Add, y, x), "addition commutes");
        assert_eq!(g.binary(Binary::Mul, x, y), g.binary(Binary::Mul, y, x), "multiplication commutes");
        assert_ne!(g.binary(Binary::Sub, x, y), g.binary(Binary::Sub, y, x), "subtraction does not");
    }

    #[test]
    fn constants_fold_and_powers_of_two_gather() {
        let mut g = Graph::new();
        let x = g.coordinate(Affine::constant(0));
        let (two, three) = (g.constant(2.0), g.constant(3.0));
        let doubled = g.binary(Binary::Mul, two, x);
        let six = g.constant(6.0);
        assert_eq!(g.binary(Binary::Mul, three, doubled), g.binary(Binary::Mul, six, x), "3 (2 x) = 6 x exactly");
        let tripled = g.binary(Binary::Mul, three, x);
        let nine = g.constant(9.0);
        assert_ne!(g.binary(Binary::Mul, three, tripled), g.binary(Binary::Mul, nine, x), "3 (3 x) may round otherwise");
    }

    #[test]
    fn a_product_with_zero_is_kept() {
        let mut g = Graph::new();
        let x = g.coordinate(Affine::constant(0));
        let zero = g.constant(0.0);
        let product = g.binary(Binary::Mul, x, zero);
        assert_eq!(g.as_constant(product), None, "infinity times zero is not zero");
    }

    #[test]
    fn a_sum_of_what_does_not_vary_is_a_product() {
        let mut g = Graph::new();
        let x = g.coordinate(Affine::constant(0));
        let range = g.intern_loop(super::super::affine::Loop::new(0, Affine::constant(2), Affine::constant(7)));
        let five = g.constant(5.0);
        assert_eq!(g.sum(range, x), g.binary(Binary::Mul, five, x), "five rounds");
    }

    #[test]
    fn powers_of_two_move_out_of_products_and_sums() {
        let mut g = Graph::new();
        let (x, y) = (g.coordinate(Affine::constant(0)), g.coordinate(Affine::constant(1)));
        let (two, three) = (g.constant(2.0), g.constant(3.0));
        let (doubled, product) = (g.binary(Binary::Mul, two, x), g.binary(Binary::Mul, x, y));
        let (moved, twice) = (g.binary(Binary::Mul, doubled, y), g.binary(Binary::Mul, two, product));
        assert_eq!(moved, twice, "2x y = 2(x y)");
        let (other, sum) = (g.binary(Binary::Mul, two, y), g.binary(Binary::Add, x, y));
        let (added, twice) = (g.binary(Binary::Add, doubled, other), g.binary(Binary::Mul, two, sum));
        assert_eq!(added, twice, "2x + 2y = 2(x + y)");
        let tripled = g.binary(Binary::Mul, three, x);
        let product = g.binary(Binary::Mul, tripled, y);
        assert_eq!(g.op(product), Op::Binary(Binary::Mul, y.min(tripled), y.max(tripled)), "3x is rounded");
    }
}
