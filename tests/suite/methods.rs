//! Methods other than L-BFGS: against formulas, against references in plain f64, and on every device.

mod experiment;
