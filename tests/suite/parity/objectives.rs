//! Whole objectives: those of the suite and random ones, value, noise and gradient, by both engines.

use manymin::prelude::*;
use manymin::probe::shader_text;

use super::{Questions, off};
use crate::programs::{all, lennard_jones_problem};
use crate::random::{Prepared, prepared};
use crate::shader_text::validate_text;

/// Beside the condition of a program, which is for operations that are rounded once: WGSL lets a quotient be off by 2.5
/// units and a root by 4.5, and the elementary functions that are made of them by a few more. Few of a program's operations
/// are quotients and roots.
const LOOSER: f64 = 2.0;

/// What f and the gradient of a question are off by, in EPSILONs of the sizes that rounding has.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    value: f64,
    noise: f64,
    slope: f64,
}

impl Errors {
    fn most(self) -> f64 {
        self.value.max(self.noise).max(self.slope)
    }
}

/// What the GPU's answer to each question is off by: from f64, and from the CPU engine's in f32. `size` is what rounding
/// errors of the value are measured by at least.
fn compare(problem: &Problem, questions: &Questions, size: f64) -> Vec<[Errors; 2]> {
    let answers = questions.answers(problem);
    let asked = questions.points.iter().zip(&questions.parameters);
    asked
        .zip(&answers)
        .map(|((point, parameters), answer)| {
            let (wide, narrow) = (problem.evaluate(point, parameters).unwrap(), problem.evaluate_f32(point, parameters).unwrap());
            // The value is as good as its terms, the gradient as its largest component and those terms.
            let scale = wide.scale.max(wide.value.abs()).max(size);
            let steepest = wide.gradient.iter().fold(scale, |m: f64, g| m.max(g.abs()));
            [wide, narrow].map(|other| Errors {
                value: off(answer.value, other.value, scale),
                noise: off(answer.noise, other.value.abs().max(other.scale / 4.0), scale),
                slope: answer.gradient.iter().zip(&other.gradient).map(|(a, b)| off(*a, *b, steepest)).fold(0.0, f64::max),
            })
        })
        .collect()
}

#[test]
fn every_program_is_computed_alike_by_both_engines() {
    let mut failures = Vec::new();
    let mut most = [0.0_f64; 2];
    for case in all() {
        let mut questions = Questions::default();
        case.points.iter().for_each(|(point, parameters)| questions.ask(point, parameters));
        for [wide, narrow] in compare(&case.problem, &questions, 0.0) {
            let limit = LOOSER * case.condition;
            most = [most[0].max(wide.most() / limit), most[1].max(narrow.most() / limit)];
            if !(wide.most() <= limit && narrow.most() <= limit) {
                failures.push(format!("{}: {wide:?} from f64 and {narrow:?} from f32, of {limit}", case.name));
            }
        }
    }
    println!("programs: {:.2} of the tolerance from f64, {:.2} from the CPU engine", most[0], most[1]);
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Random programs that are compared.
const PROGRAMS: usize = 50;
/// Comparisons and steps nearer to the edge than this may go otherwise in f32; such programs are left out.
const TIE: f64 = 1e-3;
/// Programs whose numbers or derivatives go beyond this magnify rounding by as much; they are left out.
const LARGEST: f64 = 50.0;
/// Some dozens of roundings on the way of any one term, of the largest number met, most of much smaller ones.
const RANDOM: f64 = 16.0;

#[test]
fn random_programs_are_computed_alike_by_both_engines() {
    let tame = |prepared: &Prepared| prepared.closest > TIE && prepared.largest < LARGEST;
    let programs = (1_u64..).filter_map(|seed| prepared(seed).filter(tame).map(|program| (seed, program)));
    let mut failures = Vec::new();
    let mut most = [0.0_f64; 2];
    for (seed, Prepared { problem, point, parameters, largest, .. }) in programs.take(PROGRAMS) {
        let mut questions = Questions::default();
        questions.ask(&point, &parameters);
        let [wide, narrow] = compare(&problem, &questions, largest)[0];
        most = [most[0].max(wide.most()), most[1].max(narrow.most())];
        if !(wide.most() <= RANDOM && narrow.most() <= RANDOM) {
            failures.push(format!("program {seed}: {wide:?} from f64 and {narrow:?} from f32, of {RANDOM}"));
        }
    }
    println!("random programs: {:.1} units from f64, {:.1} from the CPU engine, of {RANDOM}", most[0], most[1]);
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Random programs whose shaders are read.
const TEXTS: usize = 100;

#[test]
fn every_objective_makes_a_valid_shader_of_the_engine() {
    for case in all() {
        validate_text(case.name, &shader_text(&case.problem, 8));
    }
    for (k, program) in (1_u64..).filter_map(prepared).take(TEXTS).enumerate() {
        validate_text(&format!("random program {k}"), &shader_text(&program.problem, 3));
    }
    // Vectors of many components live elsewhere.
    validate_text("a thousand atoms", &shader_text(&lennard_jones_problem(1000).unwrap(), 8));
}
