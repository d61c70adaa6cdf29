//! What the terminal does for other programs: it is lent to the person's editor, and its clipboard takes text.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

use ratatui::crossterm::execute;

use super::Desk;
use crate::client::own_file;

/// Lends the terminal to the person's editor. None if the text was not saved. The outer error is a terminal that is gone,
/// the inner one an editor that could not be run.
pub fn edit(desk: &mut Desk, folder: &Path, text: &str) -> io::Result<io::Result<Option<String>>> {
    let editor = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok());
    let editor = editor.filter(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".into());
    let mut words = editor.split_whitespace();
    let Some(program) = words.next() else { return Ok(Ok(None)) };
    let scratch = match Scratch::write(folder, text) {
        Ok(scratch) => scratch,
        Err(error) => return Ok(Err(error)),
    };
    desk.keyboard.pause();
    desk.signals.lend(true);
    desk.screen.lend();
    let status = Command::new(program).args(words).arg(&scratch.0).status();
    desk.signals.lend(false);
    desk.screen.again()?;
    desk.keyboard.resume()?;
    let edited = || if status?.success() { fs::read_to_string(&scratch.0).map(Some) } else { Ok(None) };
    Ok(edited())
}

/// A file for its owner alone, gone when it is no longer needed.
struct Scratch(PathBuf);

impl Scratch {
    fn write(folder: &Path, text: &str) -> io::Result<Self> {
        let path = folder.join(format!("starling-post-{}.txt", std::process::id()));
        let mut file = own_file(&path)?;
        let scratch = Self(path);
        file.write_all(text.as_bytes())?;
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Hands text to the terminal's clipboard (OSC 52), if it takes it.
pub fn copy(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    execute!(out, crossterm::clipboard::CopyToClipboard::to_clipboard_from(text))?;
    out.flush()
}
