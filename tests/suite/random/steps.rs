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
    /// A value once more.
    Same(usize),
    Sum(Place, Place, Block),
    Fold(Folding),
    /// The product of the body.
    Product(Place, Place, Block),
    /// The greatest or the least of the body, over a range that is never empty.
    Extreme(bool, Place, Place, Block),
}

/// A loop that carries state: the body finds that on the stack, and its last steps are what is next.
#[derive(Clone, Debug)]
pub(crate) struct Folding {
    pub(crate) start: Place,
    pub(crate) end: Place,
    pub(crate) initial: [usize; PARTS],
    pub(crate) body: Block,
    /// The part that is the step's value.
    pub(crate) result: usize,
}

/// Parts of a fold's state.
pub(crate) const PARTS: usize = 3;

impl Step {
    /// What a loop runs.
    pub(crate) fn body(&self) -> Option<&Block> {
        match self {
            Step::Sum(_, _, body) | Step::Product(_, _, body) | Step::Extreme(_, _, _, body) => Some(body),
            Step::Fold(folding) => Some(&folding.body),
            _ => None,
        }
    }
}

/// Steps, the last of which is the result.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) steps: Vec<Step>,
}

impl Block {
    /// How deep loops are nested in it.
    pub(crate) fn depth(&self) -> usize {
        self.steps.iter().filter_map(Step::body).map(|body| 1 + body.depth()).max().unwrap_or(0)
    }

    /// Whether there is a fold in it.
    pub(crate) fn folds(&self) -> bool {
        let within = |step: &Step| matches!(step, Step::Fold(_)) || step.body().is_some_and(Self::folds);
        self.steps.iter().any(within)
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
