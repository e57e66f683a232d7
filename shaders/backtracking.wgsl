// Shortens the step until it decreases f sufficiently.

fn decide(finite: bool) -> u32 {
    if (!trial.moved) {
        return END;
    }
    if (finite && trial.value <= lane.value + ARMIJO * trial.descent) {
        return ACCEPT;
    }
    lane.alpha *= CONTRACTION;
    return select(GO_ON, END, lane.search_evaluations >= MOST_SEARCH_EVALUATIONS);
}
