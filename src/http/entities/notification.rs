//! Something that concerns this person, alone or with others of its kind.

use serde::Serialize;

use super::{Account, Dresser, Status, time::time};
use crate::{
    clock,
    store::{
        self,
        kept::{
            filters::Place,
            notification::{Kind, Notification as Row},
        },
    },
    view,
};

/// What happens to one thing within this time is one group.
const GROUP_MS: u64 = 12 * 60 * 60 * 1000;

/// Mastodon's Notification.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Notification {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub group_key: String,
    pub created_at: String,
    pub account: Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub filtered: bool,
}

/// Whether others of this kind about the same thing are shown with it.
pub(in crate::http) fn is_grouped(kind: Kind) -> bool {
    matches!(kind, Kind::Favourite | Kind::Reblog | Kind::Follow)
}

/// What a notification shares with others of its group.
pub(in crate::http) fn group_key(number: u64, row: &Row, grouped: bool) -> String {
    let (word, span) = (row.kind.word(), row.at / GROUP_MS);
    match row.post {
        _ if !grouped => format!("ungrouped-{number}"),
        Some(post) => format!("{word}-{post}-{span}"),
        None => format!("{word}-{span}"),
    }
}

impl Dresser<'_> {
    /// Who did what is told; none if nothing of them is shown any more.
    pub(in crate::http) fn actor(&self, row: &Row) -> Result<Option<view::Account>, store::Error> {
        let Some(reader) = self.reader else { return Ok(None) };
        Ok(reader.account(&row.from)?.filter(|account| !account.blocked))
    }

    /// The post that is shown with it; none if there is none, or not any more.
    pub(in crate::http) fn subject(&self, row: &Row) -> Result<Option<Status>, store::Error> {
        let (Some(reader), Some(id)) = (self.reader, &row.post) else { return Ok(None) };
        let own = reader.own(clock::now())?;
        let post = reader.post(id)?.filter(|post| !own.hides(post, Place::Notifications));
        post.map(|post| self.status(&post)).transpose()
    }

    /// A notification; none if what it is about is not shown any more.
    pub(in crate::http) fn notification(
        &self,
        number: u64,
        row: &Row,
    ) -> Result<Option<Notification>, store::Error> {
        let Some(account) = self.actor(row)? else { return Ok(None) };
        let status = self.subject(row)?;
        if row.post.is_some() && status.is_none() {
            return Ok(None);
        }
        Ok(Some(Notification {
            id: number.to_string(),
            kind: row.kind.word(),
            group_key: group_key(number, row, is_grouped(row.kind)),
            created_at: time(row.at),
            account: self.account(&account),
            status,
            filtered: row.filtered,
        }))
    }
}
