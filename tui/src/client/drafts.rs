//! Drafts on disk: one file for all of them, which is never half written.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::app::compose::Draft;

/// Drafts that are kept. Whoever begins more has let the oldest lie for long.
const KEPT: usize = 100;

/// The drafts of one reader. Threads that keep some at once wait for one another.
pub(super) struct Drafts {
    /// Nowhere, if there is no place: then nothing is kept.
    path: Mutex<Option<PathBuf>>,
}

impl Drafts {
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path: Mutex::new(path) }
    }

    /// All of them, the newest first.
    pub fn all(&self) -> Vec<Draft> {
        let path = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        path.as_deref().map(read).unwrap_or_default()
    }

    /// Keeps a draft in place of the one with its key; one that is empty is forgotten. What was kept later stays: two
    /// threads may bring the same draft in the wrong order.
    pub fn keep(&self, draft: &Draft) -> io::Result<()> {
        let path = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = path.as_deref() else { return Ok(()) };
        let mut drafts = read(path);
        if drafts.iter().any(|held| held.key == draft.key && held.saved > draft.saved) {
            return Ok(());
        }
        drafts.retain(|held| held.key != draft.key);
        if !draft.is_empty() {
            drafts.insert(0, draft.clone());
        }
        drafts.truncate(KEPT);
        write(path, &drafts)
    }

    /// Forgets a draft.
    pub fn forget(&self, key: &str) -> io::Result<()> {
        let path = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = path.as_deref() else { return Ok(()) };
        let mut drafts = read(path);
        drafts.retain(|held| held.key != key);
        write(path, &drafts)
    }
}

fn read(path: &Path) -> Vec<Draft> {
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    // There was a time when it held one.
    let one = || serde_json::from_slice::<Draft>(&bytes).map(|draft| vec![draft]);
    let mut drafts = serde_json::from_slice::<Vec<Draft>>(&bytes).or_else(|_| one()).unwrap_or_default();
    drafts.sort_by_key(|draft| std::cmp::Reverse(draft.saved));
    drafts
}

fn write(path: &Path, drafts: &[Draft]) -> io::Result<()> {
    if drafts.is_empty() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        };
    }
    super::write_beside(path, &serde_json::to_vec(drafts).map_err(io::Error::other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(key: &str, saved: i64, text: &str) -> Draft {
        Draft { key: key.into(), saved, text: text.into(), ..Draft::default() }
    }

    #[test]
    fn drafts_survive_and_the_later_word_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draft.json");
        let drafts = Drafts::new(Some(path.clone()));
        assert!(drafts.all().is_empty());
        drafts.keep(&draft("a", 1, "half a")).unwrap();
        drafts.keep(&draft("b", 2, "another")).unwrap();
        drafts.keep(&draft("a", 3, "half a post")).unwrap();
        drafts.keep(&draft("a", 1, "half a")).unwrap();
        let texts = |drafts: &Drafts| drafts.all().into_iter().map(|draft| draft.text).collect::<Vec<_>>();
        assert_eq!(texts(&Drafts::new(Some(path.clone()))), ["half a post", "another"]);
        drafts.keep(&draft("a", 4, " ")).unwrap();
        drafts.forget("nobody").unwrap();
        assert_eq!(texts(&drafts), ["another"]);
        drafts.forget("b").unwrap();
        assert!(!path.exists() && drafts.all().is_empty());
        drafts.forget("b").unwrap();
    }

    #[test]
    fn what_was_kept_before_is_found_and_what_is_no_draft_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draft.json");
        std::fs::write(&path, r#"{"text": "the only one"}"#).unwrap();
        assert_eq!(Drafts::new(Some(path.clone())).all()[0].text, "the only one");
        std::fs::write(&path, "[{").unwrap();
        assert!(Drafts::new(Some(path)).all().is_empty());
        assert!(Drafts::new(None).keep(&draft("a", 1, "x")).is_ok());
    }
}
