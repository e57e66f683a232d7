// Elementary functions for which WGSL promises too little: sin and cos are good to 2^-11 and for |x| <= pi, tanh to 1e-5, asin
// to 7e-5, atan to 4096 units; a software driver's were off by 3,000 EPSILONs of what the rounded argument explains. A lane near
// its minimum would search in noise. exp, log and pow are within a few of them as they are.
//
// An objective's text has those that it calls. An empty line ends a function; what a function calls stands before it. What is
// not a number passes through all of them: where a driver may turn a comparison into a minimum, by its bits. W. J. Cody, W. Waite: Software Manual for the Elementary Functions, 1980; coefficients
// of Cephes (S. L. Moshier, 1984-2000).

// By bits: shaders may assume that there is no such thing, and drop any other test.
fn mm_is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// Compilers were seen to make x of exp(log(x)), where x is negative too: a lane would not know that it has left the domain.
fn mm_exp(x: f32) -> f32 {
    return select(exp(x), x, mm_is_nan(x));
}

// A negative number has powers with whole exponents; the logarithm is not a number there. Of what is not a number a software
// driver makes the power 0.
fn mm_pow(x: f32, y: f32) -> f32 {
    let size = pow(abs(x), y);
    let odd = floor(0.5 * y) != 0.5 * y;
    let signed = select(log(x), select(size, -size, odd), floor(y) == y);
    let power = select(select(size, signed, x < 0.0), 1.0, y == 0.0);
    return select(power, x + y, mm_is_nan(x) || mm_is_nan(y));
}

// The first where it is not a number, as on the CPU; `min` and `max` may give either, and drivers take a comparison for them.
fn mm_min(x: f32, y: f32) -> f32 {
    return select(select(x, y, y < x), x, mm_is_nan(x));
}

fn mm_max(x: f32, y: f32) -> f32 {
    return select(select(x, y, y > x), x, mm_is_nan(x));
}

fn mm_sinh(x: f32) -> f32 {
    let z = x * x;
    let near = x + x * z * (1.66667160211e-1 + z * (8.33028376239e-3 + z * 2.03721912945e-4));
    let e = mm_exp(abs(x));
    let far = 0.5 * e - 0.5 / e;
    return select(select(-far, far, x > 0.0), near, abs(x) < 1.0);
}

fn mm_cosh(x: f32) -> f32 {
    let e = mm_exp(abs(x));
    return 0.5 * e + 0.5 / e;
}

fn mm_tanh(x: f32) -> f32 {
    let z = x * x;
    let near = x + x * z * (-0.333332819422 + z * (0.133314422036 + z * (-0.0537397155531 + z * (0.0206390887954 + z * -5.70498872745e-3))));
    let a = abs(x);
    let far = 1.0 - 2.0 / (mm_exp(2.0 * select(a, 16.0, a > 16.0)) + 1.0);
    return select(select(select(-far, far, x > 0.0), near, a < 0.625), x, mm_is_nan(x));
}

// (sin x, cos x). The first two parts of pi / 2 have few digits: their products with n are exact up to the limit. Fused, so that
// no compiler adds up the parts.
fn mm_sin_cos(x: f32) -> vec2<f32> {
    if (abs(x) > 12000.0) {
        return vec2<f32>(sin(x), cos(x));
    }
    let n = floor(x * 0.636619772 + 0.5);
    let r = fma(n, -7.5497899549e-8, fma(n, -4.837512969970703125e-4, fma(n, -1.5703125, x)));
    let z = r * r;
    let near = r + r * z * (-0.16666654611 + z * (8.3321608736e-3 + z * -1.9515295891e-4));
    let far = 1.0 - 0.5 * z + z * z * (0.041666645682988 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
    let quadrant = i32(n);
    let odd = (quadrant & 1) != 0;
    let s = select(near, far, odd);
    let c = select(far, near, odd);
    return vec2<f32>(select(s, -s, (quadrant & 2) != 0), select(c, -c, ((quadrant + 1) & 2) != 0));
}

fn mm_sin(x: f32) -> f32 {
    return mm_sin_cos(x).x;
}

fn mm_cos(x: f32) -> f32 {
    return mm_sin_cos(x).y;
}

fn mm_tan(x: f32) -> f32 {
    let both = mm_sin_cos(x);
    return both.x / both.y;
}

// asin(s) for z = s^2 <= 1/4.
fn mm_asin_near(s: f32, z: f32) -> f32 {
    return s + s * z * (1.6666752422e-1 + z * (7.4953002686e-2 + z * (4.5470025998e-2 + z * (2.4181311049e-2 + z * 4.2163199048e-2))));
}

// asin(a) = pi / 2 - 2 asin(sqrt((1 - a) / 2)); the root is not a number where a > 1.
fn mm_asin(x: f32) -> f32 {
    let a = abs(x);
    let far = a > 0.5;
    let z = select(x * x, 0.5 * (1.0 - a), far);
    let near = mm_asin_near(select(a, sqrt(z), far), z);
    let size = select(near, 1.57079633 - 2.0 * near, far);
    return select(-size, size, x > 0.0);
}

fn mm_acos(x: f32) -> f32 {
    let a = abs(x);
    let far = a > 0.5;
    let z = select(x * x, 0.5 * (1.0 - a), far);
    let near = mm_asin_near(select(x, sqrt(z), far), z);
    return select(1.57079633 - near, select(3.14159265 - 2.0 * near, 2.0 * near, x > 0.0), far);
}

fn mm_atan(x: f32) -> f32 {
    let a = abs(x);
    let far = a > 2.41421356;
    let middle = a > 0.41421356;
    let t = select(select(a, (a - 1.0) / (a + 1.0), middle), -1.0 / a, far);
    let base = select(select(0.0, 0.785398163, middle), 1.57079633, far);
    let z = t * t;
    let near = t + t * z * (-3.33329491539e-1 + z * (1.99777106478e-1 + z * (-1.38776856032e-1 + z * 8.05374449538e-2)));
    return select(-(base + near), base + near, x > 0.0);
}

fn mm_atan2(y: f32, x: f32) -> f32 {
    let a = abs(y);
    let b = abs(x);
    let steep = a > b;
    let large = select(b, a, steep);
    let angle = mm_atan(select(a, b, steep) / select(large, 1.0, large == 0.0));
    let right = select(angle, 1.57079633 - angle, steep);
    let upper = select(right, 3.14159265 - right, x < 0.0);
    return select(select(upper, -upper, y < 0.0), x + y, mm_is_nan(x) || mm_is_nan(y));
}

fn mm_hypot(x: f32, y: f32) -> f32 {
    let a = abs(x);
    let b = abs(y);
    let large = select(a, b, a < b);
    let ratio = select(b, a, a < b) / select(large, 1.0, large == 0.0);
    return select(large * sqrt(1.0 + ratio * ratio), x + y, mm_is_nan(x) || mm_is_nan(y));
}

// Abramowitz and Stegun 7.1.26 is too coarse for f32: the series near 0, the continued fraction's fit beyond.
fn mm_erf(x: f32) -> f32 {
    let a = abs(x);
    let z = x * x;
    let near = x * (1.1283791671 + z * (-0.37612638903 + z * (0.11283791671 + z * (-0.026866170645 + z * (0.0052239776254 + z * (-0.00085483270234 + z * 0.00012055332981))))));
    let t = 1.0 / (1.0 + 0.5 * a);
    let tail = t * mm_exp(-z - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));
    let far = select(tail - 1.0, 1.0 - tail, x > 0.0);
    return select(far, near, a < 0.5);
}
