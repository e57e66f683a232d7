//! The elementary functions of shaders, and which of them an objective calls.

const TEXT: &str = concat!(include_str!("../../../shaders/functions.wgsl"), "\n", include_str!("../../../shaders/angles.wgsl"));

/// The functions that `text` calls, itself or by way of others, in their order.
pub(super) fn called_by(text: &str) -> String {
    let mut called: Vec<&str> = Vec::new();
    // What a function calls stands before it.
    for block in TEXT.split("\n\n").collect::<Vec<_>>().into_iter().rev() {
        let Some((_, signature)) = block.split_once("fn ") else { continue };
        let call = &signature[..=signature.find('(').unwrap_or_default()];
        if text.contains(call) || called.iter().any(|block| block.contains(call)) {
            called.push(block.trim_end());
        }
    }
    called.iter().rev().flat_map(|block| [block, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    /// `mm_erf` in Rust, operation by operation.
    #[allow(clippy::excessive_precision, clippy::approx_constant, reason = "the numbers stand as they do in the shader")]
    fn erf(x: f32) -> f32 {
        let a = x.abs();
        let z = x * x;
        let near = x
            * (1.1283791671
                + z * (-0.37612638903
                    + z * (0.11283791671
                        + z * (-0.026866170645 + z * (0.0052239776254 + z * (-0.00085483270234 + z * 0.00012055332981))))));
        let t = 1.0 / (1.0 + 0.5 * a);
        let tail = t
            * (-z - 1.26551223
                + t * (1.00002368
                    + t * (0.37409196
                        + t * (0.09678418
                            + t * (-0.18628806
                                + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))))
                .exp();
        let far = if x > 0.0 { 1.0 - tail } else { tail - 1.0 };
        if a < 0.5 { near } else { far }
    }

    /// The tail's formula is good to 1.2e-7 of erfc <= 1/2, its exponent of up to 2 rounds to 2e-7 of that, and the
    /// result to 6e-8.
    const ABSOLUTE: f64 = 3e-7;
    /// Near 0: the series' first missing term is x^14 / 75,600 of it, below 1e-9; what is left are the roundings of the
    /// first constant, of the last sum and of the last product.
    const RELATIVE: f64 = 1.5 * f32::EPSILON as f64;

    #[test]
    fn the_error_function_of_shaders_is_as_good_as_single_precision() {
        for k in -500_000..=500_000 {
            let x = k as f32 * 1e-5;
            let exact = libm::erf(f64::from(x));
            let error = (f64::from(erf(x)) - exact).abs();
            assert!(error <= ABSOLUTE, "erf({x}) is off by {error}");
            assert!(x.abs() >= 0.5 || error <= RELATIVE * exact.abs(), "erf({x}) is off by {error} of {exact}");
        }
        for x in [1e-3_f32, 1e-10, 1e-30] {
            let exact = libm::erf(f64::from(x));
            assert!((f64::from(erf(x)) - exact).abs() <= RELATIVE * exact, "erf({x}) has its digits");
        }
    }

    #[test]
    fn an_objective_has_the_functions_that_it_calls_and_no_more() {
        let names = |text: &str| -> Vec<String> {
            let text = super::called_by(text);
            text.split("\nfn ")
                .skip(usize::from(!text.starts_with("fn ")))
                .map(|f| f.trim_start_matches("fn ").split('(').next().unwrap().into())
                .collect()
        };
        assert_eq!(names("let a = b + c;"), [""; 0]);
        assert_eq!(names("let a = mm_hypot(b, c);"), ["mm_is_nan", "mm_hypot"]);
        assert_eq!(names("let a = mm_sin(b);"), ["mm_sin_cos", "mm_sin"]);
        assert_eq!(names("let a = mm_erf(mm_cos(b));"), ["mm_is_nan", "mm_exp", "mm_erf", "mm_sin_cos", "mm_cos"]);
    }

    #[test]
    fn the_shader_has_the_tested_formula() {
        // By its numbers, wherever lines are broken.
        fn numbers(text: &str) -> Vec<&str> {
            text.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|n| n.len() > 1 && n.contains('.')).collect()
        }
        let source = numbers(include_str!("functions.rs"));
        let shader = super::called_by("mm_erf(1.0)");
        let shader = numbers(shader.split_once("fn mm_erf(").unwrap().1.split_once("let far").unwrap().0);
        let twin = source.windows(shader.len()).any(|window| *window == shader);
        assert!(twin, "the numbers are those of the test: {shader:?}");
    }
}
