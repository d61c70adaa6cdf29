//! Every table of the store, on one screen.
//!
//! Authors, logs and peers are numbered when they are first seen, so that keys stay short. An entry
//! is stored once, under its *arrival*: a number that only grows, so that the large table is always
//! appended to and its pages stay full. Everything else points at arrivals. Ids stand in indexes by
//! their first 16 bytes; whoever follows one compares the whole.

use std::{
    borrow::Borrow,
    cell::{Cell, OnceCell},
    collections::BTreeSet,
    ops::RangeBounds,
    rc::Rc,
};

use redb::{
    AccessGuard, Key, Range, ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, Table,
    TableDefinition as Def, TableError, TableHandle as _, Value, WriteTransaction,
};

use super::Error;

/// The first 16 bytes of an entry id.
pub type Prefix = [u8; 16];
/// Author (numbered), kind of relation, target author (numbered).
pub type Relation = (u32, u8, u32);

/// What a table gives for one key.
type Found<'a, V> = Result<Option<AccessGuard<'a, V>>, Error>;
/// What a table gives at one of its ends.
type End<'a, K, V> = Result<Option<(AccessGuard<'a, K>, AccessGuard<'a, V>)>, Error>;

/// A table of a transaction that writes. It is opened when it is first used: most transactions need a
/// few of all tables, and opening one costs as much as writing a row to it. It notes when it is written
/// to: a transaction in which none was need not be committed, and a commit waits for the disk.
pub struct Watched<'t, K: Key + 'static, V: Value + 'static> {
    txn: &'t WriteTransaction,
    name: &'static str,
    table: OnceCell<Table<'t, K, V>>,
    touched: Rc<Cell<bool>>,
}

impl<'t, K: Key + 'static, V: Value + 'static> Watched<'t, K, V> {
    fn open(&self) -> Result<&Table<'t, K, V>, Error> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        let table = self.txn.open_table(Def::new(self.name))?;
        Ok(self.table.get_or_init(|| table))
    }

    /// The table itself. Whoever asks for this means to write.
    pub fn write(&mut self) -> Result<&mut Table<'t, K, V>, Error> {
        self.open()?;
        self.touched.set(true);
        // It was opened one line above.
        self.table.get_mut().ok_or(Error::Closed)
    }

    /// The table itself, to be read.
    pub fn table(&self) -> Result<&Table<'t, K, V>, Error> {
        self.open()
    }

    pub fn get<'a>(&self, key: impl Borrow<K::SelfType<'a>>) -> Found<'_, V> {
        Ok(self.open()?.get(key)?)
    }

    pub fn range<'a, KR>(&self, range: impl RangeBounds<KR> + 'a) -> Result<Range<'_, K, V>, Error>
    where
        KR: Borrow<K::SelfType<'a>> + 'a,
    {
        Ok(self.open()?.range(range)?)
    }

    pub fn iter(&self) -> Result<Range<'_, K, V>, Error> {
        Ok(self.open()?.iter()?)
    }

    pub fn first(&self) -> End<'_, K, V> {
        Ok(self.open()?.first()?)
    }

    pub fn last(&self) -> End<'_, K, V> {
        Ok(self.open()?.last()?)
    }

    pub fn len(&self) -> Result<u64, Error> {
        Ok(self.open()?.len()?)
    }

    pub fn insert<'k, 'v>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
        value: impl Borrow<V::SelfType<'v>>,
    ) -> Found<'_, V> {
        Ok(self.write()?.insert(key, value)?)
    }

    pub fn remove<'a>(&mut self, key: impl Borrow<K::SelfType<'a>>) -> Found<'_, V> {
        Ok(self.write()?.remove(key)?)
    }

    pub fn retain_in<'a, KR>(
        &mut self,
        range: impl RangeBounds<KR> + 'a,
        keep: impl for<'f> FnMut(K::SelfType<'f>, V::SelfType<'f>) -> bool,
    ) -> Result<(), Error>
    where
        KR: Borrow<K::SelfType<'a>> + 'a,
    {
        Ok(self.write()?.retain_in(range, keep)?)
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident: $key:ty => $value:ty, $name:literal;)*) => {
        /// All tables of a transaction that writes.
        pub struct Tables<'t> {
            /// Whether anything was written.
            pub touched: Rc<Cell<bool>>,
            $($(#[$doc])* pub $field: Watched<'t, $key, $value>,)*
        }

        /// All tables of a transaction that reads. It opens every one, so that a file that lacks one is
        /// found out at once; not all of them have readers.
        #[allow(dead_code)]
        pub struct ReadTables { $($(#[$doc])* pub $field: ReadOnlyTable<$key, $value>,)* }

        impl<'t> Tables<'t> {
            /// All of them, none opened yet.
            pub fn of(txn: &'t WriteTransaction) -> Self {
                let touched = Rc::new(Cell::new(false));
                Self {
                    $($field: Watched {
                        txn, name: $name, table: OnceCell::new(), touched: Rc::clone(&touched),
                    },)*
                    touched,
                }
            }

            /// Opens every table, and makes those that are not there: a store has all or is none.
            pub fn make(&self) -> Result<(), Error> {
                let held: BTreeSet<String> =
                    self.meta.txn.list_tables()?.map(|table| table.name().to_owned()).collect();
                if [$($name),*].iter().any(|name| !held.contains(*name)) {
                    self.touched.set(true);
                }
                $(self.$field.open()?;)*
                Ok(())
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
    /// Post with a poll, author number, and the time, device and place of a vote of theirs → the answers that it
    /// chooses, a bit for each.
    votes: (&'static Prefix, u32, u64, u64, u64) => u8, "votes";
    /// Post, author number, time as the author claims it, arrival of the edit.
    edits: (&'static Prefix, u32, u64, u64) => (), "edits";
    /// File, arrival of an entry that shows it.
    shown: (&'static [u8; 32], u64) => (), "shown";
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
    /// Author number, whole id of a post → [`super::graph::Standing`]: whether it stands first on their profile.
    pins: (u32, &'static [u8; 32]) => (u64, u64, u64, bool), "pins";
    /// Tag ([`super::tags::folded`]), time, arrival of the post → author number: posts that carry the tag, or did
    /// before an edit.
    tagged: (&'static str, u64, u64) => u32, "tagged";
    /// Time, arrival of the like: what the node's own author likes.
    liked: (u64, u64) => (), "liked";
    /// Author number, device, log → fork proof.
    forks: (u32, &'static [u8; 32], u8) => &'static [u8], "forks";
    /// Peer id → [`super::peers::PeerRow`].
    peers: &'static [u8] => &'static [u8], "peers";
    /// Peer number → peer id; 0 is this node.
    peer_numbers: u32 => &'static [u8], "peer numbers";
    /// Idempotency key → time, id of the post it gave.
    wishes: &'static str => (u64, &'static [u8; 32]), "wishes";
    /// Shelf, key: what this person keeps for themselves ([`super::kept`]).
    kept: (u8, &'static [u8]) => &'static [u8], "kept";
}
