//! What the compiler says of a text, in words that help.

#[cfg(feature = "gpu")]
use wgpu::naga;

use naga::Module;
use naga::valid::{CallError, FunctionError, ValidationError};

/// An error with all its causes.
#[cfg(feature = "gpu")]
pub(in crate::problem) fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    message
}

/// The most common mistake, which the compiler tells by numbers of its own.
pub(in crate::problem) fn wrong_call(error: &ValidationError, module: &Module) -> Option<String> {
    let ValidationError::Function { source: FunctionError::InvalidCall { function, error }, .. } = error else { return None };
    let name = module.functions[*function].name.as_deref().unwrap_or_default();
    match error {
        CallError::ArgumentCount { required, seen } => Some(format!("`{name}` takes {required} arguments and is given {seen}")),
        CallError::ArgumentType { index, .. } => {
            let hint = if *index == 0 { "; the number of an element is a `u32`: `var i = 0u`" } else { "" };
            Some(format!("argument {} of `{name}` has another type than the function{hint}", index + 1))
        }
        _ => None,
    }
}
