//! The study in f32 that the default rules come from, as a table: nine problems, 10,000 lanes each, on the CPU engine and on a GPU,
//! beside its figures; below, why the default is not a strong Wolfe search; and what checking lanes at the floor in f64 costs.
//!
//!     cargo bench --bench study                     # on the CPU engine and on MANYMIN_ADAPTER or the first adapter there is
//!     cargo bench --bench study -- rosen10 cpu      # chosen problems, on one engine
//!
//! `MANYMIN_BENCH_LANES` sets the number of lanes. Errors are the largest |x_i - x*_i| / (1 + |x*_i|), where x* is where f64 ends
//! from the lane's own end.

#[path = "../../tests/suite/lanes/study.rs"]
#[expect(dead_code, reason = "what the tests alone ask for")]
mod study;

mod devices {
    use manymin::Problem;

    /// sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2
    pub(crate) fn rosenbrock(n: usize) -> Problem {
        Problem::new(n, |x| x.sum(0..n - 1, |i| 100.0 * (x.at(i + 1) - x.at(i) * x.at(i)).powi(2) + (1.0 - x.at(i)).powi(2)))
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

use std::time::Instant;

use manymin::prelude::*;
use study::{Study, problems};

const LANES: usize = 10_000;
const GRADIENT_MAX: f64 = 1e-5;
const MOST_EVALUATIONS: u32 = 2_000;
/// What may be lost on the study's figures: failures in percent, and evaluations.
const FAILURES: f64 = 2.0;
const EVALUATIONS: f64 = 1.05;
/// Runs of each kind on the CPU engine.
const TIMES: usize = 7;

/// The line searches that are compared.
const SEARCHES: [&str; 2] = ["the default", "strong Wolfe (More and Thuente)"];

fn main() -> manymin::Result<()> {
    let lanes = std::env::var("MANYMIN_BENCH_LANES").ok().and_then(|lanes| lanes.parse().ok()).unwrap_or(LANES);
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let asks = |name: &str| asked.iter().any(|arg| arg == name);
    let named = problems(1).iter().any(|study| asks(study.name));
    for device in devices_asked_for(&asks)? {
        for (k, search) in SEARCHES.into_iter().enumerate() {
            println!("\n{search}, {lanes} lanes, on {device}");
            println!(
                "{:13} | gradient  floor failed    cap | evaluations     study | error, half    study   99 %    study | met",
                "problem"
            );
            for study in problems(lanes).into_iter().filter(|study| !named || asks(study.name)) {
                row(&study, k == 0, &device)?;
            }
        }
        println!(
            "\nlanes at the floor, checked in f64, on {device}: microseconds a lane\n{:13} | at the floor, % | unchecked checked ratio",
            "problem"
        );
        for study in problems(lanes).into_iter().filter(|study| !named || asks(study.name)) {
            check_of_floors(&study, &device)?;
        }
    }
    Ok(())
}

/// Times a run with and without the check of floors, each at its fastest of several in turn.
fn check_of_floors(study: &Study, device: &Device) -> manymin::Result<()> {
    let mut seconds = [f64::INFINITY; 2];
    let mut floors = 0;
    for _ in 0..if device.is_gpu() { 2 } else { TIMES } {
        for (seconds, check) in seconds.iter_mut().zip([false, true]) {
            let begin = Instant::now();
            let outcome = minimizer().certify_floors(check).minimize(device, &study.problem, &study.starts)?;
            *seconds = seconds.min(begin.elapsed().as_secs_f64());
            floors = outcome.statuses().iter().filter(|&&status| status == Status::PrecisionFloor).count();
        }
    }
    let lanes = study.starts.lanes() as f64;
    let [unchecked, checked] = seconds.map(|seconds| 1e6 * seconds / lanes);
    println!("{:13} | {:15.1} | {unchecked:9.2} {checked:7.2} {:5.2}", study.name, 100.0 * floors as f64 / lanes, checked / unchecked);
    Ok(())
}

fn minimizer() -> Minimizer<'static> {
    Minimizer::new(Lbfgs { memory: 8 })
        .tolerances(Tolerances { gradient_max: GRADIENT_MAX, ..Tolerances::default() })
        .limits(Limits { iterations: MOST_EVALUATIONS, evaluations: MOST_EVALUATIONS })
}

/// The CPU engine and the GPU engine, or the one that was asked for.
fn devices_asked_for(asks: &dyn Fn(&str) -> bool) -> manymin::Result<Vec<Device>> {
    let mut devices = Vec::new();
    if asks("cpu") || !asks("gpu") {
        devices.push(Device::cpu(Precision::F32));
    }
    if asks("gpu") || !asks("cpu") {
        let adapter = std::env::var("MANYMIN_ADAPTER").ok();
        let first = || Device::list().into_iter().find(|info| info.limits.is_some()).map(|info| info.name);
        match adapter.or_else(first) {
            Some(name) => devices.push(Device::adapter(&name)?),
            None => eprintln!("no adapter was found: the GPU engine is left out"),
        }
    }
    Ok(devices)
}

fn row(study: &Study, ours: bool, device: &Device) -> manymin::Result<()> {
    let minimizer = if ours { minimizer() } else { minimizer().line_search(MoreThuente::default()) };
    let outcome = minimizer.minimize(device, &study.problem, &study.starts)?;
    let lanes = outcome.lanes();
    let share =
        |which: &dyn Fn(Status) -> bool| 100.0 * outcome.statuses().iter().filter(|status| which(**status)).count() as f64 / lanes as f64;
    let polished = outcome.polish(&(0..lanes).collect::<Vec<_>>())?;
    let error = |(lane, best): (LaneResult, &Polished)| {
        lane.last_point.iter().zip(&best.point).fold(0.0, |most: f64, (x, to)| most.max((x - to).abs() / (1.0 + to.abs())))
    };
    let mut errors: Vec<f64> = outcome.iter().zip(&polished).map(error).collect();
    errors.sort_by(f64::total_cmp);
    let (failed, cap) = (share(&Status::is_failure), share(&Status::is_budget));
    let evaluations = outcome.evaluations() as f64 / lanes as f64;
    let (half, most) = (errors[lanes / 2], errors[lanes * 99 / 100]);
    let figures = study.figures;
    let met = failed + cap <= FAILURES && evaluations <= EVALUATIONS * figures.evaluations && half <= figures.median_error;
    println!(
        "{:13} | {:8.1} {:6.1} {failed:6.2} {cap:6.2} | {evaluations:11.1} {:9.1} | {half:11.1e} {:8.1e} {most:6.1e} {:8.1e} | {}",
        study.name,
        share(&|status| matches!(status, Status::Converged(_))),
        share(&|status| status == Status::PrecisionFloor),
        figures.evaluations,
        figures.median_error,
        figures.most_error,
        if !ours {
            ""
        } else if met {
            "yes"
        } else {
            "NO"
        }
    );
    Ok(())
}
