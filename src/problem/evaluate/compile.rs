//! From the tree of regions to instructions: rows are handed out and taken back, arithmetic is put together.

use std::collections::{HashMap, HashSet};

use super::super::affine::{Affine, LoopId};
use super::super::graph::{Binary, Graph, Id, Op};
use super::super::program::Program;
use super::super::schedule::{LoopNest, Region, Statement};
use super::code::{Accumulator, Arithmetic, Code, Compiled, Instruction, Limit, LoopCode, Operand, SUM_BLOCK, at};

const NOTHING: Operand = Operand { row: 0, offset: 0 };

/// Compiles `program` for a point of `dimension` components and a number of parameters; `arrays` gives where each data
/// array begins in the one that holds them all.
pub(crate) fn compile(program: &Program, dimension: usize, parameters: usize, arrays: &[usize]) -> Compiled {
    let graph = &program.graph;
    let mut compiler = Compiler {
        graph,
        dimension: dimension as u32,
        arrays,
        instructions: Vec::new(),
        loops: Vec::new(),
        nests: Vec::new(),
        rows: (2 * dimension + parameters) as u32,
        free: Vec::new(),
        offsets: Offsets { numbers: HashMap::from([(Vec::new(), 0)]) },
        constants: HashMap::new(),
        places: HashMap::new(),
        uses: HashMap::new(),
        waiting: HashMap::new(),
    };
    compiler.region(&program.root, &[program.value, program.scale], &[]);
    let (value, scale) = (compiler.operand(program.value), compiler.operand(program.scale));
    for (variable, code) in compiler.nests.iter().zip(&mut compiler.loops) {
        let varies = |(terms, &offset): (&Vec<(LoopId, i64)>, &u32)| terms.iter().find(|t| t.0 == *variable).map(|t| (offset, t.1));
        code.steps = compiler.offsets.numbers.iter().filter_map(varies).collect();
        code.steps.sort_unstable();
        let steps: HashMap<u32, i64> = code.steps.iter().copied().collect();
        for (number, instruction) in compiler.instructions.iter().enumerate() {
            let patch = |(place, operand): (usize, &Operand)| steps.get(&operand.offset).map(|&step| (number as u32, place as u32, step));
            code.patches.extend(instruction.operands.iter().enumerate().filter_map(patch));
        }
    }
    let mut constants: Vec<(u32, f64)> = compiler.constants.iter().map(|(&bits, &row)| (row, f64::from_bits(bits))).collect();
    constants.sort_unstable_by_key(|c| c.0);
    Compiled {
        instructions: compiler.instructions,
        loops: compiler.loops,
        rows: compiler.rows as usize,
        constants,
        offsets: compiler.offsets.numbers.len(),
        value,
        scale,
    }
}

struct Compiler<'a> {
    graph: &'a Graph,
    dimension: u32,
    arrays: &'a [usize],
    instructions: Vec<Instruction>,
    loops: Vec<LoopCode>,
    /// The variable of each of them.
    nests: Vec<LoopId>,
    /// Rows handed out so far, and those of them that are free again.
    rows: u32,
    free: Vec<u32>,
    offsets: Offsets,
    constants: HashMap<u64, u32>,
    /// Where the values of the regions being compiled are.
    places: HashMap<Id, Operand>,
    /// How often each value of the region being compiled is still to be read there; a loop in it reads once.
    uses: HashMap<Id, u32>,
    /// Arithmetic that is read once, by arithmetic, and will become part of that.
    waiting: HashMap<Id, Chain>,
}

/// `((a . b) . c) . e`: one to three operations on one more operand.
#[derive(Clone)]
struct Chain {
    operations: Vec<Arithmetic>,
    operands: Vec<Id>,
}

impl Chain {
    fn then(mut self, operation: Arithmetic, operand: Id) -> Self {
        self.operations.push(operation);
        self.operands.push(operand);
        self
    }
}

/// The most operations in one instruction.
const LONGEST_CHAIN: usize = 3;

impl Compiler<'_> {
    /// Compiles a region. The values in `kept` stay; the sums given are added up at its end.
    fn region(&mut self, region: &Region, kept: &[Id], sums: &[(Id, u32)]) {
        let may_wait = self.count_uses(region, kept, sums);
        for statement in &region.statements {
            match statement {
                Statement::Let(id) => self.define(*id, may_wait.contains(id)),
                Statement::Loop(nest) => self.nest(nest),
                Statement::Scatter { index, value } => {
                    let gradient = self.offsets.place(index, self.dimension);
                    self.add_to(gradient, *value);
                }
            }
        }
        for &(body, row) in sums {
            self.add_to(Operand { row, offset: 0 }, body);
        }
    }

    /// Sets the uses of the values that the region defines, and returns those that can wait for their one reader.
    fn count_uses(&mut self, region: &Region, kept: &[Id], sums: &[(Id, u32)]) -> HashSet<Id> {
        let mut uses: HashMap<Id, u32> = HashMap::new();
        let mut by_arithmetic: HashMap<Id, u32> = HashMap::new();
        let added = sums.iter().map(|s| s.0).chain(region.statements.iter().filter_map(|s| match s {
            Statement::Scatter { value, .. } => Some(*value),
            _ => None,
        }));
        for id in added {
            *uses.entry(id).or_default() += 1;
            *by_arithmetic.entry(id).or_default() += 1;
        }
        for statement in &region.statements {
            match statement {
                Statement::Let(id) => {
                    let op = self.graph.op(*id);
                    for operand in op.operands() {
                        *uses.entry(operand).or_default() += 1;
                        *by_arithmetic.entry(operand).or_default() += u32::from(as_arithmetic(op).is_some());
                    }
                }
                Statement::Loop(nest) => nest.needs.iter().for_each(|&id| *uses.entry(id).or_default() += 1),
                Statement::Scatter { .. } => {}
            }
        }
        // A use that never ends.
        kept.iter().for_each(|&id| *uses.entry(id).or_default() += 1);

        let of = |id: &Id| uses.get(id).copied().unwrap_or(0);
        let mut may_wait = HashSet::new();
        for statement in &region.statements {
            match statement {
                Statement::Let(id) => {
                    self.uses.insert(*id, of(id));
                    if of(id) == 1 && by_arithmetic.get(id) == Some(&1) && as_arithmetic(self.graph.op(*id)).is_some() {
                        may_wait.insert(*id);
                    }
                }
                Statement::Loop(nest) => nest.sums.iter().for_each(|(sum, _)| _ = self.uses.insert(*sum, of(sum))),
                Statement::Scatter { .. } => {}
            }
        }
        may_wait
    }

    /// Compiles the definition of a value.
    fn define(&mut self, id: Id, may_wait: bool) {
        let op = self.graph.op(id);
        if let Some((operation, a, b)) = as_arithmetic(op) {
            return self.arithmetic(id, operation, a, b, may_wait);
        }
        match op {
            Op::Constant(_) => {}
            Op::Coordinate(index) => _ = self.places.insert(id, self.offsets.place(self.graph.affine(index), 0)),
            Op::Parameter(index) => _ = self.places.insert(id, self.offsets.place(self.graph.affine(index), 2 * self.dimension)),
            Op::Data(array, index) => {
                let from = self.offsets.place(self.graph.affine(index), self.arrays[array as usize] as u32);
                self.emit(Code::Broadcast, &[from], id);
            }
            Op::Number(index) => {
                let from = self.offsets.place(self.graph.affine(index), 0);
                self.emit(Code::Number, &[from], id);
            }
            Op::Unary(op, a) => self.operation(Code::Unary(op), &[a], id),
            Op::Binary(op, a, b) => self.operation(Code::Binary(op), &[a, b], id),
            Op::Select(c, a, b) => self.operation(Code::Select, &[c, a, b], id),
            Op::Power(..) | Op::Sum(..) => unreachable!("powers are expanded and sums are loops by now"),
        }
    }

    /// Compiles `a . b`, made one instruction with operands that waited for it.
    fn arithmetic(&mut self, id: Id, operation: Arithmetic, a: Id, b: Id, may_wait: bool) {
        let (mut left, mut right) = (self.waiting.remove(&a), self.waiting.remove(&b));
        // Of two that waited, both must be single operations to fit; else the longer one is computed by itself.
        if let (Some(l), Some(r)) = (&left, &right)
            && l.operations.len() + r.operations.len() + 1 > LONGEST_CHAIN
        {
            let (early, chain) = if l.operations.len() > 1 { (a, left.take()) } else { (b, right.take()) };
            chain.into_iter().for_each(|c| self.chain(&c, early));
        }
        let chain = match (left, right) {
            (Some(l), Some(r)) => {
                let code = Code::Tree(l.operations[0], r.operations[0], operation);
                return self.operation(code, &[l.operands, r.operands].concat(), id);
            }
            (Some(l), None) => l.then(operation, b),
            (None, Some(r)) => r.then(reversed(operation), a),
            (None, None) => Chain { operations: vec![operation], operands: vec![a, b] },
        };
        if may_wait && chain.operations.len() < LONGEST_CHAIN {
            self.waiting.insert(id, chain);
        } else {
            self.chain(&chain, id);
        }
    }

    /// Emits `to += value`.
    fn add_to(&mut self, to: Operand, value: Id) {
        let chain = self.waiting.remove(&value).unwrap_or_else(|| Chain { operations: Vec::new(), operands: vec![value] });
        let mut operations = chain.operations.clone();
        operations.push(Arithmetic::Add);
        let mut operands: Vec<Operand> = chain.operands.iter().map(|&id| self.operand(id)).collect();
        operands.push(to);
        self.push(chain_code(&operations), to, &operands);
        chain.operands.iter().for_each(|&id| self.release(id));
    }

    fn nest(&mut self, nest: &LoopNest) {
        let number = self.loops.len();
        let range = self.graph.loops[nest.variable as usize].clone();
        let long = self.graph.most_trips(nest.variable) > SUM_BLOCK;
        let sums: Vec<Accumulator> =
            nest.sums.iter().map(|_| Accumulator { terms: self.take(), total: long.then(|| self.take()) }).collect();
        let (start, end) = (self.offsets.limit(&range.start), self.offsets.limit(&range.end));
        let marker = Operand { row: number as u32, offset: 0 };
        self.loops.push(LoopCode {
            start,
            end,
            steps: Vec::new(),
            patches: Vec::new(),
            sums: sums.clone(),
            begin: self.instructions.len(),
            finish: 0,
        });
        self.nests.push(nest.variable);
        self.push(Code::Begin, marker, &[]);
        let bodies: Vec<(Id, u32)> = nest.sums.iter().zip(&sums).map(|((_, body), rows)| (*body, rows.terms)).collect();
        // Inside, the values around the loop have no uses to run out: their rows are read again in the next round.
        let around = std::mem::take(&mut self.uses);
        self.region(&nest.body, &[], &bodies);
        self.uses = around;
        self.loops[number].finish = self.instructions.len();
        self.push(Code::End, marker, &[]);
        for ((sum, _), rows) in nest.sums.iter().zip(&sums) {
            self.places.insert(*sum, Operand { row: rows.total.unwrap_or(rows.terms), offset: 0 });
            self.free.extend(rows.total.map(|_| rows.terms));
        }
        nest.needs.iter().for_each(|&id| self.release(id));
    }

    fn chain(&mut self, chain: &Chain, id: Id) {
        self.operation(chain_code(&chain.operations), &chain.operands, id);
    }

    /// Emits an instruction on values, whose rows it may reuse for its result: lanes are read before they are written.
    fn operation(&mut self, code: Code, operands: &[Id], id: Id) {
        let places: Vec<Operand> = operands.iter().map(|&a| self.operand(a)).collect();
        operands.iter().for_each(|&a| self.release(a));
        self.emit(code, &places, id);
    }

    fn emit(&mut self, code: Code, operands: &[Operand], id: Id) {
        let d = Operand { row: self.take(), offset: 0 };
        self.places.insert(id, d);
        self.push(code, d, operands);
    }

    fn push(&mut self, code: Code, d: Operand, operands: &[Operand]) {
        let mut all = [NOTHING; 5];
        all[at::D] = d;
        all[at::A..][..operands.len()].copy_from_slice(operands);
        self.instructions.push(Instruction { code, operands: all });
    }

    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| new_row(&mut self.rows))
    }

    /// Where a value is.
    fn operand(&mut self, id: Id) -> Operand {
        match self.graph.op(id) {
            Op::Constant(bits) => Operand { row: *self.constants.entry(bits).or_insert_with(|| new_row(&mut self.rows)), offset: 0 },
            _ => self.places[&id],
        }
    }

    /// One reading of a value is done; after the last its row is free. Values of outer regions have no uses here, see
    /// [`Compiler::nest`].
    fn release(&mut self, id: Id) {
        let in_place = matches!(self.graph.op(id), Op::Constant(_) | Op::Coordinate(_) | Op::Parameter(_));
        if let Some(uses) = self.uses.get_mut(&id)
            && !in_place
        {
            *uses -= 1;
            if *uses == 0 {
                self.free.push(self.places[&id].row);
            }
        }
    }
}

fn new_row(rows: &mut u32) -> u32 {
    *rows += 1;
    *rows - 1
}

/// The index expressions in use, each without its constant.
struct Offsets {
    numbers: HashMap<Vec<(LoopId, i64)>, u32>,
}

impl Offsets {
    fn number(&mut self, index: &Affine) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(index.terms.clone()).or_insert(next)
    }

    /// Element `index` of what begins at row `base`.
    fn place(&mut self, index: &Affine, base: u32) -> Operand {
        Operand { row: base.wrapping_add(index.constant as u32), offset: self.number(index) }
    }

    fn limit(&mut self, bound: &Affine) -> Limit {
        Limit { constant: bound.constant, offset: self.number(bound) }
    }
}

/// What an operation is if it is arithmetic that can be put together with its neighbours.
fn as_arithmetic(op: Op) -> Option<(Arithmetic, Id, Id)> {
    match op {
        Op::Binary(Binary::Add, a, b) => Some((Arithmetic::Add, a, b)),
        Op::Binary(Binary::Sub, a, b) => Some((Arithmetic::Sub, a, b)),
        Op::Binary(Binary::Mul, a, b) => Some((Arithmetic::Mul, a, b)),
        _ => None,
    }
}

/// The operation with its operands exchanged.
fn reversed(operation: Arithmetic) -> Arithmetic {
    match operation {
        Arithmetic::Sub => Arithmetic::Reverse,
        other => other,
    }
}

fn chain_code(operations: &[Arithmetic]) -> Code {
    let of = |k: usize| operations.get(k).copied().unwrap_or(Arithmetic::Keep);
    Code::Chain(of(0), of(1), of(2))
}
