//! What the variables of the text hold while it is lowered.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use naga::{Arena, Expression, Function, GlobalVariable, Handle, LocalVariable, Span, Type};

use super::super::affine::{Affine, LoopId};
use super::super::graph::Id;
use crate::error::ProblemError;

/// A value of the text: scalars of the graph, alone or in parts.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// An `f32`.
    Number(Id),
    /// An `i32` or a `u32`.
    Whole(Whole),
    Truth(Truth),
    /// A vector, a matrix by columns, an array or a structure.
    Parts(Rc<Vec<Value>>),
    /// An array that is read where it stands: a stretch of the point, the parameters or data.
    View(View),
    /// An array of nothing but zeros.
    Zeros(Handle<Type>),
    Pointer(Rc<Pointer>),
    /// Nothing that can be read; why not.
    Unknown(&'static str),
}

/// An integer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Whole {
    pub(super) signed: bool,
    pub(super) count: Count,
}

/// An integer that is known from the loops around it, or one that is computed like a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Count {
    Index(Affine),
    Number(Id),
}

/// A `bool`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Truth {
    Known(bool),
    /// What the loops' variables are asked.
    Relation(Relation),
    /// 1 or 0.
    Value(Id),
}

/// A question to the variables of loops.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Relation {
    pub(super) difference: Affine,
    pub(super) test: Test,
}

/// What is asked of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Negative,
    Zero,
    NotZero,
}

/// Where numbers are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Point,
    Parameters,
    Data(u32),
}

/// Scalars from `offset` on, laid out as an array of `len` elements of type `element`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub(super) place: Place,
    pub(super) offset: Affine,
    pub(super) element: Handle<Type>,
    pub(super) len: usize,
}

/// A place that is loaded from or stored to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pointer {
    /// A part of a variable.
    Variable(Key, Vec<Step>),
    /// Data, or a part of it.
    Data(View),
    /// One number of data.
    Element(Place, Affine),
}

/// One step into a value: a part by number, or by an index that loops run through.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Part(usize),
    At(Affine),
}

/// What is held while the text runs: its variables, and whether the lane has left a loop or a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The innermost function has returned.
    Returned,
    /// What it returned.
    Result,
    /// The innermost loop or switch was left.
    Broke,
    /// The rest of the innermost loop's round is skipped.
    Continued,
    Global(Handle<GlobalVariable>),
    Local(u32, Handle<LocalVariable>),
}

pub(super) type Environment = BTreeMap<Key, Value>;

/// Why lowering does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// A mistake, or what can't become a program.
    Failed(Box<Failure>),
    /// A mistake that has no place in the text.
    Refused(Box<ProblemError>),
    /// A loop runs through values on both sides of a condition: it is to be cut in two before `at`.
    Split { variable: LoopId, at: Affine },
}

/// What is wrong, and what to do about it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) help: String,
    pub(super) span: Span,
}

pub(super) type Lowered<T> = Result<T, Stop>;

impl Stop {
    /// A failure whose place is told by who evaluates.
    pub(super) fn failed<T>(message: impl Into<String>, help: impl Into<String>) -> Lowered<T> {
        Err(Self::Failed(Box::new(Failure { message: message.into(), help: help.into(), span: Span::UNDEFINED })))
    }

    /// The same with a place, unless it has one.
    pub(super) fn at(mut self, span: Span) -> Self {
        if let Self::Failed(failure) = &mut self
            && !failure.span.is_defined()
        {
            failure.span = span;
        }
        self
    }
}

impl Value {
    pub(super) fn parts(parts: Vec<Value>) -> Self {
        Self::Parts(Rc::new(parts))
    }

    pub(super) fn truth(known: bool) -> Self {
        Self::Truth(Truth::Known(known))
    }

    pub(super) fn index(signed: bool, index: Affine) -> Self {
        Self::Whole(Whole { signed, count: Count::Index(index) })
    }

    /// Vectors have depth 1, matrices 2.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Parts(parts) => 1 + parts.first().map_or(0, Self::depth),
            _ => 0,
        }
    }

    /// Whether two values are the same without looking further.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Whole(a), Self::Whole(b)) => a == b,
            (Self::Truth(a), Self::Truth(b)) => a == b,
            (Self::Parts(a), Self::Parts(b)) => Rc::ptr_eq(a, b),
            (Self::View(a), Self::View(b)) => a == b,
            (Self::Zeros(a), Self::Zeros(b)) => a == b,
            (Self::Pointer(a), Self::Pointer(b)) => a == b,
            (Self::Unknown(_), Self::Unknown(_)) => true,
            _ => false,
        }
    }
}

impl Whole {
    /// The value, if no loop changes it.
    pub(super) fn constant(&self) -> Option<i64> {
        match &self.count {
            Count::Index(affine) => affine.as_constant(),
            Count::Number(_) => None,
        }
    }
}

impl Relation {
    pub(super) fn not(self) -> Self {
        match self.test {
            // d >= 0 is -d - 1 < 0.
            Test::Negative => Self { difference: Affine::constant(-1).plus(-1, &self.difference), test: Test::Negative },
            Test::Zero => Self { test: Test::NotZero, ..self },
            Test::NotZero => Self { test: Test::Zero, ..self },
        }
    }
}

/// A function, or the module's constants, being evaluated.
pub(super) struct Frame<'a> {
    /// Tells its variables from those of other calls.
    pub(super) number: u32,
    pub(super) function: Option<&'a Function>,
    pub(super) expressions: &'a Arena<Expression>,
    pub(super) arguments: Vec<Value>,
    /// What was evaluated.
    pub(super) cache: HashMap<Handle<Expression>, Value>,
}
