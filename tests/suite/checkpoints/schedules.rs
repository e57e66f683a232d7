//! Whatever is done with a batch between its files: random orders of steps, saves, looks and results handed out.

use manymin::prelude::*;
use proptest::prelude::*;

use super::{again, kinds};
use crate::cases::cases;
use crate::devices::{Bits, assert_same};

/// What is done next.
#[derive(Clone, Copy, Debug)]
enum Act {
    Step,
    Rounds(u32),
    Reload,
    Look,
    Drain,
    Branch,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        Just(Act::Step),
        (1..6_u32).prop_map(Act::Rounds),
        Just(Act::Reload),
        Just(Act::Reload),
        Just(Act::Look),
        Just(Act::Drain),
        Just(Act::Branch),
    ];
    prop::collection::vec(act, 1..40)
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn no_order_of_things_changes_a_bit(kind in 0..11_usize, single in any::<bool>(), pool in 1..40_usize, acts in acts()) {
        let device = Device::cpu(if single { Precision::F32 } else { Precision::F64 });
        let (name, minimizer, problem, starts) = kinds(25).swap_remove(kind);
        let minimizer = minimizer.pool(pool);
        let mut whole = minimizer.start(&device, &problem, &starts).unwrap();
        whole.run().unwrap();
        let whole = whole.finish().unwrap();
        let mut batch = minimizer.start(&device, &problem, &starts).unwrap();
        let mut drained = Vec::new();
        for act in acts {
            match act {
                Act::Step => batch.step().unwrap(),
                Act::Rounds(rounds) => batch.advance(rounds).unwrap(),
                Act::Reload => batch = again(&mut batch, &device),
                Act::Look => drop((batch.summaries().unwrap(), batch.points().unwrap())),
                Act::Drain => drained.extend(batch.drain_finished()),
                Act::Branch => batch = batch.clone(),
            }
        }
        batch.run().unwrap();
        let mut batch = again(&mut batch, &device);
        drained.extend(batch.drain_finished());
        drained.sort_by_key(|lane| lane.lane);
        assert_same(&Bits::all(&whole), &drained.iter().map(Bits::of).collect::<Vec<_>>(), name);
        prop_assert_eq!(batch.evaluations(), whole.evaluations());
        prop_assert_eq!(Bits::of(&batch.best()), Bits::of(&whole.best()));
    }
}
