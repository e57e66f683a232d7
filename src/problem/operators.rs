//! Operators and functions of traced values.

use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::graph::{Binary, Unary};
use super::trace::{Condition, Index, Operand, Scalar, Sealed, SealedOperand};

macro_rules! operator {
    ($trait:ident $method:ident, $assign_trait:ident $assign_method:ident) => {
        impl<'g> $trait for Scalar<'g> {
            type Output = Scalar<'g>;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
        impl<'g> $trait<f64> for Scalar<'g> {
            type Output = Scalar<'g>;
            fn $method(self, other: f64) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
        impl<'g> $trait<Scalar<'g>> for f64 {
            type Output = Scalar<'g>;
            fn $method(self, other: Scalar<'g>) -> Scalar<'g> {
                self.beside(other).binary(Binary::$trait, other)
            }
        }
        impl<'g> $assign_trait for Scalar<'g> {
            fn $assign_method(&mut self, other: Self) {
                *self = self.binary(Binary::$trait, other);
            }
        }
        impl $assign_trait<f64> for Scalar<'_> {
            fn $assign_method(&mut self, other: f64) {
                *self = self.binary(Binary::$trait, other);
            }
        }
    };
}

operator!(Add add, AddAssign add_assign);
operator!(Sub sub, SubAssign sub_assign);
operator!(Mul mul, MulAssign mul_assign);
operator!(Div div, DivAssign div_assign);

impl Neg for Scalar<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident $op:ident),* $(,)?) => {
        /// Functions of one number.
        impl<'g> Scalar<'g> {
            $($(#[$doc])* pub fn $name(self) -> Self { self.unary(Unary::$op) })*
        }
    };
}

functions! {
    /// |self|; at 0 its derivative is taken to be 1.
    abs Abs,
    /// The square root. Its derivative at 0 is infinite.
    sqrt Sqrt,
    /// e to the power self.
    exp Exp,
    /// The natural logarithm.
    ln Ln,
    /// The logarithm to base 2.
    log2 Log2,
    /// The sine of self in radians.
    sin Sin,
    /// The cosine of self in radians.
    cos Cos,
    /// The tangent of self in radians.
    tan Tan,
    /// The inverse sine, in radians, for self in [-1, 1].
    asin Asin,
    /// The inverse cosine, in radians, for self in [-1, 1].
    acos Acos,
    /// The inverse tangent, in radians.
    atan Atan,
    /// The hyperbolic sine.
    sinh Sinh,
    /// The hyperbolic cosine.
    cosh Cosh,
    /// The hyperbolic tangent.
    tanh Tanh,
    /// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to self.
    erf Erf,
    /// The greatest integer not above self. Its derivative is taken to be 0.
    floor Floor,
}

/// Functions of two numbers, and what is made of them.
impl<'g> Scalar<'g> {
    /// The lesser of two; where they are equal the derivative is self's.
    pub fn min(self, other: impl Operand<'g>) -> Self {
        self.binary(Binary::Min, other)
    }

    /// The greater of two; where they are equal the derivative is self's.
    pub fn max(self, other: impl Operand<'g>) -> Self {
        self.binary(Binary::Max, other)
    }

    /// self held between `low` and `high`.
    pub fn clamp(self, low: impl Operand<'g>, high: impl Operand<'g>) -> Self {
        self.max(low).min(high)
    }

    /// self to the power `exponent`, for self >= 0. A constant integer exponent takes any self, as
    /// [`powi`](Scalar::powi) does.
    pub fn powf(self, exponent: impl Operand<'g>) -> Self {
        self.binary(Binary::Pow, exponent)
    }

    /// The angle of the point (`x`, self), in radians, in (-pi, pi].
    pub fn atan2(self, x: impl Operand<'g>) -> Self {
        self.binary(Binary::Atan2, x)
    }

    /// sqrt(self^2 + other^2), without overflow on the way. Its derivative at the origin is taken to be 0.
    pub fn hypot(self, other: impl Operand<'g>) -> Self {
        self.binary(Binary::Hypot, other)
    }

    /// 1 / self.
    pub fn recip(self) -> Self {
        1.0 / self
    }

    /// Where self < other.
    pub fn less(self, other: impl Operand<'g>) -> Condition<'g> {
        Condition { truth: self.binary(Binary::Less, other) }
    }

    /// Where self <= other.
    pub fn less_equal(self, other: impl Operand<'g>) -> Condition<'g> {
        Condition { truth: self.binary(Binary::LessEqual, other) }
    }

    /// Where self > other.
    pub fn greater(self, other: impl Operand<'g>) -> Condition<'g> {
        other.beside(self).less(self)
    }

    /// Where self >= other.
    pub fn greater_equal(self, other: impl Operand<'g>) -> Condition<'g> {
        other.beside(self).less_equal(self)
    }
}

impl<'g> Add<usize> for Index<'g> {
    type Output = Index<'g>;

    fn add(self, other: usize) -> Self {
        self.combine(1, 1, other.parts())
    }
}

impl<'g> Sub<usize> for Index<'g> {
    type Output = Index<'g>;

    fn sub(self, other: usize) -> Self {
        self.combine(1, -1, other.parts())
    }
}

impl<'g> Mul<usize> for Index<'g> {
    type Output = Index<'g>;

    fn mul(self, other: usize) -> Self {
        self.combine(i64::try_from(other).unwrap_or(i64::MAX), 0, 0.parts())
    }
}

impl<'g> Add for Index<'g> {
    type Output = Index<'g>;

    fn add(self, other: Self) -> Self {
        self.combine(1, 1, other.parts())
    }
}

impl<'g> Sub for Index<'g> {
    type Output = Index<'g>;

    fn sub(self, other: Self) -> Self {
        self.combine(1, -1, other.parts())
    }
}

impl<'g> Add<Index<'g>> for usize {
    type Output = Index<'g>;

    fn add(self, other: Index<'g>) -> Index<'g> {
        other + self
    }
}

impl<'g> Sub<Index<'g>> for usize {
    type Output = Index<'g>;

    fn sub(self, other: Index<'g>) -> Index<'g> {
        other.combine(-1, 1, self.parts())
    }
}

impl<'g> Mul<Index<'g>> for usize {
    type Output = Index<'g>;

    fn mul(self, other: Index<'g>) -> Index<'g> {
        other * self
    }
}
