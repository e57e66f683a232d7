//! exp, ln, tanh, sin and cos without branches or calls, so that a loop over lanes becomes vector instructions. The
//! functions of the standard library can't: each is a call, one lane at a time.
//!
//! Every function is within 2 units in the last place of the exact result (4 for tanh), tested in `tests`.
//!
//! # References
//! W. J. Cody, W. Waite: Software Manual for the Elementary Functions, 1980 (argument reduction). The coefficients are
//! those of fdlibm (Sun Microsystems, 1993; freely distributable) and Cephes (S. L. Moshier, 1984-2000).

/// `a` where the condition holds, else `b`. Both are computed.
#[inline(always)]
fn pick<T>(condition: bool, a: T, b: T) -> T {
    if condition { a } else { b }
}

/// `c[0] + x (c[1] + x (c[2] + ...))`
macro_rules! polynomial {
    ($x:expr; $c:expr) => { $c };
    ($x:expr; $c:expr, $($rest:expr),+) => { $c + $x * polynomial!($x; $($rest),+) };
}

pub(crate) mod f32 {
    #![allow(clippy::excessive_precision, reason = "published coefficients stand as they were published")]
    use super::pick;

    /// Adding it rounds to an integer and leaves that in the low bits.
    const ROUND: f32 = 12_582_912.0;

    #[inline(always)]
    pub(crate) fn exp(x: f32) -> f32 {
        // Beyond these exp is 0 or infinite, which the scaling below makes of them. NaN passes.
        let x = pick(x > 90.0, 90.0, x);
        let x = pick(x < -105.0, -105.0, x);
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = x - n * 0.693_359_375 - n * -2.121_944_4e-4;
        let p =
            polynomial!(r; 0.500_000_012_01, 0.166_666_654_59, 0.041_665_795_894, 8.333_451_907_3e-3, 1.398_199_950_7e-3, 1.987_569_15e-4);
        let p = 1.0 + (r + r * r * p);
        // 2^n in two factors: neither leaves the normal range where the product does.
        let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
        let half = n >> 1;
        p * power_of_two(half) * power_of_two(n - half)
    }

    #[inline(always)]
    fn power_of_two(n: i32) -> f32 {
        f32::from_bits(((n + 127) << 23) as u32)
    }

    #[inline(always)]
    pub(crate) fn ln(x: f32) -> f32 {
        let subnormal = x < f32::MIN_POSITIVE;
        let scaled = pick(subnormal, x * 8_388_608.0, x);
        // x = 2^k m with m in [sqrt(1/2), sqrt(2)).
        let bits = (scaled.to_bits() as i32).wrapping_sub(0x3f35_04f3);
        let k = (bits >> 23) as f32 - pick(subnormal, 23.0, 0.0);
        let m = f32::from_bits((bits & 0x007f_ffff).wrapping_add(0x3f35_04f3) as u32);
        let f = m - 1.0;
        let s = f / (2.0 + f);
        let z = s * s;
        let r = z * polynomial!(z; 0.666_666_626_93, 0.400_009_721_52, 0.284_987_866_88, 0.242_790_788_41);
        let half = 0.5 * f * f;
        let y = k * 0.693_138_12 - ((half - (s * (half + r) + k * 9.058_000_6e-6)) - f);
        let y = pick(x == f32::INFINITY, f32::INFINITY, y);
        let y = pick(x == 0.0, f32::NEG_INFINITY, y);
        pick(x >= 0.0, y, f32::NAN)
    }

    #[inline(always)]
    pub(crate) fn tanh(x: f32) -> f32 {
        let z = x * x;
        let small = x + x
            * z
            * polynomial!(z; -0.333_332_819_422, 0.133_314_422_036, -0.053_739_715_553_1, 0.020_639_088_795_4, -5.704_988_727_45e-3);
        let a = x.abs();
        let large = (1.0 - 2.0 / (exp(a + a) + 1.0)).copysign(x);
        pick(a < 0.625, small, large)
    }

    /// For |x| up to 1e6; the reduction is made in double precision.
    #[inline(always)]
    pub(crate) fn sin_cos(x: f32) -> (f32, f32) {
        const ROUND: f64 = 6_755_399_441_055_744.0;
        let wide = f64::from(x);
        let shifted = wide * std::f64::consts::FRAC_2_PI + ROUND;
        let n = shifted - ROUND;
        let r = ((wide - n * 1.570_796_326_734_125_614_17) - n * 6.077_100_506_506_192_249_32e-11) as f32;
        let quadrant = shifted.to_bits() as u32;
        let z = r * r;
        let sine = r + r * z * polynomial!(z; -0.166_666_546_11, 8.332_160_873_6e-3, -1.951_529_589_1e-4);
        let cosine = 1.0 - 0.5 * z + z * z * polynomial!(z; 0.041_666_645_682_988_27, -1.388_731_625_493_765e-3, 2.443_315_711_809_948e-5);
        super::rotate!(f32, 31, quadrant, sine, cosine)
    }
}

pub(crate) mod f64 {
    #![allow(clippy::excessive_precision, reason = "published coefficients stand as they were published")]
    use super::pick;

    const ROUND: f64 = 6_755_399_441_055_744.0;

    #[inline(always)]
    pub(crate) fn exp(x: f64) -> f64 {
        let x = pick(x > 710.0, 710.0, x);
        let x = pick(x < -750.0, -750.0, x);
        let shifted = x * std::f64::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = x - n * 6.931_471_803_691_238_164_90e-1 - n * 1.908_214_929_270_587_700_02e-10;
        // The Taylor series; its 14th term is below 5e-18 for |r| <= ln(2) / 2.
        let p = polynomial!(r; 0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5_040.0, 1.0 / 40_320.0, 1.0 / 362_880.0, 1.0 / 3_628_800.0, 1.0 / 39_916_800.0, 1.0 / 479_001_600.0, 1.0 / 6_227_020_800.0);
        let p = 1.0 + (r + r * r * p);
        let n = (shifted.to_bits() as i64).wrapping_sub(ROUND.to_bits() as i64);
        let half = n >> 1;
        p * power_of_two(half) * power_of_two(n - half)
    }

    #[inline(always)]
    fn power_of_two(n: i64) -> f64 {
        f64::from_bits(((n + 1023) << 52) as u64)
    }

    #[inline(always)]
    pub(crate) fn ln(x: f64) -> f64 {
        const ROOT_HALF: i64 = 0x3fe6_a09e_667f_3bcd;
        let subnormal = x < f64::MIN_POSITIVE;
        let scaled = pick(subnormal, x * 18_014_398_509_481_984.0, x);
        let bits = (scaled.to_bits() as i64).wrapping_sub(ROOT_HALF);
        let k = (bits >> 52) as f64 - pick(subnormal, 54.0, 0.0);
        let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT_HALF) as u64);
        let f = m - 1.0;
        let s = f / (2.0 + f);
        let z = s * s;
        let r = z
            * polynomial!(z; 6.666_666_666_666_735_13e-1, 3.999_999_999_940_941_908e-1, 2.857_142_874_366_239_149e-1, 2.222_219_843_214_978_396e-1, 1.818_357_216_161_805_012e-1, 1.531_383_769_920_937_332e-1, 1.479_819_860_511_658_591e-1);
        let half = 0.5 * f * f;
        let y = k * 6.931_471_803_691_238_164_90e-1 - ((half - (s * (half + r) + k * 1.908_214_929_270_587_700_02e-10)) - f);
        let y = pick(x == f64::INFINITY, f64::INFINITY, y);
        let y = pick(x == 0.0, f64::NEG_INFINITY, y);
        pick(x >= 0.0, y, f64::NAN)
    }

    #[inline(always)]
    pub(crate) fn tanh(x: f64) -> f64 {
        let z = x * x;
        let p = polynomial!(z; -1.614_687_684_417_084_479_52e3, -9.928_772_310_019_185_865_64e1, -9.643_991_794_250_522_386_28e-1);
        let q = polynomial!(z; 4.844_063_053_251_254_860_48e3, 2.235_488_390_601_004_485_83e3, 1.128_116_784_916_329_314_02e2, 1.0);
        let small = x + x * z * (p / q);
        let a = x.abs();
        let large = (1.0 - 2.0 / (exp(a + a) + 1.0)).copysign(x);
        pick(a < 0.625, small, large)
    }

    /// For |x| up to 1e6: the product of the quadrant's 20 bits with each 33-bit part of pi / 2 is exact.
    #[inline(always)]
    pub(crate) fn sin_cos(x: f64) -> (f64, f64) {
        let shifted = x * std::f64::consts::FRAC_2_PI + ROUND;
        let n = shifted - ROUND;
        let near = (x - n * 1.570_796_326_734_125_614_17) - n * 6.077_100_506_303_965_976_60e-11;
        let tail = n * 2.022_266_248_795_950_631_54e-21;
        let r = near - tail;
        let quadrant = shifted.to_bits();
        let z = r * r;
        let sine = r
            + r * z
                * polynomial!(z; -1.666_666_666_666_663_243_48e-1, 8.333_333_333_322_489_461_24e-3, -1.984_126_982_985_794_931_34e-4, 2.755_731_370_707_006_767_89e-6, -2.505_076_025_340_686_341_95e-8, 1.589_690_995_211_550_102_21e-10);
        let c = z
            * z
            * polynomial!(z; 4.166_666_666_666_660_190_37e-2, -1.388_888_888_887_410_957_49e-3, 2.480_158_728_947_672_941_78e-5, -2.755_731_435_139_066_330_35e-7, 2.087_572_321_298_174_827_90e-9, -1.135_964_755_778_819_482_65e-11);
        let half = 0.5 * z;
        let w = 1.0 - half;
        let cosine = w + ((1.0 - w - half) + c);
        super::rotate!(f64, 63, quadrant, sine, cosine)
    }
}

/// sin and cos of `quadrant * pi / 2 + r` from those of r: exchanged in odd quadrants, signs by the quadrant's bits.
macro_rules! rotate {
    ($t:ident, $sign:literal, $quadrant:expr, $sine:expr, $cosine:expr) => {{
        let odd = $quadrant & 1 != 0;
        let (s, c) = (pick(odd, $cosine, $sine), pick(odd, $sine, $cosine));
        let s = $t::from_bits(s.to_bits() ^ (($quadrant & 2) >> 1) << $sign);
        let c = $t::from_bits(c.to_bits() ^ (($quadrant.wrapping_add(1) & 2) >> 1) << $sign);
        (s, c)
    }};
}
use rotate;

#[cfg(test)]
mod tests {
    /// Units in the last place of `exact`.
    fn ulps32(value: f32, exact: f64) -> f64 {
        let unit = f64::from((exact as f32).abs().max(f32::MIN_POSITIVE)) * f64::from(f32::EPSILON) / 2.0;
        (f64::from(value) - exact).abs() / unit
    }

    fn ulps64(value: f64, exact: f64) -> f64 {
        (value - exact).abs() / (exact.abs().max(f64::MIN_POSITIVE) * f64::EPSILON / 2.0)
    }

    fn points(low: f64, high: f64) -> impl Iterator<Item = f64> {
        (0..100_000).map(move |k| low + (high - low) * (f64::from(k) + 0.37) / 100_000.0)
    }

    /// The bound of the module's documentation, in half units in the last place.
    const HALF_ULPS: f64 = 4.0;

    #[test]
    fn single_precision_is_within_its_bound() {
        for x in points(-87.0, 88.0).map(|x| x as f32) {
            assert!(ulps32(super::f32::exp(x), f64::from(x).exp()) <= HALF_ULPS, "exp {x}");
        }
        for x in points(-60.0, 60.0).map(|x| x.exp2() as f32).chain(points(0.5, 2.0).map(|x| x as f32)) {
            assert!(ulps32(super::f32::ln(x), f64::from(x).ln()) <= HALF_ULPS, "ln {x}");
        }
        for x in points(-12.0, 12.0).map(|x| x as f32) {
            assert!(ulps32(super::f32::tanh(x), f64::from(x).tanh()) <= 2.0 * HALF_ULPS, "tanh {x}");
        }
        for x in points(-20.0, 20.0).chain(points(-1e6, 1e6)).map(|x| x as f32) {
            let (s, c) = super::f32::sin_cos(x);
            assert!(ulps32(s, f64::from(x).sin()) <= HALF_ULPS, "sin {x}");
            assert!(ulps32(c, f64::from(x).cos()) <= HALF_ULPS, "cos {x}");
        }
    }

    #[test]
    fn double_precision_agrees_with_the_standard_library() {
        for x in points(-700.0, 700.0).chain(points(-1.0, 1.0)) {
            assert!(ulps64(super::f64::exp(x), x.exp()) <= HALF_ULPS, "exp {x}");
        }
        for x in points(-900.0, 900.0).map(f64::exp2).chain(points(0.5, 2.0)) {
            assert!(ulps64(super::f64::ln(x), x.ln()) <= HALF_ULPS, "ln {x}");
        }
        for x in points(-20.0, 20.0).chain(points(-1.0, 1.0)) {
            assert!(ulps64(super::f64::tanh(x), x.tanh()) <= 2.0 * HALF_ULPS, "tanh {x}");
        }
        for x in points(-20.0, 20.0).chain(points(-1e6, 1e6)) {
            let (s, c) = super::f64::sin_cos(x);
            assert!(ulps64(s, x.sin()) <= HALF_ULPS, "sin {x}");
            assert!(ulps64(c, x.cos()) <= HALF_ULPS, "cos {x}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_right() {
        assert_eq!(super::f32::exp(100.0), f32::INFINITY, "overflow");
        assert_eq!(super::f32::exp(-200.0), 0.0, "underflow");
        assert!(super::f32::exp(-100.0) > 0.0, "a subnormal result");
        assert!(
            super::f32::exp(f32::NAN).is_nan() && super::f32::ln(f32::NAN).is_nan() && super::f32::tanh(f32::NAN).is_nan(),
            "NaN passes"
        );
        assert_eq!((super::f32::ln(0.0), super::f32::ln(f32::INFINITY)), (f32::NEG_INFINITY, f32::INFINITY), "the poles of ln");
        assert!(super::f32::ln(-1.0).is_nan() && super::f64::ln(-1.0).is_nan(), "ln of a negative number");
        assert_eq!((super::f64::exp(800.0), super::f64::exp(-800.0)), (f64::INFINITY, 0.0), "overflow and underflow");
        assert!((super::f32::ln(1e-40) - (1e-40_f32 as f64).ln() as f32).abs() < 1e-4, "ln of a subnormal number");
        assert_eq!((super::f32::tanh(50.0), super::f32::tanh(-500.0)), (1.0, -1.0), "saturation");
    }
}
