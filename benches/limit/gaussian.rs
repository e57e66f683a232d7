//! A million fits, each of its own forty measured values, in bounded memory.

use std::time::Instant;

use manymin::{Device, Lbfgs, Minimizer, Precision, Problem, Source, Starts, Tolerances};

use crate::{Result, figure, peak_mebibytes};

/// How many fits, where it is not to be a million.
const FITS: &str = "MANYMIN_BENCH_FITS";
const VALUES: usize = 40;
/// The sum of squares is about 120 at its minimum, and its gradient has rounding of about 1e-3 in f32.
const TOLERANCE: f64 = 1e-2;
/// Fits that are started, and kept until they are counted, at a time.
const PORTION: usize = 65_536;

/// Gaussian peaks with noise, and starts near the truth; both from the lane's number alone.
struct Peaks {
    first: usize,
    lanes: usize,
}

impl Source for Peaks {
    fn lanes(&self) -> usize {
        self.lanes
    }

    fn dimension(&self) -> usize {
        4
    }

    fn parameters(&self) -> usize {
        VALUES
    }

    fn fill(&self, lane: usize, point: &mut [f64], parameters: &mut [f64]) {
        let mut random = Random((self.first + lane) as u64 ^ 0x5851_f42d_4c95_7f2d);
        let (height, middle) = (random.between(50.0, 100.0), random.between(15.0, 25.0));
        let (width, floor) = (random.between(2.0, 6.0), random.between(5.0, 10.0));
        for (t, y) in parameters.iter_mut().enumerate() {
            let part = (t as f64 - middle) / width;
            *y = height * (-0.5 * part * part).exp() + floor + random.noise();
        }
        point[0] = height * random.between(0.7, 1.3);
        point[1] = middle + random.between(-1.0, 1.0);
        point[2] = width * random.between(0.7, 1.3);
        point[3] = floor * random.between(0.5, 1.5);
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 * (-53.0_f64).exp2())
    }

    /// 3 (u1 + u2 + u3 + u4 - 2)
    fn noise(&mut self) -> f64 {
        let bits = self.next();
        let sum: u64 = (0..4).map(|k| bits >> (16 * k) & 0xffff).sum();
        3.0 * ((sum + 2) as f64 / 65_536.0 - 2.0)
    }
}

fn problem() -> Result<Problem> {
    Ok(Problem::builder(4).parameters(VALUES).build(|x, c| {
        x.sum(0..VALUES, |t| (x[0] * (-(t.number() - x[1]).powi(2) / (2.0 * x[2] * x[2])).exp() + x[3] - c.parameter(t)).powi(2))
    })?)
}

/// Prints the throughput. Portion by portion: within one, all threads make starts as places become free.
pub(crate) fn fits() -> Result<()> {
    let fits = std::env::var(FITS).map_or(Ok(1_000_000), |count| count.parse::<usize>())?;
    let problem = problem()?;
    let (mut success, mut evaluations) = (0, 0);
    let begin = Instant::now();
    for first in (0..fits).step_by(PORTION) {
        let starts = Starts::new(Peaks { first, lanes: PORTION.min(fits - first) });
        let tolerances = Tolerances { gradient_max: TOLERANCE, ..Tolerances::default() };
        let outcome = Minimizer::new(Lbfgs::default()).tolerances(tolerances).minimize(&Device::cpu(Precision::F32), &problem, &starts)?;
        success += outcome.statuses().iter().filter(|status| status.is_success()).count();
        evaluations += outcome.evaluations();
        if first == 0 {
            eprintln!("    the first {} fits: {:?}", starts.lanes(), outcome.status_counts());
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    eprintln!("    {:.1} evaluations a fit", evaluations as f64 / fits as f64);
    figure("gaussian_fits_per_second", fits as f64 / seconds);
    if let Some(peak) = peak_mebibytes() {
        figure("gaussian_peak_mebibytes", peak);
    }
    figure("gaussian_share_success", success as f64 / fits as f64);
    Ok(())
}
