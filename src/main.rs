//! The `starling` program: the only place that knows everything.

fn main() {}
