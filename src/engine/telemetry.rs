//! What a GPU did for a batch.

/// What a GPU did for a batch so far, and how long it took.
///
/// ```no_run
/// use manymin::prelude::*;
///
/// let bowl = Problem::new(2, |x| x[0].powi(2) + x[1].powi(2))?;
/// let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2])?, 100_000, 42);
/// let mut batch = Minimizer::new(Lbfgs::default()).start(&Device::gpu()?, &bowl, &starts)?;
/// batch.run()?;
/// if let Some(telemetry) = batch.telemetry() {
///     println!("{} dispatches, {} bytes read back", telemetry.dispatches, telemetry.bytes_read);
/// }
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Telemetry {
    /// Rounds that were sent off.
    pub rounds: u64,
    /// Dispatches of rounds; each takes several.
    pub dispatches: u64,
    /// Evaluations of lanes: the rounds of a lane that were of use.
    pub lane_rounds: u64,
    /// Rounds times the lanes on the list they were sent off for. What is above `lane_rounds` is lanes that had ended, or had
    /// accepted the step of a `step()`; such a lane leaves at once.
    pub listed_rounds: u64,
    /// Bytes that came back to the host: counters, and the reports of lanes that ended or were looked at.
    pub bytes_read: u64,
    /// Bytes of the device's memory that the batch has allocated.
    pub bytes_allocated: u64,
    /// Seconds of the device by stage; none where the adapter has no time stamps.
    pub seconds: Option<StageSeconds>,
}

/// Seconds that a GPU worked, by stage. The seconds of rounds are all of them; of other stages that take several submissions
/// between two dispatches of rounds the last alone is counted, and what follows the last rounds is not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct StageSeconds {
    /// Rounds: evaluation, line search, accepted points, directions.
    pub rounds: f64,
    /// Taking lanes that have ended from the list.
    pub compaction: f64,
    /// Writing reports of lanes.
    pub reports: f64,
    /// Putting new lanes into places.
    pub placing: f64,
}
