//! The objective program: a graph of scalar operations, each found once, with sums and folds as binders of a loop variable.

mod folds;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::affine::{Affine, Loop, LoopId, extreme};
pub(crate) use folds::{Fold, FoldId};

/// Names a value of the graph. Operands have lower numbers than what uses them.
pub(crate) type Id = u32;
type AffineId = u32;
type DependsId = u32;

/// Operations of one argument. Checkpoints name them by their order: new ones stand at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Unary {
    Neg,
    Abs,
    Sqrt,
    Exp,
    Ln,
    Log2,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Erf,
    Floor,
}

/// Operations of two arguments. Comparisons give 1 or 0. Checkpoints name them by their order: new ones stand at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Pow,
    Atan2,
    Hypot,
    Less,
    LessEqual,
    Equal,
}

/// One value's definition. Checkpoints name these by their order: new ones stand at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Op {
    /// A constant, by its bits.
    Constant(u64),
    /// `x[index]`
    Coordinate(AffineId),
    /// `p[index]`, this lane's parameter.
    Parameter(AffineId),
    /// `data[array][index]`, shared by all lanes.
    Data(u32, AffineId),
    /// An index as a number.
    Number(AffineId),
    Unary(Unary, Id),
    Binary(Binary, Id, Id),
    /// `base^exponent` for an integer exponent other than 0 and 1.
    Power(Id, i32),
    /// `then` where the condition is not 0, else `otherwise`.
    Select(Id, Id, Id),
    /// The sum of the body over the loop variable.
    Sum(LoopId, Id),
    /// A part of a fold's state at the beginning of the round.
    State(FoldId, u32),
    /// A part of a fold's state after its last round.
    Folded(FoldId, u32),
}

/// How much a graph held when its objective had been traced: what other programs are derived from comes after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    ops: usize,
    loops: usize,
    affines: usize,
    folds: usize,
}

/// What a graph is made of, in the order of its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) loops: &'a [Loop],
    pub(super) affines: &'a [Affine],
    pub(super) ops: &'a [Op],
    pub(super) folds: &'a [Fold],
}

/// What is known of a value beside its definition.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Facts {
    depends: DependsId,
    /// Depends on x, so that a derivative flows through it.
    active: bool,
    /// Not negative wherever it is a number.
    nonnegative: bool,
}

/// The arena. Values are hash-consed: asking twice for one operation gives one value, and simplification happens on
/// the way in. A value's place is the innermost loop it depends on, so code that does not vary in a loop is never in it.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    ops: Vec<Op>,
    facts: Vec<Facts>,
    values: HashMap<Op, Id>,
    pub(crate) loops: Vec<Loop>,
    loop_ids: HashMap<Loop, LoopId>,
    folds: Vec<Fold>,
    affines: Vec<Affine>,
    affine_ids: HashMap<Affine, AffineId>,
    /// Sets of loop variables, each sorted; the first is empty.
    depends: Vec<Vec<LoopId>>,
    depends_ids: HashMap<Vec<LoopId>, DependsId>,
}

impl Graph {
    pub(crate) fn new() -> Self {
        Self {
            ops: Vec::new(),
            facts: Vec::new(),
            values: HashMap::new(),
            loops: Vec::new(),
            loop_ids: HashMap::new(),
            folds: Vec::new(),
            affines: Vec::new(),
            affine_ids: HashMap::new(),
            depends: vec![Vec::new()],
            depends_ids: HashMap::from([(Vec::new(), 0)]),
        }
    }

    /// How much there is by now.
    pub(super) fn mark(&self) -> Mark {
        Mark { ops: self.ops.len(), loops: self.loops.len(), affines: self.affines.len(), folds: self.folds.len() }
    }

    /// What there was at `mark`.
    pub(super) fn parts(&self, mark: Mark) -> Parts<'_> {
        let Mark { ops, loops, affines, folds } = mark;
        Parts { loops: &self.loops[..loops], affines: &self.affines[..affines], ops: &self.ops[..ops], folds: &self.folds[..folds] }
    }

    pub(crate) fn len(&self) -> usize {
        self.ops.len()
    }

    pub(crate) fn op(&self, id: Id) -> Op {
        self.ops[id as usize]
    }

    /// What an operation is made of, in order. A fold's state is made of nothing: it is what the fold has stored or carries.
    pub(crate) fn operands(&self, op: Op) -> impl Iterator<Item = Id> {
        let (list, count) = match op {
            Op::Constant(_) | Op::Coordinate(_) | Op::Parameter(_) | Op::Data(..) | Op::Number(_) => ([0; 3], 0),
            Op::State(..) | Op::Folded(..) => ([0; 3], 0),
            Op::Unary(_, a) | Op::Power(a, _) | Op::Sum(_, a) => ([a, 0, 0], 1),
            Op::Binary(_, a, b) => ([a, b, 0], 2),
            Op::Select(c, a, b) => ([c, a, b], 3),
        };
        let folded: [&[Id]; 2] = match op {
            Op::Folded(fold, _) => [&self.fold(fold).initial, &self.fold(fold).next],
            _ => [&[], &[]],
        };
        list.into_iter().take(count).chain(folded.into_iter().flatten().copied())
    }

    pub(crate) fn active(&self, id: Id) -> bool {
        self.facts[id as usize].active
    }

    pub(crate) fn nonnegative(&self, id: Id) -> bool {
        self.facts[id as usize].nonnegative
    }

    /// The loop variables that a value depends on, sorted by number.
    pub(crate) fn depends(&self, id: Id) -> &[LoopId] {
        &self.depends[self.facts[id as usize].depends as usize]
    }

    pub(crate) fn affine(&self, id: AffineId) -> &Affine {
        &self.affines[id as usize]
    }

    pub(crate) fn as_constant(&self, id: Id) -> Option<f64> {
        match self.op(id) {
            Op::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    pub(crate) fn intern_loop(&mut self, range: Loop) -> LoopId {
        if let Some(&id) = self.loop_ids.get(&range) {
            return id;
        }
        let id = self.loops.len() as LoopId;
        self.loops.push(range.clone());
        self.loop_ids.insert(range, id);
        id
    }

    pub(crate) fn intern_affine(&mut self, affine: Affine) -> AffineId {
        if let Some(&id) = self.affine_ids.get(&affine) {
            return id;
        }
        let id = self.affines.len() as AffineId;
        self.affines.push(affine.clone());
        self.affine_ids.insert(affine, id);
        id
    }

    fn intern_depends(&mut self, mut set: Vec<LoopId>) -> DependsId {
        set.sort_unstable();
        set.dedup();
        if let Some(&id) = self.depends_ids.get(&set) {
            return id;
        }
        let id = self.depends.len() as DependsId;
        self.depends.push(set.clone());
        self.depends_ids.insert(set, id);
        id
    }

    /// The variables of `affine`, and those that its loops' ranges depend on in turn are not: a range is evaluated
    /// where its loop begins, inside the loops that it names.
    fn affine_variables(affine: &Affine) -> Vec<LoopId> {
        affine.terms.iter().map(|t| t.0).collect()
    }

    /// The loops that a loop's range depends on.
    fn range_variables(&self, variable: LoopId) -> Vec<LoopId> {
        self.loops[variable as usize].bounds().flat_map(Self::affine_variables).collect()
    }

    fn depends_of(&mut self, op: Op) -> DependsId {
        match op {
            Op::Constant(_) => 0,
            Op::Coordinate(a) | Op::Parameter(a) | Op::Data(_, a) | Op::Number(a) => {
                let set = Self::affine_variables(&self.affines[a as usize]);
                self.intern_depends(set)
            }
            Op::Sum(variable, body) => {
                let mut set = self.range_variables(variable);
                set.extend(self.depends(body).iter().filter(|&&v| v != variable));
                self.intern_depends(set)
            }
            Op::State(fold, _) | Op::Folded(fold, _) => {
                let set = self.fold_depends(fold, matches!(op, Op::State(..)));
                self.intern_depends(set)
            }
            Op::Unary(..) | Op::Binary(..) | Op::Power(..) | Op::Select(..) => {
                let of = |a: Id| self.facts[a as usize].depends;
                let first = self.operands(op).next().map_or(0, of);
                if self.operands(op).all(|a| of(a) == first) {
                    return first;
                }
                let set: Vec<LoopId> = self.operands(op).flat_map(|a| self.depends(a).to_vec()).collect();
                self.intern_depends(set)
            }
        }
    }

    fn nonnegative_of(&self, op: Op) -> bool {
        let known = |id: Id| self.nonnegative(id);
        match op {
            Op::Constant(bits) => f64::from_bits(bits) >= 0.0,
            Op::Coordinate(_) | Op::Parameter(_) | Op::Data(..) | Op::State(..) | Op::Folded(..) => false,
            Op::Number(a) => extreme(self.affine(a), -1, &self.loops) >= 0,
            Op::Unary(Unary::Abs | Unary::Sqrt | Unary::Exp | Unary::Cosh | Unary::Acos, _) => true,
            Op::Unary(Unary::Floor | Unary::Tanh | Unary::Sinh | Unary::Erf | Unary::Atan | Unary::Asin, a) => known(a),
            Op::Unary(..) => false,
            Op::Binary(Binary::Mul, a, b) => a == b || (known(a) && known(b)),
            Op::Binary(Binary::Add | Binary::Div | Binary::Min, a, b) => known(a) && known(b),
            Op::Binary(Binary::Max, a, b) => known(a) || known(b),
            Op::Binary(Binary::Hypot | Binary::Less | Binary::LessEqual | Binary::Equal, ..) => true,
            Op::Binary(Binary::Pow, a, _) => known(a),
            Op::Binary(Binary::Sub | Binary::Atan2, ..) => false,
            Op::Power(a, k) => k % 2 == 0 || known(a),
            Op::Select(_, a, b) => known(a) && known(b),
            Op::Sum(_, body) => known(body),
        }
    }

    fn active_of(&self, op: Op) -> bool {
        match op {
            Op::Coordinate(_) => true,
            Op::Unary(Unary::Floor, _) => false,
            Op::State(fold, k) | Op::Folded(fold, k) => self.fold(fold).parts(k).any(|a| self.active(a)),
            _ => self.operands(op).any(|a| self.active(a)),
        }
    }

    fn facts_of(&mut self, op: Op) -> Facts {
        let depends = self.depends_of(op);
        self.facts_with(op, depends)
    }

    fn facts_with(&self, op: Op, depends: DependsId) -> Facts {
        Facts { depends, active: self.active_of(op), nonnegative: self.nonnegative_of(op) }
    }

    /// The value of `op` as it stands, new or found.
    pub(super) fn intern(&mut self, op: Op) -> Id {
        if let Some(&id) = self.values.get(&op) {
            return id;
        }
        let facts = self.facts_of(op);
        let id = self.ops.len() as Id;
        self.ops.push(op);
        self.facts.push(facts);
        self.values.insert(op, id);
        id
    }

    /// `end - start` of a loop where that is known to be the number of rounds it takes, that is never negative.
    pub(super) fn trip_count(&self, variable: LoopId) -> Option<Affine> {
        let range = &self.loops[variable as usize];
        (range.cap.is_none() && range.length(-1, &self.loops) >= 0).then(|| range.end.plus(-1, &range.start))
    }

    /// Whether a loop has no rounds at some values of the loops around it; true where that is not known.
    pub(super) fn may_be_empty(&self, variable: LoopId) -> bool {
        self.loops[variable as usize].length(-1, &self.loops) < 1
    }

    /// The most rounds a loop takes, whatever the loops around it are at.
    pub(crate) fn most_trips(&self, variable: LoopId) -> u64 {
        self.loops[variable as usize].length(1, &self.loops).max(0) as u64
    }
}
