//! The four layers, laid over one another key by key.

use std::{collections::BTreeMap, fmt, fs, io, path::Path};

use toml::{Table, Value};

use super::{Config, Error};

/// What holds if nothing is said, with a comment on every key.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// Who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The embedded defaults.
    Default,
    /// The settings file.
    File,
    /// The environment.
    Environment,
    /// A flag of this command.
    Flag,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        })
    }
}

/// Settings with the layer that won, key by key.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The settings.
    pub config: Config,
    /// Every key (`section.key`) in the order of the defaults, its value and who said so.
    pub keys: Vec<(String, Value, Layer)>,
}

impl Resolved {
    /// Reads `path` if it exists and this process's environment; `flags` are keys with values.
    ///
    /// # Errors
    /// [`Error`], which names the layer at fault.
    pub fn load(path: &Path, flags: &[(&str, Value)]) -> Result<Self, Error> {
        let text = match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Error::Io { path: path.into(), error });
            }
        };
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let name = path.display().to_string();
        Self::new(text.as_deref().map(|text| (name.as_str(), text)), &environment, flags)
    }

    /// The layers, given: `file` is its name and text.
    ///
    /// # Errors
    /// [`Error`], which names the layer at fault.
    pub fn new(
        file: Option<(&str, &str)>,
        environment: &[(String, String)],
        flags: &[(&str, Value)],
    ) -> Result<Self, Error> {
        let mut layers = Layers::default();
        layers.read(Layer::Default, "config.default.toml", DEFAULTS)?;
        if let Some((name, text)) = file {
            layers.read(Layer::File, name, text)?;
        }
        layers.environment(environment)?;
        for (key, value) in flags {
            layers.set(key, value.clone(), Layer::Flag, "a flag")?;
        }
        layers.finish()
    }
}

#[derive(Default)]
struct Layers {
    keys: Vec<(String, Value, Layer)>,
    /// Who set a key last, for those who have to be told.
    from: BTreeMap<String, String>,
}

impl Layers {
    fn read(&mut self, layer: Layer, name: &str, text: &str) -> Result<(), Error> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| Error::Invalid {
            from: name.into(),
            reason: error.to_string(),
        })?;
        for (section, value) in table {
            let Value::Table(keys) = value else {
                return Err(self.unknown(section, name));
            };
            if layer != Layer::Default && !self.has_section(&section) {
                return Err(self.unknown(section, name));
            }
            for (key, value) in keys {
                self.set(&format!("{section}.{key}"), value, layer, name)?;
            }
        }
        Ok(())
    }

    /// `STARLING_NETWORK_MDNS` is `network.mdns`. Names whose second word is no section (as
    /// `STARLING_HOME`) are not ours to judge; `STARLING_LOG` is short for `log.level`.
    fn environment(&mut self, variables: &[(String, String)]) -> Result<(), Error> {
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix("STARLING_") else {
                continue;
            };
            let key = match rest.split_once('_') {
                None if rest == "LOG" => "log.level".to_owned(),
                Some((section, key)) if self.has_section(&section.to_lowercase()) => {
                    format!("{}.{}", section.to_lowercase(), key.to_lowercase())
                }
                _ => continue,
            };
            let like = self.find(&key).ok_or_else(|| self.unknown(key.clone(), name))?;
            let value = value(text, &self.keys[like].1)
                .map_err(|reason| Error::Invalid { from: name.clone(), reason })?;
            self.set(&key, value, Layer::Environment, name)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: Value, layer: Layer, from: &str) -> Result<(), Error> {
        match self.find(key) {
            Some(place) => {
                self.keys[place].1 = value;
                self.keys[place].2 = layer;
            }
            None if layer == Layer::Default => self.keys.push((key.into(), value, layer)),
            None => return Err(self.unknown(key.into(), from)),
        }
        self.from.insert(key.into(), from.into());
        Ok(())
    }

    fn find(&self, key: &str) -> Option<usize> {
        self.keys.iter().position(|(known, ..)| known == key)
    }

    fn has_section(&self, section: &str) -> bool {
        self.keys.iter().any(|(key, ..)| key.split('.').next() == Some(section))
    }

    fn unknown(&self, key: String, from: &str) -> Error {
        let distance = |known: &str| strsim::damerau_levenshtein(known, &key);
        let sections = self.keys.iter().filter_map(|(known, ..)| known.split('.').next());
        let names = self.keys.iter().map(|(known, ..)| known.as_str()).chain(sections);
        // Further than a third of the name away it would be a guess.
        let near = names.filter(|known| distance(known) <= 1 + known.len() / 3);
        let nearest = near.min_by_key(|known| distance(known)).map(str::to_owned);
        Error::Unknown { key, from: from.into(), nearest }
    }

    fn finish(self) -> Result<Resolved, Error> {
        let invalid = |key: &str, reason: String| Error::Invalid {
            from: self.from.get(key).cloned().unwrap_or_default(),
            reason: format!("{key}: {}", reason.trim_end()),
        };
        let config: Config = match self.table().try_into() {
            Ok(config) => config,
            Err(error) => return Err(self.blame(&error.to_string(), &invalid)),
        };
        config.check().map_err(|(key, reason)| invalid(key, reason))?;
        Ok(Resolved { config, keys: self.keys })
    }

    /// Each key is tried alone over the defaults, so that the error names it.
    fn blame(&self, whole: &str, invalid: &dyn Fn(&str, String) -> Error) -> Error {
        let set = self.keys.iter().filter(|(.., layer)| *layer != Layer::Default);
        for (key, value, layer) in set {
            let mut alone = Layers::default();
            let read = alone.read(Layer::Default, "", DEFAULTS);
            let tried = read.and_then(|()| alone.set(key, value.clone(), *layer, "")).map(|()| alone.table());
            if let Ok(Err(error)) = tried.map(|table| table.try_into::<Config>()) {
                return invalid(key, error.message().to_owned());
            }
        }
        invalid("", whole.to_owned())
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        for (key, value, _) in &self.keys {
            let Some((section, name)) = key.split_once('.') else {
                continue;
            };
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                section.insert(name.into(), value.clone());
            }
        }
        table
    }
}

/// Reads `text` as a value of the same type as `like`; a list is separated by commas.
///
/// # Errors
/// What was expected instead.
pub fn value(text: &str, like: &Value) -> Result<Value, String> {
    let text = text.trim();
    match like {
        Value::Boolean(_) => match text {
            "true" | "yes" | "on" | "1" => Ok(true.into()),
            "false" | "no" | "off" | "0" => Ok(false.into()),
            _ => Err(format!("{text:?} is neither true nor false")),
        },
        Value::Integer(_) => {
            let number = text.replace('_', "").parse::<i64>();
            number.map(Value::Integer).map_err(|_| format!("{text:?} is not a whole number"))
        }
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::Array(items.map(|item| Value::String(item.into())).collect()))
        }
        _ => Ok(Value::String(text.into())),
    }
}

/// The settings file `text` with `key` set to `new`, comments and order kept.
///
/// # Errors
/// [`Error`] if there is no such key, or the file would not be valid with it.
pub fn edit(name: &str, text: &str, key: &str, new: &str) -> Result<String, Error> {
    let defaults = Resolved::new(None, &[], &[])?;
    let invalid = |reason: String| Error::Invalid { from: name.into(), reason };
    let like = defaults.keys.iter().find(|(known, ..)| known == key);
    let Some((_, like, _)) = like else {
        let layers = Layers { keys: defaults.keys, from: BTreeMap::new() };
        return Err(layers.unknown(key.into(), "this command"));
    };
    let new = value(new, like).map_err(|reason| invalid(format!("{key}: {reason}")))?;
    let mut document: toml_edit::DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| invalid(error.to_string()))?;
    let without_settings = document.is_empty();
    let parsed: toml_edit::Value =
        new.to_string().parse().map_err(|error: toml_edit::TomlError| invalid(error.to_string()))?;
    if let Some((section, field)) = key.split_once('.') {
        let section = document.entry(section).or_insert_with(toml_edit::table);
        match section.get_mut(field).and_then(toml_edit::Item::as_value_mut) {
            // The decoration holds the comment behind it.
            Some(old) => {
                let decor = old.decor().clone();
                *old = parsed;
                *old.decor_mut() = decor;
            }
            None => section[field] = toml_edit::Item::Value(parsed),
        }
    }
    // A file of comments alone keeps them at its head.
    let edited = match without_settings {
        true => format!("{text}{}", document.to_string().replacen(text, "", 1)),
        false => document.to_string(),
    };
    Resolved::new(Some((name, &edited)), &[], &[])?;
    Ok(edited)
}
