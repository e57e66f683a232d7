//! Fixed components, half a box, a box without an inside, one component, starts on corners.

use manymin::prelude::*;
use nalgebra::DMatrix;

use super::cube;
use crate::devices::{bowl, devices, epsilon, minimizer, rosenbrock, rounded, single, starts_in};

#[test]
fn fixed_components_stay_to_the_bit() {
    let starts = starts_in(5, -2.0, 2.0, 300, 4);
    let fixed = [false, true, false, true, true];
    for device in devices() {
        let bounds = cube(5, -2.0, 2.0);
        for minimizer in [minimizer().fixed(&fixed), minimizer().fixed(&fixed).bounds(&bounds)] {
            let mut batch = minimizer.start(&device, &rosenbrock(5), &starts).unwrap();
            while batch.active() > 0 {
                batch.step().unwrap();
                let points = batch.points().unwrap();
                for (lane, point) in points.column_iter().enumerate() {
                    for i in (0..5).filter(|&i| fixed[i]) {
                        assert_eq!(point[i].to_bits(), rounded(&device, starts.point(lane)[i]).to_bits(), "{device}: lane {lane}, {i}");
                    }
                }
            }
            let outcome = batch.finish().unwrap();
            assert!(outcome.statuses().iter().all(|status| status.is_success()), "{device}: {:?}", outcome.status_counts());
            assert_eq!(outcome.projected_starts(), 0, "{device}");
            // In f64 they are where the start was given.
            let polished = &outcome.polish(&[3]).unwrap()[0];
            assert_eq!(polished.point[1].to_bits(), starts.point(3)[1].to_bits(), "{device}");
        }
    }
}

#[test]
fn a_lane_with_nothing_to_move_is_where_it_should_be() {
    for device in devices() {
        let all = single(minimizer().fixed(&[true; 3]), &device, &rosenbrock(3), &[0.5, -0.0, 2.0]);
        assert_eq!((all.status, all.evaluations), (Status::Converged(Test::Gradient), 1), "{device}: {all:?}");
        assert_eq!((all.point.as_slice(), all.point[1].to_bits()), (&[0.5, -0.0, 2.0][..], (-0.0_f64).to_bits()), "{device}");
        let none = single(minimizer().fixed(&[false; 3]), &device, &rosenbrock(3), &[0.5, 0.0, 2.0]);
        assert_eq!(none, single(minimizer(), &device, &rosenbrock(3), &[0.5, 0.0, 2.0]), "{device}: a mask of nothing");
        let point = Bounds::new(&[0.5, 1.0], &[0.5, 1.0]).unwrap();
        let one = single(minimizer().bounds(&point), &device, &rosenbrock(2), &[3.0, 3.0]);
        assert_eq!((one.status, one.point.as_slice(), one.projected_start), (Status::Converged(Test::Gradient), &[0.5, 1.0][..], true));
    }
}

#[test]
fn on_a_corner_with_the_gradient_outwards_a_lane_has_converged() {
    for device in devices() {
        for tolerance in [1e-5, 0.0] {
            let minimizer =
                || minimizer().bounds(&cube(4, 1.0, 3.0)).tolerances(Tolerances { gradient_max: tolerance, ..Tolerances::default() });
            let corner = single(minimizer(), &device, &bowl(4), &[1.0; 4]);
            assert_eq!(
                (corner.status, corner.evaluations, corner.iterations),
                (Status::Converged(Test::Gradient), 1, 0),
                "{device}: {corner:?}"
            );
            // From the opposite corner the gradient points inwards.
            let far = single(minimizer(), &device, &bowl(4), &[3.0; 4]);
            assert_eq!((far.status, far.point.as_slice()), (Status::Converged(Test::Gradient), &[1.0; 4][..]), "{device}: {far:?}");
        }
    }
}

#[test]
fn half_a_box_and_one_component() {
    let square = Problem::new(1, |x| (x[0] - 3.0).powi(2)).unwrap();
    let inf = f64::INFINITY;
    for device in devices() {
        for (low, high, minimum) in [(-inf, 1.0, 1.0), (4.0, inf, 4.0), (-1.0, inf, 3.0), (-inf, inf, 3.0), (-1.0, 2.5, 2.5)] {
            for start in [-7.0, 0.0, 2.0, 30.0] {
                let lane = single(minimizer().bounds(&cube(1, low, high)), &device, &square, &[start]);
                assert!(lane.status.is_success(), "{device}: {lane:?}");
                assert!((lane.point[0] - minimum).abs() <= 4.0 * epsilon(&device).sqrt(), "{device}, [{low}, {high}]: {lane:?}");
                assert_eq!(lane.projected_start, start < low || start > high, "{device}, [{low}, {high}] from {start}");
            }
        }
    }
}

#[test]
fn a_component_leaves_its_bound_when_the_gradient_turns_inwards() {
    // x0 is pushed onto its bound until x1 has grown; the minimum is at (2, 4).
    let problem = Problem::new(2, |x| (x[0] - 0.5 * x[1]).powi(2) + 0.01 * (x[1] - 4.0).powi(2)).unwrap();
    for device in devices() {
        for start in [[0.0, -5.0], [0.0, -0.5], [3.0, -5.0]] {
            let bounds = Bounds::new(&[0.0, -10.0], &[10.0, 10.0]).unwrap();
            let lane = single(minimizer().bounds(&bounds), &device, &problem, &start);
            assert!(lane.status.is_success(), "{device}: {lane:?}");
            assert!((lane.point[0] - 2.0).abs() < 2e-2 && (lane.point[1] - 4.0).abs() < 2e-2, "{device}: {lane:?}");
        }
    }
}

#[test]
fn what_falls_without_end_ends_at_its_bound() {
    let line = Problem::new(2, |x| x[0] - 2.0 * x[1]).unwrap();
    for device in devices() {
        let bounds = Bounds::new(&[-1e6, f64::NEG_INFINITY], &[f64::INFINITY, 1e3]).unwrap();
        let lane = single(minimizer().bounds(&bounds), &device, &line, &[0.0, 0.0]);
        assert_eq!((lane.status, lane.point.as_slice()), (Status::Converged(Test::Gradient), &[-1e6, 1e3][..]), "{device}: {lane:?}");
        let open = single(minimizer().bounds(&Bounds::new(&[0.0, 0.0], &[1.0, f64::INFINITY]).unwrap()), &device, &line, &[0.5, 0.5]);
        assert_eq!(open.status, Status::Unbounded, "{device}: {open:?}");
    }
}

#[test]
fn starts_outside_are_moved_in_and_said_to_be() {
    let outside = DMatrix::from_row_slice(2, 4, &[0.5, 2.0, f64::NAN, -4.0, 0.5, 0.5, 0.5, f64::INFINITY]);
    for device in devices() {
        let outcome = minimizer().bounds(&cube(2, 0.0, 1.0)).minimize(&device, &bowl(2), &Starts::from_matrix(outside.clone())).unwrap();
        let told: Vec<bool> = outcome.iter().map(|lane| lane.projected_start).collect();
        assert_eq!(told, [false, true, false, true], "{device}");
        assert_eq!(outcome.projected_starts(), 2, "{device}");
        let statuses: Vec<bool> = outcome.statuses().iter().map(|status| *status == Status::NonFiniteStart).collect();
        assert_eq!(statuses, [false, false, true, true], "{device}: what is not finite is no start");
    }
}
