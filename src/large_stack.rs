//! A thread with a stack that the shader compiler fits on.

use crate::error::DeviceError;

/// naga parses and writes shaders recursively, and generated objectives nest deeper than what people write. Main threads
/// have 1 MiB on Windows, and threads of a pool 2 MiB.
const STACK: usize = 64 << 20;

/// Runs `work` there and waits for it. Error scopes are per thread, so open them inside.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, DeviceError> {
    let failed = |message: String| DeviceError::Internal { message };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("manymin shaders".into()).stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| failed(format!("no thread for the shader compiler: {error}")))?;
        thread.join().map_err(|panic| failed(format!("the shader compiler panicked: {}", told(panic.as_ref()))))
    })
}

/// What a panic said.
pub(crate) fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "it did not say why".into())
}
