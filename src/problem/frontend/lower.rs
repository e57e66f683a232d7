//! From the compiler's module to the objective program.
//!
//! The text is run once, on values that record what is done to them, as a traced closure is. Functions are run where they
//! are called. Where a condition depends on the point, both sides are run and every variable becomes a select between
//! what they leave in it. Loops become loops of the program; see [`loops`](super::loops).

use std::collections::HashMap;
use std::rc::Rc;

use naga::{Expression, Function, GlobalVariable, Handle, Literal, Module, Type, TypeInner};

use super::super::affine::{Affine, LoopId};
use super::super::graph::{Binary, Graph, Id, Op, Unary};
use super::digits::Digits;
use super::text::error_at;
use super::tidy::tidy;
use super::value::{Count, Environment, Failure, Frame, Key, Lowered, Place, Stop, Truth, Value, View, Whole};
use crate::error::{ProblemError, WgslError};

/// What is evaluated in all, each call and each piece of a loop anew.
const MOST_STEPS: usize = 1 << 19;
/// Values of the graph; its gradient has several times as many.
const MOST_VALUES: usize = 1 << 17;
/// Scalars of an array whose elements are held one by one.
const MOST_PARTS: usize = 1 << 14;

/// What a problem file says, beside what it computes.
pub(super) struct Task<'a> {
    pub(super) module: &'a Module,
    pub(super) text: &'a str,
    pub(super) digits: &'a Digits<'a>,
    pub(super) objective: &'a Function,
    pub(super) dimension: usize,
    pub(super) parameters: usize,
    /// The arrays of the text that were given numbers, and which of the data each is.
    pub(super) filled: HashMap<Handle<GlobalVariable>, u32>,
}

/// The program's graph and value, with data made of the text's constants after that which was given.
pub(super) struct Made {
    pub(super) graph: Graph,
    pub(super) value: Id,
    pub(super) data: Vec<(String, Vec<f64>)>,
}

/// Runs `objective`.
pub(super) fn lower(task: &Task<'_>, data: Vec<(String, Vec<f64>)>) -> Result<Made, ProblemError> {
    let mut lowering = Lowering {
        task,
        graph: Graph::new(),
        open: Vec::new(),
        environment: Environment::new(),
        steps: 0,
        frames: 0,
        depth: 0,
        data,
        tables: HashMap::new(),
        constants: HashMap::new(),
        counters: Vec::new(),
        loops: HashMap::new(),
    };
    let value = lowering.run().map_err(|stop| match stop {
        Stop::Failed(failure) => {
            let Failure { message, help, span } = *failure;
            error_at(task.text, span, message, help).into()
        }
        Stop::Refused(error) => *error,
        Stop::Split { .. } => error_at(task.text, naga::Span::UNDEFINED, "a loop can't be cut in two", "").into(),
    })?;
    let (graph, value) = tidy(&lowering.graph, value);
    Ok(Made { graph, value, data: lowering.data })
}

pub(super) struct Lowering<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) graph: Graph,
    /// The loops around what is being run, outermost first.
    pub(super) open: Vec<LoopId>,
    pub(super) environment: Environment,
    steps: usize,
    pub(super) frames: u32,
    /// Functions that are being run.
    pub(super) depth: usize,
    pub(super) data: Vec<(String, Vec<f64>)>,
    /// Data made of constant arrays, by its numbers.
    tables: HashMap<Vec<u64>, u32>,
    constants: HashMap<Handle<naga::Constant>, Value>,
    /// The counters of the loops that are open: nobody needs them of a lane that has left.
    pub(super) counters: Vec<Key>,
    /// What is known of loops, by where they stand in the module.
    pub(super) loops: HashMap<usize, Rc<super::facts::Facts>>,
}

impl<'a> Lowering<'a> {
    fn run(&mut self) -> Lowered<Id> {
        for (handle, variable) in self.task.module.global_variables.iter() {
            if variable.space == naga::AddressSpace::Private {
                let value = match variable.init {
                    Some(init) => self.value(&mut self.globals(), init)?,
                    None => self.zero(variable.ty)?,
                };
                self.environment.insert(Key::Global(handle), value);
            }
        }
        let view = |place, argument: &naga::FunctionArgument, len| match self.task.module.types[argument.ty].inner {
            TypeInner::Array { base, .. } => Value::View(View { place, offset: Affine::constant(0), element: base, len }),
            _ => Value::Unknown("an argument that is no array"),
        };
        let sources = [(Place::Point, self.task.dimension), (Place::Parameters, self.task.parameters)];
        let arguments = self.task.objective.arguments.iter().zip(sources);
        let arguments = arguments.map(|(argument, (place, len))| view(place, argument, len)).collect();
        let result = self.call(self.task.objective, arguments)?;
        self.number(&result)
    }

    /// Counts `steps` more, an error where there are too many.
    pub(super) fn charge(&mut self, steps: usize) -> Lowered<()> {
        self.steps = self.steps.saturating_add(steps);
        let (operations, limit) = if self.graph.len() > MOST_VALUES { (self.graph.len(), MOST_VALUES) } else { (self.steps, MOST_STEPS) };
        if operations > limit {
            let message =
                format!("the objective takes more than {limit} operations, with every call and condition counted where it is used");
            return Stop::failed(message, "Write repeated parts as loops over an index, and fewer functions that call functions twice.");
        }
        Ok(())
    }

    /// What evaluates the module's constants.
    pub(super) fn globals(&self) -> Frame<'a> {
        let expressions = &self.task.module.global_expressions;
        Frame { number: 0, function: None, expressions, arguments: Vec::new(), cache: HashMap::new() }
    }

    pub(super) fn constant_value(&mut self, handle: Handle<naga::Constant>) -> Lowered<Value> {
        if let Some(value) = self.constants.get(&handle) {
            return Ok(value.clone());
        }
        let value = self.value(&mut self.globals(), self.task.module.constants[handle].init)?;
        self.constants.insert(handle, value.clone());
        Ok(value)
    }

    pub(super) fn literal(&mut self, frame: &Frame<'a>, handle: Handle<Expression>, literal: Literal) -> Lowered<Value> {
        Ok(match literal {
            Literal::F32(value) => {
                let value = self.task.digits.of(value, frame.expressions.get_span(handle).to_range());
                Value::Number(self.graph.constant(value))
            }
            Literal::I32(value) => Value::index(true, Affine::constant(value.into())),
            Literal::U32(value) => Value::index(false, Affine::constant(value.into())),
            Literal::Bool(value) => Value::truth(value),
            _ => return Stop::failed("numbers of other types than f32, i32 and u32 are not for objectives", "Write f32."),
        })
    }

    /// The zero of a type.
    pub(super) fn zero(&mut self, ty: Handle<Type>) -> Lowered<Value> {
        let zero = Value::Number(self.graph.constant(0.0));
        let scalar = |kind: naga::ScalarKind| match kind {
            naga::ScalarKind::Bool => Value::truth(false),
            naga::ScalarKind::Sint => Value::index(true, Affine::constant(0)),
            naga::ScalarKind::Uint => Value::index(false, Affine::constant(0)),
            _ => zero.clone(),
        };
        Ok(match &self.task.module.types[ty].inner {
            TypeInner::Scalar(of) => scalar(of.kind),
            TypeInner::Vector { size, scalar: of } => Value::parts(vec![scalar(of.kind); *size as usize]),
            TypeInner::Matrix { columns, rows, scalar: of } => {
                Value::parts(vec![Value::parts(vec![scalar(of.kind); *rows as usize]); *columns as usize])
            }
            TypeInner::Array { .. } => Value::Zeros(ty),
            TypeInner::Struct { members, .. } => {
                self.charge(members.len())?;
                let zeros: Lowered<Vec<Value>> = members.iter().map(|member| self.zero(member.ty)).collect();
                Value::parts(zeros?)
            }
            _ => return self.type_refused(),
        })
    }

    pub(super) fn type_refused<T>(&self) -> Lowered<T> {
        Stop::failed(
            "values of this type are not for objectives",
            "An objective computes with f32, i32, u32 and bool, vectors and matrices of them, arrays and structures; no textures, atomics or pointers into other memory.",
        )
    }

    /// The element type and the length of an array.
    pub(super) fn array(&self, ty: Handle<Type>) -> Option<(Handle<Type>, usize)> {
        match self.task.module.types[ty].inner {
            TypeInner::Array { base, size: naga::ArraySize::Constant(len), .. } => Some((base, len.get() as usize)),
            _ => None,
        }
    }

    /// How many scalars a value of the type has.
    pub(super) fn scalars(&self, ty: Handle<Type>) -> usize {
        match &self.task.module.types[ty].inner {
            TypeInner::Vector { size, .. } => *size as usize,
            TypeInner::Matrix { columns, rows, .. } => *columns as usize * *rows as usize,
            TypeInner::Array { .. } => self.array(ty).map_or(0, |(base, len)| self.scalars(base).saturating_mul(len)),
            TypeInner::Struct { members, .. } => members.iter().map(|member| self.scalars(member.ty)).sum(),
            _ => 1,
        }
    }

    /// The parts of a value, those of an array made one by one.
    pub(super) fn parts(&mut self, value: &Value) -> Lowered<Rc<Vec<Value>>> {
        let (element, len) = match value {
            Value::Parts(parts) => return Ok(parts.clone()),
            Value::View(view) => (view.element, view.len),
            Value::Zeros(ty) => self.array(*ty).unwrap_or((*ty, 0)),
            Value::Unknown(why) => return self.unknown(why),
            _ => return Stop::failed("this value has no parts", ""),
        };
        if self.scalars(element).saturating_mul(len) > MOST_PARTS {
            return Stop::failed(
                format!("an array of {len} elements is changed or compared as a whole, and up to {MOST_PARTS} scalars are held one by one"),
                "Compute its elements where they are needed, by a function of the index, and sum over them.",
            );
        }
        self.charge(len)?;
        let parts: Lowered<Vec<Value>> = (0..len).map(|k| self.element(value, &Affine::constant(k as i64))).collect();
        Ok(Rc::new(parts?))
    }

    pub(super) fn unknown<T>(&self, why: &str) -> Lowered<T> {
        Stop::failed(
            format!("a value is read that is not known: {why}"),
            "Keep what is needed in a variable of its own, or give it a value before.",
        )
    }

    /// A constant array as data, so that loops can index it.
    pub(super) fn table(&mut self, numbers: Vec<f64>) -> u32 {
        let bits: Vec<u64> = numbers.iter().map(|number| number.to_bits()).collect();
        let next = self.data.len() as u32;
        let number = *self.tables.entry(bits).or_insert(next);
        if number == next {
            self.data.push((format!("constants {}", self.tables.len()), numbers));
        }
        number
    }

    /// An operation on one number. One that has no finite value, all its operands being constants, is an error.
    pub(super) fn unary(&mut self, op: Unary, a: Id) -> Lowered<Id> {
        let id = self.graph.unary(op, a);
        self.finite(id)
    }

    pub(super) fn binary(&mut self, op: Binary, a: Id, b: Id) -> Lowered<Id> {
        let id = self.graph.binary(op, a, b);
        self.finite(id)
    }

    fn finite(&self, id: Id) -> Lowered<Id> {
        let op = self.graph.op(id);
        let constant = |a: Id| self.graph.as_constant(a).is_some();
        if matches!(op, Op::Unary(..) | Op::Binary(..) | Op::Power(..)) && self.graph.operands(op).all(constant) {
            return Stop::failed("a constant is infinite or not a number", "What is computed from constants alone must be finite.");
        }
        Ok(id)
    }

    /// An `f32`'s number.
    pub(super) fn number(&mut self, value: &Value) -> Lowered<Id> {
        match value {
            Value::Number(id) => Ok(*id),
            Value::Unknown(why) => self.unknown(why),
            _ => Stop::failed("a number is expected here", "Write f32(...)."),
        }
    }

    /// A scalar as a number of the graph, whatever its type.
    pub(super) fn scalar(&mut self, value: &Value) -> Lowered<Id> {
        match value {
            Value::Number(id) => Ok(*id),
            Value::Whole(whole) => self.whole_number(whole),
            Value::Truth(truth) => Ok(self.truth_number(truth)),
            Value::Unknown(why) => self.unknown(why),
            _ => Stop::failed("a scalar is expected here", ""),
        }
    }

    pub(super) fn whole(&self, value: &Value) -> Lowered<Whole> {
        match value {
            Value::Whole(whole) => Ok(whole.clone()),
            Value::Unknown(why) => self.unknown(why),
            _ => Stop::failed("an integer is expected here", ""),
        }
    }

    pub(super) fn truth(&self, value: &Value) -> Lowered<Truth> {
        match value {
            Value::Truth(truth) => Ok(truth.clone()),
            Value::Unknown(why) => self.unknown(why),
            _ => Stop::failed("a condition is expected here", ""),
        }
    }

    /// A number of the graph as a scalar of the kind that `like` has.
    pub(super) fn scalar_like(&self, like: &Value, id: Id) -> Value {
        match like {
            Value::Whole(whole) => {
                let count = match self.graph.op(id) {
                    Op::Number(index) => Count::Index(self.graph.affine(index).clone()),
                    Op::Constant(bits) => Count::Index(Affine::constant(f64::from_bits(bits) as i64)),
                    _ => Count::Number(id),
                };
                Value::Whole(Whole { signed: whole.signed, count })
            }
            Value::Truth(_) => Value::Truth(self.truth_of(id)),
            _ => Value::Number(id),
        }
    }

    /// A number of the graph that is 1 or 0.
    pub(super) fn truth_of(&self, id: Id) -> Truth {
        match self.graph.as_constant(id) {
            Some(known) => Truth::Known(known != 0.0),
            None => Truth::Value(id),
        }
    }

    /// The array that data has for a variable of the text.
    pub(super) fn filled(&self, handle: Handle<GlobalVariable>) -> Lowered<u32> {
        let name = || self.task.module.global_variables[handle].name.clone().unwrap_or_default();
        let missing = || Stop::Refused(Box::new(WgslError::NoNumbers { name: name() }.into()));
        self.task.filled.get(&handle).copied().ok_or_else(missing)
    }
}
