//! The host's side of a batch on the GPU: rounds out, a few words back, places emptied and filled.

mod interface;

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::clock::{Clock, Stage};
use super::context::{Attendance, Gpu};
use super::flight::{Counts, Flight};
use super::kernels::{Dispatch, Kernels, Rules};
use super::memory::{COUNTERS, HEAD, Memory, Sizes};
use super::pace::Pace;
use super::shader::{WORKGROUP, flag, list};
use super::shape::Shape;
use crate::engine::cpu::Setup;
use crate::engine::placement::Placement;
use crate::engine::queue::Queue;
use crate::engine::state::{LaneState, Standing};
use crate::engine::telemetry::Telemetry;
use crate::engine::{Lanes, Record, Totals};
use crate::error::{DeviceError, Result};
use crate::method::Method;
use crate::method::constants::NOISE_UNITS;
use crate::problem::Problem;

/// Lanes on a GPU.
pub(crate) struct GpuEngine {
    pub(super) gpu: Arc<Gpu>,
    pub(super) _attendance: Attendance,
    pub(super) kernels: Arc<Kernels>,
    pub(super) memory: Memory,
    /// What all dispatches are told.
    pub(super) rules: Rules,
    pub(super) placement: Placement,
    /// Whether results bring the diagonal of the inverse Hessian.
    pub(super) curvature: bool,
    /// Whether lanes that a limit has ended are kept, to go on later.
    keeps: bool,
    /// Lanes under way that wait for a place, the next one last: they come before the queue.
    pub(super) held: Vec<LaneState>,
    /// Lanes that have not been placed.
    pub(super) queue: Queue,
    /// Which of the two lists of lanes under way is the current one, how many slots it has, and how many of their lanes
    /// have not ended.
    half: u32,
    pub(super) listed: usize,
    pub(super) active: usize,
    /// Slots without a lane; the first so many of the list of lanes that have ended.
    pub(super) free: usize,
    /// Lanes under way are in slots before this one.
    pub(super) extent: usize,
    /// Lanes were packed since the list of slots without one was written: it is no longer right.
    pub(super) packed: bool,
    pub(super) finished: Lanes,
    /// What lanes under way have done.
    pub(super) done: Totals,
    pace: Pace,
    /// When the last rounds were done.
    landed: Option<Instant>,
    pub(super) clock: Clock,
    pub(super) telemetry: Cell<Telemetry>,
    /// What went wrong: the device's side can't be relied on any more.
    failed: Option<DeviceError>,
}

/// Dispatches on their way at once: one is computed while the counts of the one before are read.
const IN_FLIGHT: usize = 2;
/// Lanes that have ended leave the list when they are one in so many of it: each may keep a group of others waiting that is
/// computed together with it. Of few lanes more may have ended, since to take them off costs a dispatch of its own.
const ENDED_SHARE: usize = 12;
const FEW: usize = 4_096;
const ENDED_SHARE_OF_FEW: usize = 4;

/// The most memory of a batch, whatever the pool: lanes beyond it go in waves.
const MOST_BYTES: u64 = 2 << 30;

impl GpuEngine {
    /// An engine over `pool` slots, or fewer where there are fewer lanes, that goes on from `standing`.
    pub(crate) fn new(gpu: Arc<Gpu>, setup: &Setup, standing: Standing) -> Result<Self, DeviceError> {
        let shape = Shape::of(&setup.problem, setup.walk.method, setup.placement.is_bounded(), setup.trail);
        let data: Vec<f32> = setup.problem.data().map(|value| value as f32).collect();
        let binding = gpu.largest(wgpu::BufferUsages::STORAGE);
        let most = Sizes::most_lanes(shape, data.len(), binding, MOST_BYTES);
        let lanes = setup.pool.min(setup.placement.lanes()).min(most);
        let sizes = Sizes::new(shape, lanes, data.len());
        if lanes == 0 && shape.matrix > 0 {
            let bytes = (4 * shape.matrix * WORKGROUP as usize) as u64;
            return Err(DeviceError::MatrixTooLarge {
                dimension: shape.dimension,
                lanes: WORKGROUP as usize,
                bytes,
                limit: binding.min(MOST_BYTES),
            });
        }
        let pace = Pace::new(shape, setup.problem.loop_iterations(), gpu.loop_limit)?;
        // Where it is one buffer that is too large, making it says so.
        if lanes == 0 && sizes.storage().iter().all(|(_, bytes)| *bytes <= binding) {
            return Err(DeviceError::OutOfMemory { what: "the memory of the fewest lanes".into(), bytes: Some(sizes.total()) });
        }
        let kernels = gpu.kernels.get(&gpu, shape, setup.walk, &setup.problem)?;
        let memory = Memory::new(&gpu, &kernels.layout, sizes)?;
        let clock = Clock::new(&gpu)?;
        gpu.queue.write_buffer(memory.data(), 0, bytemuck::cast_slice(&data));
        let slots: Vec<u32> = (0..lanes as u32).collect();
        let ended = 4 * (HEAD + list::ENDED as usize * sizes.pool) as u64;
        gpu.queue.write_buffer(memory.lists(), ended, bytemuck::cast_slice(&slots));
        let rules = Rules {
            pool: sizes.pool as u32,
            noise: (NOISE_UNITS + setup.problem.terms().max(1.0).log2()) as f32 * f32::EPSILON,
            ..Rules::default()
        };
        let Standing { mut states, queue, .. } = standing;
        let mut done = Totals::default();
        states.iter().for_each(|state| done.add(state.totals()));
        states.reverse();
        let mut engine = Self {
            placement: setup.placement.clone(),
            curvature: setup.curvature,
            keeps: setup.keeps,
            held: states,
            queue,
            _attendance: Attendance(Arc::clone(&gpu)),
            gpu,
            kernels,
            memory,
            rules,
            half: 0,
            listed: 0,
            active: 0,
            free: lanes,
            extent: lanes,
            packed: false,
            finished: Lanes::default(),
            done,
            pace,
            landed: None,
            clock,
            telemetry: Cell::new(Telemetry { bytes_allocated: sizes.total(), ..Telemetry::default() }),
            failed: None,
        };
        engine.fill_held()?;
        Ok(engine)
    }

    /// The bytes of a lane, as one of a large pool.
    pub(crate) fn bytes_per_lane(problem: &Problem, method: Method, bounded: bool, trail: usize) -> usize {
        const LARGE: usize = 1 << 16;
        let shape = Shape::of(problem, method, bounded, trail);
        Sizes::new(shape, LARGE, 0).total().div_ceil(LARGE as u64) as usize
    }

    /// Whether lanes wait for a place.
    pub(super) fn has_waiting(&self) -> bool {
        !(self.held.is_empty() && self.queue.is_empty())
    }

    /// Where the current list begins, and where the other one does.
    pub(super) fn lists(&self) -> (u32, u32) {
        (self.half * self.rules.pool, (1 - self.half) * self.rules.pool)
    }

    /// Where the list of slots without a lane begins.
    pub(super) fn ended(&self) -> u32 {
        list::ENDED * self.rules.pool
    }

    /// Submits kernels over `rules.count` lanes.
    pub(super) fn submit(&self, stage: Stage, rules: &Rules, dispatches: &[Dispatch<'_>]) -> Result<(), DeviceError> {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.encode(stage, rules, dispatches, &mut encoder);
        self.gpu.submit(encoder).map(drop)
    }

    pub(super) fn encode(&self, stage: Stage, rules: &Rules, dispatches: &[Dispatch<'_>], encoder: &mut wgpu::CommandEncoder) {
        Kernels::encode(&self.gpu, &self.memory, rules, dispatches, self.clock.writes(stage, true, true), encoder);
        self.clock.resolve(encoder, stage, self.memory.lists(), 4 * COUNTERS as u64);
    }

    /// Sends off rounds of all listed lanes.
    pub(super) fn launch(&mut self, rounds: u32, flags: u32) -> Result<Flight, DeviceError> {
        let (list, _) = self.lists();
        let rules = Rules { list, count: self.listed as u32, rounds, flags, ..self.rules };
        let (portion, turn) = (self.pace.portion(rounds), self.pace.next_turn());
        let mut telemetry = self.telemetry.get();
        telemetry.rounds += u64::from(rounds);
        telemetry.dispatches += u64::from(rules.count.div_ceil(portion));
        telemetry.listed_rounds += u64::from(rounds) * u64::from(rules.count);
        self.telemetry.set(telemetry);
        Flight::launch(&self.gpu, &self.kernels, &mut self.memory, &self.clock, rules, portion, turn)
    }

    /// Waits for rounds to be done, and takes note of what they did.
    pub(super) fn land(&mut self, flight: Flight) -> Result<Counts, DeviceError> {
        let Rules { rounds, count, .. } = *flight.rules();
        let (counts, time) = flight.land(&self.gpu, &mut self.memory, &mut self.clock, self.landed)?;
        self.landed = Some(time.end);
        self.pace.note(rounds, count, counts.evaluations, (time.end - time.start).as_secs_f64());
        if counts.evaluations == 0 && counts.busy > 0 {
            return Err(DeviceError::Internal { message: "rounds were sent off and no lane was evaluated".into() });
        }
        self.active = counts.active as usize;
        self.done.evaluations += u64::from(counts.evaluations);
        self.done.iterations += u64::from(counts.iterations);
        let mut telemetry = self.telemetry.get();
        telemetry.lane_rounds += u64::from(counts.evaluations);
        telemetry.bytes_read += 4 * HEAD as u64;
        self.telemetry.set(telemetry);
        Ok(counts)
    }

    /// Takes lanes that have ended from the list, and their results to the host.
    fn settle(&mut self) -> Result<(), DeviceError> {
        let ended = self.compact()?;
        if ended > 0 {
            let mut lanes = self.report(self.ended(), self.free, ended, true)?;
            if self.keeps {
                let is_kept = |record: &Record| record.summary.status.is_budget();
                lanes.kept = self.saved_where(self.ended(), self.free, &lanes.records, is_kept)?;
                lanes.kept = std::mem::take(&mut lanes.kept).into_iter().map(LaneState::revived).collect();
            }
            self.done.subtract(lanes.totals());
            self.finished.append(lanes);
            self.free += ended;
        }
        self.fill()?;
        self.pack()
    }

    /// Takes lanes that are not under way from the list, to that of slots without a lane. Returns how many there are.
    pub(super) fn compact(&mut self) -> Result<usize, DeviceError> {
        let ended = self.listed - self.active;
        if ended > 0 {
            let (list, other) = self.lists();
            let rules = Rules { list, other, first: self.free as u32, count: self.listed as u32, ..self.rules };
            self.submit(Stage::Compaction, &rules, &self.kernels.compaction())?;
            self.half = 1 - self.half;
            self.listed = self.active;
        }
        Ok(ended)
    }

    /// As many rounds as `budget` has, of lanes that run free, until all have ended; or until that time has come, the first
    /// dispatches being sent off in any case.
    fn rounds(&mut self, mut budget: Option<u32>, until: Option<Instant>) -> Result<(), DeviceError> {
        self.fill()?;
        let mut flights = VecDeque::new();
        let mut late = false;
        loop {
            while flights.len() < IN_FLIGHT && self.active > 0 && budget != Some(0) && !late {
                let rounds = self.pace.rounds(self.listed, self.has_waiting()).min(budget.unwrap_or(u32::MAX));
                budget = budget.map(|left| left - rounds);
                let flight = self.launch(rounds, flag::RELEASE)?;
                flights.push_back(flight);
            }
            let Some(flight) = flights.pop_front() else { return self.settle() };
            self.land(flight)?;
            late = until.is_some_and(|until| Instant::now() >= until);
            // In a counted run, places are filled at its end.
            let share = if self.listed > FEW { ENDED_SHARE } else { ENDED_SHARE_OF_FEW };
            if budget.is_none() && (self.listed - self.active) * share >= self.listed {
                while let Some(flight) = flights.pop_front() {
                    self.land(flight)?;
                }
                self.settle()?;
            }
        }
    }

    fn one_step(&mut self) -> Result<(), DeviceError> {
        self.fill()?;
        let mut flags = flag::STEPPING | flag::RELEASE;
        while self.active > 0 {
            let flight = self.launch(self.pace.rounds_of_step(), flags)?;
            let counts = self.land(flight)?;
            if counts.busy == 0 {
                break;
            }
            flags = flag::STEPPING;
        }
        self.settle()
    }

    /// Runs `action` unless the device has failed, and remembers if it does.
    fn guard<R>(&mut self, action: impl FnOnce(&mut Self) -> Result<R, DeviceError>) -> Result<R> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        action(self).map_err(|error| {
            self.failed = Some(error.clone());
            error.into()
        })
    }
}
