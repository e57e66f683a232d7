//! The constants of the shader's text that a method's stage is told: what the user has set.

use std::fmt::Write;

use crate::method::constants as c;
use crate::method::{CgUpdate, ConjugateGradient, DeltaBarDelta, Inertia, Method, Restart, Schedule, StepUp, Walk};
use crate::problem::evaluate::real::Real;

/// The constants of the stage of that walk's method, and those that tell shared stages what kind of method it is.
pub(super) fn method_settings(walk: Walk) -> String {
    let mut text = Text::default();
    text.flag("QUASI_NEWTON", walk.method.is_quasi_newton());
    text.flag("MAY_RISE", walk.may_rise());
    text.flag("FREE", walk.is_free());
    match walk.method {
        Method::Lbfgs(_) | Method::Bfgs(_) | Method::SteepestDescent(_) | Method::LevenbergMarquardt(_) => {}
        Method::ConjugateGradient(settings) => conjugate_gradient(settings, &mut text),
        Method::Momentum(settings) => momentum(settings.into(), &mut text),
        Method::Nesterov(settings) => momentum(settings.into(), &mut text),
        Method::DeltaBarDelta(settings) => delta_bar_delta(settings, &mut text),
    }
    text.0
}

/// Lines of constants.
#[derive(Default)]
struct Text(String);

impl Text {
    fn word(&mut self, name: &str, value: u32) {
        _ = writeln!(self.0, "const {name}: u32 = {value}u;");
    }

    fn flag(&mut self, name: &str, value: bool) {
        _ = writeln!(self.0, "const {name}: bool = {value};");
    }

    /// Nothing infinite stands in a shader.
    fn float(&mut self, name: &str, value: f64) {
        _ = writeln!(self.0, "const {name}: f32 = {:e}f;", (value as f32).min(f32::HUGE));
    }

    /// A choice: its name, and the numbers of what can be chosen.
    fn choice(&mut self, name: &str, chosen: u32, choices: &[&str]) {
        choices.iter().zip(0..).for_each(|(choice, number)| self.word(choice, number));
        self.word(name, chosen);
    }
}

fn conjugate_gradient(settings: ConjugateGradient, text: &mut Text) {
    let ConjugateGradient { update, orthogonality, every } = settings;
    text.float("ORTHOGONALITY", orthogonality);
    text.float("BETA_FLOOR", c::BETA_FLOOR);
    text.word("EVERY", every);
    let chosen = match update {
        CgUpdate::FletcherReeves => 0,
        CgUpdate::PolakRibierePlus => 1,
        CgUpdate::HestenesStiefel => 2,
        CgUpdate::DaiYuan => 3,
        CgUpdate::HagerZhang => 4,
    };
    text.choice("UPDATE", chosen, &["FLETCHER_REEVES", "POLAK_RIBIERE_PLUS", "HESTENES_STIEFEL", "DAI_YUAN", "HAGER_ZHANG"]);
}

fn momentum(inertia: Inertia, text: &mut Text) {
    text.float("RATE", inertia.rate);
    text.float("NESTEROV_RATE", if inertia.nesterov { inertia.rate } else { 0.0 });
    text.flag("FIRST", inertia.first);
    text.flag("WEIGHTED", inertia.weighted);
    text.word("RESTART_WAIT", inertia.restart_wait);
    let restart = match inertia.restart {
        None => 0,
        Some(Restart::Value) => 1,
        Some(Restart::Gradient) => 2,
        Some(Restart::Speed) => 3,
    };
    text.choice("RESTART", restart, &["RESTART_NEVER", "RESTART_VALUE", "RESTART_GRADIENT", "RESTART_SPEED"]);
    // (which, low, high, q, burn-in, steps)
    let (schedule, low, high, q, burn_in, steps) = match inertia.schedule {
        Schedule::Constant(mu) => (0, mu, mu, 0.0, 0, 0),
        Schedule::Convex { q, burn_in } => (1, 0.0, 0.0, q, burn_in, 0),
        Schedule::Approximate { burn_in } => (2, 0.0, 0.0, 0.0, burn_in, 0),
        Schedule::Switch { low, high, at } => (3, low, high, 0.0, 0, at),
        Schedule::Ramp { low, high, steps } => (4, low, high, 0.0, 0, steps),
    };
    text.choice("SCHEDULE", schedule, &["CONSTANT", "CONVEX", "APPROXIMATION", "SWITCH", "RAMP"]);
    text.float("LOW", low);
    text.float("HIGH", high);
    text.float("CONVEXITY", q);
    text.word("BURN_IN", burn_in);
    text.word("STEPS", steps);
    text.float("MOMENTUM_NUMERATOR", c::MOMENTUM_NUMERATOR);
    text.float("MOMENTUM_DELAY", c::MOMENTUM_DELAY);
}

fn delta_bar_delta(settings: DeltaBarDelta, text: &mut Text) {
    let (factor, term) = match settings.step_up {
        StepUp::Times(factor) => (factor, 0.0),
        StepUp::Plus(term) => (1.0, term),
    };
    text.float("RATE", settings.rate);
    text.float("STEP_UP", factor);
    text.float("STEP_MORE", term);
    text.float("STEP_DOWN", settings.step_down);
    text.float("WEIGHT", settings.weight);
}
