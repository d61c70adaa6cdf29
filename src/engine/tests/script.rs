//! What a few authors wrote, as entries that can be given to any node in any order: for the laws, and
//! for the oracle.

use starling_protocol::{
    AuthorId, Body, EntryId, Identity, Verified,
    entry::{self, Place},
    identity::{Action, Cutoff, Operation, Removal},
    keys::Secret,
    payload::{Content, Link, Profile, Visibility},
};

use super::world::{Person, START};
use crate::engine::command::ImportItem;

/// One device that writes.
pub struct Pen {
    pub person: Person,
    pub device: Secret,
    /// The newest entry of each log.
    heads: [Option<(u64, EntryId)>; 5],
}

impl Pen {
    pub fn new(person: &Person, device: Secret) -> Self {
        Self { person: person.clone(), device, heads: [None; 5] }
    }

    /// The same pen in another hand: what it writes from now on contradicts this one.
    pub fn copy(&self) -> Self {
        Self { person: self.person.clone(), device: self.device.clone(), heads: self.heads }
    }

    pub fn author(&self) -> AuthorId {
        self.person.author
    }

    pub fn write(&mut self, body: Body, time: u64) -> Verified {
        let log = body.log();
        let head = &mut self.heads[usize::from(log)];
        let place = Place {
            author: self.person.author,
            log,
            seq: head.map_or(0, |(seq, _)| seq + 1),
            previous: head.map(|(_, id)| id),
        };
        let entry = entry::sign(place, body, [time as u8; 16], time, &self.device);
        *head = Some((place.seq, entry.id()));
        entry
    }

    /// The removal of this device, up to what it wrote by now.
    pub fn removal(&self) -> Removal {
        let cut =
            |(log, head): (usize, &Option<(u64, EntryId)>)| head.map(|(seq, id)| Cutoff(log as u8, seq, id));
        Removal(self.device.public(), self.heads.iter().enumerate().filter_map(cut).collect())
    }
}

/// What was written by whom, and who may write.
pub struct Script {
    pub people: Vec<Person>,
    pub pens: Vec<Pen>,
    pub entries: Vec<Verified>,
    /// The pen that wrote each entry.
    pub hands: Vec<usize>,
    /// The hand whose branch counts, if the device was removed.
    pub chosen: Option<usize>,
    /// Identities at first, and each change of one.
    pub first: Vec<ImportItem>,
    pub later: Vec<ImportItem>,
    time: u64,
}

impl Script {
    /// Two authors; the first has two devices.
    pub fn new() -> Self {
        let one = Person::new(101);
        let two = Person::new(102);
        let second = one.on(103, true);
        let first =
            vec![ImportItem::Identity(second.record.clone()), ImportItem::Identity(two.record.clone())];
        let pens = vec![
            Pen::new(&one, one.device.clone()),
            Pen::new(&one, second.device.clone()),
            Pen::new(&two, two.device.clone()),
        ];
        let one = Person { record: second.record, ..one };
        Self {
            people: vec![one, two],
            pens,
            entries: Vec::new(),
            hands: Vec::new(),
            chosen: None,
            first,
            later: Vec::new(),
            time: START,
        }
    }

    /// Writes something with a pen; `kind` and `target` choose what.
    pub fn write(&mut self, pen: usize, kind: u8, target: usize) {
        self.time += 7;
        let text = format!("{kind} at {}", self.time - START);
        let body = self.body(pen, kind, target, text);
        let pen = pen % self.pens.len();
        let entry = self.pens[pen].write(body, self.time);
        self.entries.push(entry);
        self.hands.push(pen);
    }

    fn body(&self, pen: usize, kind: u8, target: usize, text: String) -> Body {
        let author = self.pens[pen % self.pens.len()].author();
        let tags = vec![format!("Tag{}", target % 3)];
        let content = Content { text, tags, ..Content::default() };
        let link = |entry: &Verified| Link { author: entry.header().author, id: entry.id() };
        let posts = |entry: &&Verified| entry.header().log == entry::log::POSTS;
        let all: Vec<&Verified> = self.entries.iter().filter(posts).collect();
        let own: Vec<&Verified> =
            self.entries.iter().filter(|entry| entry.header().author == author).collect();
        let any = (!all.is_empty()).then(|| all[target % all.len().max(1)]);
        let mine = (!own.is_empty()).then(|| own[target % own.len().max(1)]);
        let other = self.people[target % 2].author;
        match (kind % 14, any, mine) {
            (1, Some(entry), _) => {
                let root = match entry.payload().map(|payload| payload.body()) {
                    Some(Body::Reply { root, .. }) => *root,
                    _ => link(entry),
                };
                Body::Reply { root, parent: link(entry), content }
            }
            (2, Some(entry), _) => Body::Boost(link(entry)),
            (3, Some(entry), _) => Body::Like(link(entry)),
            (4, _, Some(entry)) => Body::Edit { replaces: entry.id(), content },
            (5, _, Some(entry)) => Body::Delete(vec![entry.id()]),
            (6, ..) => Body::Follow(other),
            (7, ..) => Body::Unfollow(other),
            (8, ..) => Body::Block(other),
            (9, ..) => Body::Profile(Profile { name: content.text, ..Profile::default() }),
            (11, _, Some(entry)) => Body::Pin(entry.id()),
            (12, _, Some(entry)) => Body::Unpin(entry.id()),
            (10, ..) => Body::Post(Content { visibility: Visibility::Unlisted, ..content }),
            _ => Body::Post(content),
        }
    }

    /// The first device was copied: from here on two hands write with it.
    pub fn fork(&mut self) {
        if self.pens.len() == 3 {
            let copy = self.pens[0].copy();
            self.pens.push(copy);
        }
    }

    /// The first device is removed; what this pen wrote by now counts.
    pub fn remove(&mut self, pen: usize) {
        self.chosen = Some(pen);
        let person = &mut self.people[0];
        let action = Action::RemoveDevice(self.pens[pen].removal());
        let mut identity = Identity::verify(&person.record).unwrap();
        identity.apply(Operation::sign(person.author, 0, action, &person.phrase.root(0))).unwrap();
        person.record = identity.record();
        self.later.push(ImportItem::Identity(identity.record()));
    }
}
