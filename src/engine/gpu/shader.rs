//! The shader's text: a preamble generated from the lane's table, the constants and the codes; the objective; the stages.
//!
//! No number stands in two languages: what shaders share with the CPU engine comes from here.

use std::collections::HashSet;
use std::fmt::Write;

use super::clock::STAMP_WORDS;
use super::shape::{BLOCK, Shape, Vector};
use super::stages::{STAGES, bounds_stage, method_stages, search_stages, settings, trail_stage};
use crate::engine::lane::{DEMANDS, Extent, FIELDS, Kind, Phase};
use crate::method::constants as c;
use crate::method::{FloorPolicy, Status, Test, Walk};
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
/// Where a report says whether the best point is the last one.
pub(super) const BEST_ELSEWHERE: usize = 8;
/// The words of a report.
pub(super) const REPORT_WORDS: usize = REPORT.len() + 1;

/// The lists of slots, each `pool` long: two of lanes under way in turn, one of lanes that have ended, then sums.
pub(super) mod list {
    pub(crate) const ENDED: u32 = 2;
    pub(crate) const SUMS: u32 = 3;
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
    word("BLOCKS", (shape.padded() / BLOCK) as u32);
    word("STEP_ROWS", (shape.step_elements() / shape.remembered()) as u32);
    word("CHANGE_ROWS", (shape.change_elements() / shape.remembered()) as u32);
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
    _ = writeln!(text, "alias Remembered = {};", if shape.is_blocked() { "vec4<f32>" } else { "f32" });
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
    for Vector { name, len, stored, private, blocked } in shape.vectors().into_iter().filter(|vector| vector.len > 0) {
        let memory = |i: &str| format!("vectors[({row}u + {i}) * rules.pool + slot]");
        let own = if blocked { format!("private_{name}[i / {BLOCK}u][i % {BLOCK}u]") } else { format!("private_{name}[i]") };
        let place = if private { own.clone() } else { memory("i") };
        if private {
            let (kind, len) = if blocked { ("vec4<f32>", len / BLOCK) } else { ("f32", len) };
            _ = writeln!(text, "\nvar<private> private_{name}: array<{kind}, {len}>;");
        }
        _ = writeln!(text, "fn {name}(i: u32) -> f32 {{ return {place}; }}");
        _ = writeln!(text, "fn set_{name}(i: u32, value: f32) {{ {place} = value; }}");
        if blocked && private {
            _ = writeln!(text, "fn block_of_{name}(b: u32) -> vec4<f32> {{ return private_{name}[b]; }}");
            _ = writeln!(text, "fn set_block_of_{name}(b: u32, values: vec4<f32>) {{ private_{name}[b] = values; }}");
        } else if blocked {
            let parts: Vec<String> = (0..BLOCK).map(|c| memory(&format!("{BLOCK}u * b + {c}u"))).collect();
            _ = writeln!(text, "fn block_of_{name}(b: u32) -> vec4<f32> {{ return vec4<f32>({}); }}", parts.join(", "));
            let sets: String = parts.iter().enumerate().map(|(c, part)| format!("{part} = values[{c}]; ")).collect();
            _ = writeln!(text, "fn set_block_of_{name}(b: u32, values: vec4<f32>) {{ {sets}}}");
        }
        if private && stored {
            let memory = memory("i");
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
    use crate::method::{FirstStep, InitialStep, Method, NextStep, Pairs};
    use crate::problem::Problem;

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
    fn a_report_has_its_words_where_they_are_read() {
        assert_eq!(REPORT[BEST_ELSEWHERE], "best_elsewhere");
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
