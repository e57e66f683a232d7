//! Expressions of the compiler's module, one by one.

use std::rc::Rc;

use naga::{Expression, Handle, RelationalFunction, TypeInner};

use super::super::affine::Affine;
use super::lower::Lowering;
use super::value::{Frame, Key, Lowered, Place, Pointer, Stop, Truth, Value, View};

impl<'a> Lowering<'a> {
    /// Evaluates the expressions of `range`, in their order.
    pub(super) fn emit(&mut self, frame: &mut Frame<'a>, range: naga::Range<Expression>) -> Lowered<()> {
        for handle in range {
            let value = self.evaluate(frame, handle).map_err(|stop| stop.at(frame.expressions.get_span(handle)))?;
            frame.cache.insert(handle, value);
        }
        Ok(())
    }

    /// The value of an expression that was evaluated, or that stands for itself.
    pub(super) fn value(&mut self, frame: &mut Frame<'a>, handle: Handle<Expression>) -> Lowered<Value> {
        if let Some(value) = frame.cache.get(&handle) {
            return Ok(value.clone());
        }
        let value = self.evaluate(frame, handle).map_err(|stop| stop.at(frame.expressions.get_span(handle)))?;
        if frame.function.is_none() {
            frame.cache.insert(handle, value.clone());
        }
        Ok(value)
    }

    fn evaluate(&mut self, frame: &mut Frame<'a>, handle: Handle<Expression>) -> Lowered<Value> {
        self.charge(1)?;
        let expressions = frame.expressions;
        match &expressions[handle] {
            Expression::Literal(literal) => self.literal(frame, handle, *literal),
            Expression::Constant(constant) => self.constant_value(*constant),
            Expression::ZeroValue(ty) => self.zero(*ty),
            Expression::Compose { ty, components } => self.composed(frame, *ty, components),
            Expression::Access { base, index } => {
                let base = self.value(frame, *base)?;
                let index = self.value(frame, *index)?;
                let index = self.index(&index)?;
                self.accessed(&base, &index)
            }
            Expression::AccessIndex { base, index } => {
                let base = self.value(frame, *base)?;
                self.accessed(&base, &Affine::constant((*index).into()))
            }
            Expression::Splat { size, value } => {
                let value = self.value(frame, *value)?;
                Ok(Value::parts(vec![value; *size as usize]))
            }
            Expression::Swizzle { size, vector, pattern } => {
                let vector = self.value(frame, *vector)?;
                let parts = self.parts(&vector)?;
                let picked = pattern[..*size as usize].iter().map(|component| parts.get(*component as usize).cloned());
                picked.collect::<Option<Vec<_>>>().map_or_else(|| self.type_refused(), |parts| Ok(Value::parts(parts)))
            }
            Expression::FunctionArgument(k) => frame.arguments.get(*k as usize).cloned().map_or_else(|| self.type_refused(), Ok),
            Expression::LocalVariable(local) => {
                Ok(Value::Pointer(Rc::new(Pointer::Variable(Key::Local(frame.number, *local), Vec::new()))))
            }
            Expression::GlobalVariable(global) => self.global(*global),
            Expression::Load { pointer } => match self.value(frame, *pointer)? {
                Value::Pointer(pointer) => self.load(&pointer),
                Value::Unknown(why) => self.unknown(why),
                _ => self.type_refused(),
            },
            Expression::Unary { op, expr } => {
                let value = self.value(frame, *expr)?;
                self.unary_value(*op, &value)
            }
            Expression::Binary { op, left, right } => {
                let (left, right) = (self.value(frame, *left)?, self.value(frame, *right)?);
                self.binary_value(*op, &left, &right)
            }
            Expression::Select { condition, accept, reject } => {
                let condition = self.value(frame, *condition)?;
                let (accept, reject) = (self.value(frame, *accept)?, self.value(frame, *reject)?);
                self.selected(&condition, &accept, &reject)
            }
            Expression::Relational { fun, argument } => {
                let argument = self.value(frame, *argument)?;
                self.relational(*fun, &argument)
            }
            Expression::Math { fun, arg, arg1, arg2, .. } => {
                let mut arguments = Vec::new();
                for argument in [Some(*arg), *arg1, *arg2].into_iter().flatten() {
                    arguments.push(self.value(frame, argument)?);
                }
                self.called_builtin(*fun, &arguments)
            }
            Expression::As { expr, kind, convert: Some(_) } => {
                let value = self.value(frame, *expr)?;
                self.converted(*kind, &value)
            }
            Expression::As { convert: None, .. } => {
                Stop::failed("the bits of a number can't be differentiated", "Compute with the number itself, without bitcast.")
            }
            Expression::ArrayLength(array) => match self.value(frame, *array)? {
                Value::Pointer(pointer) => match &*pointer {
                    Pointer::Data(view) => Ok(Value::index(false, Affine::constant(view.len as i64))),
                    _ => self.type_refused(),
                },
                _ => self.type_refused(),
            },
            Expression::Override(_) => Stop::failed(
                "constants that are set from outside are not for objectives",
                "Write `const`; `set` and `--set` replace constants.",
            ),
            Expression::Derivative { .. } => Stop::failed("differences between pixels are for images", ""),
            Expression::CallResult(_) => {
                Stop::failed("this function returns nothing here", "Every way through a function must end in `return`.")
            }
            _ => Stop::failed(
                "this operation is not for objectives",
                "An objective computes numbers from its point, parameters, constants and data: no textures, atomics, subgroups or rays.",
            ),
        }
    }

    fn composed(&mut self, frame: &mut Frame<'a>, ty: naga::Handle<naga::Type>, components: &[Handle<Expression>]) -> Lowered<Value> {
        self.charge(components.len())?;
        let mut parts = Vec::with_capacity(components.len());
        let is_vector = matches!(self.task.module.types[ty].inner, TypeInner::Vector { .. });
        for component in components {
            match self.value(frame, *component)? {
                // Vectors are made of vectors too.
                Value::Parts(inner) if is_vector => parts.extend(inner.iter().cloned()),
                value => parts.push(value),
            }
        }
        Ok(Value::parts(parts))
    }

    fn accessed(&mut self, base: &Value, index: &Affine) -> Lowered<Value> {
        match base {
            Value::Pointer(pointer) => self.part_of(pointer, index),
            base => self.element(base, index),
        }
    }

    fn global(&mut self, handle: Handle<naga::GlobalVariable>) -> Lowered<Value> {
        let variable = &self.task.module.global_variables[handle];
        let pointer = match (variable.space, &self.task.module.types[variable.ty].inner) {
            (naga::AddressSpace::Private, _) => Pointer::Variable(Key::Global(handle), Vec::new()),
            (naga::AddressSpace::Storage { .. }, TypeInner::Array { base, .. }) if self.is_f32(*base) => {
                let data = self.filled(handle)?;
                let len = self.data[data as usize].1.len();
                Pointer::Data(View { place: Place::Data(data), offset: Affine::constant(0), element: *base, len })
            }
            _ => {
                return Stop::failed(
                    format!("`{}` is neither data nor a variable of the lane", variable.name.as_deref().unwrap_or_default()),
                    "Data is `@group(0) @binding(0) var<storage, read> name: array<f32>;`, with as many arrays as there are columns; a variable of the lane \
                     is `var<private>`.",
                );
            }
        };
        Ok(Value::Pointer(Rc::new(pointer)))
    }

    pub(super) fn is_f32(&self, ty: Handle<naga::Type>) -> bool {
        matches!(self.task.module.types[ty].inner, TypeInner::Scalar(naga::Scalar::F32))
    }

    /// `select(reject, accept, condition)`, whose condition may be a vector.
    fn selected(&mut self, condition: &Value, accept: &Value, reject: &Value) -> Lowered<Value> {
        if condition.depth() == 0 {
            let truth = self.truth(condition)?;
            return self.chosen(&truth, accept, reject);
        }
        let (conditions, accept, reject) = (self.parts(condition)?, self.parts(accept)?, self.parts(reject)?);
        let parts: Lowered<Vec<Value>> = conditions
            .iter()
            .zip(accept.iter().zip(reject.iter()))
            .map(|(condition, (accept, reject))| {
                let truth = self.truth(condition)?;
                self.chosen(&truth, accept, reject)
            })
            .collect();
        Ok(Value::parts(parts?))
    }

    fn relational(&mut self, fun: RelationalFunction, argument: &Value) -> Lowered<Value> {
        let (RelationalFunction::All | RelationalFunction::Any) = fun else {
            return Stop::failed("this question is not for objectives", "");
        };
        if argument.depth() == 0 {
            return Ok(argument.clone());
        }
        let mut result = Truth::Known(fun == RelationalFunction::All);
        for part in self.parts(argument)?.iter() {
            let truth = self.truth(part)?;
            result = if fun == RelationalFunction::All { self.and(&result, &truth) } else { self.or(&result, &truth) };
        }
        Ok(Value::Truth(result))
    }
}
