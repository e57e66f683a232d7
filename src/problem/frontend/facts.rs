//! What the statements of a loop tell before it is run: which variables they change, and which are asked for after it.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use naga::{Block, Expression, Handle, LocalVariable, Statement};

use super::loops::Parts;
use super::lower::Lowering;
use super::value::{Frame, Key, Pointer, Value};

/// What the statements of a loop tell, whatever is in the variables.
pub(super) struct Facts {
    /// Local variables stored to, and how often.
    pub(super) stored: Vec<(Handle<LocalVariable>, usize)>,
    /// Stores through pointers that are arguments, and calls, may change more.
    through: Vec<Handle<Expression>>,
    calls: bool,
    /// Local variables that are read outside of it, or by functions.
    pub(super) live: HashSet<Handle<LocalVariable>>,
    /// What is evaluated in it.
    pub(super) emitted: HashSet<Handle<Expression>>,
}

impl<'a> Lowering<'a> {
    /// What the statements of a loop tell; found once for each loop of the text.
    pub(super) fn facts(&mut self, frame: &Frame<'a>, (body, continuing, break_if): Parts<'a>) -> Rc<Facts> {
        let known = std::ptr::from_ref(body) as usize;
        if let Some(facts) = self.loops.get(&known) {
            return facts.clone();
        }
        let mut facts = Facts { stored: Vec::new(), through: Vec::new(), calls: false, live: HashSet::new(), emitted: HashSet::new() };
        facts.gather(frame, body);
        facts.gather(frame, continuing);
        if let Some(function) = frame.function {
            handed_on(frame, &function.body, &mut facts.live);
        }
        for (handle, expression) in frame.expressions.iter() {
            if let Expression::Load { pointer } = expression
                && (!facts.emitted.contains(&handle) || Some(handle) == break_if)
            {
                facts.live.extend(root(frame, *pointer));
            }
        }
        let facts = Rc::new(facts);
        self.loops.insert(known, facts.clone());
        facts
    }

    /// The variables that the loop may change.
    pub(super) fn changed(&self, frame: &Frame<'a>, facts: &Facts) -> BTreeSet<Key> {
        let mut changed: BTreeSet<Key> = facts.stored.iter().map(|(local, _)| Key::Local(frame.number, *local)).collect();
        for pointer in &facts.through {
            if let Expression::FunctionArgument(k) = frame.expressions[*pointer]
                && let Some(Value::Pointer(pointer)) = frame.arguments.get(k as usize)
                && let Pointer::Variable(key, _) = &**pointer
            {
                changed.insert(*key);
            }
        }
        if facts.calls || !facts.through.is_empty() {
            changed.extend(self.environment.keys().filter(|key| matches!(key, Key::Global(_))));
        }
        changed
    }
}

impl Facts {
    fn gather(&mut self, frame: &Frame<'_>, block: &Block) {
        for statement in block.iter() {
            match statement {
                Statement::Emit(range) => self.emitted.extend(range.clone()),
                Statement::Block(inner) => self.gather(frame, inner),
                Statement::If { accept, reject, .. } => [accept, reject].into_iter().for_each(|inner| self.gather(frame, inner)),
                Statement::Switch { cases, .. } => cases.iter().for_each(|case| self.gather(frame, &case.body)),
                Statement::Loop { body, continuing, .. } => [body, continuing].into_iter().for_each(|inner| self.gather(frame, inner)),
                Statement::Store { pointer, .. } => self.store(frame, *pointer),
                Statement::Call { arguments, result, .. } => {
                    self.calls = true;
                    self.emitted.extend(*result);
                    arguments.iter().for_each(|argument| self.store(frame, *argument));
                }
                _ => {}
            }
        }
    }

    /// A store to what an expression points to, if it is a pointer.
    fn store(&mut self, frame: &Frame<'_>, pointer: Handle<Expression>) {
        match base(frame, pointer) {
            Base::Local(local) => match self.stored.iter_mut().find(|stored| stored.0 == local) {
                Some(stored) => stored.1 += 1,
                None => self.stored.push((local, 1)),
            },
            Base::Other(handle) => self.through.push(handle),
        }
    }
}

enum Base {
    Local(Handle<LocalVariable>),
    Other(Handle<Expression>),
}

/// The variables that functions are given pointers to.
fn handed_on(frame: &Frame<'_>, block: &Block, found: &mut HashSet<Handle<LocalVariable>>) {
    for statement in block.iter() {
        match statement {
            Statement::Block(inner) => handed_on(frame, inner, found),
            Statement::If { accept, reject, .. } => [accept, reject].into_iter().for_each(|inner| handed_on(frame, inner, found)),
            Statement::Switch { cases, .. } => cases.iter().for_each(|case| handed_on(frame, &case.body, found)),
            Statement::Loop { body, continuing, .. } => [body, continuing].into_iter().for_each(|inner| handed_on(frame, inner, found)),
            Statement::Call { arguments, .. } => found.extend(arguments.iter().filter_map(|argument| root(frame, *argument))),
            _ => {}
        }
    }
}

/// What a pointer is a part of.
fn base(frame: &Frame<'_>, mut pointer: Handle<Expression>) -> Base {
    loop {
        match frame.expressions[pointer] {
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => pointer = base,
            Expression::LocalVariable(local) => return Base::Local(local),
            _ => return Base::Other(pointer),
        }
    }
}

/// The local variable that a pointer is a part of.
pub(super) fn root(frame: &Frame<'_>, pointer: Handle<Expression>) -> Option<Handle<LocalVariable>> {
    match base(frame, pointer) {
        Base::Local(local) => Some(local),
        Base::Other(_) => None,
    }
}
