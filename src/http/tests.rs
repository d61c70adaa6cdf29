//! The door as a program sees it: a real listener, a real node without network.

mod carrying;
mod encrypted;
mod entering;
mod files;
mod finding;
mod kept;
mod machine;
mod manners;
mod media;
mod notifications;
mod oauth;
mod pages;
mod people;
mod polls;
mod posts;
mod repeats;
mod scheduled;
mod search;
mod streaming;
mod table;

use serde_json::Value;
use starling_protocol::{AuthorId, EntryId, keys::Phrase};
use tokio::sync::oneshot;

use super::{Access, serve};
use crate::{
    config::Config,
    home::{Home, Places},
    runtime::{self, Node, Options},
};

const TOKEN: &str = "0123456789abcdef";

/// A node behind its door.
struct House {
    runtime: tokio::runtime::Runtime,
    node: Node,
    port: u16,
    agent: ureq::Agent,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
    folder: tempfile::TempDir,
}

/// An answer.
struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of an answer that must be good.
    fn good(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text());
        self.json()
    }

    /// Status and code of an answer that must be an error, in the shape that clients know.
    fn bad(&self) -> (u16, String) {
        let json = self.json();
        assert!(self.status >= 400 && json["error"].is_string(), "{} {json}", self.status);
        (self.status, json["code"].as_str().unwrap().to_owned())
    }
}

impl House {
    /// The node of the author that `seed` gives.
    fn new(seed: u8) -> Self {
        Self::with(seed, |access| access)
    }

    /// The same, behind a door that is set up like this.
    fn with(seed: u8, set: impl FnOnce(Access) -> Access) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::within(folder.path().join("home"));
        Home::create(places, &Phrase::from_entropy([seed; 32])).unwrap();
        Self::serving(folder, false, set)
    }

    /// The same with a network, on loopback.
    fn with_network(seed: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::within(folder.path().join("home"));
        Home::create(places, &Phrase::from_entropy([seed; 32])).unwrap();
        Self::open(folder, true)
    }

    /// A node whose home is in this folder already.
    fn open(folder: tempfile::TempDir, network: bool) -> Self {
        Self::serving(folder, network, |access| access)
    }

    fn serving(folder: tempfile::TempDir, network: bool, set: impl FnOnce(Access) -> Access) -> Self {
        let home = Home::open(folder.path().join("home")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let options = Options {
            home,
            config: Config::default(),
            network,
            listen: Some(vec!["/ip4/127.0.0.1/udp/0/quic-v1".parse().unwrap()]),
            mdns: Some(false),
            force_guard: false,
            record: None,
        };
        let node = runtime.block_on(runtime::start(options)).unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = oneshot::channel();
        let access = set(Access::new(TOKEN, address));
        let serving = serve(node.clone(), listener, access, async move {
            let _ = stopping.await;
        });
        let served = runtime.spawn(serving);
        let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).max_redirects(0);
        let agent = agent.build().into();
        let (stop, served) = (Some(stop), Some(served));
        Self { runtime, node, port: address.port(), agent, stop, served, folder }
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn me(&self) -> AuthorId {
        self.node.author()
    }

    /// A request with these header lines and no others of ours.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            [] => self.agent.run(request.body(()).unwrap()),
            body => self.agent.run(request.body(body.to_vec()).unwrap()),
        };
        let mut answer = answer.unwrap();
        let bytes = answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap();
        Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), bytes }
    }

    fn call(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let token = format!("Bearer {TOKEN}");
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        self.send(method, path, &headers, body)
    }

    fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[])
    }

    fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &serde_json::to_vec(&body).unwrap())
    }

    /// Writes a post and gives its id.
    fn write(&self, text: &str) -> String {
        let status = self.post("/api/v1/statuses", serde_json::json!({ "status": text })).good();
        status["id"].as_str().unwrap().to_owned()
    }

    /// Path of the next page that an answer links to.
    fn next(&self, answer: &Answer) -> Option<String> {
        let link = answer.header("link").split(", ").find(|link| link.ends_with("rel=\"next\""))?;
        let url = link.trim_start_matches('<').split('>').next()?;
        Some(url.strip_prefix(&self.base()).unwrap().to_owned())
    }

    /// Takes in everything that another node keeps.
    fn take_from(&self, other: &House) -> Value {
        let bundle = other.get("/api/starling/v1/export");
        assert_eq!(bundle.status, 200, "{}", bundle.text());
        self.call("POST", "/api/starling/v1/import", &bundle.bytes).good()
    }

    /// Opens the door's port without being a client of it.
    fn socket(&self) -> std::net::TcpStream {
        let socket = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // A test that waits for an answer that never comes must end.
        socket.set_read_timeout(Some(std::time::Duration::from_secs(40))).unwrap();
        socket
    }

    /// What comes back for these bytes until the door closes the connection.
    fn raw(&self, request: &[u8]) -> String {
        use std::io::{Read, Write};
        let mut socket = self.socket();
        // The door may close before it has read everything, which is what is being tested.
        let _ = socket.write_all(request);
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl House {
    /// Ends the node, and leaves its home.
    fn close(mut self) -> tempfile::TempDir {
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let node = self.node.clone();
        self.runtime.block_on(node.shutdown());
    }
}

/// The ids of a list of statuses.
fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|status| status["id"].as_str().unwrap().to_owned()).collect()
}

/// An entry that nobody wrote.
fn nobodys() -> EntryId {
    EntryId::new([0xab; 32])
}
