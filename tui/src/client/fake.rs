//! A server of a few lines for tests, which says what it was asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;

/// What was asked: method, path, and the body, as a text if it is no JSON.
pub type Asked = Arc<Mutex<Vec<(String, String, Value)>>>;

/// What it answers to a method and a path; an object with `error` is a 404.
pub type Answers = fn(&str, &str) -> Value;

/// Its address, and what it was asked. It serves until the tests end.
pub fn serve(answers: Answers) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let heard = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, asked) = (stream.unwrap(), Arc::clone(&heard));
            thread::spawn(move || converse(stream, answers, &asked));
        }
    });
    (base, asked)
}

fn converse(mut stream: TcpStream, answers: Answers, asked: &Asked) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let length =
            head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        let mut words = head[0].split(' ');
        let (method, path) = (words.next().unwrap().to_uppercase(), words.next().unwrap().to_owned());
        let said = answers(&method, &path);
        let status = if said.get("error").is_some() { "404 Not Found" } else { "200 OK" };
        let body = match serde_json::from_slice(&body) {
            Ok(body) => body,
            Err(_) if body.is_empty() => Value::Null,
            Err(_) => String::from_utf8_lossy(&body).into(),
        };
        asked.lock().unwrap().push((method, path, body));
        let said = said.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            said.len()
        );
        if stream.write_all(format!("{head}{said}").as_bytes()).is_err() {
            return;
        }
    }
}
