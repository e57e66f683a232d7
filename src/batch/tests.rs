//! Moves to devices with fewer places than there are lanes under way.

use super::Batch;
use crate::{Device, Lbfgs, Minimizer, Outcome, Pairs, Precision, Problem, Starts};

fn devices() -> Vec<Device> {
    let mut devices = vec![Device::cpu(Precision::F32), Device::cpu(Precision::F64)];
    if cfg!(feature = "gpu") {
        let adapter = Device::list().into_iter().find(|info| info.limits.is_some()).expect("an adapter to test on");
        devices.push(Device::adapter(&adapter.name).expect("it opens"));
    }
    devices
}

fn problem() -> (Problem, Starts) {
    let problem = Problem::builder(3)
        .parameters(1)
        .build(|x, c| x.sum(0..2, |i| c.parameter(0) * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2)));
    let starts = Starts::uniform(&crate::Bounds::new(&[-2.0; 3], &[2.0; 3]).expect("bounds"), 500, 9);
    let parameters = nalgebra::DMatrix::from_fn(1, 500, |_, lane| 1.0 + (lane % 50) as f64);
    (problem.expect("it can be traced"), starts.with_parameters(parameters))
}

/// A batch of which 400 lanes were under way and now 330 of them wait for a place.
fn crowded(device: &Device) -> Batch {
    let (problem, starts) = problem();
    let mut batch = Minimizer::new(Lbfgs::default()).pool(400).start(device, &problem, &starts).expect("it starts");
    (0..3).for_each(|_| batch.step().expect("a step"));
    batch.settings.pool = Some(70);
    batch.move_to(device).expect("it moves");
    assert!(batch.engine.held().len() >= 330, "{device}: {} lanes wait", batch.engine.held().len());
    batch
}

/// In every engine's states the newest pair comes first: gamma is its s.y / y.y; and the engines agree on all that lanes
/// remember, up to the rounding of a few steps.
#[test]
fn engines_mean_the_same_by_a_state() {
    let (problem, starts) = problem();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for (memory, steps) in [(8, 4), (2, 7)] {
        let states = |device: &Device| {
            // What values tell besides slopes is a matter of the precision.
            let minimizer = Minimizer::new(Lbfgs { memory }).pairs(Pairs { values: false, ..Pairs::default() });
            let mut batch = minimizer.start(device, &problem, &starts).expect("it starts");
            (0..steps).for_each(|_| batch.step().expect("a step"));
            batch.engine.export().expect("states")
        };
        let exact = states(&Device::cpu(Precision::F64));
        for device in devices() {
            let (mut compared, mut agree) = (0, 0);
            for state in states(&device) {
                let pairs = state.fields.pairs as usize;
                assert!(pairs <= memory && state.rho.len() == pairs && (state.s.len(), state.y.len()) == (3 * pairs, 3 * pairs));
                assert_eq!(state.parameters, [1.0 + (state.lane() % 50) as f64], "{device}");
                for ((s, y), rho) in state.s.chunks(3).zip(state.y.chunks(3)).zip(&state.rho) {
                    assert!((rho * dot(s, y) - 1.0).abs() < 1e-3, "{device}: {state:?}");
                }
                if let (Some(s), Some(y)) = (state.s.chunks(3).next(), state.y.chunks(3).next()) {
                    let gamma = dot(s, y) / dot(y, y);
                    assert!((state.fields.gamma / gamma - 1.0).abs() < 1e-3, "{device}: {state:?}");
                }
                let Ok(at) = exact.binary_search_by_key(&state.lane(), |state| state.lane()) else { continue };
                let other = &exact[at];
                compared += 1;
                let near =
                    |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-3 * (1.0 + b.abs()));
                let vectors =
                    [(&state.x, &other.x), (&state.g, &other.g), (&state.d, &other.d), (&state.s, &other.s), (&state.y, &other.y)];
                agree += usize::from(vectors.iter().all(|(a, b)| near(a, b)));
            }
            assert!(compared > 300 && agree * 10 > compared * 9, "{device}, m = {memory}: {agree} of {compared} agree");
        }
    }
}

fn bits(outcome: &Outcome) -> Vec<String> {
    outcome.iter().map(|lane| format!("{lane:?}")).collect()
}

#[test]
fn lanes_under_way_wait_for_a_place_and_lose_nothing() {
    let (problem, starts) = problem();
    for device in devices() {
        let expected = Minimizer::new(Lbfgs::default()).minimize(&device, &problem, &starts).expect("it runs");
        let ways: [fn(&mut Batch); 4] = [
            |batch| batch.run().expect("a run"),
            |batch| {
                while batch.active() > 0 {
                    batch.step().expect("a step")
                }
            },
            |batch| {
                batch.advance(3).expect("rounds");
                let device = batch.device.clone();
                batch.move_to(&device).expect("it moves again");
                batch.clone().run().expect("a branch runs");
                batch.run().expect("a run");
            },
            |batch| {
                batch.settings.pool = Some(1_000);
                let device = batch.device.clone();
                batch.move_to(&device).expect("it moves again");
                while batch.active() > 0 {
                    batch.advance(7).expect("rounds");
                    assert!(batch.engine.held().is_empty(), "there is a place for all");
                }
            },
        ];
        for (k, way) in ways.into_iter().enumerate() {
            let mut batch = crowded(&device);
            way(&mut batch);
            let outcome = batch.finish().expect("results");
            assert_eq!(bits(&expected), bits(&outcome), "{device}, way {k}");
            assert_eq!(expected.evaluations(), outcome.evaluations(), "{device}, way {k}");
        }
    }
}

#[test]
fn lanes_that_wait_are_seen_and_stopped_where_they_stand() {
    let (problem, starts) = problem();
    for device in devices() {
        let mut stays = Minimizer::new(Lbfgs::default()).pool(400).start(&device, &problem, &starts).expect("it starts");
        (0..3).for_each(|_| stays.step().expect("a step"));
        let mut batch = crowded(&device);
        assert_eq!(stays.points().expect("points"), batch.points().expect("points"), "{device}");
        let known = |batch: &Batch| format!("{:?}", (batch.best(), batch.totals(), batch.active()));
        assert_eq!(known(&stays), known(&batch), "{device}");
        assert_eq!(batch.summaries().expect("summaries").iter().filter(|summary| summary.status.is_active()).count(), 70, "{device}");
        stays.stop().expect("a stop");
        batch.stop().expect("a stop");
        assert_eq!((stays.active(), stays.totals()), (batch.active(), batch.totals()), "{device}");
        assert_eq!(bits(&stays.finish().expect("results")), bits(&batch.finish().expect("results")), "{device}");
    }
}
