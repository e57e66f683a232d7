//! Conjugate gradients: every direction by its formula.

use manymin::prelude::*;

use super::{distance, dot, plus, rosenbrock_gradient, stretched, stretched_gradient, trajectory};
use crate::devices::{epsilon, gpu, rosenbrock, single};

/// beta as in Hager and Zhang's survey.
fn beta(update: CgUpdate, g: &[f64], before: &[f64], p: &[f64]) -> f64 {
    let y = plus(g, -1.0, before);
    match update {
        CgUpdate::FletcherReeves => dot(g, g) / dot(before, before),
        CgUpdate::PolakRibierePlus => (dot(g, &y) / dot(before, before)).max(0.0),
        CgUpdate::HestenesStiefel => dot(g, &y) / dot(p, &y),
        CgUpdate::DaiYuan => dot(g, g) / dot(p, &y),
        CgUpdate::HagerZhang => {
            let z = plus(&y, -2.0 * dot(&y, &y) / dot(p, &y), p);
            let floor = -1.0 / (dot(p, p).sqrt() * dot(before, before).sqrt().min(0.01));
            (dot(&z, g) / dot(p, &y)).max(floor)
        }
    }
}

/// Checks that the steps of a path go along the directions that its points and their gradients give, and counts how often
/// those begin anew.
fn follow(settings: ConjugateGradient, path: &[Vec<f64>], gradient: fn(&[f64]) -> Vec<f64>, near: f64, name: &str) -> u32 {
    let unit = |v: &[f64]| plus(&vec![0.0; v.len()], 1.0 / dot(v, v).sqrt(), v);
    let (mut p, mut before, mut restarts, mut since) = (Vec::new(), Vec::new(), 0, 0);
    for (k, pair) in path.windows(2).enumerate() {
        let (g, s) = (gradient(&pair[0]), plus(&pair[1], -1.0, &pair[0]));
        let steepest = plus(&vec![0.0; g.len()], -1.0, &g);
        since += 1;
        if k == 0 {
            (p, since) = (steepest, 0);
        } else {
            let beta = beta(settings.update, &g, &before, &p);
            p = plus(&steepest, beta, &p);
            let oblique = dot(&g, &before).abs() >= settings.orthogonality * dot(&g, &g);
            let due = settings.every > 0 && since >= settings.every;
            if oblique || due || beta == 0.0 || dot(&p, &g) >= 0.0 {
                (p, since) = (steepest, 0);
                restarts += 1;
            }
        }
        assert!(distance(&unit(&s), &unit(&p)) <= near, "{name}, step {k}: {s:?} does not go along {p:?}");
        before = g;
    }
    restarts
}

const UPDATES: [CgUpdate; 5] =
    [CgUpdate::FletcherReeves, CgUpdate::PolakRibierePlus, CgUpdate::HestenesStiefel, CgUpdate::DaiYuan, CgUpdate::HagerZhang];

#[test]
fn directions_are_those_of_the_formulas_and_restarts_are_counted() {
    const STEPS: u32 = 20;
    let cpu = Device::cpu(Precision::F64);
    let start = [-1.2, 1.0, 0.7, -0.3, 1.6, 0.2];
    for update in UPDATES {
        for settings in [
            ConjugateGradient { update, ..ConjugateGradient::default() },
            ConjugateGradient { update, orthogonality: f64::INFINITY, every: 0 },
            ConjugateGradient { update, orthogonality: f64::INFINITY, every: 4 },
        ] {
            let name = format!("{settings:?}");
            let minimizer = || Minimizer::new(settings);
            for (problem, gradient) in [(rosenbrock(6), rosenbrock_gradient as fn(&[f64]) -> Vec<f64>), (stretched(6), stretched_gradient)]
            {
                let path = trajectory(&cpu, &problem, &start, STEPS + 1, &minimizer);
                // Where a lane has come to rest its steps are rounding.
                let moving = path.windows(2).take_while(|pair| distance(&pair[0], &pair[1]) > 1e-6).count();
                assert!(moving >= 5, "{name}: {moving} steps");
                let restarts = follow(settings, &path[..=moving], gradient, 1e-7, &name);
                if moving == STEPS as usize + 1 {
                    // A lane that a limit ends has found the direction after its last step as well.
                    let lane = single(minimizer().max_iterations(STEPS), &cpu, &problem, &start);
                    assert_eq!(lane.restarts, restarts, "{name}");
                }
                if settings.every > 0 {
                    assert!(restarts >= 2, "{name}: {restarts} restarts");
                }
            }
        }
    }
}

#[test]
fn single_precision_goes_the_same_way() {
    let start = [1.0, -2.0, 0.5, 3.0, -1.0, 0.25];
    for device in [Device::cpu(Precision::F32), gpu()] {
        for update in UPDATES {
            let settings = ConjugateGradient { update, ..ConjugateGradient::default() };
            let path = trajectory(&device, &stretched(6), &start, 4, &|| Minimizer::new(settings));
            follow(settings, &path, stretched_gradient, 1e4 * epsilon(&device), &format!("{update:?} on {device}"));
        }
    }
}
