//! Sums of every shape.

use manymin::prelude::*;

use super::{Case, Number, between, square, wave};

pub(super) fn all() -> Vec<Case> {
    vec![
        plain(),
        hundred(),
        thousand(),
        nested(),
        upper_triangle(),
        lower_triangle(),
        triple(),
        triples(),
        reversed(),
        convolution(),
        product_of_sums(),
        sums_of_products(),
        length(),
        normalised(),
        log_sum_exp(),
        hoisted(),
        empty(),
        sometimes_empty(),
        several(),
        numbers(),
        parameters(),
        indexed_parameters(),
        data(),
        selected(),
        unvarying(),
        variance(),
        closed_inside(),
        stages(),
        deep_pairs(),
        constant_sums(),
        long_nested(),
    ]
}

/// `0 + 1 + ...` of what `term` gives.
fn total<D: Number>(range: std::ops::Range<usize>, term: impl FnMut(usize) -> D) -> D {
    range.map(term).sum()
}

fn plain() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..5, |i| square(x[i]) - x[i].sin())
    }
    let problem = Problem::new(5, |x| x.sum(0..x.len(), |i| x.at(i) * x.at(i) - x.at(i).sin()));
    Case::new("a plain sum", problem, oracle, oracle).at_point(wave(5, 2.0, 0.1), &[])
}

fn hundred() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(3..100, |i| (x[i] * x[i - 3]).exp())
    }
    let problem = Problem::new(100, |x| x.sum(3..100, |i| (x.at(i) * x.at(i - 3)).exp()));
    Case::new("a sum over blocks of terms", problem, oracle, oracle).at_point(wave(100, 1.0, 0.3), &[])
}

fn thousand() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..1000, |i| (x[i] - x[(i + 1).min(999)]).cos() + square(x[i]) * 0.01)
    }
    let problem =
        Problem::new(1000, |x| x.sum(0..999, |i| (x.at(i) - x.at(i + 1)).cos()) + 1.0 + x.sum(0..1000, |i| x.at(i) * x.at(i) * 0.01));
    Case::new("a sum over a thousand terms", problem, oracle, oracle).at_point(wave(1000, 3.0, 0.3), &[])
}

fn nested() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..4, |i| x[i].exp() * total(4..9, |j| (x[i] * x[j]).sin() + x[j]))
    }
    let problem = Problem::new(9, |x| x.sum(0..4, |i| x.at(i).exp() * x.sum(4..9, |j| (x.at(i) * x.at(j)).sin() + x.at(j))));
    Case::new("a sum in a sum", problem, oracle, oracle).at_point(wave(9, 1.5, 0.2), &[]).at_point(wave(9, 0.5, 1.2), &[])
}

fn upper_triangle() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..12, |i| total(i + 1..12, |j| (square(x[i] - x[j]) + 0.5).recip()))
    }
    let problem = Problem::new(12, |x| x.sum(0..12, |i| x.sum((i + 1).to(12), |j| 1.0 / ((x.at(i) - x.at(j)).powi(2) + 0.5))));
    Case::new("pairs above the diagonal", problem, oracle, oracle).at_point(wave(12, 2.0, 0.2), &[])
}

fn lower_triangle() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..40, |i| x[i] * total(0..i, |j| (x[i] + x[j]).tanh()))
    }
    let problem = Problem::new(40, |x| x.sum(0..40, |i| x.at(i) * x.sum(..i, |j| (x.at(i) + x.at(j)).tanh())));
    Case::new("pairs below the diagonal", problem, oracle, oracle).at_point(wave(40, 2.0, 0.2), &[])
}

fn triple() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..7, |i| total(i..7, |j| total(i..j, |k| (x[i] * x[j] - x[k]).sin() * x[j]) * x[i]))
    }
    let problem =
        Problem::new(7, |x| x.sum(0..7, |i| x.sum(i.to(7), |j| x.sum(i..j, |k| (x.at(i) * x.at(j) - x.at(k)).sin() * x.at(j)) * x.at(i))));
    Case::new("a sum in a sum in a sum", problem, oracle, oracle).at_point(wave(7, 1.5, 0.2), &[])
}

fn triples() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..5, |i| x[3 * i] * x[3 * i + 1] - x[3 * i + 2].cos() * x[2 * i + 4])
    }
    let problem = Problem::new(15, |x| x.sum(0..5, |i| x.at(3 * i) * x.at(3 * i + 1) - x.at(i * 3 + 2).cos() * x.at(4 + i * 2)));
    Case::new("strides and shifts", problem, oracle, oracle).at_point(wave(15, 1.5, 0.2), &[])
}

fn reversed() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..9, |i| x[i] * x[8 - i] + (x[8 - i] * 2.0).sin() * (i as f64))
    }
    let problem = Problem::new(9, |x| x.sum(0..9, |i| x.at(i) * x.at(x.len() - 1 - i) + (2.0 * x.at(8 - i)).sin() * i.number()));
    Case::new("a reversed index", problem, oracle, oracle).at_point(wave(9, 1.5, 0.2), &[])
}

fn convolution() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..8, |i| total(i..8, |j| x[j - i] * x[j] + total(i..j, |k| x[k - i] * x[j - k])))
    }
    let problem =
        Problem::new(8, |x| x.sum(0..8, |i| x.sum(i.to(8), |j| x.at(j - i) * x.at(j) + x.sum(i.to(j), |k| x.at(k - i) * x.at(j - k)))));
    Case::new("differences of indices", problem, oracle, oracle).at_point(wave(8, 1.5, 0.2), &[])
}

fn product_of_sums() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..6, |i| x[i].sin()) * total(0..6, |i| x[i].cos()) + total(2..5, |i| square(x[i])) / (total(0..6, |i| square(x[i])) + 1.0)
    }
    let problem = Problem::new(6, |x| {
        let sines = x.sum(0..6, |i| x.at(i).sin());
        let part = x.sum(2..5, |i| x.at(i) * x.at(i));
        sines * x.sum(0..6, |i| x.at(i).cos()) + part / (x.sum(0..6, |i| x.at(i) * x.at(i)) + 1.0)
    });
    Case::new("products and quotients of sums", problem, oracle, oracle).at_point(wave(6, 1.5, 0.2), &[])
}

fn sums_of_products() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..5, |i| total(0..5, |j| x[i] * x[j].exp()) * total(0..i, |j| x[j] - x[i]) * total(i..5, |j| (x[j] * x[i]).cos()))
    }
    let problem = Problem::new(5, |x| {
        x.sum(0..5, |i| {
            let all = x.sum(0..5, |j| x.at(i) * x.at(j).exp());
            let below = x.sum(..i, |j| x.at(j) - x.at(i));
            all * below * x.sum(i.to(5), |j| (x.at(j) * x.at(i)).cos())
        })
    });
    Case::new("sums of products of sums", problem, oracle, oracle).at_point(wave(5, 1.5, 0.2), &[])
}

fn length() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..50, |i| square(x[i])).sqrt() + (total(0..50, |i| x[i]) * 0.1).exp()
    }
    let problem = Problem::new(50, |x| x.sum(0..50, |i| x.at(i) * x.at(i)).sqrt() + (0.1 * x.sum(0..50, |i| x.at(i))).exp());
    Case::new("functions of a sum", problem, oracle, oracle).at_point(wave(50, 1.5, 0.2), &[])
}

fn normalised() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let length = total(0..6, |i| square(x[i])).sqrt();
        total(0..6, |i| (x[i] / length).powi(4) + (x[i] / length * 3.0).sin())
    }
    let problem = Problem::new(6, |x| {
        let length = x.sum(0..6, |i| x.at(i) * x.at(i)).sqrt();
        x.sum(0..6, |i| (x.at(i) / length).powi(4) + (x.at(i) / length * 3.0).sin())
    });
    Case::new("a loop that needs an earlier one", problem, oracle, oracle).at_point(wave(6, 1.5, 0.2), &[])
}

fn log_sum_exp() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..33, |i| x[i].exp()).ln() - x[7]
    }
    let problem = Problem::new(33, |x| x.sum(0..33, |i| x.at(i).exp()).ln() - x[7]);
    Case::new("the logarithm of a sum of exponentials", problem, oracle, oracle).at_point(wave(33, 4.0, 0.2), &[])
}

fn hoisted() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let mean = total(0..8, |j| x[j]) / 8.0;
        total(0..8, |i| square(x[i] - mean) * (mean * x[0]).exp())
    }
    let problem = Problem::new(8, |x| {
        x.sum(0..8, |i| (x.at(i) - x.sum(0..8, |j| x.at(j)) / 8.0).powi(2) * (x.sum(0..8, |j| x.at(j)) / 8.0 * x[0]).exp())
    });
    Case::new("a sum that leaves its loop", problem, oracle, oracle).at_point(wave(8, 1.5, 0.2), &[])
}

fn empty() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        square(x[0]) + total(0..3, |i| x[i])
    }
    let problem = Problem::new(3, |x| {
        let none = x.sum(2..2, |i| x.at(i).ln());
        let nothing = x.sum(0..3, |i| x.sum(i.to(i), |j| x.at(j) / 0.0) + x.at(i));
        x[0] * x[0] + none + nothing
    });
    Case::new("empty ranges", problem, oracle, oracle).at([0.7, -1.3, 2.0])
}

fn sometimes_empty() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..9, |i| total(i..5, |j| (x[i] * x[j]).sin() + x[0]) + x[i] * (i as f64) + total(i..4, |_| x[1] * 2.0))
    }
    let problem = Problem::new(9, |x| {
        x.sum(0..9, |i| x.sum(i.to(5), |j| (x.at(i) * x.at(j)).sin() + x[0]) + i.number() * x.at(i) + x.sum(i.to(4), |_| x[1] * 2.0))
    });
    Case::new("ranges that would have a negative length", problem, oracle, oracle).at_point(wave(9, 1.5, 0.2), &[])
}

fn several() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..6, |i| x[i].sin()) + total(0..3, |i| x[i] * x[i + 3]) + total(1..6, |i| x[i] - x[i - 1]) * x[2] + x[5] * 4.0
    }
    let problem = Problem::new(6, |x| {
        x.sum(0..6, |i| x.at(i).sin()) + x.sum(0..3, |i| x.at(i) * x.at(i + 3)) + x.sum(1..6, |i| x.at(i) - x.at(i - 1)) * x[2] + 4.0 * x[5]
    });
    Case::new("x in several loops", problem, oracle, oracle).at_point(wave(6, 1.5, 0.2), &[])
}

fn numbers() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..6, |i| {
            total(0..i, |j| x[i].powi(2) * ((3 * i + 2 * j) as f64 + 1.0) + (x[j] / ((i - j) as f64)).cos() - x[i] / (6.0 - j as f64))
        })
    }
    // An index without its variable is a constant: the range from 0 to i, by the longer way.
    const NO: usize = 0;
    let problem = Problem::new(6, |x| {
        x.sum(0..6, |i| {
            x.sum((NO * i).to(i), |j| {
                x.at(i).powi(2) * ((3 * i + 2 * j).number() + 1.0) + (x.at(j) / (i - j).number()).cos() - x.at(i) / (6 - j).number()
            })
        })
    });
    Case::new("indices as numbers", problem, oracle, oracle).at_point(wave(6, 1.5, 0.2), &[])
}

fn parameters() -> Case {
    fn oracle<D: Number>(x: &[D], p: &[f64]) -> D {
        square(x[0] - p[0]) * p[1] + (x[1] * p[2]).sin()
    }
    let problem = Problem::builder(2)
        .parameters(3)
        .build(|x, c| (x[0] - c.parameter(0)).powi(2) * c.parameter(1) + (x[1] * c.parameters().at(2)).sin());
    Case::new("fixed parameters", problem, oracle, oracle)
        .at_point(vec![0.7, -1.3], &[2.0, 3.0, 0.5])
        .at_point(vec![0.7, -1.3], &[-1.0, 0.0, 4.5])
}

fn indexed_parameters() -> Case {
    fn oracle<D: Number>(x: &[D], p: &[f64]) -> D {
        total(0..4, |i| square(x[i] - p[2 * i + 1]) * p[2 * i]) * total(0..9, |i| D::from(p[i].sin())) + x[0] * p[8]
    }
    let problem = Problem::builder(4).parameters(9).build(|x, c| {
        let p = c.parameters();
        x.sum(0..4, |i| (x.at(i) - c.parameter(2 * i + 1)).powi(2) * p.at(2 * i)) * c.sum(0..p.len(), |i| p.at(i).sin()) + x[0] * p.at(8)
    });
    Case::new("parameters in loops", problem, oracle, oracle)
        .at_point(wave(4, 1.5, 0.2), &wave(9, 1.0, 0.4))
        .at_point(wave(4, 0.5, 1.2), &wave(9, 2.0, 1.4))
}

fn data() -> Case {
    fn table() -> (Vec<f64>, Vec<f64>) {
        (wave(70, 1.0, 0.7), between(35, 0.5, 2.0, 0.1))
    }
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let (a, b) = table();
        total(0..35, |i| (x[0] * a[2 * i] + x[1] * a[69 - i] - b[i]).powi(2) / b[34 - i]) + x[1] * a[3]
    }
    let (a, b) = table();
    let problem = Problem::builder(2).data("a", &a).data("b", &b).build(|x, c| {
        let (a, b) = (c.data("a"), c.data("b"));
        x.sum(0..b.len(), |i| (x[0] * a.at(2 * i) + x[1] * a.at(69 - i) - b.at(i)).powi(2) / b.at(34 - i)) + x[1] * a.at(3)
    });
    Case::new("data arrays", problem, oracle, oracle).at([0.7, -1.3]).at([3.0, 0.1])
}

fn selected() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..10, |i| total(0..i, |j| if x[i].re() < x[j].re() { (x[j] - x[i]).sqrt() } else { square(x[i]) * x[j] }))
    }
    let problem = Problem::new(10, |x| {
        x.sum(0..10, |i| x.sum(..i, |j| x.at(i).less(x.at(j)).select((x.at(j) - x.at(i)).sqrt(), x.at(i).powi(2) * x.at(j))))
    });
    Case::new("selections in nested sums", problem, oracle, oracle).at_point(wave(10, 1.5, 0.2), &[])
}

fn unvarying() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x[0].exp() * 7.0 + total(0..6, |i| x[1].sin() * ((6 - i) as f64) + x[i] * 3.0 * (i as f64))
    }
    let problem =
        Problem::new(6, |x| x.sum(3..10, |_| x[0].exp()) + x.sum(0..6, |i| x.sum(i.to(6), |_| x[1].sin()) + x.sum(..i, |_| x.at(i) * 3.0)));
    Case::new("sums of what does not vary", problem, oracle, oracle).at_point(wave(6, 1.5, 0.2), &[])
}

fn variance() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let mean = total(0..64, |i| x[i]) / 64.0;
        let variance = total(0..64, |i| square(x[i] - mean)) / 63.0;
        total(0..64, |i| ((x[i] - mean) / variance.sqrt()).powi(3)) + variance.ln()
    }
    let problem = Problem::new(64, |x| {
        let mean = x.sum(0..64, |i| x.at(i)) / 64.0;
        let variance = x.sum(0..64, |i| (x.at(i) - mean).powi(2)) / 63.0;
        x.sum(0..64, |i| ((x.at(i) - mean) / variance.sqrt()).powi(3)) + variance.ln()
    });
    Case::new("three loops, each needing the one before", problem, oracle, oracle).at_point(wave(64, 1.5, 0.2), &[])
}

fn closed_inside() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        let s = total(0..5, |i| x[i].sin());
        let t = total(0..5, |j| x[j] * s);
        total(0..5, |i| x[i] * s + total(0..5, |j| x[j] * s * x[i] + total(0..5, |k| x[k] * t) * x[j]))
    }
    let problem = Problem::new(5, |x| {
        x.sum(0..5, |i| {
            let s = x.sum(0..5, |k| x.at(k).sin());
            let t = x.sum(0..5, |j| x.at(j) * s);
            x.at(i) * s + x.sum(0..5, |j| x.at(j) * s * x.at(i) + x.sum(0..5, |k| x.at(k) * t) * x.at(j))
        })
    });
    Case::new("closed sums of one range at several depths", problem, oracle, oracle).at_point(wave(5, 1.0, 0.2), &[])
}

fn stages() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..6, |i| {
            let density = total(0..6, |j| (-square(x[i] - x[j])).exp());
            -density.sqrt() + total(0..i, |j| (x[i] - x[j]).tanh() * density)
        })
    }
    let problem = Problem::new(6, |x| {
        x.sum(0..6, |i| {
            let density = x.sum(0..6, |j| (-(x.at(i) - x.at(j)).powi(2)).exp());
            -density.sqrt() + x.sum(..i, |j| (x.at(i) - x.at(j)).tanh() * density)
        })
    });
    Case::new("an embedding inside a loop", problem, oracle, oracle).at_point(wave(6, 1.0, 0.2), &[])
}

fn deep_pairs() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..4, |i| total(0..4, |j| total(0..4, |k| total(0..4, |l| (x[i] + x[4 + j] * x[8 + k] - x[12 + l]).sin()))))
    }
    let problem = Problem::new(16, |x| {
        x.sum(0..4, |i| x.sum(0..4, |j| x.sum(0..4, |k| x.sum(0..4, |l| (x.at(i) + x.at(j + 4) * x.at(k + 8) - x.at(12 + l)).sin()))))
    });
    Case::new("four sums deep", problem, oracle, oracle).at_point(wave(16, 1.0, 0.2), &[])
}

fn constant_sums() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        x[0] * 55.0 + x[1] * (1..=10).map(|k| 1.0 / f64::from(k)).sum::<f64>()
    }
    let problem = Problem::new(2, |x| {
        x[0] * x.sum(1..11, |i| i.number()) + x[1] * x.sum(1..11, |i| 1.0 / i.number()) + x.sum(0..4, |_| x.constant(0.0))
    });
    Case::new("sums of constants", problem, oracle, oracle).at([0.7, -1.3])
}

fn long_nested() -> Case {
    fn oracle<D: Number>(x: &[D], _: &[f64]) -> D {
        total(0..70, |i| x[i] * total(0..70, |j| x[j] * ((i + j) as f64).recip().min(1.0)) + total(0..33, |j| (x[i] * x[j]).cos()))
    }
    let problem = Problem::new(70, |x| {
        x.sum(0..70, |i| {
            x.at(i) * x.sum(0..70, |j| x.at(j) * (1.0 / (i + j).number()).min(1.0)) + x.sum(0..33, |j| (x.at(i) * x.at(j)).cos())
        })
    });
    Case::new("blocks in blocks", problem, oracle, oracle).at_point(wave(70, 1.0, 0.2), &[])
}
