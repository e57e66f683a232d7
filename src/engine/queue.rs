//! Lanes that are still to start.

use std::collections::VecDeque;
use std::ops::Range;

/// Lanes by number, in order, each once: a few ranges, since lanes leave it from the front, and one now and then from between.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Queue {
    /// Ascending, none empty, and no two that touch.
    ranges: VecDeque<Range<usize>>,
    len: usize,
}

impl Queue {
    /// The first `lanes` lanes.
    pub(crate) fn new(lanes: usize) -> Self {
        Self { ranges: (lanes > 0).then_some(0..lanes).into_iter().collect(), len: lanes }
    }

    /// Those ranges of lanes: ascending, none empty, no lane twice.
    pub(crate) fn of(ranges: impl IntoIterator<Item = Range<usize>>) -> Self {
        let mut queue = Self::default();
        for range in ranges {
            queue.len += range.len();
            match queue.ranges.back_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => queue.ranges.push_back(range),
            }
        }
        queue
    }

    /// Ascending, none empty, and no two that touch.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.ranges.iter().cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes off the next lanes that have consecutive numbers, at most so many; none if there are none.
    pub(crate) fn take(&mut self, most: usize) -> Range<usize> {
        let Some(first) = self.ranges.front_mut() else { return 0..0 };
        let taken = first.start..first.end.min(first.start + most);
        first.start = taken.end;
        if first.start == first.end {
            self.ranges.pop_front();
        }
        self.len -= taken.len();
        taken
    }

    pub(crate) fn contains(&self, lane: usize) -> bool {
        self.ranges.get(self.after(lane)).is_some_and(|range| range.contains(&lane))
    }

    /// Takes off one lane; whether it was there.
    pub(crate) fn remove(&mut self, lane: usize) -> bool {
        if !self.contains(lane) {
            return false;
        }
        let at = self.after(lane);
        let end = self.ranges[at].end;
        self.ranges[at].end = lane;
        if lane + 1 < end {
            self.ranges.insert(at + 1, lane + 1..end);
        }
        if self.ranges[at].is_empty() {
            self.ranges.remove(at);
        }
        self.len -= 1;
        true
    }

    /// Puts a lane to its place in the order.
    pub(crate) fn insert(&mut self, lane: usize) {
        if self.contains(lane) {
            return;
        }
        let at = self.after(lane);
        let joins_next = self.ranges.get(at).is_some_and(|next| next.start == lane + 1);
        let joins_last = at > 0 && self.ranges[at - 1].end == lane;
        match (joins_last, joins_next) {
            (true, true) => {
                self.ranges[at - 1].end = self.ranges[at].end;
                self.ranges.remove(at);
            }
            (true, false) => self.ranges[at - 1].end += 1,
            (false, true) => self.ranges[at].start = lane,
            (false, false) => self.ranges.insert(at, lane..lane + 1),
        }
        self.len += 1;
    }

    /// Puts all lanes of another queue to their places.
    pub(crate) fn join(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        } else {
            other.iter().for_each(|lane| self.insert(lane));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges.iter().cloned().flatten()
    }

    /// The first range that does not end before `lane`.
    fn after(&self, lane: usize) -> usize {
        self.ranges.partition_point(|range| range.end <= lane)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn lanes_leave_and_come_back_as_they_do_a_set() {
        let mut state = 7_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        let (mut queue, mut set) = (Queue::new(50), (0..50).collect::<BTreeSet<usize>>());
        for _ in 0..5_000 {
            match next(5) {
                0 | 1 => {
                    let lane = next(60);
                    assert_eq!(queue.remove(lane), set.remove(&lane));
                }
                2 | 3 => {
                    let lane = next(60);
                    queue.insert(lane);
                    set.insert(lane);
                }
                _ => {
                    let taken = queue.take(1 + next(4));
                    let expected: Vec<usize> = set.iter().copied().take(taken.len()).collect();
                    assert_eq!(taken.clone().collect::<Vec<_>>(), expected, "the next ones, in order");
                    assert_eq!(taken.is_empty(), set.is_empty());
                    taken.for_each(|lane| assert!(set.remove(&lane)));
                }
            }
            assert_eq!((queue.len(), queue.is_empty()), (set.len(), set.is_empty()));
            assert!(queue.iter().eq(set.iter().copied()));
            assert!((0..60).all(|lane| queue.contains(lane) == set.contains(&lane)));
            assert!(queue.ranges.iter().zip(queue.ranges.iter().skip(1)).all(|(a, b)| a.end < b.start), "{:?}", queue.ranges);
        }
    }
}
