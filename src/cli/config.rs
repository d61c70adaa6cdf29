//! `config`: settings, and who set them.

use serde_json::json;
use starling::config;
use toml::Value;

use super::{Failure, Kind, failure::SETTINGS, feed, init, session::Context};

/// Show and change settings
#[derive(Debug, clap::Subcommand)]
pub enum Config {
    /// List all settings and where their values come from
    List,
    /// Show one setting
    Get {
        /// Which, as section.key
        #[arg(value_name = "KEY")]
        key: String,
        /// Say which layer won: default, file or environment
        #[arg(long)]
        resolved: bool,
    },
    /// Change one setting in the file, whose comments stay
    Set {
        /// Which, as section.key
        #[arg(value_name = "KEY")]
        key: String,
        /// The value; items of a list are separated by commas
        #[arg(value_name = "VALUE", allow_hyphen_values = true)]
        value: String,
    },
    /// Show where the settings file is
    Path,
}

impl Config {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        let output = &context.output;
        match self {
            Self::List => {
                for (key, value, layer) in &context.settings()?.keys {
                    let object = json!({ "key": key, "value": value, "from": layer.to_string() });
                    output
                        .either(&object, format!("{key} = {value}  {}", output.dim(format!("({layer})"))))?;
                }
                Ok(())
            }
            Self::Get { key, resolved } => {
                let keys = context.settings()?.keys;
                let Some((key, value, layer)) = keys.into_iter().find(|(known, ..)| *known == key) else {
                    return Err(Failure::new(Kind::NotFound, format!("there is no setting {key}"))
                        .hint("`starling config list` shows all"));
                };
                let object = json!({ "key": key, "value": value, "from": layer.to_string() });
                let from = if resolved { format!("  ({layer})") } else { String::new() };
                output.either(&object, format!("{}{from}", plain(&value)))
            }
            Self::Set { key, value } => {
                let path = &context.places.config;
                let text = match std::fs::read_to_string(path) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                    text => text.map_err(|error| feed::at(path, error))?,
                };
                let edited = config::edit(&path.display().to_string(), &text, &key, &value);
                let text = edited.map_err(|error| {
                    let failure = Failure::from(error);
                    // Where the settings can be read, what was to be set is wrong and not the file.
                    if context.settings().is_ok() { failure.hint(SETTINGS) } else { failure }
                })?;
                init::write_settings(context, &text)?;
                let now = context.settings()?.keys;
                let (_, value, layer) = now
                    .iter()
                    .find(|(known, ..)| *known == key)
                    .ok_or_else(|| Failure::failed("the setting went missing"))?;
                if *layer != config::Layer::File {
                    output.talk(format!("written, but the {layer} says otherwise"));
                } else if context.home().and_then(|home| Ok(home.running()?)).is_ok_and(|door| door.is_some())
                {
                    output.talk("the running node takes it up when it is started again");
                }
                output.either(&json!({ "key": key, "value": value }), format!("{key} = {value}"))
            }
            Self::Path => {
                output.either(&json!({ "path": context.places.config }), context.places.config.display())
            }
        }
    }
}

/// A text without quotes, for scripts.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
