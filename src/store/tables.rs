//! Every table of the store, on one screen.
//!
//! Authors, logs and peers are numbered when they are first seen, so that keys stay short. An entry
//! is stored once, under its *arrival*: a number that only grows, so that the large table is always
//! appended to and its pages stay full. Everything else points at arrivals. Ids stand in indexes by
//! their first 16 bytes; whoever follows one compares the whole.

use std::{
    cell::Cell,
    ops::{Deref, DerefMut},
    rc::Rc,
};

use redb::{ReadOnlyTable, ReadTransaction, Table, TableDefinition as Def, TableError, WriteTransaction};

/// The first 16 bytes of an entry id.
pub type Prefix = [u8; 16];
/// Author (numbered), kind of relation, target author (numbered).
pub type Relation = (u32, u8, u32);

/// A table that notes when it is written to: a transaction in which none was need not be committed,
/// and a commit waits for the disk.
pub struct Watched<T> {
    table: T,
    touched: Rc<Cell<bool>>,
}

impl<T> Deref for Watched<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.table
    }
}

/// Whoever asks for this means to write.
impl<T> DerefMut for Watched<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.touched.set(true);
        &mut self.table
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident: $key:ty => $value:ty, $name:literal;)*) => {
        /// All tables of a transaction that writes.
        pub struct Tables<'t> {
            /// Whether anything was written.
            pub touched: Rc<Cell<bool>>,
            $($(#[$doc])* pub $field: Watched<Table<'t, $key, $value>>,)*
        }

        /// All tables of a transaction that reads. It opens every one, so that a file that lacks one is
        /// found out at once; not all of them have readers.
        #[allow(dead_code)]
        pub struct ReadTables { $($(#[$doc])* pub $field: ReadOnlyTable<$key, $value>,)* }

        impl<'t> Tables<'t> {
            /// Opens all of them, and makes those that are not there.
            pub fn open(txn: &'t WriteTransaction) -> Result<Self, TableError> {
                let touched = Rc::default();
                Ok(Self {
                    $($field: Watched { table: txn.open_table(Def::new($name))?, touched: Rc::clone(&touched) },)*
                    touched,
                })
            }
        }

        impl ReadTables {
            /// Opens all of them.
            pub fn open(txn: &ReadTransaction) -> Result<Self, TableError> {
                Ok(Self { $($field: txn.open_table(Def::new($name))?,)* })
            }
        }
    };
}

tables! {
    /// Schema version and what there is one of.
    meta: &'static str => &'static [u8], "meta";
    /// Author id → number.
    author_numbers: &'static [u8; 32] => u32, "author numbers";
    /// Author number → [`super::record::AuthorRow`].
    authors: u32 => &'static [u8], "authors";
    /// Author number → identity record (CBOR).
    identities: u32 => &'static [u8], "identities";
    /// Author number, device, log → log number.
    log_numbers: (u32, &'static [u8; 32], u8) => u32, "log numbers";
    /// Log number → [`super::record::LogRow`].
    logs: u32 => &'static [u8], "logs";
    /// Arrival → [`super::record::EntryRecord`].
    entries: u64 => &'static [u8], "entries";
    /// Log number, sequence number → arrival.
    places: (u32, u64) => u64, "places";
    /// Id → arrival.
    ids: &'static Prefix => u64, "ids";
    /// Time, arrival: what stands on the home timeline.
    home: (u64, u64) => (), "home";
    /// Time, arrival: what came by of people who are not followed.
    network: (u64, u64) => (), "network";
    /// Arrival: entries of authors who are not followed, on a timeline or not. They are let go, oldest
    /// first, when there are too many.
    passing: u64 => (), "passing";
    /// Post answered, time, arrival of the reply.
    replies: (&'static Prefix, u64, u64) => (), "replies";
    /// Author number, time, arrival: the posts, replies and boosts of one author, of all devices.
    authored: (u32, u64, u64) => (), "authored";
    /// Post, kind of reaction, author number, arrival of the reaction. Two devices of an author may both
    /// have reacted: each entry has a row, so that taking one back leaves the other.
    reactions: (&'static Prefix, u8, u32, u64) => (), "reactions";
    /// Post, author number, time as the author claims it, arrival of the edit.
    edits: (&'static Prefix, u32, u64, u64) => (), "edits";
    /// Author number, whole id, arrival of a delete that names it.
    erased: (u32, &'static [u8; 32], u64) => (), "erased";
    /// Author number, arrival of a delete that a quota forgot and whose word still counts → how many ids
    /// it names. After the last of them their sum.
    retired: (u32, u64) => u64, "retired";
    /// Log number, sequence number: entries whose payload is neither here nor erased by their author, and
    /// those that were found damaged.
    /// Whoever has it is asked for it.
    hollow: (u32, u64) => (), "hollow";
    /// Who follows or blocks whom → [`super::graph::Standing`]: time, device, seq, whether it holds.
    relations: Relation => (u64, u64, u64, bool), "relations";
    /// Target, kind, author: the same from the other end, those that hold.
    related: Relation => (), "related";
    /// Author number, device, log → fork proof.
    forks: (u32, &'static [u8; 32], u8) => &'static [u8], "forks";
    /// Peer id → [`super::peers::PeerRow`].
    peers: &'static [u8] => &'static [u8], "peers";
    /// Peer number → peer id; 0 is this node.
    peer_numbers: u32 => &'static [u8], "peer numbers";
    /// Idempotency key → time, id of the post it gave.
    wishes: &'static str => (u64, &'static [u8; 32]), "wishes";
}
