//! The first run in the terminal, and then the UI in the same one.

use std::io;

use super::{Desk, Options, shown};
use crate::{
    first::{Chosen, First, Newcomer, Next, Step, view},
    msg::{Leave, Msg},
};

/// How a first run ended.
pub enum Began {
    /// The newcomer left before anything was made.
    Left(Option<Leave>),
    /// All was made and the UI was open; why it ended, if it was not the person who left.
    Opened(Option<Leave>),
}

/// Asks a newcomer what has to be asked, has it made by `make`, and opens the UI on it.
///
/// # Errors
/// If there is no terminal, or it goes away.
pub fn begin(
    from: Newcomer<'_>,
    make: &mut dyn FnMut(&Chosen) -> Result<Options, String>,
) -> io::Result<Began> {
    let mut desk = Desk::open()?;
    let mut first = First::new(from, desk.screen.size()?);
    loop {
        desk.screen.draw(|frame| view::draw(&first, frame))?;
        let Ok(msg) = desk.incoming.recv() else { return Ok(Began::Left(None)) };
        let msg = match msg {
            Msg::Leave(why) => return Ok(Began::Left(Some(why))),
            Msg::Suspend => desk.suspend()?,
            Msg::Woken => desk.wake()?,
            msg => msg,
        };
        match first.update(msg) {
            Next::Stay => {}
            Next::Leave => return Ok(Began::Left(None)),
            Next::Make(chosen) => {
                debug_assert_eq!(first.step, Step::Making);
                desk.screen.draw(|frame| view::draw(&first, frame))?;
                match make(&chosen) {
                    Ok(options) => {
                        let greeting = first.from.words.say("first-done").into_owned();
                        return shown(desk, options, Some(greeting), crate::view::draw).map(Began::Opened);
                    }
                    Err(why) => first.failed(why),
                }
            }
        }
    }
}
