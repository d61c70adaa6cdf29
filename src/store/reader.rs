//! The store as readers see it: one moment, no waiting, nothing blocked in it.

mod people;
mod posts;
mod threads;
mod windows;
mod words;

pub use people::{Order, Person};
pub use windows::{Line, Window};
pub use words::Said;

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    sync::Arc,
};

use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata};
use starling_protocol::{AuthorId, EntryId, entry::Signed, identity::Record};

use super::{
    Error, graph,
    index::order_time,
    kept::own::Own,
    record::{AuthorRow, EntryRecord, LogRow, prefix, row},
    tables::ReadTables,
};
use crate::view::{Account, Page, Post, Provenance, Stats};

/// Rows that a page has at most: clients ask for 40, and a page is built in memory.
const PAGE: usize = 80;
/// Rows that a page has if nobody says.
const PAGE_DEFAULT: usize = 20;
/// Rows of each kind that a reader remembers: more than the longest page or thread needs.
const REMEMBERED: usize = 1_024;
/// Answers that a look-up by name or prefix gives: enough to say that it is not unique.
const MATCHES: usize = 8;

/// What identifies this node's author in the table of single things.
pub(super) const ME: &str = "me";

/// A snapshot of the store.
pub struct Reader {
    tables: ReadTables,
    me: Option<u32>,
    /// Rows that were read already: a page names the same logs and people again and again.
    logs: RefCell<HashMap<u32, Arc<LogRow>>>,
    accounts: RefCell<HashMap<u32, Account>>,
    own: OnceCell<Own>,
}

impl Reader {
    pub(super) fn open(txn: &ReadTransaction) -> Result<Self, Error> {
        let tables = ReadTables::open(txn)?;
        let me = match tables.meta.get(ME)? {
            Some(bytes) => bytes.value().try_into().ok().map(u32::from_le_bytes),
            None => None,
        };
        Ok(Self { tables, me, logs: RefCell::default(), accounts: RefCell::default(), own: OnceCell::new() })
    }

    /// The home timeline.
    pub fn home(&self, page: &Page) -> Result<Vec<Post>, Error> {
        self.timeline(&self.tables.home, page)
    }

    /// What came by of people who are not followed.
    pub fn network(&self, page: &Page) -> Result<Vec<Post>, Error> {
        self.timeline(&self.tables.network, page)
    }

    /// The posts of one author, of all their devices.
    pub fn author_posts(&self, author: &AuthorId, page: &Page) -> Result<Vec<Post>, Error> {
        let Some(bounds) = self.bounds(page)? else { return Ok(Vec::new()) };
        let Some(number) = self.number(author)? else { return Ok(Vec::new()) };
        let Bounds { above, below } = bounds;
        let rows = self.tables.authored.range((number, above.0, above.1)..(number, below.0, below.1))?;
        self.page(rows.map(|row| row.map(|(key, _)| (key.value().1, key.value().2))), above, page)
    }

    fn timeline(&self, table: &impl ReadableTable<(u64, u64), ()>, page: &Page) -> Result<Vec<Post>, Error> {
        let Some(Bounds { above, below }) = self.bounds(page)? else { return Ok(Vec::new()) };
        let rows = table.range(above..below)?;
        self.page(rows.map(|row| row.map(|(key, _)| key.value())), above, page)
    }

    /// The posts of a page, newest first, from the rows within its bounds.
    fn page(
        &self,
        mut rows: impl DoubleEndedIterator<Item = Result<(u64, u64), redb::StorageError>>,
        above: (u64, u64),
        page: &Page,
    ) -> Result<Vec<Post>, Error> {
        let mut posts = Vec::new();
        while let Some(row) = if page.min.is_some() { rows.next() } else { rows.next_back() } {
            let key = row?;
            if key == above {
                continue;
            }
            posts.extend(self.post_at(key.1, 1)?);
            if posts.len() == limit(page) {
                break;
            }
        }
        if page.min.is_some() {
            posts.reverse();
        }
        Ok(posts)
    }

    /// Where a page begins and ends; none if it hangs on an entry that is not known.
    fn bounds(&self, page: &Page) -> Result<Option<Bounds>, Error> {
        let mut bounds = Bounds { above: (0, 0), below: (u64::MAX, u64::MAX) };
        for (id, end) in [(page.max, &mut bounds.below), (page.min.or(page.since), &mut bounds.above)] {
            let Some(id) = id else { continue };
            let Some(arrival) = self.find(&id)? else { return Ok(None) };
            let Some((entry, record)) = self.entry_at(arrival)? else { return Ok(None) };
            *end = (order_time(entry.header().time, record.received_at), arrival);
        }
        Ok((bounds.above < bounds.below).then_some(bounds))
    }

    /// An author as known here.
    pub fn account(&self, author: &AuthorId) -> Result<Option<Account>, Error> {
        let Some(number) = self.number(author)? else { return Ok(None) };
        let mut account = self.account_of(number)?;
        for log in self.logs_of(number)? {
            let row = self.log(log)?;
            account.forked.extend(row.state.frozen().map(|seq| (row.device, row.log, seq)));
        }
        if let Some(identity) = self.identity(number)? {
            let identity = starling_protocol::Identity::verify(&identity)
                .map_err(|error| Error::Corrupt(error.to_string()))?;
            account.retired = identity.retired();
        }
        Ok(Some(account))
    }

    /// An author as their posts show them: without what only their own page says.
    pub fn brief(&self, author: &AuthorId) -> Result<Option<Account>, Error> {
        self.number(author)?.map(|number| self.account_of(number)).transpose()
    }

    /// Who is known to follow an author.
    pub fn followers(&self, author: &AuthorId) -> Result<Vec<AuthorId>, Error> {
        let Some(number) = self.number(author)? else { return Ok(Vec::new()) };
        let all = (number, graph::FOLLOW, 0)..=(number, graph::FOLLOW, u32::MAX);
        let rows = self.tables.related.range(all)?;
        rows.map(|row| self.author_id(row?.0.value().2)).collect()
    }

    /// Whom an author is known to follow.
    pub fn following(&self, author: &AuthorId) -> Result<Vec<AuthorId>, Error> {
        let Some(number) = self.number(author)? else { return Ok(Vec::new()) };
        let mut following = Vec::new();
        let all = (number, graph::FOLLOW, 0)..=(number, graph::FOLLOW, u32::MAX);
        for row in self.tables.relations.range(all)? {
            let (key, value) = row?;
            if value.value().3 {
                following.push(self.author_id(key.value().2)?);
            }
        }
        Ok(following)
    }

    /// Authors that `who` may mean: an author id, the beginning of one, or a display name.
    pub fn find_author(&self, who: &str) -> Result<Vec<AuthorId>, Error> {
        if let Ok(author) = who.parse::<AuthorId>() {
            return Ok(vec![author]);
        }
        let folded = who.to_lowercase();
        let mut found = Vec::new();
        for row in self.tables.authors.iter()? {
            let (number, bytes) = row?;
            let author = AuthorRow::decode(bytes.value())?.author;
            let by_id = folded.starts_with("star1") && author.to_string().starts_with(&folded);
            if by_id || self.profile(number.value())?.name.to_lowercase() == folded {
                found.push(author);
            }
            if found.len() == MATCHES {
                break;
            }
        }
        Ok(found)
    }

    /// Entries whose id begins like this: at least 12 characters, which is enough to be found
    /// without reading every entry.
    pub fn find_entry(&self, text: &str) -> Result<Vec<EntryId>, Error> {
        if let Ok(id) = text.parse::<EntryId>() {
            return Ok(self.find(&id)?.map(|_| id).into_iter().collect());
        }
        let Some(start) = id_range(text) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for row in self.tables.ids.range::<&super::tables::Prefix>(&start..)? {
            let arrival = row?.1.value();
            let Some((entry, _)) = self.entry_at(arrival)? else { continue };
            let id = entry.id();
            if !id.to_string().starts_with(text) || found.len() == MATCHES {
                break;
            }
            found.push(id);
        }
        Ok(found)
    }

    /// An entry's exact bytes and where they came from.
    pub fn provenance(&self, id: &EntryId) -> Result<Option<Provenance>, Error> {
        let Some(arrival) = self.find(id)? else { return Ok(None) };
        let Some((entry, record)) = self.entry_at(arrival)? else { return Ok(None) };
        let number = self.log(record.log)?.author_number;
        let identity = self.tables.identities.get(number)?.map(|bytes| bytes.value().to_vec());
        let from = match record.from {
            0 => None,
            peer => self.tables.peer_numbers.get(peer)?.and_then(|bytes| {
                libp2p::PeerId::from_bytes(bytes.value()).ok().map(|peer| peer.to_string())
            }),
        };
        let key = prefix(id);
        let mut edits = Vec::new();
        for row in self.tables.edits.range((&key, number, 0, 0)..=(&key, number, u64::MAX, u64::MAX))? {
            let (_, _, _, arrival) = row?.0.value();
            edits.extend(self.entry_at(arrival)?.map(|(edit, _)| edit.id()));
        }
        Ok(Some(Provenance {
            bytes: entry.signed().to_bytes(),
            identity: identity.unwrap_or_default(),
            received_at: record.received_at,
            from,
            deleted: self.erased(number, id)?,
            erasure: self.erasure(number, id)?,
            edits,
        }))
    }

    /// The identity record of an author.
    pub fn identity_of(&self, author: &AuthorId) -> Result<Option<Record>, Error> {
        let Some(number) = self.number(author)? else { return Ok(None) };
        self.identity(number)
    }

    /// Everything held of an author, for a bundle: entries log by log, oldest first, then proofs.
    pub fn each_entry(
        &self,
        author: &AuthorId,
        mut each: impl FnMut(Signed) -> std::io::Result<()>,
    ) -> Result<std::io::Result<()>, Error> {
        let Some(number) = self.number(author)? else { return Ok(Ok(())) };
        for log in self.logs_of(number)? {
            let row = self.log(log)?;
            for place in self.tables.places.range((log, 0)..=(log, u64::MAX))? {
                let Some(record) = self.record(place?.1.value())? else { continue };
                if let Err(error) = each(record.signed(&row)) {
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(()))
    }

    /// The fork proofs held against an author's devices.
    pub fn forks_of(&self, author: &AuthorId) -> Result<Vec<Vec<u8>>, Error> {
        let Some(number) = self.number(author)? else { return Ok(Vec::new()) };
        let all = (number, &[0; 32], 0)..=(number, &[0xff; 32], u8::MAX);
        self.tables.forks.range(all)?.map(|row| Ok(row?.1.value().to_vec())).collect()
    }

    /// The logs held of an author.
    pub fn log_rows(&self, author: &AuthorId) -> Result<Vec<LogRow>, Error> {
        let Some(number) = self.number(author)? else { return Ok(Vec::new()) };
        self.logs_of(number)?.into_iter().map(|log| Ok(LogRow::clone(&*self.log(log)?))).collect()
    }

    /// Peers that are remembered, by id.
    pub fn peers(&self) -> Result<Vec<(Vec<u8>, super::peers::PeerRow)>, Error> {
        let rows = self.tables.peers.iter()?;
        rows.map(|item| {
            let (id, bytes) = item?;
            Ok((id.value().to_vec(), row(bytes.value())?))
        })
        .collect()
    }

    /// How much is held. The size of the file is for its owner to add.
    pub fn stats(&self) -> Result<Stats, Error> {
        let feeds = match self.me {
            Some(me) => 1 + self.author_row(me)?.following,
            None => 0,
        };
        // Counted as they came: asking the table would read all of it.
        let mut entry_bytes = 0;
        for row in self.tables.authors.iter()? {
            entry_bytes += AuthorRow::decode(row?.1.value())?.bytes;
        }
        Ok(Stats {
            authors: self.tables.authors.len()?,
            feeds,
            entries: self.tables.entries.len()?,
            home: self.tables.home.len()?,
            network: self.tables.network.len()?,
            forks: self.tables.forks.len()?,
            file_bytes: 0,
            entry_bytes,
        })
    }

    pub(in crate::store) fn tables(&self) -> &ReadTables {
        &self.tables
    }

    pub(in crate::store) fn me_number(&self) -> Option<u32> {
        self.me
    }

    pub(super) fn own_read(&self) -> &OnceCell<Own> {
        &self.own
    }

    /// The author that this node writes for.
    pub(super) fn me_id(&self) -> Result<Option<AuthorId>, Error> {
        self.me.map(|me| self.author_id(me)).transpose()
    }

    fn number(&self, author: &AuthorId) -> Result<Option<u32>, Error> {
        Ok(self.tables.author_numbers.get(author.as_bytes())?.map(|number| number.value()))
    }

    fn author_row(&self, number: u32) -> Result<AuthorRow, Error> {
        let bytes = self.tables.authors.get(number)?;
        let bytes = bytes.ok_or_else(|| Error::Corrupt(format!("author {number} has no row")))?;
        AuthorRow::decode(bytes.value())
    }

    fn author_id(&self, number: u32) -> Result<AuthorId, Error> {
        Ok(self.author_row(number)?.author)
    }

    fn identity(&self, number: u32) -> Result<Option<Record>, Error> {
        self.tables.identities.get(number)?.map(|bytes| row(bytes.value())).transpose()
    }

    fn logs_of(&self, author: u32) -> Result<Vec<u32>, Error> {
        let all = (author, &[0; 32], 0)..=(author, &[0xff; 32], u8::MAX);
        self.tables.log_numbers.range(all)?.map(|row| Ok(row?.1.value())).collect()
    }

    fn log(&self, number: u32) -> Result<Arc<LogRow>, Error> {
        if let Some(row) = self.logs.borrow().get(&number) {
            return Ok(row.clone());
        }
        let bytes = self.tables.logs.get(number)?;
        let bytes = bytes.ok_or_else(|| Error::Corrupt(format!("log {number} has no row")))?;
        let row = Arc::new(LogRow::decode(bytes.value())?);
        remember(&self.logs, number, row.clone());
        Ok(row)
    }

    fn find(&self, id: &EntryId) -> Result<Option<u64>, Error> {
        let Some(arrival) = self.tables.ids.get(&prefix(id))?.map(|arrival| arrival.value()) else {
            return Ok(None);
        };
        // The table knows the first half of an id. Whoever asks for another second half asks in vain.
        let Some(record) = self.record(arrival)? else { return Ok(None) };
        let same = record.clone().signed(&*self.log(record.log)?).id() == *id;
        Ok(same.then_some(arrival))
    }

    pub(super) fn record(&self, arrival: u64) -> Result<Option<EntryRecord>, Error> {
        let Some(bytes) = self.tables.entries.get(arrival)? else { return Ok(None) };
        Ok(super::record::sound(arrival, EntryRecord::decode(bytes.value())))
    }
}

/// Keeps what a page needs again; a reader that walks the whole store begins anew now and then.
fn remember<T>(rows: &RefCell<HashMap<u32, T>>, number: u32, row: T) {
    let mut rows = rows.borrow_mut();
    if rows.len() >= REMEMBERED {
        rows.clear();
    }
    rows.insert(number, row);
}

struct Bounds {
    above: (u64, u64),
    below: (u64, u64),
}

fn limit(page: &Page) -> usize {
    if page.limit == 0 { PAGE_DEFAULT } else { page.limit.min(PAGE) }
}

/// The lowest key in the table of ids whose entry's text form can begin with `text`.
fn id_range(text: &str) -> Option<super::tables::Prefix> {
    // A CID spells 4 fixed bytes and then the hash in base 32, 5 bits a character after the "b".
    let digits = text.strip_prefix('b').filter(|digits| digits.len() >= 11 && digits.len() <= 58)?;
    let mut bits: Vec<bool> = Vec::with_capacity(300);
    for character in digits.chars() {
        let value = "abcdefghijklmnopqrstuvwxyz234567".find(character)?;
        bits.extend((0..5).rev().map(|bit| value >> bit & 1 == 1));
    }
    bits.resize(290, false);
    let byte = |at: usize| bits[at * 8..at * 8 + 8].iter().fold(0u8, |byte, bit| byte << 1 | u8::from(*bit));
    (bits.len() > 36 * 8 && [byte(0), byte(1), byte(2), byte(3)] == [1, 0x71, 0x1e, 0x20])
        .then(|| std::array::from_fn(|at| byte(4 + at)))
}
