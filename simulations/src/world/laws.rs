//! Laws of worlds that nobody thought of: scenarios made of any sections with any numbers that fit.

use proptest::{prelude::*, sample::select};

use super::tests::{edges, lawful};
use super::*;

/// A topology for so many nodes, and whether it promises to hang together.
fn topology(nodes: u32) -> impl Strategy<Value = (String, bool)> {
    let degree = 2..nodes.clamp(3, 12);
    prop_oneof![
        degree.clone().prop_map(move |degree| {
            let even = degree - degree % 2;
            let degree = if degree * nodes % 2 == 1 { even } else { degree };
            (format!("kind = \"random-regular\"\ndegree = {degree}"), true)
        }),
        (1..nodes.clamp(2, 6)).prop_map(|edges| (format!("kind = \"scale-free\"\nedges = {edges}"), true)),
        (1..nodes.clamp(4, 10) / 2, 0.0..=1.0).prop_map(|(reach, rewire)| {
            (format!("kind = \"small-world\"\ndegree = {}\nrewire = {rewire:?}", reach * 2), true)
        }),
        (2..20_u32, degree, 0.0..=1.0).prop_map(|(size, degree, inside)| {
            let degree = degree.min(size - 1).max(1);
            (format!("kind = \"communities\"\nsize = {size}\ndegree = {degree}\ninside = {inside:?}"), true)
        }),
        Just(("kind = \"full\"".into(), true)),
        Just(("kind = \"none\"".into(), false)),
    ]
}

fn follows(nodes: u32) -> impl Strategy<Value = String> {
    let mean = 0.0..f64::from(nodes - 1);
    prop_oneof![
        mean.clone().prop_map(|mean| format!("kind = \"random\"\nmean = {mean:?}")),
        (mean, 2.05..4.0).prop_map(|(mean, exponent)| {
            format!("kind = \"power-law\"\nmean = {mean:?}\nexponent = {exponent:?}")
        }),
        (2..20_u32, 0.0..=1.0, 0.0..=1.0).prop_map(move |(size, inside, part)| {
            let mean = f64::from((size - 1).min(nodes - 1)) * part;
            format!("kind = \"communities\"\nsize = {size}\ninside = {inside:?}\nmean = {mean:?}")
        }),
        Just("kind = \"full\"".into()),
        (1..nodes).prop_map(|count| format!("kind = \"stars\"\ncount = {count}")),
        Just("kind = \"none\"".into()),
    ]
}

/// A time up to the end, in a distribution.
fn spread() -> impl Strategy<Value = String> {
    let kinds = [
        "\"30s\"",
        "{ kind = \"uniform\", from = \"0s\", to = \"5m\" }",
        "{ kind = \"normal\", mean = \"1m\", deviation = \"2m\" }",
        "{ kind = \"log-normal\", median = \"2m\", sigma = 2 }",
        "{ kind = \"exponential\", mean = \"90s\" }",
        "{ kind = \"pareto\", least = \"10s\", shape = 1.1 }",
        "{ kind = \"weibull\", scale = \"3m\", shape = 0.5 }",
    ];
    select(kinds.to_vec()).prop_map(str::to_owned)
}

fn troubles() -> impl Strategy<Value = String> {
    let how = || select(vec!["quit", "kill", "power-cut", "sleep"]);
    let who =
        || select(vec!["\"all\"", "\"people\"", "{ share = 0.3 }", "{ nodes = [0, 1] }", "{ count = 1 }"]);
    let churn = (spread(), spread(), 0.0..=1.0, how()).prop_map(|(session, absence, share, how)| {
        format!("[churn]\nsession = {session}\nabsence = {absence}\nshare = {share:?}\nhow = \"{how}\"\n")
    });
    let failures =
        (select(vec!["restarts", "crashes"]), spread(), 1..200).prop_map(|(section, down, rate)| {
            format!("[{section}]\nrate = \"{rate}/day\"\ndown = {down}\nuntil = \"25m\"\n")
        });
    let stop =
        (0..1200, 0..300, prop::option::of(0..900), who(), how()).prop_map(|(at, within, back, who, how)| {
            let back = back.map_or(String::new(), |back| format!("back_after = \"{back}s\"\n"));
            let stop = format!(
                "kind = \"stop\"\nat = \"{at}s\"\nwithin = \"{within}s\"\nwho = {who}\nhow = \"{how}\""
            );
            format!("[[event]]\n{stop}\n{back}")
        });
    let start = (0..1500, 0..300, who()).prop_map(|(at, within, who)| {
        format!("[[event]]\nkind = \"start\"\nat = \"{at}s\"\nwithin = \"{within}s\"\nwho = {who}\n")
    });
    let cut = (0..600, 1..300, 1..4, select(vec!["\"half\"", "{ fraction = 0.2 }", "{ nodes = [0] }"]))
        .prop_map(|(at, heal, times, by)| {
            let cut = format!("kind = \"partition\"\nat = \"{at}s\"\nby = {by}\nheal_after = \"{heal}s\"");
            format!("[[event]]\n{cut}\ntimes = {times}\nevery = \"301s\"\n")
        });
    let crowd = (0..1500, 0.0..=1.0).prop_map(|(at, share)| {
        let common = format!("at = \"{at}s\"\nnode = 0\nwithin = \"4m\"");
        let viral = format!(
            "[[event]]\nkind = \"viral\"\n{common}\nboosts = {share:?}\nlikes = {share:?}\nreplies = 0.1"
        );
        format!("{viral}\n[[event]]\nkind = \"flash-crowd\"\n{common}\nfollowers = {share:?}\nposts = 3\n")
    });
    (
        prop::option::of(churn),
        prop::option::of(failures),
        prop::collection::vec(prop_oneof![stop, start, crowd], 0..5),
        prop::option::of(cut),
    )
        .prop_map(|(churn, failures, events, cut)| {
            let sections = churn.into_iter().chain(failures).chain(events).chain(cut);
            sections.collect()
        })
}

fn scenario() -> impl Strategy<Value = (String, bool)> {
    (4_u32..50)
        .prop_flat_map(|nodes| {
            let some = (0.0..0.9, 0.0..0.9, 0..2_u32, 0..60);
            (Just(nodes), topology(nodes), follows(nodes), troubles(), some)
        })
        .prop_map(|(nodes, (topology, joined), follows, troubles, (closed, replies, relays, posts))| {
            let top = format!(
                "name = \"law\"\nasks = \"?\"\nexpects = \".\"\nduration = \"30m\"\nnodes = {nodes}\n\
                 [topology]\n{topology}\n[follows]\n{follows}\n[nat]\nclosed = {closed:?}\n\
                 [people]\nposts_in_all = \"{posts}/min\"\nreplies = {replies:?}\nlikes = 0.5\nboosts = 0.2\n"
            );
            let relays = if relays > 0 { format!("[relays]\ncount = {relays}\n") } else { String::new() };
            (format!("{top}{relays}{troubles}"), joined)
        })
}

proptest! {
    // Each case draws five worlds; so many take a second or two.
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_scenario_that_is_accepted_draws_a_lawful_world((text, joined) in scenario(), seed in any::<u64>()) {
        let scenario = Scenario::parse("law.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for nodes in [None, Some(3), Some(37)] {
            let plan = draw(&scenario, seed, nodes).unwrap_or_else(|error| panic!("{error}\n{text}"));
            lawful(&plan);
            let count = plan.nodes.len() as u32;
            prop_assert_eq!(count, nodes.unwrap_or(scenario.nodes));
            if joined {
                prop_assert_eq!(edges::components(count, &edges(&plan)).count, 1);
            }
        }
        let again = |seed| format!("{:?}", draw(&scenario, seed, None).unwrap());
        prop_assert_eq!(again(seed), again(seed));
    }
}
