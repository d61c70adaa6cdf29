//! The simulator's own program. `starling sim` hands over to it.

fn main() {}
