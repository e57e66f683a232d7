// What searches have in common that decide by the trial alone: `decide`, which one of the next stages has.

// Judges the trial, and sets the next one.
fn judge() -> u32 {
    lane.search_evaluations += 1u;
    lane.evaluations += 1u;
    if (lane.phase != PHASE_SEARCH) {
        return select(END, ACCEPT, trial.finite);
    }
    if (is_minus_infinity(trial.value)) {
        return END;
    }
    let finite = trial.finite && is_finite(trial.slope);
    let lowest = select(lane.value, lane.safe_value, lane.has_safe != 0u);
    let decision = decide(finite);
    if (decision == ACCEPT) {
        return ACCEPT;
    }
    // On the last evaluation there is none left to go back by, and going back by one takes one.
    if (lane.evaluations >= lane.evaluation_limit && finite && trial.moved && trial.value < lowest) {
        return ACCEPT;
    }
    return select(decision, END, lane.has_safe != 0u && lane.evaluations + 1u >= lane.evaluation_limit);
}
