//! The settings of delta-bar-delta.

use serde::{Deserialize, Serialize};

use super::line_search::check;
use super::momentum::{RATE, check_rate};
use crate::error::Result;

/// Delta-bar-delta: every component has a step of its own, which grows while its gradient keeps its sign.
///
/// ```text
///     x_i <- x_i - rate gain_i g_i
///     gain_i <- gain_i step_up      if g_i has the sign of mean_i (or gain_i + step_up)
///     gain_i <- gain_i step_down    if not
///     mean_i <- (1 - weight) g_i + weight mean_i
/// ```
///
/// gain_i begins with 1 and grows before the first step. Unless another search is set, every step is taken, and what
/// [`Momentum`](crate::Momentum) says of that holds here too. `-gain g` descends, so every line search can be set.
///
/// # References
/// R. A. Jacobs: Increased rates of convergence through learning rate adaptation, Neural Networks 1 (1988) 295-307; with
/// `step_up` multiplied as in the R package mize.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeltaBarDelta {
    /// The step along -g where a gain is 1, above 0; 1e-3 unless set.
    pub rate: f64,
    /// How a gain grows; times 1.1 unless set.
    pub step_up: StepUp,
    /// The factor by which a gain shrinks, above 0 and at most 1; 0.5 unless set.
    pub step_down: f64,
    /// The weight of what was in the averaged gradient, 0 to below 1; 0.1 unless set. 0 compares with the last gradient alone.
    pub weight: f64,
}

/// How a gain grows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum StepUp {
    /// It is multiplied by this factor, at least 1.
    Times(f64),
    /// This is added to it, above 0: Jacobs' own rule.
    Plus(f64),
}

impl Default for DeltaBarDelta {
    fn default() -> Self {
        Self { rate: RATE, step_up: StepUp::Times(1.1), step_down: 0.5, weight: 0.1 }
    }
}

impl DeltaBarDelta {
    pub(crate) fn validate(self) -> Result<()> {
        check_rate(self.rate)?;
        match self.step_up {
            StepUp::Times(factor) => {
                check("step_up", factor, (1.0..=f64::from(f32::MAX)).contains(&factor), "at least 1, and a number of f32")?
            }
            StepUp::Plus(term) => check("step_up", term, super::line_search::is_step(term), "above 0, and a number of f32")?,
        }
        check("step_down", self.step_down, self.step_down > 0.0 && self.step_down <= 1.0, "above 0 and at most 1")?;
        check("weight", self.weight, (0.0..1.0).contains(&self.weight), "0 to below 1")
    }
}
