//! Drafts on disk: one file for all of them, which is never half written. What in it cannot be read is put aside, never
//! written over: it may be all that is left of somebody's words.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::Value;

use crate::app::compose::Draft;

/// Drafts that are kept. Whoever begins more has let the oldest lie for long.
const KEPT: usize = 100;

/// The drafts of one reader. Threads that keep some at once wait for one another.
pub(super) struct Drafts {
    /// Nowhere, if there is no place: then nothing is kept.
    path: Mutex<Option<PathBuf>>,
}

/// What was read.
#[derive(Default)]
struct Read {
    drafts: Vec<Draft>,
    /// Where the file is now, if not all of it could be read.
    aside: Option<PathBuf>,
}

impl Drafts {
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path: Mutex::new(path) }
    }

    /// All of them, the newest first; and where the file was put if some of it cannot be read.
    pub fn all(&self) -> io::Result<(Vec<Draft>, Option<PathBuf>)> {
        let path = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = path.as_deref() else { return Ok(Default::default()) };
        let read = read(path)?;
        if read.aside.is_some() {
            write(path, &read.drafts)?;
        }
        Ok((read.drafts, read.aside))
    }

    /// Keeps a draft in place of the one with its key; one that is empty is forgotten. What was kept later stays: two
    /// threads may bring the same draft in the wrong order.
    pub fn keep(&self, draft: &Draft) -> io::Result<()> {
        let path = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = path.as_deref() else { return Ok(()) };
        let mut drafts = read(path)?.drafts;
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
        let mut drafts = read(path)?.drafts;
        drafts.retain(|held| held.key != key);
        write(path, &drafts)
    }
}

/// Reads what can be read. If that is not all, the file is put aside as it is, under a name of its own.
fn read(path: &Path) -> io::Result<Read> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Read::default()),
        read => read?,
    };
    let (mut drafts, whole) = match serde_json::from_slice(&bytes) {
        Ok(Value::Array(held)) => {
            let count = held.len();
            let drafts: Vec<Draft> =
                held.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect();
            let whole = drafts.len() == count;
            (drafts, whole)
        }
        // There was a time when it held one.
        Ok(one @ Value::Object(_)) => {
            serde_json::from_value(one).map_or((Vec::new(), false), |one| (vec![one], true))
        }
        _ => (Vec::new(), false),
    };
    drafts.sort_by_key(|draft| std::cmp::Reverse(draft.saved));
    let aside = if whole { None } else { Some(put_aside(path)?) };
    Ok(Read { drafts, aside })
}

/// Gives a file that cannot be read another name.
pub(super) fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = path.with_extension(format!("{}.bad", Timestamp::now().as_millisecond()));
    fs::rename(path, &aside)?;
    Ok(aside)
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

    fn texts(drafts: &Drafts) -> Vec<String> {
        drafts.all().unwrap().0.into_iter().map(|draft| draft.text).collect()
    }

    #[test]
    fn drafts_survive_and_the_later_word_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draft.json");
        let drafts = Drafts::new(Some(path.clone()));
        assert!(texts(&drafts).is_empty());
        drafts.keep(&draft("a", 1, "half a")).unwrap();
        // For its owner alone, and nothing beside it.
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions()) & 0o777,
            0o600
        );
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        drafts.keep(&draft("b", 2, "another")).unwrap();
        drafts.keep(&draft("a", 3, "half a post")).unwrap();
        drafts.keep(&draft("a", 1, "half a")).unwrap();
        assert_eq!(texts(&Drafts::new(Some(path.clone()))), ["half a post", "another"]);
        drafts.keep(&draft("a", 4, " ")).unwrap();
        drafts.forget("nobody").unwrap();
        assert_eq!(texts(&drafts), ["another"]);
        drafts.forget("b").unwrap();
        assert!(!path.exists() && texts(&drafts).is_empty());
        drafts.forget("b").unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_put_aside_and_the_rest_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draft.json");
        std::fs::write(&path, r#"{"text": "the only one"}"#).unwrap();
        assert_eq!(texts(&Drafts::new(Some(path.clone()))), ["the only one"]);
        for (bytes, found) in [("[{", &[][..]), (r#"[{"text": 7}, {"text": "good"}]"#, &["good"])] {
            std::fs::write(&path, bytes).unwrap();
            let drafts = Drafts::new(Some(path.clone()));
            let (read, aside) = drafts.all().unwrap();
            assert_eq!(read.iter().map(|draft| &*draft.text).collect::<Vec<_>>(), found);
            let aside = aside.expect("put aside");
            assert_eq!(std::fs::read_to_string(&aside).unwrap(), bytes);
            std::fs::remove_file(aside).unwrap();
            // Said once.
            assert!(drafts.all().unwrap().1.is_none());
            assert_eq!(texts(&drafts), found);
        }
        assert!(Drafts::new(None).keep(&draft("a", 1, "x")).is_ok());
        // A file that is there and cannot be read at all is no reason to write over it.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let drafts = Drafts::new(Some(path));
        assert!(drafts.all().is_err() && drafts.keep(&draft("a", 1, "x")).is_err());
    }
}
