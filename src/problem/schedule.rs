//! Puts the graph in order: a tree of regions, one for each loop, with the statements that belong into it.
//!
//! A value stands in the region of the innermost loop that it depends on. Sums and scatters over one variable share a
//! loop unless one needs the result of the other; so the value of `sum over i of b(i)` and its gradient are one loop. So do folds
//! over one variable that run in the same direction. In other loops over that variable a fold's state is read from where the fold
//! has stored it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::affine::{Affine, LoopId};
use super::differentiate::Scatter;
use super::graph::{FoldId, Graph, Id, Op};

/// Statements in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Region {
    pub(crate) statements: Vec<Statement>,
}

/// One step of a region.
#[derive(Clone, Debug)]
pub(crate) enum Statement {
    /// Compute a value that is neither a sum nor a fold's result. A fold's state is what the fold has stored.
    Let(Id),
    /// Run the loop, adding up its sums and carrying the state of its folds.
    Loop(LoopNest),
    /// `gradient[index] += value`
    Scatter { index: Affine, value: Id },
}

/// A loop with all that happens in it.
#[derive(Clone, Debug)]
pub(crate) struct LoopNest {
    pub(crate) variable: LoopId,
    /// Its rounds run from the last to the first.
    pub(crate) reversed: bool,
    /// (the sum, its body)
    pub(crate) sums: Vec<(Id, Id)>,
    pub(crate) folds: Vec<Run>,
    /// Values from around the loop that it uses in its rounds.
    pub(crate) needs: Vec<Id>,
    pub(crate) body: Region,
}

/// A fold that a loop runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) fold: FoldId,
    /// Its state at the beginning of every round is kept for loops that come later.
    pub(crate) stored: bool,
}

impl Region {
    /// The most iterations that its loops take, those inside them included.
    #[cfg(feature = "gpu")]
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
    let mut root = Scheduler { graph }.region(&mut Vec::new(), &[], wanted, &scatters).0;
    mark_stored(graph, &mut root);
    root
}

/// Marks the folds of a region whose states are read in it, and returns all whose states are read.
fn mark_stored(graph: &Graph, region: &mut Region) -> HashSet<FoldId> {
    let mut read = HashSet::new();
    for statement in &mut region.statements {
        match statement {
            Statement::Let(id) => read.extend(match graph.op(*id) {
                Op::State(fold, _) => Some(fold),
                _ => None,
            }),
            Statement::Loop(nest) => read.extend(mark_stored(graph, &mut nest.body)),
            Statement::Scatter { .. } => {}
        }
    }
    for statement in &mut region.statements {
        if let Statement::Loop(nest) = statement {
            nest.folds.iter_mut().for_each(|run| run.stored = read.contains(&run.fold));
        }
    }
    read
}

struct Scheduler<'a> {
    graph: &'a Graph,
}

/// What a loop takes from around it.
#[derive(Default)]
struct Needs {
    values: Vec<Id>,
    /// Folds over the loop's variable whose state it reads or carries.
    folds: Vec<FoldId>,
}

/// What is computed in a region.
#[derive(Default)]
struct Here {
    values: BTreeSet<Id>,
    /// What the loops of its sums and folds take.
    sums: HashMap<Id, Needs>,
    folds: HashMap<FoldId, Needs>,
}

/// A loop: its stage, its variable and whether it is reversed.
type Place = (usize, LoopId, bool);

/// What shares a loop: its sums, its folds and the scatters somewhere inside it.
#[derive(Default)]
struct Group<'a> {
    sums: Vec<(Id, Id)>,
    folds: Vec<FoldId>,
    scatters: Vec<&'a Scatter>,
}

/// The stages of a region: stage k needs the results of loops of stages below k.
#[derive(Default)]
struct Stages {
    values: HashMap<Id, usize>,
    /// Those that folds run in.
    folds: HashMap<FoldId, usize>,
}

impl Stages {
    /// The stage in which all of `ids` are known.
    fn latest(&self, ids: impl IntoIterator<Item = Id>) -> usize {
        ids.into_iter().filter_map(|a| self.values.get(&a).copied()).max().unwrap_or(0)
    }
}

impl Scheduler<'_> {
    /// The region inside the loops of `nest`, the innermost of which carries the state of folds, and the values it needs from
    /// around that.
    fn region(&self, nest: &mut Vec<LoopId>, carried: &[FoldId], wanted: &[Id], scatters: &[&Scatter]) -> (Region, Vec<Id>) {
        let (direct, deeper): (Vec<&Scatter>, Vec<&Scatter>) = scatters.iter().partition(|s| s.nest.len() == nest.len());
        let deeper: Vec<(&Scatter, Needs)> = deeper.into_iter().map(|s| (s, self.needs(nest, s.nest[nest.len()], &[s.value]))).collect();
        let mut wanted = wanted.to_vec();
        wanted.extend(direct.iter().map(|s| s.value));
        deeper.iter().for_each(|(_, needs)| wanted.extend(self.all(needs)));
        let (here, outer) = self.here(nest, carried, wanted);

        let mut stages = Stages::default();
        let mut groups: BTreeMap<Place, Group<'_>> = BTreeMap::new();
        for &id in &here.values {
            let stage = match self.graph.op(id) {
                Op::Sum(variable, body) => {
                    let place = self.place(variable, &here.sums[&id], &stages);
                    groups.entry(place).or_default().sums.push((id, body));
                    place.0 + 1
                }
                Op::Folded(fold, _) => match stages.folds.get(&fold) {
                    Some(stage) => stage + 1,
                    None => {
                        let place = self.place_fold(fold, &here.folds[&fold], &stages);
                        groups.entry(place).or_default().folds.push(fold);
                        stages.folds.insert(fold, place.0);
                        place.0 + 1
                    }
                },
                op => stages.latest(self.graph.operands(op)),
            };
            stages.values.insert(id, stage);
        }
        for (scatter, needs) in deeper {
            let place = self.place(scatter.nest[nest.len()], &needs, &stages);
            groups.entry(place).or_default().scatters.push(scatter);
        }

        let statements = self.statements(nest, &here.values, &stages.values, groups, &direct);
        (Region { statements }, outer)
    }

    /// What is computed inside `nest` to know `open`, and what comes from around it.
    fn here(&self, nest: &[LoopId], carried: &[FoldId], mut open: Vec<Id>) -> (Here, Vec<Id>) {
        let mut here = Here::default();
        let mut outer = BTreeSet::new();
        while let Some(id) = open.pop() {
            let op = self.graph.op(id);
            if matches!(op, Op::Constant(_)) || matches!(op, Op::State(fold, _) if carried.contains(&fold)) {
                continue;
            }
            if !self.belongs(nest, id) {
                outer.insert(id);
            } else if here.values.insert(id) {
                match op {
                    Op::Sum(variable, body) => {
                        let needs = here.sums.entry(id).or_insert_with(|| self.needs(nest, variable, &[body]));
                        open.extend(self.all(needs));
                    }
                    Op::Folded(fold, _) => {
                        let is = self.graph.fold(fold);
                        let needs = here.folds.entry(fold).or_insert_with(|| self.needs(nest, is.variable, &is.next));
                        open.extend(self.all(needs));
                        open.extend(&is.initial);
                    }
                    Op::State(fold, _) => open.push(self.run(fold)),
                    _ => open.extend(self.graph.operands(op)),
                }
            }
        }
        (here, outer.into_iter().collect())
    }

    /// The value that is known once a fold has run.
    fn run(&self, fold: FoldId) -> Id {
        self.graph.fold(fold).results[0]
    }

    /// All values that must be known for a loop.
    fn all(&self, needs: &Needs) -> impl Iterator<Item = Id> {
        needs.values.iter().copied().chain(needs.folds.iter().map(|&fold| self.run(fold)))
    }

    /// Where a loop over `variable` stands. It runs in the direction of the last fold whose state it uses: derivatives use the
    /// states of what they are of.
    fn place(&self, variable: LoopId, needs: &Needs, stages: &Stages) -> Place {
        let reversed = needs.folds.iter().max().is_some_and(|&fold| self.graph.fold(fold).reversed);
        (self.stage(needs, reversed, stages), variable, reversed)
    }

    fn place_fold(&self, fold: FoldId, needs: &Needs, stages: &Stages) -> Place {
        let fold = self.graph.fold(fold);
        let stage = stages.latest(fold.initial.iter().copied()).max(self.stage(needs, fold.reversed, stages));
        (stage, fold.variable, fold.reversed)
    }

    /// The first stage that a loop can run in: with folds whose state it uses, if they run in its direction, else after them.
    fn stage(&self, needs: &Needs, reversed: bool, stages: &Stages) -> usize {
        let of = |fold: &FoldId| stages.folds.get(fold).map(|stage| stage + usize::from(self.graph.fold(*fold).reversed != reversed));
        needs.folds.iter().filter_map(of).fold(stages.latest(needs.values.iter().copied()), usize::max)
    }

    /// Stage by stage: the values, each followed by the scatters that consume it, then the loops.
    fn statements(
        &self,
        nest: &mut Vec<LoopId>,
        here: &BTreeSet<Id>,
        stages: &HashMap<Id, usize>,
        groups: BTreeMap<Place, Group<'_>>,
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
            if !matches!(self.graph.op(id), Op::Sum(..) | Op::Folded(..)) {
                by_stage.entry(stages[&id]).or_default().push(id);
            }
        }
        let end = by_stage.keys().chain(groups.keys().map(|(stage, ..)| stage)).max().map_or(0, |k| k + 1);
        let mut groups = groups.into_iter().peekable();
        let mut statements = Vec::new();
        for stage in 0..end {
            for id in by_stage.remove(&stage).unwrap_or_default() {
                statements.push(Statement::Let(id));
                statements.extend(scatters.remove(&id).unwrap_or_default());
            }
            while let Some(((_, variable, reversed), group)) = groups.next_if(|((s, ..), _)| *s == stage) {
                let nested = self.nested(nest, variable, reversed, group);
                let sums = nested.sums.iter().map(|s| s.0);
                let results: Vec<Id> = sums.chain(nested.folds.iter().flat_map(|run| self.graph.fold(run.fold).results.clone())).collect();
                statements.push(Statement::Loop(nested));
                statements.extend(results.iter().flat_map(|id| scatters.remove(id).unwrap_or_default()));
            }
        }
        statements.extend(last);
        statements
    }

    fn nested(&self, nest: &mut Vec<LoopId>, variable: LoopId, reversed: bool, group: Group<'_>) -> LoopNest {
        let mut wanted: Vec<Id> = group.sums.iter().map(|s| s.1).collect();
        wanted.extend(group.folds.iter().flat_map(|&fold| &self.graph.fold(fold).next));
        nest.push(variable);
        let (body, needs) = self.region(nest, &group.folds, &wanted, &group.scatters);
        nest.pop();
        let folds = group.folds.into_iter().map(|fold| Run { fold, stored: false }).collect();
        LoopNest { variable, reversed, sums: group.sums, folds, needs, body }
    }

    /// Whether a value that is available inside `nest` is computed in its innermost loop.
    fn belongs(&self, nest: &[LoopId], id: Id) -> bool {
        nest.last().is_none_or(|innermost| self.graph.depends(id).contains(innermost))
    }

    /// What a loop over `variable` inside `nest` takes from there to compute `roots`.
    fn needs(&self, nest: &[LoopId], variable: LoopId, roots: &[Id]) -> Needs {
        let mut seen = BTreeSet::new();
        let mut found = Needs::default();
        let mut open = roots.to_vec();
        while let Some(id) = open.pop() {
            if self.graph.as_constant(id).is_some() || !seen.insert(id) {
                continue;
            }
            match self.graph.op(id) {
                _ if self.graph.depends(id).iter().all(|v| nest.contains(v)) => found.values.push(id),
                Op::State(fold, _) if self.graph.fold(fold).variable != variable => open.push(self.run(fold)),
                Op::State(fold, _) if found.folds.contains(&fold) => {}
                Op::State(fold, _) => found.folds.push(fold),
                op => open.extend(self.graph.operands(op)),
            }
        }
        found
    }
}
