//! How a run is cut, what runs beside a lane, and where: none of it changes a bit.

use std::time::Duration;

use manymin::prelude::*;
use nalgebra::DMatrix;
use rayon::ThreadPoolBuilder;

use crate::devices::{Bits, assert_same, devices, minimizer, rosenbrock, starts_in};
use crate::lanes::ackley;

/// A problem whose lanes differ in length, end in several ways and have parameters; from more starts than a block holds.
pub(crate) fn sweep(lanes: usize) -> (Problem, Starts) {
    let problem = Problem::builder(4)
        .parameters(2)
        .build(|x, c| {
            c.parameter(1) + x.sum(0..3, |i| c.parameter(0) * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2))
        })
        .unwrap();
    let parameters = DMatrix::from_fn(2, lanes, |k, lane| if k == 0 { 1.0 + (lane % 97) as f64 } else { (lane % 5) as f64 });
    (problem, starts_in(4, -2.0, 2.0, lanes, 21).with_parameters(parameters))
}

pub(crate) fn limited() -> Minimizer<'static> {
    // Some lanes run out, in the middle of a search too. What they keep of their last steps is part of their results.
    minimizer().max_evaluations(60).trail(3)
}

fn steps(batch: &mut Batch, cuts: impl Fn(usize, &mut Batch)) {
    let mut k = 0;
    while batch.active() > 0 {
        cuts(k, batch);
        k += 1;
    }
}

#[test]
fn cuts_change_no_bit_and_evaluate_nothing_twice() {
    let (problem, starts) = sweep(500);
    for device in devices() {
        let whole = limited().minimize(&device, &problem, &starts).unwrap();
        let expected = Bits::all(&whole);
        type Cut = fn(usize, &mut Batch);
        let ways: [(&str, Cut); 12] = [
            ("run_for no time", |_, batch| batch.run_for(Duration::ZERO).unwrap()),
            ("run_for no time, looked at", |_, batch| {
                batch.run_for(Duration::ZERO).unwrap();
                batch.summaries().unwrap();
            }),
            ("run_for and steps in turn", |k, batch| {
                if k % 2 == 0 { batch.run_for(Duration::from_micros(300)).unwrap() } else { batch.step().unwrap() }
            }),
            ("run_until", |k, batch| {
                batch.run_until(|step| step.number() == k as u64 + 1).unwrap();
            }),
            ("step()", |_, batch| batch.step().unwrap()),
            ("advance(1)", |_, batch| batch.advance(1).unwrap()),
            ("advance(7)", |_, batch| batch.advance(7).unwrap()),
            ("advance(1000)", |_, batch| batch.advance(1000).unwrap()),
            ("three steps, then run()", |k, batch| if k < 3 { batch.step().unwrap() } else { batch.run().unwrap() }),
            ("advance(5), then run()", |k, batch| if k < 1 { batch.advance(5).unwrap() } else { batch.run().unwrap() }),
            ("steps and rounds in turn", |k, batch| if k % 2 == 0 { batch.step().unwrap() } else { batch.advance(3).unwrap() }),
            ("looked at after each step", |_, batch| {
                batch.step().unwrap();
                batch.summaries().unwrap();
                batch.points().unwrap();
                batch.best();
            }),
        ];
        for (name, cut) in ways {
            for pool in [100, 10_000] {
                let mut batch = limited().pool(pool).start(&device, &problem, &starts).unwrap();
                steps(&mut batch, cut);
                let outcome = batch.finish().unwrap();
                assert_same(&expected, &Bits::all(&outcome), &format!("{device}, {name}, pool {pool}"));
                assert_eq!(outcome.evaluations(), whole.evaluations(), "{device}, {name}: nothing is evaluated twice");
            }
        }
    }
}

/// Lines of search, initial steps and methods other than the default.
fn walks() -> Vec<(&'static str, Minimizer<'static>)> {
    let quadratic = InitialStep { first: FirstStep::Rasmussen, next: NextStep::Quadratic };
    let ratio = InitialStep { first: FirstStep::Scaled, next: NextStep::SlopeRatio };
    vec![
        ("More-Thuente", limited().line_search(MoreThuente::default()).initial_step(quadratic)),
        ("backtracking", limited().line_search(Backtracking::default()).initial_step(ratio)),
        ("a constant step", limited().line_search(ConstantStep { alpha: 1e-3 })),
        ("BFGS", Minimizer::new(Bfgs::default()).max_evaluations(60)),
        ("BFGS, More-Thuente", Minimizer::new(Bfgs::default()).line_search(MoreThuente::default()).max_evaluations(60).trail(7)),
    ]
}

#[test]
fn no_way_to_walk_is_changed_by_cuts_company_or_moves() {
    let (problem, starts) = sweep(300);
    for device in devices() {
        for (name, minimizer) in walks() {
            let mut whole = minimizer.start(&device, &problem, &starts).unwrap();
            whole.run().unwrap();
            let expected = Bits::all(&whole.finish().unwrap());
            let cut = |way: &str, k: usize, batch: &mut Batch| match way {
                "step()" => batch.step(),
                "advance(1)" => batch.advance(1),
                "three steps, then run()" => {
                    if k < 3 {
                        batch.step()
                    } else {
                        batch.run()
                    }
                }
                _ => batch.advance(5).and_then(|()| if k < 4 { batch.move_to(&device) } else { Ok(()) }),
            };
            for way in ["step()", "advance(1)", "three steps, then run()", "moved after five rounds"] {
                let mut batch = minimizer.start(&device, &problem, &starts).unwrap();
                steps(&mut batch, |k, batch| cut(way, k, batch).unwrap());
                assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{device}, {name}, {way}"));
            }
            for lane in [0, 17, 299] {
                let point = DMatrix::from_column_slice(4, 1, &starts.point(lane));
                let parameters = DMatrix::from_column_slice(2, 1, &[1.0 + (lane % 97) as f64, (lane % 5) as f64]);
                let mut alone = minimizer.start(&device, &problem, &Starts::from_matrix(point).with_parameters(parameters)).unwrap();
                alone.run().unwrap();
                let alone = Bits::of(&alone.finish().unwrap().lane(0)).numbered(lane);
                assert_same(&expected[lane..=lane], &[alone], &format!("{device}, {name}: lane {lane} alone"));
            }
        }
    }
}

#[test]
fn the_pool_changes_no_bit() {
    let (problem, starts) = sweep(700);
    for device in devices() {
        let expected = Bits::all(&limited().minimize(&device, &problem, &starts).unwrap());
        for pool in [1, 16, 100, 129, 10_000] {
            let outcome = limited().pool(pool).minimize(&device, &problem, &starts).unwrap();
            assert_same(&expected, &Bits::all(&outcome), &format!("{device}, pool {pool}, run()"));
            // A pool of one takes a step for every step of every lane.
            let (problem, starts) = if pool == 1 { sweep(40) } else { (problem.clone(), starts.clone()) };
            let mut batch = limited().pool(pool).start(&device, &problem, &starts).unwrap();
            steps(&mut batch, |_, batch| {
                batch.step().unwrap();
                let resident = batch.summaries().unwrap().iter().filter(|summary| summary.status.is_active()).count();
                assert!(resident <= pool, "{resident} lanes are resident in a pool of {pool}");
            });
            let stepped = Bits::all(&batch.finish().unwrap());
            if pool == 1 {
                assert_same(
                    &Bits::all(&limited().minimize(&device, &problem, &starts).unwrap()),
                    &stepped,
                    &format!("{device}, pool of one, step()"),
                );
            } else {
                assert_same(&expected, &stepped, &format!("{device}, pool {pool}, step()"));
            }
        }
    }
}

#[test]
fn company_and_order_change_no_bit() {
    const LANES: usize = 10_000;
    let (problem, starts) = sweep(LANES);
    let columns = |order: &dyn Fn(usize) -> usize, lanes: usize| {
        let points = DMatrix::from_fn(4, lanes, |k, lane| starts.point(order(lane))[k]);
        let parameters =
            DMatrix::from_fn(2, lanes, |k, lane| if k == 0 { 1.0 + (order(lane) % 97) as f64 } else { (order(lane) % 5) as f64 });
        Starts::from_matrix(points).with_parameters(parameters)
    };
    for device in devices() {
        let together = Bits::all(&limited().minimize(&device, &problem, &starts).unwrap());
        let reversed = limited().minimize(&device, &problem, &columns(&|lane| LANES - 1 - lane, LANES)).unwrap();
        let turned: Vec<Bits> = Bits::all(&reversed).into_iter().rev().enumerate().map(|(lane, bits)| bits.numbered(lane)).collect();
        assert_same(&together, &turned, &format!("{device}: in reversed order"));
        for lane in [0, 1, 15, 16, 127, 128, 1234, LANES - 1] {
            let alone = limited().minimize(&device, &problem, &columns(&|_| lane, 1)).unwrap();
            assert_same(&together[lane..=lane], &[Bits::of(&alone.lane(0)).numbered(lane)], &format!("{device}: lane {lane} alone"));
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let (problem, starts) = sweep(1500);
    for device in devices() {
        let run = |threads: usize| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let ran = Bits::all(&limited().minimize(&device, &problem, &starts).unwrap());
                let mut batch = limited().start(&device, &problem, &starts).unwrap();
                for _ in 0..4 {
                    batch.step().unwrap();
                }
                batch.run().unwrap();
                assert_same(&ran, &Bits::all(&batch.finish().unwrap()), &format!("{device}, {threads} threads: four steps and a run"));
                ran
            })
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert_same(&one, &run(threads), &format!("{device}: {threads} threads"));
        }
    }
}

#[test]
fn a_branch_goes_on_by_itself() {
    let (problem, starts) = sweep(300);
    for device in devices() {
        let expected = Bits::all(&limited().minimize(&device, &problem, &starts).unwrap());
        let mut trunk = limited().pool(100).start(&device, &problem, &starts).unwrap();
        for _ in 0..5 {
            trunk.step().unwrap();
        }
        let (evaluations, mut branch) = (trunk.evaluations(), trunk.clone());
        branch.run().unwrap();
        assert_eq!(trunk.evaluations(), evaluations, "{device}: the trunk waits while its branch runs");
        assert!(branch.clone().summaries().unwrap().len() >= 200, "{device}: a branch tells of what has ended in it");
        assert_same(&expected, &Bits::all(&branch.finish().unwrap()), &format!("{device}: the branch"));
        steps(&mut trunk, |_, batch| batch.step().unwrap());
        assert_same(&expected, &Bits::all(&trunk.finish().unwrap()), &format!("{device}: the trunk"));
    }
}

#[test]
fn results_handed_out_on_the_way_are_those_of_the_end() {
    let (problem, starts) = sweep(400);
    for device in devices() {
        let whole = limited().minimize(&device, &problem, &starts).unwrap();
        let mut batch = limited().pool(64).start(&device, &problem, &starts).unwrap();
        let mut drained = Vec::new();
        steps(&mut batch, |_, batch| batch.step().unwrap());
        let mut batch = limited().pool(64).start(&device, &problem, &starts).unwrap();
        while batch.active() > 0 {
            batch.step().unwrap();
            drained.extend(batch.drain_finished());
        }
        assert_eq!(batch.drain_finished().len(), 0, "{device}: nothing is handed out twice");
        assert_eq!(Bits::of(&batch.best()), Bits::of(&whole.best()), "{device}: the best is known after it was handed out");
        assert_eq!(batch.evaluations(), whole.evaluations(), "{device}: and so is the work done");
        drained.sort_by_key(|lane| lane.lane);
        assert_same(&Bits::all(&whole), &drained.iter().map(Bits::of).collect::<Vec<_>>(), &format!("{device}: drained"));
    }
}

#[test]
fn a_second_run_of_the_same_batch_is_the_same() {
    for device in devices() {
        let run = || {
            let starts = starts_in(6, -3.0, 3.0, 300, 22);
            Bits::all(&minimizer().minimize(&device, &ackley(6), &starts).unwrap())
        };
        assert_same(&run(), &run(), &format!("{device}: once more"));
        let minimizer = minimizer();
        let start = || minimizer.start(&device, &rosenbrock(3), &starts_in(3, -2.0, 2.0, 200, 23)).unwrap();
        let (mut first, mut second) = (start(), start());
        first.run().unwrap();
        second.run().unwrap();
        let bits = |batch: Batch| Bits::all(&batch.finish().unwrap());
        assert_same(&bits(first), &bits(second), &format!("{device}: no state is left in the minimizer"));
    }
}
