//! The two readings of a random program: on dual numbers, and traced.

use manymin::prelude::*;
use manymin::problem::IndexRange;
use num_dual::{Dual64, DualNum};

use super::steps::{Block, Folding, How, One, PARTS, Place, Program, Step, Two};
use crate::programs::erf;

/// Runs a program on dual numbers.
pub(crate) struct Interpreter<'a> {
    program: &'a Program,
    x: &'a [Dual64],
    stack: Vec<Dual64>,
    loops: Vec<i64>,
    /// The largest absolute value or derivative met.
    pub(crate) largest: f64,
    /// The least distance between the two sides of a comparison.
    pub(crate) closest: f64,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(program: &'a Program, x: &'a [Dual64]) -> Self {
        Self { program, x, stack: Vec::new(), loops: Vec::new(), largest: 0.0, closest: f64::INFINITY }
    }

    pub(crate) fn run(&mut self) -> Dual64 {
        self.block(&self.program.body)
    }

    fn block(&mut self, block: &Block) -> Dual64 {
        let around = self.stack.len();
        self.steps(block);
        let result = self.stack[self.stack.len() - 1];
        self.stack.truncate(around);
        result
    }

    fn steps(&mut self, block: &Block) {
        for step in &block.steps {
            let value = self.step(step);
            self.meet(value);
            self.stack.push(value);
        }
    }

    fn meet(&mut self, value: Dual64) {
        // NaN counts as large.
        let size = if value.re.is_finite() && value.eps.is_finite() { value.re.abs().max(value.eps.abs()) } else { f64::INFINITY };
        self.largest = self.largest.max(size);
    }

    fn step(&mut self, step: &Step) -> Dual64 {
        let at = |place: &Place| place.value(&self.loops) as usize;
        match step {
            Step::Constant(value) => Dual64::from(*value),
            Step::X(place) => self.x[at(place)],
            Step::Parameter(place) => Dual64::from(self.program.parameters[at(place)]),
            Step::Data(array, place) => Dual64::from(self.program.data[*array][at(place)]),
            Step::Number(place) => Dual64::from(place.value(&self.loops) as f64),
            Step::One(function, a) => self.one(*function, self.stack[*a]),
            Step::Two(function, a, b) => self.two(*function, self.stack[*a], self.stack[*b]),
            Step::Select(how, [a, b, then, otherwise]) => {
                let (a, b) = (self.stack[*a].re, self.stack[*b].re);
                let holds = match how {
                    How::Less | How::LessEqual => self.less(a, b + 0.137),
                    How::Greater | How::GreaterEqual => self.less(b, a + 0.137),
                    How::And => self.less(a, b + 0.137) & self.less(-0.21, a),
                    How::Or => self.less(a, b + 0.137) | self.less(-0.21, a),
                    How::Not => !self.less(a, b + 0.137),
                };
                self.stack[if holds { *then } else { *otherwise }]
            }
            Step::Same(a) => self.stack[*a],
            Step::Sum(start, end, body) => {
                let mut sum = Dual64::from(0.0);
                self.rounds(start, end, |own| sum += own.block(body));
                sum
            }
            Step::Product(start, end, body) => {
                let mut product = Dual64::from(1.0);
                self.rounds(start, end, |own| {
                    product *= own.block(body);
                    own.meet(product);
                });
                product
            }
            Step::Extreme(greatest, start, end, body) => {
                let mut found: Option<Dual64> = None;
                self.rounds(start, end, |own| {
                    let term = own.block(body);
                    let better =
                        found.is_none_or(|so_far| if *greatest { own.less(so_far.re, term.re) } else { own.less(term.re, so_far.re) });
                    found = if better { Some(term) } else { found };
                });
                found.expect("the range is not empty")
            }
            Step::Fold(Folding { start, end, initial, body, result }) => {
                let mut state = initial.map(|a| self.stack[a]);
                self.rounds(start, end, |own| {
                    own.stack.extend(state);
                    state = own.parts(body);
                    own.stack.truncate(own.stack.len() - PARTS);
                });
                state[*result]
            }
        }
    }

    fn rounds(&mut self, start: &Place, end: &Place, mut body: impl FnMut(&mut Self)) {
        let (start, end) = (start.value(&self.loops), end.value(&self.loops));
        for v in start..end {
            self.loops.push(v);
            body(self);
            self.loops.pop();
        }
    }

    /// The last values of a block.
    fn parts(&mut self, block: &Block) -> [Dual64; PARTS] {
        let around = self.stack.len();
        self.steps(block);
        let last = self.stack.len() - PARTS;
        let parts = std::array::from_fn(|k| self.stack[last + k]);
        self.stack.truncate(around);
        parts
    }

    fn less(&mut self, a: f64, b: f64) -> bool {
        self.closest = self.closest.min((a - b).abs());
        a < b
    }

    fn one(&mut self, function: One, a: Dual64) -> Dual64 {
        let within = a / (a * a + 1.0);
        let above = a * a + 1.0;
        match function {
            One::Neg => -a,
            One::Abs => {
                if self.less(a.re, 0.0) {
                    -a
                } else {
                    a
                }
            }
            One::Sin => a.sin(),
            One::Cos => a.cos(),
            One::Tan => within.tan(),
            One::Exp => (-(a * a)).exp(),
            One::Ln => above.ln(),
            One::Log2 => above.log2(),
            One::Sqrt => above.sqrt(),
            One::Asin => within.asin(),
            One::Acos => within.acos(),
            One::Atan => a.atan(),
            One::Sinh => within.sinh(),
            One::Cosh => within.cosh(),
            One::Tanh => a.tanh(),
            One::Erf => erf(a),
            One::Floor => {
                let down = (a.re * 3.0 + 0.0371).floor();
                self.closest = self.closest.min((a.re * 3.0 + 0.0371 - down).min(down + 1.0 - a.re * 3.0 - 0.0371));
                Dual64::from(down)
            }
            One::Recip => above.recip(),
            One::Power(k) => a.powi(k),
            One::NegativePower(k) => above.powi(-k),
            One::ConstantPower => above.powf(1.7),
        }
    }

    fn two(&mut self, function: Two, a: Dual64, b: Dual64) -> Dual64 {
        match function {
            Two::Add => a + b,
            Two::Sub => a - b,
            Two::Mul => a * b,
            Two::Div => a / (b * b + 0.5),
            Two::Min => {
                if self.less(b.re, a.re + 0.11) {
                    b
                } else {
                    a + 0.11
                }
            }
            Two::Max => {
                if self.less(a.re + 0.11, b.re) {
                    b
                } else {
                    a + 0.11
                }
            }
            Two::Atan2 => a.atan2(b * b + 0.5),
            Two::Hypot => (a * a + (b * b + 0.5) * (b * b + 0.5)).sqrt(),
            Two::Pow => ((a * a + 0.5).ln() * b.tanh()).exp(),
            Two::GuardedSqrt => {
                if self.less(0.1, a.re) {
                    a.sqrt()
                } else {
                    b
                }
            }
            Two::GuardedLn => {
                if self.less(0.1, a.re) {
                    a.ln().sin() * b
                } else {
                    b
                }
            }
            Two::GuardedQuotient => {
                if self.less(0.1, a.re.abs()) {
                    (a.sin() / a).exp() - b
                } else {
                    b * b
                }
            }
            Two::GuardedPow => {
                if self.less(0.1, a.re) {
                    (a.powf(1.5) + b).cos()
                } else {
                    a
                }
            }
        }
    }
}

/// Traces a program.
pub(crate) fn trace<'g>(program: &Program, x: Point<'g>, c: Context<'g>) -> Scalar<'g> {
    block(&program.body, &mut Tracing { x, c, stack: Vec::new(), loops: Vec::new() })
}

struct Tracing<'g> {
    x: Point<'g>,
    c: Context<'g>,
    stack: Vec<Scalar<'g>>,
    loops: Vec<Index<'g>>,
}

fn block<'g>(body: &Block, t: &mut Tracing<'g>) -> Scalar<'g> {
    let around = t.stack.len();
    steps(body, t);
    let result = t.stack[t.stack.len() - 1];
    t.stack.truncate(around);
    result
}

fn steps<'g>(body: &Block, t: &mut Tracing<'g>) {
    for step in &body.steps {
        let value = traced(step, t);
        t.stack.push(value);
    }
}

/// A coefficient that leaves an index without its variable.
const NO: usize = 0;

/// An index with a loop's variable in it, or a plain number.
fn index<'g>(place: &Place, loops: &[Index<'g>]) -> Result<Index<'g>, i64> {
    let mut sum: Option<Index<'g>> = None;
    for (&coefficient, &variable) in place.coefficients.iter().zip(loops).filter(|(c, _)| **c != 0) {
        let size = coefficient.unsigned_abs() as usize;
        let term = if size == 1 { variable } else { size * variable };
        sum = Some(match sum {
            Some(sum) if coefficient < 0 => sum - term,
            Some(sum) => sum + term,
            None if coefficient < 0 => 0 - term,
            None => term,
        });
    }
    let shift = place.constant.unsigned_abs() as usize;
    sum.map(|sum| if place.constant < 0 { sum - shift } else { sum + shift }).ok_or(place.constant)
}

fn traced<'g>(step: &Step, t: &mut Tracing<'g>) -> Scalar<'g> {
    let (x, c) = (t.x, t.c);
    match step {
        Step::Constant(value) => x.constant(*value),
        Step::X(place) => match index(place, &t.loops) {
            Ok(i) => x.at(i),
            Err(k) => x[k as usize],
        },
        Step::Parameter(place) => match index(place, &t.loops) {
            Ok(i) => c.parameter(i),
            Err(k) => c.parameters().at(k as usize),
        },
        Step::Data(array, place) => {
            let array = c.data(["first", "second"][*array]);
            match index(place, &t.loops) {
                Ok(i) => array.at(i),
                Err(k) => array.at(k as usize),
            }
        }
        Step::Number(place) => index(place, &t.loops).map_or_else(|k| x.constant(k as f64), Index::number),
        Step::One(function, a) => one(*function, t.stack[*a]),
        Step::Two(function, a, b) => two(*function, t.stack[*a], t.stack[*b]),
        Step::Select(how, [a, b, then, otherwise]) => {
            let (a, b, then, otherwise) = (t.stack[*a], t.stack[*b], t.stack[*then], t.stack[*otherwise]);
            let less = a.less(b + 0.137);
            let condition = match how {
                How::Less => less,
                How::LessEqual => a.less_equal(b + 0.137),
                How::Greater => (a + 0.137).greater(b),
                How::GreaterEqual => (a + 0.137).greater_equal(b),
                How::And => less.and(a.greater(-0.21)),
                How::Or => less.or(a.greater(-0.21)),
                How::Not => !less,
            };
            condition.select(then, otherwise)
        }
        Step::Same(a) => t.stack[*a],
        Step::Sum(start, end, body) => x.sum(range(start, end, &t.loops), |i| inside(body, i, t)),
        Step::Product(start, end, body) => x.product(range(start, end, &t.loops), |i| inside(body, i, t)),
        Step::Extreme(true, start, end, body) => x.maximum(range(start, end, &t.loops), |i| inside(body, i, t)),
        Step::Extreme(false, start, end, body) => x.minimum(range(start, end, &t.loops), |i| inside(body, i, t)),
        Step::Fold(Folding { start, end, initial, body, result }) => {
            let around = t.stack.len();
            let state = x.fold(range(start, end, &t.loops), initial.map(|a| t.stack[a]), |i, state| {
                t.stack.extend(state);
                t.loops.push(i);
                steps(body, t);
                t.loops.pop();
                let last = t.stack.len() - PARTS;
                let next = std::array::from_fn(|k| t.stack[last + k]);
                t.stack.truncate(around);
                next
            });
            state[*result]
        }
    }
}

fn range<'g>(start: &Place, end: &Place, loops: &[Index<'g>]) -> IndexRange<'g> {
    match (index(start, loops), index(end, loops)) {
        (Ok(start), Ok(end)) => start.to(end),
        (Ok(start), Err(end)) => start.to(end as usize),
        (Err(0), Ok(end)) => (..end).into(),
        (Err(start), Ok(end)) => (start as usize + NO * end).to(end),
        (Err(start), Err(end)) => (start as usize..end as usize).into(),
    }
}

/// A body, in the round of its loop.
fn inside<'g>(body: &Block, i: Index<'g>, t: &mut Tracing<'g>) -> Scalar<'g> {
    t.loops.push(i);
    let result = block(body, t);
    t.loops.pop();
    result
}

fn one(function: One, a: Scalar<'_>) -> Scalar<'_> {
    let within = a / (a * a + 1.0);
    let above = a * a + 1.0;
    match function {
        One::Neg => -a,
        One::Abs => a.abs(),
        One::Sin => a.sin(),
        One::Cos => a.cos(),
        One::Tan => within.tan(),
        One::Exp => (-(a * a)).exp(),
        One::Ln => above.ln(),
        One::Log2 => above.log2(),
        One::Sqrt => above.sqrt(),
        One::Asin => within.asin(),
        One::Acos => within.acos(),
        One::Atan => a.atan(),
        One::Sinh => within.sinh(),
        One::Cosh => within.cosh(),
        One::Tanh => a.tanh(),
        One::Erf => a.erf(),
        One::Floor => (a * 3.0 + 0.0371).floor(),
        One::Recip => above.recip(),
        One::Power(k) => a.powi(k),
        One::NegativePower(k) => above.powi(-k),
        One::ConstantPower => above.powf(1.7),
    }
}

fn two<'g>(function: Two, a: Scalar<'g>, b: Scalar<'g>) -> Scalar<'g> {
    match function {
        Two::Add => a + b,
        Two::Sub => a - b,
        Two::Mul => a * b,
        Two::Div => a / (b * b + 0.5),
        Two::Min => (a + 0.11).min(b),
        Two::Max => (a + 0.11).max(b),
        Two::Atan2 => a.atan2(b * b + 0.5),
        Two::Hypot => a.hypot(b * b + 0.5),
        Two::Pow => (a * a + 0.5).powf(b.tanh()),
        Two::GuardedSqrt => a.greater(0.1).select(a.sqrt(), b),
        Two::GuardedLn => a.greater(0.1).select(a.ln().sin() * b, b),
        Two::GuardedQuotient => a.abs().greater(0.1).select((a.sin() / a).exp() - b, b * b),
        Two::GuardedPow => a.greater(0.1).select((a.powf(1.5) + b).cos(), a),
    }
}
