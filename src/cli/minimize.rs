//! `manymin minimize`

use std::path::Path;
use std::time::Instant;

use manymin::{Distinct, Minima, Outcome};

use super::args::{By, MinimizeArgs, OutputArgs};
use super::drive::{Ended, Notes, drive};
use super::failure::{Failure, Result};
use super::output::{Best, Found, LANE_COLUMNS, MINIMUM_COLUMNS, Report, Sheet, print_json};
use super::problem::Loaded;
use super::{files, output, plot, report, setup};

/// Lanes unless said otherwise.
const LANES: usize = 4_096;

pub(super) fn run(args: &MinimizeArgs) -> Result<()> {
    let begun = Instant::now();
    let Loaded { problem, name, .. } = Loaded::read(&args.problem)?;
    setup::check_limits(&args.limits)?;
    let bounds = setup::bounds(&args.start, problem.dimension())?;
    let starts = setup::starts(&args.start, bounds.as_ref(), args.starts, LANES)?;
    setup::check_dimension(&starts, &problem)?;
    check_files(&args.output, args.checkpoint.checkpoint.as_deref())?;
    let minimizer = setup::minimizer(&args.run, args.limits.target, setup::holding(&args.start, bounds.as_ref()));
    let device = setup::device_of(&args.run)?;
    let batch = minimizer.start(&device, &problem, &starts)?;
    let notes = Notes::new(name, args.output.distinct == Some(By::Value), args.output.polish);
    finish(drive(batch, notes, begun, &args.limits, &args.checkpoint)?, &args.output)
}

/// An error for files that the run could not write at its end.
pub(super) fn check_files(output: &OutputArgs, checkpoint: Option<&Path>) -> Result<()> {
    output.plot.as_deref().map_or(Ok(()), plot::check)?;
    checkpoint.map_or(Ok(()), files::check_checkpoint)?;
    let named = [("--lanes", output.lanes.as_deref()), ("--minima", output.minima.as_deref()), ("--plot", output.plot.as_deref())];
    let named = named.into_iter().chain([("--checkpoint", checkpoint)]);
    files::check(&named.filter_map(|(option, path)| Some((option, path?))).collect::<Vec<_>>())
}

/// Reports a run that has ended.
pub(super) fn finish(ended: Ended, args: &OutputArgs) -> Result<()> {
    let Ended { outcome, notes, interrupted, unsaved } = ended;
    let by_value = args.distinct.map_or(notes.by_value, |by| by == By::Value);
    let distinct = if by_value { Distinct::by_value() } else { Distinct::default() };
    let minima = outcome.minima_polishing(distinct, args.polish.or(notes.polish))?;
    output::tell_others(&minima);
    let best = lowest(&outcome, &minima);
    if args.json {
        print(&outcome, &minima, &notes, best.as_ref())?;
    } else {
        output::print(|out| {
            writeln!(out, "{} on {}, {} lanes", notes.problem, outcome.device(), output::grouped(outcome.lanes() as u64))?;
            report::print(out, &outcome, &minima, best.as_ref(), notes.seconds)
        })?;
    }
    write(&outcome, &minima, args).and(unsaved.map_or(Ok(()), Err))?;
    if interrupted {
        return Err(Failure::Interrupted);
    }
    let succeeded = outcome.statuses().iter().any(|status| status.is_success());
    let out_of_budget = outcome.statuses().iter().any(|status| status.is_budget() || status.is_stopped());
    if succeeded || out_of_budget { Ok(()) } else { Err(Failure::NoSuccess) }
}

/// Writes every file that was asked for, whatever becomes of the others, and answers with the first error.
fn write(outcome: &Outcome, minima: &Minima, output: &OutputArgs) -> Result<()> {
    let lanes = |path: &Path| {
        let mut sheet = Sheet::create(path, LANE_COLUMNS, outcome.dimension())?;
        outcome.iter().try_for_each(|lane| sheet.lane(None, &lane))?;
        sheet.finish()
    };
    let minima = |path: &Path| {
        let mut sheet = Sheet::create(path, MINIMUM_COLUMNS, outcome.dimension())?;
        minima.list.iter().try_for_each(|minimum| sheet.minimum(minimum))?;
        sheet.finish()
    };
    let lanes = output.lanes.as_deref().map_or(Ok(()), lanes);
    let minima = output.minima.as_deref().map_or(Ok(()), minima);
    let plot = output.plot.as_deref().map_or(Ok(()), |path| plot::values(outcome, path));
    lanes.and(minima).and(plot)
}

/// The lowest that is known: the first minimum, or a lane lower still that did not end in success.
fn lowest(outcome: &Outcome, minima: &Minima) -> Option<Best> {
    let lane = outcome.best();
    let of_lane = |value: f64| Best { value, point: lane.point.clone(), lane: lane.lane };
    let Some(first) = minima.list.first() else { return lane.value.is_finite().then(|| of_lane(lane.value)) };
    // A lane in success belongs to a minimum, whose value in f64 tells more than what rounding has made of the lane's.
    let value = match lane.status.is_success() {
        true => f64::INFINITY,
        // Values in f32 and in f64 don't compare.
        false if first.polished => outcome.certify(lane.lane).map_or(lane.value, |at| at.value),
        false => lane.value,
    };
    Some(if value < first.value { of_lane(value) } else { Best { value: first.value, point: first.point.clone(), lane: first.lane } })
}

fn print(outcome: &Outcome, minima: &Minima, notes: &Notes, best: Option<&Best>) -> Result<()> {
    print_json(&Report {
        problem: &notes.problem,
        device: outcome.device().to_string(),
        precision: if outcome.device().precision() == manymin::Precision::F64 { "f64" } else { "f32" },
        lanes: outcome.lanes(),
        seconds: notes.seconds,
        iterations: outcome.iterations(),
        evaluations: outcome.evaluations(),
        statuses: outcome.status_counts().into_iter().map(|(status, lanes)| (status.name(), lanes)).collect(),
        best,
        minima: Found::all(minima),
        minima_found: minima.list.len() + minima.others,
    })
}
