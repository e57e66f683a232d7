//! The frame of a file: what is checked before anything in it is read.

use twox_hash::XxHash3_128;

use super::input::Input;
use crate::error::CheckpointError;

/// What a checkpoint begins with; the last byte ends a text, so that nobody is shown the rest.
const MAGIC: [u8; 8] = *b"manymin\x1a";
/// The format that is written, and the newest that is read.
pub(super) const FORMAT: u32 = 1;
/// Where the format stands, and behind it the release that wrote it; the length of the file; and the first section.
const FORMAT_AT: usize = 8;
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
        let expected = bytes.get(LENGTH_AT..).and_then(<[u8]>::first_chunk).map_or(0, |length| u64::from_le_bytes(*length));
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
        let mut head = Input::new(&checked[FORMAT_AT..LENGTH_AT], "head");
        let format = head.word()?;
        if format != FORMAT {
            let [major, minor, patch] = [head.half()?, head.half()?, head.half()?];
            return Err(CheckpointError::Version { format, writer: format!("{major}.{minor}.{patch}"), reads: FORMAT });
        }
        Ok(Self { left: &checked[HEAD..] })
    }

    /// The next section, which must be called `tag`, and is about `name`.
    pub(super) fn section(&mut self, tag: Tag, name: &'static str) -> Result<Input<'a>, CheckpointError> {
        let mut input = Input::new(self.left, name);
        if input.take(tag.len())? != tag {
            return Err(input.invalid("it is not where it should be"));
        }
        let length = input.long()?;
        let section = input.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        self.left = input.rest();
        Ok(Input::new(section, name))
    }

    /// There must be no more sections.
    pub(super) fn end(self) -> Result<(), CheckpointError> {
        Input::new(self.left, "the end").end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::put_short;
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
        bytes[FORMAT_AT + 4..FORMAT_AT + 10].copy_from_slice(&[1, 0, 20, 0, 0, 1]);
        seal(&mut bytes);
        let Some(error @ CheckpointError::Version { format: 2, reads: 1, .. }) = Reader::new(&bytes).err() else { panic!("{bytes:?}") };
        assert!(error.to_string().contains("manymin 1.20.256"), "{error}");
    }
}
