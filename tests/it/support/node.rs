//! A node in a process of its own, which ends with the test.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{Home, eventually, when};

/// Longer than the node gives itself for an answer.
const PATIENCE: Duration = Duration::from_secs(40);

/// A running node.
pub struct Node {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    pub author: String,
    pub peer: String,
    /// Where other nodes reach it.
    pub listen: String,
    way: Way,
}

/// A way in over HTTP, for as many threads as want one.
#[derive(Clone)]
pub struct Way {
    agent: ureq::Agent,
    http: String,
    token: String,
}

impl Node {
    /// Starts one, and waits until it says that it is ready.
    pub fn start(home: &Home, listen: &str) -> Self {
        let log = fs::File::options().create(true).append(true).open(home.beside("log")).unwrap();
        let mut command = home.command(&["run", "--listen", listen, "--http", "127.0.0.1:0", "--no-mdns"]);
        Self::spawn(home, command.stderr(log))
    }

    /// Starts one by a command.
    pub fn spawn(home: &Home, command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let status = child.wait().unwrap();
            panic!(
                "the node ended with {status}: {}",
                fs::read_to_string(home.beside("log")).unwrap_or_default()
            );
        };
        assert_eq!(ready["event"], "ready");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let config = ureq::Agent::config_builder().proxy(None).http_status_as_error(false);
        let agent = config.timeout_global(Some(PATIENCE)).build().into();
        let token = fs::read_to_string(home.path().join("token")).unwrap().trim().to_owned();
        let way = Way { agent, http: text(&ready["http"]), token };
        let (author, peer) = (text(&ready["author"]), text(&ready["peer_id"]));
        let mut node = Self { child, _stdout: stdout, author, peer, listen: String::new(), way };
        // On a busy machine a node may be ready before it listens.
        node.listen = match ready["listen"][0].as_str() {
            Some(listen) => listen.to_owned(),
            None => eventually("the node listens", || node.listens(home)),
        };
        node
    }

    /// Where it listens, or how it is and what its log says.
    fn listens(&self, home: &Home) -> Result<String, String> {
        let status = self.way.get("/api/starling/v1/status")?;
        let log = || fs::read_to_string(home.beside("log")).unwrap_or_default();
        status["listen"][0].as_str().map(Into::into).ok_or_else(|| format!("{status}\n{}", log()))
    }

    /// Like `kill -9`: nothing is said, nothing is tidied up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it in good order.
    pub fn stop(mut self) {
        self.signal(Signal::TERM);
        assert!(self.child.wait().unwrap().success(), "an orderly end is exit code 0");
    }

    /// Lets it stand still, as in a network that has lost it.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn way(&self) -> &Way {
        &self.way
    }

    /// GET what must be there.
    pub fn get(&self, path: &str) -> Value {
        self.way.get(path).unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// Posts, and gives the id.
    pub fn posts(&self, words: &str) -> String {
        self.way.posts(words).unwrap()
    }

    /// Waits until the node is connected to so many.
    pub fn meets(&self, peers: u64) {
        eventually(&format!("{peers} peers"), || {
            let status = self.way.get("/api/starling/v1/status")?;
            when(status["peers"] == peers, status)
        });
    }

    /// Waits until the node holds an entry with these words.
    pub fn holds(&self, id: &str, words: &str) {
        eventually(&format!("{id} says {words:?}"), || {
            let status = self.way.get(&format!("/api/v1/statuses/{id}"))?;
            when(status["starling"]["source"] == words, status)
        });
    }

    /// Which logs of an author are frozen here.
    pub fn frozen(&self, author: &str) -> Vec<Value> {
        self.get(&format!("/api/v1/accounts/{author}"))["starling"]["forked"].as_array().unwrap().clone()
    }

    /// Texts of the home timeline, newest first.
    pub fn timeline(&self) -> Vec<String> {
        let list = self.get("/api/v1/timelines/home?limit=40");
        let text = |status: &Value| status["starling"]["source"].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(text).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may be gone already, or stand still: a kill ends it in any case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Way {
    /// GET an object.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        let request = self.agent.get(format!("{}{path}", self.http));
        answer(request.header("authorization", format!("Bearer {}", self.token)).call())
    }

    /// GET a file as whoever knows its address may.
    pub fn file(&self, url: &str) -> Result<Vec<u8>, String> {
        let mut response = self.agent.get(url).call().map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(response.status().to_string());
        }
        response.body_mut().read_to_vec().map_err(|error| error.to_string())
    }

    /// POST an object.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.agent.post(format!("{}{path}", self.http));
        answer(request.header("authorization", format!("Bearer {}", self.token)).send_json(body))
    }

    /// Posts, and gives the id if the node answered that it is stored.
    pub fn posts(&self, words: &str) -> Result<String, String> {
        Ok(super::id(&self.post("/api/v1/statuses", &json!({ "status": words }))?))
    }
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
    let mut response = response.map_err(|error| error.to_string())?;
    let body = response.body_mut().read_to_string().map_err(|error| error.to_string())?;
    if response.status().is_success() {
        serde_json::from_str(&body).map_err(|error| error.to_string())
    } else {
        Err(format!("{}: {body}", response.status()))
    }
}
