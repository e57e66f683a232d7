//! What an accepted point costs: the engine's pair, history and direction beside a hand-written two-loop recursion whose
//! dimension and memory the compiler knows.

use manymin::probe::{DirectionProbe, LANES};
use pulp::Simd;

use crate::blocks::Row;
use crate::clock::{Runner, race};
use crate::{Result, figure, plain};

pub(crate) const N: usize = 10;
pub(crate) const M: usize = 8;

/// How far the two directions may be apart, as a part of the largest component, after [`ROUNDS`].
const AGREEMENT: f64 = 1e-3;
const ROUNDS: usize = 40;

/// L lanes that accept together: one ring of pairs for all of them.
#[derive(Clone)]
pub(crate) struct State<const L: usize> {
    pub(crate) x: [Row<L>; N],
    pub(crate) g: [Row<L>; N],
    pub(crate) d: [Row<L>; N],
    pub(crate) s: [[Row<L>; N]; M],
    pub(crate) y: [[Row<L>; N]; M],
    pub(crate) rho: [Row<L>; M],
    pub(crate) slope: Row<L>,
}

/// A point and its gradient, of L lanes.
#[derive(Clone)]
pub(crate) struct Target<const L: usize> {
    pub(crate) x: [Row<L>; N],
    pub(crate) g: [Row<L>; N],
}

#[derive(Clone)]
pub(crate) struct Hand<const L: usize> {
    pub(crate) states: Vec<State<L>>,
    /// For each point, the blocks' targets.
    pub(crate) targets: Vec<Vec<Target<L>>>,
    pub(crate) next: usize,
    /// The newest pair's place in the ring.
    pub(crate) newest: usize,
}

impl<const L: usize> Hand<L> {
    /// In the state of a probe that has not accepted a point yet, after its first.
    fn new(probe: &DirectionProbe) -> Self {
        let targets: Vec<Vec<Target<L>>> = (0..probe.points())
            .map(|k| {
                let target = |block: usize| {
                    let mut target = Target { x: [Row::ZERO; N], g: [Row::ZERO; N] };
                    for l in 0..L {
                        let (x, g) = probe.point(k, block * L + l);
                        for i in 0..N {
                            (target.x[i].0[l], target.g[i].0[l]) = (x[i] as f32, g[i] as f32);
                        }
                    }
                    target
                };
                (0..LANES / L).map(target).collect()
            })
            .collect();
        let zero = [[Row::ZERO; N]; M];
        let state = |target: &Target<L>| State {
            x: target.x,
            g: target.g,
            d: [Row::ZERO; N],
            s: zero,
            y: zero,
            rho: [Row::ZERO; M],
            slope: Row::ZERO,
        };
        Self { states: targets[0].iter().map(state).collect(), targets, next: 1, newest: 0 }
    }

    fn round(&mut self) {
        pulp::Arch::new().dispatch(Round(self));
    }

    fn plain_round(&mut self) {
        pulp::Arch::new().dispatch(plain::Round(self));
    }

    fn direction(&self, lane: usize) -> (Vec<f64>, f64) {
        let (state, l) = (&self.states[lane / L], lane % L);
        (state.d.iter().map(|d| f64::from(d.0[l])).collect(), f64::from(state.slope.0[l]))
    }
}

struct Round<'a, const L: usize>(&'a mut Hand<L>);

impl<const L: usize> pulp::WithSimd for Round<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Hand { states, targets, next, newest } = self.0;
        *newest = (*newest + M - 1) % M;
        for (state, target) in states.iter_mut().zip(&targets[*next]) {
            for v in 0..L / S::F32_LANES {
                accept(s, state, target, v, *newest);
            }
        }
        *next = (*next + 1) % targets.len();
    }
}

/// One vector of lanes moves to its target: q stays in registers all the way.
#[inline(always)]
fn accept<S: Simd, const L: usize>(s: S, state: &mut State<L>, target: &Target<L>, v: usize, newest: usize) {
    let State { x, g, d, s: steps, y: changes, rho, slope } = state;
    let zero = s.splat_f32s(0.0);
    let mut q = [zero; N];
    let (mut sy, mut yy) = (zero, zero);
    for i in 0..N {
        let (x_t, g_t) = (target.x[i].get(s, v), target.g[i].get(s, v));
        let (step, change) = (s.sub_f32s(x_t, x[i].get(s, v)), s.sub_f32s(g_t, g[i].get(s, v)));
        steps[newest][i].set(s, v, step);
        changes[newest][i].set(s, v, change);
        sy = s.add_f32s(sy, s.mul_f32s(step, change));
        yy = s.add_f32s(yy, s.mul_f32s(change, change));
        x[i].set(s, v, x_t);
        g[i].set(s, v, g_t);
        q[i] = s.sub_f32s(zero, g_t);
    }
    rho[newest].set(s, v, s.div_f32s(s.splat_f32s(1.0), sy));
    let gamma = s.div_f32s(sy, yy);
    let mut alphas = [zero; M];
    for k in 0..M {
        let slot = (newest + k) % M;
        let alpha = s.mul_f32s(rho[slot].get(s, v), dot(s, &steps[slot], &q, v));
        alphas[k] = alpha;
        for i in 0..N {
            q[i] = s.sub_f32s(q[i], s.mul_f32s(alpha, changes[slot][i].get(s, v)));
        }
    }
    for q in &mut q {
        *q = s.mul_f32s(*q, gamma);
    }
    for k in (0..M).rev() {
        let slot = (newest + k) % M;
        let step = s.sub_f32s(alphas[k], s.mul_f32s(rho[slot].get(s, v), dot(s, &changes[slot], &q, v)));
        for i in 0..N {
            q[i] = s.add_f32s(q[i], s.mul_f32s(step, steps[slot][i].get(s, v)));
        }
    }
    for i in 0..N {
        d[i].set(s, v, q[i]);
    }
    slope.set(s, v, dot(s, g, &q, v));
}

/// Two sums, so that one addition need not wait for the other.
#[inline(always)]
fn dot<S: Simd, const L: usize>(s: S, a: &[Row<L>; N], q: &[S::f32s; N], v: usize) -> S::f32s {
    let mut sums = [s.mul_f32s(a[0].get(s, v), q[0]), s.mul_f32s(a[1].get(s, v), q[1])];
    for i in 2..N {
        sums[i % 2] = s.add_f32s(sums[i % 2], s.mul_f32s(a[i].get(s, v), q[i]));
    }
    s.add_f32s(sums[0], sums[1])
}

/// Prints the ratio.
pub(crate) fn ratio() -> Result<()> {
    // The recursion by hand is that of the books, which learns from gradients alone.
    let mut probe = DirectionProbe::new(N, M, false)?;
    let mut learned = DirectionProbe::new(N, M, true)?;
    let (mut hand16, mut hand32, mut hand64) = (Hand::<16>::new(&probe), Hand::<32>::new(&probe), Hand::<64>::new(&probe));
    let (mut plain16, mut plain32, mut plain64) = (hand16.clone(), hand32.clone(), hand64.clone());
    probe.round();
    for _ in 0..ROUNDS {
        probe.round();
        learned.round();
        hand16.round();
        hand32.round();
        hand64.round();
        plain16.plain_round();
        plain32.plain_round();
        plain64.plain_round();
    }
    for lane in 0..LANES {
        assert_eq!(probe.pairs(lane), M as u32, "every pair is kept");
        let (engine, engine_slope) = probe.direction(lane);
        let size = engine.iter().fold(0.0, |size: f64, d| size.max(d.abs()));
        let hands = [hand16.direction(lane), hand32.direction(lane), hand64.direction(lane)];
        let plains = [plain16.direction(lane), plain32.direction(lane), plain64.direction(lane)];
        for (hand, slope) in hands.into_iter().chain(plains) {
            for (a, b) in engine.iter().zip(&hand) {
                assert!((a - b).abs() <= AGREEMENT * size, "lane {lane}: by hand {b}, and the engine {a}");
            }
            assert!((engine_slope - slope).abs() <= AGREEMENT * slope.abs(), "slope: by hand {slope}, and the engine {engine_slope}");
        }
    }
    eprintln!("{LANES} lanes accept a point, n = {N}, m = {M}");
    let seconds = race(&mut [
        Runner::new("engine", || probe.round()),
        Runner::new("vector types, 16 lanes", || hand16.round()),
        Runner::new("vector types, 32 lanes", || hand32.round()),
        Runner::new("vector types, 64 lanes", || hand64.round()),
        Runner::new("lane blocks, 16 lanes", || plain16.plain_round()),
        Runner::new("lane blocks, 32 lanes", || plain32.plain_round()),
        Runner::new("lane blocks, 64 lanes", || plain64.plain_round()),
        Runner::new("engine, from values too", || learned.round()),
    ]);
    let least = |seconds: &[f64]| seconds.iter().copied().fold(f64::INFINITY, f64::min);
    figure("direction_ratio", seconds[0] / least(&seconds[4..7]));
    figure("direction_ratio_from_values_too", seconds[7] / least(&seconds[4..7]));
    figure("direction_ratio_vector_types", seconds[0] / least(&seconds[1..4]));
    Ok(())
}

/// Seconds that the engine takes for all lanes of a block to accept a point, alone.
pub(crate) fn own_seconds() -> Result<f64> {
    let mut probe = DirectionProbe::new(N, M, true)?;
    (0..ROUNDS).for_each(|_| probe.round());
    Ok(race(&mut [Runner::new("engine", || probe.round())])[0])
}
