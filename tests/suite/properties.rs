//! What must hold of any program, any box, any way to walk: chosen at random, and made small again where it fails.

use manymin::prelude::*;
use manymin::probe::loop_iterations;
use nalgebra::DMatrix;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::cases::cases;
use crate::devices::{Bits, gpu};
use crate::random::{Prepared, prepared};

/// Of the 65,535 iterations that Mesa's software driver gives the loops of a dispatch, one round of the objective takes at
/// most so many; longer programs may be refused there.
const LONGEST_ON_GPU: u64 = 32_768;

/// A run: everything that may vary.
#[derive(Clone, Debug)]
struct Case {
    /// The program's.
    seed: u64,
    method: usize,
    bounded: bool,
    fixed: bool,
    lanes: usize,
    pool: usize,
    /// Rounds of each call, and steps before them.
    rounds: u32,
    steps: usize,
    /// How far starts are from the program's own point.
    spread: f64,
    evaluations: u32,
}

/// Cases of programs with at most `longest` iterations of loops.
fn runs(longest: u64) -> impl Strategy<Value = Case> {
    let fits = move |program: Prepared| loop_iterations(&program.problem).is_some_and(|loops| loops <= longest);
    let programs = (1_u64..4_000).prop_filter("wild and long programs are left out", move |&seed| prepared(seed).is_some_and(fits));
    let ways = (0..methods().len(), any::<bool>(), any::<bool>());
    let sizes = (2_usize..70, 1_usize..80, 1_u32..20, 0_usize..5);
    (programs, ways, sizes, 0.01..2.0, 1_u32..120).prop_map(|(seed, ways, sizes, spread, evaluations)| Case {
        seed,
        method: ways.0,
        bounded: ways.1,
        fixed: ways.2,
        lanes: sizes.0,
        pool: sizes.1,
        rounds: sizes.2,
        steps: sizes.3,
        spread,
        evaluations,
    })
}

fn methods() -> Vec<Minimizer<'static>> {
    vec![
        Minimizer::new(Lbfgs { memory: 3 }),
        Minimizer::new(Lbfgs { memory: 8 }).line_search(MoreThuente { approximate_armijo: true, ..MoreThuente::default() }),
        Minimizer::new(Lbfgs { memory: 1 }).line_search(Backtracking::default()),
        Minimizer::new(Bfgs::default()),
        Minimizer::new(ConjugateGradient::default()),
        Minimizer::new(Nesterov::default()).line_search(ConstantStep { alpha: 1e-3 }),
        Minimizer::new(DeltaBarDelta::default()),
    ]
}

impl Case {
    /// A number in [-1, 1] for component `i` of a lane, or for its bounds.
    fn noise(&self, lane: usize, i: usize) -> f64 {
        ((self.seed % 97) as f64 + 12.9898 * lane as f64 + 78.233 * i as f64 + 0.5).sin()
    }

    fn bounds(&self, program: &Prepared) -> Bounds {
        let side = |sign: f64| -> Vec<f64> {
            let reach = |(i, x): (usize, &f64)| x + sign * self.spread * (0.1 + self.noise(1_000 + usize::from(sign > 0.0), i).abs());
            program.point.iter().enumerate().map(reach).collect()
        };
        Bounds::new(&side(-1.0), &side(1.0)).unwrap()
    }

    fn minimizer(&self, program: &Prepared) -> Minimizer<'static> {
        let minimizer = methods().swap_remove(self.method).max_evaluations(self.evaluations).pool(self.pool);
        let minimizer = if self.bounded { minimizer.bounds(&self.bounds(program)) } else { minimizer };
        let fixed: Vec<bool> = (0..program.point.len()).map(|i| i == 1).collect();
        if self.fixed && self.bounded { minimizer.fixed(&fixed) } else { minimizer }
    }

    /// Starts around the program's point, in its box; the lanes in `order`.
    fn starts(&self, program: &Prepared, order: &[usize]) -> Starts {
        let inside = self.bounds(program);
        let point = |i: usize, lane: usize| {
            let x = program.point[i] + self.spread * self.noise(order[lane], i);
            // A fixed component must begin inside.
            x.clamp(inside.lower()[i], inside.upper()[i])
        };
        let points = DMatrix::from_fn(program.point.len(), order.len(), point);
        let parameters = DMatrix::from_fn(program.parameters.len(), order.len(), |k, _| program.parameters[k]);
        Starts::from_matrix(points).with_parameters(parameters)
    }
}

/// Whether lanes are the same however they are cut, ordered and accompanied, and none leaves its box.
fn holds(case: &Case, device: &Device) -> Result<(), TestCaseError> {
    let program = prepared(case.seed).expect("it was prepared before");
    let minimizer = case.minimizer(&program);
    let whole = |order: &[usize]| {
        let mut batch = minimizer.start(device, &program.problem, &case.starts(&program, order)).unwrap();
        batch.run().unwrap();
        batch.finish().unwrap()
    };
    let order: Vec<usize> = (0..case.lanes).collect();
    let outcome = whole(&order);
    let expected = Bits::all(&outcome);

    let mut batch = minimizer.start(device, &program.problem, &case.starts(&program, &order)).unwrap();
    for _ in 0..case.steps {
        batch.step().unwrap();
    }
    while batch.active() > 0 {
        batch.advance(case.rounds).unwrap();
    }
    prop_assert_eq!(&Bits::all(&batch.finish().unwrap()), &expected, "{}: cut", device);

    let reversed: Vec<usize> = order.iter().rev().copied().collect();
    let turned: Vec<Bits> = Bits::all(&whole(&reversed)).into_iter().rev().enumerate().map(|(lane, bits)| bits.numbered(lane)).collect();
    prop_assert_eq!(&turned, &expected, "{}: in another order", device);

    let alone = case.lanes / 2;
    prop_assert_eq!(Bits::of(&whole(&[alone]).lane(0)).numbered(alone), expected[alone].clone(), "{}: alone", device);

    if case.bounded {
        let bounds = case.bounds(&program);
        let rounded = |x: f64| if device.precision() == Precision::F32 { f64::from(x as f32) } else { x };
        for lane in outcome.iter() {
            for (i, x) in lane.point.iter().chain(&lane.last_point).enumerate() {
                let i = i % program.point.len();
                // A component that is fixed is the start's nearest number.
                let within = if case.fixed && i == 1 {
                    rounded(bounds.lower()[i]) <= *x && *x <= rounded(bounds.upper()[i])
                } else {
                    bounds.lower()[i] <= *x && *x <= bounds.upper()[i]
                };
                prop_assert!(within, "{device}, lane {}: component {i} is {x}", lane.lane);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn lanes_depend_on_nothing_but_themselves_on_the_cpu(case in runs(u64::MAX)) {
        for precision in [Precision::F32, Precision::F64] {
            holds(&case, &Device::cpu(precision))?;
        }
    }
}

proptest! {
    // Each compiles kernels of its own.
    #![proptest_config(cases(8))]

    #[test]
    fn lanes_depend_on_nothing_but_themselves_on_the_gpu(case in runs(LONGEST_ON_GPU)) {
        holds(&case, &gpu())?;
    }
}
