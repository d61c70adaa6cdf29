//! A post with what it answers and what answers it.

use serde::Serialize;

use super::{Dresser, Status};
use crate::{
    store,
    view::{Thread, ThreadItem},
};

/// Mastodon's Context: it knows no gaps, so what is missing or deleted is left out.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Context {
    pub ancestors: Vec<Status>,
    pub descendants: Vec<Status>,
}

/// One place of Starling's own thread, where gaps are shown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Place {
    /// Steps below the first place shown.
    pub depth: usize,
    /// Whether this is the post that was asked for.
    pub focus: bool,
    /// `post`, `missing` or `deleted`.
    pub state: &'static str,
    pub id: String,
    pub author: String,
    /// The post, as Mastodon's entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub status: Option<Status>,
}

impl Dresser<'_> {
    /// A thread for Mastodon clients.
    pub(in crate::http) fn context(&self, thread: &Thread) -> Result<Context, store::Error> {
        let held = |item: &ThreadItem| match item {
            ThreadItem::Post(post) => Some(self.status(post)),
            ThreadItem::Missing(_) | ThreadItem::Deleted(_) => None,
        };
        Ok(Context {
            ancestors: thread.ancestors.iter().filter_map(held).collect::<Result<_, _>>()?,
            descendants: thread
                .descendants
                .iter()
                .filter_map(|(_, item)| held(item))
                .collect::<Result<_, _>>()?,
        })
    }

    /// A thread with its gaps.
    pub(in crate::http) fn thread(&self, thread: &Thread) -> Result<Vec<Place>, store::Error> {
        let above = thread.ancestors.len();
        let ancestors = thread.ancestors.iter().enumerate().map(|(depth, item)| (depth, false, item));
        let descendants = thread.descendants.iter().map(|(depth, item)| (above + depth, false, item));
        ancestors
            .chain([(above, true, &thread.post)])
            .chain(descendants)
            .map(|(depth, focus, item)| self.place(depth, focus, item))
            .collect()
    }

    fn place(&self, depth: usize, focus: bool, item: &ThreadItem) -> Result<Place, store::Error> {
        let (state, id, author, status) = match item {
            ThreadItem::Post(post) => {
                let author = post.author.author.map(|author| author.to_string());
                ("post", post.id, author.unwrap_or_default(), Some(self.status(post)?))
            }
            ThreadItem::Missing(link) => ("missing", link.id, link.author.to_string(), None),
            ThreadItem::Deleted(link) => ("deleted", link.id, link.author.to_string(), None),
        };
        Ok(Place { depth, focus, state, id: id.to_string(), author, status })
    }
}
