//! Quantities as people write them in a scenario: times, sizes, rates and shares. What cannot be is refused while
//! the file is read, so that the error points at the value.

use std::{borrow::Cow, fmt, marker::PhantomData, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::plan::Micros;

/// Longest time that a scenario may speak of: ten years, which is far from where microseconds end.
const LONGEST_S: i64 = 10 * 366 * 86_400;

/// A time, such as "90s", "250ms", "5m", "2h" or "3d"; in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Length(pub Micros);

/// A size, such as "500B" or "4KiB"; in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Size(pub u64);

/// How much a wire carries, such as "20Mbit/s"; in bits a second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Bandwidth(pub f64);

/// How often something happens, such as "20/min" or "10/day"; in times a second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Rate(pub f64);

/// A part of a whole, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Share(pub f64);

/// A number that is not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Amount(pub f64);

/// A moment, such as "2026-01-05T00:00:00Z"; in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(pub u64);

impl Length {
    /// In microseconds.
    pub fn micros(self) -> Micros {
        self.0
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units =
            [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms")];
        match units.iter().find(|(unit, _)| self.0 > 0 && self.0.is_multiple_of(*unit)) {
            Some((unit, name)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}us", self.0),
        }
    }
}

/// A quantity with a text form of its own.
pub trait Quantity: Copy {
    /// What it is, for errors.
    const EXPECTED: &'static str;
    /// Name of its schema.
    const NAME: &'static str;
    /// A regular expression that its text follows, roughly.
    const PATTERN: &'static str;

    /// Reads it from text.
    ///
    /// # Errors
    /// Why it cannot be.
    fn read(text: &str) -> Result<Self, String>;

    /// As a number in its base unit.
    fn value(self) -> f64;
}

/// Splits "12.5Mbit/s" into 12.5 and "Mbit/s".
fn split(text: &str) -> Result<(f64, &str), String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = f64::from_str(number).map_err(|_| format!("{text:?} does not begin with a number"))?;
    Ok((number, unit.trim()))
}

impl Quantity for Length {
    const EXPECTED: &'static str = r#"a time such as "250ms", "90s", "5m", "2h" or "3d""#;
    const NAME: &'static str = "Length";
    const PATTERN: &'static str = "^[0-9]";

    fn read(text: &str) -> Result<Self, String> {
        let bad =
            || format!("{text:?} is no time; write {}", Self::EXPECTED.trim_start_matches("a time such as "));
        let span: jiff::Span = text.parse().map_err(|_| bad())?;
        let days = jiff::SpanRelativeTo::days_are_24_hours();
        let length = span
            .to_duration(days)
            .map_err(|_| format!("{text:?}: a day is the longest unit of time here"))?;
        if length.is_negative() {
            return Err(format!("{text:?} is before nothing"));
        }
        if length.as_secs() > LONGEST_S {
            return Err(format!("{text:?} is longer than ten years"));
        }
        Ok(Self(length.as_micros() as Micros))
    }

    fn value(self) -> f64 {
        self.0 as f64
    }
}

impl Quantity for Size {
    const EXPECTED: &'static str = r#"a size such as "500B" or "4KiB""#;
    const NAME: &'static str = "Size";
    const PATTERN: &'static str = "^[0-9]";

    fn read(text: &str) -> Result<Self, String> {
        let size = text.parse::<bytesize::ByteSize>();
        size.map(|size| Self(size.as_u64()))
            .map_err(|_| format!(r#"{text:?} is no size; write "500B" or "4KiB""#))
    }

    fn value(self) -> f64 {
        self.0 as f64
    }
}

impl Quantity for Bandwidth {
    const EXPECTED: &'static str = r#"a bandwidth such as "512kbit/s" or "20Mbit/s""#;
    const NAME: &'static str = "Bandwidth";
    const PATTERN: &'static str = "^[0-9.]+ ?[kMG]?bit/s$";

    fn read(text: &str) -> Result<Self, String> {
        let (number, unit) = split(text)?;
        let factor = match unit {
            "bit/s" => 1.0,
            "kbit/s" => 1e3,
            "Mbit/s" => 1e6,
            "Gbit/s" => 1e9,
            _ => {
                return Err(format!(
                    "{text:?} has no unit that is known here: bit/s, kbit/s, Mbit/s, Gbit/s"
                ));
            }
        };
        if number <= 0.0 {
            return Err(format!("{text:?}: nothing would ever arrive"));
        }
        Ok(Self(number * factor))
    }

    fn value(self) -> f64 {
        self.0
    }
}

impl Quantity for Rate {
    const EXPECTED: &'static str = r#"a rate such as "20/min" or "10/day""#;
    const NAME: &'static str = "Rate";
    const PATTERN: &'static str = "^[0-9.]+ ?/ ?(s|min|h|hour|day|week)$";

    fn read(text: &str) -> Result<Self, String> {
        let (number, unit) = split(text)?;
        let seconds = match unit.trim_start_matches('/').trim() {
            "s" => 1.0,
            "min" => 60.0,
            "h" | "hour" => 3_600.0,
            "day" => 86_400.0,
            "week" => 604_800.0,
            _ => {
                return Err(format!(
                    "{text:?} is no rate; write it per s, min, hour, day or week, such as \"20/min\""
                ));
            }
        };
        Ok(Self(number / seconds))
    }

    fn value(self) -> f64 {
        self.0
    }
}

impl Quantity for Moment {
    const EXPECTED: &'static str = r#"a moment such as "2026-01-05T00:00:00Z""#;
    const NAME: &'static str = "Moment";
    const PATTERN: &'static str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z$";

    fn read(text: &str) -> Result<Self, String> {
        let moment = text
            .parse::<jiff::Timestamp>()
            .map_err(|_| format!("{text:?} is no {}", &Self::EXPECTED[2..]))?;
        u64::try_from(moment.as_millisecond()).map(Self).map_err(|_| format!("{text:?} is before 1970"))
    }

    fn value(self) -> f64 {
        self.0 as f64
    }
}

impl Quantity for Amount {
    const EXPECTED: &'static str = "a number that is not negative";
    const NAME: &'static str = "Amount";
    const PATTERN: &'static str = "^$";

    fn read(text: &str) -> Result<Self, String> {
        Err(format!("{text:?} is in quotes, and a number is not"))
    }

    fn value(self) -> f64 {
        self.0
    }
}

struct Text<T>(PhantomData<T>);

impl<T: Quantity> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(E::custom)
    }
}

macro_rules! from_text {
    ($($type:ident: $about:literal)*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(PhantomData))
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                Self::NAME.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": Self::PATTERN, "description": $about })
            }
        }
    )*};
}

from_text! {
    Length: "A time: \"250ms\", \"90s\", \"5m\", \"2h\", \"3d\"."
    Size: "A size: \"500B\", \"4KiB\"."
    Bandwidth: "What a wire carries: \"512kbit/s\", \"20Mbit/s\", \"1Gbit/s\"."
    Rate: "How often: \"20/min\", \"10/day\"."
    Moment: "A moment in UTC: \"2026-01-05T00:00:00Z\"."
}

struct Number {
    most: f64,
    what: &'static str,
}

impl de::Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        // Written so that what is not a number is refused too.
        if !(0.0..=self.most).contains(&value) || !value.is_finite() {
            return Err(E::custom(format!("{value} is not {}", self.what)));
        }
        Ok(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number { most: 1.0, what: "a share from 0 to 1" };
        deserializer.deserialize_f64(number).map(Self)
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1, "description": "A part of a whole, 0 to 1." })
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(Number { most: f64::MAX, what: Self::EXPECTED }).map(Self)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        Self::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "description": "A number that is not negative." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let micros = |text| Length::read(text).map(Length::micros);
        assert_eq!(micros("250ms"), Ok(250_000));
        assert_eq!(micros("90s"), Ok(90_000_000));
        assert_eq!(micros("5m"), Ok(300_000_000));
        assert_eq!(micros("1h 30m"), Ok(5_400_000_000));
        assert_eq!(micros("3d"), Ok(259_200_000_000));
        for bad in ["", "5", "-3s", "3 moons", "1y 1mo", "4000d"] {
            assert!(micros(bad).is_err(), "{bad:?} was taken for a time");
        }
    }

    #[test]
    fn a_time_prints_as_it_is_read() {
        for text in ["3d", "2h", "90m", "7s", "250ms", "3us"] {
            assert_eq!(Length::read(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_quantities_are_read_as_people_write_them() {
        assert_eq!(Size::read("4KiB"), Ok(Size(4096)));
        assert_eq!(Bandwidth::read("20Mbit/s"), Ok(Bandwidth(2e7)));
        assert_eq!(Rate::read("30/min"), Ok(Rate(0.5)));
        assert_eq!(Moment::read("1970-01-01T00:00:01Z"), Ok(Moment(1000)));
        assert!(Bandwidth::read("20MB/s").is_err());
        assert!(Bandwidth::read("0Mbit/s").is_err());
        assert!(Rate::read("20").is_err());
        assert!(Rate::read("20/moon").is_err());
        assert!(Size::read("a few").is_err());
    }
}
