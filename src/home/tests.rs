//! A home keeps its secrets whole and to itself, and notices a copy.

use std::fs;

use starling_protocol::identity::Voice;

use super::*;

fn fresh() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::within(folder.path().join("home"));
    let home = Home::create(places, &Phrase::from_entropy([7; 32])).unwrap();
    (folder, home)
}

#[test]
fn a_new_home_has_an_identity_whose_device_speaks() {
    let (_folder, home) = fresh();
    let keys = home.keys().unwrap();
    let identity = Identity::verify(&home.identity().unwrap()).unwrap();
    assert_eq!(identity.voice(&keys.device.public(), 0), Voice::Speaks);
    assert_eq!(&keys.root.as_ref().unwrap().public(), identity.root());
    assert_eq!(home.author().unwrap(), Inception::of(&Phrase::from_entropy([7; 32])).author());
    assert_eq!(home.restoring().unwrap(), None);
    let again = Home::open(home.path()).unwrap();
    assert_eq!(again.keys().unwrap().device.public(), keys.device.public());
    assert_eq!(again.keys().unwrap().keypair().public(), keys.keypair().public());
    assert_eq!(again.token().unwrap(), home.token().unwrap());
}

#[test]
fn a_home_is_begun_once() {
    let (folder, home) = fresh();
    let again = Home::create(Places::within(home.path()), &Phrase::from_entropy([8; 32]));
    assert!(matches!(again, Err(Error::Exists(_))));
    assert!(matches!(Home::open(folder.path().join("other")), Err(Error::Missing(_))));
    // A store without an identity is somebody's too.
    fs::remove_file(home.file("identity.cbor")).unwrap();
    fs::write(home.store_path(), b"entries").unwrap();
    let again = Home::create(Places::within(home.path()), &Phrase::from_entropy([8; 32]));
    assert!(matches!(again, Err(Error::Exists(_))));
}

#[cfg(unix)]
#[test]
fn a_home_that_cannot_be_looked_for_is_not_missing() {
    // The tests may run as a user who may look everywhere, but below a file nobody can.
    let (_folder, home) = fresh();
    let below = home.file("token").join("home");
    let opened = Home::open(&below);
    assert!(matches!(&opened, Err(Error::Io { path, .. }) if *path == below), "{opened:?}");
    let begun = Home::create(Places::within(&below), &Phrase::from_entropy([8; 32]));
    assert!(matches!(&begun, Err(Error::Io { path, .. }) if *path == below), "{begun:?}");
}

#[test]
fn a_flipped_bit_of_a_secret_is_found() {
    let (_folder, home) = fresh();
    for name in ["keys/root.key", "keys/device.key", "keys/node.key", "identity.cbor"] {
        let path = home.file(name);
        let good = fs::read(&path).unwrap();
        let read = || if name == "identity.cbor" { home.identity().map(drop) } else { home.keys().map(drop) };
        // All of one file; of the others every seventh, which comes by each place in a byte.
        for bit in (0..good.len() * 8).step_by(if name == "keys/device.key" { 1 } else { 7 }) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bad).unwrap();
            assert!(matches!(read(), Err(Error::Damaged { .. })), "bit {bit} of {name}");
        }
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert!(read().is_err(), "{name} cut short");
        fs::write(&path, &good).unwrap();
    }
    assert!(home.keys().is_ok() && home.identity().is_ok());
}

#[test]
fn keys_of_one_kind_do_not_serve_as_another() {
    let (_folder, home) = fresh();
    fs::copy(home.file("keys/node.key"), home.file("keys/device.key")).unwrap();
    assert!(matches!(home.keys(), Err(Error::Damaged { .. })));
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, home) = fresh();
    let mode = |name: &str| fs::metadata(home.file(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("keys")), (0o700, 0o700));
    for name in ["keys/root.key", "keys/device.key", "keys/node.key", "token", "here", "identity.cbor"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    let names = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().ends_with(".new")));
}

#[test]
fn one_process_at_a_time() {
    let (_folder, home) = fresh();
    assert_eq!(home.running().unwrap(), None);
    let lock = home.lock().unwrap();
    assert!(matches!(home.lock(), Err(Error::Locked(_))));
    assert_eq!(home.running().unwrap(), None);
    let announcement = home.announce("http://127.0.0.1:9").unwrap();
    let door = home.running().unwrap().unwrap();
    assert_eq!((door.http.as_str(), door.pid), ("http://127.0.0.1:9", std::process::id()));
    // A killed node leaves its announcement, and lets go of the lock.
    std::mem::forget(announcement);
    drop(lock);
    assert_eq!(home.running().unwrap(), None);
    drop(home.lock().unwrap());
    drop(home.announce("http://127.0.0.1:9").unwrap());
    assert!(!home.file("node.json").exists());
}

#[test]
fn a_copy_is_noticed() {
    let (folder, home) = fresh();
    assert!(!home.moved());
    fs::write(home.store_path(), b"entries").unwrap();
    assert!(!home.moved());
    home.settle().unwrap();
    assert!(!home.moved());

    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["identity.cbor", "here", "store.redb"] {
        fs::copy(home.file(name), copy.join(name)).unwrap();
    }
    let copy = Home::open(copy).unwrap();
    assert!(copy.moved());
    copy.settle().unwrap();
    assert!(!copy.moved());

    // An older store put back into the same folder.
    fs::copy(home.store_path(), home.file("older")).unwrap();
    fs::rename(home.file("older"), home.store_path()).unwrap();
    assert!(home.moved());
    home.settle().unwrap();
    fs::remove_file(home.store_path()).unwrap();
    assert!(home.moved());
    fs::write(home.file("here"), b"nonsense").unwrap();
    assert!(home.moved());
}

#[cfg(unix)]
#[test]
fn a_note_that_says_the_same_already_is_left_alone() {
    use std::os::unix::fs::MetadataExt;
    let (_folder, home) = fresh();
    fs::write(home.store_path(), b"entries").unwrap();
    home.settle().unwrap();
    // A note that is written anew is another file.
    let file = || fs::metadata(home.file("here")).unwrap().ino();
    let before = file();
    home.settle().unwrap();
    assert_eq!(file(), before);
}

#[test]
fn a_restored_author_gets_a_new_device() {
    let (folder, home) = fresh();
    let phrase = Phrase::from_entropy([7; 32]);
    let places = Places::within(folder.path().join("restored"));
    let restored = Home::create_restoring(places, &Inception::of(&phrase), &phrase.root(0), None).unwrap();
    assert_eq!(restored.author().unwrap(), home.author().unwrap());
    assert_ne!(restored.keys().unwrap().device.public(), home.keys().unwrap().device.public());
    assert_eq!(restored.restoring().unwrap(), Some(Inception::of(&phrase)));
    assert!(Identity::verify(&restored.identity().unwrap()).unwrap().is_empty());

    let known = home.identity().unwrap();
    assert_eq!(inception(&known).unwrap(), Inception::of(&phrase));
    restored.restored(&known).unwrap();
    assert_eq!(restored.restoring().unwrap(), None);
    assert_eq!(restored.identity().unwrap(), known);
}
