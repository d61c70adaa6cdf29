//! Layers win in order, and nothing that is misspelled passes.

use toml::Value;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn resolve(file: &str, variables: &[(&str, &str)], flags: &[(&str, Value)]) -> Result<Resolved, Error> {
    Resolved::new(Some(("config.toml", file)), &environment(variables), flags)
}

fn complaint(file: &str, variables: &[(&str, &str)]) -> String {
    resolve(file, variables, &[]).unwrap_err().to_string()
}

/// Every field of the structs is in the file, because none has another default; every key of the
/// file is a field, because unknown ones are refused.
#[test]
fn the_default_file_and_the_structs_are_equal() {
    let config = Config::default();
    assert!(!config.network.mdns && !config.http.allow_remote && config.http.listen.ip().is_loopback());
    let keys = Resolved::new(None, &[], &[]).unwrap().keys;
    assert!(keys.iter().all(|(.., layer)| *layer == Layer::Default));
    assert!(keys.len() <= 25, "settings are a maze at {}", keys.len());
    for (key, ..) in &keys {
        let without: String = DEFAULTS
            .lines()
            .filter(|line| !line.starts_with(&format!("{} =", key.split_once('.').unwrap().1)))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(toml::from_str::<Config>(&without).is_err(), "{key} has a second default");
    }
}

#[test]
fn later_layers_win() {
    let file = "[network]\nmdns = true\n[store]\nnetwork_rows = 7\n";
    let variables =
        [("STARLING_STORE_NETWORK_ROWS", "8"), ("STARLING_LOG", "debug"), ("STARLING_HOME", "/x")];
    let flags = [("network.mdns", Value::Boolean(false))];
    let resolved = resolve(file, &variables, &flags).unwrap();
    assert!(!resolved.config.network.mdns);
    assert_eq!(resolved.config.store.network_rows, 8);
    assert_eq!(resolved.config.log.level, "debug");
    let won = |key: &str| resolved.keys.iter().find(|(known, ..)| known == key).unwrap().2;
    assert_eq!(won("network.mdns"), Layer::Flag);
    assert_eq!(won("store.network_rows"), Layer::Environment);
    assert_eq!(won("sync.retention"), Layer::Default);
    let resolved = resolve(file, &[], &[]).unwrap();
    assert!(resolved.config.network.mdns);
    assert_eq!(resolved.keys.iter().find(|(key, ..)| key == "store.network_rows").unwrap().2, Layer::File);
}

#[test]
fn a_list_in_the_environment_is_separated_by_commas() {
    let variables = [("STARLING_NETWORK_LISTEN", "/ip4/127.0.0.1/tcp/1, /ip4/127.0.0.1/tcp/2")];
    let resolved = resolve("", &variables, &[]).unwrap();
    assert_eq!(resolved.config.network.listen.len(), 2);
}

#[test]
fn misspelled_keys_are_refused_with_the_nearest_name() {
    assert!(complaint("[network]\nmdsn = true\n", &[]).ends_with("did you mean network.mdns?"));
    assert!(complaint("[netwrok]\nmdns = true\n", &[]).ends_with("did you mean network?"));
    assert!(complaint("mdns = true\n", &[]).contains("config.toml names mdns"));
    assert!(complaint("[network.mdns]\nx = 1\n", &[]).contains("network.mdns"));
    let complaint = complaint("", &[("STARLING_HTTP_LISTN", "x")]);
    assert_eq!(
        complaint,
        "STARLING_HTTP_LISTN names http.listn, which is no setting; did you mean http.listen?"
    );
}

#[test]
fn wrong_values_are_refused_and_the_layer_is_named() {
    for (file, part) in [
        ("[network]\nmdns = 1\n", "config.toml: network.mdns"),
        ("[network]\nlisten = [\"tcp\"]\n", "config.toml: network.listen: tcp"),
        ("[network]\nrole = \"king\"\n", "config.toml: network.role"),
        ("[network]\nbootstrap = [\"/ip4/1.2.3.4/tcp/5\"]\n", "/p2p/"),
        ("[store]\nmax_bytes = -1\n", "config.toml: store.max_bytes"),
        ("[store]\ncache_bytes = 0\n", "config.toml: store.cache_bytes"),
        ("[http]\nlisten = \"0.0.0.0:80\"\n", "http.allow_remote"),
        ("[http]\norigins = [\"client.example\"]\n", "http.origins"),
        ("[http]\norigins = [\"https://a.example/path\"]\n", "http.origins"),
        ("[log]\nlevel = \"a=b=c\"\n", "config.toml: log.level"),
        ("[network\n", "config.toml"),
    ] {
        let complaint = complaint(file, &[]);
        assert!(complaint.contains(part), "{complaint}");
    }
    assert!(complaint("", &[("STARLING_NETWORK_MDNS", "maybe")]).starts_with("STARLING_NETWORK_MDNS: "));
    assert!(complaint("", &[("STARLING_HTTP_LISTEN", "x")]).starts_with("STARLING_HTTP_LISTEN: http.listen"));
    assert!(resolve("[http]\nlisten = \"0.0.0.0:80\"\nallow_remote = true\n", &[], &[]).is_ok());
}

#[test]
fn an_edit_keeps_comments() {
    let text = "# mine\n[network]\nmdns = true # at home\n";
    let edited = edit("config.toml", text, "network.mdns", "off").unwrap();
    assert_eq!(edited, "# mine\n[network]\nmdns = false # at home\n");
    let edited = edit("config.toml", &edited, "network.listen", "/ip4/127.0.0.1/tcp/1").unwrap();
    let edited = edit("config.toml", &edited, "log.level", "warn").unwrap();
    let config = resolve(&edited, &[], &[]).unwrap().config;
    assert_eq!((config.network.listen.len(), config.log.level.as_str()), (1, "warn"));
    assert!(!config.network.mdns && edited.starts_with("# mine"));
    assert_eq!(
        edit("config.toml", "# all mine\n", "log.level", "warn").unwrap(),
        "# all mine\n[log]\nlevel = \"warn\"\n"
    );
    assert_eq!(edit("config.toml", "", "log.level", "warn").unwrap(), "[log]\nlevel = \"warn\"\n");
    assert!(edit("config.toml", text, "network.mdsn", "true").is_err());
    assert!(edit("config.toml", text, "http.listen", "0.0.0.0:1").is_err());
}
