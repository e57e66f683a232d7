//! The frame of a file: what is checked before anything in it is read.

use twox_hash::XxHash3_128;

use crate::error::CheckpointError;

/// What a checkpoint begins with; the last byte ends a text, so that nobody is shown the rest.
const MAGIC: [u8; 8] = *b"manymin\x1a";
/// The format that is written, and the newest that is read.
pub(super) const FORMAT: u32 = 1;
/// Where the format stands, the release that wrote it, the length of the file, and the first section.
const FORMAT_AT: usize = 8;
const RELEASE_AT: usize = 12;
const LENGTH_AT: usize = 20;
const HEAD: usize = 28;
/// The checksum at the end.
const CHECKSUM: usize = 16;

/// The name of a section.
pub(super) type Tag = [u8; 4];

/// A file that is being written.
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new() -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        let number = |text: &str| text.parse::<u16>().unwrap_or_default();
        let release = [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH"), "0"];
        release.into_iter().for_each(|part| bytes.extend(number(part).to_le_bytes()));
        bytes.resize(HEAD, 0);
        Self { bytes }
    }

    /// Adds a section that `write` fills.
    pub(super) fn section(&mut self, tag: Tag, write: impl FnOnce(&mut Vec<u8>)) {
        self.bytes.extend(tag);
        let at = self.bytes.len();
        self.bytes.extend([0; 8]);
        write(&mut self.bytes);
        let length = (self.bytes.len() - at - 8) as u64;
        self.bytes[at..at + 8].copy_from_slice(&length.to_le_bytes());
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend([0; CHECKSUM]);
        seal(&mut self.bytes);
        self.bytes
    }
}

/// Gives a file the length and the checksum of its bytes, whatever they are; nothing to one that has no room for them.
pub(crate) fn seal(bytes: &mut [u8]) {
    if bytes.len() < HEAD + CHECKSUM {
        return;
    }
    let length = bytes.len() as u64;
    bytes[LENGTH_AT..HEAD].copy_from_slice(&length.to_le_bytes());
    let (checked, checksum) = bytes.split_at_mut(bytes.len() - CHECKSUM);
    checksum.copy_from_slice(&XxHash3_128::oneshot(checked).to_le_bytes());
}

/// The sections of a file that is whole, one after another.
pub(super) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Checks that a file is whole, and can be read.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, CheckpointError> {
        let begins = bytes.len().min(MAGIC.len());
        if begins == 0 || bytes[..begins] != MAGIC[..begins] {
            return Err(CheckpointError::NotACheckpoint);
        }
        let found = bytes.len() as u64;
        let expected = bytes.get(LENGTH_AT..HEAD).and_then(|length| length.try_into().ok()).map_or(0, u64::from_le_bytes);
        let least = (HEAD + CHECKSUM) as u64;
        if found < expected.max(least) {
            return Err(CheckpointError::Truncated { expected: expected.max(least), found });
        }
        if found > expected {
            return Err(CheckpointError::Appended { expected, found });
        }
        let (checked, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
        if checksum != XxHash3_128::oneshot(checked).to_le_bytes() {
            return Err(CheckpointError::Checksum);
        }
        let format = checked[FORMAT_AT..RELEASE_AT].iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte));
        if format != FORMAT {
            let release: Vec<String> =
                (0..3).map(|k| RELEASE_AT + 2 * k).map(|at| u16::from_le_bytes([checked[at], checked[at + 1]]).to_string()).collect();
            return Err(CheckpointError::Version { format, writer: release.join("."), reads: FORMAT });
        }
        Ok(Self { left: &checked[HEAD..] })
    }

    /// The next section, which must be called `tag`, and is about `name`.
    pub(super) fn section(&mut self, tag: Tag, name: &'static str) -> Result<Input<'a>, CheckpointError> {
        let mut input = Input { left: self.left, name };
        if input.take(tag.len())? != tag {
            return Err(input.invalid("it is not where it should be"));
        }
        let length = input.long()?;
        let section = input.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        self.left = input.left;
        Ok(Input { left: section, name })
    }

    /// There must be no more sections.
    pub(super) fn end(self) -> Result<(), CheckpointError> {
        Input { left: self.left, name: "the end" }.end()
    }
}

/// What is left to be read of a section.
pub(super) struct Input<'a> {
    left: &'a [u8],
    name: &'static str,
}

impl<'a> Input<'a> {
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

    pub(super) fn byte(&mut self) -> Result<u8, CheckpointError> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn word(&mut self) -> Result<u32, CheckpointError> {
        Ok(self.take(4)?.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    pub(super) fn long(&mut self) -> Result<u64, CheckpointError> {
        Ok(self.take(8)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
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
pub(super) fn encode(value: &impl serde::Serialize, bytes: &mut Vec<u8>) {
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
    fn sections_are_read_as_they_were_written() {
        let mut writer = Writer::new();
        writer.section(*b"numb", |bytes| [0, 1, 127, 128, 300, u32::MAX].into_iter().for_each(|number| put_short(number, bytes)));
        writer.section(*b"none", |_| ());
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes).expect("a whole file");
        let mut numbers = reader.section(*b"numb", "numbers").expect("the first");
        let read: Vec<u32> = (0..6).map(|_| numbers.short().expect("a number")).collect();
        assert_eq!(read, [0, 1, 127, 128, 300, u32::MAX]);
        assert!(numbers.end().is_ok() && numbers.short().is_err());
        assert!(reader.section(*b"numb", "numbers").is_err(), "another comes first");
        assert!(reader.section(*b"none", "nothing").is_ok());
        assert!(reader.end().is_ok());
    }

    #[test]
    fn a_newer_format_says_who_wrote_it_and_who_reads() {
        let mut bytes = Writer::new().finish();
        bytes[FORMAT_AT] = 2;
        assert_eq!(Reader::new(&bytes).err(), Some(CheckpointError::Checksum), "unless it was written so");
        bytes[RELEASE_AT..RELEASE_AT + 6].copy_from_slice(&[1, 0, 20, 0, 0, 1]);
        seal(&mut bytes);
        let Some(error @ CheckpointError::Version { format: 2, reads: 1, .. }) = Reader::new(&bytes).err() else { panic!("{bytes:?}") };
        assert!(error.to_string().contains("manymin 1.20.256"), "{error}");
    }

    #[test]
    fn numbers_that_do_not_end_are_refused() {
        for bytes in [&[0xff; 5][..], &[0xff; 12], &[0x80, 0x80, 0x80, 0x80, 0x10]] {
            assert!(Input { left: bytes, name: "numbers" }.short().is_err(), "{bytes:?}");
        }
    }
}
