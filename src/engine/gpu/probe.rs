//! Value and gradient at given points, as the first round of a batch computes them: for tests.

use std::sync::Arc;

use super::context::Gpu;
use super::engine::GpuEngine;
use super::readback::Readback;
use super::shader::{assemble, field_number, flag};
use super::shape::Shape;
use crate::device::Precision;
use crate::engine::cpu::Setup;
use crate::engine::placement::{Holds, Placement};
use crate::engine::state::Standing;
use crate::error::DeviceError;
use crate::method::{Demands, Lbfgs, Limits, Method, Status, Tolerances};
use crate::probe::Evaluated;
use crate::problem::Problem;
use crate::starts::Starts;

/// The shader of a problem.
pub(crate) fn text(problem: &Problem, memory: usize) -> String {
    assemble(Shape::of(problem, Lbfgs { memory }.into(), false, 0), Method::from(Lbfgs { memory }).into(), &problem.wgsl())
}

/// One round of a lane from each start, and what it left in the lanes' memory.
pub(crate) fn evaluate(gpu: &Arc<Gpu>, problem: &Problem, starts: &Starts) -> Result<Vec<Evaluated>, DeviceError> {
    let (lanes, n) = (starts.lanes(), problem.dimension());
    let demands = Demands { tolerances: Tolerances::default(), limits: Limits { iterations: 1, evaluations: 1 } };
    let setup = Setup {
        problem: problem.clone(),
        placement: Placement::new(starts.source(), &Holds::default(), Precision::F32, demands, Arc::default()),
        walk: Method::from(Lbfgs { memory: 1 }).into(),
        curvature: false,
        trail: 0,
        keeps: false,
        pool: lanes,
    };
    let mut engine = GpuEngine::new(Arc::clone(gpu), &setup, Standing::new(starts.lanes()))?;
    // A lane keeps the noise of f, not the scale that it comes from.
    engine.rules.noise = 1.0;
    engine.fill()?;
    if !engine.queue.is_empty() {
        return Err(DeviceError::Internal { message: format!("{lanes} lanes are too many to evaluate at once") });
    }
    let flight = engine.launch(1, flag::RELEASE)?;
    engine.land(flight)?;
    let fields = read(&engine, "fields")?;
    let vectors = read(&engine, "vectors")?;
    let pool = engine.memory.sizes.pool;
    let float = |bits: u32| f64::from(f32::from_bits(bits));
    let mut all = vec![Evaluated { value: f64::NAN, noise: f64::NAN, gradient: vec![f64::NAN; n], status: Status::NonFiniteStart }; lanes];
    // Slots are taken from the last one on.
    for slot in engine.free..engine.free + engine.listed {
        let field = |name: &str| fields[field_number(name) as usize * pool + slot];
        let status = Status::from_code(field("status")).unwrap_or(Status::Active);
        let turned_back = matches!(status, Status::NonFiniteStart | Status::NonFiniteGradient | Status::Unbounded);
        let told = |value: f64| if turned_back { f64::NAN } else { value };
        let at = &mut all[field("lane") as usize];
        // The gradient is the vector after x.
        let gradient = (0..n).map(|i| told(float(vectors[(n + i) * pool + slot]))).collect();
        *at = Evaluated { value: float(field("value")), noise: told(float(field("noise"))), gradient, status };
    }
    Ok(all)
}

/// All words of a buffer.
fn read(engine: &GpuEngine, name: &str) -> Result<Vec<u32>, DeviceError> {
    let gpu = &engine.gpu;
    let buffer = engine.memory.named(name);
    let words = (buffer.size() / 4) as usize;
    let mut readback = Readback::new(gpu, "probe", words)?;
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    readback.start(gpu, &mut encoder, buffer, 0..words)?;
    let submission = gpu.submit(encoder)?;
    readback.finish(gpu, &submission, gpu.patience)
}
