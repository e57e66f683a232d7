//! Runs a compiled program on a block of lanes.

use std::sync::Arc;

use super::chunk::{CHUNK, CHUNKS, Chunk, Row, row, row_by_row};
use super::code::{Arithmetic, Code, Compiled, LoopCode, SUM_BLOCK, at};
use super::functions::{binary, unary};
use super::real::Real;

/// Runs the code with the operation bound to the name; where it is to be kept out, the code after `keep`.
macro_rules! with_operation {
    ($operation:expr, $name:ident => $run:expr, keep => $keep:expr) => {
        match $operation {
            Arithmetic::Add => {
                let $name = |a: T, b: T| a + b;
                $run
            }
            Arithmetic::Sub => {
                let $name = |a: T, b: T| a - b;
                $run
            }
            Arithmetic::Mul => {
                let $name = |a: T, b: T| a * b;
                $run
            }
            Arithmetic::Reverse => {
                let $name = |a: T, b: T| b - a;
                $run
            }
            Arithmetic::Keep => $keep,
        }
    };
}

/// A program with the memory it runs in: the point, gradient and parameters of a block of lanes.
#[derive(Clone)]
pub(crate) struct Machine<T: Copy> {
    code: Arc<Compiled>,
    data: Arc<Vec<T>>,
    rows: Vec<Row<T>>,
    indices: Indices,
    dimension: usize,
    parameters: usize,
}

impl<T: Real> Machine<T> {
    pub(crate) fn new(code: Arc<Compiled>, data: Arc<Vec<T>>, dimension: usize, parameters: usize) -> Self {
        let mut rows = vec![row(T::ZERO); code.rows];
        for &(at, value) in &code.constants {
            rows[at as usize] = row(T::from_f64(value));
        }
        Self { indices: Indices::new(&code), code, data, rows, dimension, parameters }
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
        set(&mut self.rows[2 * self.dimension..][..self.parameters], lane, parameters);
    }

    /// The parameters of one lane.
    pub(crate) fn parameters(&self, lane: usize) -> Vec<f64> {
        let rows = &self.rows[2 * self.dimension..][..self.parameters];
        rows.iter().map(|row| row[lane / CHUNK].get().0[lane % CHUNK].to_f64()).collect()
    }

    /// Gives one lane the parameters of lane `from` of another evaluator of the same program.
    pub(crate) fn copy_parameters(&mut self, lane: usize, other: &Self, from: usize) {
        let rows = 2 * self.dimension..2 * self.dimension + self.parameters;
        for (to, row) in self.rows[rows.clone()].iter_mut().zip(&other.rows[rows]) {
            to[lane / CHUNK].get_mut().0[lane % CHUNK] = row[from / CHUNK].get().0[from % CHUNK];
        }
    }

    /// Evaluates the first `chunks` chunks of lanes.
    pub(crate) fn evaluate(&mut self, chunks: usize) {
        pulp::Arch::new().dispatch(Evaluate { machine: self, chunks: chunks.min(CHUNKS) });
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

impl<T: Real> pulp::NullaryFnOnce for Evaluate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Machine { code, data, rows, indices, dimension, .. } = self.machine;
        for gradient in &rows[*dimension..2 * *dimension] {
            gradient[..self.chunks].iter().for_each(|chunk| chunk.set(Chunk::splat(T::ZERO)));
        }
        run(code, data, rows, indices, self.chunks);
    }
}

#[inline(always)]
fn run<T: Real>(code: &Compiled, data: &[T], rows: &[Row<T>], indices: &mut Indices, chunks: usize) {
    let mut next = 0;
    while let (Some(i), Some(&operands)) = (code.instructions.get(next), indices.operands.get(next)) {
        next += 1;
        let lanes = Operands { rows, operands, chunks };
        match i.code {
            Code::Chain(first, second, third) => lanes.chain(first, second, third),
            Code::Tree(left, right, outer) => lanes.tree(left, right, outer),
            Code::Unary(op) => unary(op, lanes.row(at::D), lanes.row(at::A), chunks),
            Code::Binary(op) => binary(op, lanes.row(at::D), lanes.row(at::A), lanes.row(at::B), chunks),
            Code::Select => lanes.map3(|c, a, b| if c != T::ZERO { a } else { b }),
            Code::Broadcast => lanes.fill(data[operands[at::A] as usize]),
            Code::Number => lanes.fill(T::from_f64(f64::from(operands[at::A] as i32))),
            Code::Begin => {
                let nest = &code.loops[operands[at::D] as usize];
                clear(nest, rows, chunks);
                if !indices.begin(nest) {
                    next = nest.finish + 1;
                }
            }
            Code::End => {
                let nest = &code.loops[operands[at::D] as usize];
                let (round, more) = indices.end(nest);
                if !more || round.is_multiple_of(SUM_BLOCK) {
                    add_up(nest, rows, chunks);
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
fn clear<T: Real>(nest: &LoopCode, rows: &[Row<T>], chunks: usize) {
    for row in nest.sums.iter().flat_map(|sum| [Some(sum.terms), sum.total]).flatten() {
        rows[row as usize][..chunks].iter().for_each(|chunk| chunk.set(Chunk::splat(T::ZERO)));
    }
}

/// Puts the terms of a long loop's sums to their totals.
#[inline(always)]
fn add_up<T: Real>(nest: &LoopCode, rows: &[Row<T>], chunks: usize) {
    for (terms, total) in nest.sums.iter().filter_map(|sum| sum.total.map(|total| (sum.terms, total))) {
        for (terms, total) in rows[terms as usize][..chunks].iter().zip(&rows[total as usize][..chunks]) {
            total.set(total.get().zip(terms.get(), |a, b| a + b));
            terms.set(Chunk::splat(T::ZERO));
        }
    }
}

/// What varies as loops run. Rows of operands are looked up where a loop changes them, not where they are read: an
/// instruction finds its operands ready.
#[derive(Clone)]
struct Indices {
    /// The rows of each instruction's operands.
    operands: Vec<[u32; 5]>,
    /// The value of each index expression, for the limits of loops.
    expressions: Vec<u32>,
    /// (rounds left, rounds done) of the loops being run, outermost first.
    running: Vec<(u64, u64)>,
}

impl Indices {
    fn new(code: &Compiled) -> Self {
        let operands = code.instructions.iter().map(|i| i.operands.map(|operand| operand.row)).collect();
        Self { operands, expressions: vec![0; code.offsets], running: Vec::with_capacity(code.loops.len()) }
    }

    /// Enters a loop, its index expressions as for the first round; `false` if it has no rounds.
    #[inline(always)]
    fn begin(&mut self, nest: &LoopCode) -> bool {
        let (start, end) = (nest.start.value(&self.expressions), nest.end.value(&self.expressions));
        if start >= end {
            return false;
        }
        self.shift(nest, start);
        self.running.push(((end - start) as u64, 0));
        true
    }

    /// Ends a round, and sets the index expressions for the next one if there is one. Returns the rounds done, and whether
    /// there are more.
    #[inline(always)]
    fn end(&mut self, nest: &LoopCode) -> (u64, bool) {
        let (left, done) = self.running.pop().unwrap_or((1, 0));
        let (left, done) = (left - 1, done + 1);
        if left > 0 {
            self.running.push((left, done));
            self.shift(nest, 1);
            return (done, true);
        }
        // Back to where the expressions were before the loop: its variable is at the last round's.
        let last = nest.start.value(&self.expressions) + done as i64 - 1;
        self.shift(nest, -last);
        (done, false)
    }

    #[inline(always)]
    fn shift(&mut self, nest: &LoopCode, by: i64) {
        for &(expression, step) in &nest.steps {
            let value = &mut self.expressions[expression as usize];
            *value = value.wrapping_add((step * by) as u32);
        }
        for &(instruction, place, step) in &nest.patches {
            let row = &mut self.operands[instruction as usize][place as usize];
            *row = row.wrapping_add((step * by) as u32);
        }
    }
}

/// The rows of one instruction.
struct Operands<'a, T> {
    rows: &'a [Row<T>],
    operands: [u32; 5],
    chunks: usize,
}

impl<T: Real> Operands<'_, T> {
    #[inline(always)]
    fn row(&self, place: usize) -> &Row<T> {
        &self.rows[self.operands[place] as usize]
    }

    #[inline(always)]
    fn fill(&self, value: T) {
        self.row(at::D)[..self.chunks].iter().for_each(|chunk| chunk.set(Chunk::splat(value)));
    }

    #[inline(always)]
    fn map2(&self, f: impl Fn(T, T) -> T + Copy) {
        let (d, a, b) = (self.row(at::D), self.row(at::A), self.row(at::B));
        for k in 0..self.chunks {
            row_by_row();
            d[k].set(a[k].get().zip(b[k].get(), f));
        }
    }

    #[inline(always)]
    fn map3(&self, f: impl Fn(T, T, T) -> T + Copy) {
        let (d, a, b, c) = (self.row(at::D), self.row(at::A), self.row(at::B), self.row(at::C));
        for k in 0..self.chunks {
            row_by_row();
            d[k].set(a[k].get().zip3(b[k].get(), c[k].get(), f));
        }
    }

    #[inline(always)]
    fn map4(&self, f: impl Fn(T, T, T, T) -> T + Copy) {
        let (d, a, b, c, e) = (self.row(at::D), self.row(at::A), self.row(at::B), self.row(at::C), self.row(at::E));
        for k in 0..self.chunks {
            row_by_row();
            d[k].set(a[k].get().zip4(b[k].get(), c[k].get(), e[k].get(), f));
        }
    }

    /// `d = ((a . b) . c) . e`, as far as the operations go.
    #[inline(always)]
    fn chain(&self, first: Arithmetic, second: Arithmetic, third: Arithmetic) {
        with_operation!(first, p => with_operation!(second, q => with_operation!(third, r => self.map4(|a, b, c, e| r(q(p(a, b), c), e)),
            keep => self.map3(|a, b, c| q(p(a, b), c))), keep => self.map2(p)), keep => {});
    }

    /// `d = (a . b) . (c . e)`
    #[inline(always)]
    fn tree(&self, left: Arithmetic, right: Arithmetic, outer: Arithmetic) {
        with_operation!(left, p => with_operation!(right, q => with_operation!(outer, r => self.map4(|a, b, c, e| r(p(a, b), q(c, e))),
            keep => {}), keep => {}), keep => {});
    }
}
