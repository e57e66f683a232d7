//! Loops, run.
//!
//! A loop's body is run once for all its rounds, with its counters as indices made of the loop's variable. What it adds to
//! a variable is a sum; what else it carries from round to round is a fold. Where a condition asks for the loop's
//! variable, the loop is cut in two, so that the condition has one answer in each: `if (i != j)` costs nothing.

use naga::Span;

use super::super::affine::{Affine, Loop, LoopId, extreme};
use super::super::graph::Id;
use super::carried::{Fate, Leaf};
use super::loops::{Parts, Plan};
use super::lower::Lowering;
use super::value::{Environment, Frame, Key, Lowered, Stop, Truth, Value};

/// Loops in loops.
const DEEPEST_NEST: usize = 16;
const TOO_DEEP: &str = "loops are nested too deep";
/// Rounds of all loops together: minutes, at every evaluation.
const MOST_ROUNDS: i64 = 1 << 32;
/// Pieces that conditions may cut a loop into.
const MOST_PIECES: usize = 32;
/// Scalars that a loop may carry from round to round.
const MOST_CARRIED: usize = 512;

/// What a run of the body over a loop's variable gave.
enum Outcome {
    Done,
    /// Lanes leave the loop at different rounds: whether they have left is to be carried as well.
    Leaves,
    /// Every lane leaves in the first round.
    Once,
}

impl<'a> Lowering<'a> {
    /// Runs a loop.
    pub(super) fn repeat(&mut self, frame: &mut Frame<'a>, parts: Parts<'a>, span: Span) -> Lowered<()> {
        if self.open.len() >= DEEPEST_NEST {
            return Stop::failed(TOO_DEEP, "Run two loops as one, over a longer range.");
        }
        let around = [Key::Broke, Key::Continued].map(|key| (key, self.environment.remove(&key)));
        let plan = self.plan(frame, parts, span)?;
        let rounds = self.open.iter().map(|&open| self.graph.most_trips(open) as i64).fold(1, i64::saturating_mul);
        if rounds.saturating_mul(extreme(&plan.rounds, 1, &self.graph.loops).max(1)) > MOST_ROUNDS {
            return Stop::failed(format!("this loop runs more than {MOST_ROUNDS} rounds"), "Every evaluation runs all of them.");
        }
        let before = self.copy()?;
        self.pieces(frame, &plan, span)?;
        let mut left = self.left();
        let mut plan = plan;
        if !matches!(left, Truth::Known(_)) && plan.counters.len() > 1 {
            // Other counters tell when each lane has left: they are carried as all else is.
            plan.counters.truncate(1);
            self.environment = before;
            self.pieces(frame, &plan, span)?;
            left = self.left();
        }
        if left != Truth::Known(true) {
            self.after(frame, &plan, &left)?;
        }
        for (key, value) in around {
            self.environment.remove(&key);
            self.environment.extend(value.map(|value| (key, value)));
        }
        Ok(())
    }

    /// The counters after the loop, and what runs once more.
    fn after(&mut self, frame: &mut Frame<'a>, plan: &Plan<'a>, left: &Truth) -> Lowered<()> {
        let ends = extreme(&plan.rounds, -1, &self.graph.loops) >= 0;
        for (counter, grown) in plan.counters.iter().zip(&plan.grown) {
            let start = &counter.start;
            let value = match plan.rounds.as_constant() {
                _ if *left != Truth::Known(false) => Value::Unknown("the counter of a loop that lanes leave at different rounds"),
                Some(rounds) if rounds <= 0 && plan.last.is_empty() => Value::index(counter.signed, start.clone()),
                _ if ends => Value::index(counter.signed, start.plus(1, grown)),
                _ => Value::Unknown("the counter of a loop that may have no rounds"),
            };
            self.environment.insert(counter.key, value);
        }
        if plan.last.is_empty() {
            return Ok(());
        }
        for counter in &plan.counters {
            let at_end = plan.start.plus(1, &plan.rounds);
            self.environment.insert(counter.key, counter.value(&at_end, &plan.start));
        }
        match left {
            Truth::Known(_) => self.list(frame, &plan.last),
            left => self.unless(left, |this| this.list(frame, &plan.last)),
        }
    }

    /// Runs the rounds, in as many pieces as conditions cut them into.
    fn pieces(&mut self, frame: &mut Frame<'a>, plan: &Plan<'a>, span: Span) -> Lowered<()> {
        let mut pieces = vec![(plan.start.clone(), plan.start.plus(1, &plan.rounds))];
        let mut cuts = 0;
        while let Some((start, end)) = pieces.pop() {
            if extreme(&end.plus(-1, &start), 1, &self.graph.loops) <= 0 {
                continue;
            }
            let before = self.copy()?;
            let (depth, open, counters) = (self.depth, self.open.len(), self.counters.len());
            let ran = match self.left() {
                Truth::Known(true) => return Ok(()),
                Truth::Known(false) => self.piece(frame, plan, &start, &end, span),
                left => self.unless(&left, |this| this.piece(frame, plan, &start, &end, span)),
            };
            match ran {
                Err(Stop::Split { variable, at }) if self.open[open..].contains(&variable) => {
                    self.environment = before;
                    self.depth = depth;
                    self.open.truncate(open);
                    self.counters.truncate(counters);
                    cuts += 1;
                    if cuts >= MOST_PIECES {
                        return Stop::failed(
                            format!("conditions on its counter cut this loop into more than {MOST_PIECES} pieces"),
                            "Write a table of what differs, and index it.",
                        );
                    }
                    pieces.push((at.clone(), end));
                    pieces.push((start, at));
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn piece(&mut self, frame: &mut Frame<'a>, plan: &Plan<'a>, start: &Affine, end: &Affine, span: Span) -> Lowered<()> {
        if end.plus(-1, start).as_constant() == Some(1) {
            return self.once(frame, plan, start);
        }
        let carried: Vec<Key> =
            plan.changed.iter().copied().filter(|key| !plan.counters.iter().any(|counter| counter.key == *key)).collect();
        match self.looped(frame, plan, (start, end), &carried)? {
            Outcome::Done => Ok(()),
            Outcome::Leaves => {
                let mut carried = carried;
                carried.extend([Key::Returned, Key::Broke]);
                for flag in [Key::Returned, Key::Broke] {
                    self.environment.insert(flag, Value::truth(false));
                }
                if let Some(result) = frame.function.and_then(|function| function.result.as_ref()) {
                    let zero = self.zero(result.ty)?;
                    self.environment.entry(Key::Result).or_insert(zero);
                    carried.push(Key::Result);
                }
                match self.looped(frame, plan, (start, end), &carried)? {
                    Outcome::Done => Ok(()),
                    _ => Stop::failed("this loop is left in a way that is not followed", "").map_err(|stop: Stop| stop.at(span)),
                }
            }
            Outcome::Once if extreme(&end.plus(-1, start), -1, &self.graph.loops) >= 1 => self.once(frame, plan, start),
            Outcome::Once => Stop::failed("this loop is left in its first round, which it may not have", "Leave out the loop."),
        }
    }

    /// One round, as if there were no loop.
    fn once(&mut self, frame: &mut Frame<'a>, plan: &Plan<'a>, at: &Affine) -> Lowered<()> {
        for counter in &plan.counters {
            self.environment.insert(counter.key, counter.value(at, &plan.start));
        }
        self.round(frame, plan)
    }

    fn round(&mut self, frame: &mut Frame<'a>, plan: &Plan<'a>) -> Lowered<()> {
        let mark = self.counters.len();
        self.counters.extend(plan.counters.iter().map(|counter| counter.key));
        self.list(frame, &plan.body)?;
        self.environment.remove(&Key::Continued);
        self.list(frame, &plan.continuing)?;
        self.counters.truncate(mark);
        Ok(())
    }

    /// Runs the body for a variable from `start` up to `end`, with `carried` from round to round.
    fn looped(&mut self, frame: &mut Frame<'a>, plan: &Plan<'a>, range: (&Affine, &Affine), carried: &[Key]) -> Lowered<Outcome> {
        let before = self.copy()?;
        let mut leaves = Vec::new();
        for key in carried {
            if let Some(value) = before.get(key) {
                self.leaves(*key, value, &mut Vec::new(), &mut leaves)?;
            }
        }
        if leaves.len() > MOST_CARRIED {
            return Stop::failed(
                format!(
                    "this loop changes {} numbers that it carries from round to round, and up to {MOST_CARRIED} are carried",
                    leaves.len()
                ),
                "Keep arrays that a loop writes small, or compute their elements where they are needed, by a function of the index.",
            );
        }
        loop {
            let initial: Lowered<Vec<Id>> = leaves.iter().map(|leaf| self.scalar(&leaf.initial)).collect();
            let initial = initial?;
            let level = self.open.len() as u32;
            let variable = self.graph.intern_loop(Loop::new(level, range.0.clone(), range.1.clone()));
            self.open.push(variable);
            // A fold that never ends: its state only stands for what comes from the round before.
            let stand_in = self.graph.begin_over(variable, false, initial.clone());
            let state = self.graph.fold(stand_in).state.clone();
            self.environment.clone_from(&before);
            let next = self.run_round(frame, plan, variable, &leaves, &state)?;
            self.open.pop();
            let left = [Key::Returned, Key::Broke].map(|key| self.flag(key));
            if !carried.contains(&Key::Broke) && left.iter().any(|flag| *flag != Truth::Known(false)) {
                self.environment = before;
                return Ok(if left.contains(&Truth::Known(true)) { Outcome::Once } else { Outcome::Leaves });
            }
            let fates = self.fates(plan, variable, &leaves, &state, &next)?;
            if fates.contains(&Fate::Frozen) {
                // What is made of them is no longer taken for something that is carried.
                let mut fates = fates.iter();
                leaves.retain(|_| fates.next() != Some(&Fate::Frozen));
                continue;
            }
            let results = self.folded(frame, plan, range, &before, &leaves, (&initial, &fates))?;
            self.environment = before;
            for (k, leaf) in leaves.iter().enumerate() {
                let value = match results[k] {
                    Some(result) => self.scalar_like(&leaf.initial, result),
                    None => self.fated(variable, leaf, initial[k], &fates[k])?,
                };
                self.put(leaf, value)?;
            }
            return Ok(Outcome::Done);
        }
    }

    /// The fold of those leaves that are carried: what they are after the loop.
    fn folded(
        &mut self,
        frame: &mut Frame<'a>,
        plan: &Plan<'a>,
        (start, end): (&Affine, &Affine),
        before: &Environment,
        leaves: &[Leaf],
        (initial, fates): (&[Id], &[Fate]),
    ) -> Lowered<Vec<Option<Id>>> {
        let mut results = vec![None; leaves.len()];
        let carried: Vec<usize> = (0..leaves.len()).filter(|&k| fates[k] == Fate::Folded).collect();
        if carried.is_empty() {
            return Ok(results);
        }
        let parts: Vec<Id> = carried.iter().map(|&k| initial[k]).collect();
        let around = self.open.len();
        if around + self.graph.fold_levels(start, end, parts.len()) > DEEPEST_NEST {
            return Stop::failed(
                TOO_DEEP,
                "A loop that carries many numbers over many rounds counts as several. Run two loops as one, over a longer range.",
            );
        }
        let open = self.graph.begin_fold(around as u32, start.clone(), end.clone(), &parts);
        self.open.extend(&open.variables);
        let mut state = initial.to_vec();
        for (&k, &part) in carried.iter().zip(&open.state) {
            state[k] = part;
        }
        self.environment.clone_from(before);
        let counts = self.open[self.open.len() - 1];
        let next = self.run_round(frame, plan, counts, leaves, &state)?;
        self.open.truncate(around);
        let next: Option<Vec<Id>> = carried.iter().map(|&k| next[k]).collect();
        let Some(next) = next else { return self.unknown("a variable of a loop, in its next round") };
        for (k, result) in carried.into_iter().zip(self.graph.end_fold(open, next)) {
            results[k] = Some(result);
        }
        Ok(results)
    }

    /// Runs the body with `state` in the places of `leaves`, and gives what they are at the end of the round.
    fn run_round(
        &mut self,
        frame: &mut Frame<'a>,
        plan: &Plan<'a>,
        variable: LoopId,
        leaves: &[Leaf],
        state: &[Id],
    ) -> Lowered<Vec<Option<Id>>> {
        for (leaf, &id) in leaves.iter().zip(state) {
            let value = self.scalar_like(&leaf.initial, id);
            self.put(leaf, value)?;
        }
        let at = Affine::variable(variable);
        self.once(frame, plan, &at)?;
        let next_round = at.plus(1, &Affine::constant(1));
        for counter in &plan.counters {
            let expected = counter.value(&next_round, &plan.start);
            let is_so = self.environment.get(&counter.key).is_some_and(|value| value.is_same(&expected));
            if !is_so {
                return Stop::failed(
                    "the counter of this loop does not grow by the same in every round",
                    "Change it in one place that every round comes to, as `for (...; i++)` does; count anything else in a variable of its own.",
                );
            }
        }
        leaves.iter().map(|leaf| self.taken(leaf)).collect()
    }
}
