//! Stories: a few people, each with an engine of their own, in a world without sockets, disks or
//! clocks. After every step the invariants of every node are checked.

mod basics;
mod hostile;
mod world;
