//! HTTPS on the port of HTTP.

use std::{path::PathBuf, sync::Arc};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::*;
use crate::{clock, http::certificate::Certificate};

fn house(folder: &tempfile::TempDir) -> (House, PathBuf) {
    let certificate = Certificate::open(folder.path(), [127, 0, 0, 1].into(), clock::now()).unwrap();
    let authority = certificate.authority().to_owned();
    (House::with(1, |access| access.encrypt(certificate)), authority)
}

/// What comes back over TLS to somebody who trusts this authority and knows the door as `name`.
fn ask(
    house: &House,
    authority: Option<&PathBuf>,
    name: &'static str,
    request: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    if let Some(authority) = authority {
        roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    house.runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(("127.0.0.1", house.port)).await?;
        let name = ServerName::try_from(name).unwrap();
        let mut stream = TlsConnector::from(config).connect(name, socket).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    })
}

#[test]
fn both_are_spoken_on_one_port_and_each_names_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (house, authority) = house(&folder);
    let port = house.port;
    for name in ["localhost", "127.0.0.1"] {
        let origin = format!("https://{name}:{port}");
        let request = format!(
            "GET /api/v1/instance HTTP/1.1\r\nHost: {name}:{port}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n"
        );
        let answer = ask(&house, Some(&authority), name, &request).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains(&format!("\"thumbnail\":\"{origin}/")), "{answer}");
    }
    let plain = house.get("/api/v1/instance").good();
    assert!(plain["thumbnail"].as_str().unwrap().starts_with(&house.base()), "{plain}");
    // A token and a body go the same way.
    let body = json!({ "status": "in private" }).to_string();
    let post = format!(
        "POST /api/v1/statuses HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    assert!(ask(&house, Some(&authority), "localhost", &post).unwrap().starts_with("HTTP/1.1 200 "));
    assert_eq!(house.get("/api/v1/timelines/home").good().as_array().unwrap().len(), 1);
}

#[test]
fn nobody_else_is_taken_for_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let (house, authority) = house(&folder);
    let request = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
    assert!(ask(&house, None, "localhost", request).is_err());
    assert!(ask(&house, Some(&authority), "evil.example", request).is_err());
    let other = tempfile::tempdir().unwrap();
    let other = Certificate::open(other.path(), [127, 0, 0, 1].into(), clock::now()).unwrap();
    assert!(ask(&house, Some(&other.authority().to_owned()), "localhost", request).is_err());
    // And the names that are answered are the same as without.
    let rebound = format!(
        "GET /api/v1/instance HTTP/1.1\r\nHost: evil.example:{}\r\nConnection: close\r\n\r\n",
        house.port
    );
    assert!(ask(&house, Some(&authority), "localhost", &rebound).unwrap().starts_with("HTTP/1.1 421 "));
}
