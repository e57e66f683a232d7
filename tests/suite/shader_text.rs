//! The shader text of objectives, read by naga as a GPU's driver would.

use manymin::prelude::*;
use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::programs::{all, lennard_jones_problem};

/// What an engine puts around an objective's functions, at its plainest: one lane an invocation.
const PREAMBLE: &str = "
@group(0) @binding(0) var<storage, read> points: array<f32>;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> data: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradients: array<f32>;
@group(0) @binding(4) var<storage, read_write> values: array<vec2<f32>>;
var<private> lane: u32;
fn mm_x(i: u32) -> f32 { return points[i * 64u + lane]; }
fn mm_p(i: u32) -> f32 { return parameters[i * 64u + lane]; }
fn mm_d(i: u32) -> f32 { return data[i]; }
fn mm_g(i: u32, v: f32) { gradients[i * 64u + lane] += v; }
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    lane = id.x;
    values[lane] = mm_objective();
}
";

/// Panics unless the problem's text, after the preamble, is a valid shader.
pub(crate) fn validate(name: &str, problem: &Problem) {
    validate_text(name, &format!("{PREAMBLE}{}", problem.wgsl()));
}

/// Panics unless `text` is a valid shader.
pub(crate) fn validate_text(name: &str, text: &str) {
    let module = naga::front::wgsl::parse_str(text).unwrap_or_else(|error| panic!("{name}: {}\n{text}", error.emit_to_string(text)));
    let checked = Validator::new(ValidationFlags::all(), Capabilities::default()).validate(&module);
    checked.unwrap_or_else(|error| panic!("{name}: {}\n{text}", error.emit_to_string(text)));
}

/// The text with every number in it made one digit: what is left when only the bounds of loops differ.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('0') {
            out.push('0');
        }
    }
    out
}

#[test]
fn every_program_is_a_valid_shader() {
    for case in all() {
        validate(case.name, &case.problem);
    }
}

#[test]
fn loops_stay_loops_whatever_their_length() {
    let (few, many) = (lennard_jones_problem(13).unwrap(), lennard_jones_problem(1000).unwrap());
    assert_eq!((few.operations(), few.value_operations()), (many.operations(), many.value_operations()), "the count of operations");
    assert_eq!(without_numbers(&few.wgsl()), without_numbers(&many.wgsl()), "the text, but for the bounds");
    validate("a thousand atoms", &many);
}

/// Steps of a recurrence with so many rounds.
fn recurrence(rounds: usize) -> Problem {
    Problem::new(2, |x| x.fold(0..rounds, [x[0], x[1]], |i, [a, b]| [a + (b * x[1]).sin() * 0.01, b - a * i.number() * 0.01])[0]).unwrap()
}

#[test]
fn folds_stay_loops_whatever_their_length() {
    // Up to 1,024 rounds the states of two parts are stored, beyond that those of every so many rounds.
    let (few, many) = (recurrence(10), recurrence(1000));
    assert_eq!((few.operations(), few.value_operations()), (many.operations(), many.value_operations()), "the count of operations");
    assert_eq!(without_numbers(&few.wgsl()), without_numbers(&many.wgsl()), "the text, but for the bounds");
    validate("a thousand rounds", &many);
    let (long, longer) = (recurrence(2000), recurrence(200_000));
    assert_eq!(long.operations(), longer.operations(), "the count of operations of blocks");
    assert_eq!(without_numbers(&long.wgsl()), without_numbers(&longer.wgsl()), "the text of blocks, but for the bounds");
    assert!(long.operations() < many.operations() + 20, "{} for {}: blocks take states of their own", long.operations(), many.operations());
    validate("many rounds", &longer);
}

#[test]
fn a_fold_runs_once_forwards_and_once_backwards() {
    let text = recurrence(100).wgsl();
    assert_eq!(text.matches("for (").count(), 2, "{text}");
}

#[test]
fn stored_states_are_within_what_webgpu_guarantees() {
    for rounds in [10, 1000, 2000, 200_000] {
        let text = recurrence(rounds).wgsl();
        let numbers: usize = text
            .lines()
            .filter_map(|line| {
                line.strip_prefix("var<private> mm_s")?.split_once("array<f32, ")?.1.strip_suffix(">;")?.parse::<usize>().ok()
            })
            .sum();
        assert!(numbers > 0 && numbers <= 2048, "{rounds} rounds store {numbers} numbers");
    }
}

#[test]
fn value_and_gradient_of_a_sum_share_one_loop() {
    let problem = Problem::new(8, |x| x.sum(0..8, |i| (x.at(i) * x.at(i)).exp())).unwrap();
    assert_eq!(problem.wgsl().matches("for (").count(), 1, "{}", problem.wgsl());
}

#[test]
fn constants_are_written_as_the_nearest_single() {
    let text = Problem::new(1, |x| (x[0] * 0.1).sin() + x[0] * -1e-3).unwrap().wgsl();
    assert!(text.contains("1e-1f") && text.contains("-1e-3f"), "{text}");
}

#[test]
fn data_arrays_stand_one_after_another() {
    let problem = Problem::builder(1)
        .data("a", &[1.0, 2.0, 3.0])
        .data("b", &[4.0, 5.0])
        .build(|x, c| x[0] * c.data("a").at(2) + c.data("b").at(1))
        .unwrap();
    let text = problem.wgsl();
    assert!(text.contains("mm_d(2u)") && text.contains("mm_d(4u)"), "b[1] is the fifth number: {text}");
}
