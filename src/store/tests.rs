//! The store under test: its invariants, and what failing disks do to it.

pub(crate) mod audit;
mod crash;
mod damage;
pub(crate) mod disk;
mod harm;
