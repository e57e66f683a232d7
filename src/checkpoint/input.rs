//! Reads the bytes of a section, of which none is trusted: nothing is taken that is not there, nor room made for it.

use crate::error::CheckpointError;

/// What is left to be read of a section.
pub(super) struct Input<'a> {
    left: &'a [u8],
    name: &'static str,
}

impl<'a> Input<'a> {
    pub(super) fn new(left: &'a [u8], name: &'static str) -> Self {
        Self { left, name }
    }

    /// The error that says what is wrong with the section.
    pub(super) fn invalid(&self, fault: impl ToString) -> CheckpointError {
        CheckpointError::invalid(self.name, fault)
    }

    /// The next `count` bytes, which are there, or an error.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], CheckpointError> {
        let (taken, left) = self.left.split_at_checked(count).ok_or_else(|| self.invalid("it ends too early"))?;
        self.left = left;
        Ok(taken)
    }

    /// All that is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.left
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], CheckpointError> {
        let (taken, left) = self.left.split_first_chunk().ok_or_else(|| self.invalid("it ends too early"))?;
        self.left = left;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, CheckpointError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn half(&mut self) -> Result<u16, CheckpointError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn word(&mut self) -> Result<u32, CheckpointError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn long(&mut self) -> Result<u64, CheckpointError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number in as few bytes as it needs, seven bits a byte, the lowest first.
    pub(super) fn short(&mut self) -> Result<u32, CheckpointError> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(number).map_err(|_| self.invalid("a count is beyond 32 bits"));
            }
        }
        Err(self.invalid("a count does not end"))
    }

    /// How many there are of what takes at least `least` bytes each: no more than can be there.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, CheckpointError> {
        let count = usize::try_from(self.long()?).unwrap_or(usize::MAX);
        if count > self.left.len() / least {
            return Err(self.invalid(format!("it says that {count} of something follow, and has no room for them")));
        }
        Ok(count)
    }

    /// What serde has written here; it must be all.
    pub(super) fn decode<T: serde::de::DeserializeOwned>(self) -> Result<T, CheckpointError> {
        let (value, rest) = postcard::take_from_bytes(self.left).map_err(|error| self.invalid(error))?;
        Self { left: rest, name: self.name }.end()?;
        Ok(value)
    }

    /// Nothing must be left.
    pub(super) fn end(&self) -> Result<(), CheckpointError> {
        if self.left.is_empty() { Ok(()) } else { Err(self.invalid(format!("{} bytes are left over", self.left.len()))) }
    }
}

/// Adds what serde makes of a value.
pub(super) fn encode(value: &(impl serde::Serialize + ?Sized), bytes: &mut Vec<u8>) {
    let written = postcard::to_stdvec(value).unwrap_or_else(|_| unreachable!("writing to memory does not fail"));
    bytes.extend(written);
}

/// Adds a number in as few bytes as it needs; see [`Input::short`].
pub(super) fn put_short(mut number: u32, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_end_are_refused() {
        for bytes in [&[0xff; 5][..], &[0xff; 12], &[0x80, 0x80, 0x80, 0x80, 0x10]] {
            assert!(Input::new(bytes, "numbers").short().is_err(), "{bytes:?}");
        }
    }
}
