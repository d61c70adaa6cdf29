//! Scenarios that cannot be, and what is said about them.

use super::*;

/// A scenario that can be.
const GOOD: &str = r#"
name = "test"
asks = "Does it work?"
expects = "It does."
duration = "10m"
nodes = 20

[topology]
kind = "random-regular"
degree = 4

[follows]
kind = "random"
mean = 5
"#;

fn error(text: &str) -> Located {
    match Scenario::parse("world.toml", text) {
        Ok(_) => panic!("this was accepted:\n{text}"),
        Err(Error::At(located)) => *located,
        Err(other) => panic!("{other}"),
    }
}

/// Replaces a part of the good scenario, or adds to its end, and expects an error that points at `mark` and says
/// `said`.
fn check(change: (&str, &str), mark: &str, said: &str) {
    let text =
        if change.0.is_empty() { format!("{GOOD}{}", change.1) } else { GOOD.replace(change.0, change.1) };
    let found = error(&text);
    assert!(found.message.contains(said), "expected {said:?}, but: {found}");
    assert!(!found.message.contains('\n'), "more than a line: {found}");
    let marked: String = found.text.chars().skip(found.column - 1).take(found.width).collect();
    assert_eq!(marked, mark, "{found}");
    assert_eq!(text.lines().nth(found.line - 1), Some(found.text.as_str()), "{found}");
}

#[test]
fn the_good_one_is_good() {
    let scenario = Scenario::parse("world.toml", GOOD).unwrap();
    assert_eq!(scenario.topology, Topology::RandomRegular { degree: 4 });
    assert_eq!(scenario.duration, Length(600_000_000));
}

#[test]
fn an_error_prints_its_place_and_the_line() {
    let error = Scenario::parse("world.toml", &GOOD.replace("degree = 4", "degree = 40")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "world.toml:10:10: of 20 nodes nobody can have 40 neighbours; at most 19\n    |\n 10 | degree = 40\n    |          ^^"
    );
}

#[test]
fn what_is_no_toml_is_pointed_at() {
    check(("nodes = 20", "nodes = = 20"), "=", "");
    check(("nodes = 20", "nodes = 20\nnodes = 30"), "nodes", "duplicate");
    check(("", "[links\nloss = 0"), "", "");
}

#[test]
fn unknown_names_are_pointed_at_and_the_nearest_is_told() {
    check(("degree = 4", "degre = 4"), "degre", "did you mean `degree`?");
    check(("duration", "duratoin"), "duratoin", "did you mean `duration`?");
    check(("random-regular", "random-reguler"), "\"random-reguler\"", "did you mean `random-regular`?");
    check(("", "[linksy]\nloss = 0"), "linksy", "did you mean `links`?");
    check(("", "[[event]]\nat = \"1m\"\nkind = \"partitoin\""), "\"partitoin\"", "did you mean `partition`?");
    check(("", "[[event]]\nat = \"1m\"\nkind = \"heal\"\nbye = 1"), "bye", "no key `bye`");
    check(("", "[people]\ntext = { kind = \"pareto\", most = 1 }"), "most", "no key `most`");
}

#[test]
fn a_missing_kind_or_key_is_told_at_its_table() {
    check(("kind = \"random-regular\"\n", ""), "[topology]", "`kind`");
    check(("degree = 4\n", ""), "[topology]", "degree");
    check(("name = \"test\"\n", ""), "", "name");
    check(("", "[[event]]\nat = \"1m\""), "[[event]]", "`kind`");
    check(("", "[people]\ntext = { median = 5 }"), "median", "no kind");
}

#[test]
fn quantities_that_cannot_be_are_pointed_at() {
    check(("\"10m\"", "\"10 moons\""), "\"10 moons\"", "no time");
    check(("\"10m\"", "600"), "600", "a time such as");
    check(("\"10m\"", "\"0s\""), "\"0s\"", "at least a second");
    check(("nodes = 20", "nodes = -20"), "-20", "");
    check(("nodes = 20", "nodes = 0"), "0", "without nodes");
    check(("nodes = 20", "nodes = 99_000_000"), "99_000_000", "do not fit");
    check(("mean = 5", "mean = nan"), "nan", "not a number that is not negative");
    check(("mean = 5", "mean = -1"), "-1", "not negative");
    check(("", "[links]\nloss = 1.5"), "1.5", "a share from 0 to 1");
    check(("", "[links]\nloss = nan"), "nan", "a share from 0 to 1");
    check(("", "[links]\nup = \"20MB/s\""), "\"20MB/s\"", "no unit");
    check(("", "[people]\nposts = \"many\""), "\"many\"", "number");
    check(
        ("", "[people]\ntext = { kind = \"log-normal\", median = \"0B\", sigma = 1 }"),
        "\"0B\"",
        "above 0",
    );
    check(
        ("", "[links]\njitter = { kind = \"uniform\", from = \"2s\", to = \"1s\" }"),
        "\"2s\"",
        "above the most",
    );
}

#[test]
fn impossible_graphs_are_pointed_at() {
    check(("nodes = 20", "nodes = 3"), "4", "nobody can have 4 neighbours");
    check(("nodes = 20\n", "nodes = 21\n").and("degree = 4", "degree = 5"), "5", "odd number of ends");
    check(("degree = 4", "degree = 0"), "0", "no network");
    check(("degree = 4", "degree = 1"), "1", "pairs");
    check(
        ("nodes = 20\n", "nodes = 200\n").and("degree = 4", "degree = 150"),
        "150",
        "at most 96 connections",
    );
    check(
        ("kind = \"random-regular\"\ndegree = 4", "kind = \"scale-free\"\nedges = 20"),
        "20",
        "cannot call 20",
    );
    check(("mean = 5", "mean = 50"), "50", "nobody can follow 50");
    check(("kind = \"random\"", "kind = \"power-law\"\nexponent = 2.0"), "2.0", "above 2");
    check(
        ("kind = \"random-regular\"\ndegree = 4", "kind = \"relays\"\neach = 2"),
        "\"relays\"",
        "no relays",
    );
    check(
        ("kind = \"random-regular\"", "kind = \"small-world\"\nrewire = 0.1").and("degree = 4", "degree = 3"),
        "3",
        "even",
    );
}

/// Two changes at once.
trait Twice {
    fn and(self, from: &'static str, to: &'static str) -> (&'static str, &'static str);
}

impl Twice for (&'static str, &'static str) {
    /// Makes one change of two, by what stands between them in the good scenario.
    fn and(self, from: &'static str, to: &'static str) -> (&'static str, &'static str) {
        let begin = GOOD.find(self.0).unwrap();
        let end = GOOD.find(from).unwrap() + from.len();
        let part = &GOOD[begin..end];
        (part, part.replace(self.0, self.1).replace(from, to).leak())
    }
}

#[test]
fn events_that_cannot_happen_are_pointed_at() {
    let event = |rest: &str| -> &'static str { format!("[[event]]\n{rest}").leak() };
    check(("", event("at = \"11m\"\nkind = \"attack-on\"")), "\"11m\"", "after the end");
    check(("", event("at = \"1m\"\nkind = \"heal\"")), "\"1m\"", "nothing to heal");
    let cut = "at = \"1m\"\nkind = \"partition\"\n";
    check(("", event(&format!("{cut}by = \"half\"\nheal_after = \"1h\""))), "\"1h\"", "after the end");
    check(("", event(&format!("{cut}by = \"region\""))), "\"region\"", "at least two groups");
    check(("", event(&format!("{cut}by = {{ nodes = [3, 20] }}"))), "{ nodes = [3, 20] }", "no node 20");
    check(("", event(&format!("{cut}by = \"halve\""))), "\"halve\"", "did you mean `half`?");
    check(("", event(&format!("{cut}by = {{ groups = 21 }}"))), "{ groups = 21 }", "21 groups");
    check(
        ("", event(&format!("{cut}by = {{ fraction = 1.0 }}"))),
        "{ fraction = 1.0 }",
        "less than everybody",
    );
    check(
        ("", event(&format!("{cut}by = {{ regions = [[\"mars\"]] }}"))),
        "{ regions = [[\"mars\"]] }",
        "no region \"mars\"",
    );
    let two = format!("{cut}by = \"half\"\n[[event]]\nat = \"2m\"\nkind = \"partition\"\nby = \"half\"");
    check(("", event(&two)), "\"2m\"", "cut already");
    let again = format!("{cut}by = \"half\"\nheal_after = \"1m\"\ntimes = 3\nevery = \"30s\"");
    check(("", event(&again)), "\"30s\"", "no sooner");
    check(("", event("at = \"1m\"\nkind = \"stop\"\nwho = \"relays\"")), "\"relays\"", "no relays");
    check(("", event("at = \"1m\"\nkind = \"attack-on\"")), "\"attack-on\"", "no [[adversary]]");
    check(("", event("at = \"1m\"\nkind = \"follow\"\nnode = 1\nwhom = 1")), "1", "same node");
    check(("", event("at = \"1m\"\nkind = \"growth\"\nto = 1.0")), "1.0", "joined before");
    check(("", "[start]\nshare = 0.5"), "0.5", "never join");
    check(("", event("at = \"1m\"\nkind = \"post\"\nnode = 1\nbytes = \"6KB\"")), "\"6KB\"", "at most 5000");
}

#[test]
fn roles_that_cannot_be_are_pointed_at() {
    let one = |rest: &str| -> &'static str { format!("[[adversary]]\n{rest}").leak() };
    check(("", one("kind = \"replay\"")), "[[adversary]]", "`count` or `share`");
    check(("", one("kind = \"replay\"\ncount = 2\nshare = 0.1")), "2", "one of the two");
    check(("", one("kind = \"replay\"\ncount = 20")), "[[adversary]]", "leave nobody else");
    check(("", one("kind = \"replay\"\ncount = 2\nfrom = \"5m\"\nuntil = \"5m\"")), "\"5m\"", "no later");
    check(("", one("kind = \"flood\"\ncount = 2\nrate = \"0/s\"")), "\"0/s\"", "no flood");
    check(("", "[relays]\ncount = 20"), "20", "leave nobody else");
}

#[test]
fn places_that_cannot_be_are_pointed_at() {
    let regions = |a: f64, b: f64, latency: &str| -> &'static str {
        let regions = [("a", a), ("b", b)]
            .map(|(name, share)| format!("[[region]]\nname = \"{name}\"\nshare = {share}\n"));
        format!("{}[latency]\n{latency}", regions.concat()).leak()
    };
    check(("", regions(0.5, 0.6, "kind = \"same\"\nlatency = \"1ms\"")), "0.5", "come to 1.100");
    check(("", regions(0.5, 0.5, "kind = \"matrix\"\nms = [[1, 2]]")), "[[1, 2]]", "1 rows for 2 regions");
    check(("", regions(0.5, 0.5, "kind = \"matrix\"\nms = [[1, 2], [2]]")), "[2]", "1 columns for 2 regions");
    check(("", regions(0.5, 0.5, "kind = \"earth\"")), "\"a\"", "no region \"a\"");
    check(("", regions(0.5, 0.5, "kind = \"matrix\"\nms = [[1, 2], [2, -1]]")), "-1", "not negative");
}

fn with_files(files: &[(&str, &str)], text: &str) -> Result<Scenario, Error> {
    let source = Source { name: "world.toml".into(), text: text.into() };
    let mut scenario: Scenario = source.read().unwrap();
    scenario.source = source;
    scenario.files = files.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    scenario.check(scenario.nodes)?;
    Ok(scenario)
}

#[test]
fn a_latency_file_with_gaps_names_the_pair() {
    let text = format!(
        "{GOOD}[[region]]\nname = \"a\"\nshare = 0.5\n[[region]]\nname = \"b\"\nshare = 0.5\n[latency]\nkind = \"file\"\npath = \"ms.csv\""
    );
    let said =
        |file: &str| with_files(&[("ms.csv", file)], &text).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(said("a,a,1\na,b,2\nb,b,1\n"), Ok(()));
    let gap = said("a,a,1\nb,b,2 # no way across\n").unwrap_err();
    assert!(gap.starts_with("world.toml:23:8: ms.csv lacks the latency from a to b"), "{gap}");
    assert!(said("a,a,1\na,b,fast\n").unwrap_err().starts_with("ms.csv:2:1: a latency is a number"));
    assert!(said("a,a,1\na,c,1\n").unwrap_err().starts_with("ms.csv:2:1: \"c\" is no region"));
    assert!(said("a,a,1\na,a,2\n").unwrap_err().starts_with("ms.csv:2:1: a to a was given before"));
}

#[test]
fn an_edge_list_is_checked_line_by_line() {
    let text = GOOD.replace("kind = \"random-regular\"\ndegree = 4", "kind = \"file\"\npath = \"edges\"");
    let said =
        |file: &str| with_files(&[("edges", file)], &text).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(said("# who calls whom\n0 1\n1,2\n"), Ok(()));
    assert!(said("0 1\n1 20\n").unwrap_err().starts_with("edges:2:1: there is no node 20"));
    assert!(said("0 1\n1\n").unwrap_err().starts_with("edges:2:1: a line is two numbers"));
    assert!(said("0 x\n").unwrap_err().starts_with("edges:1:1: \"x\" is no number"));
    assert!(said("3 3\n").unwrap_err().starts_with("edges:1:1: node 3 is paired with itself"));
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let text =
        GOOD.replace("kind = \"random-regular\"\ndegree = 4", "kind = \"file\"\npath = \"nowhere/edges\"");
    let error = Scenario::parse("world.toml", &text).unwrap_err();
    assert!(error.to_string().starts_with("nowhere/edges: "), "{error}");
}

#[test]
fn names_of_shipped_scenarios_open_and_near_ones_are_told() {
    assert_eq!(Scenario::open("village").unwrap().name, "village");
    let error = Scenario::open("vilage").err().unwrap();
    assert!(error.to_string().ends_with("did you mean village?"), "{error}");
}

#[test]
fn shipped_scenarios_follow_the_schema_and_bear_their_names() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, text) in shipped() {
        let scenario = Scenario::parse(name, text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scenario.name, *name);
        assert!(scenario.asks.ends_with('?') && scenario.expects.ends_with('.'), "{name}");
        let value: serde_json::Value = toml::from_str(text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let valid = |text: &str| validator.is_valid(&toml::from_str::<serde_json::Value>(text).unwrap());
    assert!(valid(GOOD));
    for (from, to) in [
        ("degree = 4", "degre = 4"),
        ("random-regular", "random-irregular"),
        ("nodes = 20", "nodes = \"20\""),
        ("mean = 5", "mean = -5"),
        ("mean = 5", "mean = 5\nfriends = 3"),
        ("name = \"test\"", "title = \"test\""),
    ] {
        assert!(!valid(&GOOD.replace(from, to)), "the schema lets {to:?} pass");
    }
    assert!(
        !valid(&format!("{GOOD}[[event]]\nat = \"1m\"\nkind = \"heal\"\nbye = 1")),
        "an event's unknown key"
    );
}

#[test]
fn every_type_of_the_schema_is_described() {
    let schema = schema();
    let bare: Vec<_> = schema["properties"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, property)| property["description"].as_str().is_none_or(str::is_empty))
        .map(|(name, _)| name.clone())
        .collect();
    assert!(bare.is_empty(), "{bare:?} say nothing of themselves");
}
