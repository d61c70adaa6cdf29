//! What is written is read again, and what is damaged or does not fit is told.

use std::{
    cell::RefCell,
    fs,
    io::{self, Write},
    path::Path,
    rc::Rc,
};

use super::{Error, Sink, read, sample, schema, tables::COLUMNS, write, write_to};

#[test]
fn what_is_written_is_read_again() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path().join("a/b");
    let run = sample::run(1);
    write(&dir, &run, "name = \"by hand\"\n").expect("room");
    let found = read(&dir).expect("a run");
    assert_eq!(found.run, run);
    assert_eq!(fs::read_to_string(dir.join("scenario.toml")).expect("text"), "name = \"by hand\"\n");
    let left: Vec<_> =
        fs::read_dir(&dir).expect("a directory").flatten().map(|file| file.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("part")), "{left:?}");
}

#[test]
fn every_column_is_told() {
    let home = tempfile::tempdir().expect("a directory");
    write(home.path(), &sample::run(1), "").expect("room");
    for (file, columns) in COLUMNS {
        let text = fs::read_to_string(home.path().join(file)).expect("a table");
        let told: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        assert_eq!(text.lines().next(), Some(told.join(",").as_str()), "{file}");
        assert!(text.lines().count() > 1, "{file} is empty");
    }
}

#[test]
fn the_schema_knows_every_field_of_a_run() {
    let value = serde_json::to_value(sample::run(1)).expect("JSON");
    let schema = schema();
    let known = schema["properties"].as_object().expect("properties");
    for name in value.as_object().expect("an object").keys() {
        assert!(known.contains_key(name), "{name} is not in the schema");
        assert!(known[name].get("description").is_some(), "{name} is not described");
    }
    assert!(
        ["trace_hash", "layer", "nodes", "virtual_s", "wall_s"].iter().all(|name| known.contains_key(*name))
    );
}

#[test]
fn damage_is_told_with_its_place() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path();
    let told = |dir: &Path| read(dir).expect_err("nothing to read").to_string();
    assert!(told(dir).contains("holds no run"), "{}", told(dir));
    assert!(told(&dir.join("nowhere")).contains("holds no run"));
    write(dir, &sample::run(1), "").expect("room");
    let text = fs::read_to_string(dir.join("run.json")).expect("text");
    fs::write(dir.join("run.json"), &text[..text.len() / 2]).expect("room");
    assert!(told(dir).contains("run.json, line "), "{}", told(dir));
    fs::write(dir.join("run.json"), text.replacen("\"form\": 1", "\"form\": 99", 1)).expect("room");
    assert!(told(dir).contains("form 99"), "{}", told(dir));
    fs::write(dir.join("run.json"), text).expect("room");
    let nodes = fs::read_to_string(dir.join("nodes.csv")).expect("text");
    fs::write(dir.join("nodes.csv"), nodes.replacen("honest", "honest,more", 1)).expect("room");
    assert!(told(dir).contains("nodes.csv") && told(dir).contains("line"), "{}", told(dir));
    fs::remove_file(dir.join("nodes.csv")).expect("a file");
    assert!(told(dir).contains("nodes.csv"), "{}", told(dir));
}

/// A disk with so much room.
struct Small {
    room: Rc<RefCell<usize>>,
    kept: Vec<String>,
    dropped: Vec<String>,
}

struct Page(Rc<RefCell<usize>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.0.borrow_mut();
        let fits = bytes.len().min(*room);
        if fits == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        *room -= fits;
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Small {
    fn open(&mut self, _name: &str) -> io::Result<Box<dyn Write>> {
        Ok(Box::new(Page(self.room.clone())))
    }

    fn keep(&mut self, name: &str) -> io::Result<()> {
        self.kept.push(name.to_owned());
        Ok(())
    }

    fn drop(&mut self, name: &str) {
        self.dropped.push(name.to_owned());
    }
}

#[test]
fn a_full_disk_leaves_whole_files_and_one_clear_line() {
    let run = sample::run(1);
    let small = |room| Small { room: Rc::new(RefCell::new(room)), kept: Vec::new(), dropped: Vec::new() };
    let mut large = small(usize::MAX);
    write_to(&mut large, Path::new("out"), &run, "").expect("room");
    let used = usize::MAX - *large.room.borrow();
    assert_eq!(large.kept.last().map(String::as_str), Some("run.json"));
    // Wherever it ends, files before are whole and the one that did not fit is let go of.
    for room in [0, used / 4, used / 2, used * 3 / 4, used - 1] {
        let mut disk = small(room);
        let error = write_to(&mut disk, Path::new("out"), &run, "").expect_err("no room");
        let text = error.to_string();
        assert!(text.contains("make room") && !text.contains('\n'), "{text}");
        let Error::Write { written, .. } = error else { panic!("{error:?}") };
        assert_eq!(written, disk.kept);
        assert_eq!(disk.dropped.len(), 1);
        assert!(!disk.kept.iter().any(|name| name == "run.json"));
    }
}

#[test]
fn an_earlier_summary_does_not_outlive_a_failure() {
    let home = tempfile::tempdir().expect("a directory");
    write(home.path(), &sample::run(1), "").expect("room");
    fs::remove_file(home.path().join("posts.csv")).expect("a file");
    // A directory is where the table must go.
    fs::create_dir(home.path().join("posts.csv")).expect("a directory");
    let error = write(home.path(), &sample::run(2), "").expect_err("posts.csv cannot be written");
    assert!(error.to_string().contains("posts.csv"), "{error}");
    assert!(error.to_string().contains("nodes.csv"), "{error}");
    assert!(!home.path().join("run.json").exists());
}
