//! Two hosts and what lies between them.

use std::io::ErrorKind;
use std::sync::Arc;

use futures::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::plan::{GossipModel, NodePlan, PolicyPlan, Role, Spread};

const PORT: u16 = 4001;
/// One way, in milliseconds.
const LATENCY: u64 = 50;

fn plan(loss: f64) -> Plan {
    let node = NodePlan {
        region: 0,
        up_bps: 8_000_000,
        down_bps: 80_000_000,
        nat: Nat::Open,
        relay: false,
        skew_ms: 0,
        dials: Vec::new(),
        bootstrap: Vec::new(),
        role: Role::Honest,
        careful_disk: false,
    };
    let fixed = |ms: u64| Spread::Fixed((ms * 1_000) as f64);
    let links = Links { latency: vec![vec![fixed(LATENCY)]], jitter: fixed(0), loss, queue_bytes: 1 << 30 };
    Plan {
        scenario: "two".into(),
        asks: String::new(),
        expects: String::new(),
        seed: 1,
        span: 0,
        epoch_ms: 0,
        nodes: vec![node.clone(), node],
        regions: vec!["here".into()],
        links,
        follows: Arc::default(),
        follows_signed: false,
        happenings: Vec::new(),
        posts: 0,
        phases: Vec::new(),
        policy: PolicyPlan::default(),
        sample_every: 1,
        gossip: GossipModel::default(),
    }
}

/// Runs a story on a thread of its own, with two hosts of which the second listens.
fn story<F: Future<Output = ()>>(plan: Plan, tell: impl FnOnce(Net, u32, u32) -> F + Send + 'static) {
    let run = move || {
        det::enter(0, Some(plan.seed));
        det::runtime().unwrap().block_on(async {
            let net = Net::new(&plan);
            tokio::spawn(net.clone().carry());
            let (first, second) = (net.begin(0), net.begin(1));
            assert!(net.listen(1, second, PORT));
            tell(net, first, second).await;
        });
    };
    std::thread::spawn(run).join().unwrap();
}

async fn connect(net: &Net, first: u32, second: u32) -> (Stream, Stream) {
    let caller = call(net.clone(), 0, first, (1, PORT)).await.unwrap();
    let called = std::future::poll_fn(|cx| net.accept(1, second, PORT, cx.waker())).await;
    (caller, called.stream)
}

fn ms() -> u64 {
    det::now() / MS
}

#[test]
fn a_call_takes_a_round_trip_and_bytes_half_of_one() {
    story(plan(0.0), |net, first, second| async move {
        let (mut caller, mut called) = connect(&net, first, second).await;
        assert_eq!(ms(), 2 * LATENCY);
        caller.write_all(b"starling").await.unwrap();
        let mut read = [0; 8];
        called.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"starling");
        assert!((3 * LATENCY..3 * LATENCY + 3).contains(&ms()), "{}", ms());
        drop(caller);
        assert_eq!(called.read(&mut read).await.unwrap(), 0, "and the end of it is told");
        assert!(net.wires()[0].sent > 8 && net.wires()[1].received == net.wires()[0].sent);
    });
}

#[test]
fn nothing_is_lost_or_out_of_order_where_packets_are_lost() {
    story(plan(0.2), |net, first, second| async move {
        let (mut caller, mut called) = connect(&net, first, second).await;
        let began = ms();
        let all: Vec<u8> = (0..200_000u32).map(|byte| (byte % 251) as u8).collect();
        let sent = all.clone();
        tokio::spawn(async move {
            for part in sent.chunks(999) {
                caller.write_all(part).await.unwrap();
                det::sleep_until(det::now() + MS).await;
            }
            caller.close().await.unwrap();
        });
        let mut read = Vec::new();
        called.read_to_end(&mut read).await.unwrap();
        assert!(read == all);
        // Without loss it would take 200 ms of writing and one latency.
        assert!(ms() - began > 300, "{}", ms() - began);
    });
}

#[test]
fn a_megabyte_takes_a_second_at_eight_megabits() {
    story(plan(0.0), |net, first, second| async move {
        let (mut caller, mut called) = connect(&net, first, second).await;
        let began = ms();
        tokio::spawn(async move {
            caller.write_all(&vec![7; 1_000_000]).await.unwrap();
            caller.close().await.unwrap();
        });
        let mut read = Vec::new();
        called.read_to_end(&mut read).await.unwrap();
        let took = ms() - began;
        assert!(read.len() == 1_000_000 && (1_000..1_400).contains(&took), "{took}");
    });
}

#[test]
fn a_slow_reader_takes_its_time_and_its_writer_waits() {
    story(plan(0.0), |net, first, second| async move {
        let (mut caller, mut called) = connect(&net, first, second).await;
        net.read_rate(1, Some(10_000));
        let began = ms();
        tokio::spawn(async move {
            caller.write_all(&[7; 50_000]).await.unwrap();
            caller.close().await.unwrap();
        });
        let mut read = Vec::new();
        called.read_to_end(&mut read).await.unwrap();
        let took = ms() - began;
        assert!(read.len() == 50_000 && (4_900..5_500).contains(&took), "{took}");
    });
}

#[test]
fn calls_are_refused_or_stay_unanswered() {
    story(plan(0.0), |net, first, _| async move {
        let error = |result: std::io::Result<Stream>| result.err().map(|error| error.kind());
        let refused = call(net.clone(), 0, first, (1, PORT + 1)).await;
        assert_eq!((error(refused), ms()), (Some(ErrorKind::ConnectionRefused), 2 * LATENCY));
        net.reach(1, false);
        let began = ms();
        let silent = call(net.clone(), 0, first, (1, PORT)).await;
        assert_eq!((error(silent), ms() - began), (Some(ErrorKind::TimedOut), 127_000));
        net.kill(0);
        let over = call(net.clone(), 0, first, (1, PORT)).await;
        assert_eq!(error(over), Some(ErrorKind::NetworkUnreachable));
    });
}

#[test]
fn what_a_cut_holds_up_goes_on_after_it() {
    story(plan(0.0), |net, first, second| async move {
        let (mut caller, mut called) = connect(&net, first, second).await;
        net.cut(&[0, 1]);
        caller.write_all(b"across").await.unwrap();
        let mut read = [0; 6];
        let early = tokio::time::timeout(std::time::Duration::from_secs(10), called.read(&mut read)).await;
        assert!(early.is_err());
        net.heal();
        called.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"across");
        // The next try is at most as far away as the cut was long.
        assert!((10_000..21_000).contains(&ms()), "{}", ms());
    });
}

#[test]
fn a_host_that_came_back_knows_nothing_of_its_connections() {
    story(plan(0.0), |net, first, second| async move {
        let (mut caller, called) = connect(&net, first, second).await;
        net.power_cut(1);
        drop(called);
        let mut read = [0; 1];
        let silent = tokio::time::timeout(std::time::Duration::from_secs(60), caller.read(&mut read)).await;
        assert!(silent.is_err(), "nothing is heard");
        caller.write_all(b"hello?").await.unwrap();
        net.begin(1);
        let error = caller.read(&mut read).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_killed_process_resets_its_connections() {
    story(plan(0.0), |net, first, second| async move {
        let (mut caller, _called) = connect(&net, first, second).await;
        net.kill(1);
        let error = caller.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!((error.kind(), ms()), (ErrorKind::ConnectionReset, 3 * LATENCY));
    });
}
