//! Global search: what is distinct, how searches end, and the ways to begin anew.

use std::f64::consts::TAU;

use manymin::prelude::*;
use manymin::{BasinHopping, Distinct, Error, Found, Minimum, Search, SearchEnd, TikTak};
use nalgebra::DMatrix;

use crate::devices::devices;

fn rastrigin(n: usize) -> Problem {
    Problem::new(n, |x| x.sum(0..n, |i| 10.0 + x.at(i).powi(2) - 10.0 * (TAU * x.at(i)).cos())).expect("a problem")
}

/// The energy of a cluster of atoms whose energy does not change when it is turned or its atoms are exchanged.
fn cluster(atoms: usize) -> Problem {
    Problem::new(3 * atoms, |x| {
        x.sum(0..atoms, |i| {
            x.sum((i + 1).to(atoms), |j| {
                let square = (0..3).map(|k| (x.at(3 * i + k) - x.at(3 * j + k)).powi(2)).reduce(|a, b| a + b).expect("three");
                4.0 * (square.powi(-6) - square.powi(-3))
            })
        })
    })
    .expect("a problem")
}

fn square(n: usize, side: f64) -> Bounds {
    Bounds::new(&vec![-side; n], &vec![side; n]).expect("a box")
}

fn search() -> Search<'static> {
    Search::new(Minimizer::new(Lbfgs::default()))
}

fn cpu() -> Device {
    Device::cpu(Precision::F32)
}

/// Rastrigin's minima stand near whole numbers.
fn cell(minimum: &Minimum) -> Vec<i64> {
    minimum.point.iter().map(|x| x.round() as i64).collect()
}

#[test]
fn all_minima_of_rastrigin_in_a_box_are_found_once_each_in_order() {
    let bounds = square(2, 5.12);
    let found = Search::new(Minimizer::new(Lbfgs::default()).bounds(&bounds))
        .run(&cpu(), &rastrigin(2), &Starts::sobol(&bounds, 8_192, 3))
        .expect("a search");
    let list = &found.minima.list;
    let mut cells: Vec<Vec<i64>> = list.iter().map(cell).collect();
    cells.sort();
    assert!(cells.windows(2).all(|pair| pair[0] != pair[1]), "each is found once");
    assert_eq!(cells.len(), 121, "whole numbers from -5 to 5, twice");
    assert!(list.windows(2).all(|pair| pair[0].value <= pair[1].value), "lowest first");
    let lanes: usize = list.iter().map(|minimum| minimum.lanes).sum();
    let successes: usize = found.statuses.iter().filter(|(status, _)| status.is_success()).map(|(_, lanes)| lanes).sum();
    assert_eq!((lanes, found.minima.others, found.minima.uncompared), (successes, 0, 0));
    assert_eq!((found.end, found.statuses.values().sum::<usize>()), (SearchEnd::Done, 8_192));
    assert!(list.iter().all(|minimum| minimum.polished && minimum.gradient_max < 1e-9), "in f64");
    assert!(found.expected.expect("enough lanes") < 121.0 * 1.05);
}

#[test]
fn lanes_cut_in_known_basins_count_for_their_minima_and_save_evaluations() {
    let bounds = square(2, 5.12);
    let starts = Starts::sobol(&bounds, 4_096, 3);
    for device in devices() {
        let search = || Search::new(Minimizer::new(Lbfgs::default()).bounds(&bounds).pool(256));
        let all = search().run(&device, &rastrigin(2), &starts).expect("a search");
        let cut = search().cut(0.02).run(&device, &rastrigin(2), &starts).expect("a search");
        let cells = |found: &Found| {
            let mut cells: Vec<Vec<i64>> = found.minima.list.iter().map(cell).collect();
            cells.sort();
            cells
        };
        assert_eq!(cells(&cut), cells(&all), "{device}");
        let lanes: usize = cut.minima.list.iter().map(|minimum| minimum.lanes).sum();
        let duplicates = cut.statuses[&Status::Duplicate];
        let successes: usize = cut.statuses.iter().filter(|(status, _)| status.is_success()).map(|(_, lanes)| lanes).sum();
        assert_eq!(lanes, successes + duplicates, "{device}");
        assert!(duplicates > 2_048, "{device}: {duplicates}");
        assert!(cut.totals.evaluations < all.totals.evaluations, "{device}: {} of {}", cut.totals.evaluations, all.totals.evaluations);
    }
}

#[test]
fn minima_do_not_depend_on_the_order_of_lanes() {
    let (n, lanes) = (2, 3_000);
    let starts = Starts::uniform(&square(n, 5.0), lanes, 8);
    let points: Vec<Vec<f64>> = (0..lanes).map(|lane| starts.point(lane)).collect();
    let run = |order: &[usize]| {
        let matrix = DMatrix::from_fn(n, lanes, |i, k| points[order[k]][i]);
        let outcome = Minimizer::new(Lbfgs::default()).minimize(&cpu(), &rastrigin(2), &Starts::from_matrix(matrix)).expect("a run");
        // Lanes have other numbers; all else must be the same.
        let minima = outcome.minima(Distinct::default()).expect("minima");
        minima.list.into_iter().map(|m| (m.value.to_bits(), m.point, m.lanes)).collect::<Vec<_>>()
    };
    let forward: Vec<usize> = (0..lanes).collect();
    let shuffled: Vec<usize> = (0..lanes).map(|k| k * 7 % lanes).collect();
    assert_eq!(run(&forward), run(&shuffled));
}

#[test]
fn symmetric_copies_are_one_minimum_by_value() {
    let starts = Starts::sobol(&square(15, 1.2), 2_000, 1);
    let found = search().distinct(Distinct::by_value()).run(&cpu(), &cluster(5), &starts).expect("a search");
    // Cambridge Cluster Database: five atoms have one minimum, -9.103852.
    assert!((found.minima.list[0].value + 9.103_852).abs() < 1e-6, "{}", found.minima.list[0].value);
    assert!(found.minima.list[0].lanes > 200);
    let by_point = search().run(&cpu(), &cluster(5), &starts).expect("a search");
    assert!(by_point.minima.list.len() > 100, "every turn of the cluster is a point of its own");
}

#[test]
fn screening_begins_from_the_lowest_starts_and_tells_their_numbers() {
    let (problem, starts) = (rastrigin(2), Starts::sobol(&square(2, 5.12), 1_000, 5));
    let found = search().screen(0.1).run(&cpu(), &problem, &starts).expect("a search");
    assert_eq!(found.statuses.values().sum::<usize>(), 100);
    let value = |lane: usize| problem.evaluate_f32(&starts.point(lane), &[]).expect("a value").value;
    let mut values: Vec<f64> = (0..1_000).map(value).collect();
    values.sort_by(f64::total_cmp);
    assert!(found.minima.list.iter().all(|minimum| value(minimum.lane) <= values[99]), "of the best tenth");
    assert!(found.totals.evaluations > 1_000);
}

#[test]
fn a_search_ends_for_each_of_its_reasons() {
    let (problem, starts) = (rastrigin(4), Starts::sobol(&square(4, 5.12), 400_000, 5));
    let end = |search: Search<'static>| -> Found { search.run(&cpu(), &problem, &starts).expect("a search") };
    let target = end(search().target(5.0).polish(0));
    assert_eq!(target.end, SearchEnd::Target);
    assert!(target.best.expect("a value").value <= 5.0);
    assert_eq!(end(search().minima(50).polish(0)).end, SearchEnd::Minima);
    let evaluations = end(search().evaluations(10_000).polish(0));
    assert_eq!(evaluations.end, SearchEnd::Evaluations);
    assert!(evaluations.totals.evaluations >= 10_000 && evaluations.statuses.contains_key(&Status::Stopped));
    assert_eq!(end(search().time(std::time::Duration::ZERO).polish(0)).end, SearchEnd::Time);
    let stopped = Search::new(Minimizer::new(Lbfgs::default()).monitor(|_: &mut Step| Control::Stop)).polish(0);
    assert_eq!(stopped.run(&cpu(), &problem, &starts).expect("a search").end, SearchEnd::Monitor);
}

#[test]
fn a_search_ends_when_all_minima_are_likely_to_be_seen() {
    let himmelblau = Problem::new(2, |x| (x[0].powi(2) + x[1] - 11.0).powi(2) + (x[0] + x[1].powi(2) - 7.0).powi(2)).expect("a problem");
    let starts = Starts::sobol(&square(2, 6.0), 20_000_000, 5);
    let found = search().until_all_seen().run(&cpu(), &himmelblau, &starts).expect("a search");
    assert_eq!((found.end, found.minima.list.len()), (SearchEnd::AllSeen, 4));
    assert!(found.minima.list.iter().all(|minimum| minimum.value < 1e-20), "Himmelblau's four minima are 0");
    assert!(found.expected.expect("enough lanes") < 5.0);
}

#[test]
fn monitors_of_the_minimizer_see_lanes_that_the_search_takes() {
    let starts = Starts::sobol(&square(2, 5.12), 500, 5);
    let mut ended = std::collections::BTreeSet::new();
    let watch = |step: &mut Step| ended.extend(step.summaries().iter().filter(|s| !s.status.is_active()).map(|s| s.lane));
    let found = Search::new(Minimizer::new(Lbfgs::default()).monitor(watch)).run(&cpu(), &rastrigin(2), &starts).expect("a search");
    assert_eq!(ended.len(), 500);
    assert_eq!(found.statuses.values().sum::<usize>(), 500);
}

#[test]
fn hopping_comes_to_the_global_minimum_where_single_minimisations_do_not() {
    let (problem, starts) = (rastrigin(5), Starts::sobol(&square(5, 5.12), 32, 9));
    let single = search().run(&cpu(), &problem, &starts).expect("a search");
    assert!(single.minima.list[0].value > 1.0, "or this test shows nothing");
    let hopping = BasinHopping { hops: 150, seed: 2, ..BasinHopping::default() };
    let run = || search().hopping(hopping).run(&cpu(), &problem, &starts).expect("a search");
    let found = run();
    assert!(found.minima.list[0].value < 1e-9, "{}", found.minima.list[0].value);
    assert_eq!(found.statuses.values().sum::<usize>(), 32 * 151);
    assert_eq!(found.minima, run().minima, "again the same");
    let point = |lane: usize| found.minima.list.iter().filter(|m| m.lane == lane).count();
    assert!((0..32).any(|lane| point(lane) > 1), "lanes keep their numbers");
}

#[test]
fn hops_come_to_be_as_long_as_minima_are_apart() {
    // Of two minima in each component, 5.6 apart, the lower one in all; hops of at most 1 lead back to where they began.
    let problem = Problem::new(6, |x| x.sum(0..6, |i| x.at(i).powi(4) - 16.0 * x.at(i).powi(2) + 5.0 * x.at(i)) / 12.0).expect("a problem");
    let starts = Starts::sobol(&square(6, 5.0), 8, 9);
    let lowest = |adapt: f64| {
        let hopping = BasinHopping { hops: 150, temperature: 0.0, seed: 2, adapt, ..BasinHopping::default() };
        search().hopping(hopping).run(&cpu(), &problem, &starts).expect("a search").minima.list[0].value
    };
    assert!(lowest(1.0) > -37.0 && (lowest(1.2) + 39.166_166).abs() < 1e-5, "{} beside {}", lowest(1.0), lowest(1.2));
}

#[test]
fn tiktak_draws_later_starts_to_the_best() {
    let (problem, starts) = (rastrigin(6), Starts::sobol(&square(6, 5.12), 20_000, 9));
    let plain = search().screen(0.05).run(&cpu(), &problem, &starts).expect("a search");
    let drawn = search().screen(0.05).tiktak(TikTak { wave: 50 }).run(&cpu(), &problem, &starts).expect("a search");
    let best = |found: &Found| found.minima.list[0].value;
    assert!(best(&drawn) < best(&plain) - 0.5, "{} beside {}", best(&drawn), best(&plain));
}

#[test]
fn certificates_tell_minima_from_saddles_and_heed_bounds() {
    // A saddle at 0, where a gradient method from the axis x_1 = 0 ends.
    let saddle = Problem::new(2, |x| x[0].powi(2) - x[1].powi(2) + 0.25 * x[1].powi(4)).expect("a problem");
    let starts = Starts::from_matrix(DMatrix::from_column_slice(2, 2, &[1.0, 0.0, 1.0, 0.5]));
    let found = search().run(&Device::cpu(Precision::F64), &saddle, &starts).expect("a search");
    let [low, high] = &found.minima.list[..] else { panic!("{:?}", found.minima) };
    let [minimum, saddle] = [low, high].map(|m| found.certify(m).expect("a certificate"));
    assert!((minimum.lowest_curvature - 2.0).abs() < 1e-6 && (minimum.value + 1.0).abs() < 1e-12);
    assert!((saddle.lowest_curvature + 2.0).abs() < 1e-9 && saddle.value.abs() < 1e-12);
    // Concave in x_1, and held at a bound there: a minimum all the same.
    let held = Problem::new(2, |x| x[0].powi(2) - x[1].powi(2)).expect("a problem");
    let bounds = square(2, 1.0);
    let minimizer = Minimizer::new(Lbfgs::default()).bounds(&bounds);
    let starts = Starts::from_matrix(DMatrix::from_column_slice(2, 1, &[0.5, 0.5]));
    let found = Search::new(minimizer).run(&Device::cpu(Precision::F64), &held, &starts).expect("a search");
    let certificate = found.certify(&found.minima.list[0]).expect("a certificate");
    assert!((certificate.lowest_curvature - 2.0).abs() < 1e-12 && certificate.gradient_max < 1e-8, "{certificate:?}");
}

#[test]
fn settings_out_of_range_are_refused_before_anything_runs() {
    let starts = Starts::sobol(&square(2, 5.12), 10, 5);
    let refused = |search: Search<'static>, name: &str| match search.run(&cpu(), &rastrigin(2), &starts) {
        Err(Error::Setting { name: given, .. }) => assert_eq!(given, name),
        other => panic!("{name}: {other:?}"),
    };
    refused(search().screen(0.0), "screen");
    refused(search().screen(f64::NAN), "screen");
    refused(search().distinct(Distinct::Point { distance: -1.0, value: 0.0 }), "distance");
    refused(search().distinct(Distinct::Value { value: f64::NAN }), "value");
    refused(search().hopping(BasinHopping { displacement: 0.0, ..BasinHopping::default() }), "displacement");
    refused(search().hopping(BasinHopping { adapt: 0.9, ..BasinHopping::default() }), "adapt");
    refused(search().hopping(BasinHopping { temperature: -1.0, ..BasinHopping::default() }), "temperature");
    refused(search().tiktak(TikTak { wave: 0 }), "wave");
    refused(search().cut(0.0), "cut");
    refused(search().cut(0.1).distinct(Distinct::by_value()), "cut");
    refused(search().cut(0.1).hopping(BasinHopping::default()), "cut");
}
