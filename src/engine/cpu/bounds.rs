//! What a box changes of a round, for any method and any search: where trials stand, which slopes and gradients count, and
//! where directions may point.
//!
//! ```text
//!     x_t   = clamp(x + alpha d)                              the only projection: the step is never cut
//!     s_t   = sum of g_t,i d_i over components that still move,  0 of those that have come to a bound along d
//!     d_i   = 0   where x_i is on a bound and d_i points out
//!     held    are components on a bound whose gradient pushes them out, and fixed ones
//! ```
//!
//! A lane that never meets a bound has the bits that it would have without.
//!
//! # References
//! D. P. Bertsekas: Projected Newton methods for optimization problems with simple constraints, SIAM J. Control Optim. 20
//! (1982) 221-246.

use pulp::Simd;

use super::sums::{dot, in_blocks};
use super::tile::Tile;
use super::trial::Trial;
use crate::problem::evaluate::chunk::{Chunk, Mask, Row, row_by_row};
use crate::problem::evaluate::lanes::{At, Numbers};
use crate::problem::evaluate::machine::Machine;
use crate::problem::evaluate::real::Real;

/// Writes `x_t = clamp(x + alpha d)` for lanes of tile `c`. What does not move keeps its bits.
#[inline(always)]
pub(super) fn propose<S: Simd, T: Real>(at: At<S>, tile: &Tile<T>, c: usize, points: &[Row<T>], alpha: Numbers<T, S>) {
    let zero = at.splat(T::ZERO);
    for ((((x, d), low), high), point) in tile.x.iter().zip(&tile.d).zip(&tile.lower).zip(&tile.upper).zip(points) {
        let (x, d) = (at.of(x), at.of(d));
        let inside = (x + alpha * d).max(at.of(low)).min(at.of(high));
        let stays = d.at_most(zero) & zero.at_most(d);
        at.set_cell(&point[c], stays.choose(x, inside));
    }
}

/// Corrects what the evaluation of tile `c` says where its lanes have met a bound.
#[inline(always)]
pub(super) fn correct<T: Real>(tile: &Tile<T>, c: usize, machine: &Machine<T>, trial: &mut Trial<T>) {
    let (zero, nothing) = (Chunk::splat(T::ZERO), Chunk::splat(-T::ZERO));
    let (mut gradient_max, mut steepest) = (zero, zero);
    let mut clamped = Mask::none();
    let both = |(slope, descent): (Chunk<T>, Chunk<T>), (other, fall)| (slope.plus(other), descent.plus(fall));
    let (slope, descent) = in_blocks(tile.x.len(), (nothing, nothing), both, |(slope, descent), i| {
        row_by_row();
        let (x_t, g_t, x, d) = (machine.point()[i][c].get(), machine.gradient()[i][c].get(), tile.x[i], tile.d[i]);
        let (low, high) = (tile.lower[i], tile.upper[i]);
        let stopped = points_out(x_t, d, low, high);
        clamped = clamped.or(stopped);
        gradient_max = gradient_max.zip(projected(x_t, g_t, low, high), T::max);
        let free = held(x_t, g_t, low, high).choose(zero, g_t);
        steepest = steepest.zip(free, |max, g| max.max(g.abs()));
        let slope = slope.zip3(g_t, stopped.choose(zero, d), |sum, g, d| sum + g * d);
        (slope, descent.zip4(tile.g[i], x_t, x, |sum, g, x_t, x| sum + g * (x_t - x)))
    });
    trial.slope = slope;
    trial.descent = clamped.choose(descent, trial.descent);
    trial.gradient_max = gradient_max;
    trial.steepest = steepest;
    trial.clamped = clamped;
}

/// Where a component at `x` is on a bound, or fixed, and `step` leads out. A fixed component's bounds are equal.
#[inline(always)]
fn points_out<T: Real>(x: Chunk<T>, step: Chunk<T>, low: Chunk<T>, high: Chunk<T>) -> Mask<T> {
    let zero = Chunk::splat(T::ZERO);
    x.at_most(low).and(step.below(zero)).or(high.at_most(x).and(zero.below(step)))
}

/// Where a component is on a bound and its gradient pushes it out, or it is fixed.
#[inline(always)]
fn held<T: Real>(x: Chunk<T>, g: Chunk<T>, low: Chunk<T>, high: Chunk<T>) -> Mask<T> {
    points_out(x, g.map(|g| -g), low, high).or(high.at_most(low))
}

/// |P(x - g) - x|, without the rounding of x - g.
#[inline(always)]
fn projected<T: Real>(x: Chunk<T>, g: Chunk<T>, low: Chunk<T>, high: Chunk<T>) -> Chunk<T> {
    let room = Chunk::splat(T::ZERO).below(g).choose(x.zip(low, |x, low| x - low), high.zip(x, |high, x| high - x));
    g.zip(room, |g, room| g.abs().min(room))
}

impl<T: Real> Tile<T> {
    /// Whether its lanes have boxes.
    #[inline(always)]
    pub(super) fn is_bounded(&self) -> bool {
        !self.lower.is_empty()
    }

    /// The lanes in which component `i` is held.
    #[inline(always)]
    pub(super) fn held(&self, i: usize) -> Mask<T> {
        held(self.x[i], self.g[i], self.lower[i], self.upper[i])
    }

    /// Whether component `i` of lane `l` is held: that it is rounded changes nothing, since a bound is met to the bit.
    pub(super) fn is_held(&self, i: usize, l: usize) -> bool {
        self.is_bounded() && self.held(i).has(l)
    }

    /// Where component `i` of lane `l` stands after a step.
    pub(super) fn reached(&self, i: usize, l: usize, alpha: T) -> T {
        let x = self.x[i].0[l] + alpha * self.d[i].0[l];
        if self.is_bounded() { x.max(self.lower[i].0[l]).min(self.upper[i].0[l]) } else { x }
    }

    /// `step`, or nothing where it leads component `i` of lane `l` out of the box.
    pub(super) fn inward(&self, i: usize, l: usize, step: T) -> T {
        if !self.is_bounded() {
            return step;
        }
        let x = self.x[i].0[l];
        let out = x <= self.lower[i].0[l] && step < T::ZERO || x >= self.upper[i].0[l] && step > T::ZERO;
        if out { T::ZERO } else { step }
    }

    /// The largest gradient component of those that are not held. It may be far larger than the projected gradient, that has
    /// no more than the room there is.
    #[inline(always)]
    pub(super) fn steepest(&self) -> Chunk<T> {
        if !self.is_bounded() {
            return self.lanes.gradient_max;
        }
        let zero = Chunk::splat(T::ZERO);
        let mut steepest = zero;
        for (i, g) in self.g.iter().enumerate() {
            row_by_row();
            steepest = steepest.zip(self.held(i).choose(zero, *g), |max, g| max.max(g.abs()));
        }
        steepest
    }

    /// Takes from the directions of `turns`, by whatever method, what leads out of the box, and returns g.d.
    #[inline(always)]
    pub(super) fn hold(&mut self, turns: Mask<T>) -> Chunk<T> {
        let zero = Chunk::splat(T::ZERO);
        for (((d, x), low), high) in self.d.iter_mut().zip(&self.x).zip(&self.lower).zip(&self.upper) {
            row_by_row();
            *d = turns.and(points_out(*x, *d, *low, *high)).choose(zero, *d);
        }
        dot(&self.g, &self.d)
    }

    /// g.(x_t - x) of a trial at `alpha`: what it promises, however far beyond a bound the direction leads.
    #[inline(always)]
    pub(super) fn promised(&self, alpha: Chunk<T>) -> Chunk<T> {
        let free = alpha.zip(self.lanes.slope, |alpha, slope| alpha * slope);
        if !self.is_bounded() {
            return free;
        }
        let mut clamped = Mask::none();
        let sum = in_blocks(self.x.len(), Chunk::splat(-T::ZERO), Chunk::plus, |sum, i| {
            row_by_row();
            let x_t = self.x[i].zip3(alpha, self.d[i], |x, alpha, d| x + alpha * d);
            let inside = x_t.zip3(self.lower[i], self.upper[i], |x, low, high| x.max(low).min(high));
            clamped = clamped.or(points_out(inside, self.d[i], self.lower[i], self.upper[i]));
            sum.zip4(self.g[i], inside, self.x[i], |sum, g, x_t, x| sum + g * (x_t - x))
        });
        clamped.choose(sum, free)
    }

    /// Where component `i` ends on the same bound at both ends of the bracket.
    #[inline(always)]
    pub(super) fn ends_meet(&self, i: usize) -> Mask<T> {
        let at = |alpha: Chunk<T>| self.x[i].zip3(alpha, self.d[i], |x, alpha, d| x + alpha * d);
        let (one, other) = (at(self.lanes.low), at(self.lanes.high));
        let below = one.at_most(self.lower[i]).and(other.at_most(self.lower[i]));
        below.or(self.upper[i].at_most(one).and(self.upper[i].at_most(other)))
    }

    /// Gives lane `l` its box.
    pub(super) fn set_box(&mut self, l: usize, lower: &[f64], upper: &[f64]) {
        for (to, bounds) in [(&mut self.lower, lower), (&mut self.upper, upper)] {
            to.iter_mut().zip(bounds).for_each(|(chunk, &bound)| chunk.0[l] = T::from_f64(bound));
        }
    }
}

/// The lanes of `turns` in which a component is held; `free[i]` becomes 1 where component i is free, else 0.
#[inline(always)]
pub(super) fn held_lanes<T: Real>(tile: &Tile<T>, turns: Mask<T>, free: &mut [Chunk<T>]) -> Mask<T> {
    let (zero, one) = (Chunk::splat(T::ZERO), Chunk::splat(T::ONE));
    let mut any = Mask::none();
    for (i, free) in free.iter_mut().enumerate() {
        row_by_row();
        let held = turns.and(tile.held(i));
        any = any.or(held);
        *free = held.choose(zero, one);
    }
    any
}
