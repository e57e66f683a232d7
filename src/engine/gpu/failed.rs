//! What is left of a batch whose device has failed: what is known, and the error.

use std::time::Instant;

use super::engine::GpuEngine;
use crate::engine::placement::Placement;
use crate::engine::queue::Queue;
use crate::engine::state::LaneState;
use crate::engine::telemetry::Telemetry;
use crate::engine::{Engine, Lanes, Summary, Totals};
use crate::error::{DeviceError, Result};

/// Answers what the host knows, and everything else with the error.
#[derive(Clone)]
pub(super) struct Failed {
    error: DeviceError,
    held: Vec<LaneState>,
    queue: Queue,
    placement: Placement,
    totals: Totals,
    finished: Lanes,
    telemetry: Option<Telemetry>,
}

impl Failed {
    pub(super) fn after(engine: &GpuEngine, error: DeviceError) -> Self {
        Self {
            error,
            held: engine.held(),
            queue: engine.queue().clone(),
            placement: engine.placement().clone(),
            totals: engine.totals(),
            finished: engine.finished.clone(),
            telemetry: engine.telemetry(),
        }
    }

    fn fail<T>(&self) -> Result<T> {
        Err(self.error.clone().into())
    }
}

impl Engine for Failed {
    fn step(&mut self) -> Result<()> {
        self.fail()
    }

    fn advance(&mut self, _: u32) -> Result<()> {
        self.fail()
    }

    fn run(&mut self, _: Option<Instant>) -> Result<()> {
        self.fail()
    }

    fn totals(&self) -> Totals {
        self.totals
    }

    fn stop(&mut self) -> Result<()> {
        self.fail()
    }

    fn summaries(&mut self) -> Result<Vec<Summary>> {
        self.fail()
    }

    fn lanes(&self) -> Result<Lanes> {
        self.fail()
    }

    fn take_finished(&mut self) -> Lanes {
        std::mem::take(&mut self.finished)
    }

    fn export(&self) -> Result<Vec<LaneState>> {
        self.fail()
    }

    fn held(&self) -> Vec<LaneState> {
        self.held.clone()
    }

    fn take(&mut self, _: &dyn Fn(usize) -> bool) -> Result<Vec<LaneState>> {
        self.fail()
    }

    fn put(&mut self, states: Vec<LaneState>) {
        states.iter().for_each(|state| self.totals.add(state.totals()));
        self.held.splice(0..0, states.into_iter().rev());
    }

    fn find(&self, _: usize) -> Result<Lanes> {
        self.fail()
    }

    fn queue(&self) -> &Queue {
        &self.queue
    }

    fn queue_mut(&mut self) -> &mut Queue {
        &mut self.queue
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn placement_mut(&mut self) -> &mut Placement {
        &mut self.placement
    }

    fn lowest(&self) -> Lanes {
        Lanes::default()
    }

    fn telemetry(&self) -> Option<Telemetry> {
        self.telemetry
    }

    fn clone_box(&self) -> Box<dyn Engine> {
        Box::new(self.clone())
    }
}
