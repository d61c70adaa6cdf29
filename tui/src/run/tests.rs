//! What only this crate can bring about: a UI that panics. It runs in a terminal of its own, as this same test in another
//! process.
#![cfg(unix)]

use std::{
    env,
    io::{Read, Write},
    path::Path,
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::termios::{LocalModes, tcgetattr};

use super::*;
use crate::{app, client::fake};

/// Tells the other process that it is the one that panics, and where it keeps drafts.
const FOLDER: &str = "STARLING_PANICS_IN";

/// Draws until a post is written that says so.
fn falls(app: &App, frame: &mut Frame<'_>) {
    if let Some(app::Screen::Compose(form)) = app.stack.last() {
        assert!(form.draft().text != "boom", "the UI fell");
    }
    view::draw(app, frame);
}

fn be_the_one_that_panics(folder: &Path) {
    let (base, _) = fake::serve(|_, _| serde_json::json!({ "error": "not here" }));
    let drafts = Some(folder.join("draft.json"));
    let options = Options {
        server: Server { base, token: "t".into(), drafts, again: None },
        theme: Theme::new(true, false),
        keys: Keys::default(),
        bidi: Bidi::Here,
        words: Words::default(),
        pictures: None,
        scratch: folder.to_owned(),
    };
    let _ = shown(Desk::open().unwrap(), options, None, falls);
}

#[test]
fn a_panic_gives_the_terminal_back_and_keeps_what_was_typed() {
    if let Some(folder) = env::var_os(FOLDER) {
        return be_the_one_that_panics(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let size = |cells| std::num::NonZero::new(cells).unwrap();
    let window = PtySize { rows: 24, cols: 80, ..PtySize::default() };
    let pty = native_pty_system().openpty(window).unwrap();
    let terminal = std::fs::File::open(pty.master.tty_name().unwrap()).unwrap();
    let before = tcgetattr(&terminal).unwrap();
    assert!(before.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO));
    let mut command = CommandBuilder::new(env::current_exe().unwrap());
    let name = "run::tests::a_panic_gives_the_terminal_back_and_keeps_what_was_typed";
    command.args(["--exact", name, "--nocapture"]);
    command.env(FOLDER, folder.path());
    command.env("RUST_BACKTRACE", "0");
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let (mut reader, mut writer) =
        (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let (mut screen, mut all, mut typed) = (vt100::Parser::new(size(24), size(80), 0), Vec::new(), false);
    let mut some = [0; 4096];
    // An error is a terminal that nobody has open any more: ours, above, keeps it open until the child is gone.
    loop {
        let count = reader.read(&mut some).unwrap_or(0);
        all.extend_from_slice(&some[..count]);
        screen.process(&some[..count]);
        if !typed && screen.screen().alternate_screen() && !screen.screen().contents().trim().is_empty() {
            assert!(!tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ICANON));
            writer.write_all(b"cboom").unwrap();
            typed = true;
        }
        if count == 0 || screen.screen().contents().contains("test result: FAILED") {
            break;
        }
    }
    assert!(!child.wait().unwrap().success());
    let shown = screen.screen().contents();
    assert!(typed && shown.contains("the UI fell"), "{shown}");
    assert!(!screen.screen().alternate_screen() && !screen.screen().hide_cursor(), "{shown}");
    assert_eq!(tcgetattr(&terminal).unwrap().local_modes, before.local_modes);
    // It is told where it can be read: after the last thing that the UI drew.
    let all = String::from_utf8_lossy(&all);
    assert!(all.rfind("the UI fell") > all.rfind("\u{1b}[?1049l"), "{all:?}");
    let kept = std::fs::read_to_string(folder.path().join("draft.json")).unwrap();
    assert!(kept.contains("boom"), "{kept}");
}
