//! Value and gradient: the engine's evaluator beside hand-written kernels, and these beside plain scalar code.

use std::hint::black_box;

use manymin::Problem;
use manymin::probe::{EvaluatorProbe, LANES};

use crate::blocks::{Decay, Lanes, Observations, Rosenbrock, blocks};
use crate::clock::{Runner, race};
use crate::{Result, figure, objectives, plain, scalar};

/// How far engine and kernel may be apart, as a part of the largest number they give at a point.
const AGREEMENT: f64 = 1e-5;

/// The engine's share of the throughput of the fastest kernel of each kind, and how much faster than scalar code the plain
/// one and the engine are.
struct Shares {
    of_plain: f64,
    of_vectors: f64,
    plain_over_scalar: f64,
    engine_over_scalar: f64,
}

/// A kernel with its memory: how it is run, and what it is asked.
struct Hand<M> {
    name: String,
    memory: M,
    run: fn(&mut M),
}

/// Prints the share of every objective.
pub(crate) fn shares() -> Result<()> {
    let ten = rosenbrock::<10>()?;
    let hundred = rosenbrock::<100>()?;
    let decay = decay()?;
    for (name, shares) in [("rosenbrock10", ten), ("rosenbrock100", hundred), ("decay100", decay)] {
        figure(&format!("evaluation_share_{name}"), shares.of_plain);
        figure(&format!("evaluation_share_vector_types_{name}"), shares.of_vectors);
        figure(&format!("scalar_speed_{name}"), shares.plain_over_scalar);
        figure(&format!("scalar_speed_engine_{name}"), shares.engine_over_scalar);
    }
    Ok(())
}

/// Seconds that the engine takes to evaluate a block, alone.
pub(crate) fn own_seconds(problem: &Problem) -> f64 {
    let mut engine = engine(problem);
    race(&mut [Runner::new("engine", || engine.evaluate())])[0]
}

/// A lane's point: in the valley's box for Rosenbrock, and such that neither decay is extreme.
fn point(n: usize, lane: usize) -> Vec<f64> {
    (0..n).map(|i| 1.2 + 0.8 * ((lane * n + i) as f64 * 1.7).sin()).map(|x| f64::from(x as f32)).collect()
}

fn engine(problem: &Problem) -> EvaluatorProbe {
    let mut engine = EvaluatorProbe::new(problem);
    (0..LANES).for_each(|lane| engine.set_lane(lane, &point(problem.dimension(), lane), &[]));
    engine
}

fn rosenbrock<const N: usize>() -> Result<Shares> {
    macro_rules! hand {
        ($l:literal, $k:literal) => {{
            let mut memory = blocks::<N, $l>(LANES);
            (0..LANES).for_each(|lane| memory.set_lane(lane, &point(N, lane)));
            let run = |memory: &mut Vec<_>| pulp::Arch::new().dispatch(Rosenbrock::<N, $l, $k>(memory));
            boxed(Hand { name: format!("vector types, {} lanes, {} abreast", $l, $k), memory, run })
        }};
    }
    macro_rules! plain {
        ($l:literal) => {{
            let mut memory = blocks::<N, $l>(LANES);
            (0..LANES).for_each(|lane| memory.set_lane(lane, &point(N, lane)));
            let run = |memory: &mut Vec<_>| pulp::Arch::new().dispatch(plain::Rosenbrock::<N, $l>(memory));
            boxed(Hand { name: format!("lane blocks, {} lanes", $l), memory, run })
        }};
    }
    let vectors = vec![hand!(16, 1), hand!(32, 1), hand!(32, 2), hand!(64, 2), hand!(64, 4)];
    let plains = vec![plain!(16), plain!(32), plain!(64), plain!(128)];
    compare(&objectives::rosenbrock(N)?, vectors, plains, scalar::rosenbrock)
}

fn decay() -> Result<Shares> {
    let data: &'static Observations = Box::leak(Box::new(Observations::new()));
    macro_rules! hand {
        ($l:literal, $k:literal) => {{
            let mut memory = (blocks::<4, $l>(LANES), data);
            (0..LANES).for_each(|lane| memory.set_lane(lane, &point(4, lane)));
            let run = |memory: &mut (Vec<_>, &'static Observations)| pulp::Arch::new().dispatch(Decay::<$l, $k>(&mut memory.0, memory.1));
            boxed(Hand { name: format!("vector types, {} lanes, {} abreast", $l, $k), memory, run })
        }};
    }
    macro_rules! plain {
        ($l:literal) => {{
            let mut memory = (blocks::<4, $l>(LANES), data);
            (0..LANES).for_each(|lane| memory.set_lane(lane, &point(4, lane)));
            let run =
                |memory: &mut (Vec<_>, &'static Observations)| pulp::Arch::new().dispatch(plain::Decay::<$l>(&mut memory.0, memory.1));
            boxed(Hand { name: format!("lane blocks, {} lanes", $l), memory, run })
        }};
    }
    let vectors = vec![hand!(16, 1), hand!(32, 1), hand!(32, 2), hand!(64, 2)];
    let plains = vec![plain!(16), plain!(32), plain!(64), plain!(128)];
    compare(&objectives::decay()?, vectors, plains, move |x, g| scalar::decay(x, g, data))
}

impl<L: Lanes, D> Lanes for (L, D) {
    fn set_lane(&mut self, lane: usize, point: &[f64]) {
        self.0.set_lane(lane, point);
    }

    fn value(&self, lane: usize) -> f64 {
        self.0.value(lane)
    }

    fn gradient(&self, lane: usize) -> Vec<f64> {
        self.0.gradient(lane)
    }
}

/// A kernel, whatever its lanes.
trait Kernel {
    fn name(&self) -> &str;
    fn run(&mut self);
    fn lanes(&self) -> &dyn Lanes;
}

impl<M: Lanes> Kernel for Hand<M> {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self) {
        (self.run)(&mut self.memory);
    }

    fn lanes(&self) -> &dyn Lanes {
        &self.memory
    }
}

fn boxed<M: Lanes + 'static>(hand: Hand<M>) -> Box<dyn Kernel> {
    Box::new(hand)
}

/// Times the engine, kernels of both kinds and scalar code on the same lanes.
fn compare(
    problem: &Problem,
    vectors: Vec<Box<dyn Kernel>>,
    plains: Vec<Box<dyn Kernel>>,
    scalar: impl Fn(&[f32], &mut [f32]) -> f32,
) -> Result<Shares> {
    let first_plain = 2 + vectors.len();
    let mut hands: Vec<Box<dyn Kernel>> = vectors.into_iter().chain(plains).collect();
    let n = problem.dimension();
    let mut engine = engine(problem);
    engine.evaluate();
    let points: Vec<f32> = (0..LANES).flat_map(|lane| point(n, lane)).map(|x| x as f32).collect();
    let (mut gradients, mut values) = (vec![0.0_f32; LANES * n], vec![0.0_f32; LANES]);
    let mut one_by_one = || {
        for ((x, g), f) in black_box(&points).chunks_exact(n).zip(gradients.chunks_exact_mut(n)).zip(&mut values) {
            *f = scalar(x, g);
        }
        black_box(&mut gradients);
    };
    one_by_one();
    for hand in &mut hands {
        hand.run();
        for lane in 0..LANES {
            let (value, gradient) = (engine.value(lane), engine.gradient(lane));
            assert_agrees(hand.name(), &[hand.lanes().value(lane)], &[value]);
            assert_agrees(hand.name(), &hand.lanes().gradient(lane), &gradient);
        }
    }
    eprintln!("{LANES} lanes of {problem:?}");
    let mut runners = vec![Runner::new("engine", || engine.evaluate()), Runner::new("scalar", one_by_one)];
    runners.extend(hands.iter_mut().map(|hand| Runner::new(hand.name().to_string(), || hand.run())));
    let seconds = race(&mut runners);
    drop(runners);
    for lane in 0..LANES {
        assert_agrees("scalar", &[f64::from(values[lane])], &[engine.value(lane)]);
    }
    let least = |seconds: &[f64]| seconds.iter().copied().fold(f64::INFINITY, f64::min);
    let (engine, scalar, vectors, plain) = (seconds[0], seconds[1], least(&seconds[2..first_plain]), least(&seconds[first_plain..]));
    Ok(Shares {
        of_plain: plain / engine,
        of_vectors: vectors / engine,
        plain_over_scalar: scalar / plain,
        engine_over_scalar: scalar / engine,
    })
}

fn assert_agrees(name: &str, a: &[f64], b: &[f64]) {
    let size = b.iter().fold(0.0, |size: f64, b| size.max(b.abs()));
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= AGREEMENT * size, "{name}: {a}, and the engine {b}");
    }
}
