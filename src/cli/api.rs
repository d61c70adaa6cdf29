//! `api`: which programs may use the node, and what they can ask it.

use serde_json::{Value, json};

use super::{
    Failure, Kind, layout,
    output::{confirm, safe},
    session::Context,
};
use starling::clock;

/// Let programs in, and look at those that are
#[derive(Debug, clap::Subcommand)]
pub enum Api {
    /// Make a token for a script or another program of your own; it is shown once
    Token {
        /// What it is for, separated by blanks: read, write, follow, push, profile, or narrower ones such as read:lists
        #[arg(long, default_value = "read")]
        scopes: String,
        /// What to call it in lists
        #[arg(long, default_value = "script")]
        name: String,
    },
    /// Let a program in that waits with this code on a page of the node
    Approve {
        /// The letters that the page shows
        #[arg(value_name = "CODE")]
        code: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// List the programs that were let in, and those that wait
    List,
    /// Let a program in no longer
    Revoke {
        /// Its number in the list
        #[arg(value_name = "NUMBER")]
        number: u64,
    },
    /// Say which certificate browsers have to trust for HTTPS (http.tls)
    Certificate,
    /// List what programs can ask, and what they must be let in for
    Routes,
}

impl Api {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Token { scopes, name } => token(context, &scopes, &name),
            Self::Approve { code, yes } => approve(context, &code, yes),
            Self::List => list(context),
            Self::Revoke { number } => revoke(context, number),
            Self::Certificate => certificate(context),
            Self::Routes => routes(context),
        }
    }
}

fn text(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).map(safe).unwrap_or_default()
}

fn texts(object: &Value, name: &str) -> Vec<String> {
    let list = object.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(safe).collect()
}

fn token(context: &Context, scopes: &str, name: &str) -> Result<(), Failure> {
    let session = context.session()?;
    let wanted = json!({ "scopes": scopes, "name": name });
    let made: Value = session.client.post("/api/starling/v1/tokens", &wanted).map_err(|failure| Failure {
        hint: failure.hint.or(Some("`starling api routes` shows the scopes that there are".into())),
        ..failure
    })?;
    context.output.either(&made, text(&made, "access_token"))
}

fn approve(context: &Context, code: &str, yes: bool) -> Result<(), Failure> {
    // The code goes into an address: what is no letter of one has no business there.
    let code: String = code.chars().filter(|letter| letter.is_ascii_alphabetic() || *letter == '-').collect();
    let session = context.running()?;
    let path = format!("/api/starling/v1/programs/waiting/{}", if code.is_empty() { "-" } else { &code });
    let waiting: Value = session.client.get(&path).map_err(listed)?;
    confirm(&plan(&waiting), yes)?;
    let approved: Value = session.client.post(&format!("{path}/approve"), &json!({})).map_err(listed)?;
    let name = text(&approved, "name");
    let told = match approved.get("code").and_then(Value::as_str) {
        Some(code) => format!("{name} is let in with this code, which the page shows as well:\n{code}"),
        None => format!("{name} is let in: go on in the browser"),
    };
    context.output.either(&approved, told)
}

/// No peer brings a program that is not here: the list has it, or nobody does.
fn listed(failure: Failure) -> Failure {
    match failure.kind {
        Kind::NotFound => failure.hint("`starling api list` shows the programs, and those that wait"),
        _ => failure,
    }
}

/// What the person is about to allow, in the words of the page.
fn plan(waiting: &Value) -> String {
    let from = match text(waiting, "website") {
        website if website.is_empty() => String::new(),
        website => format!(" from {website}"),
    };
    let mut plan = format!("Let \"{}\"{from} in. It may:\n", text(waiting, "name"));
    for (scope, can) in texts(waiting, "scopes").iter().zip(texts(waiting, "can")) {
        plan += &format!("  {can} ({scope})\n");
    }
    match text(waiting, "redirect_uri") {
        place if place.starts_with("urn:") => plan + "Its code is shown to you.",
        place => format!("{plan}Its code goes to {place}"),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let session = context.session()?;
    let tokens: Vec<Value> = session.client.get("/api/starling/v1/tokens")?;
    let waiting: Vec<Value> = session.client.get("/api/starling/v1/programs/waiting")?;
    let output = &context.output;
    if output.json {
        return tokens.iter().chain(&waiting).try_for_each(|one| output.object(one));
    }
    if tokens.is_empty() && waiting.is_empty() {
        output
            .talk("no program was let in: one that logs in shows a page, `starling api token` makes a token");
    }
    for token in &tokens {
        let number = token.get("number").and_then(Value::as_u64).unwrap_or_default();
        let known = token.get("let_in").and_then(Value::as_bool).unwrap_or(true);
        let known = if known { "" } else { "  (knows nothing of you)" };
        output.line(format!("{number}  {}{known}", output.bold(text(token, "name"))))?;
        let age = |name| layout::age(&text(token, name), clock::now());
        let used =
            if token["used_at"].is_null() { "never used".into() } else { format!("used {}", age("used_at")) };
        let scopes = texts(token, "scopes").join(" ");
        output.line(format!("   {}", output.dim(format!("{scopes}  made {}  {used}", age("created_at")))))?;
    }
    for waiting in waiting.iter().filter(|waiting| waiting["approved"] == false) {
        let (word, name) = (text(waiting, "word"), text(waiting, "name"));
        output.line(format!("{}  {name} waits for `starling api approve {word}`", output.warn(&word)))?;
    }
    Ok(())
}

fn revoke(context: &Context, number: u64) -> Result<(), Failure> {
    let session = context.session()?;
    let path = format!("/api/starling/v1/tokens/{number}");
    let revoked: Value = session.client.delete(&path).map_err(listed)?;
    context.output.either(&revoked, format!("revoked {number}"))
}

fn certificate(context: &Context) -> Result<(), Failure> {
    let place = starling::http::certificate::authority(context.home()?.path());
    let text = std::fs::read_to_string(&place).map_err(|_| {
        let none = Failure::new(Kind::NotFound, "this home has no certificate yet");
        none.hint("`starling config set http.tls true`, and start the node again")
    })?;
    let path = place.display().to_string();
    context.output.talk(
        "Import this file where the browser keeps its authorities, for websites; programs take it as a file, as in \
         `curl --cacert FILE`, REQUESTS_CA_BUNDLE=FILE or NODE_EXTRA_CA_CERTS=FILE. It can vouch for nothing but \
         this node.",
    );
    context.output.either(&json!({ "path": path, "pem": text }), path)
}

fn routes(context: &Context) -> Result<(), Failure> {
    let session = context.session()?;
    let routes: Vec<Value> = session.client.get("/api/starling/v1/routes")?;
    routes.iter().try_for_each(|route| {
        let scope = route.get("scope").and_then(Value::as_str).unwrap_or("everybody");
        let line =
            format!("{:<7}{}  {}", text(route, "method"), text(route, "path"), context.output.dim(scope));
        context.output.either(route, line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_names_all_that_is_given() {
        let plan = plan(&json!({
            "name": "Toot\u{202e}", "website": null, "redirect_uri": "https://a.example/b",
            "scopes": ["read", "write:media"], "can": ["read everything", "upload files"],
        }));
        assert_eq!(
            plan,
            "Let \"Toot\" in. It may:\n  read everything (read)\n  upload files (write:media)\n\
             Its code goes to https://a.example/b"
        );
    }
}
