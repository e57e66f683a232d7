//! Lanes that have ended, in files: few bytes each, since there may be millions.
//!
//! Most of what a result has can be told from what stands before it: a lane that is at its best has its last value for the best
//! one, the threshold is that of the lane before. A number that is as expected is left out; another takes four bytes if f32
//! has it, and eight if not. All of them come back to the bit.
//!
//! ```text
//!     how many                  u64, and then of each
//!     lane                      short: seven bits a byte, the lowest first, the eighth set where more follow
//!     status                    u8, see `method/status.rs`
//!     forms                     u32: two bits each, the lowest first; 0 left out, 1 in f32, 2 in f64
//!     counts                    short: iterations, evaluations, refused, resets, longest search, restarts
//!     numbers                   value, gradient_max, best value, gradient_max there, measured, threshold,
//!                               2-norm of the gradient, step, alpha, mu
//!     vectors of n numbers      point; last point, if it is another; diagonal of the inverse Hessian, if asked for
//!     trail                     the rows that the lane has, two numbers each, oldest first; nothing if it has none
//! ```
//!
//! Left out, the best value is the value, and the gradient_max there and `measured` are gradient_max; all others are those of the
//! result before, or 0.

use super::input::{Input, put_short};
use super::lanes::Shape;
use super::numbers::{least, put};
use crate::device::Precision;
use crate::engine::{Lanes, Record, Summary};
use crate::error::CheckpointError;
use crate::method::{Evidence, Status};

/// The numbers of a result.
const NUMBERS: usize = 10;
/// The least that a result takes: lane, status, which numbers there are, six counts and the point.
const LEAST: usize = 1 + 1 + 4 + 6 + 4;

/// How something is written: two bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Not at all.
    Absent,
    Written(Precision),
}

impl Form {
    fn code(self) -> u32 {
        match self {
            Self::Absent => 0,
            Self::Written(Precision::F32) => 1,
            Self::Written(Precision::F64) => 2,
        }
    }

    /// The form at place `k` of `forms`.
    fn of(forms: u32, k: usize) -> Option<Self> {
        let all = [Self::Absent, Self::Written(Precision::F32), Self::Written(Precision::F64)];
        all.get((forms >> (2 * k) & 3) as usize).copied()
    }
}

/// The numbers of a record, in the order of files.
fn numbers(record: &Record) -> [f64; NUMBERS] {
    let Record { summary: s, evidence: e, best_value, best_gradient_max, .. } = *record;
    [s.value, s.gradient_max, best_value, best_gradient_max, e.measured, e.threshold, s.gradient_norm, s.step, s.alpha, s.mu]
}

/// What number `k` is expected to be, from those before it and those of the result before.
fn expected(k: usize, before: &[f64; NUMBERS], so_far: &[f64; NUMBERS]) -> f64 {
    match k {
        2 => so_far[0],
        3 | 4 => so_far[1],
        _ => before[k],
    }
}

pub(super) fn write(lanes: &Lanes, dimension: usize, bytes: &mut Vec<u8>) {
    bytes.extend((lanes.records.len() as u64).to_le_bytes());
    let mut before = [0.0; NUMBERS];
    let (mut last_points, mut curvatures) = (of_each(&lanes.last_points), of_each(&lanes.curvatures));
    let mut trails = of_each(&lanes.trails);
    for (k, record) in lanes.records.iter().enumerate() {
        let numbers = numbers(record);
        let form = |j: usize| match numbers[j].to_bits() == expected(j, &before, &numbers).to_bits() {
            true => Form::Absent,
            false => Form::Written(least(&numbers[j..=j])),
        };
        let point = Some(&lanes.points[k * dimension..][..dimension]);
        let vectors = [point, last_points(k), curvatures(k), trails(k)];
        let forms: [Form; NUMBERS] = std::array::from_fn(form);
        let shapes = vectors.map(|vector| vector.map_or(Form::Absent, |vector| Form::Written(least(vector))));
        let code = forms.iter().chain(&shapes).rev().fold(0, |code, form| code << 2 | form.code());

        put_short(record.summary.lane as u32, bytes);
        bytes.push(record.summary.status.code() as u8);
        bytes.extend(code.to_le_bytes());
        let Record { summary: Summary { iteration, evaluations, .. }, refused, resets, longest_search, restarts, .. } = *record;
        [iteration, evaluations, refused, resets, longest_search, restarts].into_iter().for_each(|count| put_short(count, bytes));
        let numbered = forms.iter().zip(&numbers).map(|(form, number)| (form, std::slice::from_ref(number)));
        let pointed = shapes.iter().zip(vectors).map(|(form, vector)| (form, vector.unwrap_or_default()));
        for (form, values) in numbered.chain(pointed) {
            if let Form::Written(precision) = *form {
                put(values, precision, bytes);
            }
        }
        before = numbers;
    }
}

/// What is kept for some of the lanes, in their order, asked for one lane after another.
fn of_each<'a>(vectors: &'a [(usize, Vec<f64>)]) -> impl FnMut(usize) -> Option<&'a [f64]> {
    let mut left = vectors.iter().peekable();
    move |k| left.next_if(|of| of.0 == k).map(|of| &*of.1)
}

pub(super) fn read(input: &mut Input<'_>, shape: &Shape) -> Result<Lanes, CheckpointError> {
    let count = input.count(LEAST)?;
    let mut lanes = Lanes::default();
    let mut before = [0.0; NUMBERS];
    for k in 0..count {
        let lane = input.short()? as usize;
        let status = Status::from_code(input.byte()?.into()).filter(|status| !status.is_active());
        let status =
            status.filter(|_| lane < shape.lanes).ok_or_else(|| input.invalid(format!("result {k} is of no lane that has ended")))?;
        let forms = input.word()?;
        let form =
            |j: usize, input: &Input<'_>| Form::of(forms, j).ok_or_else(|| input.invalid(format!("result {k} has a number of no form")));
        let mut counts = [0; 6];
        for count in &mut counts {
            *count = input.short()?;
        }
        let mut numbers = [0.0; NUMBERS];
        for j in 0..NUMBERS {
            numbers[j] = match form(j, input)? {
                Form::Absent => expected(j, &before, &numbers),
                Form::Written(precision) => input.number(precision)?,
            };
        }
        let n = shape.dimension;
        let lengths = [n, n, n, shape.trail(counts[0], numbers[1])];
        let mut vectors = [const { None }; 4];
        for (j, (vector, length)) in vectors.iter_mut().zip(lengths).enumerate() {
            if let Form::Written(precision) = form(NUMBERS + j, input)? {
                *vector = Some(input.numbers(length, precision)?);
            }
        }
        let [Some(point), last_point, curvature, trail] = vectors else { return Err(input.invalid(format!("result {k} has no point"))) };
        lanes.points.extend(point);
        lanes.last_points.extend(last_point.map(|point| (k, point)));
        lanes.curvatures.extend(curvature.map(|curvature| (k, curvature)));
        lanes.trails.extend(trail.map(|trail| (k, trail)));
        lanes.records.push(record(lane, status, counts, numbers));
        before = numbers;
    }
    Ok(lanes)
}

/// A record from its parts, in the order of files.
fn record(lane: usize, status: Status, counts: [u32; 6], numbers: [f64; NUMBERS]) -> Record {
    let [iteration, evaluations, refused, resets, longest_search, restarts] = counts;
    let [value, gradient_max, best_value, best_gradient_max, measured, threshold, gradient_norm, step, alpha, mu] = numbers;
    let summary = Summary { lane, iteration, value, gradient_max, gradient_norm, step, alpha, mu, evaluations, status };
    let evidence = Evidence { measured, threshold };
    Record { summary, evidence, best_value, best_gradient_max, refused, resets, longest_search, restarts }
}
