//! Finds a smaller world that fails in the same way: fewer nodes, less time, fewer happenings.

mod condition;
mod cut;
mod fewer;

pub use condition::Condition;
pub use cut::{shortened, with_happenings, with_nodes};
pub use fewer::fewer;
