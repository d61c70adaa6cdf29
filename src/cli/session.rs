//! The node that a command talks to: the one that runs for this home, or one without a network that
//! lives inside this process for as long as the command does.

use std::{net::SocketAddr, time::Duration};

use starling::{
    config::{Config, Http, Layer, Resolved},
    home::{Announcement, Home, Lock, Places},
    runtime,
};
use tokio::sync::watch;

use super::{Failure, Output, client::Client, door::Door};

/// What every command is given.
pub struct Context {
    /// Where the home is, or would be.
    pub places: Places,
    /// How to print.
    pub output: Output,
}

impl Context {
    /// The home.
    pub fn home(&self) -> Result<Home, Failure> {
        Ok(Home::open_at(self.places.clone())?)
    }

    /// The settings, without flags.
    pub fn settings(&self) -> Result<Resolved, Failure> {
        Ok(Resolved::load(&self.places.config, &[])?)
    }

    /// A way to a node.
    pub fn session(&self) -> Result<Session, Failure> {
        let home = self.home()?;
        if let Some(session) = Session::running(&home)? {
            return Ok(session);
        }
        let settings = self.settings()?;
        quiet_log(&settings, self.output.json);
        match Session::inside(home.clone(), settings.config) {
            // It may have begun to run, or another command may just have held the home.
            Err(failure) => Session::running(&home)?.ok_or(failure),
            started => started,
        }
    }

    /// A way to a running node, or exit code 4.
    pub fn running(&self) -> Result<Session, Failure> {
        Session::running(&self.home()?)?.ok_or_else(super::client::not_running)
    }
}

/// A one-off command logs what is wrong and nothing else, unless a level was asked for.
fn quiet_log(settings: &Resolved, json: bool) {
    let asked = settings.keys.iter().any(|(key, _, layer)| key == "log.level" && *layer != Layer::Default);
    super::run::log(if asked { &settings.config.log.level } else { "error" }, json);
}

/// A node to talk to.
pub struct Session {
    /// The way in.
    pub client: Client,
    inside: Option<Inside>,
}

struct Inside {
    _lock: Lock,
    /// Says where the door is to other commands, if they may use it.
    announcement: Option<Announcement>,
    runtime: tokio::runtime::Runtime,
    node: runtime::Node,
    stop: watch::Sender<bool>,
    door: tokio::task::JoinHandle<()>,
}

impl Session {
    /// To the node that runs for `home`, if one does.
    pub fn running(home: &Home) -> Result<Option<Self>, Failure> {
        let Some(door) = home.running()? else { return Ok(None) };
        let client = Client::new(&door.http, &home.token()?);
        Ok(Some(Self { client, inside: None }))
    }

    /// To a node of our own, without a network.
    pub fn inside(home: Home, config: Config) -> Result<Self, Failure> {
        Self::start(home, config, false)
    }

    /// To a node of our own that talks to others, for as long as somebody looks at it. Meanwhile it is the node of this
    /// home for every other command and client as well, as one that `run` started would be.
    pub fn with_network(home: Home, config: Config) -> Result<Self, Failure> {
        Self::start(home, config, true)
    }

    fn start(home: Home, config: Config, network: bool) -> Result<Self, Failure> {
        let lock = home.lock()?;
        let near = Http { listen: ([127, 0, 0, 1], 0).into(), ..Config::default().http };
        let (token, wanted) = match network {
            true => (home.token()?, config.http.clone()),
            // Only this process knows it, and only for as long as it lives.
            false => (Door::token()?, near.clone()),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (place, here) = (home.path().to_owned(), home.clone());
        let options = runtime::Options {
            home,
            config,
            network,
            listen: None,
            mdns: None,
            force_guard: false,
            record: None,
        };
        let (stop, stopping) = watch::channel(false);
        let started = runtime.block_on(async {
            let node = runtime::start(options).await.map_err(super::run::start_failure)?;
            let opened = async {
                // Another program has the port that clients know. Whoever sits in front of this one need not care.
                let wanted = if network && taken(wanted.listen).await { near } else { wanted };
                let door = Door::open(&wanted, &token, &place).await?;
                let announcement = if network { Some(here.announce(&door.http)?) } else { None };
                Ok::<_, Failure>((door, announcement))
            };
            match opened.await {
                Ok((door, announcement)) => {
                    let http = door.http.clone();
                    Ok((http, door.serve(node.clone(), stopping), announcement, node))
                }
                Err(failure) => {
                    node.shutdown().await;
                    Err(failure)
                }
            }
        });
        let (http, door, announcement, node) = started?;
        let client = Client::new(&http, &token);
        Ok(Self { client, inside: Some(Inside { _lock: lock, announcement, runtime, node, stop, door }) })
    }

    /// Whether the node runs by itself. What a command does in one inside its own process waits until one does.
    pub fn online(&self) -> bool {
        self.inside.is_none()
    }

    /// Writes down that a node of our own may write from here. A running node does that by itself.
    pub fn settle(&self, home: &Home) -> Result<(), Failure> {
        let Some(inside) = &self.inside else { return Ok(()) };
        let reader = inside.node.read().map_err(Failure::failed)?;
        let record = reader.identity_of(&inside.node.author()).map_err(Failure::failed)?;
        if let (true, Some(record)) = (home.restoring()?.is_some(), record) {
            home.restored(&record)?;
        }
        Ok(home.settle()?)
    }

    /// Whether the node of our own ended by itself, and why.
    pub fn ended(&self) -> Result<(), Failure> {
        self.inside.as_ref().map_or(Ok(()), |inside| super::run::ended(&inside.node))
    }

    /// Stops the node of our own in good order, so that the next command finds the home free.
    pub fn close(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        let Some(Inside { _lock, announcement, runtime, node, stop, door }) = self.inside.take() else {
            return;
        };
        drop(announcement);
        runtime.block_on(async {
            // Nobody waits any more if the server has ended already.
            let _ = stop.send(true);
            let _ = door.await;
            node.shutdown().await;
        });
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

/// Whether another program listens there already.
async fn taken(address: SocketAddr) -> bool {
    let tried = tokio::net::TcpListener::bind(address).await;
    tried.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop();
    }
}
