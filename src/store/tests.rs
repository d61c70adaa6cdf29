//! The store under test: its invariants, and what failing disks do to it.

mod arrivals;
mod audit;
mod crash;
mod damage;
pub(crate) mod disk;
mod harm;
mod upgrade;
