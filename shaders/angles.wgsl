// Functions of angles and their inverses, after those of functions.wgsl: see there.

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
