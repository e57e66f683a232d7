// Elementary functions for which WGSL promises too little: sin and cos are good to 2^-11 and for |x| <= pi, tanh to 1e-5, asin
// to 7e-5, atan to 4096 units; a software driver's were off by 3,000 EPSILONs of what the rounded argument explains. A lane near
// its minimum would search in noise. exp, log and pow are within a few of them as they are.
//
// An objective's text has those that it calls, of these and of angles.wgsl. An empty line ends a function; what a function calls
// stands before it. What is not a number passes through all of them: where a driver may turn a comparison into a minimum, by its
// bits. W. J. Cody, W. Waite: Software Manual for the Elementary Functions, 1980; coefficients of Cephes (S. L. Moshier, 1984-2000).

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
