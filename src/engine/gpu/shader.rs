//! The shader's text: a preamble generated from the lane's table, the constants and the codes; the objective; the stages.
//!
//! No number stands in two languages: what shaders share with the CPU engine comes from here.

use std::collections::HashSet;
use std::fmt::Write;

use super::clock::STAMP_WORDS;
use super::stages::{STAGES, bounds_stage, method_stages, search_stages, settings, trail_stage};
use crate::engine::lane::{DEMANDS, Extent, FIELDS, Kind, Phase};
use crate::method::constants as c;
use crate::method::{FloorPolicy, Method, Status, Test, Walk};
use crate::problem::Problem;
use crate::problem::evaluate::code::SUM_BLOCK;
use crate::problem::evaluate::real::Real;

/// Invocations in a workgroup.
pub(super) const WORKGROUP: u32 = 64;

/// Bits of `flags`.
pub(super) mod flag {
    /// A lane that has accepted a step waits.
    pub(crate) const STEPPING: u32 = 1;
    /// No lane waits any more: a step, or a free run, begins.
    pub(crate) const RELEASE: u32 = 2;
    /// Reports bring points.
    pub(crate) const WITH_POINTS: u32 = 4;
}

/// What a report says of a lane: fields by name, then the norm of the gradient.
pub(super) const REPORT: [&str; 18] = [
    "lane",
    "status",
    "iterations",
    "evaluations",
    "refused",
    "resets",
    "longest_search",
    "restarts",
    "best_elsewhere",
    "value",
    "gradient_max",
    "step",
    "accepted_alpha",
    "accepted_mu",
    "measured",
    "threshold",
    "best_value",
    "best_gradient_max",
];
/// The words of a report.
pub(super) const REPORT_WORDS: usize = REPORT.len() + 1;

/// The lists of slots, each `pool` long: two of lanes under way in turn, one of lanes that have ended, then sums.
pub(super) mod list {
    pub(crate) const ENDED: u32 = 2;
    pub(crate) const SUMS: u32 = 3;
}

/// Vectors of up to so many components live in an invocation's own memory while it runs.
const MOST_PRIVATE: usize = 64;

/// The sizes that the text is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) dimension: usize,
    pub(super) memory: usize,
    /// Numbers of the method's matrix.
    pub(super) matrix: usize,
    pub(super) parameters: usize,
    /// Lanes have boxes.
    pub(super) bounded: bool,
    /// Rows that lanes keep of their progress.
    pub(super) trail: usize,
}

/// A vector of a lane, and where it lives.
struct Vector {
    name: &'static str,
    len: usize,
    /// It has a place in the buffer of vectors.
    stored: bool,
    /// It lives in the invocation's memory while that runs.
    private: bool,
}

impl Shape {
    /// That of lanes of a problem, moved by a method, which keep a trail of so many rows.
    pub(super) fn of(problem: &Problem, method: Method, bounded: bool, trail: usize) -> Self {
        let (dimension, parameters) = (problem.dimension(), problem.parameters());
        Self { dimension, memory: method.memory(), matrix: method.matrix(dimension), parameters, bounded, trail }
    }

    fn vectors(self) -> Vec<Vector> {
        let small = self.dimension <= MOST_PRIVATE && self.memory <= MOST_PRIVATE;
        let (n, m) = (self.dimension, self.memory);
        let (sides, weights) = if self.bounded { (n, m) } else { (0, 0) };
        let vector = |name, len, private, work: bool| Vector { name, len, stored: !(work && private), private };
        let all = [
            vector("x", n, small, false),
            vector("g", n, small, false),
            vector("d", n, small, false),
            vector("best", n, false, false),
            vector("rho", m, false, false),
            vector("trial_x", n, small, true),
            vector("trial_g", n, small, true),
            vector("q", n, small, true),
            vector("coefficient", m, small, true),
            vector("lower", sides, false, false),
            vector("upper", sides, false, false),
            vector("weight", weights, small, true),
            vector("trail", self.trail_elements(), false, false),
        ];
        all.into_iter().filter(|vector| vector.len > 0).collect()
    }

    /// Elements of the vectors' buffer, a lane.
    pub(super) fn vector_elements(self) -> usize {
        self.vectors().iter().filter(|v| v.stored).map(|v| v.len).sum()
    }

    /// Elements of the fields' buffer, a lane.
    pub(super) fn field_elements(self) -> usize {
        FIELDS.iter().filter(|f| f.extent == Extent::One).count()
    }

    /// Numbers of a lane's box.
    pub(super) fn box_elements(self) -> usize {
        if self.bounded { 2 * self.dimension } else { 0 }
    }

    /// Numbers of a lane's trail.
    pub(super) fn trail_elements(self) -> usize {
        2 * self.trail
    }

    /// Words of a report with points: the best one, the last one, and the trail.
    pub(super) fn point_words(self) -> usize {
        2 * self.dimension + self.trail_elements()
    }

    /// Words of a lane on its way to the device: its number, its start, its parameters, its box and what ends it.
    pub(super) fn start_words(self) -> usize {
        1 + self.dimension + self.parameters + self.box_elements() + DEMANDS.len()
    }

    /// Words of a lane's whole state: see shaders/state.wgsl.
    pub(super) fn state_words(self) -> usize {
        let lane = self.field_elements() + 4 * self.dimension + self.parameters + self.box_elements() + self.trail_elements();
        lane + self.memory * (2 * self.dimension + 1) + self.matrix
    }

    /// Elements of the buffers of steps and of changes, a lane: those of its pairs. A matrix takes the place of the steps.
    pub(super) fn step_elements(self) -> usize {
        self.dimension * self.memory + self.matrix
    }

    pub(super) fn change_elements(self) -> usize {
        self.dimension * self.memory
    }

    /// The most iterations that the loops of one round take beside the objective's, and those around the rounds.
    pub(super) fn loop_iterations(self) -> (u64, u64) {
        let (n, m) = (self.dimension as u64, self.memory as u64);
        // evaluate 2, resolved or promise or farthest, twice 3, pair, ring, best and move 4, recursion 2 + 2 (m + 1), direction 3
        let round = n * (2 + 6 + 4 + 2 + 2 * (m + 1) + 3) + 2 * m + 1;
        // held ones, the pairs' weights, the promise, descent and steepest gradient
        let bounds = if self.bounded { n * (4 + 2 * m) + m } else { 0 };
        // A matrix is passed over three times, and its rows.
        let matrix = if self.matrix > 0 { 3 * self.matrix as u64 + 5 * n } else { 0 };
        let around = self.box_elements() + self.parameters + self.trail + 64;
        (round + bounds + matrix, 5 * n + around as u64)
    }
}

/// The whole text for lanes that walk in that way, and a problem whose value and gradient `objective` computes.
pub(super) fn assemble(shape: Shape, walk: Walk, objective: &str) -> String {
    let mut stages = String::new();
    let own = search_stages(walk.line_search).iter().copied().chain(method_stages(walk.method, shape.bounded));
    for (name, stage) in STAGES.into_iter().chain([bounds_stage(shape.bounded), trail_stage(shape.trail)]).chain(own) {
        _ = write!(stages, "\n// shaders/{name}.wgsl\n{stage}");
        if name == "memory" {
            _ = write!(stages, "\n// The objective.\n{objective}");
        }
    }
    [preamble(shape), settings(walk), accessors(shape, &stages), stages].concat()
}

/// Sizes, constants and codes.
fn preamble(shape: Shape) -> String {
    let mut text = String::from("// Generated: sizes, constants, codes.\n");
    let mut word = |name: &str, value: u32| _ = writeln!(text, "const {name}: u32 = {value}u;");
    word("N", shape.dimension as u32);
    word("MEMORY", shape.memory as u32);
    word("PARAMETERS", shape.parameters as u32);
    word("FIELDS", shape.field_elements() as u32);
    word("VECTOR_ROWS", shape.vector_elements() as u32);
    word("STEP_ROWS", shape.step_elements() as u32);
    word("CHANGE_ROWS", shape.change_elements() as u32);
    word("BOX", shape.box_elements() as u32);
    word("TRAIL", shape.trail as u32);
    word("WORD_BITS", u32::BITS);
    word("HELD_WORDS", (shape.dimension as u32).div_ceil(u32::BITS));
    word("WORKGROUP", WORKGROUP);
    word("SUM_BLOCK", SUM_BLOCK as u32);
    word("REPORT", REPORT_WORDS as u32);
    word("STATE", shape.state_words() as u32);
    word("STAMPS", STAMP_WORDS as u32);
    word("ENDED", list::ENDED);
    word("SUMS", list::SUMS);
    word("STEPPING", flag::STEPPING);
    word("RELEASE", flag::RELEASE);
    word("DEMANDS", DEMANDS.len() as u32);
    word("FLOOR_CLASSIFY", FloorPolicy::Classify as u32);
    word("FLOOR_STOP", FloorPolicy::Stop as u32);
    word("FLOOR_OFF", FloorPolicy::Off as u32);
    word("WITH_POINTS", flag::WITH_POINTS);
    word("EXPONENT_BITS", f32::INFINITY.to_bits());
    word("MINUS_INFINITY_BITS", f32::NEG_INFINITY.to_bits());
    word("NAN_BITS", f32::NAN.to_bits());
    word("MOST_EXPANSIONS", c::MOST_EXPANSIONS);
    word("MOST_RESETS", c::MOST_RESETS);
    word("MOST_STAGNANT", c::MOST_STAGNANT);
    for (name, phase) in
        [("PHASE_IDLE", Phase::Idle), ("PHASE_FRESH", Phase::Fresh), ("PHASE_SEARCH", Phase::Search), ("PHASE_RETAKE", Phase::Retake)]
    {
        word(name, phase as u32);
    }
    for code in 0.. {
        let Some(status) = Status::from_code(code) else { break };
        word(&status.name().to_uppercase(), code);
    }
    for field in ["lane", "phase", "waits", "value", "gradient_max"] {
        word(&format!("{}_FIELD", field.to_uppercase()), field_number(field));
    }
    let mut float = |name: &str, value: f64| _ = writeln!(text, "const {name}: f32 = {:e}f;", value as f32);
    float("EPSILON", f64::from(f32::EPSILON));
    float("TINY", f64::from(f32::TINY));
    float("HUGE", f64::from(f32::HUGE));
    float("FAR", f64::from(f32::FAR));
    float("APPROXIMATE", c::APPROXIMATE);
    float("NOISE_UNITS", c::NOISE_UNITS);
    float("NOISE_SHARE", c::NOISE_SHARE);
    float("EXPANSION", c::EXPANSION);
    float("RETREAT", c::RETREAT);
    float("MARGIN", c::MARGIN);
    float("SHRINKAGE", c::SHRINKAGE);
    float("RESOLUTION", c::RESOLUTION);
    float("MISLED", c::MISLED);
    float("MOST_BEND", c::MOST_BEND);
    float("EXCESS_WEIGHT", c::EXCESS_WEIGHT);
    float("MEASURED_NOISE", c::MEASURED_NOISE);
    float("MOST_ROUGHNESS", c::MOST_ROUGHNESS);
    float("GRADIENT_TELLS", c::GRADIENT_TELLS);
    float("GRADIENT_PROGRESS", c::GRADIENT_PROGRESS);
    float("GRADIENT_ESCAPE", c::GRADIENT_ESCAPE);
    text
}

/// The place of a field in the buffer of fields.
pub(super) fn field_number(name: &str) -> u32 {
    FIELDS.iter().position(|field| field.name == name).unwrap_or_else(|| unreachable!("the table has a field {name}")) as u32
}

/// The lane's fields, as far as `stages` name them, and functions that reach its memory.
fn accessors(shape: Shape, stages: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let named: HashSet<&str> =
        stages.match_indices("lane.").filter_map(|(at, dot)| stages[at + dot.len()..].split(|c| !is_word(c)).next()).collect();
    let scalars = || FIELDS.iter().enumerate().filter(|(_, field)| field.extent == Extent::One && named.contains(field.name));
    let mut text = String::from("\nstruct Lane {\n");
    for (_, field) in scalars() {
        _ = writeln!(text, "    {}: {},", field.name, if field.kind == Kind::Float { "f32" } else { "u32" });
    }
    text += "}\n\nfn load_lane() {\n";
    for (k, field) in scalars() {
        let word = format!("fields[{k}u * rules.pool + slot]");
        let value = if field.kind == Kind::Float { format!("bitcast<f32>({word})") } else { word };
        _ = writeln!(text, "    lane.{} = {value};", field.name);
    }
    text += "}\n\nfn place_demands(source: u32) {\n";
    for (at, name) in DEMANDS.iter().enumerate() {
        _ = writeln!(text, "    fields[{}u * rules.pool + slot] = transfer[source + {at}u];", field_number(name));
    }
    // What the lane keeps as it is given stays where it stands.
    text += "}\n\nfn store_lane() {\n";
    for (k, field) in scalars().filter(|(_, field)| !DEMANDS.contains(&field.name)) {
        _ = writeln!(text, "    fields[{k}u * rules.pool + slot] = {};", as_word(field.name));
    }
    text += "}\n\nfn write_report(to: u32) {\n";
    for (k, name) in REPORT.iter().enumerate() {
        _ = writeln!(text, "    transfer[to + {k}u] = fields[{}u * rules.pool + slot];", field_number(name));
    }
    text += "}\n\nfn is_success(status: u32) -> bool {\n";
    let successes = [Status::Converged(Test::Gradient), Status::Converged(Test::Step), Status::Converged(Test::Value)];
    let successes = [&successes[..], &[Status::TargetReached, Status::PrecisionFloor]].concat();
    let tests: Vec<String> = successes.iter().map(|s| format!("status == {}", s.name().to_uppercase())).collect();
    _ = writeln!(text, "    return {};\n}}", tests.join(" || "));
    vector_accessors(shape, &mut text);
    text
}

/// The word that holds a field of the lane.
fn as_word(name: &str) -> String {
    match FIELDS.iter().find(|field| field.name == name).map(|field| field.kind) {
        Some(Kind::Float) => format!("bitcast<u32>(lane.{name})"),
        _ => format!("lane.{name}"),
    }
}

fn vector_accessors(shape: Shape, text: &mut String) {
    let (mut loads, mut stores) = (String::new(), String::new());
    let mut row = 0;
    for Vector { name, len, stored, private } in shape.vectors().into_iter().filter(|vector| vector.len > 0) {
        let memory = format!("vectors[({row}u + i) * rules.pool + slot]");
        let own = format!("private_{name}[i]");
        let place = if private { &own } else { &memory };
        if private {
            _ = writeln!(text, "\nvar<private> private_{name}: array<f32, {len}>;");
        }
        _ = writeln!(text, "fn {name}(i: u32) -> f32 {{ return {place}; }}");
        _ = writeln!(text, "fn set_{name}(i: u32, value: f32) {{ {place} = value; }}");
        if private && stored {
            _ = writeln!(loads, "        {own} = {memory};");
            _ = writeln!(stores, "        {memory} = {own};");
        }
        row += if stored { len } else { 0 };
    }
    for (name, body) in [("load_vectors", loads), ("store_vectors", stores)] {
        let body = if body.is_empty() { body } else { format!("    for (var i = 0u; i < N; i++) {{\n{body}    }}\n") };
        _ = writeln!(text, "\nfn {name}() {{\n{body}}}");
    }
}

#[cfg(test)]
mod tests {
    use wgpu::naga;

    use super::*;
    use crate::engine::gpu::stages::tests::{methods, searches};
    use crate::method::{FirstStep, InitialStep, NextStep, Pairs};

    fn shape(dimension: usize, memory: usize) -> Shape {
        Shape { dimension, memory, matrix: 0, parameters: 0, bounded: false, trail: 0 }
    }

    fn validate(text: &str) {
        let module = naga::front::wgsl::parse_str(text).unwrap_or_else(|error| panic!("{}\n{text}", error.emit_to_string(text)));
        let (flags, capabilities) = (naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
        if let Err(error) = naga::valid::Validator::new(flags, capabilities).validate(&module) {
            panic!("{}", error.emit_to_string(text));
        }
    }

    #[test]
    fn every_shape_of_the_text_is_valid() {
        for (n, m) in [(1, 1), (2, 8), (10, 8), (64, 64), (65, 8), (500, 3)] {
            let bowl = Problem::new(n, |x| x.sum(0..n, |i| x.at(i) * x.at(i))).unwrap();
            for (bounded, trail) in [(false, 0), (true, 0), (false, 1), (true, 16)] {
                let shape = |memory| Shape { bounded, trail, ..shape(n, memory) };
                validate(&assemble(shape(m), Method::default().into(), &bowl.wgsl()));
                for method in methods().into_iter().filter(|method| !method.is_quasi_newton()) {
                    validate(&assemble(shape(method.memory()), method.into(), &bowl.wgsl()));
                }
            }
        }
    }

    #[test]
    fn every_way_to_walk_is_valid() {
        let bowl = Problem::new(3, |x| x.sum(0..3, |i| x.at(i) * x.at(i))).unwrap();
        for method in methods() {
            for search in searches() {
                let walk = Walk::new(method, Some(search), None, Pairs { offset: 1e-7, ..Pairs::default() }).unwrap();
                for bounded in [false, true] {
                    validate(&assemble(Shape::of(&bowl, method, bounded, 4), walk, &bowl.wgsl()));
                }
            }
            for first in [FirstStep::Scaled, FirstStep::Rasmussen, FirstStep::Value(0.1)] {
                for next in [NextStep::Unit, NextStep::Quadratic, NextStep::SlopeRatio, NextStep::Value(0.1)] {
                    let walk = Walk::new(method, Some(searches()[0]), Some(InitialStep { first, next }), Pairs::default()).unwrap();
                    validate(&assemble(Shape::of(&bowl, method, false, 0), walk, &bowl.wgsl()));
                }
            }
        }
    }

    #[test]
    fn no_name_is_like_those_of_verbatim_objectives() {
        let bowl = Problem::new(2, |x| x[0] * x[0] + x[1] * x[1]).unwrap();
        let text: String = [false, true]
            .map(|all| assemble(Shape { bounded: all, trail: all.into(), ..shape(2, 8) }, Method::default().into(), &bowl.wgsl()))
            .concat();
        let code: String = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        assert!(!code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word.starts_with("user")));
    }
}
