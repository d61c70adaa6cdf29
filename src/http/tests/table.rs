//! Every route of the door against those who may not use it.

use serde_json::json;

use super::*;
use crate::http::route::Needs;

/// All lines that need a token, with something for what is open in their paths.
fn guarded() -> Vec<(String, String, Needs)> {
    let (_, table) = crate::http::route::build(crate::http::routes()).unwrap();
    let guarded = table.lines().iter().filter(|(_, _, needs)| *needs != Needs::Nothing);
    let filled = |path: &str| {
        path.split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    guarded.map(|(method, path, needs)| (method.to_string(), filled(path), *needs)).collect()
}

fn given(house: &House, scopes: &str) -> String {
    let made = house.post("/api/starling/v1/tokens", json!({ "scopes": scopes })).good();
    format!("Bearer {}", made["access_token"].as_str().unwrap())
}

#[test]
fn no_route_is_open_by_mistake() {
    let house = House::with(1, |access| access.limit_requests(0));
    let guarded = guarded();
    assert!(guarded.len() > 100, "{}", guarded.len());
    let (narrow, wide) = (given(&house, "write:reports"), given(&house, "read write follow push profile"));
    let app = json!({ "client_name": "a", "redirect_uris": "a://b" });
    let app = house
        .send("POST", "/api/v1/apps", &[("content-type", "application/json")], app.to_string().as_bytes())
        .good();
    let asked = json!({
        "grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"],
    });
    let unknown = house.send(
        "POST",
        "/oauth/token",
        &[("content-type", "application/json")],
        asked.to_string().as_bytes(),
    );
    let unknown = format!("Bearer {}", unknown.good()["access_token"].as_str().unwrap());
    for (method, path, needs) in guarded {
        let ask = |token: &str| house.send(&method, &path, &[("authorization", token)], &[]);
        let nobody = house.send(&method, &path, &[], &[]);
        let invalid = "The access token is invalid";
        assert_eq!((nobody.status, &nobody.json()["error"]), (401, &json!(invalid)), "{method} {path}");
        let wrong = ask("Bearer wrong");
        assert_eq!((wrong.status, &wrong.json()["error"]), (401, &json!(invalid)), "{method} {path}");
        if needs != Needs::Program {
            assert_eq!(ask(&unknown).bad(), (422, "not_let_in".into()), "{method} {path}");
        }
        match needs {
            Needs::Scope("write:reports") => {}
            Needs::Scope(scope) => {
                let refused = ask(&narrow);
                assert_eq!(refused.bad(), (403, "scope".into()), "{method} {path}");
                // No program but the command line does what is the owner's.
                if scope == "starling:owner" {
                    assert_eq!(ask(&wide).bad(), (403, "scope".into()), "{method} {path}");
                }
            }
            _ => {}
        }
    }
}

#[test]
fn our_own_answers_are_as_they_are_described() {
    let house = House::new(1);
    let post = house.write("one");
    let described = house.send("GET", "/api/starling/v1/openapi.json", &[], &[]).good();
    let shapes = &described["components"]["schemas"];
    house.post("/api/starling/v1/tokens", json!({ "scopes": "read" })).good();
    let mut seen = 0;
    for (name, operations) in described["paths"].as_object().unwrap() {
        let told = &operations["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        // Some are not asked for with GET, some answer with bytes, and nobody waits to be let in.
        if !told.is_object() || name.ends_with("/{word}") {
            continue;
        }
        let query = if name.ends_with("/resolve") { format!("?who={}", house.me()) } else { String::new() };
        let path = name.replace("{id}", &post) + &query;
        let answer = house.get(&path).good();
        seen += matches_shape(&answer, told, shapes, &path);
    }
    assert!(seen > 50, "{seen} objects were compared");
}

/// Compares every object in `value` with its shape, by names; how many there were.
fn matches_shape(value: &Value, shape: &Value, shapes: &Value, place: &str) -> usize {
    let shape = match shape["$ref"].as_str() {
        Some(name) => &shapes[name.strip_prefix("#/components/schemas/").unwrap()],
        None => shape,
    };
    if let Some(list) = value.as_array() {
        let items = &shape["items"];
        return list
            .iter()
            .map(|item| if items.is_object() { matches_shape(item, items, shapes, place) } else { 0 })
            .sum();
    }
    let (Some(object), Some(told)) = (value.as_object(), shape["properties"].as_object()) else { return 0 };
    for name in object.keys() {
        assert!(told.contains_key(name), "{place}: {name} is not described");
    }
    for name in shape["required"].as_array().into_iter().flatten() {
        assert!(object.contains_key(name.as_str().unwrap()), "{place}: {name} is missing");
    }
    1 + object
        .iter()
        .map(|(name, value)| matches_shape(value, &told[name], shapes, &format!("{place} {name}")))
        .sum::<usize>()
}

#[test]
fn what_is_held_and_what_waits_is_told() {
    let house = House::new(1);
    let other = House::new(2);
    other.write("one");
    other.write("two");
    house.take_from(&other);
    let path = format!("/api/starling/v1/coverage?author[]={}&author[]={}", house.me(), other.me());
    let told = house.get(&path).good();
    let held = other.get("/api/starling/v1/coverage").good();
    // What the other's node has of its own is here, place for place.
    assert_eq!(told[1]["logs"], held[0]["logs"]);
    assert_eq!((&told[1]["held"], &told[1]["missing"]), (&held[0]["held"], &json!(0)));
    assert!(held[0]["held"].as_u64().unwrap() >= 2);
    assert_eq!(house.get("/api/starling/v1/coverage?author=nobody").bad(), (404, "not_found".into()));
    let before = house.get("/api/starling/v1/queue").good()["unsent"].as_u64().unwrap();
    house.write("nobody is there to take it");
    let queue = house.get("/api/starling/v1/queue").good();
    assert_eq!(queue["unsent"].as_u64().unwrap(), before + 1);
    let sync = house.get("/api/starling/v1/sync").good();
    assert_eq!((&sync["caught_up"], &sync["peers"]), (&json!(false), &json!([])));
}
