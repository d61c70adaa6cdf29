//! Connections: made, refused, ended.

use std::collections::HashMap;

use libp2p::futures::StreamExt;
use libp2p::identify;
use libp2p::swarm::{self, Swarm, SwarmEvent};

use super::*;

async fn two_nodes_meet(listen: &str) {
    let mut alice = Node::on(listen, |_| {}).await;
    let mut bob = Node::on(listen, |_| {}).await;
    alice.dial(&bob).await;
    let (peer, outbound, first) = alice
        .wait("alice's connection", |event| match event {
            Event::Connected { peer, outbound, first, .. } => Some((peer, outbound, first)),
            _ => None,
        })
        .await;
    assert_eq!((peer, outbound, first), (bob.peer, true, true));
    let (agent, told) = bob
        .wait("alice's account of herself", |event| match event {
            Event::Identified { peer, agent, listen_addresses, .. } if peer == alice.peer => {
                Some((agent, listen_addresses))
            }
            _ => None,
        })
        .await;
    assert_eq!((agent.as_str(), told), ("starling", vec![]));
    let stats = bob.handle.stats().await.unwrap();
    assert_eq!(stats.peers.len(), 1);
    assert!(!stats.peers[0].connections[0].1, "bob did not dial");
    alice.send(Command::Disconnect { peer: bob.peer }).await;
    alice.disconnected(bob.peer).await;
    bob.disconnected(alice.peer).await;
}

#[tokio::test]
async fn two_nodes_meet_over_tcp() {
    two_nodes_meet(TCP).await;
}

#[tokio::test]
async fn two_nodes_meet_over_quic() {
    two_nodes_meet(QUIC).await;
}

#[tokio::test]
async fn an_address_may_name_the_peer() {
    let (mut alice, bob) = (Node::new().await, Node::new().await);
    alice.send(Command::Dial { peer: None, addresses: vec![bob.full_address()] }).await;
    alice.connected(bob.peer).await;
    // And without any name, whoever answers is taken.
    let mut carol = Node::new().await;
    carol.send(Command::Dial { peer: None, addresses: vec![bob.address.clone()] }).await;
    carol.connected(bob.peer).await;
}

#[tokio::test]
async fn another_peer_than_expected_is_refused() {
    let (mut alice, bob) = (Node::new().await, Node::new().await);
    let expected = PeerId::random();
    alice.send(Command::Dial { peer: Some(expected), addresses: vec![bob.address.clone()] }).await;
    let (peer, addresses) = alice
        .wait("a failed dial", |event| match event {
            Event::DialFailed { peer, addresses, .. } => Some((peer, addresses)),
            _ => None,
        })
        .await;
    assert_eq!((peer, addresses), (Some(expected), vec![bob.address.clone()]));
}

#[tokio::test]
async fn no_address_is_a_failed_dial() {
    let mut alice = Node::new().await;
    let nobody = PeerId::random();
    alice.send(Command::Dial { peer: Some(nobody), addresses: vec![] }).await;
    alice.wait("a failed dial", |event| matches!(event, Event::DialFailed { .. }).then_some(())).await;
}

#[tokio::test]
async fn a_banned_peer_is_cut_off_and_refused_until_pardoned() {
    let (mut alice, mut bob) = (Node::new().await, Node::new().await);
    bob.connect(&mut alice).await;
    alice.send(Command::Ban { peer: bob.peer }).await;
    alice.disconnected(bob.peer).await;
    bob.disconnected(alice.peer).await;
    bob.dial(&alice).await;
    alice.until("a refusal", |stats| stats.counters.refused > 0 && stats.peers.is_empty()).await;
    alice.dial(&bob).await;
    alice.wait("a failed dial", |event| matches!(event, Event::DialFailed { .. }).then_some(())).await;
    alice.send(Command::Unban { peer: bob.peer }).await;
    alice.dial(&bob).await;
    alice.connected(bob.peer).await;
}

#[tokio::test]
async fn connections_from_one_address_are_limited() {
    let mut alice = Node::on(TCP, |config| config.limits.per_loopback = 4).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        let other = Node::new().await;
        other.dial(&alice).await;
        alice.connected(other.peer).await;
        others.push(other);
    }
    let mut fifth = Node::new().await;
    fifth.dial(&alice).await;
    fifth.wait("a failed dial", |event| matches!(event, Event::DialFailed { .. }).then_some(())).await;
    alice.until("a refusal", |stats| stats.counters.refused == 1 && stats.peers.len() == 4).await;
    // A place that becomes free can be taken.
    let leaving = others.pop().unwrap();
    let left = leaving.peer;
    leaving.handle.shutdown().await;
    alice.disconnected(left).await;
    fifth.dial(&alice).await;
    alice.connected(fifth.peer).await;
}

#[tokio::test]
async fn our_own_dials_do_not_count_against_strangers() {
    let mut alice = Node::on(TCP, |config| config.limits.incoming = 1).await;
    let (mut bob, mut carol, dave) = (Node::new().await, Node::new().await, Node::new().await);
    alice.connect(&mut bob).await;
    carol.connect(&mut alice).await;
    dave.dial(&alice).await;
    alice.until("a refusal", |stats| stats.counters.refused == 1 && stats.peers.len() == 2).await;
}

#[tokio::test]
async fn shutdown_ends_everything() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (mut alice, mut bob) = (Node::new().await, Node::on(QUIC, |_| {}).await);
    alice.connect(&mut bob).await;
    alice.send(Command::OpenSync { peer: bob.peer }).await;
    alice.wait("a stream", |event| matches!(event, Event::SyncOpened { .. }).then_some(())).await;
    assert!(tasks() > 2);
    let second = alice.handle.clone();
    alice.handle.shutdown().await;
    assert_eq!(second.send(Command::Leave { shard: 0 }).await, Err(Closed));
    second.shutdown().await;
    bob.disconnected(alice.peer).await;
    // Dropping the last handle is a shutdown as well.
    drop(bob.handle);
    let gone = async {
        while tasks() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("tasks are left over");
}

#[tokio::test]
async fn commands_are_served_while_nobody_takes_events() {
    let (mut alice, bob) = (Node::new().await, Node::new().await);
    // Far more events than channel and backlog hold: every dial fails at once.
    for _ in 0..3_000 {
        alice.send(Command::Dial { peer: Some(bob.peer), addresses: vec![] }).await;
    }
    alice.handle.stats().await.unwrap();
    let mut failed = 0;
    while failed < 3_000 {
        alice.wait("a failed dial", |event| matches!(event, Event::DialFailed { .. }).then_some(())).await;
        failed += 1;
    }
    alice.dial(&bob).await;
    alice.connected(bob.peer).await;
}

#[tokio::test]
async fn a_taken_port_is_told() {
    let alice = Node::on(QUIC, |_| {}).await;
    let bob = Node::on(TCP, |_| {}).await;
    let keypair = Keypair::generate_ed25519();
    let mut config = Config::new(keypair, Role::Home);
    let unknown: Multiaddr = "/ip4/127.0.0.1/sctp/1".parse().unwrap();
    let taken = [bob.address.clone(), alice.address.clone()];
    config.listen = vec![taken[1].clone(), unknown.clone(), taken[0].clone(), TCP.parse().unwrap()];
    let (sender, mut events) = mpsc::channel(16);
    let _handle = start(config, sender).unwrap();
    let (mut failed, mut listening) = (HashMap::new(), 0);
    while failed.len() < 3 || listening < 1 {
        match timeout(PATIENCE, events.recv()).await.unwrap().unwrap() {
            Event::ListenFailed { address, reason } => drop(failed.insert(address, reason)),
            Event::Listening { .. } => listening += 1,
            other => panic!("{other:?}"),
        }
    }
    for address in taken {
        assert!(failed[&address].to_lowercase().contains("in use"), "{failed:?}");
    }
    assert!(!failed[&unknown].is_empty(), "{failed:?}");
}

/// Sockets that connect and say nothing hold a bounded number of places, and give them back when they close.
#[tokio::test]
async fn slow_sockets_are_bounded() {
    let mut alice = Node::new().await;
    let mut parts = alice.address.iter();
    let (Some(Protocol::Ip4(ip)), Some(Protocol::Tcp(port))) = (parts.next(), parts.next()) else {
        panic!("another address")
    };
    let mut sockets = Vec::new();
    for _ in 0..60 {
        sockets.push(tokio::net::TcpStream::connect((ip, port)).await.unwrap());
    }
    let stats = alice.until("refusals", |stats| stats.counters.refused == 44).await;
    assert_eq!(stats.pending, 16);
    drop(sockets);
    alice.until("free places", |stats| stats.pending == 0).await;
    let mut bob = Node::new().await;
    bob.connect(&mut alice).await;
}

#[tokio::test]
async fn a_peer_that_repeats_itself_is_heard_once() {
    const TIMES: usize = 20;
    let mut alice = Node::new().await;
    let keypair = Keypair::generate_ed25519();
    let rogue = keypair.public().to_peer_id();
    let settings = identify::Config::new("/loud".into(), keypair.public());
    let mut swarm = Swarm::new(
        transport::build(&keypair).unwrap(),
        identify::Behaviour::new(settings),
        rogue,
        swarm::Config::with_tokio_executor().with_idle_connection_timeout(PATIENCE),
    );
    swarm.dial(alice.full_address()).unwrap();
    let repeating = async {
        let mut pushed = 0;
        while pushed < TIMES {
            match swarm.select_next_some().await {
                SwarmEvent::ConnectionEstablished { .. } => swarm.behaviour_mut().push([alice.peer]),
                SwarmEvent::Behaviour(identify::Event::Pushed { .. }) => {
                    pushed += 1;
                    swarm.behaviour_mut().push([alice.peer]);
                }
                _ => {}
            }
        }
    };
    timeout(PATIENCE, repeating).await.unwrap();
    let mut bob = Node::new().await;
    bob.dial(&alice).await;
    bob.connected(alice.peer).await;
    let mut heard = 0;
    loop {
        match timeout(PATIENCE, alice.event()).await.unwrap() {
            Event::Identified { peer, .. } if peer == rogue => heard += 1,
            Event::Identified { .. } => break,
            _ => {}
        }
    }
    assert_eq!(heard, 1);
}

/// The environment cannot be changed inside a process that has threads, so the test runs itself again.
#[tokio::test]
async fn a_key_log_is_refused() {
    const NAME: &str = "network::tests::connecting::a_key_log_is_refused";
    if std::env::var_os("SSLKEYLOGFILE").is_some() {
        let (sender, _events) = mpsc::channel(1);
        let started = start(Config::new(Keypair::generate_ed25519(), Role::Home), sender);
        assert!(matches!(started, Err(Error::KeyLog)));
        return;
    }
    let again = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env("SSLKEYLOGFILE", "keys.log")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}");
}
