//! A program that asks: HTTP/1.1 over one connection that stays, as little of it as a measure needs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

use crate::bench::{Error, api::TOKEN};

/// Bytes of an answer at most: a page of the longest posts.
const ANSWER: usize = 16 << 20;

/// A connection.
pub struct Client {
    host: String,
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Client {
    /// Opens one.
    pub fn connect(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let stream = BufReader::with_capacity(64 << 10, stream);
        Ok(Self { host: address.to_string(), stream, line: String::new(), body: Vec::new() })
    }

    /// Asks, and gives the body of a good answer.
    pub fn get(&mut self, path: &str) -> Result<&[u8], Error> {
        self.send("GET", path, "")
    }

    /// Sends JSON.
    pub fn post(&mut self, path: &str, json: &str) -> Result<&[u8], Error> {
        self.send("POST", path, json)
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Result<&[u8], Error> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\nAccept: application/json\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes())?;
        let (mut length, mut good) = (None, false);
        for number in 0.. {
            self.line.clear();
            self.stream.read_line(&mut self.line)?;
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            if number == 0 {
                good = line.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<usize>().ok();
            }
        }
        let length = length.filter(|length| *length <= ANSWER);
        let length = length.ok_or_else(|| Error::Void(format!("{path} was answered without a length")))?;
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        if good {
            return Ok(&self.body);
        }
        Err(Error::Void(format!("{path}: {}", String::from_utf8_lossy(&self.body))))
    }

    /// Reads events of a stream that was asked for, until one of this kind.
    pub fn event(&mut self, kind: &str) -> Result<String, Error> {
        let wanted = format!("event: {kind}");
        let mut here = false;
        loop {
            self.line.clear();
            if self.stream.read_line(&mut self.line)? == 0 {
                return Err(Error::Void("a stream ended".into()));
            }
            let line = self.line.trim_end();
            if line == wanted {
                here = true;
            } else if here && let Some(data) = line.strip_prefix("data: ") {
                return Ok(data.to_owned());
            }
        }
    }

    /// Asks for a stream of events.
    pub fn listen(&mut self, path: &str) -> Result<(), Error> {
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.line.clear();
        self.stream.read_line(&mut self.line)?;
        match self.line.split(' ').nth(1) {
            Some("200") => Ok(()),
            _ => Err(Error::Void(format!("{path}: {}", self.line.trim_end()))),
        }
    }
}
