//! Changing what the person keeps for themselves: read, decide, keep, one program after the other.
//!
//! Most such wishes depend on what is kept already (a number that is free, a limit, a list that must be there). Two
//! programs that decide at once would write over each other, so they wait for one another here; readers do not.

use std::future::Future;

use starling_protocol::payload::Profile;

use super::{App, error::Error};
use crate::{
    engine::Command,
    store::{Reader, kept::Change},
};

impl App {
    /// Reads and decides what is to be kept, and answers once that is on disk.
    pub(super) async fn keep<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<(Vec<Change>, R), Error> + Send + 'static,
    ) -> Result<R, Error> {
        let app = self.clone();
        whole(async move {
            let _alone = app.0.keeping.lock().await;
            let (changes, result) = app.read(work).await?;
            if !changes.is_empty() {
                app.command(Command::Keep(changes)).await?;
            }
            Ok(result)
        })
        .await
    }

    /// The same for who the author is, which is an entry of theirs. What stays as it is is not signed again.
    pub(super) async fn change_profile<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Profile) -> R + Send + 'static,
    ) -> Result<R, Error> {
        let app = self.clone();
        whole(async move {
            let _alone = app.0.keeping.lock().await;
            let me = app.node().author();
            let read = app.read(move |reader| {
                let before = reader.account(&me)?.map(|account| account.profile).unwrap_or_default();
                let mut profile = before.clone();
                let result = change(&mut profile);
                Ok((Some(profile).filter(|profile| *profile != before), result))
            });
            let (profile, result) = read.await?;
            if let Some(profile) = profile {
                app.command(Command::SetProfile(Box::new(profile))).await?;
            }
            Ok(result)
        })
        .await
    }
}

/// Does all of it, also if whoever asked goes away in the middle: what was decided is written before the next one
/// decides.
async fn whole<R: Send + 'static>(
    work: impl Future<Output = Result<R, Error>> + Send + 'static,
) -> Result<R, Error> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|error| Err(Error::Internal(error.to_string())))
}
