//! The evaluator's instructions: flat, with loops as instructions and operands as rows of one memory.

use super::super::graph::{Binary, Unary};

/// A row of the evaluator's memory: `row` plus the current value of an index expression. Both wrap, so that a negative
/// coefficient needs no sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    pub(crate) row: u32,
    /// Names the index expression in the table that loops keep up to date; number 0 is always 0.
    pub(crate) offset: u32,
}

/// An arithmetic operation on a first and a second operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Sub,
    /// The second less the first.
    From,
    Mul,
    Div,
    /// The second divided by the first.
    Into,
}

/// The first operand of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// What the instruction before has left in the register.
    Register,
    /// The same times number a, rounded before it is used.
    Scaled,
    /// Row a.
    Row,
    /// The first or the second kept value.
    KeptA,
    KeptB,
}

/// The second operand of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// Row b.
    Row,
    /// Number b, for all lanes.
    Number,
    /// The first once more.
    Same,
    /// The product of rows b and c, rounded before it is used.
    Product,
    /// Row b times number c.
    Scaled,
    /// Row b times itself.
    Squared,
    /// The first or the second kept value.
    KeptA,
    KeptB,
    /// The first or the second kept value times itself.
    SquareA,
    SquareB,
}

/// What else becomes of the register, once it is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum After {
    Nothing,
    /// Row d becomes the same.
    Put,
    /// The first or the second kept value becomes the same.
    KeepA,
    KeepB,
}

/// The kept values: registers beside the one that instructions compute in. They save rows that are soon read again, since
/// a processor stores half as much as it loads at a time.
pub(crate) const KEPT: usize = 2;

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The register becomes the result. Instructions that are neither this nor one of the two that follow leave the register
    /// and the kept values undefined.
    Arithmetic(First, Operator, Second, After),
    /// The register becomes the kept value of that number.
    Take(usize),
    /// The register stays what it is.
    Stay(After),
    /// `d = op(a)`
    Unary(Unary),
    /// `d = op(a, b)`, what is no arithmetic.
    Binary(Binary),
    /// `d = a != 0 ? b : c`
    Select,
    /// `d = numbers[a]`, for all lanes.
    Broadcast,
    /// `d = a`, the operand itself as a number.
    Number,
    /// Begins loop number `d.row`.
    Begin,
    /// Ends loop number `d.row`.
    End,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) code: Code,
    /// d, a, b and c; those that its code does not use are row 0.
    pub(crate) operands: [Operand; 4],
}

/// The places of the operands in an instruction.
pub(crate) mod at {
    pub(crate) const D: usize = 0;
    pub(crate) const A: usize = 1;
    pub(crate) const B: usize = 2;
    pub(crate) const C: usize = 3;
}

/// The bound of a loop: a constant plus an index expression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) constant: i64,
    pub(crate) offset: u32,
}

impl Limit {
    /// The bound with the index expressions as they stand, each read as a signed number.
    #[inline(always)]
    pub(crate) fn value(self, offsets: &[u32]) -> i64 {
        self.constant + i64::from(offsets[self.offset as usize] as i32)
    }
}

/// A loop: its range, what varies with it, and what it adds up.
#[derive(Clone, Debug)]
pub(crate) struct LoopCode {
    pub(crate) start: Limit,
    pub(crate) end: Limit,
    /// It ends there if that is before `end`.
    pub(crate) cap: Option<Limit>,
    /// Its rounds run from the last to the first.
    pub(crate) reversed: bool,
    /// (index expression, how much it grows each round)
    pub(crate) steps: Vec<(u32, i64)>,
    /// (operand, counted through all instructions, how much its row grows each round)
    pub(crate) patches: Vec<(u32, i64)>,
    pub(crate) sums: Vec<Accumulator>,
    /// The instructions of its `Begin` and `End`.
    pub(crate) begin: usize,
    pub(crate) finish: usize,
}

/// The rows that add up one sum: terms go to `terms`; every 32 of them go to `total`, where the loop is that long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accumulator {
    pub(crate) terms: u32,
    pub(crate) total: Option<u32>,
}

/// How many terms are added before they are put to the total.
pub(crate) const SUM_BLOCK: u64 = 32;

/// A compiled program, for any precision.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    /// Numbers that are added up: the gradient, then whatever else the program gives.
    pub(crate) outputs: usize,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) loops: Vec<LoopCode>,
    /// Rows in all. They begin with x, the outputs and the parameters, in that order.
    pub(crate) rows: usize,
    /// Rows that hold a constant.
    pub(crate) constants: Vec<(u32, f64)>,
    /// The numbers that follow the data.
    pub(crate) numbers: Vec<f64>,
    /// Index expressions in all.
    pub(crate) offsets: usize,
    /// The rows of outputs that are added to before anything is put there.
    pub(crate) added_to: Vec<u32>,
    pub(crate) value: Operand,
    pub(crate) scale: Operand,
}
