//! Points where part of an objective has no finite derivative, which the selected part must not feel.

use manymin::prelude::*;

use super::{Case, Number, square};

pub(super) fn all() -> Vec<Case> {
    vec![roots(), quotients(), bounded(), nested(), summed(), origin(), idle_loops()]
}

fn roots() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let root = if x[0].re() > 0.0 { x[0].sqrt() * x[1] } else { x[0] * 2.0 };
        let logarithm = if x[1].re() <= 0.0 { square(x[1]) } else { x[1].ln() - x[1].powf(1.5) };
        root + logarithm
    }
    let problem = Problem::new(2, |x| {
        let root = x[0].greater(0.0).select(x[0].sqrt() * x[1], 2.0 * x[0]);
        let logarithm = x[1].less_equal(0.0).select(x[1] * x[1], x[1].ln() - x[1].powf(1.5));
        root + logarithm
    });
    Case::new("an untaken root and logarithm of a negative number", problem, oracle, oracle)
        .at([-0.7, -1.3])
        .at([0.7, 1.3])
        .at([-0.5, 0.4])
        .at([0.0, 0.0])
        .kinked()
}

fn quotients() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        // sin(x) / x, whose value at 0 is 1.
        let sinc = if x[0].re() == 0.0 { D::from(1.0) - square(x[0]) / 6.0 } else { x[0].sin() / x[0] };
        sinc * x[1]
    }
    let problem = Problem::new(2, |x| x[0].abs().less_equal(0.0).select(1.0 - x[0] * x[0] / 6.0, x[0].sin() / x[0]) * x[1]);
    Case::new("an untaken quotient of zeros", problem, oracle, oracle).at([0.0, 2.0]).at([0.5, -1.0]).kinked()
}

fn bounded() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let safe = if x[0].re() > 1e-3 { x[0] } else { D::from(1e-3) };
        let capped = if x[1].re() < 2.0 { x[1].sqrt() } else { D::from(2.0_f64.sqrt()) };
        safe.ln() + capped + x[1]
    }
    let problem = Problem::new(2, |x| x[0].max(1e-3).ln() + x[1].min(2.0).sqrt() + x[1]);
    Case::new("a bound that keeps a logarithm finite", problem, oracle, oracle).at([-0.7, 1.3]).at([0.7, 3.0])
}

fn nested() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        if x[0].re() > 0.0 { if x[1].re() > 0.0 { (x[0] / x[1]).ln() } else { x[0].ln() } } else { (x[0] - x[1]).exp() }
    }
    let problem = Problem::new(2, |x| {
        let inner = x[1].greater(0.0).select((x[0] / x[1]).ln(), x[0].ln());
        x[0].greater(0.0).select(inner, (x[0] - x[1]).exp())
    });
    Case::new("selections in selections", problem, oracle, oracle).at([0.7, 1.3]).at([0.7, 0.0]).at([-0.7, 1.3]).at([-0.7, -0.2]).kinked()
}

fn summed() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let roots = x.iter().map(|v| if v.re() > 0.0 { v.sqrt() } else { square(*v) }).sum::<D>();
        let all: D = x.iter().map(|v| *v * *v * *v).sum();
        roots + if all.re() > 0.0 { x.iter().map(|v| v.ln()).sum() } else { all }
    }
    let problem = Problem::new(4, |x| {
        let roots = x.sum(0..4, |i| x.at(i).greater(0.0).select(x.at(i).sqrt(), x.at(i) * x.at(i)));
        let all = x.sum(0..4, |i| x.at(i).powi(3));
        roots + all.greater(0.0).select(x.sum(0..4, |i| x.at(i).ln()), all)
    });
    Case::new("selections in sums and sums in selections", problem, oracle, oracle)
        .at([0.7, 0.2, 1.3, 0.4])
        .at([-0.7, 0.2, -1.3, 0.4])
        .at([-1.0, 0.0, 0.5, 0.25])
        .kinked()
}

fn origin() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let length = if x[0].re() == 0.0 && x[1].re() == 0.0 { D::from(0.0) } else { (square(x[0]) + square(x[1])).sqrt() };
        length + x[0] * 3.0 + if x[1].re() < 0.0 { -x[1] } else { x[1] }
    }
    let problem = Problem::new(2, |x| x[0].hypot(x[1]) + 3.0 * x[0] + x[1].abs());
    Case::new("kinks at the origin", problem, oracle, oracle).at([0.0, 0.0]).at([0.0, -2.0]).kinked()
}

fn idle_loops() -> Case {
    // What does not vary with j leaves the inner loop: it must not be read past the end of x where j has no value, nor
    // bring an infinite derivative along.
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let next: D = (0..5).map(|i| (i + 1..5).map(|j| (x[i + 1] * x[j]).sin() * x[i + 1]).sum::<D>()).sum();
        let before: D = (0..5).map(|i| (0..i).map(|j| x[j] / (x[0] * (i as f64)).sqrt()).sum::<D>()).sum();
        next + before
    }
    let problem = Problem::new(5, |x| {
        let next = x.sum(0..5, |i| x.sum((i + 1).to(5), |j| (x.at(i + 1) * x.at(j)).sin() * x.at(i + 1)));
        let before = x.sum(0..5, |i| x.sum(..i, |j| x.at(j) / (x[0] * i.number()).sqrt()));
        next + before
    });
    Case::new("what leaves a loop that may be empty", problem, oracle, oracle).at([0.7, 0.2, -1.3, 0.4, 2.0])
}
