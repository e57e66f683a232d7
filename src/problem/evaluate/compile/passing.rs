//! Which values can be kept beside the register: those that are read for the last time before anything but arithmetic is run.

use std::collections::{HashMap, HashSet};

use super::super::super::graph::Id;
use super::super::super::schedule::{Region, Statement};
use super::{Compiler, as_arithmetic, is_in_place};

impl Compiler<'_> {
    /// Finds the values of a region that can be kept, from the last statement to the first: what waits is computed when its
    /// reader is.
    pub(super) fn find_passing(&mut self, region: &Region, kept: &[Id], sums: &[(Id, u32)], may_wait: &HashSet<Id>) {
        // Stretches are counted from the end of the region.
        let mut stretch = 0_usize;
        let mut last_read: HashMap<Id, Option<usize>> = sums.iter().map(|&(body, _)| (body, Some(0))).collect();
        last_read.extend(kept.iter().map(|&id| (id, None)));
        let read = |last_read: &mut HashMap<Id, Option<usize>>, id: Id, at: Option<usize>| {
            // The last reader counts, which is not always met first, as what waits reads late; and none may be other than arithmetic.
            last_read.entry(id).and_modify(|so_far| *so_far = so_far.zip(at).map(|(a, b)| a.min(b))).or_insert(at);
        };
        for statement in region.statements.iter().rev() {
            match statement {
                Statement::Let(id) => {
                    let op = self.graph.op(*id);
                    let waits = may_wait.contains(id);
                    let arithmetic = as_arithmetic(op).is_some();
                    let last = last_read.get(id).copied().flatten();
                    if arithmetic && (waits || last == Some(stretch)) {
                        self.passing.insert(*id);
                    } else {
                        self.passing.remove(id);
                    }
                    let in_place = is_in_place(op) || self.is_number(*id);
                    let at = if waits { last } else { Some(stretch) };
                    self.graph.operands(op).for_each(|a| read(&mut last_read, a, at.filter(|_| arithmetic || waits)));
                    stretch += usize::from(!arithmetic && !waits && !in_place);
                }
                Statement::Scatter { value, .. } => read(&mut last_read, *value, Some(stretch)),
                Statement::Loop(nest) => {
                    self.read_by(nest).into_iter().for_each(|id| read(&mut last_read, id, None));
                    stretch += 1;
                }
            }
        }
    }
}
