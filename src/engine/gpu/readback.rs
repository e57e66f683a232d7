//! Words on their way from the device to the host.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::context::Gpu;
use crate::error::DeviceError;

/// A buffer that the host reads. Mapping begins with the submission and the words are fetched later; two in turn let
/// one be read while the next is computed.
pub(crate) struct Readback {
    buffer: wgpu::Buffer,
    /// The bytes under way.
    range: Range<u64>,
    mapped: Arc<Note>,
}

/// Whether a buffer was mapped, once it is known.
#[derive(Default)]
struct Note {
    mapped: Mutex<Option<bool>>,
    known: Condvar,
}

/// A submission may be done while another thread, which polled the device first, is about to leave the note.
const MOMENT: Duration = Duration::from_secs(5);

impl Readback {
    /// A buffer for up to `words`.
    pub(crate) fn new(gpu: &Gpu, label: &str, words: usize) -> Result<Self, DeviceError> {
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        Ok(Self { buffer: gpu.buffer(label, 4 * words as u64, usage)?, range: 0..0, mapped: Arc::default() })
    }

    /// Records that `words` of `source` are fetched when `encoder` is submitted. What was fetched before and not read is
    /// dropped.
    pub(crate) fn start(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        source: &wgpu::Buffer,
        words: Range<usize>,
    ) -> Result<(), DeviceError> {
        let (offset, bytes) = (4 * words.start as u64, 4 * words.len() as u64);
        if bytes > self.buffer.size() || offset + bytes > source.size() {
            let message = format!("words {words:?} don't fit, of {} bytes into {}", source.size(), self.buffer.size());
            return Err(DeviceError::Internal { message });
        }
        if !self.range.is_empty() {
            self.give_up(gpu)?;
        }
        self.range = 0..bytes;
        self.mapped = Arc::default();
        if bytes > 0 {
            encoder.copy_buffer_to_buffer(source, offset, &self.buffer, 0, bytes);
            let mapped = Arc::clone(&self.mapped);
            // Called by whoever polls: it only leaves a note.
            encoder.map_buffer_on_submit(&self.buffer, wgpu::MapMode::Read, self.range.clone(), move |result| {
                *mapped.mapped.lock().unwrap_or_else(PoisonError::into_inner) = Some(result.is_ok());
                mapped.known.notify_all();
            });
        }
        Ok(())
    }

    /// Waits for `submission`, which the commands of [`start`](Readback::start) were part of, and returns the words. After
    /// [`DeviceError::TimedOut`] it may be called again.
    pub(crate) fn finish(&mut self, gpu: &Gpu, submission: &wgpu::SubmissionIndex, limit: Duration) -> Result<Vec<u32>, DeviceError> {
        self.read(gpu, submission, limit, <[u32]>::to_vec)
    }

    /// As [`finish`](Readback::finish), but hands the words to `read` where they are.
    pub(crate) fn read<R>(
        &mut self,
        gpu: &Gpu,
        submission: &wgpu::SubmissionIndex,
        limit: Duration,
        read: impl FnOnce(&[u32]) -> R,
    ) -> Result<R, DeviceError> {
        gpu.wait(submission, limit)?;
        let range = std::mem::take(&mut self.range);
        if range.is_empty() {
            return Ok(read(&[]));
        }
        let failed = |message: String| DeviceError::Internal { message };
        let note = self.mapped.mapped.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = self.mapped.known.wait_timeout_while(note, MOMENT, |mapped| mapped.is_none());
        let mapped = *noted.unwrap_or_else(PoisonError::into_inner).0;
        match mapped {
            Some(true) => {
                let view = self.buffer.get_mapped_range(range);
                let out = view.map_err(|error| error.to_string()).and_then(|view| {
                    let words = bytemuck::try_cast_slice(&view).map_err(|error| error.to_string())?;
                    Ok(read(words))
                });
                self.buffer.unmap();
                out.map_err(|error| failed(format!("a mapped buffer can't be read: {error}")))
            }
            Some(false) => Err(failed("a buffer can't be mapped".into())),
            None => Err(failed("a buffer was not mapped with its submission".into())),
        }
    }

    /// Ends a mapping that nobody read. If it did not come to be mapped, because its commands were never submitted, there
    /// is an error that says so, which is no news.
    fn give_up(&self, gpu: &Gpu) -> Result<(), DeviceError> {
        gpu.scoped(|| self.buffer.unmap()).map(|_| ())
    }
}
