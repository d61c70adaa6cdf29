//! Worlds of nodes under virtual time: the engine and the network that people run, in networks that a file
//! describes, the same again from the same seed.
//!
//! ```text
//! scenario (TOML) ──draw(seed)──▶ plan ──▶ model ─┐            ┌─▶ metrics, trace hash
//!                                     └──▶ real  ─┴─▶ cast ────┴─▶ invariants
//! ```
//! A [`plan::Plan`] holds every chance of a world, drawn before it begins: who is where, follows whom, says what and
//! when, and what goes wrong. A layer carries bytes between nodes, modelled or by libp2p over simulated wires. The
//! [`cast::Cast`] is what both layers share: the engines, their stores, and the record of what happened.

pub mod adversary;
pub mod bench;
pub mod cast;
pub mod compare;
pub mod control;
pub mod disk;
pub mod export;
pub mod invariant;
pub mod memory;
pub mod metrics;
pub mod model;
pub mod people;
pub mod plan;
pub mod real;
pub mod record;
pub mod replay;
pub mod report;
pub mod run;
pub mod scenario;
pub mod shrink;
pub mod sweep;
pub mod world;
