//! How lanes fare on the nine problems of the study: they succeed, truly, and at its cost.

mod study;

use manymin::prelude::*;

use study::LANES;
pub(crate) use study::{Study, ackley, problems};

use crate::devices::{devices, epsilon};

const GRADIENT_MAX: f64 = 1e-5;
const MOST_EVALUATIONS: u32 = 2000;

/// How far means and quantiles of 1,000 lanes may be from the study's, whose draws for the fits and whose rules at the
/// search's end are not quite these: evaluations.
const COST: f64 = 1.3;
/// The same for errors, of which the largest percent varies from draw to draw.
const ERROR: f64 = 3.0;
/// Failures in percent, beside the study's: one lane in 200.
const FAILURES: f64 = 0.5;
/// What polishing may gain, in roundings of all that enters f.
const ROUNDINGS: f64 = 100.0;

pub(crate) fn run(study: &Study, device: &Device) -> Outcome {
    Minimizer::new(Lbfgs { memory: 8 })
        .tolerances(Tolerances { gradient_max: GRADIENT_MAX, ..Tolerances::default() })
        .limits(Limits { iterations: MOST_EVALUATIONS, evaluations: MOST_EVALUATIONS })
        .minimize(device, &study.problem, &study.starts)
        .unwrap()
}

/// What became of a problem's lanes, shares in percent.
struct Tally {
    converged: f64,
    floor: f64,
    failed: f64,
    budget: f64,
    evaluations: f64,
    median_error: f64,
    most_error: f64,
    /// Successes that are none: a gradient left, and more to gain than rounding explains.
    untrue: Vec<String>,
}

/// The successes of lanes that are none: a gradient is left in f64, and there is more to gain than rounding explains.
/// `polished` has all lanes, in order.
pub(crate) fn untrue_successes(outcome: &Outcome, polished: &[Polished]) -> Vec<String> {
    let mut untrue = Vec::new();
    for (lane, best) in outcome.iter().zip(polished) {
        let here = outcome.certify(lane.lane).unwrap();
        let steepest = here.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
        // What f changes by when its terms and the point are rounded once.
        let change = here.scale + lane.point.iter().zip(&here.gradient).map(|(x, g)| (x * g).abs()).sum::<f64>();
        let rounding = epsilon(outcome.device()) * change;
        let gain = here.value - best.value;
        let truly = steepest <= GRADIENT_MAX || gain <= ROUNDINGS * rounding;
        if lane.status.is_success() && !truly {
            untrue.push(format!("lane {}, {:?}: gradient {steepest:e}, gain {gain:e}, rounding {rounding:e}", lane.lane, lane.status));
        }
    }
    untrue
}

fn tally(study: &Study, device: &Device) -> Tally {
    let outcome = run(study, device);
    let share =
        |which: &dyn Fn(Status) -> bool| 100.0 * outcome.statuses().iter().filter(|status| which(**status)).count() as f64 / LANES as f64;
    let polished = outcome.polish(&(0..LANES).collect::<Vec<_>>()).unwrap();
    // Of the last point, where slopes led: the best is the lowest by a value that is rounded.
    let error = |(lane, best): (LaneResult, &Polished)| {
        lane.last_point.iter().zip(&best.point).fold(0.0, |most: f64, (x, to)| most.max((x - to).abs() / (1.0 + to.abs())))
    };
    let mut errors: Vec<f64> = outcome.iter().zip(&polished).map(error).collect();
    errors.sort_by(f64::total_cmp);
    Tally {
        converged: share(&|status| matches!(status, Status::Converged(_))),
        floor: share(&|status| status == Status::PrecisionFloor),
        failed: share(&Status::is_failure),
        budget: share(&Status::is_budget),
        evaluations: outcome.evaluations() as f64 / LANES as f64,
        median_error: errors[LANES / 2],
        most_error: errors[LANES * 99 / 100],
        untrue: untrue_successes(&outcome, &polished),
    }
}

#[test]
fn lanes_of_the_study_succeed_as_often_as_cheaply_and_as_truly() {
    let mut faults = Vec::new();
    for study in problems(LANES) {
        for device in devices() {
            let tally = tally(&study, &device);
            let Tally { converged, floor, failed, budget, evaluations, median_error, most_error, .. } = tally;
            println!(
                "{device} {:13} | converged {converged:5.1} floor {floor:5.1} failed {failed:4.1} budget {budget:3.1} | {evaluations:6.1} evaluations ({:.1}) | error {median_error:.1e} {most_error:.1e}",
                study.name, study.figures.evaluations
            );
            let mut expect = |holds: bool, what: &str, measured: f64, limit: f64| {
                if !holds {
                    faults.push(format!("{device}, {}: {what} {measured} of {limit}", study.name));
                }
            };
            // The study was in f32; f64 has no noise to fail by, and a gradient tolerance far above its floor.
            let figures = study.figures;
            if device.precision() == Precision::F32 {
                expect(failed <= figures.failures + FAILURES, "failures, %,", failed, figures.failures + FAILURES);
                expect(median_error <= ERROR * figures.median_error, "median error", median_error, ERROR * figures.median_error);
                expect(most_error <= ERROR * figures.most_error, "99 % error", most_error, ERROR * figures.most_error);
            } else if study.smooth {
                expect(failed == 0.0, "failures, %,", failed, 0.0);
            }
            expect(budget == 0.0, "out of budget, %,", budget, 0.0);
            expect(evaluations <= COST * figures.evaluations, "evaluations a lane", evaluations, COST * figures.evaluations);
            expect(
                tally.untrue.is_empty(),
                &format!("untrue successes {:#?}", &tally.untrue[..tally.untrue.len().min(3)]),
                tally.untrue.len() as f64,
                0.0,
            );
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
