//! The one table of a lane's fields: from it come the CPU engine's memory, the size of a lane and the order in files.

use crate::method::{Demands, Method};
use crate::problem::evaluate::chunk::Chunk;
use crate::problem::evaluate::real::Real;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number of the lanes' precision.
    Float,
    /// An unsigned count or code of 32 bits.
    Word,
}

/// How many elements a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// One.
    One,
    /// n, one a component.
    Point,
    /// m, one a pair remembered.
    Memory,
    /// m n, one a component of each pair remembered.
    History,
    /// Those of the method's matrix.
    Matrix,
    /// One a parameter.
    Parameters,
    /// n where lanes are bounded, else none.
    Bounds,
    /// Two a row of the trail.
    Trail,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "the name is for shaders"))]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) extent: Extent,
}

macro_rules! table {
    (floats { $($(#[$float_doc:meta])* $float:ident,)* } words { $($(#[$word_doc:meta])* $word:ident,)* } vectors { $($(#[$vector_doc:meta])* $vector:ident $extent:ident,)* }) => {
        /// The fields of a chunk of lanes that have one element each.
        #[derive(Clone, Debug)]
        pub(crate) struct Scalars<T> {
            $($(#[$float_doc])* pub(crate) $float: Chunk<T>,)*
            $($(#[$word_doc])* pub(crate) $word: Chunk<u32>,)*
        }

        impl<T: Copy + Default> Scalars<T> {
            pub(crate) fn new() -> Self {
                Self { $($float: Chunk::splat(T::default()),)* $($word: Chunk::splat(0),)* }
            }

            /// Gives lane `at` the fields of lane `from` of another chunk.
            pub(crate) fn copy_lane(&mut self, at: usize, other: &Self, from: usize) {
                $(self.$float.0[at] = other.$float.0[from];)*
                $(self.$word.0[at] = other.$word.0[from];)*
            }
        }

        impl<T: Real> Scalars<T> {
            /// The fields of lane `l`. Inlined, since most callers look at a few of them.
            #[inline(always)]
            pub(crate) fn get(&self, l: usize) -> Fields {
                Fields { $($float: self.$float.0[l].to_f64(),)* $($word: self.$word.0[l],)* }
            }

            /// Gives lane `l` these fields.
            pub(crate) fn set(&mut self, l: usize, fields: &Fields) {
                $(self.$float.0[l] = T::from_f64(fields.$float);)*
                $(self.$word.0[l] = fields.$word;)*
            }
        }

        /// The fields of a lane that have one element each, wherever the lane is and whatever precision it has.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct Fields {
            $($(#[$float_doc])* pub(crate) $float: f64,)*
            $($(#[$word_doc])* pub(crate) $word: u32,)*
        }

        impl Fields {
            /// What `next` gives, asked for one field after another in the order of the table.
            pub(crate) fn read(mut next: impl FnMut(Kind) -> f64) -> Self {
                Self { $($float: next(Kind::Float),)* $($word: next(Kind::Word) as u32,)* }
            }

            /// Hands one field after another to `put`, in the order of the table.
            pub(crate) fn write(&self, mut put: impl FnMut(Kind, f64)) {
                $(put(Kind::Float, self.$float);)*
                $(put(Kind::Word, f64::from(self.$word));)*
            }
        }

        /// Every field of a lane.
        pub(crate) const FIELDS: &[Field] = &[
            $(Field { name: stringify!($float), kind: Kind::Float, extent: Extent::One },)*
            $(Field { name: stringify!($word), kind: Kind::Word, extent: Extent::One },)*
            $(Field { name: stringify!($vector), kind: Kind::Float, extent: Extent::$extent },)*
        ];
    };
}

table! {
    floats {
        /// f(x)
        value,
        /// max |P(x - g) - x|
        gradient_max,
        /// The noise of f at x in this precision.
        noise,
        /// How many times what the model says the noise was measured to be, 0 where it was not.
        roughness,
        /// The step to try.
        alpha,
        /// g.d at x.
        slope,
        /// The lower end of the bracket, or the best step so far, and value and slope there. Of Levenberg and Marquardt's method
        /// `low_value` is the decrease that the trial promises.
        low,
        low_value,
        low_slope,
        /// The upper end of the bracket, or the other end of the interval, and value and slope there. Of Levenberg and
        /// Marquardt's method `high_value` is the decrease that the whole Gauss-Newton step promises.
        high,
        high_value,
        high_slope,
        /// The width of the bracket before, and that before it.
        width,
        width_before,
        /// The best step of this search that makes enough progress, and the value there.
        safe_alpha,
        safe_value,
        /// s.y / y.y of the newest pair kept.
        gamma,
        /// |g.(x_t - x)| of the last step, other than a restart's, at its natural length: see `Tolerances`.
        decrement,
        /// The value and gradient that progress is measured from.
        reference_value,
        reference_gradient,
        /// The lowest value met, where that is not at x, and the gradient there.
        best_value,
        best_gradient_max,
        /// |x_t - x|, the 2-norm of the last accepted step, its alpha, the slope it began with, and how much lower f became.
        step,
        accepted_alpha,
        accepted_slope,
        decrease,
        /// The momentum of the direction, that of the last accepted step, what the next comes from, and how long the step
        /// before was. Of Levenberg and Marquardt's method `theta` is delta, the radius of its region, and `pace` lambda, its
        /// damping.
        mu,
        accepted_mu,
        theta,
        pace,
        /// What the status rests on.
        measured,
        threshold,
        /// What ends the lane: see `Tolerances`. Without a target that is minus infinity.
        gradient_tolerance,
        gradient_relative,
        step_tolerance,
        step_relative,
        value_tolerance,
        value_relative,
        goal,
    }
    words {
        /// The lane's number.
        lane,
        /// See `Phase`.
        phase,
        /// A status code.
        status,
        iterations,
        evaluations,
        /// Evaluations in this search, and how often it grew.
        search_evaluations,
        expansions,
        /// 1 if the bracket has an upper end, and if the slope there is known.
        bracketed,
        high_known,
        /// 1 if the search looks for a flat slope alone, its value being low enough.
        second_stage,
        /// 1 if there is a safe step.
        has_safe,
        /// Pairs remembered; of methods without pairs 1 if d is not along -g.
        pairs,
        /// Pairs refused, and restarts along the gradient, in all.
        refused,
        resets,
        /// Directions that the method itself began anew, in all, and steps since.
        restarts,
        since,
        /// Steps since the reference moved.
        stagnant,
        /// 1 if the best point is not x.
        best_elsewhere,
        /// 1 if the lane has done its part of a `step()` and waits.
        waits,
        /// The most evaluations of one search, those of the last step that was accepted and before.
        longest_search,
        /// What ends the lane: see `Limits` and `FloorPolicy`.
        iteration_limit,
        evaluation_limit,
        floor_policy,
    }
    vectors {
        x Point,
        g Point,
        d Point,
        best Point,
        /// Pairs (s, y), newest first on the CPU.
        s History,
        y History,
        /// 1 / s.y, 0 where there is no pair.
        rho Memory,
        /// The method's matrix. BFGS: the lower triangle of the inverse Hessian, row by row. Levenberg and Marquardt's: that of
        /// J'J, and the scales D behind it. Delta-bar-delta: the gains, and the averaged gradient behind them.
        h Matrix,
        parameters Parameters,
        /// The box that x stays in.
        lower Bounds,
        upper Bounds,
        /// Value and gradient after each of the last steps: see `engine/trail.rs`.
        trail Trail,
    }
}

/// The fields that the lane is given with its start, and keeps.
#[cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "for shaders"))]
pub(crate) const DEMANDS: [&str; 10] = [
    "gradient_tolerance",
    "gradient_relative",
    "step_tolerance",
    "step_relative",
    "value_tolerance",
    "value_relative",
    "goal",
    "iteration_limit",
    "evaluation_limit",
    "floor_policy",
];

impl Fields {
    /// Of a lane before its first evaluation.
    pub(crate) fn fresh(lane: usize, demands: &Demands) -> Self {
        let nan = f64::NAN;
        let unasked = Self {
            lane: lane as u32,
            phase: Phase::Fresh as u32,
            value: nan,
            gradient_max: nan,
            measured: nan,
            threshold: nan,
            ..Self::default()
        };
        unasked.with_demands(demands)
    }

    /// With these for what ends the lane.
    pub(crate) fn with_demands(self, demands: &Demands) -> Self {
        let Demands { tolerances, limits } = demands;
        Self {
            gradient_tolerance: tolerances.gradient_max,
            gradient_relative: tolerances.gradient_relative,
            step_tolerance: tolerances.step_max,
            step_relative: tolerances.step_relative,
            value_tolerance: tolerances.value_change,
            value_relative: tolerances.value_relative,
            goal: tolerances.target.unwrap_or(f64::NEG_INFINITY),
            iteration_limit: limits.iterations,
            evaluation_limit: limits.evaluations,
            floor_policy: tolerances.floor_policy as u32,
            ..self
        }
    }
}

/// What a lane does with its next evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Phase {
    /// There is no lane, or it has ended.
    Idle,
    /// It is the start's own.
    Fresh,
    /// It is a trial of the line search.
    Search,
    /// It is the safe point's, to be accepted.
    Retake,
}

/// The bytes that a lane takes on a device, for a point of `dimension` components, bounded or not, a method, a trail of so many
/// rows, and numbers of `float` bytes; evaluation memory not counted.
pub(crate) fn bytes_per_lane(dimension: usize, method: Method, parameters: usize, bounded: bool, trail: usize, float: usize) -> usize {
    let elements = |extent| match extent {
        Extent::One => 1,
        Extent::Point => dimension,
        Extent::Memory => method.memory(),
        Extent::History => method.memory() * dimension,
        Extent::Matrix => method.matrix(dimension),
        Extent::Parameters => parameters,
        Extent::Bounds => usize::from(bounded) * dimension,
        Extent::Trail => 2 * trail,
    };
    let size = |kind| if kind == Kind::Float { float } else { size_of::<u32>() };
    FIELDS.iter().map(|f| elements(f.extent) * size(f.kind)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (k, field) in FIELDS.iter().enumerate() {
            assert!(FIELDS[..k].iter().all(|other| other.name != field.name), "{}", field.name);
        }
    }

    #[test]
    fn fields_are_written_in_the_order_of_the_table_and_read_back() {
        let mut count = 0.0;
        let fields = Fields::read(|_| {
            count += 1.0;
            count
        });
        let mut written = Vec::new();
        fields.write(|kind, value| written.push((kind, value)));
        let expected = FIELDS.iter().filter(|field| field.extent == Extent::One).zip(1..);
        assert!(written.iter().copied().eq(expected.map(|(field, k)| (field.kind, f64::from(k)))), "{written:?}");
        let mut scalars = Scalars::<f32>::new();
        scalars.set(3, &fields);
        assert_eq!(scalars.get(3), fields);
        assert_eq!(scalars.get(2), Fields::default());
    }

    #[test]
    fn a_lane_of_ten_components_takes_about_a_kilobyte() {
        let words = bytes_per_lane(10, Method::default(), 0, false, 0, 4) / 4;
        assert_eq!(words, (2 * 8 + 4) * 10 + 8 + 39 + 23, "(2 m + 4) n + m + the scalars");
        assert_eq!(bytes_per_lane(10, Method::default(), 0, true, 0, 4) / 4, words + 2 * 10, "bounds are paid for where there are some");
        assert_eq!(bytes_per_lane(10, Method::default(), 0, false, 16, 4) / 4, words + 2 * 16, "and so are trails");
    }
}
