//! What an identity means, whatever order its operations came in.

use super::*;
use crate::keys::Phrase;

fn phrase() -> Phrase {
    Phrase::from_entropy([42; 32])
}

fn device(n: u8) -> DeviceKey {
    Secret::from_seed([n; 32]).public()
}

fn sign(epoch: u32, root: u32, action: Action) -> Operation {
    Operation::sign(Inception::of(&phrase()).author(), epoch, action, &phrase().root(root))
}

fn rotate(n: u32, keep: &[u8], removals: Vec<Removal>) -> Operation {
    let action = Action::RotateRoot {
        root: phrase().root(n + 1).public(),
        next: phrase().commitment(n + 2),
        keep: keep.iter().map(|&n| device(n)).collect(),
        removals,
    };
    sign(n, n + 1, action)
}

fn cut(n: u8, seq: u64) -> Removal {
    Removal(device(n), vec![Cutoff(0, seq, EntryId::new([seq as u8; 32]))])
}

fn identity(operations: &[Operation]) -> Identity {
    let mut identity = Identity::begin(Inception::of(&phrase()));
    for operation in operations {
        identity.apply(operation.clone()).unwrap();
    }
    identity
}

#[test]
fn a_phrase_gives_the_same_author_again() {
    assert_eq!(Inception::of(&phrase()).author(), Inception::of(&phrase()).author());
}

#[test]
fn a_device_speaks_until_it_is_cut_off() {
    let add = sign(0, 0, Action::AddDevice(device(1)));
    let alone = identity(std::slice::from_ref(&add));
    assert_eq!(alone.voice(&device(1), 0), Voice::Speaks);
    assert_eq!(alone.voice(&device(2), 0), Voice::Silent);
    let removed = identity(&[add, sign(0, 0, Action::RemoveDevice(cut(1, 5)))]);
    assert_eq!(removed.voice(&device(1), 0), Voice::Until(5, EntryId::new([5; 32])));
    assert_eq!(removed.voice(&device(1), 1), Voice::Silent);
    assert_eq!(removed.devices().count(), 0);
}

#[test]
fn order_does_not_matter() {
    let operations = [
        sign(0, 0, Action::AddDevice(device(1))),
        sign(0, 0, Action::AddDevice(device(2))),
        sign(0, 0, Action::RemoveDevice(cut(1, 9))),
        sign(0, 0, Action::RemoveDevice(cut(1, 4))),
    ];
    let reference = identity(&operations);
    for turn in 0..operations.len() {
        let mut turned = operations.clone();
        turned.rotate_left(turn);
        assert_eq!(identity(&turned).meaning, reference.meaning);
        turned.reverse();
        assert_eq!(identity(&turned).meaning, reference.meaning);
    }
    assert_eq!(reference.voice(&device(1), 0), Voice::Until(4, EntryId::new([4; 32])));
}

#[test]
fn a_rotation_outranks_what_the_old_root_did() {
    let thief = sign(0, 0, Action::AddDevice(device(66)));
    let operations = [sign(0, 0, Action::AddDevice(device(1))), rotate(0, &[2], vec![cut(1, 3)]), thief];
    let identity = identity(&operations);
    assert_eq!(identity.epoch(), 1);
    assert_eq!(identity.voice(&device(66), 0), Voice::Silent);
    assert_eq!(identity.voice(&device(2), 0), Voice::Speaks);
    assert_eq!(identity.voice(&device(1), 0), Voice::Until(3, EntryId::new([3; 32])));
}

#[test]
fn only_the_committed_root_may_rotate() {
    let action =
        Action::RotateRoot { root: device(66), next: [0; 32], keep: vec![device(66)], removals: vec![] };
    let author = Inception::of(&phrase()).author();
    let stolen = Operation::sign(author, 0, action, &Secret::from_seed([66; 32]));
    let mut identity = identity(&[]);
    assert_eq!(identity.apply(stolen), Err(Error::Signature));
    // Signed by the old root instead of the one that takes over.
    assert_eq!(identity.apply(sign(0, 5, Action::AddDevice(device(1)))), Err(Error::Signature));
    assert_eq!(identity.apply(sign(1, 1, Action::AddDevice(device(1)))), Err(Error::Epoch(1)));
    assert!(identity.is_empty());
}

#[test]
fn two_rotations_of_one_epoch_settle_on_one() {
    let (a, b) = (rotate(0, &[1], vec![]), rotate(0, &[2], vec![]));
    let (ab, ba) = (identity(&[a.clone(), b.clone()]), identity(&[b, a]));
    assert_eq!(ab.meaning, ba.meaning);
    assert_eq!(ab.digest(), ba.digest());
}

#[test]
fn a_root_that_was_stolen_cannot_choose_the_next() {
    let author = Inception::of(&phrase()).author();
    let (stolen, thief) = (phrase().root(1), Secret::from_seed([66; 32]));
    let to = |root: &Secret, next, keep: u8| {
        let action =
            Action::RotateRoot { root: root.public(), next, keep: vec![device(keep)], removals: vec![] };
        Operation::sign(author, 0, action, root)
    };
    // Whoever has root 1 may hand over to it again, and say who speaks in its epoch.
    let owners = to(&stolen, phrase().commitment(2), 1);
    let mut both = identity(std::slice::from_ref(&owners));
    let again = (60..=250).map(|n| to(&stolen, phrase().commitment(2), n)).min_by_key(|o| o.id).unwrap();
    assert!(again.id < owners.id, "one of so many has a lower id");
    assert_eq!(both.apply(again.clone()), Ok(true));
    assert_eq!((both.len(), both.devices().count()), (1, 1), "of two rotations one is kept");
    assert_eq!(both.clone().apply(owners.clone()), Ok(false));
    assert_eq!(identity(&[again]), both);
    // But not to what comes after it, so the owner's next root ends all that.
    let next = keys::commitment(&thief.public(), &[0; 32]);
    assert_eq!(both.apply(to(&stolen, next, 66)), Err(Error::Signature));
    assert_eq!(both.apply(rotate(1, &[7], vec![])), Ok(true));
    assert_eq!((both.epoch(), both.devices().collect::<Vec<_>>()), (2, vec![&device(7)]));
}

#[test]
fn a_phrase_has_so_many_roots() {
    let rotations: Vec<_> = (0..limits::ROOTS - 1).map(|n| rotate(n, &[1], vec![])).collect();
    let mut last = identity(&rotations);
    assert_eq!((last.epoch(), last.voice(&device(1), 0)), (limits::ROOTS - 1, Voice::Speaks));
    let n = limits::ROOTS - 1;
    assert_eq!(last.apply(rotate(n, &[1], vec![])), Err(Error::Signature));
}

#[test]
fn retirement_silences_everyone() {
    let operations = [
        sign(0, 0, Action::AddDevice(device(1))),
        sign(0, 0, Action::Retire(vec![cut(1, 7)])),
        sign(0, 0, Action::AddDevice(device(2))),
    ];
    let identity = identity(&operations);
    assert!(identity.retired());
    assert_eq!(identity.voice(&device(2), 0), Voice::Silent);
    assert_eq!(identity.voice(&device(1), 0), Voice::Until(7, EntryId::new([7; 32])));
}

#[test]
fn the_record_round_trips_and_a_flipped_bit_does_not() {
    let identity = identity(&[sign(0, 0, Action::AddDevice(device(1))), rotate(0, &[1, 2], vec![])]);
    let bytes = cbor::encode(&identity.record());
    let record: Record = cbor::decode_canonical(&bytes).unwrap();
    assert_eq!(Identity::verify(&record).unwrap(), identity);
    for index in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[index] ^= 1;
        let verified = cbor::decode_canonical(&flipped).ok().and_then(|r| Identity::verify(&r).ok());
        assert_ne!(verified.map(|other| other.author()), Some(identity.author()), "byte {index}");
    }
}

#[test]
fn a_short_record_still_lets_a_device_speak() {
    let mut operations: Vec<_> = (1..=20).map(|n| sign(0, 0, Action::AddDevice(device(n)))).collect();
    operations.push(sign(0, 0, Action::RemoveDevice(cut(1, 5))));
    let identity = identity(&operations);
    let record = identity.record_for(&device(7), 500);
    assert!(record.size() <= 500);
    assert_eq!(Identity::verify(&record).unwrap().voice(&device(7), 0), Voice::Speaks);
}

#[test]
fn of_too_many_operations_everybody_keeps_the_same() {
    let many: Vec<_> = (0..limits::IDENTITY_OPERATIONS as u64 + 40)
        .map(|seq| sign(0, 0, Action::RemoveDevice(cut(9, seq))))
        .chain([sign(0, 0, Action::AddDevice(device(1))), rotate(0, &[1], vec![])])
        .collect();
    let forward = identity(&many);
    let backward = identity(&many.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(forward.len(), limits::IDENTITY_OPERATIONS);
    assert_eq!(forward, backward);
    assert_eq!((forward.epoch(), forward.voice(&device(1), 0)), (1, Voice::Speaks));
    let mut again = forward.clone();
    assert_eq!(again.merge(&backward.record()), Ok(false));
}

#[test]
fn a_thief_of_the_root_cannot_fill_the_places_of_what_comes_after_the_rotation() {
    let mut many: Vec<_> = (0..limits::IDENTITY_OPERATIONS as u64)
        .map(|seq| sign(0, 0, Action::RemoveDevice(cut(9, seq))))
        .collect();
    many.extend([rotate(0, &[1], vec![]), sign(1, 1, Action::AddDevice(device(2)))]);
    many.push(sign(1, 1, Action::RemoveDevice(cut(1, 5))));
    many.push(rotate(1, &[2, 3], vec![]));
    many.push(sign(2, 2, Action::RemoveDevice(cut(3, 5))));
    let forward = identity(&many);
    assert_eq!(forward.len(), limits::IDENTITY_OPERATIONS);
    assert_eq!((forward.epoch(), forward.devices().collect::<Vec<_>>()), (2, vec![&device(2)]));
    many.reverse();
    let mut backward = Identity::begin(Inception::of(&phrase()));
    // Those that nothing leads to yet are refused, and come again.
    for _ in 0..3 {
        many.iter().for_each(|operation| drop(backward.apply(operation.clone())));
    }
    assert_eq!(forward, backward);
}

#[test]
fn a_cut_off_where_no_entry_can_be_is_refused() {
    let mut identity = identity(&[]);
    for cutoff in [
        Cutoff(0, limits::MAX_SEQ + 1, EntryId::new([0; 32])),
        Cutoff(0, u64::MAX, EntryId::new([0; 32])),
        Cutoff(log::COUNT, 0, EntryId::new([0; 32])),
    ] {
        for action in [
            Action::RemoveDevice(Removal(device(1), vec![cutoff])),
            Action::Retire(vec![Removal(device(1), vec![cutoff])]),
        ] {
            assert!(matches!(identity.apply(sign(0, 0, action)), Err(Error::Limit(_))));
        }
    }
    assert!(identity.is_empty());
}

#[test]
fn devices_that_a_rotation_cut_are_bounded_and_each_that_speaks_can_be_cut() {
    let most = limits::DEVICES as u8;
    let removals: Vec<_> = (100..100 + most + 9).map(|n| cut(n, 1)).collect();
    let mut operations = vec![rotate(0, &[1], removals)];
    assert_eq!(identity(&operations).removed().count(), limits::DEVICES);
    operations.extend((2..=most).map(|n| sign(1, 1, Action::AddDevice(device(n)))));
    assert_eq!(identity(&operations).devices().count(), limits::DEVICES);
    operations.extend((1..=most).map(|n| sign(1, 1, Action::RemoveDevice(cut(n, 3)))));
    let identity = identity(&operations);
    assert_eq!((identity.devices().count(), identity.removed().count()), (0, 2 * limits::DEVICES));
    for n in 1..=most {
        assert_eq!(identity.voice(&device(n), 0), Voice::Until(3, EntryId::new([3; 32])));
    }
}

#[test]
fn who_never_spoke_takes_no_place_among_the_removed() {
    let mut operations: Vec<_> = (50..90).map(|n| sign(0, 0, Action::RemoveDevice(cut(n, 1)))).collect();
    operations.push(sign(0, 0, Action::Retire((50..90).map(|n| cut(n, 1)).collect())));
    assert_eq!(identity(&operations).removed().count(), 0);
    // Whatever came first: it is known now that this one could speak.
    operations.push(sign(0, 0, Action::AddDevice(device(60))));
    let identity = identity(&operations);
    assert_eq!(identity.removed().collect::<Vec<_>>(), [&device(60)]);
    assert_eq!(identity.voice(&device(60), 0), Voice::Until(1, EntryId::new([1; 32])));
}

#[test]
fn a_trusted_record_means_what_it_meant() {
    let plain =
        identity(&[sign(0, 0, Action::AddDevice(device(1))), sign(0, 0, Action::RemoveDevice(cut(2, 5)))]);
    let rotated = identity(&[
        sign(0, 0, Action::AddDevice(device(1))),
        rotate(0, &[1], vec![]),
        rotate(0, &[2], vec![]),
        sign(1, 1, Action::AddDevice(device(3))),
    ]);
    for identity in [plain, rotated] {
        assert_eq!(Identity::trusted(&identity.record()), Ok(identity));
    }
}
