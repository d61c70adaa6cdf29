//! Lets the plan happen: starts and ends nodes, cuts wires, has people speak, and looks around now and then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{Transport, plaintext};
use starling::network::{self, Config, Counters, Gauges, Handle, Role, Witness};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::brain::{Brain, Mailbox, Shared, Wish, now};
use super::net::Net;
use super::stream::Wires;
use super::{Crypto, Error, Outcome, det};
use crate::cast::Cast;
use crate::control::{Ended, Progress};
use crate::people;
use crate::plan::{Ending, Micros, NodeId, Plan, SEC, What};
use crate::record::Sample;

/// Events that wait for a brain: as many as wait for the node's verifier.
const EVENTS: usize = 1_024;

/// How often the meshes of a node are looked at until it has one, and for how long after its start: whoever has no mesh
/// by then is looked at when samples are taken.
const CLOSELY: Micros = SEC;
const CLOSELY_FOR: Micros = 60 * SEC;

/// A node's process.
struct Process {
    mailbox: Arc<Mailbox>,
    network: Handle,
    started: Micros,
    asleep: bool,
}

/// Everything that happens outside of nodes.
struct World {
    plan: Arc<Plan>,
    shared: Arc<Shared>,
    net: Net,
    crypto: Crypto,
    processes: BTreeMap<NodeId, Process>,
    /// What ended processes counted.
    counters: Vec<Counters>,
}

/// Lives through a cast's plan on this thread.
pub(super) fn live(
    runtime: Runtime,
    cast: Cast,
    crypto: Crypto,
    stop: &AtomicBool,
    tell: &dyn Fn(Progress),
) -> Result<Outcome, Error> {
    let plan = cast.plan.clone();
    let shared = Arc::new(Shared::new(cast));
    let net = Net::new(&plan);
    let mut world = World {
        shared: shared.clone(),
        net: net.clone(),
        crypto,
        processes: BTreeMap::new(),
        counters: vec![Counters::default(); plan.nodes.len()],
        plan,
    };
    let lived = runtime.block_on(async {
        tokio::spawn(net.clone().carry());
        world.live(stop, tell).await
    });
    let counters = std::mem::take(&mut world.counters);
    drop(world);
    // With it go all tasks, and what they hold of the cast.
    drop(runtime);
    let ended = lived?;
    let shared = Arc::into_inner(shared).ok_or(Error::Panicked)?;
    Ok(Outcome { ended, wires: net.wires(), counters, cast: shared.into_cast() })
}

impl World {
    async fn live(&mut self, stop: &AtomicBool, tell: &dyn Fn(Progress)) -> Result<Ended, Error> {
        let plan = self.plan.clone();
        let mut happenings = plan.happenings.iter().peekable();
        self.set_read_rates();
        // The first sample is of a world in which nothing has happened.
        let (mut second, mut sample) = (SEC, 0);
        loop {
            let next = happenings.peek().map_or(plan.span, |happening| happening.at);
            let next = next.min(second).min(sample).min(plan.span);
            det::sleep_until(next * 1_000).await;
            while let Some(happening) = happenings.next_if(|happening| happening.at <= now()) {
                self.happen(&happening.what).await?;
            }
            if let Some(error) = self.shared.failure() {
                return Err(Error::Cast(error));
            }
            if now() >= second {
                second += SEC;
                let events = self.shared.cast().record.events();
                let running = self.processes.values().filter(|process| !process.asleep).count();
                tell(Progress { at: now(), span: plan.span, events, running: running as u32 });
            }
            let complete = now() >= plan.span;
            let over = complete || stop.load(Ordering::Relaxed);
            if now() >= sample || over {
                self.sample().await;
                while sample <= now() {
                    sample += plan.sample_every.max(1);
                }
            } else if now().is_multiple_of(CLOSELY) {
                self.look_for_meshes().await;
            }
            if over {
                for node in self.processes.keys().copied().collect::<Vec<_>>() {
                    self.count(node).await;
                }
                return Ok(Ended { at: now(), complete });
            }
        }
    }

    async fn happen(&mut self, what: &What) -> Result<(), Error> {
        match what {
            What::Start(node) => self.start(*node),
            What::Stop(node, ending) => {
                self.stop(*node, *ending).await;
                Ok(())
            }
            What::Cut(groups) => {
                self.net.cut(groups);
                Ok(())
            }
            What::Heal => {
                self.net.heal();
                Ok(())
            }
            other => {
                if let What::Attack(_) = other {
                    self.set_read_rates();
                }
                let mut cast = self.shared.cast();
                if let Some((node, orders)) = cast.act(now(), other)?
                    && let Some(process) = self.processes.get(&node)
                {
                    process.mailbox.push(orders);
                }
                Ok(())
            }
        }
    }

    /// Those who read slowly begin or end to.
    fn set_read_rates(&self) {
        let cast = self.shared.cast();
        for node in 0..self.plan.nodes.len() as NodeId {
            self.net.read_rate(node, cast.read_rate(now(), node));
        }
    }

    fn start(&mut self, node: NodeId) -> Result<(), Error> {
        if let Some(process) = self.processes.get_mut(&node) {
            if std::mem::take(&mut process.asleep) {
                self.net.reach(node, true);
                process.mailbox.push(self.shared.cast().start(now(), node)?);
                process.mailbox.wish(Wish::Live);
            }
            return Ok(());
        }
        let mut cast = self.shared.cast();
        let life = self.net.begin(node);
        let wires = Wires::new(self.net.clone(), node, life);
        let keypair = &cast.person(node).keypair;
        let role = if self.plan.nodes[node as usize].relay { Role::Relay } else { Role::Home };
        let mut config = Config::new(keypair.clone(), role);
        config.listen = vec![people::address(node)];
        let shared = self.shared.clone();
        config.witness = Some(Witness::new(move |from, bytes| {
            let mut cast = shared.cast();
            if let Some(from) = cast.node_of(&from) {
                shared.ledger().copy(&mut cast, from, node, bytes as u64);
            }
        }));
        let failed = |error| Error::Network { node, error };
        let wire = secure(wires, keypair, self.crypto).map_err(failed)?;
        let (sender, events) = mpsc::channel(EVENTS);
        let network = network::start_over(config, wire, sender).map_err(failed)?;
        let mailbox = Arc::new(Mailbox::new());
        mailbox.push(cast.start(now(), node)?);
        drop(cast);
        let brain = Brain {
            shared: self.shared.clone(),
            mailbox: mailbox.clone(),
            node,
            network: network.clone(),
            events,
            streams: BTreeMap::new(),
        };
        tokio::spawn(brain.run());
        self.processes.insert(node, Process { mailbox, network, started: now(), asleep: false });
        Ok(())
    }

    async fn stop(&mut self, node: NodeId, ending: Ending) {
        if ending == Ending::Sleep {
            if let Some(process) = self.processes.get_mut(&node) {
                process.asleep = true;
                process.mailbox.wish(Wish::Sleep);
                self.net.reach(node, false);
                self.shared.cast().stop(now(), node, ending);
            }
            return;
        }
        self.count(node).await;
        let Some(process) = self.processes.remove(&node) else { return };
        match ending {
            // The brain says farewell; whoever starts the node again before that is done cuts it short.
            Ending::Quit | Ending::Sleep => {}
            Ending::Kill => self.net.kill(node),
            Ending::PowerCut => self.net.power_cut(node),
        }
        self.shared.cast().stop(now(), node, ending);
        process.mailbox.wish(Wish::Quit);
    }

    /// Adds up what a process has counted, before it ends.
    async fn count(&mut self, node: NodeId) {
        let Some(process) = self.processes.get(&node) else { return };
        // A network that is closed has nothing to tell.
        let Ok(stats) = process.network.stats().await else { return };
        add(&mut self.counters[node as usize], &stats.counters);
    }

    /// Looks whether those who started lately and had no mesh yet have one now.
    async fn look_for_meshes(&self) {
        for (node, process) in &self.processes {
            let young = now() < process.started + CLOSELY_FOR;
            if young && !self.shared.cast().record.has_mesh(*node) {
                self.look_at(*node, process).await;
            }
        }
    }

    /// Reads a node's gauges, and takes down how large its meshes are; none of a network that is closed.
    async fn look_at(&self, node: NodeId, process: &Process) -> Option<Gauges> {
        let gauges = process.network.gauges().await.ok()?;
        let mut cast = self.shared.cast();
        for (shard, peers) in &gauges.meshes {
            cast.record.meshed(now(), node, *shard, *peers as u32);
        }
        Some(gauges)
    }

    /// Takes a sample of the world.
    async fn sample(&self) {
        let mut sample = Sample { at: now(), ..Sample::default() };
        for (node, process) in &self.processes {
            let Some(gauges) = self.look_at(*node, process).await else { continue };
            sample.connections += gauges.peers as u32;
            sample.mesh_links += gauges.meshes.iter().map(|(_, peers)| *peers as u32).sum::<u32>();
            sample.shards += gauges.meshes.len() as u32;
            sample.sessions += gauges.sync_streams as u32;
        }
        // Both ends have told of each.
        sample.connections /= 2;
        sample.sessions /= 2;
        let digest = self.net.digest();
        let mut cast = self.shared.cast();
        cast.record.trace(now(), NodeId::MAX, b'w', &digest.to_le_bytes());
        self.shared.ledger().close(&mut cast, &self.net.carried());
        cast.sample(sample);
    }
}

fn secure(wires: Wires, keypair: &Keypair, crypto: Crypto) -> Result<network::Wire, network::Error> {
    match crypto {
        Crypto::Noise => network::secure(wires, keypair),
        Crypto::Plaintext => {
            let plain = plaintext::Config::new(keypair);
            Ok(network::multiplex(wires.upgrade(Version::V1Lazy).authenticate(plain)))
        }
    }
}

fn add(sum: &mut Counters, more: &Counters) {
    sum.gossip_in += more.gossip_in;
    sum.gossip_in_bytes += more.gossip_in_bytes;
    sum.gossip_out += more.gossip_out;
    sum.gossip_out_bytes += more.gossip_out_bytes;
    sum.gossip_unsent += more.gossip_unsent;
    sum.gossip_ignored += more.gossip_ignored;
    sum.gossip_rejected += more.gossip_rejected;
    sum.sync_in_bytes += more.sync_in_bytes;
    sum.sync_out_bytes += more.sync_out_bytes;
    sum.refused += more.refused;
}
