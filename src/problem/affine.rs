//! Index arithmetic: integer expressions affine in the enclosing loop variables.

/// Names a loop variable of the program; see [`Loop`].
pub(crate) type LoopId = u32;

/// `constant + sum of coefficient * variable`, terms sorted by variable, no zero coefficients but those of [`within`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Affine {
    pub(crate) constant: i64,
    pub(crate) terms: Vec<(LoopId, i64)>,
}

/// A loop variable: it runs from `start` up to, not including, `end`; both may depend on loops of lower `level`.
///
/// Two loops of one nesting depth and range are one variable. That names a sum's body independently of the closure
/// that traced it, so that equal sums are found to be equal, and lets the scheduler run sums of one range together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Loop {
    pub(crate) level: u32,
    pub(crate) start: Affine,
    pub(crate) end: Affine,
    /// Where it ends if that is before `end`: the last block of a range may be a short one.
    pub(crate) cap: Option<Affine>,
    /// Its own number, for a loop that carries state: no other loop is the same variable.
    pub(crate) own: Option<LoopId>,
}

impl Loop {
    /// A loop that sums over its variable.
    pub(crate) fn new(level: u32, start: Affine, end: Affine) -> Self {
        Self { level, start, end, cap: None, own: None }
    }

    /// The expressions that its range is made of.
    pub(crate) fn bounds(&self) -> impl Iterator<Item = &Affine> {
        [&self.start, &self.end].into_iter().chain(&self.cap)
    }

    /// The least (`sign` -1) or greatest (`sign` +1) value of `end - start`, which is negative where the range is no range.
    pub(crate) fn length(&self, sign: i64, loops: &[Loop]) -> i64 {
        let to = |end: &Affine| extreme(&end.plus(-1, &self.start), sign, loops);
        self.cap.as_ref().map_or(i64::MAX, to).min(to(&self.end))
    }
}

impl Affine {
    pub(crate) fn constant(constant: i64) -> Self {
        Self { constant, terms: Vec::new() }
    }

    pub(crate) fn variable(id: LoopId) -> Self {
        Self { constant: 0, terms: vec![(id, 1)] }
    }

    pub(crate) fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// `self + factor * other`. Saturates, so that an absurd index is out of range instead of wrapping into it.
    pub(crate) fn plus(&self, factor: i64, other: &Self) -> Self {
        let mut terms = self.terms.clone();
        for &(id, c) in &other.terms {
            match terms.binary_search_by_key(&id, |t| t.0) {
                Ok(k) => terms[k].1 = terms[k].1.saturating_add(factor.saturating_mul(c)),
                Err(k) => terms.insert(k, (id, factor.saturating_mul(c))),
            }
        }
        terms.retain(|t| t.1 != 0);
        Self { constant: self.constant.saturating_add(factor.saturating_mul(other.constant)), terms }
    }

    pub(crate) fn coefficient(&self, id: LoopId) -> i64 {
        self.terms.iter().find(|t| t.0 == id).map_or(0, |t| t.1)
    }

    /// `self` with variable `id` replaced by `value`.
    pub(crate) fn substitute(&self, id: LoopId, value: &Self) -> Self {
        let factor = self.coefficient(id);
        let mut rest = self.clone();
        rest.terms.retain(|t| t.0 != id);
        rest.plus(factor, value)
    }

    /// The innermost loop variable in `self`.
    fn innermost(&self, loops: &[Loop]) -> Option<LoopId> {
        self.terms.iter().map(|t| t.0).max_by_key(|&id| loops[id as usize].level)
    }
}

/// The least (`sign` -1) or greatest (`sign` +1) value that `index` takes over its loops, every one of them taken to
/// run at least once: each variable in turn, from the innermost out, is set to the end of its range that pushes the
/// index outwards. Exact where no inner range is empty; see [`outside`] for the rest.
pub(crate) fn extreme(index: &Affine, sign: i64, loops: &[Loop]) -> i64 {
    let mut index = index.clone();
    while let Some(id) = index.innermost(loops) {
        let range = &loops[id as usize];
        let last = range.cap.as_ref().unwrap_or(&range.end).plus(-1, &Affine::constant(1));
        let end = if index.coefficient(id) * sign > 0 { last } else { range.start.clone() };
        index = index.substitute(id, &end);
    }
    index.constant
}

/// How many values of outer loop variables [`outside`] walks through before it settles for the cautious answer.
const WALK_LIMIT: u64 = 1 << 20;

/// A value of `index` outside `0..len`, if it takes one anywhere in the nest `open` (outermost first).
fn outside(index: &Affine, len: usize, open: &[LoopId], loops: &[Loop]) -> Option<i64> {
    let bad = |v: i64| v < 0 || v as u64 >= len as u64;
    let suspect = [extreme(index, 1, loops), extreme(index, -1, loops)].into_iter().find(|&v| bad(v))?;
    let mut left = WALK_LIMIT;
    match walk(index, open, loops, &mut Vec::new(), &mut left, &bad) {
        Walk::Fine => None,
        Walk::Bad(v) => Some(v),
        Walk::TooLong => Some(suspect),
    }
}

/// `index` if it stays in `0..len` all over the nest `open` (outermost first), else a value that does not.
///
/// A read is done in the innermost loop that its index depends on, also where a loop further in is empty. If that takes
/// the index out of range, it is given terms `0 * variable` of the loops that keep it in, so that it depends on them.
pub(crate) fn within(index: Affine, len: usize, open: &[LoopId], loops: &[Loop]) -> Result<Affine, i64> {
    let mut depends = vec![false; open.len()];
    for k in (0..open.len()).rev() {
        let inner = open[k + 1..].iter().zip(&depends[k + 1..]).filter(|(_, depends)| **depends).map(|(&id, _)| &loops[id as usize]);
        depends[k] = index.coefficient(open[k]) != 0 || inner.flat_map(Loop::bounds).any(|bound| bound.coefficient(open[k]) != 0);
    }
    for bound_to in 0..=open.len() {
        let nest: Vec<LoopId> = (0..open.len()).filter(|&k| k < bound_to || depends[k]).map(|k| open[k]).collect();
        match outside(&index, len, &nest, loops) {
            Some(value) if bound_to == open.len() => return Err(value),
            Some(_) => {}
            None => {
                let mut index = index;
                let missing: Vec<LoopId> = open[..bound_to].iter().copied().filter(|&id| index.coefficient(id) == 0).collect();
                index.terms.extend(missing.into_iter().map(|id| (id, 0)));
                index.terms.sort_unstable();
                return Ok(index);
            }
        }
    }
    unreachable!("the last round returns")
}

enum Walk {
    Fine,
    Bad(i64),
    TooLong,
}

/// Visits the nest value by value, the innermost loop by its two ends, to see whether a suspected index is ever taken.
fn walk(index: &Affine, open: &[LoopId], loops: &[Loop], at: &mut Vec<(LoopId, i64)>, left: &mut u64, bad: &dyn Fn(i64) -> bool) -> Walk {
    let value = |a: &Affine, at: &[(LoopId, i64)]| {
        at.iter().fold(a.constant, |sum, &(id, v)| sum.saturating_add(a.coefficient(id).saturating_mul(v)))
    };
    let Some((&id, inner)) = open.split_first() else {
        let v = value(index, at);
        return if bad(v) { Walk::Bad(v) } else { Walk::Fine };
    };
    let range = &loops[id as usize];
    let (start, end) = (value(&range.start, at), value(&range.end, at));
    let end = range.cap.as_ref().map_or(end, |cap| end.min(value(cap, at)));
    let ends = [start, end - 1];
    let all = start..end;
    let visit: &mut dyn Iterator<Item = i64> = if inner.is_empty() && start < end { &mut ends.into_iter() } else { &mut all.into_iter() };
    for v in visit {
        if *left == 0 {
            return Walk::TooLong;
        }
        *left -= 1;
        at.push((id, v));
        let found = walk(index, inner, loops, at, left, bad);
        at.pop();
        if !matches!(found, Walk::Fine) {
            return found;
        }
    }
    Walk::Fine
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `for i in 0..13 { for j in i + 1..13 }`
    fn triangle() -> Vec<Loop> {
        vec![
            Loop::new(0, Affine::constant(0), Affine::constant(13)),
            Loop::new(1, Affine { constant: 1, terms: vec![(0, 1)] }, Affine::constant(13)),
        ]
    }

    #[test]
    fn a_triangular_nest_is_bounded_exactly() {
        let loops = triangle();
        let difference = Affine { constant: -1, terms: vec![(0, -1), (1, 1)] };
        assert_eq!(outside(&difference, 12, &[0, 1], &loops), None, "j - i - 1 lies in 0..12");
        assert_eq!(outside(&difference, 11, &[0, 1], &loops), Some(11), "and reaches 11");
        let third = Affine { constant: 2, terms: vec![(1, 3)] };
        assert_eq!(outside(&third, 39, &[0, 1], &loops), None, "3 j + 2 ends at 38");
        assert_eq!(outside(&third, 38, &[0, 1], &loops), Some(38), "which 38 elements do not hold");
    }

    #[test]
    fn an_index_that_only_an_empty_range_would_reach_is_fine() {
        let loops = triangle();
        let start = Affine { constant: 1, terms: vec![(0, 1)] };
        assert_eq!(outside(&start, 13, &[0, 1], &loops), None, "i + 1 = 13 only where j has no value");
        assert_eq!(outside(&start, 13, &[0], &loops), Some(13), "but the outer loop alone does reach it");
    }

    #[test]
    fn a_read_in_range_only_where_an_inner_loop_runs_depends_on_that_loop() {
        let loops = triangle();
        let next = Affine { constant: 1, terms: vec![(0, 1)] };
        assert_eq!(within(next.clone(), 14, &[0, 1], &loops), Ok(next.clone()), "i + 1 <= 13 everywhere");
        assert_eq!(
            within(next.clone(), 13, &[0, 1], &loops),
            Ok(Affine { constant: 1, terms: vec![(0, 1), (1, 0)] }),
            "i + 1 = 13 where j has no value"
        );
        assert_eq!(within(next, 12, &[0, 1], &loops), Err(12), "i + 1 = 12 where j is 12");
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        let huge = Affine::constant(i64::MAX).plus(1, &Affine::constant(i64::MAX));
        assert_eq!(huge.constant, i64::MAX, "an absurd index must stay out of range");
    }
}
