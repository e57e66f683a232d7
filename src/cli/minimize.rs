//! `manymin minimize`

use std::time::Instant;

use manymin::{Distinct, Minima, Outcome};

use super::args::{By, MinimizeArgs, OutputArgs};
use super::drive::{Ended, Notes, drive};
use super::failure::{Failure, Result};
use super::output::{Best, Found, LANE_COLUMNS, MINIMUM_COLUMNS, Report, Sheet, print_json};
use super::problem::Loaded;
use super::{plot, report, setup};

/// Lanes unless said otherwise.
const LANES: usize = 4_096;

pub(super) fn run(args: &MinimizeArgs) -> Result<()> {
    let begun = Instant::now();
    let Loaded { problem, name, .. } = Loaded::read(&args.problem)?;
    setup::check_limits(&args.limits)?;
    let bounds = setup::bounds(&args.start, problem.dimension())?;
    let starts = setup::starts(&args.start, bounds.as_ref(), args.starts, LANES)?;
    setup::check_dimension(&starts, &problem)?;
    let minimizer = setup::minimizer(&args.run, args.limits.target, setup::holding(&args.start, bounds.as_ref()));
    let device = setup::device_of(&args.run)?;
    let batch = minimizer.start(&device, &problem, &starts)?;
    let notes = Notes::new(name, args.output.distinct == Some(By::Value), args.output.polish);
    finish(drive(batch, notes, begun, &args.limits, &args.checkpoint)?, &args.output)
}

/// Reports a run that has ended.
pub(super) fn finish(ended: Ended, output: &OutputArgs) -> Result<()> {
    let Ended { outcome, notes, interrupted } = ended;
    let by_value = output.distinct.map_or(notes.by_value, |by| by == By::Value);
    let distinct = if by_value { Distinct::by_value() } else { Distinct::default() };
    let minima = outcome.minima_polishing(distinct, output.polish.or(notes.polish))?;
    if let Some(path) = &output.lanes {
        let mut sheet = Sheet::create(path, LANE_COLUMNS, outcome.dimension())?;
        outcome.iter().try_for_each(|lane| sheet.lane(None, &lane))?;
        sheet.finish()?;
    }
    if let Some(path) = &output.minima {
        let mut sheet = Sheet::create(path, MINIMUM_COLUMNS, outcome.dimension())?;
        minima.list.iter().try_for_each(|minimum| sheet.minimum(minimum))?;
        sheet.finish()?;
    }
    if let Some(path) = &output.plot {
        plot::values(&outcome, path)?;
    }
    if output.json {
        print(&outcome, &minima, &notes)?;
    } else {
        println!("{} on {}, {} lanes", notes.problem, outcome.device(), super::output::grouped(outcome.lanes() as u64));
        report::print(&outcome, &minima, notes.seconds);
    }
    if interrupted {
        return Err(Failure::Interrupted);
    }
    let succeeded = outcome.statuses().iter().any(|status| status.is_success());
    let out_of_budget = outcome.statuses().iter().any(|status| status.is_budget() || status.is_stopped());
    if succeeded || out_of_budget { Ok(()) } else { Err(Failure::NoSuccess) }
}

fn print(outcome: &Outcome, minima: &Minima, notes: &Notes) -> Result<()> {
    let lowest = outcome.best();
    let of_lane = lowest.value.is_finite().then_some(Best { value: lowest.value, point: &lowest.point, lane: lowest.lane });
    let first = minima.list.first().map(|minimum| Best { value: minimum.value, point: &minimum.point, lane: minimum.lane });
    // A minimum in f64 tells more than the lane that it comes from; a lane that did not end may be lower still.
    let best = match (first, of_lane) {
        (Some(minimum), Some(lane)) if minimum.lane == lane.lane || minimum.value <= lane.value => Some(minimum),
        (_, lane) => lane,
    };
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
    })
}
