//! The objective by itself, at points of the host's choice: an invocation a point.

use std::fmt::Write;
use std::time::Duration;

use super::context::Gpu;
use super::loop_limit::Kernel;
use super::pace::reserve;
use super::readback::Readback;
use super::shader::WORKGROUP;
use super::shape::Shape;
use crate::engine::placement::Placement;
use crate::error::{DeviceError, Error, Result, WgslError};
use crate::method::Method;
use crate::problem::verbatim::text::{CUT_SHORT, OUT_OF_RANGE};
use crate::problem::{Evaluation, Problem};

/// A few values are computed within milliseconds, and compiled within seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Words of all points together, unless one takes more.
const MOST_WORDS: usize = 1 << 22;
/// Words of a result before its gradient: the value, its scale, and what went wrong.
const RESULT: usize = 3;

/// The objective of one problem on one GPU, for lanes with the same parameters.
pub(crate) struct Evaluator<'a> {
    gpu: &'a Gpu,
    kernel: Kernel,
    words: wgpu::Buffer,
    readback: Readback,
    dimension: usize,
    most: usize,
    left: Option<u64>,
}

/// Point after point, component by component; then results; parameters and data come first. `words[0]` counts the points.
const TEXT: &str = "
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
var<private> point: u32;
fn mm_x(i: u32) -> f32 { return bitcast<f32>(words[POINTS + point * DIMENSION + i]); }
fn mm_p(i: u32) -> f32 { return bitcast<f32>(words[1u + i]); }
fn mm_d(i: u32) -> f32 { return bitcast<f32>(words[DATA + i]); }
fn mm_g(i: u32, value: f32) {
    let at = RESULTS + point * (RESULT + DIMENSION) + RESULT + i;
    words[at] = bitcast<u32>(bitcast<f32>(words[at]) + value);
}
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    point = id.x;
    if (point < words[0]) {
        let f = mm_objective();
        let at = RESULTS + point * (RESULT + DIMENSION);
        words[at] = bitcast<u32>(f.x);
        words[at + 1u] = bitcast<u32>(f.y);
        words[at + 2u] = mm_trouble;
    }
}
";

impl<'a> Evaluator<'a> {
    /// For up to `points` points at once, fewer if they are large. `reserve` are the loop iterations that each evaluation has to
    /// leave on drivers that cut loops short.
    pub(crate) fn new(gpu: &'a Gpu, problem: &Problem, parameters: &[f64], points: usize, reserve: u64) -> Result<Self, DeviceError> {
        if let (Some(limit), Some(loops)) = (gpu.loop_limit, problem.loop_iterations())
            && loops.saturating_add(reserve) > u64::from(limit)
        {
            return Err(DeviceError::LoopLimit { needs: loops.saturating_add(reserve), limit });
        }
        let n = problem.dimension();
        let most = points.min(MOST_WORDS / (RESULT + 2 * n)).max(1);
        let mut shared = vec![0_u32];
        shared.extend(parameters.iter().map(|value| (*value as f32).to_bits()));
        let data = shared.len();
        shared.extend(problem.data().map(|value| (value as f32).to_bits()));
        let results = shared.len() + most * n;
        let numbers = [("POINTS", shared.len()), ("DATA", data), ("RESULTS", results), ("RESULT", RESULT), ("DIMENSION", n)];
        let mut text = problem.wgsl_within(gpu.loop_limit.map(|_| reserve));
        for (name, value) in numbers.into_iter().chain([("WORKGROUP", WORKGROUP as usize)]) {
            _ = writeln!(text, "const {name}: u32 = {value}u;");
        }
        if problem.verbatim_text().is_none() {
            text += "var<private> mm_trouble: u32;\n";
        }
        text += TEXT;
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let words = gpu.buffer("points to evaluate", 4 * (results + most * (RESULT + n)) as u64, usage)?;
        gpu.queue.write_buffer(&words, 0, bytemuck::cast_slice(&shared));
        let left = gpu.loop_limit.map(|limit| u64::from(limit).saturating_sub(2 * reserve));
        let readback = Readback::new(gpu, "evaluated points", most * (RESULT + n))?;
        Ok(Self { kernel: Kernel::new(gpu, &text, &words)?, gpu, words, readback, dimension: n, most, left })
    }

    /// Value and gradient at each of the points, which stand one after another.
    pub(crate) fn evaluate(&mut self, points: &[f32]) -> Result<Vec<Evaluation>> {
        let mut all = Vec::new();
        for part in points.chunks(self.most * self.dimension) {
            all.extend(self.part(part)?);
        }
        Ok(all)
    }

    fn part(&mut self, points: &[f32]) -> Result<Vec<Evaluation>> {
        let (n, gpu) = (self.dimension, self.gpu);
        let (count, stride) = (points.len() / n, RESULT + n);
        let results = self.words.size() as usize / 4 - self.most * stride;
        gpu.queue.write_buffer(&self.words, 0, &(count as u32).to_le_bytes());
        gpu.queue.write_buffer(&self.words, 4 * (results - self.most * n) as u64, bytemuck::cast_slice(points));
        // Gradients are added up.
        gpu.queue.write_buffer(&self.words, 4 * results as u64, bytemuck::cast_slice(&vec![0_u32; count * stride]));
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        self.kernel.dispatch(&mut encoder, (count as u32).div_ceil(WORKGROUP));
        self.readback.start(gpu, &mut encoder, &self.words, results..results + count * stride)?;
        let submission = gpu.submit(encoder)?;
        let words = self.readback.finish(gpu, &submission, PATIENCE)?;
        let number = |bits: u32| f64::from(f32::from_bits(bits));
        let read = |result: &[u32]| {
            self.check(result[2])?;
            let gradient = result[RESULT..].iter().map(|&bits| number(bits)).collect();
            Ok(Evaluation { value: number(result[0]), gradient, scale: number(result[1]) })
        };
        words.chunks(stride).map(read).collect()
    }

    fn check(&self, trouble: u32) -> Result<()> {
        if trouble & OUT_OF_RANGE != 0 {
            return Err(Error::Problem(WgslError::OutOfRange.into()));
        }
        if trouble & CUT_SHORT != 0 {
            let (limit, left) = (self.gpu.loop_limit.unwrap_or_default(), self.left.unwrap_or_default());
            return Err(DeviceError::LoopsCutShort { limit, left }.into());
        }
        Ok(())
    }
}

/// Evaluates a text at the first start, for what nobody can read off it: indices out of range, and loops that a driver cuts
/// short.
pub(crate) fn probe(gpu: &Gpu, problem: &Problem, method: Method, placement: &Placement, trail: usize) -> Result<()> {
    if problem.verbatim_text().is_none() {
        return Ok(());
    }
    let shape = Shape::of(problem, method, placement.is_bounded(), trail);
    let start = placement.start(0);
    let point: Vec<f32> = start.point.iter().map(|value| *value as f32).collect();
    Evaluator::new(gpu, problem, &start.parameters, 1, reserve(shape))?.evaluate(&point).map(drop)
}
