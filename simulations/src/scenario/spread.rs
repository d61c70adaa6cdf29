//! How a quantity is spread: one value, or a distribution by its usual parameters.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::quantity::{Amount, Quantity};
use crate::plan;

/// One value, or a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread<T> {
    /// Always the same; written as the value alone.
    Fixed(T),
    /// Any of the others.
    Drawn(Drawn<T>),
}

/// A distribution.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub enum Drawn<T> {
    /// Anything between two bounds, all alike.
    Uniform {
        /// The least.
        from: T,
        /// The most.
        to: T,
    },
    /// Around a mean; what would be negative is 0.
    Normal {
        /// The mean.
        mean: T,
        /// The standard deviation.
        deviation: T,
    },
    /// Many small values and a few large ones.
    LogNormal {
        /// Half of the values are below it.
        median: T,
        /// Standard deviation of the logarithm: 0.5 is narrow, 2 is wide.
        sigma: Amount,
    },
    /// As times between events that know nothing of each other.
    Exponential {
        /// The mean.
        mean: T,
    },
    /// A heavy tail: a few values are far above all others.
    Pareto {
        /// The least value.
        least: T,
        /// The heavier the tail, the smaller: below 2 the variance is infinite.
        shape: Amount,
    },
    /// As lifetimes.
    Weibull {
        /// 63 % of the values are below it.
        scale: T,
        /// Below 1, what lasted long goes on long.
        shape: Amount,
    },
}

impl<T: Quantity> Spread<T> {
    /// In the units of a plan.
    pub fn plan(&self) -> plan::Spread {
        match *self {
            Self::Fixed(value) => plan::Spread::Fixed(value.value()),
            Self::Drawn(drawn) => match drawn {
                Drawn::Uniform { from, to } => plan::Spread::Uniform(from.value(), to.value()),
                Drawn::Normal { mean, deviation } => plan::Spread::Normal(mean.value(), deviation.value()),
                Drawn::LogNormal { median, sigma } => plan::Spread::LogNormal(median.value(), sigma.0),
                Drawn::Exponential { mean } => plan::Spread::Exponential(mean.value()),
                Drawn::Pareto { least, shape } => plan::Spread::Pareto(least.value(), shape.0),
                Drawn::Weibull { scale, shape } => plan::Spread::Weibull(scale.value(), shape.0),
            },
        }
    }

    /// Why no value can be drawn from it, and at which key.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let above = |key, value: f64| {
            (value <= 0.0)
                .then(|| (key, format!("a {key} of 0 leaves nothing to draw; it has to be above 0")))
        };
        let Self::Drawn(drawn) = self else { return None };
        match *drawn {
            Drawn::Uniform { from, to } => {
                (from.value() > to.value()).then(|| ("from", "the least is above the most".into()))
            }
            Drawn::Normal { .. } => None,
            Drawn::LogNormal { median, .. } => above("median", median.value()),
            Drawn::Exponential { mean } => above("mean", mean.value()),
            Drawn::Pareto { least, shape } => {
                above("least", least.value()).or_else(|| above("shape", shape.0))
            }
            Drawn::Weibull { scale, shape } => {
                above("scale", scale.value()).or_else(|| above("shape", shape.0))
            }
        }
    }
}

struct Either<T>(PhantomData<T>);

impl<'de, T: Quantity + Deserialize<'de>> de::Visitor<'de> for Either<T> {
    type Value = Spread<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or a distribution such as {{ kind = \"uniform\", from = …, to = … }}", T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::read(text).map(Spread::Fixed).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(de::value::F64Deserializer::new(value)).map(Spread::Fixed)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(de::value::I64Deserializer::new(value)).map(Spread::Fixed)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Drawn::deserialize(de::value::MapAccessDeserializer::new(map)).map(Spread::Drawn)
    }
}

impl<'de, T: Quantity + Deserialize<'de>> Deserialize<'de> for Spread<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<T: Quantity + JsonSchema> JsonSchema for Spread<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("SpreadOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        let drawn = generator.subschema_for::<Drawn<T>>();
        json_schema!({ "description": "One value, or a distribution.", "anyOf": [one, drawn] })
    }
}
