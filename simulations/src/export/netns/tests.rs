//! What the script says, without running it.

use std::{process::Command, sync::Arc};

use super::*;
use crate::{
    export::steps::seconds,
    plan::{Ending, MS, Spread, What},
};

fn plan() -> Plan {
    let mut plan = crate::export::tests::plan(3);
    plan.nodes[1].region = 1;
    plan.nodes[2].nat = Nat::Closed;
    plan.nodes[2].relay = true;
    plan
}

#[test]
fn a_delay_is_said_in_words_of_netem() {
    let mut plan = plan();
    plan.links.latency[0][1] = Spread::Fixed(20_000.0);
    plan.links.jitter = Spread::Normal(1_000.0, 500.0);
    plan.links.loss = 0.001;
    assert_eq!(
        shape::netem(&plan, 0, 1),
        "limit 1000 delay 21000us 500us distribution normal loss 0.1000% rate 10000000bit"
    );
    assert!(shape::losses(&plan.links).is_empty());
    plan.links.latency[0][1] = Spread::LogNormal(20_000.0, 0.5);
    assert_eq!(shape::losses(&plan.links).len(), 1);
}

#[test]
fn each_node_has_an_address_in_its_region() {
    let mut plan = plan();
    assert_eq!([0, 1, 2].map(|node| address(&plan, node)), ["10.0.0.1", "10.1.0.2", "10.0.0.3"]);
    plan.nodes.resize(501, plan.nodes[0].clone());
    assert_eq!(address(&plan, 500), "10.0.2.1");
    plan.nodes.resize(NODES + 1, plan.nodes[0].clone());
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(export(&plan, folder.path()), Err(Error::TooMany { most: NODES, .. })));
}

#[test]
fn every_kind_of_step_is_a_line_that_the_script_knows() {
    let mut plan = plan();
    let happenings = [
        What::Start(0),
        What::Post { node: 0, post: 0, bytes: 40, reply_to: None },
        What::Post { node: 1, post: 1, bytes: 40, reply_to: Some(0) },
        What::Boost(1, 0),
        What::Like(1, 0),
        What::Delete(0, 0),
        What::Follow(0, 1),
        What::Unfollow(0, 1),
        What::Block(0, 2),
        What::Meet(0, 1),
        What::Cut(Arc::new(vec![0, 0, 1])),
        What::Heal,
        What::Attack(true),
        What::Stop(0, Ending::Sleep),
        What::Start(0),
        What::Stop(0, Ending::Kill),
        What::Stop(1, Ending::PowerCut),
        What::Stop(2, Ending::Quit),
    ];
    plan.happenings =
        (0..).zip(happenings).map(|(at, what)| crate::plan::Happening { at: at * MS, what }).collect();
    let text = script(&plan, &[]);
    for line in [
        "step 0 start 0",
        "step 1000 post 0 0 40 -",
        "step 2000 post 1 1 40 0",
        "step 3000 boost 1 0",
        "step 10000 cut 0 0 1",
        "step 11000 heal",
        "step 13000 sleep 0",
        "step 14000 wake 0",
        "step 15000 kill 0",
        "step 16000 kill 1",
        "step 17000 quit 2",
    ] {
        assert!(text.contains(&format!("  {line}\n")), "{line} is missing in {text}");
    }
    assert!(text.contains("[2]='0 10.0.0.3 10000000 20000000 relay closed'"), "{text}");
    assert_eq!(seconds(1_234_567), "1.234");
    let losses = steps::losses(&plan);
    assert!(losses.iter().any(|loss| loss.contains("1 power cuts")), "{losses:?}");
}

#[test]
fn the_script_is_good_bash_and_asks_for_root_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan();
    plan.scenario = "it's \"quoted\" $(date)".into();
    let exported = export(&plan, folder.path()).unwrap();
    let bash =
        |arguments: &[&str]| Command::new("bash").args(arguments).arg(&exported.files[0]).output().unwrap();
    let checked = bash(&["-n"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let mut refused = Command::new("bash");
    let refused = refused.arg(&exported.files[0]).args(["--speed", "0"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&refused.stderr), "error: --speed is a whole number from 1\n");
    // Where it is installed: its findings are errors.
    if let Ok(found) = Command::new("shellcheck").args(["--shell=bash"]).arg(&exported.files[0]).output() {
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
    }
}
