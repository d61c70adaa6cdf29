//! Events by hand, and the figures that must come of them.
