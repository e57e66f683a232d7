//! The devices that the conformance suite runs on, and what its tests share. An engine joins with one line here.

use std::sync::OnceLock;

use manymin::DeviceKind;
use manymin::prelude::*;
use nalgebra::DMatrix;

/// Every device of the suite.
pub(crate) fn devices() -> Vec<Device> {
    vec![Device::cpu(Precision::F32), Device::cpu(Precision::F64), gpu()]
}

/// The GPU engine's device: hardware where there is some, else a software driver. A machine without either fails, since
/// nothing would be tested.
pub(crate) fn gpu() -> Device {
    static GPU: OnceLock<Device> = OnceLock::new();
    let open = || {
        let list = Device::list();
        let name = list.iter().find(|info| info.kind != DeviceKind::Cpu).map_or("llvmpipe", |info| &info.name);
        let device = Device::adapter(name).unwrap_or_else(|error| panic!("{error}"));
        println!("the GPU engine runs on {device}");
        device
    };
    GPU.get_or_init(open).clone()
}

/// The distance of 1 from the next number in the device's precision.
pub(crate) fn epsilon(device: &Device) -> f64 {
    match device.precision() {
        Precision::F32 => f64::from(f32::EPSILON),
        Precision::F64 => f64::EPSILON,
    }
}

/// `value` as the device's lanes have it.
pub(crate) fn rounded(device: &Device, value: f64) -> f64 {
    match device.precision() {
        Precision::F32 => f64::from(value as f32),
        Precision::F64 => value,
    }
}

/// sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2
pub(crate) fn rosenbrock(n: usize) -> Problem {
    Problem::new(n, |x| x.sum(0..n - 1, |i| 100.0 * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2))).unwrap()
}

/// sum x_i^2
pub(crate) fn bowl(n: usize) -> Problem {
    Problem::new(n, |x| x.sum(0..n, |i| x.at(i) * x.at(i))).unwrap()
}

/// Uniform starts in [low, high]^n.
pub(crate) fn starts_in(n: usize, low: f64, high: f64, lanes: usize, seed: u64) -> Starts {
    Starts::uniform(&Bounds::new(&vec![low; n], &vec![high; n]).unwrap(), lanes, seed)
}

/// Starts given lane by lane.
pub(crate) fn starts_at(points: &[&[f64]]) -> Starts {
    Starts::from_matrix(DMatrix::from_iterator(points[0].len(), points.len(), points.iter().flat_map(|point| point.iter().copied())))
}

/// The default method and settings.
pub(crate) fn minimizer() -> Minimizer<'static> {
    Minimizer::new(Lbfgs::default())
}

/// The result of one lane from one start.
pub(crate) fn single(minimizer: Minimizer<'_>, device: &Device, problem: &Problem, start: &[f64]) -> LaneResult {
    minimizer.minimize(device, problem, &starts_at(&[start])).unwrap().lane(0)
}

/// All that a lane's result has, its floating-point numbers to the bit. Two are equal if and only if the lanes are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bits {
    lane: usize,
    status: Status,
    counts: [u32; 6],
    scalars: [u64; 5],
    point: Vec<u64>,
    last_point: Vec<u64>,
    curvature: Option<Vec<u64>>,
    trail: Vec<(u32, [u64; 2])>,
}

impl Bits {
    pub(crate) fn of(result: &LaneResult) -> Self {
        let bits = |values: &[f64]| -> Vec<u64> { values.iter().map(|v| v.to_bits()).collect() };
        let numbers = [result.value, result.gradient_max, result.last_value, result.evidence.measured, result.evidence.threshold];
        Self {
            lane: result.lane,
            status: result.status,
            counts: [result.iterations, result.evaluations, result.refused_pairs, result.resets, result.restarts, result.longest_search],
            scalars: numbers.map(f64::to_bits),
            point: bits(&result.point),
            last_point: bits(&result.last_point),
            curvature: result.inverse_hessian_diagonal.as_deref().map(bits),
            trail: result.trail.iter().map(|row| (row.iteration, [row.value, row.gradient_max].map(f64::to_bits))).collect(),
        }
    }

    /// The same lane under another number.
    pub(crate) fn numbered(self, lane: usize) -> Self {
        Self { lane, ..self }
    }

    /// All lanes of an outcome.
    pub(crate) fn all(outcome: &Outcome) -> Vec<Self> {
        outcome.iter().map(|lane| Self::of(&lane)).collect()
    }
}

/// Asserts that lanes are the same, and shows the first that is not.
pub(crate) fn assert_same(left: &[Bits], right: &[Bits], what: &str) {
    assert_eq!(left.len(), right.len(), "{what}: the number of lanes");
    for (a, b) in left.iter().zip(right) {
        assert_eq!(a, b, "{what}");
    }
}
