//! Talks to a node through its HTTP door.

use std::{
    io::{self, Read},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use ureq::{
    Agent, Body, SendBody,
    http::{Response, StatusCode},
};
use zeroize::Zeroizing;

use super::{Failure, Kind};

/// Longer than the node gives itself for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of an answer: a page of posts at their limits is some MiB.
const ANSWER_BYTES: u64 = 64 << 20;

/// What to do when it is the node that fails, and not what it was asked for.
const DOCTOR: &str = "`starling doctor` looks for the reason";

/// A way in.
pub struct Client {
    agent: Agent,
    http: String,
    bearer: Zeroizing<String>,
}

impl Client {
    /// To the node at `http`, such as `http://127.0.0.1:4080`.
    pub fn new(http: &str, token: &str) -> Self {
        // Neither a proxy nor a redirect may see the token.
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .user_agent(concat!("starling/", env!("CARGO_PKG_VERSION")))
            .build();
        let bearer = Zeroizing::new(format!("Bearer {token}"));
        Self { agent: config.into(), http: http.trim_end_matches('/').into(), bearer }
    }

    /// Where the door is, and what opens it: for those who talk to it themselves.
    pub fn door(&self) -> (String, String) {
        let token = self.bearer.strip_prefix("Bearer ").unwrap_or_default();
        (self.http.clone(), token.to_owned())
    }

    /// GET an object.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.get_with(path, &[])
    }

    /// GET an object, with a query.
    pub fn get_with<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, Failure> {
        let request = self.agent.get(self.url(path)).query_pairs(query.iter().copied());
        let request = request.header("authorization", self.bearer.as_str());
        answer(request.config().timeout_global(Some(PATIENCE)).build().call())
    }

    /// GET bytes, of any length.
    pub fn download(&self, path: &str, query: &[(&str, &str)]) -> Result<impl Read + 'static, Failure> {
        let request = self.agent.get(self.url(path)).query_pairs(query.iter().copied());
        let response = good(request.header("authorization", self.bearer.as_str()).call())?;
        Ok(response.into_body().into_with_config().limit(u64::MAX).reader())
    }

    /// POST an object.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let request = self.agent.post(self.url(path)).header("authorization", self.bearer.as_str());
        answer(request.config().timeout_global(Some(PATIENCE)).build().send_json(body))
    }

    /// POST an object under a name, so that asking twice does it once.
    pub fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        name: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let request = self.agent.post(self.url(path)).header("authorization", self.bearer.as_str());
        let request = request.header("idempotency-key", name);
        answer(request.config().timeout_global(Some(PATIENCE)).build().send_json(body))
    }

    /// POST something that takes as long as it takes.
    pub fn post_slow<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let request = self.agent.post(self.url(path)).header("authorization", self.bearer.as_str());
        answer(request.send_json(serde_json::json!({})))
    }

    /// POST bytes, of any length.
    pub fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        kind: &str,
        from: &mut dyn Read,
    ) -> Result<T, Failure> {
        let request = self.agent.post(self.url(path)).header("authorization", self.bearer.as_str());
        answer(request.content_type(kind).send(SendBody::from_reader(from)))
    }

    /// PUT an object.
    pub fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let request = self.agent.put(self.url(path)).header("authorization", self.bearer.as_str());
        answer(request.config().timeout_global(Some(PATIENCE)).build().send_json(body))
    }

    /// PATCH an object.
    pub fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let request = self.agent.patch(self.url(path)).header("authorization", self.bearer.as_str());
        answer(request.config().timeout_global(Some(PATIENCE)).build().send_json(body))
    }

    /// PATCH with a body of this type.
    pub fn patch_parts<T: DeserializeOwned>(
        &self,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> Result<T, Failure> {
        let request = self.agent.patch(self.url(path)).header("authorization", self.bearer.as_str());
        answer(request.content_type(kind).send(body))
    }

    /// DELETE.
    pub fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let request = self.agent.delete(self.url(path)).header("authorization", self.bearer.as_str());
        answer(request.config().timeout_global(Some(PATIENCE)).build().call())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.http)
    }
}

fn answer<T: DeserializeOwned>(response: Result<Response<Body>, ureq::Error>) -> Result<T, Failure> {
    let mut response = good(response)?;
    let bytes = response.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec().map_err(transport)?;
    // Some answers are empty; for them `T` is a `Value`.
    let bytes = if bytes.is_empty() { b"null".to_vec() } else { bytes };
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::failed(format!("the node answered something unexpected: {error}")).hint(DOCTOR)
    })
}

fn good(response: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, Failure> {
    let mut response = response.map_err(transport)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let body = response.body_mut().with_config().limit(1 << 20).read_to_vec().unwrap_or_default();
    Err(refusal(response.status(), serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

fn transport(error: ureq::Error) -> Failure {
    match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => not_running(),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Failure::failed("the node closed the connection").hint(DOCTOR)
        }
        ureq::Error::Timeout(_) => Failure::failed("the node did not answer in time")
            .hint("if it runs in a terminal UI that was stopped with ctrl-z, `fg` wakes both"),
        error => Failure::failed(format!("the node could not be asked: {error}")).hint(DOCTOR),
    }
}

/// A command needs a node and there is none.
pub fn not_running() -> Failure {
    Failure::new(Kind::NotRunning, "no node runs for this home").hint("`starling run` starts one")
}

/// What the node said, and what its status means to scripts.
fn refusal(status: StatusCode, body: Value) -> Failure {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(super::output::safe);
    let kind = match (status.as_u16(), body.get("code").and_then(Value::as_str)) {
        (404 | 410, _) => Kind::NotFound,
        (403 | 409, _) => Kind::Refused,
        (503, Some("stopping")) => Kind::NotRunning,
        _ => Kind::Failed,
    };
    let message = text("error").unwrap_or_else(|| format!("the node answered {status}"));
    let message = match text("error_description").filter(|more| !message.contains(more.as_str())) {
        Some(more) => format!("{message}: {more}"),
        None => message,
    };
    // Some messages say what to do already.
    let hint =
        text("hint").filter(|hint| !message.contains(hint.as_str())).or_else(|| match status.as_u16() {
            401 => Some("the token in this home is not the running node's; restart it".into()),
            500.. => Some(DOCTOR.into()),
            _ => None,
        });
    Failure { kind, message, hint, quiet: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_gives_an_exit_code_and_keeps_the_hint() {
        let body = serde_json::json!({"error": "no", "error_description": "why", "hint": "do\u{1b}[2J"});
        let failure = refusal(StatusCode::CONFLICT, body);
        assert_eq!(failure.kind as u8, 8);
        assert_eq!(failure.message, "no: why");
        assert!(!failure.hint.unwrap().contains('\u{1b}'));
        assert_eq!(refusal(StatusCode::NOT_FOUND, Value::Null).kind as u8, 5);
        assert!(refusal(StatusCode::UNAUTHORIZED, Value::Null).hint.is_some());
        assert!(refusal(StatusCode::INTERNAL_SERVER_ERROR, Value::Null).hint.is_some());
        assert!(refusal(StatusCode::UNPROCESSABLE_ENTITY, Value::Null).hint.is_none());
    }

    #[test]
    fn a_closed_door_means_that_no_node_runs() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let http = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let failure = Client::new(&http, "00").get::<Value>("/").unwrap_err();
        assert_eq!(failure.kind as u8, 4);
    }
}
