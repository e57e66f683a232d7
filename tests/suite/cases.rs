//! How cases of properties are chosen.

use proptest::test_runner::{Config, RngSeed};

/// So many cases, the same ones each time: what passes once does so again. The environment's `PROPTEST_RNG_SEED` chooses
/// others.
pub(crate) fn cases(cases: u32) -> Config {
    let config = Config::default();
    let rng_seed = if config.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { config.rng_seed };
    // Files of failures would be written beside the tests: what fails is printed, small, with all its numbers.
    Config { cases, rng_seed, failure_persistence: None, max_global_rejects: 100_000, ..config }
}
