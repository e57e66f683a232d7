//! What lanes keep of their last steps: to the bit what summaries told after each, wherever the lane was.

mod steered;

use std::collections::BTreeMap;

use manymin::prelude::*;
use manymin::{Error, Progress};

use crate::devices::{devices, gpu, minimizer, rosenbrock, starts_at, starts_in};
use crate::invariance::sweep;

/// A row to the bit: iteration, value, gradient.
type Row = (u32, u64, u64);

fn row(iteration: u32, value: f64, gradient_max: f64) -> Row {
    (iteration, value.to_bits(), gradient_max.to_bits())
}

fn rows(trail: &[Progress]) -> Vec<Row> {
    trail.iter().map(|of| row(of.iteration, of.value, of.gradient_max)).collect()
}

/// All rows of each lane, as summaries of a run told them that was taken step by step.
#[derive(Default)]
struct Seen(BTreeMap<usize, Vec<Row>>);

impl Seen {
    /// Looks at a run that keeps no trail, from its starts to its end.
    fn of(minimizer: &Minimizer<'_>, device: &Device, problem: &Problem, starts: &Starts) -> Self {
        let mut batch = minimizer.start(device, problem, starts).unwrap();
        let mut seen = Self::default();
        // The starts alone.
        batch.advance(1).unwrap();
        seen.look(&mut batch);
        while batch.active() > 0 {
            batch.step().unwrap();
            seen.look(&mut batch);
        }
        seen
    }

    fn look(&mut self, batch: &mut Batch) {
        for s in batch.summaries().unwrap() {
            let rows = self.0.entry(s.lane).or_default();
            let here = row(s.iteration, s.value, s.gradient_max);
            if s.gradient_max.is_nan() {
                continue;
            }
            match rows.last() {
                Some(last) if last.0 == s.iteration => assert_eq!(*last, here, "a lane that ends stays where it is"),
                _ => rows.push(here),
            }
        }
    }

    /// The last rows of a lane.
    fn last(&self, lane: usize, most: usize) -> &[Row] {
        let all = &self.0[&lane];
        &all[all.len() - most.min(all.len())..]
    }

    fn longest(&self) -> usize {
        self.0.values().map(Vec::len).max().unwrap_or(0)
    }

    fn assert_last(&self, outcome: &Outcome, most: usize, what: &str) {
        for lane in outcome.iter() {
            assert_eq!(rows(&lane.trail), self.last(lane.lane, most), "{what}: {most} rows of lane {}", lane.lane);
        }
    }
}

/// A minimizer anew for each run.
type Make = fn() -> Minimizer<'static>;

/// Every method, some of whose lanes run out of evaluations.
fn methods() -> [(&'static str, Make); 9] {
    [
        ("L-BFGS", || minimizer().max_evaluations(60)),
        ("L-BFGS, More-Thuente", || minimizer().line_search(MoreThuente::default()).max_evaluations(60)),
        ("BFGS", || Minimizer::new(Bfgs::default()).max_evaluations(60)),
        ("conjugate gradients", || Minimizer::new(ConjugateGradient::default()).max_evaluations(60)),
        ("steepest descent", || Minimizer::new(SteepestDescent).max_evaluations(40)),
        ("momentum", || Minimizer::new(Momentum::default()).max_evaluations(40)),
        ("Nesterov", || Minimizer::new(Nesterov::default()).max_evaluations(40)),
        ("delta-bar-delta", || Minimizer::new(DeltaBarDelta::default()).max_evaluations(40)),
        ("bounds", || minimizer().bounds(&Bounds::new(&[-1.0; 4], &[0.75; 4]).unwrap()).max_iterations(9)),
    ]
}

#[test]
fn a_trail_is_what_summaries_told_of_the_last_steps() {
    let (problem, starts) = sweep(150);
    for device in devices() {
        for (name, make) in methods() {
            let seen = Seen::of(&make(), &device, &problem, &starts);
            let (longest, what) = (seen.longest(), format!("{device}, {name}"));
            assert!(longest > 5, "{what}: {longest}");
            // A method's own stage is the same for any room.
            let rooms = [4, 1, longest, longest + 9];
            for most in rooms.into_iter().take(if name == "L-BFGS" { 4 } else { 1 }) {
                let outcome = make().trail(most).minimize(&device, &problem, &starts).unwrap();
                seen.assert_last(&outcome, most, &what);
                // Row by row the last value is that of the last point.
                assert!(outcome.iter().all(|lane| lane.trail.last().is_some_and(|row| row.value.to_bits() == lane.last_value.to_bits())));
            }
        }
    }
}

#[test]
fn levenberg_and_marquardts_lanes_keep_one_too() {
    let problem = Problem::new(2, |x| (10.0 * (x[1] - x[0] * x[0])).powi(2) + (1.0 - x[0]).powi(2)).unwrap();
    let starts = starts_in(2, -2.0, 2.0, 40, 4);
    for device in [Device::cpu(Precision::F32), Device::cpu(Precision::F64)] {
        let method = || Minimizer::new(LevenbergMarquardt::default());
        let seen = Seen::of(&method(), &device, &problem, &starts);
        for most in [3, 100] {
            let outcome = method().trail(most).minimize(&device, &problem, &starts).unwrap();
            seen.assert_last(&outcome, most, &format!("{device}"));
        }
    }
}

#[test]
fn no_cut_queue_move_or_file_changes_a_trail() {
    let (problem, starts) = sweep(200);
    let most = 6;
    for device in devices() {
        let make = || minimizer().max_evaluations(60);
        let seen = Seen::of(&make(), &device, &problem, &starts);
        type Cut = fn(usize, &mut Batch, &Device);
        let cuts: [(&str, Cut); 7] = [
            ("step()", |_, batch, _| batch.step().unwrap()),
            ("advance(1)", |_, batch, _| batch.advance(1).unwrap()),
            ("advance(7)", |_, batch, _| batch.advance(7).unwrap()),
            ("run()", |_, batch, _| batch.run().unwrap()),
            ("paused", |k, batch, _| {
                let going: Vec<usize> =
                    batch.summaries().unwrap().iter().filter(|s| s.status.is_active()).map(|s| s.lane).take(9).collect();
                batch.pause(&going).unwrap();
                batch.advance(if k < 9 { 2 } else { 200 }).unwrap();
                batch.unpause(&going).unwrap();
                batch.advance(3).unwrap();
            }),
            ("moved", |_, batch, device| {
                batch.advance(5).unwrap();
                batch.move_to(device).unwrap();
            }),
            ("saved", |_, batch, device| {
                batch.advance(5).unwrap();
                *batch = Batch::from_bytes(&batch.to_bytes(), device).unwrap().clone();
            }),
        ];
        for (name, cut) in cuts {
            for pool in [70, 10_000] {
                let mut batch = make().trail(most).pool(pool).start(&device, &problem, &starts).unwrap();
                let mut k = 0;
                while batch.active() > 0 {
                    cut(k, &mut batch, &device);
                    k += 1;
                }
                seen.assert_last(&batch.finish().unwrap(), most, &format!("{device}, {name}, pool {pool}"));
            }
        }
    }
}

/// Lanes that leave early, few by few, until the last ones are moved together.
#[test]
fn trails_go_along_when_a_gpu_takes_lanes_together() {
    let (problem, starts) = (rosenbrock(2), starts_in(2, -2.0, 2.0, 3000, 8));
    let tolerances = (0..3000).map(|lane| Tolerances { gradient_max: if lane % 100 == 7 { 1e-4 } else { 40.0 }, ..Tolerances::default() });
    let starts = starts.with_tolerances(tolerances.collect());
    let device = gpu();
    let seen = Seen::of(&minimizer(), &device, &problem, &starts);
    for (pool, most) in [(3000, 5), (3000, 40), (500, 5)] {
        let mut batch = minimizer().trail(most).pool(pool).start(&device, &problem, &starts).unwrap();
        batch.run().unwrap();
        seen.assert_last(&batch.finish().unwrap(), most, &format!("pool {pool}"));
    }
    let mut batch = minimizer().trail(5).start(&device, &problem, &starts).unwrap();
    while batch.active() > 0 {
        batch.step().unwrap();
    }
    seen.assert_last(&batch.finish().unwrap(), 5, "step by step");
}

#[test]
fn a_lane_under_way_shows_its_trail() {
    let (problem, starts) = sweep(60);
    for device in devices() {
        let mut batch = minimizer().trail(4).start(&device, &problem, &starts).unwrap();
        assert!(batch.lane(7).unwrap().trail.is_empty(), "{device}: nothing is evaluated yet");
        let mut seen = Seen::default();
        batch.advance(1).unwrap();
        seen.look(&mut batch);
        for _ in 0..8 {
            for lane in [0, 7, 59] {
                assert_eq!(rows(&batch.lane(lane).unwrap().trail), seen.last(lane, 4), "{device}, lane {lane}");
            }
            let best = batch.best();
            assert!(rows(&best.trail) == seen.last(best.lane, 4), "{device}: the best");
            batch.step().unwrap();
            seen.look(&mut batch);
        }
    }
}

#[test]
fn lanes_on_their_way_from_a_gpu_to_the_cpu_keep_what_they_had() {
    let (problem, starts) = sweep(100);
    let cpu = Device::cpu(Precision::F32);
    for (from, to) in [(gpu(), cpu.clone()), (cpu, gpu())] {
        let mut batch = minimizer().trail(5).start(&from, &problem, &starts).unwrap();
        let mut seen = Seen::default();
        batch.advance(1).unwrap();
        seen.look(&mut batch);
        for k in 0.. {
            if k == 4 {
                batch.move_to(&to).unwrap();
            }
            if batch.active() == 0 {
                break;
            }
            batch.step().unwrap();
            seen.look(&mut batch);
        }
        seen.assert_last(&batch.finish().unwrap(), 5, &format!("{from} to {to}"));
    }
}

#[test]
fn no_trail_takes_no_memory_and_another_two_numbers_a_row() {
    let problem = rosenbrock(10);
    for (device, number) in [(Device::cpu(Precision::F32), 4), (Device::cpu(Precision::F64), 8), (gpu(), 4)] {
        let bytes = |rows| minimizer().trail(rows).bytes_per_lane(&device, &problem);
        assert_eq!(bytes(0), minimizer().bytes_per_lane(&device, &problem), "{device}");
        let more = bytes(16) - bytes(0);
        // A GPU has besides the buffers in which one lane in sixteen goes to the host.
        let most = if device.is_gpu() { 2 * 16 * number * 9 / 8 + 1 } else { 2 * 16 * number };
        assert!((2 * 16 * number..=most).contains(&more), "{device}: {more}");
        assert!(bytes(usize::MAX) > 0);
        let outcome = minimizer().minimize(&device, &problem, &starts_in(10, -2.0, 2.0, 20, 1)).unwrap();
        assert!(outcome.iter().all(|lane| lane.trail.is_empty()), "{device}");
    }
}

#[test]
fn the_longest_trail_fits_and_a_longer_one_is_refused() {
    let (problem, starts) = (rosenbrock(2), starts_at(&[&[-1.2, 1.0], &[2.0, 2.0]]));
    for device in devices() {
        let seen = Seen::of(&minimizer(), &device, &problem, &starts);
        let mut batch = minimizer().trail(32_768).start(&device, &problem, &starts).unwrap();
        batch.advance(5).unwrap();
        batch = Batch::from_bytes(&batch.to_bytes(), &device).unwrap();
        batch.run().unwrap();
        seen.assert_last(&batch.finish().unwrap(), 32_768, &format!("{device}"));
        for rows in [32_769, usize::MAX] {
            match minimizer().trail(rows).start(&device, &problem, &starts) {
                Err(error @ Error::Setting { name: "trail", .. }) => assert!(error.to_string().contains("32768"), "{error}"),
                other => panic!("{:?}", other.err()),
            }
        }
    }
}
