//! Programs that are let in, and those that try without.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use super::*;

const BACK: &str = "https://client.example/back";
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const PKCE: &str = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A program that registered.
struct App {
    id: String,
    secret: String,
}

impl App {
    fn new(house: &House) -> Self {
        let asked = json!({
            "client_name": "Bird <b>", "redirect_uris": [BACK, OUT_OF_BAND, "http://127.0.0.1/in"],
            "scopes": "read write", "website": "https://client.example",
        });
        let made = house.nobody("POST", "/api/v1/apps", &[JSON], &asked.to_string()).good();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self { id: text("client_id"), secret: text("client_secret") }
    }

    /// The page's address; what is in `more` stands behind the rest.
    fn page(&self, redirect: &str, more: &str) -> String {
        let id = &self.id;
        format!("/oauth/authorize?response_type=code&client_id={id}&redirect_uri={redirect}{more}")
    }

    /// Asks for a token, with these fields beside who it is.
    fn exchange(&self, house: &House, fields: &[(&str, &str)]) -> Answer {
        let mut body = json!({ "client_id": self.id, "client_secret": self.secret });
        for (name, value) in fields {
            body[*name] = json!(value);
        }
        house.nobody("POST", "/oauth/token", &[JSON], &body.to_string())
    }

    /// A code that the person said yes to.
    fn code(&self, house: &House, more: &str) -> String {
        let page = house.nobody("GET", &self.page(BACK, more), &[], "");
        assert_eq!(page.status, 200, "{}", page.text());
        house.approve(&page);
        let sent = house.press(&page, "continue", &[]);
        assert_eq!(sent.status, 303, "{}", sent.text());
        let (_, query) = sent.header("location").split_once("?code=").unwrap();
        query.split('&').next().unwrap().to_owned()
    }

    /// A token of the whole way.
    fn token(&self, house: &House, scope: &str) -> String {
        let code = self.code(house, &format!("&scope={scope}"));
        let good = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", BACK)];
        self.exchange(house, &good).good()["access_token"].as_str().unwrap().to_owned()
    }
}

impl House {
    /// A request of somebody who knows nothing.
    fn nobody(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send(method, path, headers, body.as_bytes())
    }

    fn with_token(&self, token: &str, method: &str, path: &str) -> Answer {
        self.send(method, path, &[("authorization", &format!("Bearer {token}"))], &[])
    }

    /// The person says yes in a terminal to what a page shows.
    fn approve(&self, page: &Answer) -> Value {
        let text = page.text();
        let (_, word) = text.split_once("starling api approve ").unwrap();
        let path = format!("/api/starling/v1/programs/waiting/{}/approve", &word[..9]);
        self.post(&path, json!({})).good()
    }

    /// Presses a button of a page, as a browser does.
    fn press(&self, page: &Answer, button: &str, headers: &[(&str, &str)]) -> Answer {
        let body = format!("request={}&action={button}", ticket(page));
        let origin = self.base();
        let own = [FORM, ("origin", &*origin)];
        self.nobody("POST", "/oauth/authorize", if headers.is_empty() { &own } else { headers }, &body)
    }
}

/// What a page continues by.
fn ticket(page: &Answer) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"request\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Status and word of a refusal in the standard's shape.
fn refused(answer: &Answer) -> (u16, String) {
    let json = answer.json();
    assert!(json["error_description"].is_string(), "{json}");
    (answer.status, json["error"].as_str().unwrap().to_owned())
}

#[test]
fn a_program_registers_in_every_way_that_clients_know() {
    let house = House::new(1);
    let form = "client_name=a&redirect_uris=https%3A%2F%2Fa.example%2F%0Ab%3A%2F%2Fc&scopes=read+follow";
    let made = house.nobody("POST", "/api/v1/apps", &[FORM], form).good();
    assert_eq!(made["redirect_uris"], json!(["https://a.example/", "b://c"]));
    assert_eq!(
        (&made["redirect_uri"], &made["scopes"]),
        (&json!("https://a.example/\nb://c"), &json!(["read", "follow"]))
    );
    assert!(made["id"].is_string() && made["website"].is_null() && made["vapid_key"].is_string());
    assert_eq!(made["client_secret_expires_at"], 0);
    let parts = "--x\r\nContent-Disposition: form-data; name=\"client_name\"\r\n\r\nb\r\n--x\r\n\
                 Content-Disposition: form-data; name=\"redirect_uris\"\r\n\r\na://b\r\n--x--\r\n";
    let multipart = ("content-type", "multipart/form-data; boundary=x");
    assert_eq!(house.nobody("POST", "/api/v1/apps", &[multipart], parts).good()["scopes"], json!(["read"]));
    for wrong in [
        json!({}),
        json!({ "client_name": " ", "redirect_uris": BACK }),
        json!({ "client_name": "a" }),
        json!({ "client_name": "a", "redirect_uris": "javascript:alert(1)" }),
        json!({ "client_name": "a", "redirect_uris": BACK, "website": "javascript:alert(1)" }),
        json!({ "client_name": "a", "redirect_uris": BACK, "scopes": "starling:owner" }),
        json!({ "client_name": "a".repeat(61), "redirect_uris": BACK }),
    ] {
        let answer = house.nobody("POST", "/api/v1/apps", &[JSON], &wrong.to_string());
        assert_eq!(answer.bad(), (422, "invalid".into()), "{wrong}");
    }
}

#[test]
fn a_program_is_let_in_by_the_person_and_by_nobody_else() {
    let house = House::new(1);
    let app = App::new(&house);
    let page =
        house.nobody("GET", &app.page(BACK, &format!("&scope=read+write:media&state=a%26b{PKCE}")), &[], "");
    let text = page.text();
    assert!(text.contains("Bird &lt;b&gt;") && text.contains("client.example"), "{text}");
    assert!(text.contains("upload files") && !text.contains("<script"), "{text}");
    // Pressing the button before the person said yes changes nothing.
    for button in ["continue", "approve", "allow"] {
        let again = house.press(&page, button, &[]);
        assert_eq!((again.status, again.header("location")), (200, ""));
        assert_eq!(ticket(&again), ticket(&page));
    }
    let approved = house.approve(&page);
    assert_eq!((&approved["name"], &approved["code"]), (&json!("Bird <b>"), &Value::Null));
    assert_eq!(approved["scopes"], json!(["read", "write:media"]));
    let sent = house.press(&page, "continue", &[]);
    assert_eq!(sent.status, 303);
    let back = sent.header("location").to_owned();
    let code = back.strip_prefix(&format!("{BACK}?code=")).unwrap().strip_suffix("&state=a%26b").unwrap();
    // The page is over: nobody is sent twice.
    assert_eq!(house.press(&page, "continue", &[]).status, 400);
    let good = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)];
    let token = app.exchange(&house, &[&good[..], &[("code_verifier", VERIFIER)]].concat()).good();
    assert_eq!((&token["token_type"], &token["scope"]), (&json!("Bearer"), &json!("read write:media")));
    assert!(token["created_at"].is_u64());
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(house.with_token(token, "GET", "/api/v1/timelines/home").status, 200);
    let missing = house.with_token(token, "POST", "/api/v1/statuses");
    assert_eq!(missing.bad(), (403, "scope".into()));
    assert_eq!(missing.json()["error"], "This action is outside the authorized scopes");
    assert_eq!(house.with_token(token, "GET", "/api/starling/v1/tokens").bad(), (403, "scope".into()));
    let who = house.with_token(token, "GET", "/api/v1/apps/verify_credentials").good();
    assert_eq!((&who["name"], &who["scopes"]), (&json!("Bird <b>"), &json!(["read", "write:media"])));
    assert!(who.get("client_secret").is_none());
    let user = house.with_token(token, "GET", "/oauth/userinfo").good();
    assert!(user["sub"].as_str().unwrap().contains(&house.me().to_string()), "{user}");
}

#[test]
fn a_code_is_shown_to_who_has_to_carry_it() {
    let house = House::new(1);
    let app = App::new(&house);
    let path = app.page(OUT_OF_BAND, "").replace("authorize?", "authorize/?");
    let page = house.nobody("GET", &path, &[], "");
    let code = house.approve(&page)["code"].as_str().unwrap().to_owned();
    let shown = house.press(&page, "continue", &[]);
    assert!(shown.status == 200 && shown.text().contains(&format!("<code id=\"code\">{code}</code>")));
    let good = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", OUT_OF_BAND)];
    assert_eq!(app.exchange(&house, &good).good()["scope"], "read");
}

#[test]
fn a_no_is_told_and_an_error_sends_nobody_anywhere() {
    let house = House::new(1);
    let app = App::new(&house);
    let page = house.nobody("GET", &app.page(BACK, "&state=s"), &[], "");
    let no = house.press(&page, "deny", &[]);
    assert_eq!(no.status, 303);
    assert!(no.header("location").starts_with(&format!("{BACK}?error=access_denied&")));
    assert!(no.header("location").ends_with("&state=s"));
    let sure = |path: &str, back: bool| {
        let answer = house.nobody("GET", path, &[], "");
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{path}");
        assert_eq!(answer.text().contains("href=\"https://client.example/back?error="), back, "{path}");
    };
    // While it is not sure who asks, no address is named at all.
    for wrong in [
        app.page("https://evil.example/", ""),
        app.page("https://client.example/back/", ""),
        app.page("", ""),
        app.page(BACK, "&redirect_uri=https://evil.example/"),
        app.page(BACK, "").replace("client_id=", "client_id=x"),
        "/oauth/authorize".into(),
        "/oauth/authorize?request=guessed".into(),
    ] {
        sure(&wrong, false);
    }
    for wrong in [
        app.page(BACK, "").replace("=code&", "=token&"),
        app.page(BACK, "&scope=follow"),
        app.page(BACK, "&scope=admin:read"),
        app.page(BACK, &format!("&code_challenge={CHALLENGE}&code_challenge_method=plain")),
        app.page(BACK, &format!("&code_challenge={CHALLENGE}")),
        app.page(BACK, "&code_challenge=short&code_challenge_method=S256"),
    ] {
        sure(&wrong, true);
    }
    assert_eq!(house.nobody("GET", &app.page("http://127.0.0.1:4711/in", ""), &[], "").status, 200);
    assert_eq!(house.nobody("GET", &app.page("http://127.0.0.1:4711/out", ""), &[], "").status, 400);
}

#[test]
fn a_code_is_for_one_program_once() {
    let house = House::new(1);
    let (app, other) = (App::new(&house), App::new(&house));
    let grant =
        |code: &str| [("grant_type", "authorization_code"), ("code", code)].map(|(n, v)| (n, v.to_owned()));
    let with = |code: &str, more: &[(&'static str, &str)]| {
        let mut fields = grant(code).to_vec();
        fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        fields
    };
    let exchange = |app: &App, fields: &[(&str, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        app.exchange(&house, &fields)
    };
    let grant_error = (400, "invalid_grant".to_owned());
    for more in [
        &[("redirect_uri", BACK)][..],
        &[("redirect_uri", BACK), ("code_verifier", "wrong")],
        &[("redirect_uri", BACK), ("code_verifier", CHALLENGE)],
        &[("redirect_uri", OUT_OF_BAND), ("code_verifier", VERIFIER)],
        &[("code_verifier", VERIFIER)],
    ] {
        let code = app.code(&house, PKCE);
        assert_eq!(refused(&exchange(&app, &with(&code, more))), grant_error, "{more:?}");
    }
    let code = app.code(&house, PKCE);
    let good = with(&code, &[("redirect_uri", BACK), ("code_verifier", VERIFIER)]);
    assert_eq!(refused(&exchange(&other, &good)), grant_error);
    let token = exchange(&app, &good).good()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.with_token(&token, "GET", "/api/v1/timelines/home").status, 200);
    // Whoever brings it again ends what it was exchanged for.
    assert_eq!(refused(&exchange(&app, &good)), grant_error);
    assert_eq!(house.with_token(&token, "GET", "/api/v1/timelines/home").bad(), (401, "wrong_token".into()));
}

#[test]
fn a_program_proves_which_one_it_is() {
    let house = House::new(1);
    let app = App::new(&house);
    let body = |id: &str, secret: &str| {
        json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret }).to_string()
    };
    let client_error = (401, "invalid_client".to_owned());
    for (id, secret) in
        [(&*app.id, "wrong"), ("wrong", &*app.secret), (&*app.id, ""), ("", ""), (&*app.secret, &*app.id)]
    {
        let answer = house.nobody("POST", "/oauth/token", &[JSON], &body(id, secret));
        assert_eq!(refused(&answer), client_error, "{id} {secret}");
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", app.id, app.secret)));
    let by_header = [("authorization", &*basic), FORM];
    let token = house.nobody("POST", "/oauth/token", &by_header, "grant_type=client_credentials").good();
    assert_eq!(token["scope"], "read");
    // It says who the program is, and gives nothing of the person's.
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(house.with_token(token, "GET", "/api/v1/apps/verify_credentials").good()["name"], "Bird <b>");
    for path in ["/api/v1/timelines/home", "/api/v1/accounts/verify_credentials", "/oauth/userinfo"] {
        assert_eq!(house.with_token(token, "GET", path).bad(), (422, "not_let_in".into()), "{path}");
    }
    for (kind, expected) in [("password", "unsupported_grant_type"), ("", "unsupported_grant_type")] {
        assert_eq!(refused(&app.exchange(&house, &[("grant_type", kind)])), (400, expected.into()));
    }
    assert_eq!(refused(&app.exchange(&house, &[])), (400, "invalid_request".into()));
    let writing = [("grant_type", "client_credentials"), ("scope", "write")];
    assert_eq!(refused(&app.exchange(&house, &writing)), (400, "invalid_scope".into()));
}

#[test]
fn what_is_revoked_is_good_no_longer() {
    let house = House::new(1);
    let (app, other) = (App::new(&house), App::new(&house));
    let token = app.token(&house, "read");
    let revoke = |app: &App, secret: &str, token: &str| {
        let body = json!({ "client_id": app.id, "client_secret": secret, "token": token });
        house.nobody("POST", "/oauth/revoke", &[JSON], &body.to_string())
    };
    let works = || house.with_token(&token, "GET", "/api/v1/timelines/home").status == 200;
    assert_eq!(refused(&revoke(&app, "wrong", &token)), (401, "invalid_client".into()));
    assert_eq!(refused(&revoke(&other, &other.secret, &token)), (403, "unauthorized_client".into()));
    assert!(works());
    assert_eq!(revoke(&app, &app.secret, "nothing").good(), json!({}));
    assert_eq!(revoke(&app, &app.secret, &token).good(), json!({}));
    let answer = house.with_token(&token, "GET", "/api/v1/timelines/home");
    assert_eq!(answer.bad(), (401, "wrong_token".into()));
    assert_eq!(answer.json()["error"], "The access token is invalid");
    assert!(house.get("/api/starling/v1/tokens").good().as_array().unwrap().is_empty());
}

#[test]
fn a_page_of_somebody_else_can_do_nothing_with_the_page() {
    let house = House::new(1);
    let app = App::new(&house);
    let page = house.nobody("GET", &app.page(BACK, ""), &[], "");
    assert_eq!(page.header("x-frame-options"), "DENY");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
    // The way back to the program comes after a form, and browsers hold it to this.
    assert!(!policy.contains("form-action"), "{policy}");
    assert_eq!((page.header("access-control-allow-origin"), page.header("set-cookie")), ("", ""));
    house.approve(&page);
    for foreign in ["http://evil.example", "null"] {
        let forged = house.press(&page, "continue", &[FORM, ("origin", foreign)]);
        assert_eq!(forged.bad(), (403, "origin".into()), "{foreign}");
        let asked = json!({ "client_name": "a", "redirect_uris": BACK }).to_string();
        let registered = house.nobody("POST", "/api/v1/apps", &[JSON, ("origin", foreign)], &asked);
        assert_eq!(registered.bad(), (403, "origin".into()), "{foreign}");
    }
    let rebound = format!("evil.example:{}", house.port);
    assert_eq!(house.press(&page, "continue", &[FORM, ("host", &*rebound)]).bad(), (421, "host".into()));
    assert_eq!(house.press(&page, "continue", &[]).status, 303);
}

#[test]
fn tokens_outlive_the_door_and_their_use_is_seen() {
    let house = House::new(1);
    let made =
        house.post("/api/starling/v1/tokens", json!({ "scopes": "read:statuses", "name": "cron" })).good();
    assert_eq!((&made["scope"], &made["number"]), (&json!("read:statuses"), &json!(1)));
    let token = made["access_token"].as_str().unwrap();
    let listed = house.get("/api/starling/v1/tokens").good();
    assert_eq!((&listed[0]["name"], &listed[0]["used_at"]), (&json!("cron"), &Value::Null));
    assert!(!listed.to_string().contains(token));
    assert_eq!(house.with_token(token, "GET", "/api/v1/timelines/home").status, 200);
    assert!(house.get("/api/starling/v1/tokens").good()[0]["used_at"].is_string());
    // Another door of the same node finds it in the store, by its hash only.
    let again = crate::http::tokens::Tokens::default();
    let reader = house.node.read().unwrap();
    again.load(&reader).unwrap();
    assert!(again.caller(token.as_bytes()).is_some() && again.caller(b"other").is_none());
    let file = std::fs::read(house.node.home().store_path()).unwrap();
    assert!(!file.windows(token.len()).any(|bytes| bytes == token.as_bytes()));
    assert_eq!(house.call("DELETE", "/api/starling/v1/tokens/1", &[]).good()["revoked"], true);
    assert_eq!(house.call("DELETE", "/api/starling/v1/tokens/1", &[]).bad(), (404, "not_found".into()));
    assert_eq!(house.with_token(token, "GET", "/api/v1/timelines/home").status, 401);
}

#[test]
fn the_table_of_routes_is_told() {
    let house = House::new(1);
    let routes = house.get("/api/starling/v1/routes").good();
    let line = |method: &str, path: &str| {
        let found =
            routes.as_array().unwrap().iter().find(|line| line["method"] == method && line["path"] == path);
        found.unwrap()["scope"].clone()
    };
    assert_eq!(line("GET", "/api/v1/instance"), Value::Null);
    assert_eq!(line("GET", "/api/v1/apps/verify_credentials"), "token");
    assert_eq!(line("DELETE", "/api/v1/statuses/{id}"), "write:statuses");
    let metadata = house.nobody("GET", "/.well-known/oauth-authorization-server", &[], "").good();
    assert_eq!(metadata["token_endpoint"], format!("{}/oauth/token", house.base()));
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
}
