//! What the compiler says of a text, and what an objective may do in it.

use std::collections::BTreeSet;

use wgpu::naga;

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{Block, Expression, Function, Handle, Literal, Module, ScalarKind, Span, Statement, TypeInner, VectorSize};

use super::complaints::{chain, wrong_call};
use super::words::line;
use crate::error::{ProblemError, WgslError};
use crate::large_stack::on_large_stack;

/// What there is to know of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// `objective` gives the sum of the absolute values of its terms too.
    pub(super) tells_scale: bool,
    /// Scalar operations, each counted once.
    pub(super) operations: usize,
}

/// A text as it was given, and what it is read with.
pub(super) struct Reading<'a> {
    pub(super) text: &'a str,
    /// Comes after it: what is provided, and a constant `dimension` that is `DIM`.
    pub(super) provided: &'a str,
    pub(super) dimension: &'a str,
    /// The functions whose first argument is the number of an element, what it is one of, and how many there are.
    pub(super) indexed: &'a [(&'a str, &'a str, usize)],
    pub(super) components: usize,
    pub(super) line: u32,
}

/// The module of a text that the compiler takes.
fn parsed(text: &str, user: &str) -> Result<Module, WgslError> {
    let refused = |message: String, spans: &mut dyn Iterator<Item = Span>| {
        // The shortest says most. What is provided comes after the text: what is wrong there begins at the text's end.
        let shortest = spans.filter_map(|span| span.to_range()).min_by_key(|range| range.len());
        let line = shortest.map_or(0, |range| line(text, range.start).min(user.lines().count().max(1) as u32));
        WgslError::Refused { message, line, text: user.into() }
    };
    let read = on_large_stack(|| {
        let module = naga::front::wgsl::parse_str(text).map_err(|error| {
            let notes: String = error.notes().map(|note| format!("; {note}")).collect();
            refused(format!("{error}{notes}"), &mut error.labels().take(1).map(|label| label.0))
        })?;
        let checked = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
        checked.map_err(|error| {
            if let Some(message) = wrong_call(error.as_inner(), &module) {
                let call = error.spans().filter(|span| span.1 == "invalid function call").map(|span| span.0);
                return refused(message, &mut call.into_iter());
            }
            refused(chain(error.as_inner()), &mut error.spans().map(|span| span.0))
        })?;
        Ok(module)
    });
    read.unwrap_or_else(|error| Err(refused(error.to_string(), &mut std::iter::empty())))
}

/// An error unless the compiler takes the text in the form that it has in a shader.
pub(super) fn check(text: &str, user: &str) -> Result<(), WgslError> {
    parsed(text, user).map(drop)
}

/// Reads a text and checks it.
pub(super) fn read(reading: &Reading<'_>) -> Result<Facts, ProblemError> {
    let module = parsed(&format!("{}\n{}", reading.text, reading.provided), reading.text)?;
    let refused = |message: &str, span: Span| reading.refused(message, span);
    if let Some((_, constant)) = module.constants.iter().find(|(_, constant)| constant.name.as_deref() == Some(reading.dimension))
        && let Some(text) = number(&module.global_expressions[constant.init], &module).filter(|&k| k as usize != reading.components)
    {
        return Err(WgslError::Dimension { text, problem: reading.components }.into());
    }
    if let Some((handle, _)) = module.overrides.iter().next() {
        return Err(refused(
            "constants that are set from outside are not for objectives; write `const`",
            module.overrides.get_span(handle),
        ));
    }
    if let Some(entry) = module.entry_points.first() {
        return Err(refused(&format!("`{}` is a kernel of its own; an objective is a plain function", entry.name), Span::UNDEFINED));
    }
    if let Some((handle, _)) = module.global_variables.iter().find(|(_, variable)| variable.space != naga::AddressSpace::Private) {
        let message = "only `var<private>` is for objectives: lanes share nothing but data, which is given by \
             `Problem::builder(n).data(name, values)` and read as `name_at(i)`";
        return Err(refused(message, module.global_variables.get_span(handle)));
    }
    let named = |name: &str| module.functions.iter().find(|(_, function)| function.name.as_deref() == Some(name));
    let (objective, function) = named("objective").ok_or(WgslError::NoObjective)?;
    let tells_scale = reading.signature(&module, function)?;
    for (_, function) in module.functions.iter() {
        reading.expressions(function)?;
        reading.block(&module, function, &function.body)?;
    }
    let gives = named("add_gradient").is_some_and(|(gradient, _)| reaches(&module, objective, gradient));
    if !gives {
        return Err(WgslError::NoGradient.into());
    }
    let operations = module.functions.iter().map(|(_, function)| operations(function)).sum();
    Ok(Facts { tells_scale, operations })
}

impl Reading<'_> {
    fn refused(&self, message: &str, span: Span) -> ProblemError {
        let line = span.to_range().filter(|range| range.start < self.text.len()).map_or(0, |range| line(self.text, range.start));
        WgslError::Refused { message: message.into(), line, text: self.text.into() }.into()
    }

    /// Whether `objective` gives two numbers.
    fn signature(&self, module: &Module, function: &Function) -> Result<bool, WgslError> {
        let name = |ty: Handle<naga::Type>| match &module.types[ty].inner {
            TypeInner::Scalar(scalar) => scalar_name(scalar.kind).to_string(),
            TypeInner::Vector { size, scalar } => format!("vec{}<{}>", *size as u32, scalar_name(scalar.kind)),
            TypeInner::Array { .. } => "array<...>".into(),
            TypeInner::Pointer { .. } => "ptr<...>".into(),
            _ => module.types[ty].name.clone().unwrap_or_else(|| "...".into()),
        };
        let result = function.result.as_ref().map(|result| result.ty);
        let tells_scale = match result.map(|ty| &module.types[ty].inner) {
            Some(TypeInner::Scalar(scalar)) if *scalar == naga::Scalar::F32 => Some(false),
            Some(TypeInner::Vector { size: VectorSize::Bi, scalar }) if *scalar == naga::Scalar::F32 => Some(true),
            _ => None,
        };
        let arguments: Vec<String> =
            function.arguments.iter().map(|a| format!("{}: {}", a.name.as_deref().unwrap_or("_"), name(a.ty))).collect();
        tells_scale.filter(|_| arguments.is_empty()).ok_or_else(|| {
            let result = result.map(|ty| format!(" -> {}", name(ty))).unwrap_or_default();
            WgslError::Signature { found: format!("fn objective({}){result}", arguments.join(", ")), line: self.line }
        })
    }

    fn expressions(&self, function: &Function) -> Result<(), ProblemError> {
        match function.expressions.iter().find(|(_, expression)| matches!(expression, Expression::Derivative { .. })) {
            Some((handle, _)) => Err(self.refused("differences between pixels are for images", function.expressions.get_span(handle))),
            None => Ok(()),
        }
    }

    fn block(&self, module: &Module, function: &Function, block: &Block) -> Result<(), ProblemError> {
        for (statement, span) in block.span_iter() {
            match statement {
                Statement::Block(inner) => self.block(module, function, inner)?,
                Statement::If { accept, reject, .. } => {
                    self.block(module, function, accept)?;
                    self.block(module, function, reject)?;
                }
                Statement::Switch { cases, .. } => cases.iter().try_for_each(|case| self.block(module, function, &case.body))?,
                Statement::Loop { body, continuing, .. } => {
                    self.block(module, function, body)?;
                    self.block(module, function, continuing)?;
                }
                Statement::Call { function: called, arguments, .. } => {
                    let indexed = self.indexed.iter().find(|indexed| module.functions[*called].name.as_deref() == Some(indexed.0));
                    let index = arguments.first().and_then(|&argument| number(&function.expressions[argument], module));
                    if let (Some((_, what, len)), Some(index)) = (indexed, index)
                        && index as usize >= *len
                    {
                        let (what, index, len) = ((*what).into(), index.into(), *len);
                        return Err(ProblemError::IndexOutOfRange { what, index, len, lengths: Vec::new() });
                    }
                }
                Statement::Kill
                | Statement::ControlBarrier(_)
                | Statement::MemoryBarrier(_)
                | Statement::WorkGroupUniformLoad { .. }
                | Statement::SubgroupBallot { .. }
                | Statement::SubgroupGather { .. }
                | Statement::SubgroupCollectiveOperation { .. } => {
                    return Err(self.refused("lanes know nothing of each other: no barriers, no `discard`, no subgroups", *span));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn scalar_name(kind: ScalarKind) -> &'static str {
    match kind {
        ScalarKind::Float => "f32",
        ScalarKind::Sint => "i32",
        ScalarKind::Uint => "u32",
        _ => "bool",
    }
}

/// The value of a whole number that stands in the text, or is a constant of it.
fn number(expression: &Expression, module: &Module) -> Option<u32> {
    match expression {
        Expression::Literal(Literal::U32(value)) => Some(*value),
        Expression::Constant(constant) => match module.global_expressions[module.constants[*constant].init] {
            Expression::Literal(Literal::U32(value)) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a function runs another one, or one that does.
fn reaches(module: &Module, from: Handle<Function>, to: Handle<Function>) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(handle) = open.pop() {
        if handle == to {
            return true;
        }
        if seen.insert(handle) {
            calls(&module.functions[handle].body, &mut open);
        }
    }
    false
}

fn calls(block: &Block, called: &mut Vec<Handle<Function>>) {
    for statement in block.iter() {
        match statement {
            Statement::Block(inner) => calls(inner, called),
            Statement::If { accept, reject, .. } => [accept, reject].into_iter().for_each(|inner| calls(inner, called)),
            Statement::Switch { cases, .. } => cases.iter().for_each(|case| calls(&case.body, called)),
            Statement::Loop { body, continuing, .. } => [body, continuing].into_iter().for_each(|inner| calls(inner, called)),
            Statement::Call { function, .. } => called.push(*function),
            _ => {}
        }
    }
}

fn operations(function: &Function) -> usize {
    use Expression::{Binary, Math, Relational, Select, Unary};
    let is_operation = |e: &Expression| matches!(e, Unary { .. } | Binary { .. } | Select { .. } | Math { .. } | Relational { .. });
    function.expressions.iter().filter(|(_, expression)| is_operation(expression)).count()
}
