//! The trial point of a round, and what its evaluation says.

use pulp::Simd;

use super::bounds;
use super::sums::in_blocks;
use super::tile::Tile;
use crate::engine::lane::Phase;
use crate::problem::evaluate::chunk::{Chunk, Mask, Row};
use crate::problem::evaluate::lanes::{At, Numbers, Which};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// One round's evaluation of sixteen lanes.
#[derive(Clone, Debug)]
pub(super) struct Trial<T: Real> {
    /// Lanes that asked for it.
    pub(super) asks: Mask<T>,
    pub(super) alpha: Chunk<T>,
    /// f_t, and the sum of the absolute values of its terms.
    pub(super) value: Chunk<T>,
    pub(super) scale: Chunk<T>,
    /// g_t.d
    pub(super) slope: Chunk<T>,
    /// g.(x_t - x)
    pub(super) descent: Chunk<T>,
    /// max |P(x_t - g_t) - x_t|
    pub(super) gradient_max: Chunk<T>,
    /// max |g_t,i| of the components that no bound holds.
    pub(super) steepest: Chunk<T>,
    /// max |x_t - x|
    pub(super) step_max: Chunk<T>,
    /// max |g_t - g|
    pub(super) change_max: Chunk<T>,
    pub(super) products: Products<Chunk<T>>,
    /// f_t and all of g_t are finite.
    pub(super) finite: Mask<T>,
    /// x_t is not x to the bit.
    pub(super) moved: Mask<T>,
    /// A component has come to a bound along d: the slope has a jump there.
    pub(super) clamped: Mask<T>,
}

/// Inner products of the step s = x_t - x and the change of gradient y = g_t - g.
#[derive(Clone, Copy, Debug)]
pub(super) struct Products<V> {
    pub(super) sy: V,
    pub(super) ss: V,
    pub(super) yy: V,
    /// s.g_t
    pub(super) end: V,
    /// The sum of |s_i| (|g_i| + |g_t,i|): s.y is rounded by a few EPSILON of it.
    pub(super) rounding: V,
}

impl<V: Copy> Products<V> {
    #[inline(always)]
    pub(super) fn all(value: V) -> Self {
        Self { sy: value, ss: value, yy: value, end: value, rounding: value }
    }

    #[inline(always)]
    pub(super) fn zip(self, other: Self, f: impl Fn(V, V) -> V) -> Self {
        Self {
            sy: f(self.sy, other.sy),
            ss: f(self.ss, other.ss),
            yy: f(self.yy, other.yy),
            end: f(self.end, other.end),
            rounding: f(self.rounding, other.rounding),
        }
    }
}

impl<T: Real> Trial<T> {
    pub(super) fn new() -> Self {
        let (zero, none) = (Chunk::splat(T::ZERO), Mask::none());
        Self {
            asks: none,
            alpha: zero,
            value: zero,
            scale: zero,
            slope: zero,
            descent: zero,
            gradient_max: zero,
            steepest: zero,
            step_max: zero,
            change_max: zero,
            products: Products::all(zero),
            finite: none,
            moved: none,
            clamped: none,
        }
    }
}

/// The lanes that evaluate in this round.
#[inline(always)]
fn asks<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>) -> Which<T, S> {
    at.words(&tile.lanes.phase).is_not(Phase::Idle as u32) & at.words(&tile.lanes.waits).is(0)
}

/// Writes `x_t = x + alpha d`, or what its bounds leave of it, for the lanes of tile `c` of the block.
#[inline(always)]
pub(super) fn propose<S: Simd, T: Real>(simd: S, tile: &Tile<T>, c: usize, points: &[Row<T>]) {
    for at in At::each::<T>(simd) {
        let alpha = asks(at, tile).choose(at.of(&tile.lanes.alpha), at.splat(T::ZERO));
        if tile.is_bounded() {
            bounds::propose(at, tile, c, points, alpha);
            continue;
        }
        for ((x, d), point) in tile.x.iter().zip(&tile.d).zip(points) {
            at.set_cell(&point[c], at.of(x) + alpha * at.of(d));
        }
    }
}

/// Reads back the evaluation of tile `c`.
#[inline(always)]
pub(super) fn measure<S: Simd, T: Real>(simd: S, tile: &Tile<T>, c: usize, machine: &Machine<T>, trial: &mut Trial<T>) {
    for at in At::each::<T>(simd) {
        measure_vector(at, tile, c, machine, trial);
    }
    if tile.is_bounded() {
        bounds::correct(tile, c, machine, trial);
    }
}

#[inline(always)]
fn measure_vector<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>, c: usize, machine: &Machine<T>, trial: &mut Trial<T>) {
    let n = tile.x.len();
    let (x, g, d) = (&tile.x[..n], &tile.g[..n], &tile.d[..n]);
    let (points, gradients) = (&machine.point()[..n], &machine.gradient()[..n]);
    let (zero, nothing) = (at.splat(T::ZERO), at.splat(-T::ZERO));
    let (mut gradient_max, mut step_max, mut change_max) = (zero, zero, zero);
    let plus = |(slope, a): Sums<T, S>, (other, b)| (slope + other, Products::zip(a, b, |a, b| a + b));
    let (slope, products) = in_blocks(n, (nothing, Products::all(nothing)), plus, |(slope, sums): Sums<T, S>, i| {
        let (x_t, g_t, g) = (at.of_cell(&points[i][c]), at.of_cell(&gradients[i][c]), at.of(&g[i]));
        let (s, y) = (x_t - at.of(&x[i]), g_t - g);
        gradient_max = gradient_max.greater(g_t.abs());
        step_max = step_max.greater(s.abs());
        change_max = change_max.greater(y.abs());
        let terms = Products { sy: s * y, ss: s * s, yy: y * y, end: s * g_t, rounding: s.abs() * (g.abs() + g_t.abs()) };
        (slope + g_t * at.of(&d[i]), sums.zip(terms, |sum, term| sum + term))
    });
    let (asks, value, alpha) = (asks(at, tile), at.of_cell(&machine.value()[c]), at.of(&tile.lanes.alpha));
    // Where g_t is not finite, neither is the slope.
    let finite = value.finite() & slope.finite();
    at.set_which(&mut trial.finite, finite);
    if (asks & value.finite()).without(finite).any() {
        let gradients = finite_gradients(c, machine);
        at.set_which(&mut trial.finite, value.finite() & at.which(&gradients));
    }
    at.set_which(&mut trial.asks, asks);
    at.set_which(&mut trial.moved, zero.below(step_max));
    at.set(&mut trial.alpha, alpha);
    at.set(&mut trial.value, value);
    at.set(&mut trial.scale, at.of_cell(&machine.scale()[c]));
    at.set(&mut trial.slope, slope);
    at.set(&mut trial.descent, alpha * at.of(&tile.lanes.slope));
    at.set(&mut trial.gradient_max, gradient_max);
    at.set(&mut trial.steepest, gradient_max);
    at.set(&mut trial.step_max, step_max);
    at.set(&mut trial.change_max, change_max);
    at.set(&mut trial.products.sy, products.sy);
    at.set(&mut trial.products.ss, products.ss);
    at.set(&mut trial.products.yy, products.yy);
    at.set(&mut trial.products.end, products.end);
    at.set(&mut trial.products.rounding, products.rounding);
}

/// g_t.d, and the products of s and y.
type Sums<T, S> = (Numbers<T, S>, Products<Numbers<T, S>>);

/// Where all of g_t is finite: slopes may overflow without.
#[inline(never)]
fn finite_gradients<T: Real>(c: usize, machine: &Machine<T>) -> Mask<T> {
    // Zero times what is not finite is NaN, and stays.
    let poison = |sum: Chunk<T>, row: &Row<T>| sum.zip(row[c].get(), |sum, g| sum + g * T::ZERO);
    machine.gradient().iter().fold(Chunk::splat(T::ZERO), poison).finite()
}
