//! Lanes under way that leave the device, or come to it from another: see shaders/state.wgsl.

use rayon::prelude::*;

use super::clock::Stage;
use super::engine::GpuEngine;
use super::exchange::SHARE;
use super::kernels::{Dispatch, Rules};
use super::memory::HEAD;
use super::shape::Shape;
use crate::engine::lane::{Fields, Kind};
use crate::engine::state::LaneState;
use crate::engine::{Record, trail};
use crate::error::DeviceError;

impl GpuEngine {
    /// The state of every lane under way, by lane number: of those on the device, and of those that wait for a place.
    pub(super) fn states(&self) -> Result<Vec<LaneState>, DeviceError> {
        let mut states = self.saved(self.lists().0, 0, self.listed)?;
        states.extend(self.held.iter().cloned());
        states.sort_unstable_by_key(LaneState::lane);
        Ok(states)
    }

    /// The states of `count` lanes of a list, from the `first` on.
    pub(super) fn saved(&self, list: u32, first: usize, count: usize) -> Result<Vec<LaneState>, DeviceError> {
        let shape = self.memory.sizes.shape;
        let stride = shape.state_words();
        let mut states = Vec::with_capacity(count);
        while states.len() < count {
            let part = self.memory.sizes.states().min(count - states.len());
            let kernels = self.kernels.state(&self.gpu)?;
            let rules = Rules { list, first: (first + states.len()) as u32, count: part as u32, ..self.rules };
            self.fetch(Some((&rules, &kernels.save)), self.memory.transfer(), 0..part * stride, |words| {
                states.par_extend(words.par_chunks(stride).map(|words| decode(words, shape)));
            })?;
        }
        Ok(states)
    }

    /// The states of those lanes of a list, from the `first` on, whose records `which` says yes to. The other list of lanes under
    /// way is free for it.
    pub(super) fn saved_where(
        &self,
        list: u32,
        first: usize,
        records: &[Record],
        which: impl Fn(&Record) -> bool + Send + Sync,
    ) -> Result<Vec<LaneState>, DeviceError> {
        let chosen: Vec<usize> = records.par_iter().with_min_len(SHARE).positions(which).collect();
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let slots = self.read_list(HEAD + list as usize + first, records.len())?;
        let slots: Vec<u32> = chosen.into_iter().map(|k| slots[k]).collect();
        self.saved_slots(&slots)
    }

    /// The states of the lanes in these slots, which are listed where the other list of lanes under way has its place.
    fn saved_slots(&self, slots: &[u32]) -> Result<Vec<LaneState>, DeviceError> {
        let (_, other) = self.lists();
        self.gpu.queue.write_buffer(self.memory.lists(), 4 * (HEAD + other as usize) as u64, bytemuck::cast_slice(slots));
        self.saved(other, 0, slots.len())
    }

    /// Takes lanes under way to the host, those that `which` says yes to, and frees their slots.
    pub(super) fn take_lanes(&mut self, which: &dyn Fn(usize) -> bool) -> Result<Vec<LaneState>, DeviceError> {
        let (list, other) = self.lists();
        let mut slots = self.read_list(HEAD + list as usize, self.listed)?;
        let records = self.report(list, 0, self.listed, false)?.records;
        let mut chosen = records.iter().map(|record| which(record.summary.lane));
        slots.retain(|_| chosen.next().unwrap_or(false));
        let mut states = Vec::new();
        if !slots.is_empty() {
            states = self.saved_slots(&slots)?;
            let rules = Rules { list: other, count: slots.len() as u32, ..self.rules };
            self.submit(Stage::Rounds, &rules, &[Dispatch::Lanes(&self.kernels.stop)])?;
            self.active -= slots.len();
            self.free += self.compact()?;
        }
        let (held, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.held).into_iter().partition(|state| which(state.lane()));
        self.held = left;
        states.extend(held);
        states.iter().for_each(|state| self.done.subtract(state.totals()));
        states.sort_unstable_by_key(LaneState::lane);
        Ok(states)
    }

    /// Gives free places to lanes under way that wait for one, in order.
    pub(super) fn fill_held(&mut self) -> Result<(), DeviceError> {
        self.unpack()?;
        while self.free > 0 && !self.held.is_empty() {
            let shape = self.memory.sizes.shape;
            let count = self.memory.sizes.states().min(self.free).min(self.held.len());
            let mut words = vec![0; count * shape.state_words()];
            let lanes = words.chunks_mut(shape.state_words()).zip(self.held.iter().rev());
            lanes.for_each(|(words, state)| encode(state, shape, words));
            let (list, _) = self.lists();
            let (first, other) = (self.free - count, list + self.listed as u32);
            let rules = Rules { list: self.ended(), first: first as u32, count: count as u32, other, ..self.rules };
            let kernels = self.kernels.state(&self.gpu)?;
            self.gpu.queue.write_buffer(self.memory.transfer(), 0, bytemuck::cast_slice(&words));
            self.submit(Stage::Placing, &rules, &[Dispatch::Lanes(&kernels.restore)])?;
            self.held.truncate(self.held.len() - count);
            self.free = first;
            self.listed += count;
            self.active += count;
        }
        Ok(())
    }
}

/// A lane from its words.
fn decode(words: &[u32], shape: Shape) -> LaneState {
    let float = |bits: u32| f64::from(f32::from_bits(bits));
    let (scalars, mut words) = words.split_at(shape.field_elements());
    let mut scalars = scalars.iter();
    let fields = Fields::read(|kind| match (kind, scalars.next()) {
        (Kind::Float, Some(&word)) => float(word),
        (Kind::Word, Some(&word)) => word.into(),
        (_, None) => 0.0,
    });
    let mut take = |len: usize| {
        let (vector, rest) = words.split_at(len);
        words = rest;
        vector.iter().map(|&word| float(word))
    };
    let n = shape.dimension;
    let [x, g, d, best] = [0; 4].map(|_| take(n).collect());
    let parameters = take(shape.parameters).collect();
    let [lower, upper] = [0; 2].map(|_| take(shape.box_elements() / 2).collect());
    let ring: Vec<f64> = take(shape.trail_elements()).collect();
    let rows = trail::iterations(fields.iterations, fields.gradient_max, shape.trail);
    let trail = trail::unroll(rows, shape.trail, |at| ring[at]);
    let (mut s, mut y, mut rho) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..(fields.pairs as usize).min(shape.memory) {
        rho.extend(take(1));
        s.extend(take(n));
        y.extend(take(n));
    }
    let h = if fields.pairs > 0 { take(shape.matrix).collect() } else { Vec::new() };
    // Between calls no lane waits.
    LaneState { fields: Fields { waits: 0, ..fields }, x, g, d, best, s, y, rho, h, parameters, lower, upper, trail }
}

/// The words of a lane.
fn encode(state: &LaneState, shape: Shape, words: &mut [u32]) {
    let mut words = words.iter_mut();
    let mut put = |word: u32| {
        if let Some(to) = words.next() {
            *to = word;
        }
    };
    // What ends a lane may be beyond f32, and then is its largest number.
    let float = |value: f64| if value.is_finite() { (value as f32).clamp(f32::MIN, f32::MAX) } else { value as f32 };
    state.fields.write(|kind, value| put(if kind == Kind::Float { float(value).to_bits() } else { value as u32 }));
    let vectors = [&state.x, &state.g, &state.d, &state.best, &state.parameters, &state.lower, &state.upper];
    vectors.into_iter().flatten().for_each(|&value| put((value as f32).to_bits()));
    let mut ring = vec![0.0; shape.trail_elements()];
    let rows = trail::iterations(state.fields.iterations, state.fields.gradient_max, shape.trail);
    trail::roll(&state.trail, rows, shape.trail, |at, number| ring[at] = number);
    ring.iter().for_each(|&value| put((value as f32).to_bits()));
    let n = shape.dimension;
    for ((rho, s), y) in state.rho.iter().zip(state.s.chunks(n)).zip(state.y.chunks(n)) {
        std::iter::once(rho).chain(s).chain(y).for_each(|&value| put((value as f32).to_bits()));
    }
    state.h.iter().for_each(|&value| put((value as f32).to_bits()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_survives_its_words() {
        survives(Shape { dimension: 3, memory: 4, matrix: 0, parameters: 2, bounded: true, trail: 3 }, 2, 2 * 7);
        survives(Shape { dimension: 3, memory: 0, matrix: 6, parameters: 2, bounded: true, trail: 3 }, 0, 0);
    }

    /// A lane that remembers `kept` pairs, and leaves so many words as they were.
    fn survives(shape: Shape, kept: usize, left: usize) {
        let mut count = 0;
        let mut next = || {
            count += 1;
            f64::from(count) / 8.0
        };
        let fields = Fields::read(|kind| if kind == Kind::Float { next() } else { 8.0 * next() });
        let mut vector = |len: usize| (0..len).map(|_| next()).collect::<Vec<f64>>();
        let pairs = 2;
        let state = LaneState {
            fields: Fields { pairs, waits: 0, iterations: 8, ..fields },
            x: vector(3),
            g: vector(3),
            d: vector(3),
            best: vector(3),
            s: vector(3 * kept),
            y: vector(3 * kept),
            rho: vector(kept),
            h: vector(shape.matrix),
            parameters: vector(2),
            lower: vector(3),
            upper: vector(3),
            trail: vector(2 * shape.trail),
        };
        let mut words = vec![u32::MAX; shape.state_words()];
        encode(&state, shape, &mut words);
        assert_eq!(decode(&words, shape), state);
        assert_eq!(words.iter().filter(|&&word| word == u32::MAX).count(), left, "places without a pair");
    }
}
