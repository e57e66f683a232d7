//! Runs a compiled program on a block of lanes.

use std::cell::Cell;
use std::sync::Arc;

use pulp::Simd;

use super::chunk::{CHUNK, CHUNKS, Chunk, Row, row, row_by_row};
use super::code::{After, Code, Compiled, LoopCode, SUM_BLOCK, at};
use super::dispatch::dispatch;
use super::functions::{binary, unary};
use super::opcode::{Opcode, Pass};
use super::real::Real;
use super::vector;

/// A program with the memory it runs in: the point, gradient and parameters of a block of lanes.
#[derive(Clone)]
pub(crate) struct Machine<T: Copy> {
    code: Arc<Compiled>,
    /// The data, then the code's constants.
    numbers: Arc<Vec<T>>,
    rows: Vec<Row<T>>,
    indices: Indices,
    dimension: usize,
    parameters: usize,
}

impl<T: Real> Machine<T> {
    pub(crate) fn new(code: Arc<Compiled>, numbers: Arc<Vec<T>>, dimension: usize, parameters: usize) -> Self {
        let mut rows = vec![row(T::ZERO); code.rows];
        for &(at, value) in &code.constants {
            rows[at as usize] = row(T::from_f64(value));
        }
        Self { indices: Indices::new(&code), code, numbers, rows, dimension, parameters }
    }

    /// The lanes' points, a row a component.
    #[inline(always)]
    pub(crate) fn point(&self) -> &[Row<T>] {
        &self.rows[..self.dimension]
    }

    /// The lanes' gradients, a row a component.
    #[inline(always)]
    pub(crate) fn gradient(&self) -> &[Row<T>] {
        &self.rows[self.dimension..2 * self.dimension]
    }

    /// All that the program adds up for each lane: the gradient, unless the program gives something else in its place, and
    /// what follows it.
    #[inline(always)]
    pub(crate) fn outputs(&self) -> &[Row<T>] {
        &self.rows[self.dimension..self.first_parameter()]
    }

    /// The row of the first parameter.
    #[inline(always)]
    fn first_parameter(&self) -> usize {
        self.dimension + self.code.outputs
    }

    /// f
    #[inline(always)]
    pub(crate) fn value(&self) -> &Row<T> {
        &self.rows[self.code.value.row as usize]
    }

    /// The sum of |terms| of f.
    #[inline(always)]
    pub(crate) fn scale(&self) -> &Row<T> {
        &self.rows[self.code.scale.row as usize]
    }

    /// Sets the point and the parameters of one lane.
    pub(crate) fn set_lane(&mut self, lane: usize, point: &[f64], parameters: &[f64]) {
        set(&mut self.rows[..self.dimension], lane, point);
        self.set_parameters(lane, parameters);
    }

    /// Sets the parameters of one lane.
    pub(crate) fn set_parameters(&mut self, lane: usize, parameters: &[f64]) {
        let first = self.first_parameter();
        set(&mut self.rows[first..][..self.parameters], lane, parameters);
    }

    /// Sets one parameter in all lanes.
    pub(crate) fn set_parameter(&mut self, parameter: usize, value: f64) {
        let first = self.first_parameter();
        self.rows[first + parameter] = row(T::from_f64(value));
    }

    /// The parameters of one lane.
    pub(crate) fn parameters(&self, lane: usize) -> Vec<f64> {
        let rows = &self.rows[self.first_parameter()..][..self.parameters];
        rows.iter().map(|row| row[lane / CHUNK].get().0[lane % CHUNK].to_f64()).collect()
    }

    /// Gives one lane the parameters of lane `from` of another evaluator of the same program.
    pub(crate) fn copy_parameters(&mut self, lane: usize, other: &Self, from: usize) {
        let first = self.first_parameter();
        let rows = first..first + self.parameters;
        for (to, row) in self.rows[rows.clone()].iter_mut().zip(&other.rows[rows]) {
            to[lane / CHUNK].get_mut().0[lane % CHUNK] = row[from / CHUNK].get().0[from % CHUNK];
        }
    }

    /// Evaluates the first `chunks` chunks of lanes.
    pub(crate) fn evaluate(&mut self, chunks: usize) {
        dispatch(Evaluate { machine: self, chunks: chunks.min(CHUNKS) });
    }
}

/// Sets one lane of each row.
fn set<T: Real>(rows: &mut [Row<T>], lane: usize, values: &[f64]) {
    for (row, &value) in rows.iter_mut().zip(values) {
        row[lane / CHUNK].get_mut().0[lane % CHUNK] = T::from_f64(value);
    }
}

struct Evaluate<'a, T: Copy> {
    machine: &'a mut Machine<T>,
    chunks: usize,
}

impl<T: Real> pulp::WithSimd for Evaluate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::IS_SCALAR {
            // A register of vectors of one lane would be less than a chunk.
            return self.passes(pulp::Scalar128b);
        }
        self.passes(simd);
    }
}

impl<T: Real> Evaluate<'_, T> {
    /// The program once for each group of chunks that fits into a register. A group is computed whole.
    #[inline(always)]
    fn passes<S: Simd>(self, simd: S) {
        let Machine { code, numbers, rows, indices, .. } = self.machine;
        for first in (0..self.chunks).step_by(vector::chunks::<T, S>()) {
            let pass = Pass { simd, rows, numbers, first };
            for &output in &code.added_to {
                row_by_row();
                vector::store::<T, S>(&rows[output as usize], first, vector::splat(simd, T::ZERO));
            }
            pass.run(code, indices);
        }
    }
}

impl<T: Real, S: Simd> Pass<'_, T, S> {
    /// The part of a row that this pass is about.
    #[inline(always)]
    fn chunks<'a>(&self, row: &'a Row<T>) -> &'a [Cell<Chunk<T>>] {
        &row[self.first..self.first + vector::chunks::<T, S>()]
    }

    #[inline(always)]
    fn run(&self, code: &Compiled, indices: &mut Indices) {
        let mut next = 0;
        loop {
            next = self.arithmetic(&indices.opcodes, &indices.operands, next);
            let (Some(i), Some(operands)) = (code.instructions.get(next), indices.operands.get(next)) else { return };
            next += 1;
            let row = |place: usize| self.chunks(&self.rows[operands[place] as usize]);
            match i.code {
                Code::Arithmetic(..) | Code::Take(_) | Code::Stay(_) => {}
                Code::Unary(op) => unary(op, row(at::D), row(at::A)),
                Code::Binary(op) => binary(op, row(at::D), row(at::A), row(at::B)),
                Code::Select => select(row(at::D), row(at::A), row(at::B), row(at::C)),
                Code::Broadcast => fill(row(at::D), self.numbers[operands[at::A] as usize]),
                Code::Number => fill(row(at::D), T::from_f64(f64::from(operands[at::A] as i32))),
                Code::Begin => {
                    let nest = &code.loops[operands[at::D] as usize];
                    self.clear(nest);
                    if !indices.begin(nest) {
                        next = nest.finish + 1;
                    }
                }
                Code::End => {
                    let nest = &code.loops[operands[at::D] as usize];
                    let (round, more) = indices.end(nest);
                    if !more || round.is_multiple_of(SUM_BLOCK) {
                        self.add_up(nest);
                    }
                    if more {
                        next = nest.begin + 1;
                    }
                }
            }
        }
    }

    /// Sets a loop's sums to 0.
    #[inline(always)]
    fn clear(&self, nest: &LoopCode) {
        for row in nest.sums.iter().flat_map(|sum| [Some(sum.terms), sum.total]).flatten() {
            fill(self.chunks(&self.rows[row as usize]), T::ZERO);
        }
    }

    /// Puts the terms of a long loop's sums to their totals.
    #[inline(always)]
    fn add_up(&self, nest: &LoopCode) {
        for (terms, total) in nest.sums.iter().filter_map(|sum| sum.total.map(|total| (sum.terms, total))) {
            let (terms, total) = (self.chunks(&self.rows[terms as usize]), self.chunks(&self.rows[total as usize]));
            for (terms, total) in terms.iter().zip(total) {
                total.set(total.get().zip(terms.get(), |a, b| a + b));
                terms.set(Chunk::splat(T::ZERO));
            }
        }
    }
}

#[inline(always)]
fn fill<T: Real>(row: &[Cell<Chunk<T>>], value: T) {
    row.iter().for_each(|chunk| chunk.set(Chunk::splat(value)));
}

/// `d = a != 0 ? b : c`
#[inline(always)]
fn select<T: Real>(d: &[Cell<Chunk<T>>], a: &[Cell<Chunk<T>>], b: &[Cell<Chunk<T>>], c: &[Cell<Chunk<T>>]) {
    for (((d, a), b), c) in d.iter().zip(a).zip(b).zip(c) {
        row_by_row();
        d.set(a.get().zip3(b.get(), c.get(), |a, b, c| if a != T::ZERO { b } else { c }));
    }
}

/// What varies as loops run. Rows of operands are looked up where a loop changes them, not where they are read: an
/// instruction finds its operands ready.
#[derive(Clone)]
struct Indices {
    /// Which arithmetic each instruction is.
    opcodes: Vec<(Opcode, After)>,
    /// The rows of each instruction's operands.
    operands: Vec<[u32; 4]>,
    /// The value of each index expression, for the limits of loops.
    expressions: Vec<u32>,
    /// (rounds left, rounds done) of the loops being run, outermost first.
    running: Vec<(u64, u64)>,
}

impl Indices {
    fn new(code: &Compiled) -> Self {
        let opcodes = code.instructions.iter().map(|i| Opcode::of(i.code)).collect();
        let operands = code.instructions.iter().map(|i| i.operands.map(|operand| operand.row)).collect();
        Self { opcodes, operands, expressions: vec![0; code.offsets], running: Vec::with_capacity(code.loops.len()) }
    }

    /// Enters a loop, its index expressions as for the first round; `false` if it has no rounds.
    #[inline(always)]
    fn begin(&mut self, nest: &LoopCode) -> bool {
        let (start, end) = self.range(nest);
        if start >= end {
            return false;
        }
        self.shift(nest, if nest.reversed { end - 1 } else { start });
        self.running.push(((end - start) as u64, 0));
        true
    }

    #[inline(always)]
    fn range(&self, nest: &LoopCode) -> (i64, i64) {
        let (start, end) = (nest.start.value(&self.expressions), nest.end.value(&self.expressions));
        (start, nest.cap.map_or(end, |cap| end.min(cap.value(&self.expressions))))
    }

    /// Ends a round, and sets the index expressions for the next one if there is one. Returns the rounds done, and whether
    /// there are more.
    #[inline(always)]
    fn end(&mut self, nest: &LoopCode) -> (u64, bool) {
        let (left, done) = self.running.pop().unwrap_or((1, 0));
        let (left, done) = (left - 1, done + 1);
        if left > 0 {
            self.running.push((left, done));
            self.shift(nest, if nest.reversed { -1 } else { 1 });
            return (done, true);
        }
        // Back to where the expressions were before the loop: its variable is at the last round's.
        let (start, _) = self.range(nest);
        let last = if nest.reversed { start } else { start + done as i64 - 1 };
        self.shift(nest, -last);
        (done, false)
    }

    #[inline(always)]
    fn shift(&mut self, nest: &LoopCode, by: i64) {
        for &(expression, step) in &nest.steps {
            let value = &mut self.expressions[expression as usize];
            *value = value.wrapping_add((step * by) as u32);
        }
        let operands = self.operands.as_flattened_mut();
        for &(operand, step) in &nest.patches {
            let row = &mut operands[operand as usize];
            *row = row.wrapping_add((step * by) as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunk::LANES;
    use super::super::dispatch::{OnEach, on_each};
    use super::*;
    use crate::problem::Problem;

    /// Sums that are written out and sums that stay loops, with a register that now goes on and now is needed again.
    fn problem() -> Problem {
        let data: Vec<f64> = (0..1000).map(|k| 0.5 + (k as f64 * 0.37).sin()).collect();
        let built = Problem::builder(9).data("t", &data).build(|x, c| {
            let t = c.data("t");
            let short = x.sum(0..8, |i| 100.0 * (x.at(i + 1) - x.at(i).powi(2)).powi(2) + (1.0 - x.at(i)).powi(2));
            let long = x.sum(0..1000, |k| (x[0] * (-x[1] * t.at(k)).exp() - t.at(k) / (x[2] + 3.0)).powi(2) - x[3] * t.at(k));
            let pairs = x.sum(0..3, |i| x.sum((i + 1).to(3), |j| 1.0 / (1.0 + (x.at(i) - x.at(j)).powi(2))));
            short + long / 7.0 - pairs * x[4]
        });
        built.expect("the objective is sound")
    }

    /// The bits of gradient, value and scale in the first chunks.
    fn evaluated<T: Real, S: Simd>(simd: S, chunks: usize) -> Vec<u64> {
        let problem = problem();
        let mut machine = problem.machine::<T>();
        for lane in 0..LANES {
            let point: Vec<f64> = (0..problem.dimension()).map(|i| 0.4 + 0.8 * ((lane * 9 + i) as f64 * 1.7).sin()).collect();
            machine.set_lane(lane, &point, &[]);
        }
        simd.vectorize(Evaluate { machine: &mut machine, chunks });
        let rows = machine.gradient().iter().chain([machine.value(), machine.scale()]);
        rows.flat_map(|row| row[..chunks].iter().flat_map(|chunk| chunk.get().0)).map(|value| value.to_f64().to_bits()).collect()
    }

    /// The bits in so many chunks, of the first instruction set.
    struct Same {
        chunks: usize,
        expected: Option<[Vec<u64>; 2]>,
    }

    impl OnEach for Same {
        fn on<S: Simd>(&mut self, name: &str, simd: S) {
            let bits = [evaluated::<f32, _>(simd, self.chunks), evaluated::<f64, _>(simd, self.chunks)];
            assert!(bits[1].iter().all(|&bits| f64::from_bits(bits).is_finite()), "the points are where f is finite");
            assert_eq!(&bits, self.expected.get_or_insert(bits.clone()), "{name}, {} chunks", self.chunks);
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        for chunks in [1, 3, CHUNKS] {
            let mut same = Same { chunks, expected: None };
            on_each(&mut same);
            let wide = evaluated::<f32, _>(pulp::Scalar512b, chunks);
            assert_eq!(same.expected.map(|[single, _]| single), Some(wide), "sixteen lanes without, {chunks} chunks");
        }
    }
}
