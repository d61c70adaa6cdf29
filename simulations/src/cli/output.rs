//! Data on stdout, talk on stderr.

use std::{
    fmt,
    io::{self, Write},
};

use serde::Serialize;

use super::Failure;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Objects for programs instead of text for people.
    pub json: bool,
}

impl Output {
    /// A line of data.
    pub fn line(&self, text: impl fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(io::stdout().lock(), "{text}")?)
    }

    /// A line with one object.
    pub fn object(&self, object: &impl Serialize) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(object)?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Bytes as they are.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// The object for programs, the text for people.
    pub fn either(&self, object: &impl Serialize, text: impl fmt::Display) -> Result<(), Failure> {
        if self.json { self.object(object) } else { self.line(text) }
    }

    /// Something to know beside the data. Nothing is lost if nobody listens.
    pub fn talk(&self, text: impl fmt::Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Bytes as people read them.
pub fn bytes(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().iec_short().to_string()
}

/// A span of time as people read it, from microseconds.
pub fn span(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match seconds {
        0..60 => format!("{:.1}s", micros as f64 / 1e6),
        60..3600 => format!("{minutes}m{:02}s", seconds % 60),
        3600..86400 => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

/// A count as people read it: digits in groups of three.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_counts_are_short() {
        for (micros, expected) in
            [(1_500_000, "1.5s"), (61_000_000, "1m01s"), (3_660_000_000, "1h01m"), (90_000_000_000, "1d01h")]
        {
            assert_eq!(span(micros), expected);
        }
        for (number, expected) in [(7, "7"), (1000, "1 000"), (12_345_678, "12 345 678")] {
            assert_eq!(count(number), expected);
        }
        assert_eq!(bytes(3 << 20), "3.0M");
    }
}
