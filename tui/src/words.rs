//! What the UI says, in the reader's language: messages of Project Fluent, which knows how each language counts.
//!
//! English is in the program and complete; another language is a file with the same names (`tui/words`), and what it
//! leaves out is said in English. Only the UI's own words are here: what people write is nobody's to translate.

use std::{borrow::Cow, fmt, sync::Arc};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

const ENGLISH: &str = include_str!("../words/en.ftl");
/// Languages that are in the program, English aside.
const SHIPPED: &[(&str, &str)] = &[("he", include_str!("../words/he.ftl"))];

type Bundle = FluentBundle<FluentResource>;

/// The words of one language: a person's own, those in the program, and English behind them. Clones share them: threads
/// say things, too.
#[derive(Clone)]
pub struct Words {
    chosen: Vec<Arc<Bundle>>,
    english: Arc<Bundle>,
    /// Whether the terminal has no dots and dashes but those of ASCII.
    ascii: bool,
}

impl Default for Words {
    fn default() -> Self {
        let english = bundle("en", ENGLISH).unwrap_or_else(|_| empty("en"));
        Self { chosen: Vec::new(), english: Arc::new(english), ascii: false }
    }
}

impl Words {
    /// The language that the environment asks for (`LC_ALL`, `LC_MESSAGES`, `LANG`), if it is in the program.
    pub fn of_environment() -> Self {
        Self::shipped(&asked())
    }

    /// The language that a locale names, if it is in the program; else English.
    pub fn shipped(locale: &str) -> Self {
        let names = names(locale);
        let held = SHIPPED.iter().find(|(name, _)| names.iter().any(|asked| asked == name));
        let chosen = held.and_then(|(name, text)| bundle(name, text).ok());
        Self { chosen: chosen.map(Arc::new).into_iter().collect(), ..Self::default() }
    }

    /// Whether a language of this name is in the program.
    pub fn has(language: &str) -> bool {
        language == "en" || SHIPPED.iter().any(|(name, _)| *name == language)
    }

    /// The language of a file, with the one that is in the program behind it, if there is one.
    ///
    /// # Errors
    /// Says what of it cannot be read.
    pub fn of_file(language: &str, text: &str) -> Result<Self, String> {
        let mut words = Self::shipped(language);
        words.chosen.insert(0, Arc::new(bundle(language, text)?));
        Ok(words)
    }

    /// The same for a terminal that has no dots and dashes but those of ASCII.
    #[must_use]
    pub fn in_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }

    /// What is said under this name.
    pub fn say(&self, name: &str) -> Cow<'_, str> {
        self.find(name, None)
    }

    /// What is said under this name, of these things.
    pub fn with(&self, name: &str, args: &FluentArgs<'_>) -> Cow<'_, str> {
        self.find(name, Some(args))
    }

    /// What is said under this name of so many.
    pub fn count(&self, name: &str, count: usize) -> Cow<'_, str> {
        let mut args = FluentArgs::new();
        args.set("count", count);
        self.find(name, Some(&args))
    }

    /// What is said under this name, of these things, of one kind.
    pub fn put<'a, V, const N: usize>(&self, name: &str, things: [(&'a str, V); N]) -> Cow<'_, str>
    where
        V: Into<FluentValue<'a>>,
    {
        let mut args = FluentArgs::new();
        for (name, thing) in things {
            args.set(name, thing);
        }
        self.find(name, Some(&args))
    }

    /// Whether the language is written from right to left.
    pub fn right_to_left(&self) -> bool {
        self.say("direction") == "rtl"
    }

    fn find(&self, name: &str, args: Option<&FluentArgs<'_>>) -> Cow<'_, str> {
        let bundles = self.chosen.iter().chain([&self.english]);
        let said = bundles.into_iter().find_map(|bundle| {
            let pattern = bundle.get_message(name)?.value()?;
            let mut errors = Vec::new();
            let said = bundle.format_pattern(pattern, args, &mut errors).into_owned();
            // What refers to something that is not there is said in English instead.
            errors.is_empty().then_some(said)
        });
        // A name that no language has is a mistake of ours, which tests find; the reader sees which one.
        match said {
            Some(said) if self.ascii => {
                said.replace('…', "...").replace(['·', '–', '—'], "-").replace('›', ">").into()
            }
            Some(said) => said.into(),
            None => name.to_owned().into(),
        }
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").finish_non_exhaustive()
    }
}

/// The locale that the environment asks for (`LC_ALL`, `LC_MESSAGES`, `LANG`).
pub fn asked() -> String {
    let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).unwrap_or_default()
}

/// What the language of a locale may be called, the narrower name first: `pt_BR.UTF-8` is `pt-BR` and `pt`. None if it is
/// no language.
pub fn names(locale: &str) -> Vec<String> {
    let name = locale.split(['.', '@']).next().unwrap_or_default().replace('_', "-");
    let Ok(language) = name.parse::<LanguageIdentifier>() else { return Vec::new() };
    let mut names = vec![language.to_string()];
    if names[0] != language.language.as_str() {
        names.push(language.language.to_string());
    }
    // "C" and "POSIX" are no languages, and parse as none or as one that nobody speaks.
    names.retain(|name| name.len() > 1 && name != "und" && name != "posix");
    names
}

fn empty(language: &str) -> Bundle {
    let language: LanguageIdentifier = language.parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // Its marks around what is inserted are for text that a renderer orders; here every line is ordered as a whole.
    bundle.set_use_isolating(false);
    bundle
}

fn bundle(language: &str, text: &str) -> Result<Bundle, String> {
    let resource = FluentResource::try_new(text.to_owned())
        .map_err(|(_, errors)| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let mut bundle = empty(language);
    bundle
        .add_resource(resource)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    Ok(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_its_language() {
        assert_eq!(super::names("pt_BR.UTF-8"), ["pt-BR", "pt"]);
        assert_eq!(super::names("he"), ["he"]);
        assert_eq!(super::names("ff-Adlm"), ["ff-Adlm", "ff"]);
        for none in ["C", "C.UTF-8", "POSIX", "", "../../etc", "x/y"] {
            assert!(super::names(none).is_empty(), "{none}");
        }
    }

    /// Names of messages in a file of words.
    fn messages(text: &str) -> Vec<&str> {
        let lines = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        lines.filter_map(|line| Some(line.split_once('=')?.0.trim())).collect()
    }

    #[test]
    fn every_language_says_what_english_says_and_nothing_else() {
        let english = messages(ENGLISH);
        assert!(english.contains(&"view-too-small"));
        assert!(bundle("en", ENGLISH).is_ok());
        for (language, text) in SHIPPED {
            let held = messages(text);
            let missing: Vec<_> = english.iter().filter(|name| !held.contains(name)).collect();
            let more: Vec<_> = held.iter().filter(|name| !english.contains(name)).collect();
            assert!(missing.is_empty() && more.is_empty(), "{language}: without {missing:?}, with {more:?}");
            bundle(language, text).unwrap();
        }
    }

    /// What a message is given, by the names of the messages.
    fn given(text: &str) -> std::collections::BTreeMap<&str, std::collections::BTreeSet<&str>> {
        let mut given = std::collections::BTreeMap::new();
        let mut name = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                name = line.split_once('=').map_or("", |(name, _)| name.trim());
            }
            let things: &mut std::collections::BTreeSet<_> = given.entry(name).or_default();
            things.extend(line.split('$').skip(1).filter_map(|rest| rest.split([' ', '}']).next()));
        }
        given
    }

    #[test]
    fn every_language_uses_what_it_is_given_and_counts_as_it_does() {
        let english = given(ENGLISH);
        for (language, text) in SHIPPED {
            for (name, things) in given(text) {
                let unknown: Vec<_> = things.difference(&english[name]).collect();
                assert!(unknown.is_empty(), "{language}: {name} is not given {unknown:?}");
                // A number may be said by a word, but nobody's name and nothing that went wrong may be left out.
                let lost: Vec<_> =
                    english[name].difference(&things).filter(|thing| **thing != "count").collect();
                assert!(lost.is_empty(), "{language}: {name} does not say {lost:?}");
            }
        }
        let words = Words::shipped("he_IL.UTF-8");
        assert!(words.right_to_left());
        let said: Vec<_> = [1, 2, 3, 20].map(|peers| words.count("view-peers", peers).into_owned()).into();
        assert_eq!(said, ["עמית אחד", "שני עמיתים", "3 עמיתים", "20 עמיתים"]);
    }

    /// Every source of this crate, as text.
    fn sources() -> Vec<(std::path::PathBuf, String)> {
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut sources = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    sources.push((path, text));
                }
            }
        }
        sources
    }

    /// The texts in quotes that begin right after this.
    fn quoted_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
        text.split(before)
            .skip(1)
            .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
            .collect()
    }

    #[test]
    fn what_is_said_is_in_the_file_and_what_is_in_the_file_is_said() {
        let english = messages(ENGLISH);
        let sources = sources();
        assert!(sources.len() > 10);
        let ours = |text: &str| {
            // Tests may name words that there are not.
            let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
            text[..end].to_owned()
        };
        let texts: Vec<_> = sources.iter().map(|(path, text)| (path, ours(text))).collect();
        for (path, text) in &texts {
            for call in ["words.say(", "words.count(", "words.with(", "words.put(", ".good(", ".bad("] {
                for name in quoted_after(text, call) {
                    let known = english.contains(&name) || name.ends_with("-{name}");
                    assert!(known, "{}: \"{name}\" is in no file of words", path.display());
                }
            }
        }
        let keys = crate::keys::ACTIONS.iter().map(|(_, name, _)| format!("key-{name}"));
        let verbs = crate::plain::VERBS.iter().map(|(_, name, _)| format!("verb-{name}"));
        let actions: Vec<String> = keys.chain(verbs).collect();
        for action in &actions {
            assert!(english.contains(&action.as_str()), "nothing says what \"{action}\" is");
        }
        for name in english {
            let quoted = format!("\"{name}\"");
            let used = texts.iter().any(|(_, text)| text.contains(&quoted))
                || actions.iter().any(|held| held == name);
            assert!(used, "\"{name}\" is said nowhere");
        }
    }

    #[test]
    fn what_a_language_leaves_out_is_said_in_english() {
        let words = Words::of_file(
            "xx",
            "direction = rtl\nhow-many = { $count ->\n  [one] one\n *[other] {$count}\n }",
        )
        .unwrap();
        assert!(words.right_to_left());
        assert_eq!(words.say("view-too-small"), "needs 20 by 6");
        assert_eq!(words.in_ascii(true).say("compose-sending"), "Sending...");
        let words =
            Words::of_file("xx", "how-many = { $count ->\n  [one] one\n *[other] {$count}\n }").unwrap();
        assert_eq!(words.count("how-many", 3), "3");
        assert_eq!(words.say("no such words"), "no such words");
        assert!(Words::of_file("xx", "= nothing").is_err());
    }
}
