//! The bodies of the fuzz targets: each takes any bytes, and panics if the protocol breaks its word.

use std::{convert::Infallible, sync::LazyLock};

use starling_protocol::{
    AuthorId, Body, DeviceKey, EntryId, Identity, Payload, Verified, bundle, cbor,
    entry::{self, Place, Signed},
    feed::ForkProof,
    frame::Frame,
    identity::{Action, Cutoff, Inception, Operation, Record, Removal},
    invite::Invite,
    keys::{Phrase, Secret},
    limits,
    payload::Content,
    sync::{
        Answer, Ask, Batch, CREDIT, FeedState, Held, Interests, LogHead, News, OUTSTANDING, Own, PullAction,
        Pulling, Range, ServeAction, Serving, Source,
    },
};

/// One author with a device and a short log.
struct World {
    identity: Identity,
    device: DeviceKey,
    entries: Vec<Verified>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let phrase = Phrase::from_entropy([1; 32]);
    let device = Secret::from_seed([2; 32]);
    let mut identity = Identity::begin(Inception::of(&phrase));
    let add = Operation::sign(identity.author(), 0, Action::AddDevice(device.public()), &phrase.root(0));
    assert_eq!(identity.apply(add), Ok(true));
    let mut entries: Vec<Verified> = Vec::new();
    for seq in 0..40 {
        let previous = entries.last().map(Verified::id);
        let place = Place { author: identity.author(), log: 0, seq, previous };
        let body = Body::Post(Content { text: format!("{seq}"), ..Content::default() });
        entries.push(entry::sign(place, body, [3; 16], seq, &device));
    }
    World { identity, device: device.public(), entries }
});

static AUTHORS: LazyLock<Vec<AuthorId>> = LazyLock::new(|| {
    let other = |n: u32| AuthorId::new(*blake3::hash(&n.to_le_bytes()).as_bytes());
    std::iter::once(WORLD.identity.author()).chain((0..2_100).map(other)).collect()
});

/// Reads any bytes as everything. What is taken must be written as it was read: a format with two
/// spellings of one value would let nodes disagree.
pub fn decode(data: &[u8]) {
    if let Ok(signed) = Signed::from_bytes(data) {
        assert_eq!(signed.to_bytes(), data);
    }
    if let Ok(entry) = entry::verify(data) {
        assert_eq!(entry.signed().to_bytes(), data);
    }
    let _ = entry::peek(data);
    if let Ok(payload) = Payload::decode(data) {
        assert_eq!(payload.encode(), data);
        let _ = (payload.body().fallback(), payload.body().log());
    }
    if let Ok(record) = cbor::decode_canonical::<Record>(data) {
        assert_eq!(cbor::encode(&record), data);
        let _ = Identity::verify(&record);
    }
    if let Ok(frame) = Frame::from_bytes(data) {
        assert_eq!(frame.to_bytes(), data);
    }
    if let Ok(proof) = ForkProof::from_bytes(data) {
        assert_eq!(proof.to_bytes(), data);
    }
    if let Ok(ask) = Ask::from_bytes(data) {
        assert_eq!(Ask::from_bytes(&ask.to_bytes()), Ok(ask));
    }
    if let Ok(answer) = Answer::from_bytes(data) {
        assert_eq!(Answer::from_bytes(&answer.to_bytes()), Ok(answer));
    }
    if let Some(interests) = Interests::from_bytes(data) {
        assert_eq!(Interests::from_bytes(&interests.to_bytes()), Some(interests));
    }
    let _ = bundle::check(data);
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(invite) = text.parse::<Invite>() {
            assert_eq!(invite.to_string().parse(), Ok(invite));
        }
        let _ = (text.parse::<AuthorId>(), text.parse::<DeviceKey>(), text.parse::<EntryId>());
        let _ = Phrase::parse(text);
    }
}

/// Bytes as a sequence of small decisions; zeros when they are used up.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn one_in(&mut self, n: u8) -> bool {
        self.byte().is_multiple_of(n)
    }

    fn number(&mut self) -> u64 {
        match self.byte() % 4 {
            0 => u64::from(self.byte() % 48),
            1 => u64::from(self.byte()) << 8 | u64::from(self.byte()),
            2 => limits::MAX_SEQ - u64::from(self.byte()),
            _ => u64::from_be_bytes(std::array::from_fn(|_| self.byte())),
        }
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()) * (1 + usize::from(self.byte() % 8));
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    fn author(&mut self) -> AuthorId {
        match self.byte() % 4 {
            0 => AuthorId::new([self.byte(); 32]),
            _ => WORLD.identity.author(),
        }
    }

    fn device(&mut self) -> DeviceKey {
        match self.byte() % 8 {
            0 => DeviceKey::new([self.byte(); 32]),
            _ => WORLD.device,
        }
    }

    fn range(&mut self) -> Range {
        let (a, b) = (self.number() & limits::MAX_SEQ, self.number() & limits::MAX_SEQ);
        let (author, device) = (self.author(), self.device());
        Range { author, device, log: self.byte() % 5, from: a.min(b), to: a.max(b) }
    }

    fn state(&mut self) -> FeedState {
        let author = self.author();
        let logs: Vec<(DeviceKey, LogHead)> = (0..self.byte() % 4)
            .map(|_| {
                let Range { device, log, from, to, .. } = self.range();
                let frozen = self.one_in(4).then(|| self.number() & limits::MAX_SEQ);
                (device, LogHead { log, lo: from, hi: to, head: EntryId::new([self.byte(); 32]), frozen })
            })
            .collect();
        FeedState::new(author, &[self.byte(); 32], logs)
    }

    fn entry(&mut self) -> Vec<u8> {
        match self.byte() % 8 {
            0 => self.bytes().to_vec(),
            n => WORLD.entries[usize::from(n) * 5 % 40].signed().to_bytes(),
        }
    }

    fn ask(&mut self) -> Vec<u8> {
        let interests = Interests::of(&[WORLD.identity.author()]);
        let ask = match self.byte() % 10 {
            0 => return self.bytes().to_vec(),
            1 => {
                Ask::Hello { version: 1 + self.byte() % 8 / 7, credit: u32::from(self.byte() % 6), interests }
            }
            2 => Ask::Interests { more: interests, less: Interests::of(&[self.author()]) },
            3 => Ask::Reconcile(self.bytes().to_vec()),
            4 => Ask::Frontier {
                whole: self.one_in(2),
                marks: (0..self.byte() % 4).map(|_| self.state().mark()).collect(),
                need: (0..self.byte() % 4).map(|_| [self.byte(); 8]).collect(),
                last: self.one_in(2),
            },
            5 => Ask::More,
            6 | 7 => {
                Ask::Pull((0..self.byte() % 8).map(|_| (u32::from(self.byte()), self.range())).collect())
            }
            _ => Ask::Credit(u32::from(self.byte() % 3)),
        };
        ask.to_bytes()
    }

    fn answer(&mut self) -> Vec<u8> {
        let answer = match self.byte() % 8 {
            0 => return self.bytes().to_vec(),
            1 => Answer::Reconcile(self.bytes().to_vec()),
            2 => Answer::Identities(vec![WORLD.identity.record()]),
            3 => Answer::Forks(vec![self.bytes().to_vec()]),
            4 | 5 => Answer::Heads {
                feeds: (0..self.byte() % 4).map(|_| self.state()).collect(),
                last: !self.one_in(4),
            },
            _ => Answer::Entries {
                live: self.one_in(2),
                entries: (0..self.byte() % 4).map(|_| self.entry()).collect(),
                done: (0..self.byte() % 3)
                    .map(|_| (u32::from(self.byte() % 8), self.one_in(2).then(|| self.number())))
                    .collect(),
            },
        };
        answer.to_bytes()
    }
}

impl Source for World {
    type Error = Infallible;

    fn feeds(&mut self, interests: &Interests) -> Result<Vec<FeedState>, Infallible> {
        let author = self.identity.author();
        Ok(self.feed(&author)?.filter(|_| interests.contains(&author)).into_iter().collect())
    }

    fn feed(&mut self, author: &AuthorId) -> Result<Option<FeedState>, Infallible> {
        let head = self.entries.last().map(|entry| {
            let (hi, head) = (entry.header().seq, entry.id());
            (self.device, LogHead { log: 0, lo: 0, hi, head, frozen: None })
        });
        let state = FeedState::new(*author, &self.identity.digest(), head);
        Ok((*author == self.identity.author()).then_some(state))
    }

    fn identity(&mut self, _: &AuthorId) -> Result<Option<Record>, Infallible> {
        Ok(Some(self.identity.record()))
    }

    fn forks(&mut self, _: &AuthorId) -> Result<Vec<Vec<u8>>, Infallible> {
        Ok(vec![vec![1, 2, 3]])
    }

    fn read(&mut self, range: &Range, max: usize, max_bytes: usize) -> Result<Batch, Infallible> {
        assert!(max > 0 && max <= limits::SYNC_BATCH_ENTRIES && max_bytes >= limits::ENTRY_BYTES);
        let mine = |entry: &&Verified| {
            let header = entry.header();
            (header.author, header.device, header.log) == (range.author, range.device, range.log)
                && header.seq <= range.to
        };
        let mut down = self.entries.iter().rev().filter(mine).peekable();
        let mut entries = Vec::new();
        while let Some(entry) = down.next_if(|entry| entry.header().seq >= range.from && entries.len() < max)
        {
            entries.push(entry.signed().to_bytes());
        }
        Ok(Batch { entries, next: down.next().map(|entry| entry.header().seq) })
    }
}

/// Holds nothing, or contradicts everything.
struct Nothing(bool);

impl Held for Nothing {
    type Error = Infallible;

    fn missing(&mut self, range: &Range) -> Result<Vec<(u64, u64)>, Infallible> {
        Ok(vec![(range.from, range.to)])
    }

    fn contradicts(&mut self, _: &AuthorId, _: &DeviceKey, _: &LogHead) -> Result<bool, Infallible> {
        Ok(self.0)
    }
}

/// The side that asks, against a server that says anything. Its own messages always can be read, and
/// once it has called the server a cheat it is silent.
pub fn pulling(data: &[u8]) {
    let mut choices = Choices(data);
    let mut held = Nothing(choices.one_in(8));
    // Now and then so many feeds that sets are reconciled.
    let authors = if choices.byte() % 8 == 7 { &AUTHORS[..] } else { &AUTHORS[..1] };
    let own = |author: &AuthorId| Own { state: FeedState::new(*author, &[0; 32], []), complete: true };
    let mine = authors[1..].iter().map(own).collect();
    let (mut pulling, _) = Pulling::start(0, authors, mine, Some(u64::from(choices.byte())));
    let mut over = false;
    for now in 0..200 {
        let Ok(actions) = match choices.byte() % 8 {
            0 => Ok(pulling.committed(now, u32::from(choices.byte()))),
            1 => pulling.want(now, &[choices.range()], &mut held),
            2 => Ok(pulling.interests(now, &[choices.author()], &[choices.author()])),
            _ => pulling.receive(now, &choices.answer(), &mut held),
        };
        assert!(!over || actions.is_empty());
        for action in actions {
            over |= matches!(action, PullAction::Misbehaved(_) | PullAction::Refused(_));
            if let PullAction::Send(frame) = action {
                let ask = Ask::from_bytes(&frame);
                assert!(ask.is_ok(), "{ask:?}");
                assert!(!matches!(ask, Ok(Ask::Pull(ranges)) if ranges.len() > OUTSTANDING));
            }
        }
        if choices.0.is_empty() {
            break;
        }
    }
}

/// The side that answers, against a puller that says anything. Its answers always can be read, and it
/// never sends more entries than it has credit for.
pub fn serving(data: &[u8]) {
    let mut choices = Choices(data);
    let world = &*WORLD;
    let (identity, entries) = (world.identity.clone(), world.entries.clone());
    let mut source = World { identity, device: world.device, entries };
    let mut serving = Serving::new(0);
    let (mut credit, mut over) = (0, false);
    for now in 0..200 {
        let actions = match choices.byte() % 8 {
            0 => serving.announce([News::Entry(choices.author(), choices.entry())]),
            1 => serving.announce([News::Identity(choices.author(), source.identity.record())]),
            _ => {
                let frame = choices.ask();
                credit += match Ask::from_bytes(&frame) {
                    Ok(Ask::Hello { credit, .. } | Ask::Credit(credit)) if !over => credit,
                    _ => 0,
                };
                let Ok(actions) = serving.receive(now, &frame, &mut source);
                actions
            }
        };
        assert!(!over || actions.is_empty());
        for action in actions {
            match action {
                ServeAction::Misbehaved(_) => over = true,
                ServeAction::Send(frame) => match Answer::from_bytes(&frame) {
                    Ok(Answer::Entries { .. }) => {
                        assert!(credit > 0);
                        credit -= 1;
                    }
                    Ok(Answer::Refused(_)) => over = true,
                    answer => assert!(answer.is_ok(), "{answer:?}"),
                },
            }
        }
        assert!(over || credit <= CREDIT);
        if choices.0.is_empty() {
            break;
        }
    }
}

/// Operations that contradict each other.
static OPERATIONS: LazyLock<Vec<(u32, Operation)>> = LazyLock::new(|| {
    let phrase = Phrase::from_entropy([1; 32]);
    let author = Inception::of(&phrase).author();
    let device = |n: u8| Secret::from_seed([n; 32]).public();
    let cut = |n: u8, seq: u64| Removal(device(n), vec![Cutoff(0, seq, EntryId::new([n; 32]))]);
    let rotate = |epoch: u32, keep: u8| Action::RotateRoot {
        root: phrase.root(epoch + 1).public(),
        next: phrase.commitment(epoch + 2),
        keep: vec![device(keep)],
        removals: vec![cut(keep + 1, 5)],
    };
    let mut operations = Vec::new();
    for epoch in 0..3 {
        let mut sign = |root: u32, action| {
            operations.push((epoch, Operation::sign(author, epoch, action, &phrase.root(root))));
        };
        for n in 0..3 {
            sign(epoch, Action::AddDevice(device(n)));
            sign(epoch, Action::RemoveDevice(cut(n, u64::from(n) + u64::from(epoch))));
            sign(epoch + 1, rotate(epoch, n));
        }
        sign(epoch, Action::RemoveDevice(cut(0, 9)));
        sign(epoch, Action::Retire(vec![cut(1, 2)]));
    }
    operations
});

/// Chooses operations and an order; whatever the order, the identity says the same.
pub fn identity(data: &[u8]) {
    let mut chosen: Vec<usize> =
        data.iter().take(40).map(|byte| usize::from(*byte) % OPERATIONS.len()).collect();
    // An operation is taken once something leads to its epoch, so what is chosen goes in by epochs.
    chosen.sort_by_key(|index| OPERATIONS[*index].0);
    let build = |order: &[usize]| {
        let mut identity = Identity::begin(Inception::of(&Phrase::from_entropy([1; 32])));
        let mut taken: Vec<usize> = Vec::new();
        for index in order {
            if identity.apply(OPERATIONS[*index].1.clone()).is_ok() {
                taken.push(*index);
            }
        }
        taken.sort_unstable();
        taken.dedup();
        (identity, taken)
    };
    let (forward, taken) = build(&chosen);
    let mut turned = chosen.clone();
    turned.reverse();
    turned.sort_by_key(|index| OPERATIONS[*index].0);
    let (backward, also) = build(&turned);
    assert_eq!(taken, also);
    assert_eq!(forward, backward);
    assert_eq!(Identity::verify(&forward.record()), Ok(forward));
}
