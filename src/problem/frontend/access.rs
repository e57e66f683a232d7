//! Elements of arrays, parts of variables, loads and stores.

use std::rc::Rc;

use naga::{Handle, ScalarKind, Type, TypeInner};

use super::super::affine::{Affine, within};
use super::super::graph::Id;
use super::lower::Lowering;
use super::value::{Count, Key, Lowered, Place, Pointer, Relation, Step, Stop, Test, Truth, Value, View, Whole};
use crate::error::{ProblemError, differing};

/// Elements of a local array that a loop's index may choose among: each read is as many selects.
const MOST_CHOICES: usize = 64;

impl Lowering<'_> {
    /// `value[index]`
    pub(super) fn element(&mut self, value: &Value, index: &Affine) -> Lowered<Value> {
        self.charge(1)?;
        match value {
            Value::Unknown(why) => self.unknown(why),
            Value::View(view) => {
                self.inside(view.place_name(self), index, view.len)?;
                let offset = view.offset.plus(self.scalars(view.element) as i64, index);
                self.read(view.place, &offset, view.element)
            }
            Value::Zeros(ty) => {
                let Some((base, len)) = self.array(*ty) else { return self.type_refused() };
                self.inside("the array".into(), index, len)?;
                self.zero(base)
            }
            Value::Parts(parts) => {
                self.inside("the array".into(), index, parts.len())?;
                match index.as_constant() {
                    Some(k) => Ok(parts[k as usize].clone()),
                    None => self.chosen_element(&parts.clone(), index),
                }
            }
            _ => Stop::failed("this value has no elements", ""),
        }
    }

    /// An error unless `index` stays in `0..len` all over the open loops.
    fn inside(&self, what: String, index: &Affine, len: usize) -> Lowered<()> {
        match within(index.clone(), len, &self.open, &self.graph.loops) {
            Ok(_) => Ok(()),
            Err(index) => {
                let data: Vec<_> = self.data[..self.task.filled.len()].iter().map(|(name, values)| (name.clone(), values.len())).collect();
                let lengths = if data.iter().any(|(name, _)| *name == what) { differing(&data) } else { Vec::new() };
                let error = ProblemError::IndexOutOfRange { what, index, len, lengths };
                Stop::failed(
                    error.to_string(),
                    "Where a condition keeps the index in range, make it one of loop variables, which then cuts the loop.",
                )
            }
        }
    }

    /// The value of type `ty` whose scalars begin at `offset`.
    fn read(&mut self, place: Place, offset: &Affine, ty: Handle<Type>) -> Lowered<Value> {
        match &self.task.module.types[ty].inner {
            TypeInner::Scalar(scalar) => {
                let id = self.read_number(place, offset)?;
                Ok(match scalar.kind {
                    ScalarKind::Float => Value::Number(id),
                    ScalarKind::Bool => Value::Truth(self.truth_of(id)),
                    kind => Value::Whole(Whole { signed: kind == ScalarKind::Sint, count: Count::Number(id) }),
                })
            }
            TypeInner::Array { .. } => {
                let Some((element, len)) = self.array(ty) else { return self.type_refused() };
                Ok(Value::View(View { place, offset: offset.clone(), element, len }))
            }
            TypeInner::Vector { size, scalar } => {
                let kind = scalar.kind;
                let parts: Lowered<Vec<Value>> = (0..*size as i64)
                    .map(|k| {
                        let id = self.read_number(place, &offset.plus(k, &Affine::constant(1)))?;
                        Ok(match kind {
                            ScalarKind::Float => Value::Number(id),
                            ScalarKind::Bool => Value::Truth(self.truth_of(id)),
                            kind => Value::Whole(Whole { signed: kind == ScalarKind::Sint, count: Count::Number(id) }),
                        })
                    })
                    .collect();
                Ok(Value::parts(parts?))
            }
            TypeInner::Matrix { columns, rows, .. } => {
                let mut parts = Vec::new();
                for column in 0..*columns as i64 {
                    let numbers: Lowered<Vec<Value>> = (0..*rows as i64)
                        .map(|row| {
                            Ok(Value::Number(self.read_number(place, &offset.plus(column * *rows as i64 + row, &Affine::constant(1)))?))
                        })
                        .collect();
                    parts.push(Value::parts(numbers?));
                }
                Ok(Value::parts(parts))
            }
            TypeInner::Struct { members, .. } => {
                let mut offset = offset.clone();
                let mut parts = Vec::new();
                for member in members {
                    parts.push(self.read(place, &offset, member.ty)?);
                    offset = offset.plus(self.scalars(member.ty) as i64, &Affine::constant(1));
                }
                Ok(Value::parts(parts))
            }
            _ => self.type_refused(),
        }
    }

    fn read_number(&mut self, place: Place, offset: &Affine) -> Lowered<Id> {
        self.charge(1)?;
        let len = match place {
            Place::Point => self.task.dimension,
            Place::Parameters => self.task.parameters,
            Place::Data(k) => self.data[k as usize].1.len(),
        };
        let index = match within(offset.clone(), len, &self.open, &self.graph.loops) {
            Ok(index) => index,
            Err(_) => return self.inside("the array".into(), offset, len).and(self.type_refused()),
        };
        Ok(match place {
            Place::Point => self.graph.coordinate(index),
            Place::Parameters => self.graph.parameter(index),
            Place::Data(k) => match index.as_constant().filter(|_| self.is_table(k)) {
                Some(at) => self.graph.constant(self.data[k as usize].1[at as usize]),
                None => self.graph.data(k, index),
            },
        })
    }

    fn is_table(&self, data: u32) -> bool {
        data as usize >= self.task.filled.len()
    }

    /// An element chosen by a loop's variable: of constants from a table, else by a select for each.
    fn chosen_element(&mut self, parts: &Rc<Vec<Value>>, index: &Affine) -> Lowered<Value> {
        let mut numbers = Vec::new();
        if self.constant_leaves(&Value::Parts(parts.clone()), &mut numbers)? {
            let table = Place::Data(self.table(numbers.clone()));
            let each = numbers.len() / parts.len();
            return self.like(&parts[0], table, &mut Affine::constant(0).plus(each as i64, index));
        }
        if parts.len() > MOST_CHOICES {
            return Stop::failed(
                format!(
                    "a loop reads an array of {} elements that were computed before, and up to {MOST_CHOICES} can be chosen among",
                    parts.len()
                ),
                "Compute the element where it is needed, by a function of the index: `fn element(x: array<f32, DIM>, i: u32) -> f32`.",
            );
        }
        let mut result = parts[0].clone();
        for (k, part) in parts.iter().enumerate().skip(1) {
            let truth = self.is_at(index, k);
            result = self.chosen(&truth, part, &result)?;
        }
        Ok(result)
    }

    fn is_at(&self, index: &Affine, k: usize) -> Truth {
        let difference = index.plus(-(k as i64), &Affine::constant(1));
        self.decided(Relation { difference, test: Test::Zero })
    }

    /// All scalars of a value, if they are constants.
    fn constant_leaves(&mut self, value: &Value, into: &mut Vec<f64>) -> Lowered<bool> {
        self.charge(1)?;
        let constant = match value {
            Value::Number(id) => self.graph.as_constant(*id),
            Value::Whole(whole) => whole.constant().map(|value| value as f64),
            Value::Truth(Truth::Known(known)) => Some(f64::from(u8::from(*known))),
            Value::Parts(parts) => {
                for part in parts.iter() {
                    if !self.constant_leaves(part, into)? {
                        return Ok(false);
                    }
                }
                return Ok(true);
            }
            Value::Zeros(_) => {
                let parts = Value::Parts(self.parts(value)?);
                return self.constant_leaves(&parts, into);
            }
            Value::View(View { place: Place::Data(k), offset, .. }) if self.is_table(*k) && offset.as_constant().is_some() => {
                let parts = Value::Parts(self.parts(value)?);
                return self.constant_leaves(&parts, into);
            }
            _ => None,
        };
        into.extend(constant);
        Ok(constant.is_some())
    }

    /// A value of the form that `like` has, its scalars read one after another.
    fn like(&mut self, like: &Value, place: Place, offset: &mut Affine) -> Lowered<Value> {
        if let Value::Zeros(_) | Value::View(_) = like {
            let parts = Value::Parts(self.parts(like)?);
            return self.like(&parts, place, offset);
        }
        if let Value::Parts(parts) = like {
            let parts: Lowered<Vec<Value>> = parts.iter().map(|part| self.like(part, place, offset)).collect();
            return Ok(Value::parts(parts?));
        }
        let id = self.read_number(place, offset)?;
        *offset = offset.plus(1, &Affine::constant(1));
        Ok(self.scalar_like(like, id))
    }

    /// A pointer to a part of what `pointer` points to.
    pub(super) fn part_of(&mut self, pointer: &Pointer, index: &Affine) -> Lowered<Value> {
        Ok(Value::Pointer(Rc::new(match pointer {
            Pointer::Variable(key, path) => {
                let step = index.as_constant().and_then(|k| usize::try_from(k).ok());
                let step = step.map_or_else(|| Step::At(index.clone()), Step::Part);
                Pointer::Variable(*key, path.iter().cloned().chain([step]).collect())
            }
            Pointer::Data(view) => {
                self.inside(view.place_name(self), index, view.len)?;
                Pointer::Element(view.place, view.offset.plus(1, index))
            }
            Pointer::Element(..) => return self.type_refused(),
        })))
    }

    pub(super) fn load(&mut self, pointer: &Pointer) -> Lowered<Value> {
        match pointer {
            Pointer::Data(view) => Ok(Value::View(view.clone())),
            Pointer::Element(place, offset) => Ok(Value::Number(self.read_number(*place, offset)?)),
            Pointer::Variable(key, path) => {
                let mut value = self.variable(*key)?.clone();
                for step in path {
                    let index = match step {
                        Step::Part(k) => Affine::constant(*k as i64),
                        Step::At(index) => index.clone(),
                    };
                    value = self.element(&value, &index)?;
                }
                match value {
                    Value::Unknown(why) => self.unknown(why),
                    value => Ok(value),
                }
            }
        }
    }

    fn variable(&self, key: Key) -> Lowered<&Value> {
        match self.environment.get(&key) {
            Some(value) => Ok(value),
            None => {
                Stop::failed("this variable is not there any more", "A pointer must not outlive the function whose variable it points to.")
            }
        }
    }

    pub(super) fn store(&mut self, pointer: &Pointer, value: &Value) -> Lowered<()> {
        let Pointer::Variable(key, path) = pointer else {
            return Stop::failed("data is shared by all lanes and can't be written", "Write to a variable: `var`.");
        };
        let before = self.variable(*key)?.clone();
        // What is not shared is changed in place.
        self.environment.insert(*key, Value::Unknown("it is being written"));
        let after = self.replaced(before, path, value)?;
        self.environment.insert(*key, after);
        Ok(())
    }

    /// `whole` with the part at `path` replaced.
    fn replaced(&mut self, whole: Value, path: &[Step], value: &Value) -> Lowered<Value> {
        self.charge(1)?;
        let Some((step, rest)) = path.split_first() else { return Ok(value.clone()) };
        let mut parts = match whole {
            Value::Parts(parts) => parts,
            other => self.parts(&other)?,
        };
        let index = match step {
            Step::Part(k) => Affine::constant(*k as i64),
            Step::At(index) => index.clone(),
        };
        self.inside("the array".into(), &index, parts.len())?;
        if let Some(k) = index.as_constant() {
            let parts_now = Rc::make_mut(&mut parts);
            let part = std::mem::replace(&mut parts_now[k as usize], Value::Unknown("it is being written"));
            parts_now[k as usize] = self.replaced(part, rest, value)?;
            return Ok(Value::Parts(parts));
        }
        if parts.len() > MOST_CHOICES {
            return Stop::failed(
                format!("a loop writes to an array of {} elements, and arrays of up to {MOST_CHOICES} can be written so", parts.len()),
                "Compute the element where it is needed, by a function of the index: `fn element(x: array<f32, DIM>, i: u32) -> f32`.",
            );
        }
        let mut written = Vec::new();
        for (k, part) in parts.iter().enumerate() {
            let truth = self.is_at(&index, k);
            let new = self.replaced(part.clone(), rest, value)?;
            written.push(self.chosen(&truth, &new, part)?);
        }
        Ok(Value::parts(written))
    }
}

impl View {
    fn place_name(&self, lowering: &Lowering<'_>) -> String {
        match self.place {
            Place::Point => "x".into(),
            Place::Parameters => "parameters".into(),
            Place::Data(k) => lowering.data[k as usize].0.clone(),
        }
    }
}
