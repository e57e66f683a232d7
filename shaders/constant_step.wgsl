// No search: every point is as good as another, as long as it is one.

fn decide(finite: bool) -> u32 {
    return select(END, ACCEPT, finite && trial.moved);
}
