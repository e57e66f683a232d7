//! How a run of any method is cut, what runs beside a lane, and where: none of it changes a bit.

use manymin::prelude::*;

use super::methods;
use crate::devices::{Bits, assert_same, devices, gpu};
use crate::invariance::sweep;

fn limited(method: Method) -> Minimizer<'static> {
    // Some lanes run out, in the middle of a search too.
    Minimizer::new(method).max_evaluations(50)
}

#[test]
fn no_cut_and_no_company_changes_a_bit_of_any_method() {
    let (problem, starts) = sweep(70);
    for (name, method) in methods() {
        for device in devices() {
            let whole = limited(method).minimize(&device, &problem, &starts).unwrap();
            let expected = Bits::all(&whole);
            type Cut = fn(usize, &mut Batch);
            let cuts: [(&str, Cut); 3] = [
                ("step()", |_, batch| batch.step().unwrap()),
                ("advance(3)", |_, batch| batch.advance(3).unwrap()),
                ("steps, then rounds, then a branch runs", |k, batch| match k {
                    0..3 => batch.step().unwrap(),
                    3..6 => batch.advance(1).unwrap(),
                    _ => {
                        *batch = batch.clone();
                        batch.run().unwrap();
                    }
                }),
            ];
            for (cut, act) in cuts {
                let mut batch = limited(method).pool(20).start(&device, &problem, &starts).unwrap();
                let mut k = 0;
                while batch.active() > 0 {
                    act(k, &mut batch);
                    k += 1;
                }
                let outcome = batch.finish().unwrap();
                assert_same(&expected, &Bits::all(&outcome), &format!("{name} on {device}, {cut}"));
                assert_eq!(outcome.evaluations(), whole.evaluations(), "{name} on {device}, {cut}");
            }
        }
    }
}

#[test]
fn lanes_of_any_method_move() {
    let (problem, starts) = sweep(40);
    let again = |device: &Device| match device.precision() {
        _ if *device == gpu() => Device::adapter(&gpu().info().name).unwrap(),
        precision => Device::cpu(precision),
    };
    for (name, method) in methods() {
        for device in devices() {
            let twin = again(&device);
            let expected = Bits::all(&limited(method).minimize(&device, &problem, &starts).unwrap());
            let mut batch = limited(method).pool(30).start(&device, &problem, &starts).unwrap();
            for k in 0..6 {
                if k % 2 == 0 { batch.step() } else { batch.advance(5) }.unwrap();
                batch.move_to(if k % 2 == 0 { &twin } else { &device }).unwrap();
            }
            batch.run().unwrap();
            assert_same(&expected, &Bits::all(&batch.finish().unwrap()), &format!("{name} on {device}"));
        }
    }
}

#[test]
fn what_a_method_remembers_goes_along_to_another_engine() {
    let (problem, starts) = (super::stretched(4), crate::devices::starts_in(4, -2.0, 2.0, 40, 31));
    let (cpu, gpu) = (Device::cpu(Precision::F32), gpu());
    for (name, method) in methods() {
        let minimizer = || Minimizer::new(method).max_iterations(24);
        let whole = minimizer().minimize(&cpu, &problem, &starts).unwrap();
        let mut batch = minimizer().pool(30).start(&cpu, &problem, &starts).unwrap();
        for device in [&gpu, &cpu, &gpu, &cpu] {
            (0..3).for_each(|_| batch.step().unwrap());
            batch.move_to(device).unwrap();
        }
        batch.run().unwrap();
        let moved = batch.finish().unwrap();
        for (a, b) in whole.iter().zip(moved.iter()) {
            let size = starts.point(a.lane).iter().fold(0.0_f64, |max, x| max.max(x.abs()));
            let apart = super::distance(&a.last_point, &b.last_point);
            assert!(apart <= 1e-3 * size, "{name}, lane {}: {:?} and {:?}", a.lane, a.last_point, b.last_point);
        }
    }
}
