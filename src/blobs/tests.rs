//! Pictures as people and strangers send them.
