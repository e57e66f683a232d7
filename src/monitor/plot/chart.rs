//! The chart itself, for every format.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Against;
use super::lettering::Lettered;
use crate::monitor::Row;

/// Pixels of the picture.
const SIZE: (u32, u32) = (960, 600);
/// The size of letters, and of those of the heading.
const TEXT: u32 = 14;
const HEADING: u32 = 18;
/// Values that differ by such a factor have a logarithmic axis.
const LOGARITHMIC: f64 = 100.0;
/// Beyond it an axis has no length any more.
const FARTHEST: f64 = 1e150;

/// What a picture is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Svg,
    Png,
}

impl Format {
    /// By the ending of a file's name.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        [("svg", Self::Svg), ("png", Self::Png)].into_iter().find(|known| ending.eq_ignore_ascii_case(known.0)).map(|known| known.1)
    }
}

/// Draws rows into a file.
pub(super) fn draw(path: &Path, rows: &[Row], against: Against) -> Result<(), String> {
    match Format::of(path) {
        Some(Format::Svg) => chart(&SVGBackend::new(path, SIZE).into_drawing_area(), rows, against),
        Some(Format::Png) => chart(&Lettered(BitMapBackend::new(path, SIZE)).into_drawing_area(), rows, against),
        None => Err("the name must end in .svg or .png".into()),
    }
}

/// One line of the chart.
type Of = fn(&Row) -> f64;

/// Names, colours and widths of lines. Of two with one name the legend shows the first.
const LINES: [(&str, RGBColor, u32, Of); 4] = [
    ("quartiles", RGBColor(140, 180, 220), 1, |row| row.value.lower_quartile),
    ("quartiles", RGBColor(140, 180, 220), 1, |row| row.value.upper_quartile),
    ("median", RGBColor(30, 100, 180), 2, |row| row.value.median),
    ("best", RGBColor(200, 60, 30), 2, |row| row.best),
];

fn chart<B: DrawingBackend>(area: &DrawingArea<B, Shift>, rows: &[Row], against: Against) -> Result<(), String>
where
    B::ErrorType: 'static,
{
    draw_chart(area, rows, against).map_err(|error| error.to_string())
}

fn draw_chart<B: DrawingBackend>(area: &DrawingArea<B, Shift>, rows: &[Row], against: Against) -> Result<(), Box<dyn Error>>
where
    B::ErrorType: 'static,
{
    let values = LINES.iter().flat_map(|line| rows.iter().map(line.3));
    let axis = Axis::of(values);
    let (of, name): (Of, _) = match against {
        Against::Steps => (|row| row.number as f64, "steps"),
        Against::Evaluations => (|row| row.evaluations as f64, "evaluations"),
        Against::Seconds => (|row| row.seconds, "seconds"),
    };
    let across = Axis { logarithmic: None, ..Axis::of(rows.iter().map(of)) };
    let across = Axis { low: 0.0, high: rows.iter().map(of).fold(f64::MIN_POSITIVE, f64::max), ..across };

    area.fill(&WHITE)?;
    let heading = match rows.last() {
        Some(last) => format!("{} lanes, lowest value {:.6e}", last.statuses.values().sum::<usize>(), last.best),
        None => String::new(),
    };
    let mut chart = ChartBuilder::on(area)
        .caption(heading, ("sans-serif", HEADING))
        .margin(12)
        .margin_right(40) // half of the last number
        .x_label_area_size(50)
        .y_label_area_size(90)
        .build_cartesian_2d(across.low..across.high, axis.low..axis.high)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(name)
        .y_desc("value")
        .x_label_formatter(&|x| across.label(*x))
        .y_label_formatter(&|y| axis.label(*y))
        .label_style(("sans-serif", TEXT))
        .draw()?;
    for (k, (name, colour, width, value)) in LINES.iter().enumerate() {
        let points = rows.iter().filter(|row| value(row).is_finite()).map(|row| (of(row), axis.place(value(row))));
        let drawn = chart.draw_series(LineSeries::new(points, colour.stroke_width(*width)))?;
        if LINES[..k].iter().all(|before| before.0 != *name) {
            let style = colour.stroke_width(*width);
            drawn.label(*name).legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 24, y)], style));
        }
    }
    chart
        .configure_series_labels()
        // Where there is nothing below lines that fall. Without a border, which would be too narrow for some letters.
        .position(SeriesLabelPosition::LowerLeft)
        .margin(12)
        .legend_area_size(34)
        .label_font(("sans-serif", TEXT))
        .border_style(TRANSPARENT)
        .draw()?;
    area.present()?;
    Ok(())
}

/// How numbers are placed on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    /// The lowest number that is shown as it is, if the axis is logarithmic.
    logarithmic: Option<f64>,
    /// From where to where it goes.
    low: f64,
    high: f64,
}

impl Axis {
    /// An axis for the finite ones of some numbers.
    fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let finite = numbers.filter(|number| number.is_finite()).map(|number| number.clamp(-FARTHEST, FARTHEST));
        let lowest = finite.clone().fold(f64::INFINITY, f64::min);
        let highest = finite.clone().fold(f64::NEG_INFINITY, f64::max);
        let least = finite.filter(|number| *number > 0.0).fold(f64::INFINITY, f64::min);
        if lowest > highest {
            return Self { logarithmic: None, low: 0.0, high: 1.0 };
        }
        let logarithmic = (lowest >= 0.0 && highest >= LOGARITHMIC * least).then_some(least);
        let axis = Self { logarithmic, low: 0.0, high: 1.0 };
        let (low, high) = (axis.place(lowest), axis.place(highest));
        let room = if high > low { 0.04 * (high - low) } else { 0.5_f64.max(0.1 * high.abs()) };
        Self { low: low - room, high: high + room, ..axis }
    }

    /// Where a number is.
    fn place(&self, number: f64) -> f64 {
        let number = number.clamp(-FARTHEST, FARTHEST);
        self.logarithmic.map_or(number, |least| number.max(least).log10())
    }

    /// What is written at a place.
    fn label(&self, place: f64) -> String {
        if self.logarithmic.is_some() {
            return if place.fract() == 0.0 { format!("1e{place}") } else { format!("{:.1e}", 10_f64.powf(place)) };
        }
        let size = place.abs();
        if size != 0.0 && !(1e-3..1e7).contains(&size) {
            return format!("{place:.1e}");
        }
        let text = format!("{place:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_logarithmic_where_values_allow() {
        let axis = Axis::of([1e-8, 1.0, 1e4, f64::NAN, f64::INFINITY].into_iter());
        assert_eq!(axis.logarithmic, Some(1e-8));
        assert!(axis.low < -8.0 && axis.low > -9.0 && axis.high > 4.0 && axis.high < 5.0, "{axis:?}");
        assert_eq!((axis.place(100.0), axis.place(0.0)), (2.0, -8.0), "zero is shown as the least");
        assert_eq!((axis.label(-4.0), axis.label(0.5)), ("1e-4".into(), "3.2e0".into()));
        assert_eq!(Axis::of([-1.0, 1e6].into_iter()).logarithmic, None, "a negative value");
        assert_eq!(Axis::of([1.0, 50.0].into_iter()).logarithmic, None, "no great difference");
    }

    #[test]
    fn an_axis_has_a_length_whatever_is_on_it() {
        for numbers in [vec![], vec![f64::NAN], vec![0.0], vec![3.0, 3.0], vec![-f64::MAX, f64::MAX], vec![f64::MAX], vec![1e-320, 1.0]] {
            let axis = Axis::of(numbers.iter().copied());
            assert!(axis.high > axis.low && (axis.high - axis.low).is_finite(), "{numbers:?}: {axis:?}");
        }
    }

    fn rows() -> Vec<Row> {
        use crate::{Bounds, Device, Lbfgs, Minimizer, Precision, Problem, Starts};
        let problem = Problem::new(2, |x| 100.0 * (x[1] - x[0].powi(2)).powi(2) + (1.0 - x[0]).powi(2)).expect("it can be traced");
        let starts = Starts::uniform(&Bounds::new(&[-2.0; 2], &[2.0; 2]).expect("bounds"), 100, 42);
        let mut history = crate::monitor::History::new();
        let minimizer = Minimizer::new(Lbfgs::default()).watched_by(&mut history);
        minimizer.minimize(&Device::cpu(Precision::F64), &problem, &starts).expect("it runs");
        history.rows().to_vec()
    }

    #[test]
    fn pixels_have_every_line_and_letters() {
        let (width, height) = SIZE;
        let mut pixels = vec![0; (3 * width * height) as usize];
        let area = Lettered(BitMapBackend::with_buffer(&mut pixels, SIZE)).into_drawing_area();
        chart(&area, &rows(), Against::Evaluations).expect("it can be drawn");
        drop(area);
        let pixel = |x: u32, y: u32| {
            let at = 3 * (y * width + x) as usize;
            (pixels[at], pixels[at + 1], pixels[at + 2])
        };
        let all = || (0..width).flat_map(|x| (0..height).map(move |y| (x, y)));
        for (name, colour, ..) in LINES {
            let count = all().filter(|&(x, y)| pixel(x, y) == (colour.0, colour.1, colour.2)).count();
            assert!(count > 100, "{name}: {count} pixels");
        }
        // Left of the axis and below it there are numbers, and nothing else that is black.
        let black = |x: u32, y: u32| pixel(x, y) == (0, 0, 0);
        assert!(all().filter(|&(x, y)| x < 90 && y < height - 80 && black(x, y)).count() > 100, "numbers of values");
        assert!(all().filter(|&(x, y)| y > height - 55 && black(x, y)).count() > 100, "numbers of evaluations");
    }

    #[test]
    fn a_drawing_of_next_to_nothing_is_one() {
        let directory = tempfile::tempdir().expect("a directory");
        for rows in [&rows()[..1], &[]] {
            for name in ["one.svg", "one.PNG"] {
                let path = directory.path().join(name);
                draw(&path, rows, Against::Steps).expect("it can be drawn");
                assert!(std::fs::metadata(&path).expect("a file").len() > 500, "{name}");
            }
        }
        assert!(draw(&directory.path().join("no/such.svg"), &rows(), Against::Steps).is_err());
    }

    #[test]
    fn labels_are_short() {
        let axis = Axis { logarithmic: None, low: 0.0, high: 1.0 };
        assert_eq!(
            [0.0, 0.25, 160_000.0, -44.3268, 2e7, 1e-5].map(|at| axis.label(at)),
            ["0", "0.25", "160000", "-44.3268", "2.0e7", "1.0e-5"]
        );
    }
}
