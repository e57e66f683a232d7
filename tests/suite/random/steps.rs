//! What a random program is made of.

/// An integer expression: `constant + sum of coefficient * loop variable`, outermost loop first.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) constant: i64,
    pub(crate) coefficients: Vec<i64>,
}

impl Place {
    pub(crate) fn value(&self, loops: &[i64]) -> i64 {
        self.constant + self.coefficients.iter().zip(loops).map(|(c, v)| c * v).sum::<i64>()
    }
}

/// Functions of one value, each wrapped so that every argument is in its domain and far from its poles.
#[derive(Clone, Copy, Debug)]
pub(crate) enum One {
    Neg,
    Abs,
    Sin,
    Cos,
    Tan,
    Exp,
    Ln,
    Log2,
    Sqrt,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Erf,
    Floor,
    Recip,
    Power(i32),
    NegativePower(i32),
    ConstantPower,
}

/// Functions of two values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Two {
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Atan2,
    Hypot,
    Pow,
    /// `a > 0 ? root-like function of a : b`, in the oracle without computing the untaken one.
    GuardedSqrt,
    GuardedLn,
    GuardedQuotient,
    GuardedPow,
}

/// How a selection compares.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Not,
}

/// One step. Operands are positions in the stack of values: those of the enclosing sums, then those of this one.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Constant(f64),
    X(Place),
    Parameter(Place),
    Data(usize, Place),
    Number(Place),
    One(One, usize),
    Two(Two, usize, usize),
    Select(How, [usize; 4]),
    Sum(Place, Place, Block),
}

/// Steps, the last of which is the result.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) steps: Vec<Step>,
}

impl Block {
    /// How deep sums are nested in it.
    pub(crate) fn depth(&self) -> usize {
        let of = |step: &Step| match step {
            Step::Sum(_, _, body) => 1 + body.depth(),
            _ => 0,
        };
        self.steps.iter().map(of).max().unwrap_or(0)
    }
}

/// A program with all it reads.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) point: Vec<f64>,
    pub(crate) parameters: Vec<f64>,
    pub(crate) data: [Vec<f64>; 2],
    pub(crate) body: Block,
}
