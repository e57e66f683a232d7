//! Lanes that come and go: starts to the device, reports back.

use std::ops::Range;
use std::sync::PoisonError;

use rayon::prelude::*;

use super::clock::Stage;
use super::engine::GpuEngine;
use super::kernels::{Dispatch, Rules};
use super::shader::{BEST_ELSEWHERE, REPORT, REPORT_WORDS, flag};
use super::shape::Shape;
use crate::engine::lane::{DEMANDS, Fields};
use crate::engine::state::LaneState;
use crate::engine::{Lanes, Record, Summary, trail};
use crate::error::DeviceError;
use crate::method::{Demands, Evidence, Limits, Status};

impl GpuEngine {
    /// Fills free places with lanes that wait: those under way, then from the queue, in order.
    pub(super) fn fill(&mut self) -> Result<(), DeviceError> {
        self.fill_held()?;
        let portion = self.memory.sizes.portion();
        while self.free > 0 && !self.queue.is_empty() {
            let lanes = self.queue.take(self.free.min(portion));
            let words = self.starts(lanes);
            let stride = self.lane_words();
            let count = words.len() / stride;
            if count == 0 {
                continue;
            }
            self.free -= count;
            let (list, _) = self.lists();
            let other = list + self.listed as u32;
            let rules = Rules { list: self.ended(), first: self.free as u32, count: count as u32, other, ..self.rules };
            self.gpu.queue.write_buffer(self.memory.transfer(), 0, bytemuck::cast_slice(&words));
            self.submit(Stage::Placing, &rules, &[Dispatch::Lanes(&self.kernels.place)])?;
            self.listed += count;
            self.active += count;
        }
        self.gpu.check()
    }

    /// Words of a lane on its way to the device: its number, its start, its parameters, its box, what ends it.
    fn lane_words(&self) -> usize {
        self.memory.sizes.shape.start_words()
    }

    /// The words of lanes' starts in f32. Those that are not finite there end here.
    fn starts(&mut self, lanes: Range<usize>) -> Vec<u32> {
        let (n, stride) = (self.placement.dimension(), self.lane_words());
        let mut words = vec![0_u32; lanes.len() * stride];
        let placement = &self.placement;
        words.par_chunks_mut(stride).enumerate().for_each_init(
            || placement.room(),
            |start, (k, words)| {
                placement.fill(lanes.start + k, start);
                let numbers = [&start.point, &start.parameters, &start.lower, &start.upper].into_iter().flatten();
                words[0] = (lanes.start + k) as u32;
                words[1..].iter_mut().zip(numbers).for_each(|(word, value)| *word = (*value as f32).to_bits());
                let demands = words.len() - DEMANDS.len();
                words[demands..].copy_from_slice(&demanded(&start.demands));
            },
        );
        let point = |words: &[u32]| words[1..=n].iter().map(|&bits| f64::from(f32::from_bits(bits))).collect::<Vec<f64>>();
        let is_finite = |words: &[u32]| words[1..=n].iter().all(|&bits| f32::from_bits(bits).is_finite());
        if words.par_chunks(stride).with_min_len(SHARE).all(is_finite) {
            return words;
        }
        let mut finite = Vec::with_capacity(words.len());
        for words in words.chunks(stride) {
            if is_finite(words) {
                finite.extend_from_slice(words);
            } else {
                let curvatures = if self.curvature { vec![(0, vec![f64::NAN; n])] } else { Vec::new() };
                self.finished.append(Lanes { curvatures, ..never_started(words[0], point(words)) });
            }
        }
        finite
    }

    /// How `count` lanes of a list stand, from the `first` on, with their points and trails if asked for.
    pub(super) fn report(&self, list: u32, first: usize, count: usize, points: bool) -> Result<Lanes, DeviceError> {
        let shape = self.memory.sizes.shape;
        let stride = REPORT_WORDS + if points { shape.point_words() } else { 0 };
        let flags = if points { flag::WITH_POINTS } else { 0 };
        let mut lanes = Lanes::default();
        lanes.records.reserve(count);
        lanes.points.reserve(if points { count * shape.dimension } else { 0 });
        let mut done = 0;
        while done < count {
            let part = self.memory.sizes.portion().min(count - done);
            let rules = Rules { list, first: (first + done) as u32, count: part as u32, flags, ..self.rules };
            let kernel = Some((&rules, &self.kernels.report));
            self.fetch(kernel, self.memory.transfer(), 0..part * stride, |words| read(words, stride, shape, &mut lanes))?;
            done += part;
        }
        if points && self.curvature {
            let states = self.saved(list, first, count)?;
            lanes.curvatures = states.iter().map(LaneState::inverse_hessian_diagonal).enumerate().collect();
        }
        Ok(lanes)
    }

    /// What `read` makes of words of a buffer, after a kernel that writes them has run, if there is one; of no more than the
    /// largest report has.
    pub(super) fn fetch<R>(
        &self,
        kernel: Option<(&Rules, &wgpu::ComputePipeline)>,
        buffer: &wgpu::Buffer,
        words: Range<usize>,
        read: impl FnOnce(&[u32]) -> R,
    ) -> Result<R, DeviceError> {
        let mut reports = self.memory.reports.lock().unwrap_or_else(PoisonError::into_inner);
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        if let Some((rules, kernel)) = kernel {
            self.encode(Stage::Report, rules, &[Dispatch::Lanes(kernel)], &mut encoder);
        }
        let mut telemetry = self.telemetry.get();
        telemetry.bytes_read += 4 * words.len() as u64;
        reports.start(&self.gpu, &mut encoder, buffer, words)?;
        let submission = self.gpu.submit(encoder)?;
        let out = reports.read(&self.gpu, &submission, self.gpu.patience, read)?;
        self.telemetry.set(telemetry);
        Ok(out)
    }
}

/// The words of what ends a lane, in the order of `DEMANDS`: made for every lane that is placed.
fn demanded(demands: &Demands) -> [u32; DEMANDS.len()] {
    let Demands { tolerances: t, limits } = demands;
    // No target is minus infinity; what is beyond f32 is its largest number.
    let word = |value: f64| if value.is_finite() { (value as f32).clamp(f32::MIN, f32::MAX) } else { value as f32 }.to_bits();
    let [gradient, gradient_relative] = [t.gradient_max, t.gradient_relative].map(word);
    let [step, step_relative] = [t.step_max, t.step_relative].map(word);
    let [value, value_relative] = [t.value_change, t.value_relative].map(word);
    let goal = word(t.target.unwrap_or(f64::NEG_INFINITY));
    let Limits { iterations, evaluations } = *limits;
    [gradient, gradient_relative, step, step_relative, value, value_relative, goal, iterations, evaluations, t.floor_policy as u32]
}

/// A lane whose start overflows, or is not finite to begin with.
fn never_started(lane: u32, start: Vec<f64>) -> Lanes {
    let nan = f64::NAN;
    let summary = Summary::unstarted(lane as usize, Status::NonFiniteStart);
    let evidence = Evidence { measured: nan, threshold: nan };
    let (best_value, best_gradient_max) = (nan, nan);
    let record = Record { summary, evidence, best_value, best_gradient_max, refused: 0, resets: 0, restarts: 0, longest_search: 0 };
    Lanes { records: vec![record], points: start, ..Lanes::default() }
}

/// Reads reports of `stride` words each, with points or without.
fn read(words: &[u32], stride: usize, shape: Shape, lanes: &mut Lanes) {
    let n = shape.dimension;
    let number = |bits: &u32| f64::from(f32::from_bits(*bits));
    let before = lanes.records.len();
    lanes.records.par_extend(words.par_chunks(stride).with_min_len(SHARE).map(record));
    if stride == REPORT_WORDS {
        return;
    }
    lanes.points.resize((before + words.len() / stride) * n, 0.0);
    let points = lanes.points[before * n..].par_chunks_mut(n).zip(words.par_chunks(stride)).with_min_len(SHARE);
    points.for_each(|(point, words)| point.iter_mut().zip(&words[REPORT_WORDS..]).for_each(|(x, bits)| *x = number(bits)));
    let reports = || words.par_chunks(stride).with_min_len(SHARE).enumerate();
    let elsewhere = reports().filter(|(_, words)| words[BEST_ELSEWHERE] != 0);
    let last = |(k, words): (usize, &[u32])| (before + k, words[REPORT_WORDS + n..][..n].iter().map(number).collect());
    lanes.last_points.extend(elsewhere.map(last).collect::<Vec<_>>());
    if shape.trail > 0 {
        let records = &lanes.records;
        let trail = |(k, words): (usize, &[u32])| {
            let Summary { iteration, gradient_max, .. } = records[before + k].summary;
            let ring = &words[REPORT_WORDS + 2 * n..];
            (before + k, trail::unroll(trail::iterations(iteration, gradient_max, shape.trail), shape.trail, |at| number(&ring[at])))
        };
        lanes.trails.extend(reports().map(trail).filter(|(_, rows)| !rows.is_empty()).collect::<Vec<_>>());
    }
}

/// Lanes that a thread takes at once.
pub(super) const SHARE: usize = 512;

/// One lane's record.
fn record(words: &[u32]) -> Record {
    let mut report = REPORT.iter().zip(words).map(|(_, &word)| word);
    let mut word = || report.next().unwrap_or_default();
    // In the order of `REPORT`.
    let mut fields = Fields { lane: word(), status: word(), iterations: word(), evaluations: word(), ..Fields::default() };
    (fields.refused, fields.resets, fields.longest_search, fields.restarts) = (word(), word(), word(), word());
    fields.best_elsewhere = word();
    let mut float = || f64::from(f32::from_bits(word()));
    (fields.value, fields.gradient_max, fields.step, fields.accepted_alpha) = (float(), float(), float(), float());
    fields.accepted_mu = float();
    (fields.measured, fields.threshold) = (float(), float());
    (fields.best_value, fields.best_gradient_max) = (float(), float());
    let norm = f64::from(f32::from_bits(words[REPORT_WORDS - 1]));
    Record::of(&fields, norm * norm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::lane::{FIELDS, Kind};
    use crate::method::{FloorPolicy, Tolerances};

    #[test]
    fn demands_stand_in_the_order_of_their_names() {
        let tolerances = Tolerances {
            gradient_max: 1.0,
            gradient_relative: 2.0,
            step_max: 3.0,
            step_relative: 4.0,
            value_change: 5.0,
            value_relative: 6.0,
            target: Some(7.0),
            floor_policy: FloorPolicy::Off,
        };
        let demands = Demands { tolerances, limits: Limits { iterations: 8, evaluations: 9 } };
        let mut names = FIELDS.iter();
        let mut words = Vec::new();
        Fields::fresh(0, &demands).write(|kind, value| {
            let word = if kind == Kind::Float { (value as f32).to_bits() } else { value as u32 };
            words.extend(names.next().map(|field| (field.name, word)));
        });
        let by_name = DEMANDS.map(|name| words.iter().find(|word| word.0 == name).expect("a field").1);
        assert_eq!(demanded(&demands), by_name);
    }
}
