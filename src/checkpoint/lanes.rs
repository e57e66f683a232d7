//! Lanes under way, in files: how many as a u64, and of each every field of the table in `engine/lane.rs`, in its order, whatever
//! device it was on.
//!
//! Numbers have the precision of the run, words are u32. Of the history there are as many pairs as the lane remembers, s and y
//! of n numbers each, newest first; the matrix is there if `pairs` is not 0, the box in runs with bounds, and of the trail the rows
//! that the lane has, oldest first.

use super::input::Input;
use super::numbers::{put, width};
use crate::device::Precision;
use crate::engine::lane::{Extent, FIELDS, Fields, Kind, Phase};
use crate::engine::placement::Placement;
use crate::engine::state::LaneState;
use crate::engine::trail;
use crate::error::CheckpointError;
use crate::method::{FloorPolicy, Limits, Method, Status, Tolerances};
use crate::minimizer::Settings;

/// What all lanes of a run have in common, as far as their bytes go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) precision: Precision,
    pub(super) lanes: usize,
    pub(super) dimension: usize,
    parameters: usize,
    bounded: bool,
    method: Method,
    /// Rows that a trail has room for.
    trail: usize,
}

impl Shape {
    pub(super) fn new(placement: &Placement, settings: &Settings, precision: Precision) -> Self {
        Self {
            precision,
            lanes: placement.lanes(),
            dimension: placement.dimension(),
            parameters: placement.parameters(),
            bounded: placement.is_bounded(),
            method: settings.method,
            trail: settings.trail,
        }
    }

    /// The numbers of the trail of a lane that has made so many steps.
    pub(super) fn trail(&self, steps: u32, gradient_max: f64) -> usize {
        2 * trail::iterations(steps, gradient_max, self.trail).len()
    }

    /// The bytes of the fields of a lane that have one element each.
    fn head(&self) -> usize {
        let size = |kind| if kind == Kind::Float { width(self.precision) } else { size_of::<u32>() };
        FIELDS.iter().filter(|field| field.extent == Extent::One).map(|field| size(field.kind)).sum()
    }
}

pub(super) fn write<'a>(states: impl Iterator<Item = &'a LaneState> + Clone, shape: &Shape, bytes: &mut Vec<u8>) {
    bytes.extend((states.clone().count() as u64).to_le_bytes());
    for state in states {
        state.fields.write(|kind, value| match kind {
            Kind::Float => put(&[value], shape.precision, bytes),
            Kind::Word => bytes.extend((value as u32).to_le_bytes()),
        });
        let LaneState { fields: _, x, g, d, best, s, y, rho, h, parameters, lower, upper, trail } = state;
        let vectors = [x, g, d, best, s, y, rho, h, parameters, lower, upper, trail];
        vectors.into_iter().for_each(|vector| put(vector, shape.precision, bytes));
    }
}

/// The lanes of a section, each of them one that an engine can go on with.
pub(super) fn read(input: &mut Input<'_>, shape: &Shape) -> Result<Vec<LaneState>, CheckpointError> {
    let count = input.count(shape.head())?;
    (0..count).map(|_| lane(input, shape)).collect()
}

fn lane(input: &mut Input<'_>, shape: &Shape) -> Result<LaneState, CheckpointError> {
    let mut fault = None;
    let fields = Fields::read(|kind| {
        let field = match kind {
            Kind::Float => input.number(shape.precision),
            Kind::Word => input.word().map(f64::from),
        };
        field.unwrap_or_else(|error| {
            fault.get_or_insert(error);
            0.0
        })
    });
    fault.map_or(Ok(()), Err)?;
    check(&fields, shape).map_err(|fault| input.invalid(format!("lane {}: {fault}", fields.lane)))?;
    let n = shape.dimension;
    let pairs = (fields.pairs as usize).min(shape.method.memory());
    let matrix = if fields.pairs > 0 { shape.method.matrix(n) } else { 0 };
    let sides = if shape.bounded { n } else { 0 };
    let trail = shape.trail(fields.iterations, fields.gradient_max);
    let mut vector = |count: usize| input.numbers(count, shape.precision);
    let state = LaneState {
        fields,
        x: vector(n)?,
        g: vector(n)?,
        d: vector(n)?,
        best: vector(n)?,
        s: vector(pairs * n)?,
        y: vector(pairs * n)?,
        rho: vector(pairs)?,
        h: vector(matrix)?,
        parameters: vector(shape.parameters)?,
        lower: vector(sides)?,
        upper: vector(sides)?,
        trail: vector(trail)?,
    };
    if state.lower.iter().zip(&state.upper).any(|(low, high)| !(low <= high)) {
        return Err(input.invalid(format!("lane {}: its box is empty", state.lane())));
    }
    Ok(state)
}

/// More than a lane ever counts: engines go on from here without overflow.
const MOST: u32 = 1 << 31;

/// What is wrong with a lane's fields, if an engine can't go on with them. Floating-point numbers may be any: lanes live with
/// those that are not finite.
fn check(fields: &Fields, shape: &Shape) -> Result<(), &'static str> {
    let f = fields;
    let under_way = [Phase::Fresh, Phase::Search, Phase::Retake].map(|phase| phase as u32);
    let policies = [FloorPolicy::Classify, FloorPolicy::Stop, FloorPolicy::Off].map(|policy| policy as u32);
    let flags = [f.bracketed, f.high_known, f.second_stage, f.has_safe, f.best_elsewhere];
    let searching = [f.search_evaluations, f.expansions, f.longest_search, f.evaluations];
    let counts = [f.iterations, f.refused, f.resets, f.restarts, f.since, f.stagnant];
    let tolerances = Tolerances {
        gradient_max: f.gradient_tolerance,
        gradient_relative: f.gradient_relative,
        step_max: f.step_tolerance,
        step_relative: f.step_relative,
        value_change: f.value_tolerance,
        value_relative: f.value_relative,
        target: Some(f.goal),
        floor_policy: FloorPolicy::default(),
    };
    let limits = Limits { iterations: f.iteration_limit, evaluations: f.evaluation_limit };
    let faults = [
        ((f.lane as usize) < shape.lanes, "there is no such lane"),
        (under_way.contains(&f.phase), "it is in no phase of a lane under way"),
        (f.status == Status::Active.code(), "it has ended"),
        (flags.iter().all(|&flag| flag <= 1) && f.waits == 0, "a flag is neither 0 nor 1"),
        (policies.contains(&f.floor_policy), "it has no floor policy"),
        (searching.iter().chain(&counts).all(|&count| count < MOST), "a count is beyond all measure"),
        (f.pairs <= shape.method.most_pairs().min(MOST), "it remembers more pairs than it can"),
        (tolerances.validate().is_ok() && limits.validate().is_ok(), "its tolerances or limits are out of range"),
    ];
    faults.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, fault)| Err(fault))
}
