//! Small worlds, made by hand.

mod delivery;
mod harm;
mod village;
