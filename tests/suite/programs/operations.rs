//! Every scalar operation, a few to a program.

use manymin::prelude::*;

use super::{Case, Number, erf, greatest, least, square};

pub(super) fn all() -> Vec<Case> {
    vec![
        arithmetic(),
        extremes(),
        integer_powers(),
        constant_powers(),
        variable_powers(),
        logarithms(),
        circular(),
        inverse_circular(),
        angles(),
        hyperbolic(),
        error_function(),
        lengths(),
        selections(),
        steps(),
        shared(),
        assignments(),
    ]
}

fn arithmetic() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        -x[0] * x[1] + (x[0] - x[1]) / (square(x[1]) + 2.0) - D::from(3.0) / x[0] + x[2] / 7.0 - (D::from(1.5) - x[2]) * 0.25
    }
    let problem = Problem::new(3, |x| -x[0] * x[1] + (x[0] - x[1]) / (x[1] * x[1] + 2.0) - 3.0 / x[0] + x[2] / 7.0 - (1.5 - x[2]) * 0.25);
    Case::new("arithmetic", problem, oracle, oracle).at([0.7, -1.3, 2.1]).at([-5.0, 0.2, 1e3])
}

fn extremes() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        least(square(x[0]), x[1]) * 3.0 + greatest(x[0] * x[1], x[2]) + x[2].abs() + (x[0] - x[2]).abs() * x[1]
    }
    let problem = Problem::new(3, |x| 3.0 * (x[0] * x[0]).min(x[1]) + (x[0] * x[1]).max(x[2]) + x[2].abs() + (x[0] - x[2]).abs() * x[1]);
    Case::new("min, max and abs", problem, oracle, oracle).at([0.7, 1.3, -2.1]).at([1.7, 1.3, 2.9]).at([-1.5, 0.2, -3.0])
}

fn integer_powers() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        square(x[0]) + x[1].powi(-3) * 0.5 + x[0].powi(7) - x[1].powi(25) / 100.0 + x[0].powi(-1) + x[1].powi(-40) * 1e-3 + x[0] * 3.0 + 1.0
    }
    let problem = Problem::new(2, |x| {
        x[0].powi(2) + 0.5 * x[1].powi(-3) + x[0].powi(7) - x[1].powi(25) / 100.0
            + x[0].powi(-1)
            + 1e-3 * x[1].powi(-40)
            + 3.0 * x[0].powi(1)
            + x[1].powi(0)
    });
    Case::new("integer powers", problem, oracle, oracle).at([0.7, 1.2]).at([-1.3, -0.9])
}

fn constant_powers() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x[0].powf(2.5) + x[0].powf(-0.75) * 2.0 + x[0].sqrt() + x[1].powi(3) + x[1].powi(-2) + x[0].powf(1.0 / 3.0)
    }
    let problem = Problem::new(2, |x| {
        x[0].powf(2.5) + 2.0 * x[0].powf(-0.75) + x[0].powf(0.5) + x[1].powf(3.0) + x[1].powf(-2.0) + x[0].powf(1.0 / 3.0)
    });
    Case::new("powers with a constant exponent", problem, oracle, oracle).at([0.7, -1.3]).at([4.2, 0.3])
}

fn variable_powers() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        (x[0].ln() * x[1]).exp() + (x[1] * 2.0_f64.ln()).exp() + (x[0].ln() * x[0]).exp() - (x[0].ln() * 3.0).exp()
    }
    let problem = Problem::new(2, |x| x[0].powf(x[1]) + x.constant(2.0).powf(x[1]) + x[0].powf(x[0]) - x[0].powf(x.constant(3.0)));
    Case::new("powers with a variable exponent", problem, oracle, oracle).at([0.7, -1.3]).at([3.5, 2.2])
}

fn logarithms() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x[0].sqrt() + (x[1] * 0.5).exp() + (x[0] * 3.0).ln() - (x[0] + 1.0).log2() + (x[0].sqrt().ln() * x[1]).exp()
    }
    let problem =
        Problem::new(2, |x| x[0].sqrt() + (0.5 * x[1]).exp() + (3.0 * x[0]).ln() - (x[0] + 1.0).log2() + (x[0].sqrt().ln() * x[1]).exp());
    Case::new("roots, exponentials and logarithms", problem, oracle, oracle).at([0.7, -1.3]).at([20.0, 3.0]).at([0.02, 0.5])
}

fn circular() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x[0].sin() * x[1].cos() + x[0].tan() * 0.3 + (x[0] * x[1]).sin() - (x[1] * 2.0).cos() + x[0].cos().tan()
    }
    let problem =
        Problem::new(2, |x| x[0].sin() * x[1].cos() + 0.3 * x[0].tan() + (x[0] * x[1]).sin() - (2.0 * x[1]).cos() + x[0].cos().tan());
    Case::new("circular functions", problem, oracle, oracle).at([0.7, -1.3]).at([-2.4, 8.0]).at([4.0, 30.0])
}

fn inverse_circular() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x[0].asin() * 2.0 - x[1].acos() * x[0] + (x[0] * 5.0).atan() + x[1].asin().sin() + (x[0] * x[1]).acos()
    }
    let problem =
        Problem::new(2, |x| 2.0 * x[0].asin() - x[1].acos() * x[0] + (5.0 * x[0]).atan() + x[1].asin().sin() + (x[0] * x[1]).acos());
    Case::new("inverse circular functions", problem, oracle, oracle).at([0.7, -0.3]).at([-0.95, 0.9]).at([0.0, 0.5])
}

fn angles() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x[0].atan2(x[1]) + (x[0] * x[1]).atan2(x[0] + 3.0) * 2.0 + x[1].atan2(D::from(-0.5)) + D::from(2.0).atan2(x[0])
    }
    let problem =
        Problem::new(2, |x| x[0].atan2(x[1]) + 2.0 * (x[0] * x[1]).atan2(x[0] + 3.0) + x[1].atan2(-0.5) + x.constant(2.0).atan2(x[0]));
    Case::new("angles in four quadrants", problem, oracle, oracle).at([0.7, 1.3]).at([0.7, -1.3]).at([-0.7, 1.3]).at([-0.7, -1.3])
}

fn hyperbolic() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x[0].sinh() - x[1].cosh() + x[0].tanh() * x[1].tanh() * 3.0 + (x[0] * 0.1).tanh()
    }
    let problem = Problem::new(2, |x| x[0].sinh() - x[1].cosh() + 3.0 * x[0].tanh() * x[1].tanh() + (0.1 * x[0]).tanh());
    Case::new("hyperbolic functions", problem, oracle, oracle).at([0.7, -1.3]).at([-4.0, 0.2]).at([0.01, 5.0])
}

fn error_function() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        erf(x[0]) * x[1] + erf(x[0] * x[1]) - erf(x[1] * 1e-3)
    }
    let problem = Problem::new(2, |x| x[0].erf() * x[1] + (x[0] * x[1]).erf() - (1e-3 * x[1]).erf());
    Case::new("the error function", problem, oracle, oracle).at([0.7, -1.3]).at([-2.5, 0.1]).at([0.3, 3.0])
}

fn lengths() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        (square(x[0]) + square(x[1])).sqrt() + (square(x[0]) + 9.0).sqrt() * x[1]
    }
    let problem = Problem::new(2, |x| x[0].hypot(x[1]) + x[0].hypot(3.0) * x[1]);
    Case::new("lengths", problem, oracle, oracle).at([0.7, -1.3]).at([0.0, 2.0]).at([1e4, -1e-2]).at([-3.0, 0.0])
}

fn selections() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let (a, b) = (x[0].re(), x[1].re());
        let huber = if x[0].abs().re() < 1.0 { square(x[0]) * 0.5 } else { x[0].abs() - 0.5 };
        let both = if a > 0.5 && b <= 2.0 { x[0] * x[1] } else { x[1].sin() };
        let either = if a >= 2.0 || b >= 0.0 { x[1].exp() } else { square(x[0]) };
        huber + both + either * 2.0 + if b > a { x[0] } else { D::from(4.0) }
    }
    let problem = Problem::new(2, |x| {
        let huber = x[0].abs().less(1.0).select(0.5 * x[0] * x[0], x[0].abs() - 0.5);
        let both = x[0].greater(0.5).and(x[1].less_equal(2.0)).select(x[0] * x[1], x[1].sin());
        let either = select(x[0].greater_equal(2.0).or(!x[1].less(0.0)), x[1].exp(), x[0] * x[0]);
        huber + both + 2.0 * either + x[1].greater(x[0]).select(x[0], 4.0)
    });
    Case::new("selections", problem, oracle, oracle).at([0.7, 1.3]).at([-1.7, -1.3]).at([2.5, -0.5]).at([0.6, 2.5]).at([0.2, 0.1])
}

fn steps() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let low = greatest(x[0], D::from(-1.0));
        least(low, D::from(2.0)) * x[1] + (x[0] - x[0].re().floor()) * 3.0 + x[1].recip() + least(greatest(x[1], x[0]), D::from(5.0))
    }
    let problem = Problem::new(2, |x| x[0].clamp(-1.0, 2.0) * x[1] + 3.0 * (x[0] - x[0].floor()) + x[1].recip() + x[1].clamp(x[0], 5.0));
    Case::new("clamp, floor and reciprocal", problem, oracle, oracle).at([0.7, -1.3]).at([-3.4, 2.0]).at([6.2, 0.4])
}

fn shared() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let mut a = x[0];
        for _ in 0..12 {
            a = a * 0.5 + (a * x[1]).sin() * a;
        }
        a + a * a
    }
    let problem = Problem::new(2, |x| {
        let mut a = x[0];
        for _ in 0..12 {
            a = a * 0.5 + (a * x[1]).sin() * a;
        }
        a + a * a
    });
    Case::new("subexpressions shared at every level", problem, oracle, oracle).at([0.7, -1.3]).at([0.3, 0.9])
}

fn assignments() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        ((((x[0] + 1.0) * x[1] - x[0]) / (x[1] + 4.0) * 3.0 + x[1]) - 2.0) / 1.5
    }
    let problem = Problem::new(2, |x| {
        let mut a = x[0];
        a += 1.0;
        a *= x[1];
        a -= x[0];
        a /= x[1] + 4.0;
        a *= 3.0;
        a += x[1];
        a -= 2.0;
        a /= 1.5;
        a
    });
    Case::new("assignments", problem, oracle, oracle).at([0.7, -1.3]).at([-2.0, 5.0])
}
