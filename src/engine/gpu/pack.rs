//! Lanes that are left move together: spread over the memory of a large pool, each would draw in a whole line of it.

use super::clock::Stage;
use super::engine::GpuEngine;
use super::kernels::{Dispatch, Rules};
use super::memory::HEAD;
use crate::error::DeviceError;

/// Lanes are packed when they are left in at most one in so many of the slots that they are spread over.
const SPARSE: usize = 4;

impl GpuEngine {
    /// Moves the lanes under way to the first slots, if few are left and none will join them.
    pub(super) fn pack(&mut self) -> Result<(), DeviceError> {
        let lanes = self.listed;
        let shape = self.memory.sizes.shape;
        let moved = shape.field_elements() + shape.vector_elements() + shape.step_elements() + shape.change_elements() + shape.parameters;
        let allowed = self.gpu.loop_limit.is_none_or(|limit| moved < limit as usize);
        if lanes == 0 || self.has_waiting() || lanes * SPARSE > self.extent || !allowed {
            return Ok(());
        }
        let list = HEAD + self.lists().0 as usize;
        let mut slots = self.read_list(list, lanes)?;
        let moves = moves(&mut slots);
        let words: Vec<u32> = moves.iter().flat_map(|&(source, target)| [source, target]).collect();
        for words in words.chunks(2 * self.memory.sizes.portion()) {
            self.gpu.queue.write_buffer(self.memory.transfer(), 0, bytemuck::cast_slice(words));
            let rules = Rules { count: (words.len() / 2) as u32, ..self.rules };
            self.submit(Stage::Compaction, &rules, &[Dispatch::Lanes(&self.kernels.pack)])?;
        }
        self.gpu.queue.write_buffer(self.memory.lists(), 4 * list as u64, bytemuck::cast_slice(&slots));
        self.extent = lanes;
        self.packed = true;
        Ok(())
    }

    /// Lists the slots without a lane anew, if lanes that come after all are to be placed after others were packed.
    pub(super) fn unpack(&mut self) -> Result<(), DeviceError> {
        if !self.packed || !self.has_waiting() {
            return Ok(());
        }
        let capacity = self.listed + self.free;
        let mut taken = vec![false; capacity];
        self.read_list(HEAD + self.lists().0 as usize, self.listed)?.into_iter().for_each(|slot| taken[slot as usize] = true);
        let free: Vec<u32> = (0..capacity as u32).filter(|&slot| !taken[slot as usize]).collect();
        let at = 4 * (HEAD + self.ended() as usize) as u64;
        self.gpu.queue.write_buffer(self.memory.lists(), at, bytemuck::cast_slice(&free));
        (self.extent, self.packed) = (capacity, false);
        Ok(())
    }

    /// The slots of `count` lanes of the list that begins at word `at`.
    pub(super) fn read_list(&self, at: usize, count: usize) -> Result<Vec<u32>, DeviceError> {
        let mut slots = Vec::with_capacity(count);
        while slots.len() < count {
            let part = self.memory.sizes.portion().min(count - slots.len());
            let begin = at + slots.len();
            self.fetch(None, self.memory.lists(), begin..begin + part, |words| slots.extend_from_slice(words))?;
        }
        Ok(slots)
    }
}

/// Which lane moves from where to where, so that `slots` become the first ones: those beyond go to places before that are
/// free, and no move crosses another.
fn moves(slots: &mut [u32]) -> Vec<(u32, u32)> {
    let lanes = slots.len();
    let mut taken = vec![false; lanes];
    for &slot in slots.iter().filter(|&&slot| (slot as usize) < lanes) {
        taken[slot as usize] = true;
    }
    let mut free = (0..lanes as u32).filter(|&slot| !taken[slot as usize]);
    let mut moves = Vec::new();
    for slot in slots.iter_mut().filter(|slot| **slot as usize >= lanes) {
        if let Some(target) = free.next() {
            moves.push((*slot, target));
            *slot = target;
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::moves;

    #[test]
    fn lanes_move_to_free_slots_before_them_and_keep_their_order() {
        let mut slots = [9, 1, 70, 3, 12];
        assert_eq!(moves(&mut slots), [(9, 0), (70, 2), (12, 4)]);
        assert_eq!(slots, [0, 1, 2, 3, 4]);
        assert_eq!(moves(&mut [2, 0, 1]), [], "they are together");
    }
}
