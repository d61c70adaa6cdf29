//! What tests of whole programs share.

#![allow(dead_code, reason = "each test uses what it needs of it")]

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long is waited for what nodes do by themselves: much longer than it takes on a machine that others use too.
const PATIENCE: Duration = Duration::from_secs(40);

/// The node's own program. It is built beside the tests when the workspace is; otherwise it is built now.
pub fn starling() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = folder.join(format!("starling{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--package", "starling", "--bin", "starling"])
            .status()
            .unwrap();
        assert!(built.success(), "the node cannot be built");
    }
    program
}

/// A home in a folder of its own.
pub struct Home(tempfile::TempDir);

impl Home {
    /// A home that somebody of this name began.
    pub fn of(name: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.does(&[
            "init",
            "--name",
            name,
            "--no-input",
            "--phrase-out",
            home.beside("phrase").to_str().unwrap(),
        ]);
        home
    }

    /// The data directory.
    pub fn path(&self) -> PathBuf {
        self.0.path().join("home")
    }

    /// A path beside it.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(starling());
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command.arg("--home").arg(self.path()).arg("--json").args(arguments);
        command
    }

    /// Runs a command, and gives the last object that it prints, or what it said if it failed.
    pub fn tries(&self, arguments: &[&str]) -> Result<Value, String> {
        let output = self.command(arguments).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let lines = String::from_utf8(output.stdout).unwrap();
        Ok(lines.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).unwrap()))
    }

    /// Runs a command that works.
    pub fn does(&self, arguments: &[&str]) -> Value {
        self.tries(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// Waits until a command works and prints what is wanted.
    pub fn until(&self, arguments: &[&str], wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.tries(arguments) {
                Ok(found) if wanted(&found) => return found,
                other if Instant::now() > until => panic!("{arguments:?}: {other:?}"),
                _ => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Runs a node on loopback.
    pub fn runs(&self, more: &[&str]) -> Node {
        let mut arguments =
            vec!["run", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--no-mdns"];
        arguments.extend(more);
        let log = std::fs::File::options().create(true).append(true).open(self.beside("log")).unwrap();
        let mut child = self.command(&arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{}", std::fs::read_to_string(self.beside("log")).unwrap()));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut node = Node { child, _stdout: stdout, author: text(&ready["author"]), listen: String::new() };
        // On a busy machine a node may be ready before it listens.
        let listens = |status: &Value| status["listen"][0].is_string();
        let said = if listens(&ready) { ready } else { self.until(&["status"], listens) };
        node.listen = text(&said["listen"][0]);
        node
    }
}

/// A running node, which ends with the test.
pub struct Node {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    pub author: String,
    pub listen: String,
}

impl Node {
    /// Stops it in good order.
    pub fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert!(self.child.wait().unwrap().success(), "an orderly end is exit code 0");
    }

    /// Like `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether bytes hold a text.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
