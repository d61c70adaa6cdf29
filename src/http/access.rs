//! Who may speak to the door: the right address, the right origin, the right token.
//!
//! The door listens on this machine, and so does every web page that the person opens: a page whose
//! name is made to resolve to 127.0.0.1 (DNS rebinding) reaches it with its own name in `Host`, and
//! an ordinary page says its own name in `Origin`. Both are refused before anything else is looked
//! at. The token then says that the caller can read the home's files.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::http::{HeaderMap, Uri, header};

use super::{caller::Caller, certificate::Certificate, error::Error, tls::Ways, tokens::Tokens};

/// Bytes of all header lines of a request. Browsers send 2 KiB; the token needs 100 bytes.
const HEADERS: usize = 16 * 1024;
/// Requests that a program may make in five minutes: ten times as many as Mastodon lets it make, because nobody else is
/// waiting. One that asks in a circle is stopped before it wears the disk down.
const REQUESTS: u64 = 3_000;

/// What this machine calls itself. Every other name could be made to resolve to it.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What a caller must show.
#[derive(Debug, Clone)]
pub struct Access {
    /// Compared instead of the token, in constant time: `blake3::Hash` is.
    token: blake3::Hash,
    port: u16,
    remote: bool,
    /// Whether the door is where only this machine reaches it.
    near: bool,
    /// What callers may encrypt with.
    certificate: Option<Certificate>,
    /// Pages of others that may use the door, by origin; `*` is all.
    origins: Vec<String>,
    /// Requests that a program may make in five minutes; 0 is as many as it likes.
    requests: u64,
    /// Those that programs were given.
    tokens: Arc<Tokens>,
}

impl Access {
    /// Callers on this machine who know `token`, at the port of `address`.
    pub fn new(token: &str, address: SocketAddr) -> Self {
        let (token, tokens) = (blake3::hash(token.as_bytes()), Arc::default());
        Self {
            token,
            port: address.port(),
            remote: false,
            near: address.ip().is_loopback(),
            certificate: None,
            origins: Vec::new(),
            requests: REQUESTS,
            tokens,
        }
    }

    /// Lets pages of these origins use the door with a token: `https://client.example`, or `*` for all pages there are.
    pub fn allow_origins(mut self, origins: &[String]) -> Self {
        self.origins.extend(origins.iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()));
        self
    }

    /// Lets a program make this many requests in five minutes; 0 is as many as it likes.
    pub fn limit_requests(mut self, requests: u64) -> Self {
        self.requests = requests;
        self
    }

    /// Lets callers use any IP address of this machine. An address cannot be rebound, a name can.
    pub fn allow_remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// Lets callers encrypt, and those of other machines who do use any IP address of this one.
    pub fn encrypt(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// How connections may begin.
    pub(super) fn ways(&self) -> Ways {
        let tls = self.certificate.as_ref().map(|certificate| certificate.acceptor.clone());
        Ways { tls, plain: self.remote }
    }

    /// Refuses a listener that others can reach unless they may: a token that travels in the clear
    /// is for the loopback interface, or for those who know what they do.
    pub(super) fn check_listener(&self, address: SocketAddr) -> io::Result<()> {
        if self.remote || self.certificate.is_some() || address.ip().is_loopback() {
            return Ok(());
        }
        let why =
            format!("{address} can be reached by others, and neither http.tls nor http.allow_remote is set");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
    }

    /// Checks what needs no secret, and gives the host as the caller knows it.
    pub(super) fn check_place(&self, uri: &Uri, headers: &HeaderMap) -> Result<String, Error> {
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if size + uri.path_and_query().map_or(0, |path| path.as_str().len()) > HEADERS {
            return Err(Error::HeadersTooLarge);
        }
        // A request in absolute form names its host a second time: RFC 9112 §3.2.2 lets that win.
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Error::Host) };
        let host = host.to_str().map_err(|_| Error::Host)?.to_ascii_lowercase();
        let named = uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
        if !self.is_ours(&host) || named.is_some_and(|named| named != host) {
            return Err(Error::Host);
        }
        for origin in headers.get_all(header::ORIGIN) {
            let origin = origin.to_str().map_err(|_| Error::Origin)?.to_ascii_lowercase();
            let secret = origin.strip_prefix("https://").filter(|_| self.certificate.is_some());
            let ours = origin.strip_prefix("http://").or(secret).is_some_and(|host| self.is_ours(host));
            // The page that lets programs in is nobody's to read or to continue.
            if !ours && (!self.is_listed(&origin) || uri.path().starts_with("/oauth/authorize")) {
                return Err(Error::Origin);
            }
        }
        Ok(host)
    }

    /// Whether pages of this origin, written in small letters, are on the list.
    pub(super) fn is_listed(&self, origin: &str) -> bool {
        self.origins.iter().any(|listed| listed == "*" || listed == origin)
    }

    /// Whether there are pages of others that may use the door.
    pub(super) fn has_origins(&self) -> bool {
        !self.origins.is_empty()
    }

    /// Requests that a program may make in five minutes; 0 is as many as it likes.
    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    /// Who opens a stream: the token is in the header, in `access_token`, or stands for the protocol of a WebSocket.
    pub(super) fn caller_of_stream(&self, uri: &Uri, headers: &HeaderMap) -> Result<Caller, Error> {
        if headers.contains_key(header::AUTHORIZATION) {
            return self.caller(headers);
        }
        let pairs = uri.query().unwrap_or_default().split('&');
        // Tokens are of letters that stand for themselves in an address.
        let named = pairs.filter_map(|pair| pair.strip_prefix("access_token=")).next();
        let protocol = headers.get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
        let protocol = protocol.and_then(|protocols| protocols.split(',').next()).map(str::trim);
        let token = named.or(protocol).filter(|token| !token.is_empty()).ok_or(Error::NoToken)?;
        self.caller_of(token.as_bytes())
    }

    /// Who shows `Authorization: Bearer <token>` (RFC 6750 §2.1).
    pub(super) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Error> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(given), None) = (given.next(), given.next()) else { return Err(Error::NoToken) };
        let (scheme, token) = given.as_bytes().split_at(given.len().min(7));
        if !scheme.eq_ignore_ascii_case(b"bearer ") {
            return Err(Error::NoToken);
        }
        self.caller_of(token.trim_ascii())
    }

    /// Who shows this token, wherever it was shown.
    pub(super) fn caller_of(&self, token: &[u8]) -> Result<Caller, Error> {
        if blake3::hash(token) == self.token {
            return Ok(Caller::owner());
        }
        self.tokens.caller(token).ok_or(Error::WrongToken)
    }

    /// The tokens that programs were given.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Whether `host`, with its port, is us.
    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            // A browser leaves out the port that its scheme has anyway.
            _ => (host, Some(if self.port == 443 { 443 } else { 80 })),
        };
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let beyond = self.remote || self.certificate.is_some() && !self.near;
        let remote = beyond && address.parse::<IpAddr>().is_ok();
        port == Some(self.port) && (remote || HOSTS.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access::new("secret", ([127, 0, 0, 1], 4800).into())
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &str)| {
            (header::HeaderName::from_static(name), value.parse().unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    fn place(access: &Access, lines: &[(&'static str, &str)]) -> Result<String, Error> {
        access.check_place(&Uri::from_static("/api/v1/instance"), &headers(lines))
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for host in ["localhost:4800", "LOCALHOST:4800", "127.0.0.1:4800", "[::1]:4800"] {
            assert_eq!(place(&access(), &[("host", host)]).unwrap(), host.to_ascii_lowercase());
        }
        for host in [
            "evil.example:4800",
            "localhost",
            "localhost:80",
            "127.0.0.1:4801",
            "localhost.evil.example:4800",
            "127.0.0.1.evil.example:4800",
            "192.168.1.5:4800",
            "[::2]:4800",
            "localhost:4800:4800",
            "user@localhost:4800",
            "",
            ":4800",
            "::1:4800",
        ] {
            assert!(matches!(place(&access(), &[("host", host)]), Err(Error::Host)), "{host}");
        }
        assert!(matches!(place(&access(), &[]), Err(Error::Host)));
        let two = [("host", "localhost:4800"), ("host", "evil.example")];
        assert!(matches!(place(&access(), &two), Err(Error::Host)));
        let absolute = Uri::from_static("http://evil.example:4800/");
        let host = headers(&[("host", "localhost:4800")]);
        assert!(matches!(access().check_place(&absolute, &host), Err(Error::Host)));
    }

    #[test]
    fn a_remote_door_is_opened_by_address() {
        let access = access().allow_remote();
        for host in ["192.168.1.5:4800", "[2001:db8::1]:4800"] {
            assert!(place(&access, &[("host", host)]).is_ok(), "{host}");
        }
        assert!(place(&access, &[("host", "rebound.example:4800")]).is_err());
    }

    #[test]
    fn a_listener_for_all_must_be_allowed() {
        for (address, local) in [
            ("127.0.0.1:1", true),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("192.168.1.5:1", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(access().check_listener(address).is_ok(), local, "{address}");
            assert!(access().allow_remote().check_listener(address).is_ok());
        }
    }

    #[test]
    fn pages_of_others_are_refused() {
        let host = ("host", "localhost:4800");
        assert!(place(&access(), &[host, ("origin", "http://localhost:4800")]).is_ok());
        for origin in ["http://evil.example", "https://localhost:4800", "null", "http://localhost:3000", ""] {
            assert!(matches!(place(&access(), &[host, ("origin", origin)]), Err(Error::Origin)), "{origin}");
        }
        let two = [host, ("origin", "http://localhost:4800"), ("origin", "http://evil.example")];
        assert!(matches!(place(&access(), &two), Err(Error::Origin)));
    }

    #[test]
    fn pages_of_others_may_be_let_in_by_name() {
        let host = ("host", "localhost:4800");
        let listed = access().allow_origins(&["https://Client.example/".into()]);
        assert!(place(&listed, &[host, ("origin", "https://client.example")]).is_ok());
        for origin in ["https://client.example.evil.example", "http://client.example", "null"] {
            assert!(matches!(place(&listed, &[host, ("origin", origin)]), Err(Error::Origin)), "{origin}");
        }
        let all = access().allow_origins(&["*".into()]);
        assert!(place(&all, &[host, ("origin", "http://any.example")]).is_ok());
        // Not even then may they continue what waits for the person.
        let page = Uri::from_static("/oauth/authorize");
        let asked = headers(&[host, ("origin", "http://any.example")]);
        assert!(matches!(all.check_place(&page, &asked), Err(Error::Origin)));
    }

    #[test]
    fn a_stream_shows_its_token_where_it_can() {
        let ask = |path: &'static str, lines: &[(&'static str, &str)]| {
            access().caller_of_stream(&Uri::from_static(path), &headers(lines))
        };
        assert!(ask("/s?stream=user&access_token=secret", &[]).is_ok());
        assert!(ask("/s", &[("sec-websocket-protocol", "secret")]).is_ok());
        assert!(ask("/s", &[("authorization", "Bearer secret")]).is_ok());
        assert!(matches!(ask("/s", &[]), Err(Error::NoToken)));
        assert!(matches!(ask("/s?access_token=", &[]), Err(Error::NoToken)));
        assert!(matches!(ask("/s?access_token=wrong", &[]), Err(Error::WrongToken)));
        // One that is shown wrongly is not made good by another.
        assert!(ask("/s?access_token=secret", &[("authorization", "Bearer wrong")]).is_err());
    }

    #[test]
    fn the_token_is_asked_for_and_checked() {
        let check = |lines: &[(&'static str, &str)]| access().caller(&headers(lines));
        assert!(check(&[("authorization", "Bearer secret")]).is_ok());
        assert!(check(&[("authorization", "bearer  secret")]).is_ok());
        assert!(matches!(check(&[]), Err(Error::NoToken)));
        for other in ["secret", "Basic secret", "Bearer", "Béarer secret"] {
            assert!(matches!(check(&[("authorization", other)]), Err(Error::NoToken)), "{other}");
        }
        for wrong in ["Bearer ", "Bearer secre", "Bearer secrets", "Bearer SECRET"] {
            assert!(matches!(check(&[("authorization", wrong)]), Err(Error::WrongToken)), "{wrong}");
        }
        let two = [("authorization", "Bearer secret"), ("authorization", "Bearer secret")];
        assert!(matches!(check(&two), Err(Error::NoToken)));
    }

    #[test]
    fn a_head_has_an_end() {
        let long = "x".repeat(HEADERS);
        let head = [("host", "localhost:4800"), ("x-long", long.as_str())];
        assert!(matches!(place(&access(), &head), Err(Error::HeadersTooLarge)));
    }
}
