//! What is written for Shadow, held against what its documentation asks for.

use std::{process::Command, sync::Arc};

use super::*;
use crate::plan::{Ending, Happening, Spread, What};

fn plan() -> Plan {
    let mut plan = crate::export::tests::plan(3);
    plan.nodes[1].region = 1;
    plan.nodes[1].dials = vec![0];
    plan.nodes[2].nat = Nat::Closed;
    plan.nodes[2].bootstrap = vec![0];
    plan.follows = Arc::new(vec![vec![1], vec![0], vec![]]);
    plan.policy.network_rows = Some(77);
    plan.links.loss = 0.01;
    let happenings = [
        (0, What::Start(0)),
        (0, What::Start(1)),
        (1, What::Start(2)),
        (2, What::Post { node: 0, post: 0, bytes: 40, reply_to: None }),
        (3, What::Cut(Arc::new(vec![0, 1, 1]))),
        (4, What::Post { node: 1, post: 1, bytes: 40, reply_to: Some(0) }),
        (5, What::Heal),
        (6, What::Like(1, 0)),
        (6, What::Delete(0, 0)),
        (6, What::Follow(2, 0)),
        (6, What::Meet(2, 0)),
        (7, What::Stop(2, Ending::Kill)),
        (8, What::Stop(1, Ending::Quit)),
        (9, What::Start(1)),
    ];
    plan.happenings = happenings.into_iter().map(|(at, what)| Happening { at: at * SEC, what }).collect();
    plan
}

fn read(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap();
    let json: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    serde_json::from_str(&json).unwrap()
}

#[test]
fn the_configuration_is_what_shadow_documents() {
    let folder = tempfile::tempdir().unwrap();
    let exported = export(&plan(), folder.path(), Path::new("/usr/bin/starling")).unwrap();
    let configuration = read(&exported.files[0]);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(&configuration).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{configuration:#}");

    let processes = |host: &str| configuration["hosts"][host]["processes"].as_array().unwrap().clone();
    // It starts, begins, posts and deletes, and says what it holds.
    assert_eq!(processes("node0").len(), 5);
    let second = processes("node1");
    assert_eq!(second[0]["shutdown_time"], "8000 ms");
    assert_eq!(second[0]["expected_final_state"], json!({ "exited": 0 }));
    let again = second.iter().filter(|process| process["path"] == "/usr/bin/starling").count();
    assert_eq!(again, 2);
    let begins = second.iter().find(|process| process["args"][4] == "begin").unwrap();
    let host = |node: u32| Home::open(folder.path().join(format!("homes/{node}"))).unwrap();
    assert_eq!(begins["args"][6], host(0).author().unwrap().to_string());
    assert!(begins["args"][5].as_str().unwrap().starts_with("/ip4/11.1.0.1/tcp/4001/p2p/12D3"));
    let third = processes("node2");
    assert!(third[0]["args"].to_string().contains("/ip4/127.0.0.1/tcp/4001"), "nobody can call it");
    assert_eq!(third[0]["shutdown_signal"], "SIGKILL");

    let settings = starling::config::Resolved::load(host(2).config_path(), &[]).unwrap().config;
    assert_eq!((settings.store.network_rows, settings.network.bootstrap.len()), (77, 1));
    let text = std::fs::read_to_string(&exported.files[0]).unwrap();
    assert!(text.contains("# Not as planned: 1 cuts"), "{text}");
    assert!(exported.losses.iter().any(|loss| loss.starts_with("1 cuts")));
    // What is there is somebody's: it is not written over.
    assert!(matches!(export(&plan(), folder.path(), Path::new("/x")), Err(Error::Home(_))));
}

#[test]
fn the_schema_lets_nothing_else_through() {
    let validator = jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let good = json!({
        "general": { "stop_time": "10 s" },
        "network": { "graph": { "type": "gml", "file": { "path": "/g" } } },
        "hosts": { "a": { "network_node_id": 0, "processes": [] } },
    });
    assert!(validator.is_valid(&good));
    for (place, value) in [
        ("/general/stop_time", json!(10)),
        ("/general/stop_time", json!("10 hours ago")),
        ("/network/graph/type", json!("gml2")),
        ("/hosts", json!({})),
        ("/hosts/a/processes", json!([{ "path": "relative" }])),
        ("/hosts/a/processes", json!([{ "path": "/x", "expected_final_state": "asleep" }])),
        ("/hosts/a", json!({ "processes": [] })),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = value;
        assert!(!validator.is_valid(&bad), "{bad}");
    }
}

#[test]
fn every_two_regions_have_an_edge_with_the_mean_delay() {
    let mut plan = plan();
    plan.links.latency[0][1] = Spread::Uniform(10_000.0, 30_000.0);
    let graph = graph(&plan);
    assert_eq!(graph.matches("edge [").count(), 4);
    assert!(
        graph.contains("source 0\n    target 1\n    latency \"20000 us\"\n    packet_loss 0.010000"),
        "{graph}"
    );
    assert_eq!(graph.matches('[').count(), graph.matches(']').count());
    assert!(losses(&plan, &[]).iter().any(|loss| loss.starts_with("delays vary")));
}

#[test]
fn the_steps_are_good_bash() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("step.sh");
    std::fs::write(&script, STEP).unwrap();
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
    // Where it is installed: its findings are errors.
    if let Ok(found) = Command::new("shellcheck").arg(&script).output() {
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
    }
}
