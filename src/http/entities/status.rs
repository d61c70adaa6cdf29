//! A post, reply or boost.

use serde::Serialize;
use serde_json::{Value, json};
use starling_protocol::{
    AuthorId, EntryId,
    payload::{Content, Link, Visibility},
};

use super::{Account, Dresser, FilterResult, account, media::MediaAttachment, time::time};
use crate::{
    clock,
    http::html,
    runtime::Delivery,
    store::{self, tags::folded},
    view::{Post, PostBody},
};

/// Quotes of quotes that are shown inside each other; the next is named by its id.
const QUOTES: usize = 1;

/// Mastodon's Status.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Status {
    pub id: String,
    pub uri: String,
    pub url: Option<String>,
    pub created_at: String,
    pub edited_at: Option<String>,
    pub account: Account,
    pub content: String,
    /// Never `local`: clients decode four words. See `local_only` and `starling.visibility`.
    pub visibility: &'static str,
    pub local_only: bool,
    pub sensitive: bool,
    pub spoiler_text: String,
    pub media_attachments: Vec<MediaAttachment>,
    pub application: Option<Value>,
    pub mentions: Vec<Value>,
    pub tags: Vec<Value>,
    pub emojis: [Value; 0],
    pub reblogs_count: u64,
    pub favourites_count: u64,
    pub replies_count: u64,
    pub quotes_count: u64,
    pub in_reply_to_id: Option<String>,
    pub in_reply_to_account_id: Option<String>,
    pub reblog: Option<Box<Status>>,
    pub quote: Option<Value>,
    pub poll: Option<Value>,
    pub card: Option<Value>,
    pub language: Option<String>,
    /// Plain text, as Mastodon gives it where a post is written again.
    pub text: Option<String>,
    pub favourited: bool,
    pub reblogged: bool,
    pub muted: bool,
    pub bookmarked: bool,
    pub pinned: bool,
    pub filtered: Vec<FilterResult>,
    pub starling: Extra,
}

/// What only Starling says of a post.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Extra {
    pub entry: String,
    pub author: Option<String>,
    pub device: String,
    /// `post`, `reply`, `boost`, the name of an unknown kind, or `absent`.
    pub kind: String,
    /// What the author claims; `created_at` is when it arrived if the claim is doubted.
    pub claimed_at: String,
    pub received_at: String,
    pub time_doubted: bool,
    /// Plain text, the author's own characters.
    pub source: String,
    pub visibility: &'static str,
    /// For a reply: the post that began the thread.
    pub root: Option<Reference>,
    /// For a boost: what is passed on, whether or not it is held.
    pub of: Option<Reference>,
    /// For a quote: what is quoted, whether or not it is held.
    pub quotes: Option<Reference>,
    /// Where an own post is that was written since the node was started, in answers about that post alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
}

/// Another entry and whose it is.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Reference {
    pub author: String,
    pub entry: String,
}

impl From<&Link> for Reference {
    fn from(link: &Link) -> Self {
        Self { author: link.author.to_string(), entry: link.id.to_string() }
    }
}

impl Dresser<'_> {
    /// A post as a status.
    pub(in crate::http) fn status(&self, post: &Post) -> Result<Status, store::Error> {
        self.status_with(post, QUOTES)
    }

    /// Posts as statuses.
    pub(in crate::http) fn statuses(&self, posts: &[Post]) -> Result<Vec<Status>, store::Error> {
        posts.iter().map(|post| self.status(post)).collect()
    }

    fn status_with(&self, post: &Post, quotes: usize) -> Result<Status, store::Error> {
        let mut status = self.bare(post);
        self.mine(&mut status, post)?;
        match &post.body {
            PostBody::Content { content, reply } => {
                self.fill(&mut status, content);
                status.quote = content.quote.map(|link| self.quote(&link, quotes)).transpose()?;
                status.starling.kind = if reply.is_some() { "reply" } else { "post" }.into();
                if let Some((root, parent)) = reply {
                    status.in_reply_to_id = Some(parent.id.to_string());
                    status.in_reply_to_account_id = Some(parent.author.to_string());
                    status.starling.root = Some(root.into());
                }
            }
            PostBody::Boost { of, post } => {
                status.starling.kind = "boost".into();
                status.starling.of = Some(of.into());
                match post {
                    Some(post) => {
                        let boosted = self.status_with(post, quotes)?;
                        status.visibility = boosted.visibility;
                        (status.bookmarked, status.pinned) = (boosted.bookmarked, boosted.pinned);
                        status.muted |= boosted.muted;
                        status.reblog = Some(Box::new(boosted));
                    }
                    None => status.content = html::paragraphs("[a boost of a post that is not here yet]"),
                }
            }
            PostBody::Unknown { kind, fallback } => {
                status.starling.kind = kind.clone();
                status.starling.source = fallback.clone().unwrap_or_default();
                let unknown = || format!("[this version does not know entries of the kind {kind}]");
                status.content = html::paragraphs(&fallback.clone().unwrap_or_else(unknown));
            }
            PostBody::Absent => {
                status.starling.kind = "absent".into();
                status.content = html::paragraphs("[the text has not arrived yet]");
            }
        }
        Ok(status)
    }

    /// What this person keeps of a post for themselves.
    fn mine(&self, status: &mut Status, post: &Post) -> Result<(), store::Error> {
        let Some(reader) = self.reader else { return Ok(()) };
        let now = clock::now();
        let own = reader.own(now)?;
        status.bookmarked = reader.is_bookmarked(&post.id, now)?;
        status.muted = reader.is_thread_muted(post, now)?;
        status.pinned = own.pinned(&post.id);
        status.filtered = own.matches(post).iter().map(FilterResult::from).collect();
        Ok(())
    }

    /// What every kind has.
    fn bare(&self, post: &Post) -> Status {
        let id = post.id.to_string();
        let shown_at = if post.time_doubted { post.received_at } else { post.claimed_at };
        Status {
            uri: uri(&post.id),
            url: post.author.author.map(|author| self.url(&author, &post.id)),
            created_at: time(shown_at),
            edited_at: post.edited_at.map(time),
            account: self.account(&post.author),
            content: String::new(),
            visibility: "public",
            local_only: false,
            sensitive: false,
            spoiler_text: String::new(),
            media_attachments: Vec::new(),
            application: None,
            mentions: Vec::new(),
            tags: Vec::new(),
            emojis: [],
            reblogs_count: post.boosts,
            favourites_count: post.likes,
            replies_count: post.replies,
            quotes_count: 0,
            in_reply_to_id: None,
            in_reply_to_account_id: None,
            reblog: None,
            quote: None,
            poll: post.poll.as_deref().map(|(poll, tally)| self.poll(post, poll, tally)),
            card: None,
            language: None,
            text: None,
            favourited: post.liked,
            reblogged: post.boosted,
            muted: false,
            bookmarked: false,
            pinned: false,
            filtered: Vec::new(),
            starling: Extra {
                entry: id.clone(),
                author: post.author.author.map(|author| author.to_string()),
                device: post.device.to_string(),
                kind: String::new(),
                claimed_at: time(post.claimed_at),
                received_at: time(post.received_at),
                time_doubted: post.time_doubted,
                source: String::new(),
                visibility: "public",
                root: None,
                of: None,
                quotes: None,
                delivery: None,
            },
            id,
        }
    }

    /// A text as HTML, with links to what it names.
    pub(in crate::http) fn html(&self, content: &Content) -> String {
        html::linked(&content.text, &Named { dresser: self, content })
    }

    /// Mastodon's Status::Mention, and what the person is called, if that is known.
    fn mention(&self, author: &AuthorId) -> Value {
        let id = author.to_string();
        json!({
            "id": id,
            "username": id,
            "acct": id,
            "url": self.account_url(author),
            "starling": { "name": self.name_of(author) },
        })
    }

    /// What somebody is called, or the beginning of their id.
    fn name_of(&self, author: &AuthorId) -> String {
        let name = self.reader.and_then(|reader| account::called(reader, author).ok());
        name.unwrap_or_else(|| account::short(author))
    }

    /// Where a post is shown to people.
    fn url(&self, author: &AuthorId, id: &EntryId) -> String {
        format!("{}/{id}", self.account_url(author))
    }

    fn fill(&self, status: &mut Status, content: &Content) {
        let (visibility, ours) = match content.visibility {
            Visibility::Public => ("public", "public"),
            Visibility::Unlisted => ("unlisted", "unlisted"),
            Visibility::Local => ("unlisted", "local"),
        };
        status.content = self.html(content);
        status.visibility = visibility;
        status.local_only = content.visibility == Visibility::Local;
        status.sensitive = content.warning.is_some() || content.sensitive();
        status.spoiler_text = content.warning.clone().unwrap_or_default();
        status.media_attachments = self.attachments(content);
        status.mentions = content.mentions.iter().map(|author| self.mention(author)).collect();
        let tag = |name: &String| json!({ "name": name, "url": self.tag_url(name) });
        status.tags = content.tags.iter().map(tag).collect();
        status.language = content.language.clone();
        status.starling.source = content.text.clone();
        status.starling.visibility = ours;
        status.starling.quotes = content.quote.as_ref().map(Reference::from);
    }

    /// Mastodon's Quote, or its ShallowQuote below the depth that is shown.
    fn quote(&self, link: &Link, depth: usize) -> Result<Value, store::Error> {
        let held = self.quoted(&link.id)?.filter(|post| post.author.author == Some(link.author));
        Ok(match held {
            Some(post) if depth > 0 => {
                let quoted = self.status_with(&post, depth - 1)?;
                json!({ "state": "accepted", "quoted_status": quoted })
            }
            Some(post) => json!({ "state": "accepted", "quoted_status_id": post.id.to_string() }),
            None => json!({ "state": "pending", "quoted_status": null }),
        })
    }
}

/// What a post names.
struct Named<'a> {
    dresser: &'a Dresser<'a>,
    content: &'a Content,
}

impl html::links::Leads for Named<'_> {
    fn tag(&self, name: &str) -> Option<String> {
        let wanted = folded(name);
        let named = self.content.tags.iter().any(|tag| folded(tag) == wanted);
        named.then(|| self.dresser.tag_url(name))
    }

    fn person(&self, id: &str) -> Option<(String, String)> {
        let author = id.parse().ok().filter(|author| self.content.mentions.contains(author))?;
        Some((self.dresser.account_url(&author), self.dresser.name_of(&author)))
    }
}

/// Where an entry is, for programs that follow links.
fn uri(id: &EntryId) -> String {
    format!("starling:{id}")
}
