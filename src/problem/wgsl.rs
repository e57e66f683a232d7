//! The program as WGSL: one function a region, one `let` an operation. The states that folds store are private variables.

mod functions;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use super::affine::Affine;
use super::evaluate::code::SUM_BLOCK;
use super::graph::{Binary, Fold, FoldId, Graph, Id, Op, Unary};
use super::program::Program;
use super::schedule::{LoopNest, Region, Run, Statement};

/// The functions of `program`; `arrays` gives where each data array begins in the one that holds them all.
pub(super) fn write(program: &Program, arrays: &[usize]) -> String {
    let mut writer = Writer { graph: &program.graph, arrays, functions: String::new(), count: 0, stores: BTreeMap::new() };
    let mut body = String::new();
    writer.region(&mut body, &program.root, &mut HashMap::new());
    let (value, scale) = (writer.name(program.value), writer.name(program.scale));
    let mut text = String::new();
    for (fold, numbers) in writer.stores {
        _ = writeln!(text, "var<private> mm_s{fold}: array<f32, {numbers}>;");
    }
    text += &writer.functions;
    _ = write!(text, "fn mm_objective() -> vec2<f32> {{\n{body}    return vec2<f32>({value}, {scale});\n}}\n");
    functions::called_by(&text) + &text
}

struct Writer<'a> {
    graph: &'a Graph,
    arrays: &'a [usize],
    functions: String,
    count: usize,
    /// The folds whose states are stored, and how many numbers those are.
    stores: BTreeMap<FoldId, u64>,
}

/// The WGSL name of what holds the current value of each loop variable in scope.
type Variables = HashMap<u32, String>;

impl Writer<'_> {
    fn region(&mut self, out: &mut String, region: &Region, variables: &mut Variables) {
        for statement in &region.statements {
            match statement {
                Statement::Let(id) => {
                    let expression = self.expression(*id, variables);
                    _ = writeln!(out, "    let v{id} = {expression};");
                }
                Statement::Loop(nest) => self.nest(out, nest, variables),
                Statement::Scatter { index, value } => {
                    _ = writeln!(out, "    mm_g({}, {});", self.index(index, 0, variables), self.name(*value));
                }
            }
        }
    }

    /// A loop becomes a function of the outer values and loop variables that it needs; it returns its sums and the last states.
    fn nest(&mut self, out: &mut String, nest: &LoopNest, variables: &mut Variables) {
        let number = self.count;
        self.count += 1;
        let folds: Vec<(&Fold, Run)> = nest.folds.iter().map(|run| (self.graph.fold(run.fold), *run)).collect();
        let initial = folds.iter().flat_map(|(fold, _)| &fold.initial).copied();
        let taken: BTreeSet<Id> = nest.needs.iter().copied().chain(initial).filter(|&id| self.graph.as_constant(id).is_none()).collect();
        let mut arguments: Vec<(String, &str)> = taken.iter().map(|id| (format!("v{id}"), "f32")).collect();
        let mut outer: Vec<&String> = variables.values().collect();
        outer.sort();
        arguments.extend(outer.into_iter().map(|name| (name.clone(), "i32")));
        let list = |f: &dyn Fn(&(String, &str)) -> String| arguments.iter().map(f).collect::<Vec<_>>().join(", ");
        let call = format!("mm_loop{number}({})", list(&|a| a.0.clone()));
        let sums: Vec<Id> = nest.sums.iter().map(|sum| sum.0).collect();
        let given: Vec<Id> = sums.iter().chain(folds.iter().flat_map(|(fold, _)| &fold.results)).copied().collect();
        let returns = if given.is_empty() { String::new() } else { format!(" -> array<f32, {}>", given.len()) };

        let mut text = String::new();
        _ = writeln!(text, "fn mm_loop{number}({}){returns} {{", list(&|a| format!("{}: {}", a.0, a.1)));
        let results = self.function(&mut text, nest, &folds, variables);
        if !given.is_empty() {
            _ = writeln!(text, "    return array<f32, {}>({});", given.len(), results.join(", "));
        }
        text += "}\n";
        self.functions += &text;

        if given.is_empty() {
            _ = writeln!(out, "    {call};");
            return;
        }
        _ = writeln!(out, "    let r{number} = {call};");
        for (k, id) in given.iter().enumerate() {
            _ = writeln!(out, "    let v{id} = r{number}[{k}];");
        }
    }

    /// The body of a loop's function; returns what that is to return.
    fn function(&mut self, text: &mut String, nest: &LoopNest, folds: &[(&Fold, Run)], variables: &mut Variables) -> Vec<String> {
        let range = &self.graph.loops[nest.variable as usize];
        let (start, mut end) = (self.signed(&range.start, variables), self.signed(&range.end, variables));
        if let Some(cap) = &range.cap {
            end = format!("min({end}, {})", self.signed(cap, variables));
        }
        let variable = format!("i{}", nest.variable);
        variables.insert(nest.variable, variable.clone());
        let mut body = String::new();
        for (fold, run) in folds {
            for (k, state) in fold.state.iter().enumerate() {
                _ = writeln!(body, "    let v{state} = c{state};");
                if run.stored {
                    _ = writeln!(body, "    {} = v{state};", self.stored(run.fold, k as u32, variables));
                }
            }
        }
        self.region(&mut body, &nest.body, variables);
        variables.remove(&nest.variable);

        for k in 0..nest.sums.len() {
            _ = writeln!(text, "    var s{k} = 0.0;\n    var t{k} = 0.0;");
        }
        for (state, initial) in folds.iter().flat_map(|(fold, _)| fold.state.iter().zip(&fold.initial)) {
            _ = writeln!(text, "    var c{state} = {};", self.name(*initial));
        }
        _ = match nest.reversed {
            true => writeln!(text, "    for (var {variable} = {end} - 1; {variable} >= {start}; {variable}--) {{"),
            false => writeln!(text, "    for (var {variable} = {start}; {variable} < {end}; {variable}++) {{"),
        };
        body.lines().for_each(|line| _ = writeln!(text, "    {line}"));
        for (k, (_, value)) in nest.sums.iter().enumerate() {
            _ = writeln!(text, "        s{k} += {};", self.name(*value));
        }
        if !nest.sums.is_empty() {
            let done = if nest.reversed { format!("{end} - {variable}") } else { format!("{variable} - {start} + 1") };
            // Written for loops that are too short for it as well: the text is the same for any length, and a compiler drops what it
            // knows to be false.
            let most = self.graph.most_trips(nest.variable);
            _ = writeln!(text, "        if ({SUM_BLOCK}u < {}u && ({done}) % {SUM_BLOCK} == 0) {{", most.min(u64::from(u32::MAX)));
            for k in 0..nest.sums.len() {
                _ = writeln!(text, "            t{k} += s{k};\n            s{k} = 0.0;");
            }
            *text += "        }\n";
        }
        for (state, next) in folds.iter().flat_map(|(fold, _)| fold.state.iter().zip(&fold.next)).filter(|(state, next)| state != next) {
            _ = writeln!(text, "        c{state} = {};", self.name(*next));
        }
        *text += "    }\n";
        let sums = (0..nest.sums.len()).map(|k| format!("t{k} + s{k}"));
        sums.chain(folds.iter().flat_map(|(fold, _)| &fold.state).map(|state| format!("c{state}"))).collect()
    }

    /// Where part `k` of the state of a fold is stored for the round of its loop.
    fn stored(&mut self, fold: FoldId, k: u32, variables: &Variables) -> String {
        let Fold { variable, ref state, .. } = *self.graph.fold(fold);
        self.stores.insert(fold, self.graph.most_trips(variable).saturating_mul(state.len() as u64));
        let round = Affine::variable(variable).plus(-1, &self.graph.loops[variable as usize].start);
        let parts = state.len() as i64;
        format!("mm_s{fold}[{}]", self.index(&Affine::constant(k.into()).plus(parts, &round), 0, variables))
    }

    fn expression(&mut self, id: Id, variables: &Variables) -> String {
        match self.graph.op(id) {
            Op::Constant(_) => self.name(id),
            Op::Coordinate(index) => format!("mm_x({})", self.index(self.graph.affine(index), 0, variables)),
            Op::Parameter(index) => format!("mm_p({})", self.index(self.graph.affine(index), 0, variables)),
            Op::Data(array, index) => {
                format!("mm_d({})", self.index(self.graph.affine(index), self.arrays[array as usize] as i64, variables))
            }
            Op::Number(index) => format!("f32({})", self.signed(self.graph.affine(index), variables)),
            Op::Unary(op, a) => unary(op, &self.name(a)),
            Op::Binary(op, a, b) => binary(op, &self.name(a), &self.name(b)),
            Op::Select(c, a, b) => format!("select({}, {}, {} != 0.0)", self.name(b), self.name(a), self.name(c)),
            Op::State(fold, k) => self.stored(fold, k, variables),
            Op::Power(..) | Op::Sum(..) | Op::Folded(..) => unreachable!("powers are expanded, sums and folds are loops by now"),
        }
    }

    fn name(&self, id: Id) -> String {
        match self.graph.as_constant(id) {
            Some(value) => literal(value),
            None => format!("v{id}"),
        }
    }

    fn signed(&self, index: &Affine, variables: &Variables) -> String {
        let mut text = String::new();
        for (id, coefficient) in &index.terms {
            let sign = if *coefficient < 0 { "-" } else { "+" };
            let separator = if text.is_empty() { sign.trim_start_matches('+').to_string() } else { format!(" {sign} ") };
            text += &separator;
            match coefficient.unsigned_abs() {
                1 => text += &variables[id],
                times => _ = write!(text, "{times} * {}", variables[id]),
            }
        }
        match index.constant {
            constant if text.is_empty() => return constant.to_string(),
            0 => {}
            constant if constant < 0 => _ = write!(text, " - {}", constant.unsigned_abs()),
            constant => _ = write!(text, " + {constant}"),
        }
        format!("({text})")
    }

    fn index(&self, index: &Affine, base: i64, variables: &Variables) -> String {
        let shifted = Affine { constant: index.constant + base, terms: index.terms.clone() };
        match shifted.as_constant() {
            Some(constant) => format!("{constant}u"),
            None => format!("u32{}", self.signed(&shifted, variables)),
        }
    }
}

/// The f32 nearest to `value`, so that both engines read one number. What overflows is refused before an engine starts.
fn literal(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "shaders compute in f32")]
    let value = value as f32;
    let text = format!("{value:e}");
    if value < 0.0 { format!("({text}f)") } else { format!("{text}f") }
}

fn unary(op: Unary, a: &str) -> String {
    let name = match op {
        Unary::Neg => return format!("-{a}"),
        Unary::Abs => "abs",
        Unary::Sqrt => "sqrt",
        Unary::Exp => "mm_exp",
        Unary::Ln => "log",
        Unary::Log2 => "log2",
        Unary::Sin => "mm_sin",
        Unary::Cos => "mm_cos",
        Unary::Tan => "mm_tan",
        Unary::Asin => "mm_asin",
        Unary::Acos => "mm_acos",
        Unary::Atan => "mm_atan",
        Unary::Sinh => "mm_sinh",
        Unary::Cosh => "mm_cosh",
        Unary::Tanh => "mm_tanh",
        Unary::Erf => "mm_erf",
        Unary::Floor => "floor",
    };
    format!("{name}({a})")
}

fn binary(op: Binary, a: &str, b: &str) -> String {
    let truth = |sign: &str| format!("select(0.0, 1.0, {a} {sign} {b})");
    match op {
        Binary::Add => format!("{a} + {b}"),
        Binary::Sub => format!("{a} - {b}"),
        Binary::Mul => format!("{a} * {b}"),
        Binary::Div => format!("{a} / {b}"),
        Binary::Min => format!("mm_min({a}, {b})"),
        Binary::Max => format!("mm_max({a}, {b})"),
        Binary::Pow => format!("mm_pow({a}, {b})"),
        Binary::Atan2 => format!("mm_atan2({a}, {b})"),
        Binary::Hypot => format!("mm_hypot({a}, {b})"),
        Binary::Less => truth("<"),
        Binary::LessEqual => truth("<="),
        Binary::Equal => truth("=="),
    }
}
