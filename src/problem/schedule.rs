//! Puts the graph in order: a tree of regions, one for each loop, with the statements that belong into it.
//!
//! A value stands in the region of the innermost loop that it depends on. Sums and scatters over one variable share a
//! loop unless one needs the result of the other; so the value of `sum over i of b(i)` and its gradient are one loop.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::affine::{Affine, LoopId};
use super::differentiate::Scatter;
use super::graph::{Graph, Id, Op};

/// Statements in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Region {
    pub(crate) statements: Vec<Statement>,
}

/// One step of a region.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
    /// Compute a value that is no sum.
    Let(Id),
    /// Run the loop, adding up its sums.
    Loop(LoopNest),
    /// `gradient[index] += value`
    Scatter { index: Affine, value: Id },
}

/// A loop with all that happens in it.
#[derive(Clone, Debug)]
pub(crate) struct LoopNest {
    pub(crate) variable: LoopId,
    /// (the sum, its body)
    pub(crate) sums: Vec<(Id, Id)>,
    /// Values from around the loop that it uses.
    pub(crate) needs: Vec<Id>,
    pub(crate) body: Region,
}

impl Region {
    /// The most iterations that its loops take, those inside them included.
    pub(crate) fn loop_iterations(&self, graph: &Graph) -> u64 {
        let each = |statement: &Statement| match statement {
            Statement::Loop(nest) => graph.most_trips(nest.variable).saturating_mul(1 + nest.body.loop_iterations(graph)),
            _ => 0,
        };
        self.statements.iter().map(each).fold(0, u64::saturating_add)
    }
}

/// The statements that compute `wanted` and carry out `scatters`.
pub(crate) fn schedule(graph: &Graph, wanted: &[Id], scatters: &[Scatter]) -> Region {
    let scatters: Vec<&Scatter> = scatters.iter().collect();
    Scheduler { graph }.region(&mut Vec::new(), wanted, &scatters).0
}

struct Scheduler<'a> {
    graph: &'a Graph,
}

/// What shares a loop: its sums and the scatters somewhere inside it.
#[derive(Default)]
struct Group<'a> {
    sums: Vec<(Id, Id)>,
    scatters: Vec<&'a Scatter>,
}

impl Scheduler<'_> {
    /// The region inside the loops of `nest`, and the values it needs from around the innermost of them.
    fn region(&self, nest: &mut Vec<LoopId>, wanted: &[Id], scatters: &[&Scatter]) -> (Region, Vec<Id>) {
        let (direct, deeper): (Vec<&Scatter>, Vec<&Scatter>) = scatters.iter().partition(|s| s.nest.len() == nest.len());
        let mut needs: HashMap<Id, Vec<Id>> = HashMap::new();
        let deeper: Vec<(&Scatter, Vec<Id>)> = deeper.into_iter().map(|s| (s, self.needs(nest, s.value))).collect();

        // What is computed here, and what comes from outside.
        let mut here = BTreeSet::new();
        let mut outer = BTreeSet::new();
        let mut open: Vec<Id> = wanted.to_vec();
        open.extend(direct.iter().map(|s| s.value));
        open.extend(deeper.iter().flat_map(|(_, needs)| needs));
        while let Some(id) = open.pop() {
            if self.graph.as_constant(id).is_some() {
                continue;
            }
            if !self.belongs(nest, id) {
                outer.insert(id);
            } else if here.insert(id) {
                match self.graph.op(id) {
                    Op::Sum(_, body) => open.extend(needs.entry(id).or_insert_with(|| self.needs(nest, body)).iter()),
                    op => open.extend(op.operands()),
                }
            }
        }

        // Stage k needs the results of loops of stages below k.
        let mut stages: HashMap<Id, usize> = HashMap::new();
        let latest =
            |stages: &HashMap<Id, usize>, ids: &mut dyn Iterator<Item = Id>| ids.filter_map(|a| stages.get(&a).copied()).max().unwrap_or(0);
        let mut groups: BTreeMap<(usize, LoopId), Group<'_>> = BTreeMap::new();
        for &id in &here {
            let stage = match self.graph.op(id) {
                Op::Sum(variable, body) => {
                    let stage = latest(&stages, &mut needs[&id].iter().copied());
                    groups.entry((stage, variable)).or_default().sums.push((id, body));
                    stage + 1
                }
                op => latest(&stages, &mut op.operands()),
            };
            stages.insert(id, stage);
        }
        for (scatter, needs) in deeper {
            let stage = latest(&stages, &mut needs.iter().copied());
            groups.entry((stage, scatter.nest[nest.len()])).or_default().scatters.push(scatter);
        }

        let statements = self.statements(nest, &here, &stages, groups, &direct);
        (Region { statements }, outer.into_iter().collect())
    }

    /// Stage by stage: the values, each followed by the scatters that consume it, then the loops.
    fn statements(
        &self,
        nest: &mut Vec<LoopId>,
        here: &BTreeSet<Id>,
        stages: &HashMap<Id, usize>,
        groups: BTreeMap<(usize, LoopId), Group<'_>>,
        direct: &[&Scatter],
    ) -> Vec<Statement> {
        let mut scatters: HashMap<Id, Vec<Statement>> = HashMap::new();
        let mut last = Vec::new();
        for s in direct {
            let statement = Statement::Scatter { index: s.index.clone(), value: s.value };
            match here.contains(&s.value) {
                true => scatters.entry(s.value).or_default().push(statement),
                false => last.push(statement),
            }
        }
        let mut by_stage: BTreeMap<usize, Vec<Id>> = BTreeMap::new();
        for &id in here {
            if !matches!(self.graph.op(id), Op::Sum(..)) {
                by_stage.entry(stages[&id]).or_default().push(id);
            }
        }
        let end = by_stage.keys().chain(groups.keys().map(|(stage, _)| stage)).max().map_or(0, |k| k + 1);
        let mut groups = groups.into_iter().peekable();
        let mut statements = Vec::new();
        for stage in 0..end {
            for id in by_stage.remove(&stage).unwrap_or_default() {
                statements.push(Statement::Let(id));
                statements.extend(scatters.remove(&id).unwrap_or_default());
            }
            while let Some(((_, variable), group)) = groups.next_if(|((s, _), _)| *s == stage) {
                let bodies: Vec<Id> = group.sums.iter().map(|s| s.1).collect();
                nest.push(variable);
                let (body, needs) = self.region(nest, &bodies, &group.scatters);
                nest.pop();
                let results: Vec<Id> = group.sums.iter().map(|s| s.0).collect();
                statements.push(Statement::Loop(LoopNest { variable, sums: group.sums, needs, body }));
                statements.extend(results.iter().flat_map(|id| scatters.remove(id).unwrap_or_default()));
            }
        }
        statements.extend(last);
        statements
    }

    /// Whether a value that is available inside `nest` is computed in its innermost loop.
    fn belongs(&self, nest: &[LoopId], id: Id) -> bool {
        nest.last().is_none_or(|innermost| self.graph.depends(id).contains(innermost))
    }

    /// The values available inside `nest` that `root`, computed in loops further in, is made of.
    fn needs(&self, nest: &[LoopId], root: Id) -> Vec<Id> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            if self.graph.as_constant(id).is_some() || !seen.insert(id) {
                continue;
            }
            if self.graph.depends(id).iter().all(|v| nest.contains(v)) {
                found.push(id);
            } else {
                open.extend(self.graph.op(id).operands());
            }
        }
        found
    }
}
