//! A problem file: what it says, its constants replaced, its arrays filled.

use std::collections::HashMap;
use std::sync::Arc;

use naga::{AddressSpace, ArraySize, Function, GlobalVariable, Handle, Literal, Module, Scalar, Span, TypeInner};

use super::super::{Problem, ProblemBuilder};
use super::digits::{Constant, Digits, Number, constants};
use super::lower::{Made, Task, lower};
use super::parse::{bounded_words, parsed};
use super::text::{description, error_at};
use crate::error::{ProblemError, Result, WgslError};
use crate::large_stack::on_large_stack;

const WRITE: &str =
    "Write `fn objective(x: array<f32, DIM>) -> f32 { ... }`, and a second argument `p: array<f32, 3>` for a lane's parameters.";

#[doc = include_str!("source.md")]
#[derive(Clone)]
pub struct WgslSource {
    reading: Arc<Reading>,
    /// Numbers of the arrays, in their order.
    data: Vec<Option<Vec<f64>>>,
}

/// What a text says.
struct Reading {
    text: String,
    module: Module,
    objective: Handle<Function>,
    dimension: usize,
    parameters: usize,
    arrays: Vec<DataArray>,
}

/// `var<storage, read> name: array<f32>;`
struct DataArray {
    name: String,
    variable: Handle<GlobalVariable>,
    /// Its length, if the text says it.
    len: Option<usize>,
}

impl WgslSource {
    /// Reads a text and checks it as the compiler does, and that it has an objective.
    ///
    /// # Errors
    /// [`WgslError`] for what the compiler refuses, with line, column and the place; for a text without `objective`, or
    /// with one of other arguments; and for texts of more than a mebibyte or 100,000 words.
    pub fn parse(text: &str) -> Result<Self> {
        let reading = Reading::new(text).map_err(ProblemError::from)?;
        let data = vec![None; reading.arrays.len()];
        Ok(Self { reading: Arc::new(reading), data })
    }

    /// Replaces the value of a module constant, `const NAME = ...`, before anything is made of it: of the dimension too.
    ///
    /// # Errors
    /// [`WgslError::UnknownConstant`], [`WgslError::ConstantValue`] for a value that the constant's type does not hold, and what
    /// [`parse`](Self::parse) says of the text with that value.
    pub fn set(self, name: &str, value: f64) -> Result<Self> {
        let text = self.reading.replaced(name, value).map_err(ProblemError::from)?;
        let reading = Reading::new(&text).map_err(ProblemError::from)?;
        Ok(Self { reading: Arc::new(reading), ..self })
    }

    /// Fills an array, `@group(0) @binding(0) var<storage, read> NAME: array<f32>;`, which all lanes share.
    ///
    /// # Errors
    /// [`WgslError::UnknownArray`]; [`WgslError::ArrayLength`] if the text says how many numbers it takes;
    /// [`ProblemError::RepeatedData`](crate::ProblemError::RepeatedData) for an array that is filled already.
    pub fn data(mut self, name: &str, values: &[f64]) -> Result<Self> {
        let known = || self.data_names().map(String::from).collect();
        let unknown = || ProblemError::from(WgslError::UnknownArray { name: name.into(), known: known() });
        let at = self.reading.arrays.iter().position(|array| array.name == name).ok_or_else(unknown)?;
        if let Some(wanted) = self.reading.arrays[at].len.filter(|&len| len != values.len()) {
            return Err(ProblemError::from(WgslError::ArrayLength { name: name.into(), given: values.len(), wanted }).into());
        }
        if self.data[at].is_some() {
            return Err(ProblemError::RepeatedData { name: name.into() }.into());
        }
        self.data[at] = Some(values.to_vec());
        Ok(self)
    }

    /// The comment at the top of the text, without its slashes.
    pub fn description(&self) -> String {
        description(&self.reading.text)
    }

    /// n, the number of components of the point.
    pub fn dimension(&self) -> usize {
        self.reading.dimension
    }

    /// How many parameters each lane has.
    pub fn parameters(&self) -> usize {
        self.reading.parameters
    }

    /// The names of the arrays that [`data`](Self::data) fills.
    pub fn data_names(&self) -> impl Iterator<Item = &str> {
        self.reading.arrays.iter().map(|array| array.name.as_str())
    }

    /// The module's constants that are numbers, by name and value, in the order of the text: what [`set`](Self::set) replaces.
    pub fn constants(&self) -> Vec<(String, f64)> {
        let words = bounded_words(&self.reading.text).unwrap_or_default();
        let digits = Digits::new(&words);
        let all = constants(&words).into_iter();
        all.filter_map(|constant| Some((constant.name.clone(), self.reading.value(&constant.name, &digits)?.value))).collect()
    }

    /// The text, with constants as they were set.
    pub fn text(&self) -> &str {
        &self.reading.text
    }

    /// The problem: the objective as a program, with its gradient.
    ///
    /// # Errors
    /// [`WgslError::At`] for what can't become a program, with the place and what to do about it;
    /// [`WgslError::NoNumbers`] for an array that the objective reads and nobody filled; data that is not finite.
    pub fn build(&self) -> Result<Problem> {
        let reading = &*self.reading;
        let mut data = Vec::new();
        let mut filled = HashMap::new();
        for (array, values) in reading.arrays.iter().zip(&self.data) {
            if let Some(values) = values {
                // Constants may have been set since.
                if let Some(wanted) = array.len.filter(|&len| len != values.len()) {
                    return Err(ProblemError::from(WgslError::ArrayLength { name: array.name.clone(), given: values.len(), wanted }).into());
                }
                filled.insert(array.variable, data.len() as u32);
                data.push((array.name.clone(), values.clone()));
            }
        }
        let builder = ProblemBuilder { dimension: reading.dimension, parameters: reading.parameters, data };
        builder.check()?;
        let made = on_large_stack(|| {
            let words = bounded_words(&reading.text)?;
            let task = Task {
                module: &reading.module,
                text: &reading.text,
                digits: &Digits::new(&words),
                objective: &reading.module.functions[reading.objective],
                dimension: reading.dimension,
                parameters: reading.parameters,
                filled,
            };
            let Made { graph, value, data } = lower(&task, builder.data)?;
            Ok::<_, ProblemError>(ProblemBuilder { data, ..builder }.lowered(graph, value))
        });
        Ok(made??)
    }
}

impl Problem {
    /// The objective of a WGSL text without data: [`WgslSource::parse`] and [`build`](WgslSource::build).
    ///
    /// ```
    /// use manymin::prelude::*;
    ///
    /// let sphere = Problem::from_wgsl("
    ///     fn objective(x: array<f32, 3>) -> f32 {
    ///         var sum = 0.0;
    ///         for (var i = 0u; i < 3u; i++) { sum += x[i] * x[i]; }
    ///         return sum;
    ///     }
    /// ")?;
    /// assert_eq!(sphere.evaluate(&[1.0, 2.0, 3.0], &[])?.gradient, [2.0, 4.0, 6.0]);
    /// # Ok::<(), manymin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As those two.
    pub fn from_wgsl(text: &str) -> Result<Self> {
        WgslSource::parse(text)?.build()
    }
}

impl Reading {
    fn new(text: &str) -> Result<Self, WgslError> {
        bounded_words(text)?;
        let module = parsed(text)?;
        let refused = |span, message: String, help: &str| error_at(text, span, message, help);
        if let Some((handle, _)) = module.overrides.iter().next() {
            let help = "Write `const`; `set` and `--set` replace constants.";
            return Err(refused(
                module.overrides.get_span(handle),
                "constants that are set from outside are not for objectives".into(),
                help,
            ));
        }
        let found = module.functions.iter().find(|(_, function)| function.name.as_deref() == Some("objective"));
        let Some((objective, function)) = found else {
            return Err(refused(Span::UNDEFINED, "there is no function `objective`".into(), WRITE));
        };
        let place = text.find("objective").map_or(Span::UNDEFINED, |at| Span::new(at as u32, at as u32 + 9));
        if function.arguments.is_empty() {
            let help = "The point is its argument: `fn objective(x: array<f32, DIM>) -> f32`, and the gradient is made of it. A text that reads x_at(i) and gives its \
                        own gradient by add_gradient(i, v) is for `Problem::verbatim`.";
            return Err(refused(place, "this `objective` has no argument".into(), help));
        }
        let floats = |argument: &naga::FunctionArgument| match module.types[argument.ty].inner {
            TypeInner::Array { base, size: ArraySize::Constant(len), .. } => {
                matches!(module.types[base].inner, TypeInner::Scalar(Scalar::F32)).then_some(len.get() as usize)
            }
            _ => None,
        };
        let lengths: Option<Vec<usize>> = function.arguments.iter().map(floats).collect();
        let gives_number =
            function.result.as_ref().is_some_and(|result| matches!(module.types[result.ty].inner, TypeInner::Scalar(Scalar::F32)));
        let (dimension, parameters) = match lengths.as_deref() {
            Some([dimension]) if gives_number => (*dimension, 0),
            Some([dimension, parameters]) if gives_number => (*dimension, *parameters),
            _ => return Err(refused(place, "this `objective` takes or gives something else than it must".into(), WRITE)),
        };
        let arrays = module.global_variables.iter().filter_map(|(variable, global)| match module.types[global.ty].inner {
            TypeInner::Array { base, size, .. } if matches!(global.space, AddressSpace::Storage { .. }) => {
                let of_numbers = matches!(module.types[base].inner, TypeInner::Scalar(Scalar::F32));
                let len = if let ArraySize::Constant(len) = size { Some(len.get() as usize) } else { None };
                of_numbers.then(|| DataArray { name: global.name.clone().unwrap_or_default(), variable, len })
            }
            _ => None,
        });
        let arrays = arrays.collect();
        Ok(Self { text: text.into(), objective, dimension, parameters, arrays, module })
    }

    /// The type of a constant that the compiler has kept.
    fn scalar(&self, name: &str) -> Option<Literal> {
        let (_, constant) = self.module.constants.iter().find(|(_, constant)| constant.name.as_deref() == Some(name))?;
        match (&self.module.global_expressions[constant.init], &self.module.types[constant.ty].inner) {
            (naga::Expression::Literal(literal), _) => Some(*literal),
            (naga::Expression::ZeroValue(_), TypeInner::Scalar(scalar)) => Literal::zero(*scalar),
            _ => None,
        }
    }

    fn value(&self, name: &str, digits: &Digits<'_>) -> Option<Number> {
        match self.scalar(name) {
            Some(Literal::F32(value)) => {
                let known = digits.constant(name).filter(|number| number.value as f32 == value);
                Some(known.unwrap_or(Number { value: value.into(), whole: false }))
            }
            Some(Literal::U32(value)) => Some(Number { value: value.into(), whole: true }),
            Some(Literal::I32(value)) => Some(Number { value: value.into(), whole: true }),
            Some(_) => None,
            None => digits.constant(name),
        }
    }

    /// The text with another value for a constant.
    fn replaced(&self, name: &str, value: f64) -> Result<String, WgslError> {
        let words = bounded_words(&self.text)?;
        let all = constants(&words);
        let Some(Constant { value: place, .. }) = all.iter().find(|constant| constant.name == name) else {
            return Err(WgslError::UnknownConstant { name: name.into(), known: all.into_iter().map(|constant| constant.name).collect() });
        };
        let refused = |must| WgslError::ConstantValue { name: name.into(), value, must };
        let whole =
            |least: f64, most: f64, must| if value.fract() == 0.0 && (least..=most).contains(&value) { Ok(()) } else { Err(refused(must)) };
        let digits = Digits::new(&words);
        let written = match self.scalar(name) {
            Some(Literal::U32(_)) => {
                whole(0.0, u32::MAX.into(), "an integer from 0 to 4294967295, as the text says u32")?;
                format!("{value:.0}u")
            }
            Some(Literal::I32(_)) => {
                whole(i32::MIN.into(), i32::MAX.into(), "an integer of 32 bits, as the text says i32")?;
                format!("{value:.0}i")
            }
            Some(Literal::Bool(_)) => {
                whole(0.0, 1.0, "0 for false or 1 for true")?;
                (value == 1.0).to_string()
            }
            _ if !value.is_finite() || value.abs() > f32::MAX.into() => return Err(refused("a finite number that an f32 holds")),
            None if digits.constant(name).is_some_and(|number| number.whole) && value.fract() == 0.0 && value.abs() < 1e9 => {
                format!("{value:.0}")
            }
            _ => format!("{value:?}"),
        };
        let (first, last) = (words[place.start], words[place.end - 1]);
        let end = last.at + last.text.len();
        // Lines stay where they are.
        let breaks = "\n".repeat(self.text[first.at..end].matches('\n').count());
        Ok(format!("{}{written}{breaks}{}", &self.text[..first.at], &self.text[end..]))
    }
}

impl std::fmt::Debug for WgslSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WgslSource")
            .field("description", &self.description())
            .field("dimension", &self.dimension())
            .field("parameters", &self.parameters())
            .field("data", &self.data_names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
