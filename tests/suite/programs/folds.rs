//! Loops that carry state: folds, products, extremes.

use manymin::prelude::*;

use super::{Case, Number, between, greatest, least, square, wave};

pub(super) fn all() -> Vec<Case> {
    vec![
        logistic(),
        horner(),
        fraction(),
        factors(),
        factors_with_zeros(),
        few_rounds(),
        exchanged(),
        forgotten(),
        unused(),
        selected(),
        leaving(),
        inside_a_sum(),
        around_a_sum(),
        triangle(),
        two_after_another(),
        nested(),
        parameters(),
        oscillator(),
        predators(),
        thousand(),
        blocks(),
        blocks_of_any_length(),
        extremes(),
        ties(),
    ]
}

/// The state after all of `range`.
fn folded<D: Number, const K: usize>(range: std::ops::Range<usize>, initial: [D; K], step: impl Fn(usize, [D; K]) -> [D; K]) -> [D; K] {
    range.fold(initial, |state, i| step(i, state))
}

fn logistic() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        folded(0..20, [x[0]], |_, [y]| [x[1] * y * (D::from(1.0) - y)])[0]
    }
    let problem = Problem::new(2, |x| x.fold(0..20, [x[0]], |_, [y]| [x[1] * y * (1.0 - y)])[0]);
    Case::new("the logistic map", problem, oracle, oracle).at([0.3, 2.7]).at([0.6, 1.2])
}

fn horner() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        folded(0..8, [D::from(0.0)], |i, [y]| [y * x[8] + x[7 - i]])[0].sin()
    }
    let problem = Problem::new(9, |x| x.fold(0..8, [0.0], |i, [y]| [y * x[8] + x.at(7 - i)])[0].sin());
    Case::new("Horner's rule", problem, oracle, oracle).at_point(wave(9, 0.9, 0.2), &[])
}

fn fraction() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        folded(0..5, [x[5]], |i, [y]| [x[4 - i] + y.recip() * (i as f64 + 1.0)])[0]
    }
    let problem = Problem::new(6, |x| x.fold(0..5, [x[5]], |i, [y]| [x.at(4 - i) + (i.number() + 1.0) / y])[0]);
    Case::new("a continued fraction", problem, oracle, oracle).at_point(between(6, 0.5, 2.0, 0.2), &[])
}

fn factors() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        (0..40).map(|i| x[i].sin() + 1.3).product::<D>() - (3..3).map(|i: usize| x[i]).product::<D>()
    }
    let problem = Problem::new(40, |x| x.product(0..40, |i| x.at(i).sin() + 1.3) - x.product(3..3, |i| x.at(i)));
    Case::new("products", problem, oracle, oracle).at_point(wave(40, 0.4, 0.2), &[]).condition(FORTY)
}

/// Forty factors, each of which a sine, a sum and a product round by up to a unit and a half together.
const FORTY: f64 = 60.0;

fn factors_with_zeros() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        (0..5).map(|i| x[i]).product::<D>() + (0..4).map(|i| (0..i).map(|j| x[j] - x[i]).product::<D>()).sum::<D>()
    }
    let problem = Problem::new(5, |x| x.product(0..5, |i| x.at(i)) + x.sum(0..4, |i| x.product(..i, |j| x.at(j) - x.at(i))));
    Case::new("products with factors of 0", problem, oracle, oracle)
        .at([1.5, 0.0, -2.0, 0.5, 3.0])
        .at([1.5, 0.0, -2.0, 0.0, 3.0])
        .at([0.7, 0.7, -2.0, 0.5, 1.0])
}

fn few_rounds() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let by = |rounds: usize| folded(0..rounds, [x[0], x[1]], |i, [a, b]| [a * b + x[i], (a - b).cos()]);
        let ([a, b], [c, d], [e, f]) = (by(0), by(1), by(2));
        a * b + c * d + e * f
    }
    let problem = Problem::new(2, |x| {
        let by = |rounds: usize| x.fold(0..rounds, [x[0], x[1]], |i, [a, b]| [a * b + x.at(i), (a - b).cos()]);
        let ([a, b], [c, d], [e, f]) = (by(0), by(1), by(2));
        a * b + c * d + e * f
    });
    Case::new("no round, one and two", problem, oracle, oracle).at([0.7, -1.3])
}

fn exchanged() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let [a, b, c] = folded(0..7, [x[0], x[1], x[2]], |i, [a, b, c]| [b, c, a + x[i] * 0.5]);
        let [d, e] = folded(0..45, [x[0], x[1]], |_, [d, e]| [e, d]);
        // As Fibonacci's numbers.
        let [f, g] = folded(0..12, [x[2], x[0]], |_, [f, g]| [g, f + g]);
        a.sin() * b + c + d / (square(e) + 1.0) + g / (square(f) + 1.0)
    }
    let problem = Problem::new(7, |x| {
        let [a, b, c] = x.fold(0..7, [x[0], x[1], x[2]], |i, [a, b, c]| [b, c, a + 0.5 * x.at(i)]);
        let [d, e] = x.fold(0..45, [x[0], x[1]], |_, [d, e]| [e, d]);
        let [f, g] = x.fold(0..12, [x[2], x[0]], |_, [f, g]| [g, f + g]);
        a.sin() * b + c + d / (e * e + 1.0) + g / (f * f + 1.0)
    });
    Case::new("parts of a state that change places", problem, oracle, oracle).at_point(wave(7, 1.2, 0.3), &[])
}

fn forgotten() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        // Of b only the last round is left, c never changes, d counts, and e is what x is.
        let start = [x[0], x[1], x[2], D::from(0.0), x[0]];
        let [a, b, c, d, e] = folded(0..9, start, |i, [a, _, c, d, _]| [a * 0.5 + c, x[i] * x[i], c, d + 1.0, x[3]]);
        a * b + c * d * 0.1 + e * a
    }
    let problem = Problem::new(9, |x| {
        let start = [x[0], x[1], x[2], x.constant(0.0), x[0]];
        let [a, b, c, d, e] = x.fold(0..9, start, |i, [a, _, c, d, _]| [0.5 * a + c, x.at(i) * x.at(i), c, d + 1.0, x[3]]);
        a * b + c * d * 0.1 + e * a
    });
    Case::new("parts of a state that forget", problem, oracle, oracle).at_point(wave(9, 1.0, 0.3), &[])
}

fn unused() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        folded(0..2, [x[0], D::from(0.0)], |_, [root, sum]| [(root - 1.0).sqrt(), sum + root])[1]
    }
    // The last root, of 0 at x = 2, has an infinite derivative, which nothing is asked for.
    let problem = Problem::new(1, |x| x.fold(0..2, [x[0], x.constant(0.0)], |_, [root, sum]| [(root - 1.0).sqrt(), sum + root])[1]);
    Case::new("a part of a state that is not used after it", problem, oracle, oracle).at([2.0]).at([3.0]).kinked()
}

fn selected() -> Case {
    fn step<D: Number>(x: &[D], i: usize, s: D) -> D {
        if s.re() > 0.0 { s.sqrt() - x[i] } else { square(s) + x[0] }
    }
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        folded(0..6, [x[0]], |i, [s]| [step(x, i, s)])[0]
    }
    let problem = Problem::new(6, |x| x.fold(0..6, [x[0]], |i, [s]| [s.greater(0.0).select(s.sqrt() - x.at(i), s * s + x[0])])[0]);
    Case::new("selections in a fold", problem, oracle, oracle).at_point(wave(6, 1.0, 0.3), &[]).at_point(wave(6, 0.6, 2.3), &[]).kinked()
}

fn leaving() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let [y] = folded(0..5, [x[0]], |_, [y]| [(y * x[1]).sin() + x[1].exp()]);
        (0..6).map(|i| square(x[i] - y)).sum()
    }
    let problem = Problem::new(6, |x| {
        x.sum(0..6, |i| {
            let [y] = x.fold(0..5, [x[0]], |_, [y]| [(y * x[1]).sin() + x[1].exp()]);
            (x.at(i) - y).powi(2)
        })
    });
    Case::new("a fold that leaves its loop", problem, oracle, oracle).at_point(wave(6, 1.0, 0.3), &[])
}

fn inside_a_sum() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        (0..7).map(|i| folded(0..6, [x[i], x[0]], |j, [a, b]| [(a * x[j]).sin() + b, b * 0.5 + x[i] * a])[0] * x[i]).sum()
    }
    let problem = Problem::new(7, |x| {
        x.sum(0..7, |i| {
            let [a, _] = x.fold(0..6, [x.at(i), x[0]], |j, [a, b]| [(a * x.at(j)).sin() + b, 0.5 * b + x.at(i) * a]);
            a * x.at(i)
        })
    });
    Case::new("a fold in a sum", problem, oracle, oracle).at_point(wave(7, 0.8, 0.3), &[])
}

fn around_a_sum() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let [a, b] = folded(0..5, [x[0], x[1]], |i, [a, b]| {
            let sum: D = (0..6).map(|j| (a * x[j] - b).cos() * x[i]).sum();
            [sum * 0.3, a - b * x[5]]
        });
        a * b + a
    }
    let problem = Problem::new(6, |x| {
        let [a, b] = x.fold(0..5, [x[0], x[1]], |i, [a, b]| {
            let sum = x.sum(0..6, |j| (a * x.at(j) - b).cos() * x.at(i));
            [0.3 * sum, a - b * x[5]]
        });
        a * b + a
    });
    Case::new("a sum in a fold", problem, oracle, oracle).at_point(wave(6, 0.8, 0.3), &[])
}

fn triangle() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        (0..8).map(|i| folded(i + 1..8, [x[i]], |j, [s]| [(s + x[j] * (j as f64) * 0.1).tanh()])[0] * x[7 - i]).sum()
    }
    let problem = Problem::new(8, |x| {
        x.sum(0..8, |i| x.fold((i + 1).to(8), [x.at(i)], |j, [s]| [(s + 0.1 * j.number() * x.at(j)).tanh()])[0] * x.at(7 - i))
    });
    Case::new("folds of every length down to none", problem, oracle, oracle).at_point(wave(8, 0.8, 0.3), &[])
}

fn two_after_another() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let [a] = folded(0..4, [x[0]], |i, [a]| [a * x[i] + 0.5]);
        let [b] = folded(0..4, [x[1]], |i, [b]| [(b * a).sin() + x[i]]);
        let [c, d] = folded(0..4, [a, b], |i, [c, d]| [c + d * x[i] * a, d - square(b) * 0.1]);
        c * d + a
    }
    let problem = Problem::new(4, |x| {
        let [a] = x.fold(0..4, [x[0]], |i, [a]| [a * x.at(i) + 0.5]);
        let [b] = x.fold(0..4, [x[1]], |i, [b]| [(b * a).sin() + x.at(i)]);
        let [c, d] = x.fold(0..4, [a, b], |i, [c, d]| [c + d * x.at(i) * a, d - 0.1 * b * b]);
        c * d + a
    });
    Case::new("folds that need those before", problem, oracle, oracle).at_point(wave(4, 0.8, 0.3), &[])
}

fn nested() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let [a, b] = folded(0..4, [x[0], x[1]], |i, [a, b]| {
            let [c] = folded(0..5, [a], |j, [c]| [(c * b + x[i]).sin() + x[j] * folded(0..j, [b * c], |k, [d]| [(d * x[k]).cos()])[0]]);
            [c, (a - b) * 0.5]
        });
        a * 2.0 - b
    }
    let problem = Problem::new(5, |x| {
        let [a, b] = x.fold(0..4, [x[0], x[1]], |i, [a, b]| {
            let [c] = x.fold(0..5, [a], |j, [c]| {
                let [d] = x.fold(..j, [b * c], |k, [d]| [(d * x.at(k)).cos()]);
                [(c * b + x.at(i)).sin() + x.at(j) * d]
            });
            [c, 0.5 * (a - b)]
        });
        2.0 * a - b
    });
    Case::new("a fold in a fold in a fold", problem, oracle, oracle).at_point(wave(5, 0.8, 0.3), &[])
}

fn parameters() -> Case {
    fn oracle<D: Number>(x: &[D], p: &[f64]) -> D {
        let [a, time] = folded(0..6, [x[0], D::from(p[0])], |i, [a, t]| [a * x[1] + (t * p[i]).sin(), t + p[1]]);
        a * time
    }
    let problem = Problem::builder(2).parameters(6).build(|x, c| {
        let p = c.parameters();
        let [a, time] = x.fold(0..6, [x[0], p.at(0)], |i, [a, t]| [a * x[1] + (t * p.at(i)).sin(), t + p.at(1)]);
        a * time
    });
    Case::new("a fold over parameters", problem, oracle, oracle)
        .at_point(vec![0.7, -1.1], &wave(6, 1.0, 0.4))
        .at_point(vec![-0.2, 0.4], &wave(6, 2.0, 1.4))
}

fn oscillator() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let [y, v] = folded(0..400, [D::from(1.0), x[2]], |_, [y, v]| [y + v * 0.01, v - (y * x[0] + v * x[1]) * 0.01]);
        square(y - 0.3) + square(v)
    }
    let problem = Problem::new(3, |x| {
        let [y, v] = x.fold(0..400, [x.constant(1.0), x[2]], |_, [y, v]| [y + 0.01 * v, v - 0.01 * (x[0] * y + x[1] * v)]);
        (y - 0.3).powi(2) + v * v
    });
    Case::new("a damped oscillator by Euler's method", problem, oracle, oracle).at([2.0, 0.3, 0.5])
}

/// Steps of a Runge-Kutta method from one datum to the next, and the step.
const STEPS: usize = 5;
const STEP: f64 = 0.1;

fn predators() -> Case {
    fn seen() -> Vec<f64> {
        between(12, 0.5, 2.0, 0.7)
    }
    fn rates<D: Number>(x: &[D], [u, v]: [D; 2]) -> [D; 2] {
        [u * (x[0] - x[1] * v), v * (x[2] * u - x[3])]
    }
    fn step<D: Number>(x: &[D], [u, v]: [D; 2]) -> [D; 2] {
        let a = rates(x, [u, v]);
        let b = rates(x, [u + a[0] * (STEP / 2.0), v + a[1] * (STEP / 2.0)]);
        let c = rates(x, [u + b[0] * (STEP / 2.0), v + b[1] * (STEP / 2.0)]);
        let d = rates(x, [u + c[0] * STEP, v + c[1] * STEP]);
        let mean = |k: usize| (a[k] + (b[k] + c[k]) * 2.0 + d[k]) * (STEP / 6.0);
        [u + mean(0), v + mean(1)]
    }
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let seen = seen();
        folded(0..12, [x[4], x[5], D::from(0.0)], |i, [u, v, cost]| {
            let [u, v] = folded(0..STEPS, [u, v], |_, state| step(x, state));
            [u, v, cost + square(u - seen[i])]
        })[2]
    }
    fn traced_rates<'g>(x: Point<'g>, [u, v]: [Scalar<'g>; 2]) -> [Scalar<'g>; 2] {
        [u * (x[0] - x[1] * v), v * (x[2] * u - x[3])]
    }
    let problem = Problem::builder(6).data("u", &seen()).build(|x, c| {
        let seen = c.data("u");
        x.fold(0..seen.len(), [x[4], x[5], x.constant(0.0)], |i, [u, v, cost]| {
            let [u, v] = x.fold(0..STEPS, [u, v], |_, [u, v]| {
                let a = traced_rates(x, [u, v]);
                let b = traced_rates(x, [u + STEP / 2.0 * a[0], v + STEP / 2.0 * a[1]]);
                let c = traced_rates(x, [u + STEP / 2.0 * b[0], v + STEP / 2.0 * b[1]]);
                let d = traced_rates(x, [u + STEP * c[0], v + STEP * c[1]]);
                let mean = |k: usize| STEP / 6.0 * (a[k] + 2.0 * (b[k] + c[k]) + d[k]);
                [u + mean(0), v + mean(1)]
            });
            [u, v, cost + (u - seen.at(i)).powi(2)]
        })[2]
    });
    Case::new("predators and prey fitted to data", problem, oracle, oracle).at([1.1, 0.4, 0.3, 0.9, 1.2, 0.8])
}

fn thousand() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let [a, b, c, d] = folded(0..1000, [x[0], x[1], x[2], x[3]], |i, [a, b, c, d]| {
            let t = i as f64 * 0.01;
            [a + b * 1e-3, b - (a * x[0] + c).sin() * 1e-3, c + d * t.cos() * 1e-3, d - c * 1e-3]
        });
        a * b + c * d + a
    }
    let problem = Problem::new(4, |x| {
        let [a, b, c, d] = x.fold(0..1000, [x[0], x[1], x[2], x[3]], |i, [a, b, c, d]| {
            let t = 0.01 * i.number();
            [a + 1e-3 * b, b - 1e-3 * (a * x[0] + c).sin(), c + 1e-3 * d * t.cos(), d - 1e-3 * c]
        });
        a * b + c * d + a
    });
    Case::new("a thousand steps of four equations", problem, oracle, oracle).at([0.7, -0.4, 0.9, 0.3]).condition(THOUSANDS)
}

/// Thousands of roundings of half a unit each, one after another, as many up as down: the root of 5,000, halved.
const THOUSANDS: f64 = 36.0;

fn blocks() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let [a, b] = folded(0..5000, [x[0], x[1]], |i, [a, b]| [a + (b * x[2]).sin() * 1e-3, b - a * x[i / 2500] * 1e-3]);
        a * b + a
    }
    let halves: Vec<f64> = (0..5000).map(|i| f64::from(i / 2500)).collect();
    let problem = Problem::builder(3).data("half", &halves).build(|x, c| {
        let [a, b] = x.fold(0..5000, [x[0], x[1]], |i, [a, b]| {
            let half = c.data("half").at(i);
            [a + 1e-3 * (b * x[2]).sin(), b - 1e-3 * a * (half * x[1] + (1.0 - half) * x[0])]
        });
        a * b + a
    });
    Case::new("five thousand steps", problem, oracle, oracle).at([0.7, -0.4, 0.9]).condition(THOUSANDS)
}

fn blocks_of_any_length() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        (0..3).map(|i| folded(i..1500 * i, [x[i]], |_, [s]| [s + (s * x[3] + x[0]).sin() * 1e-3])[0] * x[i]).sum()
    }
    let problem =
        Problem::new(4, |x| x.sum(0..3, |i| x.fold(i.to(1500 * i), [x.at(i)], |_, [s]| [s + 1e-3 * (s * x[3] + x[0]).sin()])[0] * x.at(i)));
    Case::new("blocks of which some are short and some empty", problem, oracle, oracle).at([0.7, -0.4, 0.9, 1.3]).condition(THOUSANDS)
}

fn extremes() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let most = (1..9).map(|i| x[i].sin() * x[0]).fold(x[0].sin() * x[0], greatest);
        let least = (0..8).map(|i| (i..9).map(|j| x[i] - x[j] * 2.0).reduce(greatest).unwrap_or(x[0])).reduce(least).unwrap_or(x[0]);
        square(most) + least * most
    }
    let problem = Problem::new(9, |x| {
        let most = x.maximum(0..9, |i| x.at(i).sin() * x[0]);
        let least = x.minimum(0..8, |i| x.maximum(i.to(9), |j| x.at(i) - 2.0 * x.at(j)));
        most * most + least * most
    });
    Case::new("the greatest and the least of the greatest", problem, oracle, oracle)
        .at_point(wave(9, 1.2, 0.3), &[])
        .at_point(wave(9, 0.6, 1.3), &[])
}

fn ties() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x.iter().copied().reduce(greatest).unwrap_or(x[0]) * 3.0 + x.iter().copied().reduce(least).unwrap_or(x[0])
    }
    let problem = Problem::new(5, |x| 3.0 * x.maximum(0..5, |i| x.at(i)) + x.minimum(0..5, |i| x.at(i)));
    Case::new("extremes that are met twice", problem, oracle, oracle).at([0.5, 2.0, -1.0, 2.0, -1.0]).at([-1.0; 5]).kinked()
}

#[test]
fn the_greatest_passes_over_what_is_not_a_number_unless_it_comes_first() {
    let problem = Problem::new(3, |x| x.maximum(0..3, |i| x.at(i).sqrt())).unwrap();
    let at = problem.evaluate(&[1.0, -1.0, 4.0], &[]).unwrap();
    assert_eq!((at.value, at.gradient), (2.0, vec![0.0, 0.0, 0.25]), "in the middle");
    assert!(problem.evaluate(&[-1.0, 1.0, 4.0], &[]).unwrap().value.is_nan(), "at first");
}
