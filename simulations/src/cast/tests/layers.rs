//! The laws under the modelled layer, with everybody in the world who does not keep to them.

use std::sync::Arc;

use super::carrier::plan;
use crate::{
    cast::Cast,
    control::{Checking, Control},
    model,
    plan::{Ending, Happening, MS, Micros, Nat, Role, SEC, Spread, What},
};

#[test]
fn all_adversaries_at_once_break_no_law() {
    let roles = [
        Role::Sybil,
        Role::Eclipse { victims: Arc::new(vec![0]) },
        Role::Flood { per_second: 2.0, garbage: 0.5 },
        Role::Equivocate,
        Role::Replay,
        Role::SlowRead { bytes_per_second: 2_000 },
    ];
    let at = |second: Micros, what| Happening { at: second * SEC, what };
    let plan = plan(12, |plan| {
        for (node, role) in (6..12).zip(roles) {
            plan.nodes[node].role = role;
        }
        plan.nodes[2].careful_disk = true;
        plan.nodes[3].nat = Nat::Closed;
        plan.nodes[4].skew_ms = 3_600_000;
        for node in 0..12_u32 {
            plan.nodes[node as usize].dials = (1..=4).map(|step| (node + step) % 12).collect();
        }
        plan.links.latency = vec![vec![Spread::Uniform(20.0 * MS as f64, 80.0 * MS as f64)]];
        plan.span = 100 * SEC;
        plan.sample_every = 10 * SEC;
        plan.happenings = (0..12).map(|node| at(0, What::Start(node))).collect();
        plan.happenings.push(at(20, What::Attack(true)));
        for post in 0..18_u32 {
            let what = What::Post { node: post % 6, post, bytes: 100, reply_to: None };
            plan.happenings.push(at(10 + 4 * Micros::from(post), what));
        }
        plan.happenings.push(at(40, What::Stop(2, Ending::PowerCut)));
        plan.happenings.push(at(50, What::Start(2)));
        plan.happenings.push(at(55, What::Block(5, 6)));
        plan.happenings.push(at(60, What::Delete(0, 0)));
        plan.happenings.sort_by_key(|happening| happening.at);
    });
    let mut control = Control { checking: Checking::Samples, ..Control::default() };
    let mut cast = Cast::new(plan, &control).unwrap();
    let ended = model::run(&mut cast, &mut control).unwrap();
    let finish = cast.finish(ended).unwrap();
    assert!(ended.complete);
    assert_eq!(finish.violated, 0, "{:#?}", finish.violations);
    let metrics = finish.record.finish(ended, std::time::Duration::ZERO);
    assert_eq!(metrics.forks.len(), 1);
}
