//! `verify`: checks an entry here, without believing the node that brought it.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use starling_protocol::{
    EntryId, Header, Identity, Verified, cbor,
    entry::{self, Invalid, Signed},
    identity::{Record, Voice},
    limits,
};

use super::{Failure, Kind, Output, feed, read, session::Context};

/// Check everything that speaks for an entry: its bytes, its signature, its author's identity
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The entry's id, or a file with its bytes as `show --raw` prints them
    #[arg(value_name = "ID|FILE")]
    entry: String,
    /// The author's identity record, for a file; without it, the one beside it with .identity at its end
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Write what was checked to NAME.entry and NAME.identity
    #[arg(long, value_name = "NAME")]
    save: Option<PathBuf>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

/// What is checked.
struct Evidence {
    entry: Vec<u8>,
    identity: Vec<u8>,
    /// The id that was asked for.
    id: Option<EntryId>,
}

impl Verify {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let path = Path::new(&self.entry);
        let evidence = if path.is_file() || self.identity.is_some() || self.entry.contains(['/', '.']) {
            from_files(path, self.identity.as_deref())?
        } else {
            from_node(context, &self.entry)?
        };
        if let Some(name) = &self.save {
            save(name, "entry", &evidence.entry)?;
            save(name, "identity", &evidence.identity)?;
        }
        let (checks, verified) = check(&evidence);
        report(&context.output, &checks, verified.as_ref())
    }
}

fn from_files(path: &Path, identity: Option<&Path>) -> Result<Evidence, Failure> {
    let beside = path.with_extension("identity");
    let identity = match identity {
        Some(identity) => identity,
        None if beside.is_file() => &beside,
        None if path.is_file() => {
            return Err(Failure::usage("whose device signed it is for the author's identity to say")
                .hint("give the record with --identity; `starling verify ID --save NAME` writes both"));
        }
        None => path,
    };
    // Anything longer is invalid whatever it holds.
    let identity_bytes = limits::IDENTITY_OPERATIONS * (limits::IDENTITY_OPERATION_BYTES + 128);
    let evidence = (small(path, limits::ENTRY_BYTES)?, small(identity, identity_bytes)?);
    Ok(Evidence { entry: evidence.0, identity: evidence.1, id: None })
}

fn small(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| feed::missing(path, error))?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn from_node(context: &Context, id: &str) -> Result<Evidence, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        id: String,
        bytes: String,
        identity: String,
    }
    read::path(id)?;
    let session = context.session()?;
    let answer: Answer = session.client.get(&format!("/api/starling/v1/entries/{id}"))?;
    let unreadable = || Failure::failed("the node's answer cannot be read");
    let asked = id.parse().or_else(|_| answer.id.parse()).map_err(|_| unreadable())?;
    if !answer.id.starts_with(id) {
        return Err(Failure::new(Kind::Verification, "the node answered with another entry"));
    }
    Ok(Evidence {
        entry: base64(&answer.bytes).ok_or_else(unreadable)?,
        identity: base64(&answer.identity).ok_or_else(unreadable)?,
        id: Some(asked),
    })
}

fn save(name: &Path, kind: &str, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write;
    let mut path = name.as_os_str().to_owned();
    path.push(format!(".{kind}"));
    feed::whole(Path::new(&path), true, |to| Ok(to.write_all(bytes)?))?;
    Ok(())
}

/// Everything that can be said, in the order in which it can: what rests on a failed check is left out.
fn check(evidence: &Evidence) -> (Vec<Check>, Option<Verified>) {
    let mut checks = Vec::new();
    let mut add = |name, ok, detail: String| checks.push(Check { name, ok, detail });
    let signed = match Signed::from_bytes(&evidence.entry) {
        Ok(signed) => signed,
        Err(error) => {
            add("encoding", false, error.to_string());
            return (checks, None);
        }
    };
    let erased = signed.payload.is_none();
    let result = entry::check(signed);
    let failed = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
    // The order is that of `entry::check`.
    let stage = match &result {
        Ok(_) => 3,
        Err(Invalid::Signature) => 2,
        Err(Invalid::Payload | Invalid::Encoding { part: "the payload", .. }) => 1,
        Err(_) => 0,
    };
    let payload =
        if erased { "not held: it was erased or left out" } else { "is the one that the header names" };
    let stages = [
        ("encoding", "canonical, within all limits"),
        ("payload", payload),
        ("signature", "ed25519 of the device over the hash of the header"),
    ];
    for (number, (name, good)) in stages.into_iter().enumerate().take(stage + 1) {
        add(name, number < stage, if number < stage { good.to_owned() } else { failed.clone() });
    }
    let Ok(verified) = result else { return (checks, None) };
    if let Some(asked) = evidence.id {
        let detail =
            if verified.id() == asked { "is the hash of the header" } else { "another entry was asked for" };
        add("id", verified.id() == asked, detail.into());
    }
    let (ok, detail) = match speaks(verified.header(), verified.id(), &evidence.identity) {
        Ok(detail) => (true, detail),
        Err(detail) => (false, detail),
    };
    add("identity", ok, detail);
    (checks, Some(verified))
}

/// Whether the author's identity lets the device say it.
fn speaks(header: &Header, id: EntryId, identity: &[u8]) -> Result<String, String> {
    let record: Record = cbor::decode_canonical(identity).map_err(|error| error.to_string())?;
    let identity = Identity::verify(&record).map_err(|error| error.to_string())?;
    if identity.author() != header.author {
        return Err(format!("the record is of {}, the entry of another author", identity.author()));
    }
    match identity.voice(&header.device, header.log) {
        Voice::Speaks => Ok("its operations are signed, and the device speaks for the author".into()),
        Voice::Until(seq, end) if header.seq < seq || (header.seq == seq && id == end) => {
            Ok(format!("the device was removed, and what it said up to number {seq} stands"))
        }
        Voice::Until(seq, _) => Err(format!("the device was removed after its number {seq}")),
        Voice::Silent => Err("the device does not speak for the author".into()),
    }
}

fn report(output: &Output, checks: &[Check], verified: Option<&Verified>) -> Result<(), Failure> {
    let good = verified.is_some() && checks.iter().all(|check| check.ok);
    if output.json {
        let header = verified.map(Verified::header);
        output.object(&serde_json::json!({
            "id": verified.map(|entry| entry.id().to_string()),
            "author": header.map(|header| header.author.to_string()),
            "device": header.map(|header| header.device.to_string()),
            "verified": good,
            "checks": checks,
        }))?;
    } else {
        for check in checks {
            let mark = if check.ok { "ok  ".to_owned() } else { output.warn("FAIL") };
            output.line(format!("{mark} {:<10} {}", check.name, check.detail))?;
        }
        if let Some(entry) = verified.filter(|_| good) {
            output.line(format!("{} was signed for {}", entry.id(), entry.header().author))?;
        }
    }
    if good {
        return Ok(());
    }
    Err(Failure::new(Kind::Verification, "this is not what its author signed"))
}

/// RFC 4648 §4, with padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.trim_end_matches('=').as_bytes();
    if text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for byte in group {
            bits = bits << 6 | u32::from(digit(*byte)?);
        }
        bits <<= 6 * (4 - group.len());
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use starling_protocol::{
        Body,
        entry::Place,
        identity::{Action, Inception, Operation},
        keys::{Phrase, Secret},
    };

    use super::*;

    fn evidence() -> Evidence {
        let (phrase, device) = (Phrase::from_entropy([3; 32]), Secret::from_seed([4; 32]));
        let mut identity = Identity::begin(Inception::of(&phrase));
        let author = identity.author();
        let add = Operation::sign(author, 0, Action::AddDevice(device.public()), &phrase.root(0));
        identity.apply(add).unwrap();
        let place = Place { author, log: 0, seq: 0, previous: None };
        let post =
            Body::Post(starling_protocol::payload::Content { text: "hi".into(), ..Default::default() });
        let entry = entry::sign(place, post, [5; 16], 1, &device);
        let id = Some(entry.id());
        Evidence { entry: entry.signed().to_bytes(), identity: cbor::encode(&identity.record()), id }
    }

    fn good(evidence: &Evidence) -> bool {
        let (checks, verified) = check(evidence);
        assert_eq!(
            verified.is_none(),
            checks.iter().any(|check| !check.ok && check.name != "id" && check.name != "identity")
        );
        verified.is_some() && checks.iter().all(|check| check.ok)
    }

    #[test]
    fn every_flipped_bit_is_found() {
        assert!(good(&evidence()));
        let length = (evidence().entry.len(), evidence().identity.len());
        for bit in 0..length.0 * 8 {
            let mut bad = evidence();
            bad.entry[bit / 8] ^= 1 << (bit % 8);
            assert!(!good(&bad), "bit {bit} of the entry");
        }
        for bit in 0..length.1 * 8 {
            let mut bad = evidence();
            bad.identity[bit / 8] ^= 1 << (bit % 8);
            assert!(!good(&bad), "bit {bit} of the identity");
        }
    }

    #[test]
    fn another_entry_than_asked_for_is_found() {
        let mut other = evidence();
        other.id = Some(EntryId::new([0; 32]));
        assert!(!good(&other));
    }

    #[test]
    fn an_erased_payload_is_said_and_is_no_fault() {
        let mut erased = evidence();
        let signed = Signed { payload: None, ..Signed::from_bytes(&erased.entry).unwrap() };
        erased.entry = signed.to_bytes();
        let (checks, verified) = check(&erased);
        assert!(verified.is_some() && checks.iter().all(|check| check.ok));
        assert!(checks[1].detail.starts_with("not held"));
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(base64(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(base64("//77").unwrap(), [0xff, 0xfe, 0xfb]);
        for bad in ["Zg", "Z===", "Zm9v!AAA", "Zg==Zg=="] {
            assert_eq!(base64(bad), None, "{bad}");
        }
    }
}
