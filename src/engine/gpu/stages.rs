//! The stages that the shader's text is put together from, and what the user has set of them.

use std::fmt::Write;

use super::method_settings::method_settings;
use crate::method::constants as c;
use crate::method::{FirstStep, LineSearch, Method, NextStep, Walk};

/// A stage: its name and its text.
pub(super) type Stage = (&'static str, &'static str);

/// The stages that all methods share, in the order they stand in the text.
pub(super) const STAGES: [Stage; 12] = [
    ("memory", include_str!("../../../shaders/memory.wgsl")),
    ("evaluate", include_str!("../../../shaders/evaluate.wgsl")),
    ("accept", include_str!("../../../shaders/accept.wgsl")),
    ("initial_step", include_str!("../../../shaders/initial_step.wgsl")),
    ("direction", include_str!("../../../shaders/direction.wgsl")),
    ("roughness", include_str!("../../../shaders/roughness.wgsl")),
    ("ending", include_str!("../../../shaders/ending.wgsl")),
    ("tests", include_str!("../../../shaders/tests.wgsl")),
    ("round", include_str!("../../../shaders/round.wgsl")),
    ("transfer", include_str!("../../../shaders/transfer.wgsl")),
    ("compact", include_str!("../../../shaders/compact.wgsl")),
    ("state", include_str!("../../../shaders/state.wgsl")),
];

/// The stage that finds a method's directions: `remember`, given a new pair, and `direct`; and takes what it remembers to the
/// host and back: `save_history`, `restore_history`.
pub(super) fn method_stages(method: Method, bounded: bool) -> Vec<Stage> {
    let stage = match method {
        Method::Lbfgs(_) => {
            let weights = if bounded {
                ("held", include_str!("../../../shaders/held.wgsl"))
            } else {
                ("unheld", include_str!("../../../shaders/unheld.wgsl"))
            };
            let remembered = ("pairs", include_str!("../../../shaders/pairs.wgsl"));
            return vec![("lbfgs", include_str!("../../../shaders/lbfgs.wgsl")), remembered, weights];
        }
        Method::Bfgs(_) => ("bfgs", include_str!("../../../shaders/bfgs.wgsl")),
        Method::ConjugateGradient(_) => ("conjugate_gradient", include_str!("../../../shaders/conjugate_gradient.wgsl")),
        Method::SteepestDescent(_) => ("steepest_descent", include_str!("../../../shaders/steepest_descent.wgsl")),
        Method::Momentum(_) | Method::Nesterov(_) => ("momentum", include_str!("../../../shaders/momentum.wgsl")),
        Method::DeltaBarDelta(_) => ("delta_bar_delta", include_str!("../../../shaders/delta_bar_delta.wgsl")),
        Method::LevenbergMarquardt(_) => unreachable!("refused before a GPU engine is set up"),
    };
    vec![stage]
}

/// What bounds change of a round, for any method.
pub(super) fn bounds_stage(bounded: bool) -> Stage {
    if bounded {
        ("bounds", include_str!("../../../shaders/bounds.wgsl"))
    } else {
        ("unbounded", include_str!("../../../shaders/unbounded.wgsl"))
    }
}

/// What a trail changes of a round, and of what is taken to the host and back.
pub(super) fn trail_stage(rows: usize) -> Stage {
    if rows > 0 {
        ("trail", include_str!("../../../shaders/trail.wgsl"))
    } else {
        ("no_trail", include_str!("../../../shaders/no_trail.wgsl"))
    }
}

/// The stages that judge a trial: `judge`.
pub(super) fn search_stages(search: LineSearch) -> &'static [Stage] {
    const JUDGE: Stage = ("judge", include_str!("../../../shaders/judge.wgsl"));
    match search {
        LineSearch::Slopes(_) => &[("line_search", include_str!("../../../shaders/line_search.wgsl"))],
        LineSearch::Backtracking(_) => &[JUDGE, ("backtracking", include_str!("../../../shaders/backtracking.wgsl"))],
        LineSearch::MoreThuente(_) => &[
            JUDGE,
            ("more_thuente", include_str!("../../../shaders/more_thuente.wgsl")),
            ("interpolate", include_str!("../../../shaders/interpolate.wgsl")),
        ],
        LineSearch::Constant(_) => &[JUDGE, ("constant_step", include_str!("../../../shaders/constant_step.wgsl"))],
    }
}

/// What the user has set of method, line search and initial steps.
pub(super) fn settings(walk: Walk) -> String {
    let mut text = method_settings(walk);
    let mut float = |name: &str, value: f64| _ = writeln!(text, "const {name}: f32 = {:e}f;", value as f32);
    float("INITIAL_GROWTH", c::INITIAL_GROWTH);
    float("PAIR_COSINE", walk.pairs.cosine);
    float("PAIR_NOISE", walk.pairs.noise);
    float("PAIR_OFFSET", walk.pairs.offset);
    let mut approximate = false;
    let most = match walk.line_search {
        LineSearch::Slopes(search) => {
            float("ARMIJO", search.armijo);
            float("CURVATURE", search.curvature);
            search.evaluations
        }
        LineSearch::Backtracking(search) => {
            float("ARMIJO", search.armijo);
            float("CONTRACTION", search.contraction);
            search.evaluations
        }
        LineSearch::MoreThuente(search) => {
            float("ARMIJO", search.armijo);
            float("CURVATURE", search.curvature);
            float("FARTHEST_TRIAL", c::FARTHEST_TRIAL);
            float("NARROWING", c::NARROWING);
            float("APPROXIMATE_VALUE", c::APPROXIMATE_VALUE);
            approximate = search.approximate_armijo;
            search.evaluations
        }
        LineSearch::Constant(_) => 1,
    };
    let first = match walk.initial_step.first {
        FirstStep::Scaled => "FIRST_SCALED",
        FirstStep::Rasmussen => "FIRST_RASMUSSEN",
        FirstStep::Value(_) => "FIRST_VALUE",
    };
    let next = match walk.initial_step.next {
        NextStep::Unit => "NEXT_UNIT",
        NextStep::Quadratic => "NEXT_QUADRATIC",
        NextStep::SlopeRatio => "NEXT_SLOPE_RATIO",
        NextStep::Value(_) => "NEXT_VALUE",
    };
    float("FIRST_ALPHA", if let FirstStep::Value(alpha) = walk.initial_step.first { alpha } else { 1.0 });
    float("NEXT_ALPHA", if let NextStep::Value(alpha) = walk.initial_step.next { alpha } else { 1.0 });
    _ = writeln!(text, "const MOST_SEARCH_EVALUATIONS: u32 = {most}u;");
    _ = writeln!(text, "const APPROXIMATE_ARMIJO: bool = {approximate};");
    _ = writeln!(text, "const PAIR_VALUES: bool = {};", walk.pairs.values && matches!(walk.method, Method::Lbfgs(_)));
    _ = writeln!(text, "const MEASURES_NOISE: bool = {};", walk.measures_noise());
    _ = writeln!(text, "const NEWTON_LIKE: bool = {};", walk.method.is_newton_like());
    _ = writeln!(text, "const FIRST_STEP: u32 = {first};\nconst NEXT_STEP: u32 = {next};");
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::method::{
        Backtracking, Bfgs, CgUpdate, ConjugateGradient, ConstantStep, DeltaBarDelta, Lbfgs, Momentum, MoreThuente, Nesterov, SlopeSearch,
        SteepestDescent, StepUp,
    };

    /// Every method, as far as its stage is concerned.
    pub(crate) fn methods() -> Vec<Method> {
        let updates = [CgUpdate::FletcherReeves, CgUpdate::HestenesStiefel, CgUpdate::DaiYuan, CgUpdate::HagerZhang];
        let updates = updates.map(|update| ConjugateGradient { update, orthogonality: 0.2, every: 3 }.into());
        let others: [Method; 4] = [Lbfgs { memory: 8 }.into(), Bfgs {}.into(), ConjugateGradient::default().into(), SteepestDescent.into()];
        let up = DeltaBarDelta { step_up: StepUp::Plus(0.2), ..DeltaBarDelta::default() };
        let others = others.into_iter().chain([Momentum::default().into(), Nesterov::default().into(), up.into()]);
        others.chain(updates).collect()
    }

    pub(crate) fn searches() -> [LineSearch; 4] {
        let constant = ConstantStep { alpha: 0.1 };
        [SlopeSearch::default().into(), MoreThuente::default().into(), Backtracking::default().into(), constant.into()]
    }

    /// Functions of WGSL that objectives by hand call by name.
    const BUILT_IN: &str = "abs acos acosh all any asin asinh atan atanh atan2 ceil clamp cos cosh cross degrees determinant distance dot exp \
        exp2 floor fma fract frexp inverseSqrt ldexp length log log2 max min mix modf normalize pow radians reflect refract round saturate select \
        sign sin sinh smoothstep sqrt step tan tanh transpose trunc";

    #[test]
    fn stages_are_short_and_have_neither_numbers_nor_names_that_are_taken() {
        let searches = searches();
        let own = searches.iter().flat_map(|search| search_stages(*search)).copied();
        let by_bounds = [false, true]
            .map(|bounded| methods().into_iter().flat_map(move |method| method_stages(method, bounded)).chain([bounds_stage(bounded)]));
        let own = own.chain(by_bounds.into_iter().flatten()).chain([0, 1].map(trail_stage));
        for (name, text) in STAGES.into_iter().chain(own) {
            assert!(text.lines().count() <= 120, "{name} is long");
            let taken = BUILT_IN.split_whitespace().find(|taken| text.contains(&format!("fn {taken}(")));
            assert_eq!(taken, None, "{name} hides a function that objectives may call");
            let code: String = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
            let literals = code.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'));
            for literal in literals.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.')) {
                assert!(["0.0", "0.5", "1.0", "2.0"].contains(&literal), "{name} has the number {literal}");
            }
        }
    }
}
