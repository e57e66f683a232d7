//! Where each lane is, in files: as ranges of lanes, whose number is a u64, and each its first lane and the one behind its last
//! as u32. Lanes that were handed out have a status code each behind the ranges, u8, by lane.

use std::ops::Range;

use super::input::Input;
use crate::engine::queue::Queue;
use crate::error::CheckpointError;
use crate::method::Status;

/// Adds ranges of lanes, those that are empty left out.
pub(super) fn put(ranges: impl IntoIterator<Item = Range<usize>>, bytes: &mut Vec<u8>) {
    let ranges: Vec<Range<usize>> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
    bytes.extend((ranges.len() as u64).to_le_bytes());
    for range in ranges {
        [range.start, range.end].into_iter().for_each(|lane| bytes.extend((lane as u32).to_le_bytes()));
    }
}

/// Ranges of lanes, none of them empty.
pub(super) fn ranges(input: &mut Input<'_>) -> Result<Vec<Range<usize>>, CheckpointError> {
    let count = input.count(8)?;
    (0..count)
        .map(|_| {
            let range = input.word()? as usize..input.word()? as usize;
            if range.is_empty() { Err(input.invalid(format!("lanes {range:?} are none"))) } else { Ok(range) }
        })
        .collect()
}

/// The queue that ranges stand for, which [`check`] has found right.
pub(super) fn queue(mut ranges: Vec<Range<usize>>) -> Queue {
    ranges.sort_unstable_by_key(|range| range.start);
    Queue::of(ranges)
}

/// How lanes that were handed out ended: which they are, and a byte for each.
pub(super) fn put_drained(drained: &[Option<Status>], bytes: &mut Vec<u8>) {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for lane in (0..drained.len()).filter(|&lane| drained[lane].is_some()) {
        match ranges.last_mut() {
            Some(range) if range.end == lane => range.end += 1,
            _ => ranges.push(lane..lane + 1),
        }
    }
    put(ranges, bytes);
    bytes.extend(drained.iter().flatten().map(|status| status.code() as u8));
}

/// Lanes that were handed out, and how they ended.
pub(super) struct Drained {
    pub(super) ranges: Vec<Range<usize>>,
    statuses: Vec<Status>,
}

impl Drained {
    pub(super) fn read(input: &mut Input<'_>) -> Result<Self, CheckpointError> {
        let ranges = ranges(input)?;
        let count = ranges.iter().map(Range::len).fold(0, usize::saturating_add);
        let status = |&code: &u8| Status::from_code(code.into()).filter(|status| !status.is_active());
        let statuses: Option<Vec<Status>> = input.take(count)?.iter().map(status).collect();
        Ok(Self { ranges, statuses: statuses.ok_or_else(|| input.invalid("a lane has not ended, or in no known way"))? })
    }

    /// The status of each lane up to the last that was handed out. Only for what [`check`] has found right: then there are not
    /// many more lanes than there are bytes.
    pub(super) fn statuses(self) -> Vec<Option<Status>> {
        let mut all = vec![None; self.ranges.iter().map(|range| range.end).max().unwrap_or_default()];
        let places = self.ranges.into_iter().flatten();
        places.zip(self.statuses).for_each(|(lane, status)| all[lane] = Some(status));
        all
    }
}

/// Whether each of so many lanes is in one place, and only there.
pub(super) fn check(mut ranges: Vec<Range<usize>>, lanes: usize) -> Result<(), CheckpointError> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    let mut next = 0;
    for range in ranges {
        if range.start != next {
            let fault = if range.start < next { "more than one place" } else { "no place" };
            return Err(CheckpointError::invalid("lanes", format!("lane {} is in {fault}", range.start.min(next))));
        }
        next = range.end;
    }
    if next == lanes { Ok(()) } else { Err(CheckpointError::invalid("lanes", format!("{next} of {lanes} lanes are in some place"))) }
}
