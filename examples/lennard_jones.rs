//! The lowest energy of a cluster of Lennard-Jones atoms, from thousands of random starts.
//!
//! ```text
//! cargo run --release --example lennard_jones -- --atoms 13
//! ```

mod common;

use std::process::ExitCode;

use common::{Arguments, Interrupt, Progress, Result, grouped, print_run};
use manymin::prelude::*;

const HELP: &str = "\
Minimises the energy of a cluster of Lennard-Jones atoms from many random starts.

  --atoms N        atoms, 2 or more [13]
  --lanes N        random starts [10000]
  --seed N         what the starts are drawn from [0]
  --precision P    f32 or f64 [f32]; the results are polished in f64 either way
  --device D       auto, cpu, gpu, or part of an adapter's name [auto]";

/// Energies that differ by less are one.
const SAME_ENERGY: f64 = 1e-6;

/// The volume of the cube of starts, for each atom: what atoms at rest take, in reduced units. Twice as much, and a quarter
/// fewer lanes find the lowest energy of 13 atoms; ten times as much, and it takes twice the evaluations as well.
const VOLUME: f64 = 1.0;

fn main() -> ExitCode {
    common::exit(run())
}

fn run() -> Result<ExitCode> {
    let Some(arguments) = Arguments::read(HELP, 0)? else { return Ok(ExitCode::SUCCESS) };
    let atoms = arguments.number("--atoms", 13)?;
    let lanes = arguments.number("--lanes", 10_000)?;
    let seed = arguments.number("--seed", 0)?;
    if atoms < 2 {
        return Err(format!("--atoms is {atoms}: energy is between pairs, so give 2 or more").into());
    }
    let device = arguments.device(Precision::F32)?;

    let problem = lennard_jones(atoms)?;
    let half = (VOLUME * atoms as f64).cbrt() / 2.0;
    let cube = Bounds::new(&vec![-half; 3 * atoms], &vec![half; 3 * atoms])?;
    let starts = Starts::uniform(&cube, lanes, seed);
    let minimizer = Minimizer::new(Lbfgs::default()).max_iterations(1_000);

    let interrupt = Interrupt::new()?;
    let mut progress = Progress::new();
    let outcome = common::run_to_end(minimizer.start(&device, &problem, &starts)?, 10, &interrupt, &mut progress)?;
    let seconds = progress.seconds();
    let successful: Vec<usize> = (0..lanes).filter(|&lane| outcome.statuses()[lane].is_success()).collect();
    let polished = outcome.polish(&successful)?;
    progress.clear();

    println!("Lennard-Jones cluster: {atoms} atoms, {} variables, on {device}", problem.dimension());
    print_run(&outcome, seconds);
    println!("{:.2} s to polish {} lanes in f64", progress.seconds() - seconds, grouped(polished.len() as u64));
    if polished.is_empty() && interrupt.is_pressed() {
        println!("\nno lane had reached a minimum yet");
    } else {
        print_energies(atoms, &problem, polished)?;
    }
    Ok(interrupt.code())
}

/// E = sum of 4 (r^-12 - r^-6) over the pairs of atoms. Atom i is at (x[3 i], x[3 i + 1], x[3 i + 2]).
fn lennard_jones(atoms: usize) -> manymin::Result<Problem> {
    Problem::new(3 * atoms, |x| {
        x.sum(0..atoms, |i| {
            x.sum(..i, |j| {
                let difference = |axis| x.at(3 * i + axis) - x.at(3 * j + axis);
                let square = difference(0).powi(2) + difference(1).powi(2) + difference(2).powi(2);
                let r6 = square.powi(-3);
                4.0 * (r6 * r6 - r6)
            })
        })
    })
}

/// Prints the lowest energies with how often each was found, and the lowest beside the lowest known.
fn print_energies(atoms: usize, problem: &Problem, mut polished: Vec<Polished>) -> Result<()> {
    polished.sort_by(|a, b| a.value.total_cmp(&b.value));
    let Some(best) = polished.first() else { return Err("no lane reached a minimum: give more --lanes".into()) };
    println!("\n     lanes  energy, lowest first; equal to {SAME_ENERGY:e}");
    for group in polished.chunk_by(|a, b| b.value - a.value < SAME_ENERGY).take(5) {
        println!("{:>10}  {:.6}", grouped(group.len() as u64), group[0].value);
    }
    let certified = problem.evaluate(&best.point, &[])?;
    println!("\nbest energy {:.6}", certified.value);
    match LOWEST_KNOWN.get(atoms - 2) {
        Some(known) => println!("lowest known {known:.6} (Cambridge Cluster Database)"),
        None => println!("lowest known: not in this example's table, which ends at {} atoms", LOWEST_KNOWN.len() + 1),
    }
    println!("largest gradient component there {:.1e}", certified.gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs())));
    Ok(())
}

/// The lowest known energies of 2, 3, 4, ... atoms, in reduced units.
///
/// The Cambridge Cluster Database, D. J. Wales, J. P. K. Doye, A. Dullweber, M. P. Hodges, F. Y. Naumkin, F. Calvo,
/// J. Hernandez-Rojas and T. F. Middleton, <https://www-wales.ch.cam.ac.uk/CCD.html>.
#[rustfmt::skip]
const LOWEST_KNOWN: [f64; 17] = [
    -1.000000, -3.000000, -6.000000, -9.103852, -12.712062, -16.505384, -19.821489, -24.113360,
    -28.422532, -32.765970, -37.967600, -44.326801, -47.845157, -52.322627, -56.815742, -61.317995,
    -66.530949,
];
