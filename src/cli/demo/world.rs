//! The people of the demo, their homes and their nodes, and ways to make them do things and to look.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Display},
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Output as Ended, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::Value;

use super::children::Children;
use crate::cli::{Output, client::Client};

/// How long anything may take that nodes do by themselves: it takes well under a second, except on a
/// machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(15);

/// Everybody.
pub struct World {
    children: Arc<Children>,
    output: Output,
    program: PathBuf,
    people: BTreeMap<&'static str, Person>,
    seen: Vec<String>,
    /// Ids that a later step comes back to.
    pub remembered: BTreeMap<&'static str, String>,
}

/// Somebody, or one of their devices.
struct Person {
    author: String,
    peer: String,
    /// Where the node listens; it comes back to the same place.
    listen: Option<String>,
    client: Option<Client>,
}

impl World {
    pub fn new(children: Arc<Children>, output: Output) -> Result<Self> {
        let program = std::env::current_exe().context("this program cannot find itself")?;
        let (people, remembered) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { children, output, program, people, seen: Vec::new(), remembered })
    }

    /// What was seen since the last time that somebody asked.
    pub fn seen(&mut self) -> Vec<String> {
        std::mem::take(&mut self.seen)
    }

    /// Tells of something that was done or seen.
    pub fn tell(&mut self, who: &str, what: impl Display) {
        let line = format!("{who:<7} {what}");
        if !self.output.json {
            // A reader that has gone is found out by the report of the step.
            let _ = self.output.line(format!("    {line}"));
        }
        self.seen.push(line);
    }

    /// A path beside the homes.
    pub fn path(&self, name: &str) -> PathBuf {
        self.children.folder().join(name)
    }

    /// Where somebody's home is.
    pub fn home(&self, who: &str) -> PathBuf {
        self.path(who)
    }

    fn person(&self, who: &str) -> Result<&Person> {
        self.people.get(who).ok_or_else(|| anyhow!("{who} has no home yet"))
    }

    /// Somebody's author id.
    pub fn author(&self, who: &str) -> Result<String> {
        Ok(self.person(who)?.author.clone())
    }

    /// What other nodes know somebody's node by.
    pub fn peer(&self, who: &str) -> Result<String> {
        Ok(self.person(who)?.peer.clone())
    }

    /// Where somebody's node listens.
    pub fn listen(&self, who: &str) -> Result<String> {
        self.person(who)?.listen.clone().ok_or_else(|| anyhow!("{who}'s node never ran"))
    }

    /// Reads from somebody's home who lives there.
    pub fn meet(&mut self, who: &'static str) -> Result<()> {
        let id = self.does(who, &["id", "show"])?;
        let person =
            Person { author: text(&id, "author")?, peer: text(&id, "peer_id")?, listen: None, client: None };
        self.people.insert(who, person);
        Ok(())
    }

    /// This program, for somebody's home, untouched by what the caller's environment says.
    fn command(&self, who: &str) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("STARLING_") {
                command.env_remove(name);
            }
        }
        command.arg("--home").arg(self.home(who)).arg("--json").stdin(Stdio::null());
        command
    }

    fn ends(&self, who: &str, arguments: &[&str]) -> Result<Ended> {
        let _busy = self.children.busy();
        Ok(self.command(who).args(arguments).output()?)
    }

    /// A command that works. Gives the objects that it prints.
    pub fn lists(&self, who: &str, arguments: &[&str]) -> Result<Vec<Value>> {
        let ended = self.ends(who, arguments)?;
        ensure!(
            ended.status.success(),
            "`starling {}` of {who} should work, and ended with {}: {}",
            arguments.join(" "),
            ended.status,
            String::from_utf8_lossy(&ended.stderr),
        );
        let stdout = String::from_utf8_lossy(&ended.stdout);
        stdout.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// A command that works and prints one object.
    pub fn does(&self, who: &str, arguments: &[&str]) -> Result<Value> {
        let objects = self.lists(who, arguments)?;
        objects.into_iter().last().ok_or_else(|| anyhow!("`starling {}` said nothing", arguments.join(" ")))
    }

    /// A command that must fail with this exit code. Gives what it says.
    pub fn fails(&self, who: &str, arguments: &[&str], code: i32) -> Result<String> {
        let ended = self.ends(who, arguments)?;
        let stderr = String::from_utf8_lossy(&ended.stderr);
        ensure!(
            ended.status.code() == Some(code),
            "`starling {}` of {who} should end with {code}, and ended with {}: {stderr}",
            arguments.join(" "),
            ended.status,
        );
        let line = stderr.lines().find_map(|line| line.strip_prefix("error: "));
        Ok(line.unwrap_or_default().to_owned())
    }

    /// Posts, and gives the id.
    pub fn posts(&mut self, who: &str, words: &str, more: &[&str]) -> Result<String> {
        let arguments: Vec<&str> = ["post", words].iter().chain(more).copied().collect();
        let object = self.does(who, &arguments)?;
        let verb = if more.contains(&"--reply") { "answers" } else { "posts" };
        self.tell(who, format!("{verb} “{words}”"));
        text(&object, "id")
    }

    /// Starts somebody's node, where it was before if it ran before.
    pub fn start(&mut self, who: &'static str) -> Result<()> {
        let listen = self.person(who)?.listen.clone();
        let listen = match &listen {
            Some(listen) => listen.split("/p2p/").next().unwrap_or_default(),
            None => "/ip4/127.0.0.1/tcp/0",
        };
        let busy = self.children.busy();
        let log = File::options().create(true).append(true).open(self.path(&format!("{who}.log")))?;
        let mut child = self
            .command(who)
            .args(["run", "--listen", listen, "--http", "127.0.0.1:0", "--no-mdns"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let stdout = child.stdout.take();
        self.children.add(who, child);
        drop(busy);
        let (said, first) = mpsc::sync_channel(1);
        let stdout = stdout.ok_or_else(|| anyhow!("the node has no stdout"))?;
        thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines();
            // Whoever waited may have given up.
            let _ = said.send(lines.next());
            lines.for_each(drop);
        });
        let Ok(Some(Ok(line))) = first.recv_timeout(PATIENCE) else {
            bail!("{who}'s node did not say that it is ready; see {who}.log");
        };
        let ready: Value = serde_json::from_str(&line)?;
        let token = std::fs::read_to_string(self.home(who).join("token"))?;
        let client = Client::new(&text(&ready, "http")?, token.trim());
        self.people.get_mut(who).ok_or_else(|| anyhow!("nobody is {who}"))?.client = Some(client);
        // On a busy machine a node may be ready before it listens.
        let look = |world: &Self| world.look(who, "/api/starling/v1/status");
        let listens = |status: &Value| status["listen"][0].is_string();
        let said = if listens(&ready) { ready } else { self.sees("the node listens", look, listens)? };
        let listen = said["listen"][0].as_str().map(str::to_owned);
        self.people.get_mut(who).ok_or_else(|| anyhow!("nobody is {who}"))?.listen = listen;
        Ok(())
    }

    /// Stops somebody's node in good order.
    pub fn stop(&mut self, who: &str) -> Result<()> {
        self.ask(who, "/api/starling/v1/stop", &serde_json::json!({}))?;
        if let Some(person) = self.people.get_mut(who) {
            person.client = None;
        }
        ensure!(self.children.stopped(who), "{who}'s node should stop when it is told to, and does not");
        Ok(())
    }

    fn client(&self, who: &str) -> Result<&Client> {
        self.person(who)?.client.as_ref().ok_or_else(|| anyhow!("{who}'s node does not run"))
    }

    /// Asks somebody's node over HTTP.
    pub fn ask(&self, who: &str, path: &str, body: &Value) -> Result<Value> {
        let answer = self.client(who)?.post(path, body);
        answer.map_err(|failure| anyhow!("{who}'s node refuses {path}: {}", failure.message))
    }

    /// Looks at somebody's node over HTTP.
    pub fn look(&self, who: &str, path: &str) -> Result<Value> {
        let answer = self.client(who)?.get(path);
        answer.map_err(|failure| anyhow!("{who}'s node does not show {path}: {}", failure.message))
    }

    /// Waits until a look is as it should be; a look that fails is one that is not so yet.
    pub fn sees<T: Debug>(
        &self,
        expected: impl Display,
        mut look: impl FnMut(&Self) -> Result<T>,
        good: impl Fn(&T) -> bool,
    ) -> Result<T> {
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = look(self);
            match seen {
                Ok(seen) if good(&seen) => return Ok(seen),
                seen if Instant::now() > until => {
                    let seen = seen.map_or_else(|error| format!("{error:#}"), |seen| format!("{seen:?}"));
                    bail!("expected that {expected}; seen: {seen}");
                }
                _ => thread::sleep(PAUSE),
            }
        }
    }

    /// Waits until somebody holds an entry, and it says `words`.
    pub fn holds(&self, who: &str, id: &str, words: &str) -> Result<Value> {
        let path = format!("/api/v1/statuses/{id}");
        let look = |world: &Self| world.look(who, &path);
        self.sees(format!("{who} reads “{words}”"), look, |status| status["starling"]["source"] == words)
    }

    /// Somebody's home timeline as author and text, newest first.
    pub fn timeline(&self, who: &str) -> Result<Vec<(String, String)>> {
        let list = self.look(who, "/api/v1/timelines/home?limit=40")?;
        let line =
            |status: &Value| Ok((text(&status["account"], "id")?, text(&status["starling"], "source")?));
        list.as_array().into_iter().flatten().map(line).collect()
    }
}

/// A text in an object.
pub fn text(object: &Value, name: &str) -> Result<String> {
    object[name].as_str().map(str::to_owned).ok_or_else(|| anyhow!("there is no {name} in {object}"))
}

/// The beginning of an id, as lists show it.
pub fn short(id: &str) -> &str {
    id.get(..14).unwrap_or(id)
}
