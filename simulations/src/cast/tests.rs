//! Small casts, carried by the plainest of layers: every frame arrives, in order, at once.

mod adversaries;
mod carrier;
mod laws;
mod layers;
mod restart;
