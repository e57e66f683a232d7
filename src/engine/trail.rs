//! The trail of a lane: how it stood after each of its last steps, in a ring that the lane carries along.

use std::ops::Range;

/// A row of a lane's trail: how it stood after so many steps. See [`Minimizer::trail`](crate::Minimizer::trail).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Progress {
    /// Accepted steps before; 0 at the start.
    pub iteration: u32,
    /// f there, in the lane's own precision.
    pub value: f64,
    /// `max_i |P(x - g) - x|_i` there, which is `max |g_i|` where no bound is met.
    pub gradient_max: f64,
}

/// The most rows that a lane may keep. The lanes that a core computes together then take 64 MiB for them in f64, and kernels that
/// take trails from a software GPU are within the loops that its driver runs.
pub(crate) const MOST_ROWS: usize = 1 << 15;

/// The iterations that a lane with room for `rows` has rows of: the last ones, its point's included if that is evaluated, as
/// its `gradient_max` tells. Until it is, the row's place is kept free.
pub(crate) fn iterations(steps: u32, gradient_max: f64, rows: usize) -> Range<u32> {
    let end = end(steps, gradient_max);
    steps.saturating_add(1).saturating_sub(rows as u32).min(end)..end
}

/// One more than the last iteration that there is a row of.
fn end(steps: u32, gradient_max: f64) -> u32 {
    steps.saturating_add(u32::from(!gradient_max.is_nan()))
}

/// Where in the ring the row of an iteration begins: its value, and the gradient behind it.
pub(crate) fn place(iteration: u32, rows: usize) -> usize {
    // Made for every step of every lane: of 32 bits, in which a division is short.
    2 * (iteration % rows as u32) as usize
}

/// The rows of those iterations, oldest first, from a ring whose numbers `get` gives.
pub(crate) fn unroll(iterations: Range<u32>, rows: usize, get: impl Fn(usize) -> f64) -> Vec<f64> {
    let row = |iteration| [0, 1].map(|k| get(place(iteration, rows) + k));
    iterations.flat_map(row).collect()
}

/// Hands the numbers of rows of those iterations to `put`, with their places in the ring.
pub(crate) fn roll(trail: &[f64], iterations: Range<u32>, rows: usize, mut put: impl FnMut(usize, f64)) {
    for (iteration, row) in iterations.zip(trail.chunks(2)) {
        let at = place(iteration, rows);
        row.iter().enumerate().for_each(|(k, &number)| put(at + k, number));
    }
}

/// The rows of a lane that has made so many steps, from their numbers, oldest first.
pub(crate) fn told(trail: &[f64], steps: u32, gradient_max: f64) -> Vec<Progress> {
    let rows = trail.as_chunks().0;
    let first = end(steps, gradient_max).saturating_sub(rows.len() as u32);
    (first..).zip(rows).map(|(iteration, &[value, gradient_max])| Progress { iteration, value, gradient_max }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rows_are_kept_and_that_of_the_point_if_it_is_evaluated() {
        assert_eq!(iterations(0, f64::NAN, 4), 0..0, "before the start's evaluation");
        assert_eq!(iterations(0, 1.0, 4), 0..1, "the start");
        assert_eq!(iterations(3, 1.0, 4), 0..4, "as many as there is room for");
        assert_eq!(iterations(9, 1.0, 4), 6..10);
        assert_eq!(iterations(9, f64::NAN, 4), 6..9, "sent to another point");
        assert_eq!(iterations(9, f64::NAN, 1), 9..9);
        for steps in [0, 9, u32::MAX] {
            assert!(iterations(steps, 1.0, 0).is_empty() && iterations(steps, f64::NAN, 0).is_empty(), "{steps}");
        }
    }

    #[test]
    fn rows_come_out_of_the_ring_as_they_went_in() {
        let rows = 3;
        for steps in 0..8 {
            for gradient_max in [0.5, f64::NAN] {
                let kept = iterations(steps, gradient_max, rows);
                let trail: Vec<f64> = kept.clone().flat_map(|k| [f64::from(k), -f64::from(k)]).collect();
                let mut ring = [f64::NAN; 6];
                roll(&trail, kept.clone(), rows, |at, number| ring[at] = number);
                assert_eq!(unroll(kept.clone(), rows, |at| ring[at]), trail, "{steps}");
                let told = told(&trail, steps, gradient_max);
                assert!(told.iter().map(|row| row.iteration).eq(kept), "{steps}: {told:?}");
                assert!(told.iter().all(|row| (row.value, row.gradient_max) == (f64::from(row.iteration), -f64::from(row.iteration))));
            }
        }
    }
}
