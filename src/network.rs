//! The Swarm task.
