//! The values that lanes reached, as a picture.

use std::ops::Range;
use std::path::Path;

use manymin::Outcome;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::failure::{Failure, Result};

const SIZE: (u32, u32) = (800, 500);
/// As many points as the picture is wide.
const POINTS: usize = 800;

/// An error for a file whose name is not that of a plot.
pub(super) fn check(path: &Path) -> Result<()> {
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("svg") => Ok(()),
        _ => Err(Failure::Misuse(format!("--plot is {}: plots are SVG, in files named so, as in --plot values.svg", path.display()))),
    }
}

/// Plots the values that lanes reached from the lowest up: steps are minima, their lengths the shares of lanes that reached them.
pub(super) fn values(outcome: &Outcome, path: &Path) -> Result<()> {
    let mut values: Vec<f64> = outcome.values().into_iter().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let (Some(&lowest), Some(&highest)) = (values.first(), values.last()) else {
        return Err(Failure::Device(format!("{}: there are no finite values to plot", path.display())));
    };
    let lanes = outcome.lanes();
    let every = values.len().div_ceil(POINTS);
    let points = values.iter().enumerate().step_by(every).chain([(values.len() - 1, &highest)]);
    let points: Vec<(f64, f64)> = points.map(|(k, &value)| ((k + 1) as f64 / lanes as f64, value)).collect();
    let margin = if highest > lowest { 0.05 * (highest - lowest) } else { lowest.abs().max(1.0) };
    let range = lowest - margin..highest + margin;
    let drawn = draw(SVGBackend::new(path, SIZE).into_drawing_area(), range, points);
    drawn.map_err(|error| Failure::Device(format!("{} can't be written: {error}", path.display())))
}

fn draw<B: DrawingBackend>(
    area: DrawingArea<B, Shift>,
    range: Range<f64>,
    points: Vec<(f64, f64)>,
) -> std::result::Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area).margin(16).x_label_area_size(40).y_label_area_size(70).build_cartesian_2d(0.0..1.0, range)?;
    chart.configure_mesh().x_desc("share of lanes").y_desc("value reached").draw()?;
    chart.draw_series(LineSeries::new(points, BLUE.stroke_width(2)))?;
    area.present()
}
