//! The step that a line search tries first.

use std::ops::Add;

use pulp::{Scalar, Simd};

use super::sums::in_blocks;
use super::tile::{Rules, Tile};
use crate::engine::lane::Scalars;
use crate::method::constants::INITIAL_GROWTH;
use crate::method::{FirstStep, NextStep};
use crate::problem::evaluate::chunk::{Chunk, Mask};
use crate::problem::evaluate::lanes::{At, Numbers};
use crate::problem::evaluate::real::Real;

/// The length of the first direction as a multiple of -g.
#[inline(always)]
pub(super) fn first_gamma<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>, rules: &Rules<T>) -> Numbers<T, S> {
    match rules.walk.initial_step.first {
        FirstStep::Scaled => unit(at, tile),
        _ => at.splat(T::ONE),
    }
}

/// 1 / |g|, of components that are not held: the norm of a gradient scaled by its largest component, which does not overflow.
#[inline(always)]
fn unit<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>) -> Numbers<T, S> {
    let (zero, one) = (at.splat(T::ZERO), at.splat(T::ONE));
    let by = at.splat(T::HUGE).min(one / at.of(&tile.steepest()));
    let squares = in_blocks(tile.g.len(), at.splat(-T::ZERO), Add::add, |sum, i| {
        let g = at.of(&tile.g[i]);
        let free = if tile.is_bounded() { at.which(&tile.held(i)).choose(zero, g) } else { g };
        let scaled = free * by;
        sum + scaled * scaled
    });
    by / one.max(squares).sqrt()
}

/// That of lane `l` alone.
pub(super) fn unit_of_lane<T: Real>(tile: &Tile<T>, l: usize) -> T {
    let mut units = Chunk::splat(T::ZERO);
    At::each::<T>(Scalar::new()).skip(l).take(1).for_each(|at| at.set(&mut units, unit(at, tile)));
    units.0[l]
}

/// The first alpha along d, whose slope is known; `first`: of a lane's first search.
#[inline(always)]
pub(super) fn initial_step<T: Real>(lanes: &Scalars<T>, first: Mask<T>, rules: &Rules<T>) -> Chunk<T> {
    let one = Chunk::splat(T::ONE);
    let step = rules.walk.initial_step;
    let begins = match step.first {
        FirstStep::Scaled => one.zip(lanes.gradient_max, T::min),
        FirstStep::Rasmussen => capped(lanes.slope.map(|slope| T::ONE / (T::ONE - slope)), rules),
        FirstStep::Value(alpha) => Chunk::splat(T::from_f64(alpha)),
    };
    let goes_on = match step.next {
        NextStep::Unit => one,
        NextStep::Quadratic => {
            let parabola = lanes.decrease.zip(lanes.slope, |decrease, slope| T::from_f64(-2.0) * decrease / slope);
            let told = Chunk::splat(T::ZERO).below(lanes.decrease);
            told.choose(capped(parabola, rules).map(|alpha| T::EPSILON.max(alpha)), one)
        }
        NextStep::SlopeRatio => {
            let before = lanes.accepted_alpha.zip(lanes.accepted_slope, |alpha, slope| alpha * slope);
            capped(before.zip(lanes.slope, |before, slope| before / slope), rules).map(|alpha| T::EPSILON.max(alpha))
        }
        NextStep::Value(alpha) => Chunk::splat(T::from_f64(alpha)),
    };
    first.choose(begins, goes_on)
}

/// For methods whose natural step is 1: a little more than was measured, and at most 1.
#[inline(always)]
fn capped<T: Real>(alpha: Chunk<T>, rules: &Rules<T>) -> Chunk<T> {
    if rules.walk.method.is_newton_like() {
        Chunk::splat(T::ONE).zip(alpha.scaled(INITIAL_GROWTH), T::min)
    } else {
        Chunk::splat(T::HUGE).zip(alpha, T::min)
    }
}
