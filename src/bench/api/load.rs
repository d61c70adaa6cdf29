//! Programs that ask at once, one that writes, and what they ask for.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::client::Client;
use crate::bench::{Error, Measure, Watch, feeds, measure::percentile};

/// What came of a load.
#[derive(Debug, Default)]
pub struct Load {
    /// Milliseconds of each answer.
    pub times: Vec<f64>,
    /// Answers.
    pub answers: usize,
    /// Bytes of their bodies.
    pub bytes: usize,
    lasted: Duration,
}

impl Load {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.lasted.as_secs_f64().max(1e-9)
    }
}

/// Has as many programs as there are lists ask for the paths on them, over and over.
pub fn drive(address: SocketAddr, paths: Vec<Vec<String>>, lasts: Duration) -> Result<Load, Error> {
    let began = Instant::now();
    let programs: Vec<JoinHandle<Result<Load, Error>>> = paths
        .into_iter()
        .map(|paths| {
            std::thread::spawn(move || {
                let mut client = Client::connect(address)?;
                let mut load = Load::default();
                for path in paths.iter().cycle() {
                    if began.elapsed() >= lasts {
                        break;
                    }
                    let since = Instant::now();
                    load.bytes += client.get(path)?.len();
                    load.times.push(since.elapsed().as_secs_f64() * 1e3);
                    load.answers += 1;
                }
                Ok(load)
            })
        })
        .collect();
    let mut all = Load::default();
    for program in programs {
        let load = program.join().map_err(|_| Error::Void("a program gave up".into()))??;
        all.times.extend(load.times);
        all.answers += load.answers;
        all.bytes += load.bytes;
    }
    all.lasted = began.elapsed();
    Ok(all)
}

/// Answers a second if a thread did nothing but send the same bytes back: what the sockets of this machine carry.
pub fn bare(client: &mut Client, programs: usize, lasts: Duration) -> Result<f64, Error> {
    let page = client.get("/api/v1/timelines/home?limit=40")?.to_vec();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", page.len());
    let answer = [head.as_bytes(), &page].concat();
    let serving = std::thread::spawn(move || {
        let streams: Vec<JoinHandle<()>> = listener
            .incoming()
            .take(programs)
            .flatten()
            .map(|stream| {
                let answer = answer.clone();
                std::thread::spawn(move || serve_bare(stream, &answer))
            })
            .collect();
        for stream in streams {
            let _ = stream.join();
        }
    });
    let load = drive(address, (0..programs).map(|_| vec!["/".to_owned()]).collect(), lasts)?;
    let _ = serving.join();
    Ok(load.rate())
}

fn serve_bare(mut stream: TcpStream, answer: &[u8]) {
    let mut asked = [0; 4_096];
    while let Ok(1..) = stream.read(&mut asked) {
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

/// A program that writes posts while others read.
pub struct Writer(JoinHandle<Result<usize, Error>>);

impl Writer {
    /// Ten posts a second: far more than a person writes, and many of those whom one follows.
    const PAUSE: Duration = Duration::from_millis(100);

    /// Starts it.
    pub fn start(address: SocketAddr, lasts: Duration) -> Result<Self, Error> {
        let mut client = Client::connect(address)?;
        Ok(Self(std::thread::spawn(move || {
            let began = Instant::now();
            let mut posts = 0;
            while began.elapsed() < lasts {
                client
                    .post("/api/v1/statuses", &format!("{{\"status\":\"starlings, the {posts}th time\"}}"))?;
                posts += 1;
                std::thread::sleep(Self::PAUSE);
            }
            Ok(posts)
        })))
    }

    /// How many it wrote.
    pub fn finish(self) -> Result<usize, Error> {
        self.0.join().map_err(|_| Error::Void("the writer gave up".into()))?
    }
}

/// Questions as people ask them: common and rare words, several, phrases, beginnings, with conditions.
pub fn questions(count: usize) -> Vec<String> {
    let mut chance = 7u64;
    let mut below = |end: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % end
    };
    let question = |turn: usize| {
        let common = feeds::word(below(20) as usize);
        let usual = feeds::word((20 + below(1_000)) as usize);
        let rare = feeds::word((2_000 + below(40_000)) as usize);
        match turn % 8 {
            0 => format!("{usual} "),
            1 => format!("{rare} "),
            2 => format!("{common} {usual} "),
            3 => format!("{usual} {rare} "),
            4 => format!("\"{common} {usual}\""),
            5 => usual.chars().take(3).collect(),
            6 => format!("{usual} -{common} before:2024-01-01"),
            _ => format!("{common} "),
        }
    };
    (0..count).map(question).collect()
}

/// Percent-encoded.
pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// From the answer to a post to its event, with 32 programs that listen.
pub fn streaming(address: SocketAddr, watch: &mut dyn Watch) -> Result<(), Error> {
    const LISTENERS: usize = 32;
    const POSTS: usize = 100;
    watch.doing("listening to a stream");
    let (heard, hearing) = mpsc::sync_channel::<(Instant, String)>(LISTENERS * POSTS);
    let (ready, readying) = mpsc::sync_channel::<Result<(), Error>>(LISTENERS);
    let mut client = Client::connect(address)?;
    for _ in 0..LISTENERS {
        let (heard, ready) = (heard.clone(), ready.clone());
        std::thread::spawn(move || {
            let opened = Client::connect(address).and_then(|mut client| {
                client.listen("/api/v1/streaming/user")?;
                Ok(client)
            });
            let mut client = match opened {
                Ok(client) => {
                    let _ = ready.send(Ok(()));
                    client
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                    return;
                }
            };
            while let Ok(data) = client.event("update") {
                if heard.send((Instant::now(), data)).is_err() {
                    return;
                }
            }
        });
    }
    drop((heard, ready));
    for _ in 0..LISTENERS {
        readying.recv().map_err(|_| Error::Void("a listener gave up".into()))??;
    }
    let mut times = Vec::new();
    for turn in 0..POSTS {
        let text = format!("heard by all of them, number {turn}.");
        let since = Instant::now();
        client.post("/api/v1/statuses", &format!("{{\"status\":\"{text}\"}}"))?;
        let mut left = LISTENERS;
        while left > 0 {
            let late = |_| Error::Void(format!("post {turn} was not heard"));
            let (at, data) = hearing.recv_timeout(Duration::from_secs(20)).map_err(late)?;
            if data.contains(&text) {
                times.push(at.saturating_duration_since(since).as_secs_f64() * 1e3);
                left -= 1;
            }
        }
    }
    let median = percentile(&mut times, 0.5);
    watch.measured(&Measure::most("streaming, p95", percentile(&mut times, 0.95), "ms", 50.0).noting(
        format!("{POSTS} posts, {LISTENERS} programs, from asking to post to the event; p50 {median:.1} ms"),
    ));
    Ok(())
}
