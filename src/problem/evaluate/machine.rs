//! Runs a compiled program on a block of lanes.

use std::sync::Arc;

use super::chunk::{CHUNK, CHUNKS, Chunk, Row, row, row_by_row};
use super::code::{Arithmetic, Code, Compiled, Instruction, LoopCode, Operand, SUM_BLOCK};
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
    /// The value of each index expression.
    offsets: Vec<u32>,
    dimension: usize,
    parameters: usize,
}

/// A loop being run.
struct Running {
    left: u64,
    done: u64,
}

impl<T: Real> Machine<T> {
    pub(crate) fn new(code: Arc<Compiled>, data: Arc<Vec<T>>, dimension: usize, parameters: usize) -> Self {
        let mut rows = vec![row(T::ZERO); code.rows];
        for &(at, value) in &code.constants {
            rows[at as usize] = row(T::from_f64(value));
        }
        Self { offsets: vec![0; code.offsets], code, data, rows, dimension, parameters }
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
        let Machine { code, data, rows, offsets, dimension, .. } = self.machine;
        for gradient in &rows[*dimension..2 * *dimension] {
            gradient[..self.chunks].iter().for_each(|chunk| chunk.set(Chunk::splat(T::ZERO)));
        }
        run(code, data, rows, offsets, self.chunks);
    }
}

#[inline(always)]
fn run<T: Real>(code: &Compiled, data: &[T], rows: &[Row<T>], offsets: &mut [u32], chunks: usize) {
    let mut running: Vec<Running> = Vec::new();
    let mut at = 0;
    while let Some(i) = code.instructions.get(at) {
        at += 1;
        let operands = Operands { rows, offsets, chunks };
        match i.code {
            Code::Chain(first, second, third) => operands.chain(i, first, second, third),
            Code::Tree(left, right, outer) => operands.tree(i, left, right, outer),
            Code::Unary(op) => unary(op, operands.row(i.d), operands.row(i.a), chunks),
            Code::Binary(op) => binary(op, operands.row(i.d), operands.row(i.a), operands.row(i.b), chunks),
            Code::Select => operands.map3(i, |c, a, b| if c != T::ZERO { a } else { b }),
            Code::Broadcast => operands.fill(i.d, data[operands.resolve(i.a)]),
            Code::Number => operands.fill(i.d, T::from_f64(f64::from(operands.resolve(i.a) as i32))),
            Code::Begin => {
                let nest = &code.loops[i.d.row as usize];
                match begin(nest, rows, offsets, chunks) {
                    0 => at = nest.finish + 1,
                    left => running.push(Running { left, done: 0 }),
                }
            }
            Code::End => {
                let nest = &code.loops[i.d.row as usize];
                if let Some(current) = running.last_mut() {
                    if end(nest, current, rows, offsets, chunks) {
                        at = nest.begin + 1;
                    } else {
                        running.pop();
                    }
                }
            }
        }
    }
}

/// Enters a loop: clears its sums, sets its index expressions to the first round. Returns how many rounds there are.
#[inline(always)]
fn begin<T: Real>(nest: &LoopCode, rows: &[Row<T>], offsets: &mut [u32], chunks: usize) -> u64 {
    let clear = |at: u32| rows[at as usize][..chunks].iter().for_each(|chunk| chunk.set(Chunk::splat(T::ZERO)));
    for sum in &nest.sums {
        clear(sum.terms);
        sum.total.into_iter().for_each(clear);
    }
    let (start, end) = (nest.start.value(offsets), nest.end.value(offsets));
    if start >= end {
        return 0;
    }
    shift(nest, start, offsets);
    (end - start) as u64
}

/// Ends a round: returns whether there is another one, with its index expressions set.
#[inline(always)]
fn end<T: Real>(nest: &LoopCode, current: &mut Running, rows: &[Row<T>], offsets: &mut [u32], chunks: usize) -> bool {
    current.left -= 1;
    current.done += 1;
    if current.left == 0 || current.done.is_multiple_of(SUM_BLOCK) {
        for sum in &nest.sums {
            if let Some(total) = sum.total {
                for (terms, total) in rows[sum.terms as usize][..chunks].iter().zip(&rows[total as usize][..chunks]) {
                    total.set(total.get().zip(terms.get(), |a, b| a + b));
                    terms.set(Chunk::splat(T::ZERO));
                }
            }
        }
    }
    if current.left > 0 {
        shift(nest, 1, offsets);
        return true;
    }
    // Back to where the expressions were before the loop: its variable is at end - 1.
    let last = nest.start.value(offsets) + current.done as i64 - 1;
    shift(nest, -last, offsets);
    false
}

#[inline(always)]
fn shift(nest: &LoopCode, by: i64, offsets: &mut [u32]) {
    for &(offset, step) in &nest.steps {
        let at = &mut offsets[offset as usize];
        *at = at.wrapping_add((step * by) as u32);
    }
}

/// Rows by operand.
struct Operands<'a, T> {
    rows: &'a [Row<T>],
    offsets: &'a [u32],
    chunks: usize,
}

impl<T: Real> Operands<'_, T> {
    #[inline(always)]
    fn resolve(&self, operand: Operand) -> usize {
        operand.row.wrapping_add(self.offsets[operand.offset as usize]) as usize
    }

    #[inline(always)]
    fn row(&self, operand: Operand) -> &Row<T> {
        &self.rows[self.resolve(operand)]
    }

    #[inline(always)]
    fn fill(&self, d: Operand, value: T) {
        self.row(d)[..self.chunks].iter().for_each(|chunk| chunk.set(Chunk::splat(value)));
    }

    #[inline(always)]
    fn map2(&self, i: &Instruction, f: impl Fn(T, T) -> T + Copy) {
        let (d, a, b) = (self.row(i.d), self.row(i.a), self.row(i.b));
        for k in 0..self.chunks {
            row_by_row();
            d[k].set(a[k].get().zip(b[k].get(), f));
        }
    }

    #[inline(always)]
    fn map3(&self, i: &Instruction, f: impl Fn(T, T, T) -> T + Copy) {
        let (d, a, b, c) = (self.row(i.d), self.row(i.a), self.row(i.b), self.row(i.c));
        for k in 0..self.chunks {
            row_by_row();
            d[k].set(a[k].get().zip3(b[k].get(), c[k].get(), f));
        }
    }

    #[inline(always)]
    fn map4(&self, i: &Instruction, f: impl Fn(T, T, T, T) -> T + Copy) {
        let (d, a, b, c, e) = (self.row(i.d), self.row(i.a), self.row(i.b), self.row(i.c), self.row(i.e));
        for k in 0..self.chunks {
            row_by_row();
            d[k].set(a[k].get().zip4(b[k].get(), c[k].get(), e[k].get(), f));
        }
    }

    #[inline(always)]
    fn chain(&self, i: &Instruction, first: Arithmetic, second: Arithmetic, third: Arithmetic) {
        with_operation!(first, p => with_operation!(second, q => with_operation!(third, r => self.map4(i, |a, b, c, e| r(q(p(a, b), c), e)),
            keep => self.map3(i, |a, b, c| q(p(a, b), c))), keep => self.map2(i, p)), keep => {});
    }

    #[inline(always)]
    fn tree(&self, i: &Instruction, left: Arithmetic, right: Arithmetic, outer: Arithmetic) {
        with_operation!(left, p => with_operation!(right, q => with_operation!(outer, r => self.map4(i, |a, b, c, e| r(p(a, b), q(c, e))),
            keep => {}), keep => {}), keep => {});
    }
}
