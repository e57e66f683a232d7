//! From the tree of regions to instructions: rows are handed out and taken back, arithmetic is put together.

use std::collections::{HashMap, HashSet};

use super::super::affine::{Affine, LoopId};
use super::super::graph::{Binary, FoldId, Graph, Id, Op, Unary};
use super::super::program::Program;
use super::super::schedule::{Region, Statement};
use super::code::{After, Code, Compiled, First, Instruction, KEPT, Limit, LoopCode, Operand, Operator, Second, at};
use fold::Next;

mod arithmetic;
mod fold;
mod nest;
mod passing;

const NOTHING: Operand = Operand { row: 0, offset: 0 };

/// What the memory begins with.
pub(crate) struct Layout {
    pub(crate) dimension: u32,
    pub(crate) outputs: u32,
    pub(crate) parameters: u32,
    /// Where each data array begins among the data.
    pub(crate) arrays: Vec<usize>,
    /// The length of the data, which constants follow.
    pub(crate) data: u32,
}

/// Compiles `program`.
pub(crate) fn compile(program: &Program, layout: &Layout) -> Compiled {
    let graph = &program.graph;
    let mut compiler = Compiler {
        graph,
        layout,
        instructions: Vec::new(),
        loops: Vec::new(),
        nests: Vec::new(),
        rounds: Vec::new(),
        rows: layout.dimension + layout.outputs + layout.parameters,
        free: Vec::new(),
        offsets: Offsets { numbers: HashMap::from([(Vec::new(), 0)]) },
        constants: HashMap::new(),
        numbers: HashMap::new(),
        places: HashMap::new(),
        stores: HashMap::new(),
        uses: HashMap::new(),
        in_rows: HashSet::new(),
        waiting: HashMap::new(),
        held: None,
        kept: [None; KEPT],
        passing: HashSet::new(),
        begun: vec![false; layout.outputs as usize],
        added_to: Vec::new(),
        depth: 0,
    };
    compiler.region(&program.root, &[program.value, program.scale], &[], &[]);
    compiler.add_to_all();
    let (value, scale) = (compiler.operand(program.value), compiler.operand(program.scale));
    for (variable, code) in compiler.nests.iter().zip(&mut compiler.loops) {
        let varies = |(terms, &offset): (&Vec<(LoopId, i64)>, &u32)| terms.iter().find(|t| t.0 == *variable).map(|t| (offset, t.1));
        code.steps = compiler.offsets.numbers.iter().filter_map(varies).collect();
        code.steps.sort_unstable();
        let steps: HashMap<u32, i64> = code.steps.iter().copied().collect();
        for (number, instruction) in compiler.instructions.iter().enumerate() {
            let patch = |(place, operand): (usize, &Operand)| {
                steps.get(&operand.offset).map(|&step| ((number * instruction.operands.len() + place) as u32, step))
            };
            code.patches.extend(instruction.operands.iter().enumerate().filter_map(patch));
        }
    }
    let in_order = |of: &HashMap<u64, u32>| {
        let mut numbers: Vec<(u32, f64)> = of.iter().map(|(&bits, &at)| (at, f64::from_bits(bits))).collect();
        numbers.sort_unstable_by_key(|n| n.0);
        numbers
    };
    let (constants, numbers) = (in_order(&compiler.constants), in_order(&compiler.numbers).into_iter().map(|n| n.1).collect());
    Compiled {
        outputs: layout.outputs as usize,
        instructions: compiler.instructions,
        loops: compiler.loops,
        rows: compiler.rows as usize,
        constants,
        numbers,
        offsets: compiler.offsets.numbers.len(),
        added_to: compiler.added_to,
        value,
        scale,
    }
}

struct Compiler<'a> {
    graph: &'a Graph,
    layout: &'a Layout,
    instructions: Vec<Instruction>,
    loops: Vec<LoopCode>,
    /// The variable of each of them.
    nests: Vec<LoopId>,
    /// Loops that are written out, and the value of their variable in the round being compiled.
    rounds: Vec<(LoopId, i64)>,
    /// Rows handed out so far, and those of them that are free again.
    rows: u32,
    free: Vec<u32>,
    offsets: Offsets,
    /// The rows of constants, and their places among the numbers after the data.
    constants: HashMap<u64, u32>,
    numbers: HashMap<u64, u32>,
    /// Where the values of the regions being compiled are.
    places: HashMap<Id, Operand>,
    /// Where the states of folds are that are stored: the rows of all rounds for one part, then those for the next.
    stores: HashMap<FoldId, u32>,
    /// How often each value of the region being compiled is still to be read there; a loop in it reads once.
    uses: HashMap<Id, u32>,
    /// Values that are one number for all lanes and are yet needed in a row.
    in_rows: HashSet<Id>,
    /// Arithmetic that is read once, by arithmetic: computed when that is. Each with the height of the tree that waits.
    waiting: HashMap<Id, u32>,
    /// The value in the register, that of the last instruction. It gets a row when the register is to be overwritten before
    /// its last use.
    held: Option<Id>,
    /// The kept values.
    kept: [Option<Id>; KEPT],
    /// Values that are read for the last time before anything but arithmetic is run: they can be kept.
    passing: HashSet<Id>,
    /// Which outputs something has been put to, or added to.
    begun: Vec<bool>,
    /// Those to which something is added first, as rows.
    added_to: Vec<u32>,
    /// How many loops that are not written out are around what is compiled.
    depth: usize,
}

impl Compiler<'_> {
    /// Compiles a region. The values in `kept` stay; the sums given are added up at its end, and the states become what is next.
    fn region(&mut self, region: &Region, kept: &[Id], sums: &[(Id, u32)], next: &[Next]) {
        let may_wait = self.count_uses(region, kept, sums, next);
        for statement in &region.statements {
            match statement {
                Statement::Let(id) => self.define(*id, may_wait.contains(id)),
                Statement::Loop(nest) => self.nest(nest),
                Statement::Scatter { index, value } => {
                    self.scatter(index, *value);
                }
            }
        }
        for &(body, row) in sums {
            self.add_to(Operand { row, offset: 0 }, body);
        }
        self.overwrite(&[]);
        self.advance(next);
    }

    /// Sets the uses of the values that the region defines, and returns those that can wait for their one reader.
    fn count_uses(&mut self, region: &Region, kept: &[Id], sums: &[(Id, u32)], next: &[Next]) -> HashSet<Id> {
        let mut uses: HashMap<Id, u32> = HashMap::new();
        let mut by_arithmetic: HashMap<Id, u32> = HashMap::new();
        let scattered = region.statements.iter().filter_map(|s| match s {
            Statement::Scatter { value, .. } => Some(*value),
            _ => None,
        });
        let added: Vec<Id> = sums.iter().map(|s| s.0).chain(scattered).collect();
        for &id in &added {
            *uses.entry(id).or_default() += 1;
            *by_arithmetic.entry(id).or_default() += 1;
        }
        for statement in &region.statements {
            match statement {
                Statement::Let(id) => {
                    let op = self.graph.op(*id);
                    for operand in self.graph.operands(op) {
                        *uses.entry(operand).or_default() += 1;
                        *by_arithmetic.entry(operand).or_default() += u32::from(as_arithmetic(op).is_some());
                    }
                    // Arithmetic takes one number, as its second operand.
                    match as_arithmetic(op) {
                        Some((_, a, b)) if self.is_uniform(b) => _ = self.in_rows.insert(a),
                        Some(_) => {}
                        None => self.in_rows.extend(self.graph.operands(op)),
                    }
                }
                Statement::Loop(nest) => {
                    for id in self.read_by(nest) {
                        *uses.entry(id).or_default() += 1;
                        self.in_rows.insert(id);
                    }
                }
                Statement::Scatter { .. } => {}
            }
        }
        for &Next { value, .. } in next {
            *uses.entry(value).or_default() += 1;
            self.in_rows.insert(value);
        }
        // A use that never ends.
        kept.iter().for_each(|&id| *uses.entry(id).or_default() += 1);
        self.in_rows.extend(kept);

        let of = |id: &Id| uses.get(id).copied().unwrap_or(0);
        // What is added once is subtracted instead: then arithmetic reads what it is the negation of.
        let negations: HashMap<Id, Id> = added
            .iter()
            .filter_map(|&id| match self.graph.op(id) {
                Op::Unary(Unary::Neg, a) if of(&id) == 1 => Some((id, a)),
                _ => None,
            })
            .collect();
        negations.values().for_each(|&a| *by_arithmetic.entry(a).or_default() += 1);
        let mut may_wait = HashSet::new();
        for statement in &region.statements {
            match statement {
                Statement::Let(id) => {
                    self.uses.insert(*id, of(id));
                    if of(id) == 1
                        && by_arithmetic.get(id) == Some(&1)
                        && (negations.contains_key(id) || as_arithmetic(self.graph.op(*id)).is_some())
                    {
                        may_wait.insert(*id);
                    }
                }
                Statement::Loop(nest) => {
                    let given: Vec<Id> = self.given_by(nest).collect();
                    self.uses.extend(given.into_iter().map(|id| (id, of(&id))));
                }
                Statement::Scatter { .. } => {}
            }
        }
        let kept: Vec<Id> = kept.iter().copied().chain(next.iter().map(|next| next.value)).collect();
        self.find_passing(region, &kept, sums, &may_wait);
        may_wait
    }

    /// Compiles the definition of a value.
    fn define(&mut self, id: Id, may_wait: bool) {
        // Another loop, or another round, may have had a row for it.
        self.places.remove(&id);
        let op = self.graph.op(id);
        if as_arithmetic(op).is_some() {
            return self.arithmetic(id, may_wait);
        }
        match op {
            Op::Constant(_) => {}
            Op::Coordinate(index) => {
                let place = self.place(self.graph.affine(index), 0);
                self.places.insert(id, place);
            }
            Op::Parameter(index) => {
                let place = self.place(self.graph.affine(index), self.layout.dimension + self.layout.outputs);
                self.places.insert(id, place);
            }
            Op::State(fold, k) => {
                let place = self.stored(fold, k);
                self.places.insert(id, place);
            }
            Op::Data(array, index) => {
                let from = self.place(self.graph.affine(index), self.layout.arrays[array as usize] as u32);
                if self.in_rows.contains(&id) {
                    self.emit(Code::Broadcast, &[from], id);
                } else {
                    self.places.insert(id, from);
                }
            }
            Op::Number(index) => {
                let from = self.place(self.graph.affine(index), 0);
                self.emit(Code::Number, &[from], id);
            }
            Op::Unary(Unary::Neg, _) if may_wait => _ = self.waiting.insert(id, 0),
            Op::Unary(op, a) => self.operation(Code::Unary(op), &[a], id),
            Op::Binary(op, a, b) => self.operation(Code::Binary(op), &[a, b], id),
            Op::Select(c, a, b) => self.operation(Code::Select, &[c, a, b], id),
            Op::Power(..) | Op::Sum(..) | Op::Folded(..) => unreachable!("powers are expanded, sums and folds are loops by now"),
        }
    }

    /// `outputs[index] += value`
    fn scatter(&mut self, index: &Affine, value: Id) {
        let output = self.place(index, self.layout.dimension);
        if output.offset != 0 {
            // Any of them.
            self.add_to_all();
        } else {
            let number = (output.row - self.layout.dimension) as usize;
            let first = !std::mem::replace(&mut self.begun[number], true);
            if first && self.depth == 0 && !self.is_number(value) {
                return self.put(output, value);
            }
            self.added_to.extend(first.then_some(output.row));
        }
        self.add_to(output, value);
    }

    /// Outputs that nothing has been put to are 0 before the program begins.
    fn add_to_all(&mut self) {
        for (number, begun) in self.begun.iter_mut().enumerate().filter(|(_, begun)| !**begun) {
            self.added_to.push(self.layout.dimension + number as u32);
            *begun = true;
        }
    }

    /// Where element `index` of what begins at row `base` is.
    fn place(&mut self, index: &Affine, base: u32) -> Operand {
        let index = self.at_round(index);
        self.offsets.place(&index, base)
    }

    /// Emits an instruction other than arithmetic on values, whose rows it may reuse for its result: lanes are read before
    /// they are written.
    fn operation(&mut self, code: Code, operands: &[Id], id: Id) {
        self.overwrite(&[]);
        let places: Vec<Operand> = operands.iter().map(|&a| self.operand(a)).collect();
        operands.iter().for_each(|&a| self.release(a));
        self.emit(code, &places, id);
    }

    fn emit(&mut self, code: Code, operands: &[Operand], id: Id) {
        self.overwrite(&[]);
        let d = Operand { row: self.take(), offset: 0 };
        self.places.insert(id, d);
        self.push(code, d, operands);
    }

    fn push(&mut self, code: Code, d: Operand, operands: &[Operand]) {
        let mut all = [NOTHING; 4];
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
        let in_place = is_in_place(self.graph.op(id)) || self.is_number(id);
        if let Some(uses) = self.uses.get_mut(&id)
            && !in_place
        {
            *uses -= 1;
            if *uses > 0 {
                return;
            }
            // What never left the registers has no row.
            if let Some(slot) = self.kept_at(id) {
                self.kept[slot] = None;
            } else if let Some(place) = self.places.get(&id) {
                self.free.push(place.row);
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

/// Whether a value is where it is without an instruction.
fn is_in_place(op: Op) -> bool {
    matches!(op, Op::Constant(_) | Op::Coordinate(_) | Op::Parameter(_) | Op::State(..))
}

/// What an operation is if it is arithmetic.
fn as_arithmetic(op: Op) -> Option<(Operator, Id, Id)> {
    match op {
        Op::Binary(Binary::Add, a, b) => Some((Operator::Add, a, b)),
        Op::Binary(Binary::Sub, a, b) => Some((Operator::Sub, a, b)),
        Op::Binary(Binary::Mul, a, b) => Some((Operator::Mul, a, b)),
        Op::Binary(Binary::Div, a, b) => Some((Operator::Div, a, b)),
        _ => None,
    }
}
