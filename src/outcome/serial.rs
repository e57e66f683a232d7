//! What a run has found, for serde.

use serde::{Serialize, Serializer};

use super::Outcome;

/// As a sequence: the [`LaneResult`](super::LaneResult) of each lane, in order.
impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn lanes_are_written_in_order_with_their_status_by_name() {
        let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2)).expect("a problem");
        let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2]).expect("bounds"), 3, 42);
        let outcome = Minimizer::new(Lbfgs::default()).minimize(&Device::cpu(Precision::F64), &bowl, &starts).expect("a run");
        let written = serde_json::to_value(&outcome).expect("JSON");
        assert_eq!(written.as_array().map(Vec::len), Some(3));
        for (lane, result) in outcome.iter().enumerate() {
            assert_eq!(written[lane]["lane"], lane);
            assert_eq!(written[lane]["status"], "converged_gradient");
            assert_eq!(written[lane]["value"].as_f64(), Some(result.value));
            assert_eq!(written[lane]["point"].as_array().map(Vec::len), Some(2));
        }
        let minima = serde_json::to_value(outcome.minima(crate::Distinct::default()).expect("minima")).expect("JSON");
        assert_eq!(minima["list"][0]["lanes"], 3);
    }
}
