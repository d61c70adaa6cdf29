//! Stories: a few people, each with an engine of their own, in a world without sockets, disks or
//! clocks. After every step the invariants of every node are checked.

mod basics;
mod bounds;
mod chaos;
mod devices;
mod faults;
mod files;
mod hostile;
mod late;
mod laws;
mod lies;
mod notices;
mod oracle;
mod outgoing;
mod people;
mod quiet;
mod scheduled;
mod script;
mod shards;
mod threads;
pub(crate) mod world;
