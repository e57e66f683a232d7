// In the place of trail.wgsl where lanes keep no trail: compilers leave nothing of it.

fn leave_trail() {}

fn save_trail(to: u32) {}

fn restore_trail(source: u32) {}
