//! Small worlds, made by hand.

mod delivery;
mod village;
