//! The two precisions that lanes compute in.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use super::math;
use super::vector::Vectors;

/// `f32` or `f64`. Fused multiply-add is used nowhere, so that every instruction set gives the same bits; but for functions
/// that are the system library's, which may choose by the processor.
pub(crate) trait Real:
    Vectors
    + Debug
    + Default
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// No bit set, and all of them.
    const NO: Self::Bits;
    const YES: Self::Bits;
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// The distance from 1 to the next number.
    const EPSILON: Self;
    /// The smallest number with all its digits.
    const TINY: Self;
    /// The largest finite number.
    const HUGE: Self;
    /// Coordinates beyond this, with f still falling, show that there is no minimum.
    const FAR: Self;

    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn to_bits(self) -> Self::Bits;
    fn from_bits(bits: Self::Bits) -> Self;
    /// The low 32 bits.
    fn word(bits: Self::Bits) -> u32;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn floor(self) -> Self;

    /// Neither infinite nor NaN.
    #[inline(always)]
    fn is_finite(self) -> bool {
        self.abs() <= Self::HUGE
    }

    /// The lesser; `self` if the other is NaN.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// The greater; `self` if the other is NaN.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    // Free of branches, so that loops over lanes vectorise.
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn tanh(self) -> Self;
    /// The sine and cosine, for |self| <= [`Real::NEAR`].
    fn sin_cos_near(self) -> (Self, Self);
    /// Arguments of sines beyond this take the slow way.
    const NEAR: Self;

    // One lane at a time.
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tan(self) -> Self;
    fn asin(self) -> Self;
    fn acos(self) -> Self;
    fn atan(self) -> Self;
    fn sinh(self) -> Self;
    fn cosh(self) -> Self;
    fn erf(self) -> Self;
    fn powf(self, exponent: Self) -> Self;
    fn atan2(self, x: Self) -> Self;
}

macro_rules! real {
    ($t:ident, bits $bits:ident, far $far:expr, near $near:expr, erf $erf:path) => {
        impl Real for $t {
            const NO: $bits = 0;
            const YES: $bits = $bits::MAX;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $t::EPSILON;
            const TINY: Self = $t::MIN_POSITIVE;
            const HUGE: Self = $t::MAX;
            const FAR: Self = $far;
            const NEAR: Self = $near;

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, reason = "rounding to the lanes' precision is the point")]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn to_bits(self) -> $bits {
                $t::to_bits(self)
            }
            #[inline(always)]
            fn from_bits(bits: $bits) -> Self {
                $t::from_bits(bits)
            }
            #[inline(always)]
            #[allow(
                clippy::cast_possible_truncation,
                trivial_numeric_casts,
                reason = "the low bits are asked for; of 32 there are no others"
            )]
            fn word(bits: $bits) -> u32 {
                bits as u32
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $t::floor(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                math::$t::exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                math::$t::ln(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                math::$t::tanh(self)
            }
            #[inline(always)]
            fn sin_cos_near(self) -> (Self, Self) {
                math::$t::sin_cos(self)
            }
            fn sin(self) -> Self {
                $t::sin(self)
            }
            fn cos(self) -> Self {
                $t::cos(self)
            }
            fn tan(self) -> Self {
                $t::tan(self)
            }
            fn asin(self) -> Self {
                $t::asin(self)
            }
            fn acos(self) -> Self {
                $t::acos(self)
            }
            fn atan(self) -> Self {
                $t::atan(self)
            }
            fn sinh(self) -> Self {
                $t::sinh(self)
            }
            fn cosh(self) -> Self {
                $t::cosh(self)
            }
            fn erf(self) -> Self {
                $erf(self)
            }
            fn powf(self, exponent: Self) -> Self {
                $t::powf(self, exponent)
            }
            fn atan2(self, x: Self) -> Self {
                $t::atan2(self, x)
            }
        }
    };
}

real!(f32, bits u32, far 1e15, near 1e6, erf libm::erff);
real!(f64, bits u64, far 1e100, near 1e6, erf libm::erf);
