//! What a batch asks of its engine.

use std::sync::Arc;
use std::time::Instant;

use super::super::clock::Stage;
use super::super::context::Attendance;
use super::super::failed::Failed;
use super::super::kernels::{Dispatch, Rules};
use super::super::memory::Memory;
use super::GpuEngine;
use crate::engine::placement::Placement;
use crate::engine::queue::Queue;
use crate::engine::state::{self, LaneState};
use crate::engine::telemetry::Telemetry;
use crate::engine::{Engine, Lanes, Record, Summary, Totals};
use crate::error::{DeviceError, Result};

impl Engine for GpuEngine {
    fn step(&mut self) -> Result<()> {
        self.guard(Self::one_step)
    }

    fn advance(&mut self, rounds: u32) -> Result<()> {
        self.guard(|engine| engine.rounds(Some(rounds), None))
    }

    fn run(&mut self, until: Option<Instant>) -> Result<()> {
        self.guard(|engine| engine.rounds(None, until))
    }

    fn totals(&self) -> Totals {
        self.done
    }

    fn stop(&mut self) -> Result<()> {
        let queue = std::mem::take(&mut self.queue);
        let stopped = self.guard(|engine| {
            if engine.listed > 0 {
                let rules = Rules { list: engine.lists().0, count: engine.listed as u32, ..engine.rules };
                engine.submit(Stage::Rounds, &rules, &[Dispatch::Lanes(&engine.kernels.stop)])?;
                engine.active = 0;
            }
            let held = std::mem::take(&mut engine.held);
            engine.settle().inspect_err(|_| engine.held.clone_from(&held))?;
            for state in held.into_iter().rev() {
                engine.done.subtract(state.totals());
                state.stop(engine.curvature, &mut engine.finished);
            }
            Ok(())
        });
        if stopped.is_err() {
            self.queue = queue;
        }
        stopped
    }

    fn summaries(&mut self) -> Result<Vec<Summary>> {
        self.guard(|engine| {
            engine.fill()?;
            let lanes = engine.report(engine.lists().0, 0, engine.listed, false)?;
            Ok(lanes.records.iter().map(|record| record.summary).collect())
        })
    }

    fn lanes(&self) -> Result<Lanes> {
        match &self.failed {
            Some(error) => Err(error.clone().into()),
            None => {
                let mut lanes = self.report(self.lists().0, 0, self.listed, true)?;
                self.held.iter().for_each(|state| state.report(self.curvature, &mut lanes));
                Ok(lanes)
            }
        }
    }

    fn export(&self) -> Result<Vec<LaneState>> {
        match &self.failed {
            Some(error) => Err(error.clone().into()),
            None => Ok(self.states()?),
        }
    }

    fn held(&self) -> Vec<LaneState> {
        self.held.clone()
    }

    fn take_finished(&mut self) -> Lanes {
        std::mem::take(&mut self.finished)
    }

    fn take(&mut self, which: &dyn Fn(usize) -> bool) -> Result<Vec<LaneState>> {
        self.guard(|engine| engine.take_lanes(which))
    }

    fn put(&mut self, states: Vec<LaneState>) {
        states.iter().for_each(|state| self.done.add(state.totals()));
        self.held.splice(0..0, states.into_iter().rev());
    }

    fn find(&self, lane: usize) -> Result<Lanes> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        let mut lanes = Lanes::default();
        if let Some(state) = self.held.iter().find(|state| state.lane() == lane) {
            state.report(self.curvature, &mut lanes);
            return Ok(lanes);
        }
        let list = self.lists().0;
        let records = self.report(list, 0, self.listed, false)?.records;
        match records.iter().position(|record| record.summary.lane == lane) {
            Some(k) => Ok(self.report(list, k, 1, true)?),
            None => Ok(lanes),
        }
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
        let list = self.lists().0;
        let lowest = || -> Result<Lanes, DeviceError> {
            let records = self.report(list, 0, self.listed, false)?.records;
            let finite = records.iter().enumerate().filter(|(_, record)| record.best_value.is_finite());
            let key = |record: &Record| (record.best_value, record.summary.lane);
            let lowest = finite.min_by(|(_, a), (_, b)| key(a).0.total_cmp(&key(b).0).then(key(a).1.cmp(&key(b).1)));
            lowest.map_or_else(|| Ok(Lanes::default()), |(k, _)| self.report(list, k, 1, true))
        };
        // A device that fails says so with the next step; what is known until then stands.
        let mut lanes = if self.failed.is_some() { Lanes::default() } else { lowest().unwrap_or_default() };
        lanes.append(state::lowest(&self.held, self.curvature));
        lanes
    }

    fn telemetry(&self) -> Option<Telemetry> {
        Some(Telemetry { seconds: self.clock.seconds(), ..self.telemetry.get() })
    }

    fn clone_box(&self) -> Box<dyn Engine> {
        if let Some(error) = &self.failed {
            return Box::new(Failed::after(self, error.clone()));
        }
        let copied = Memory::new(&self.gpu, &self.kernels.layout, self.memory.sizes).and_then(|memory| {
            let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            memory.copy(&mut encoder, &self.memory);
            self.gpu.submit(encoder)?;
            Ok((memory, self.clock.branch(&self.gpu)?))
        });
        let (memory, clock) = match copied {
            Ok(copy) => copy,
            Err(error) => return Box::new(Failed::after(self, error)),
        };
        Box::new(Self {
            gpu: Arc::clone(&self.gpu),
            _attendance: Attendance(Arc::clone(&self.gpu)),
            kernels: Arc::clone(&self.kernels),
            memory,
            placement: self.placement.clone(),
            held: self.held.clone(),
            queue: self.queue.clone(),
            finished: self.finished.clone(),
            pace: self.pace.clone(),
            clock,
            telemetry: self.telemetry.clone(),
            failed: None,
            ..*self
        })
    }
}
