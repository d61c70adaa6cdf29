//! Homes in temporary folders, and ways to make the program do things in them.

mod node;
pub mod terminal;

use std::{
    fmt::Debug,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

pub use node::Node;

/// How long is waited for what nodes do by themselves. Much longer than it takes, so that a busy
/// machine fails no test.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until `look` gives something, and fails with what it last said instead.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(seen) if Instant::now() > until => panic!("expected: {what}; seen: {seen}"),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// For [`eventually`]: what was seen, if it is good.
pub fn when<T: Debug>(good: bool, seen: T) -> Result<T, String> {
    if good { Ok(seen) } else { Err(format!("{seen:?}")) }
}

/// This program, untouched by what the caller's environment says.
pub fn starling(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_starling"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("STARLING_") {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1").args(arguments).stdin(Stdio::null());
    command
}

/// What a command that failed said: its exit code, the line after `error:` and the one after `hint:`.
#[derive(Debug, PartialEq, Eq)]
pub struct Failed {
    pub code: i32,
    pub error: String,
    pub hint: String,
}

/// Reads a failure, which must be told as it should be: nothing on stdout, one line, one hint.
pub fn failed(output: &Output) -> Failed {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let lines = |prefix: &str| {
        let lines: Vec<String> =
            stderr.lines().filter_map(|line| line.strip_prefix(prefix)).map(Into::into).collect();
        lines
    };
    assert!(!stderr.contains("panicked"), "{stderr}");
    let (error, hint) = (lines("error: "), lines("hint: "));
    assert_eq!(error.len(), 1, "one error line: {stderr}{stdout}");
    let code = output.status.code().unwrap_or(-1);
    Failed { code, error: error[0].clone(), hint: hint.first().cloned().unwrap_or_default() }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A home in a folder of its own, which goes away with it.
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// A home that somebody of this name began.
    pub fn of(name: &str) -> Self {
        let home = Self::none();
        let phrase = home.beside("phrase");
        home.does(&["init", "--name", name, "--no-input", "--phrase-out", &phrase]);
        home
    }

    /// A folder in which no home is yet.
    pub fn none() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The folder with everything in it.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A path beside the home.
    pub fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// A file beside the home.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.beside(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A copy, as a thief or a careless backup makes one.
    pub fn copied(&self) -> Self {
        let copy = Self::none();
        copy_folder(&self.path(), &copy.path());
        copy
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = starling(&[]);
        command.arg("--home").arg(self.path()).arg("--json").args(arguments);
        command
    }

    /// Runs a command that works, and gives the objects that it prints.
    pub fn lists(&self, arguments: &[&str]) -> Vec<Value> {
        self.tries(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// Runs a command, and gives the objects that it prints, or what it said if it failed.
    pub fn tries(&self, arguments: &[&str]) -> Result<Vec<Value>, String> {
        let output = self.command(arguments).output().unwrap();
        if !output.status.success() {
            return Err(text(&output.stderr));
        }
        Ok(text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// Runs a command that works, and gives the last object that it prints.
    pub fn does(&self, arguments: &[&str]) -> Value {
        self.lists(arguments).pop().unwrap_or_else(|| panic!("{arguments:?} printed nothing"))
    }

    /// Runs a command that fails, and gives how.
    pub fn fails(&self, arguments: &[&str]) -> Failed {
        let output = self.command(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?} should fail: {}", text(&output.stdout));
        failed(&output)
    }

    /// Posts, and gives the id.
    pub fn posts(&self, words: &str) -> String {
        id(&self.does(&["post", words]))
    }

    /// The author id.
    pub fn author(&self) -> String {
        self.does(&["id", "show"])["author"].as_str().unwrap().to_owned()
    }

    /// The device that signs here.
    pub fn device(&self) -> String {
        self.does(&["id", "show"])["device"].as_str().unwrap().to_owned()
    }

    /// Runs a node over TCP.
    pub fn runs(&self) -> Node {
        Node::start(self, "/ip4/127.0.0.1/tcp/0")
    }

    /// Runs a node over QUIC.
    pub fn runs_quic(&self) -> Node {
        Node::start(self, "/ip4/127.0.0.1/udp/0/quic-v1")
    }

    /// Runs a node at an address of its own.
    pub fn runs_at(&self, listen: &str) -> Node {
        Node::start(self, listen)
    }

    /// Follows somebody whose node runs.
    pub fn follows(&self, whom: &Node) {
        self.does(&["follow", &whom.author, "--at", &whom.listen]);
    }

    /// Waits until an entry is here with these words.
    pub fn reads(&self, id: &str, words: &str) -> Value {
        eventually(&format!("{id} says {words:?}"), || {
            let post = self.tries(&["show", id])?.remove(0);
            when(post["text"] == words, post)
        })
    }
}

/// The id in an object.
pub fn id(object: &Value) -> String {
    object["id"].as_str().unwrap_or_else(|| panic!("no id in {object}")).to_owned()
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
