//! Moves to devices with fewer places than there are lanes under way.

use super::Batch;
use crate::{Device, Lbfgs, Minimizer, Outcome, Precision, Problem, Starts};

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
