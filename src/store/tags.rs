//! Posts by the tags that they carry.
//!
//! A post stands under every tag that it or an edit of it names. Which of them it carries now is decided when it is
//! read: edits come in any order, and the one that holds may be taken back.

use std::collections::BTreeSet;

use starling_protocol::{EntryId, Verified, payload::Content};
use unicode_normalization::UnicodeNormalization;

use super::{Batch, Error, Taken, body, index::order_time};

/// A tag as it is compared: `#Straße`, `#STRASSE` stay two, `#Rust`, `#rust` and `#ｒｕｓｔ` are one.
pub fn folded(tag: &str) -> String {
    let lower: String = tag.nfkc().flat_map(char::to_lowercase).collect();
    // Lower case can come apart again: İ is i and a dot above.
    lower.nfkc().collect()
}

fn of(content: &Content) -> BTreeSet<String> {
    content.tags.iter().map(|tag| folded(tag)).collect()
}

impl Batch<'_> {
    /// The tags of a post, and of its edits that are here.
    fn tags_of(
        &mut self,
        post: &Verified,
        content: &Content,
        taken: Taken,
    ) -> Result<BTreeSet<String>, Error> {
        let mut tags = of(content);
        tags.append(&mut self.edited_tags(&post.id(), taken.author)?);
        Ok(tags)
    }

    /// Enters a post under its tags, and those of its edits that came before it.
    pub(super) fn tag_post(
        &mut self,
        post: &Verified,
        content: &Content,
        taken: Taken,
        time: u64,
    ) -> Result<(), Error> {
        for tag in self.tags_of(post, content, taken)? {
            self.tables.tagged.insert((tag.as_str(), time, taken.arrival), taken.author)?;
        }
        Ok(())
    }

    /// Takes a post out from under all its tags.
    pub(super) fn untag_post(
        &mut self,
        post: &Verified,
        content: &Content,
        taken: Taken,
        time: u64,
    ) -> Result<(), Error> {
        for tag in self.tags_of(post, content, taken)? {
            self.tables.tagged.remove((tag.as_str(), time, taken.arrival))?;
        }
        Ok(())
    }

    /// Enters an edited post under what the edit adds, if the post is here.
    pub(super) fn tag_edit(&mut self, post: &EntryId, edit: &Content, author: u32) -> Result<(), Error> {
        if edit.tags.is_empty() {
            return Ok(());
        }
        let Some((_, arrival, time)) = self.tagged_post(post, author)? else { return Ok(()) };
        for tag in of(edit) {
            self.tables.tagged.insert((tag.as_str(), time, arrival), author)?;
        }
        Ok(())
    }

    /// Takes an edited post out from under what only this edit named. The edit is in no index any more.
    pub(super) fn untag_edit(&mut self, post: &EntryId, edit: &Content, author: u32) -> Result<(), Error> {
        if edit.tags.is_empty() {
            return Ok(());
        }
        let Some((mut left, arrival, time)) = self.tagged_post(post, author)? else { return Ok(()) };
        left.append(&mut self.edited_tags(post, author)?);
        for tag in of(edit).difference(&left) {
            self.tables.tagged.remove((tag.as_str(), time, arrival))?;
        }
        Ok(())
    }

    /// The tags that edits of a post name.
    fn edited_tags(&mut self, post: &EntryId, author: u32) -> Result<BTreeSet<String>, Error> {
        let mut tags = BTreeSet::new();
        for arrival in self.edits(post, author)? {
            let Some((edit, _)) = self.entry(arrival)? else { continue };
            if let Some(content) = body(&edit).and_then(|body| body.content()) {
                tags.append(&mut of(content));
            }
        }
        Ok(tags)
    }

    /// The tags of a post of this author that is in the indexes, and where it stands.
    fn tagged_post(
        &mut self,
        post: &EntryId,
        author: u32,
    ) -> Result<Option<(BTreeSet<String>, u64, u64)>, Error> {
        let Some(arrival) = self.find(post)? else { return Ok(None) };
        let Some((entry, received)) = self.entry(arrival)? else { return Ok(None) };
        let time = order_time(entry.header().time, received);
        let stands = entry.id() == *post && self.tables.authored.get((author, time, arrival))?.is_some();
        let Some(content) = body(&entry).and_then(|body| body.content()).filter(|_| stands) else {
            return Ok(None);
        };
        Ok(Some((of(content), arrival, time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_tag_are_one() {
        for (tag, expected) in
            [("Rust", "rust"), ("ｒｕｓｔ", "rust"), ("Ñandú", "ñandú"), ("ΛΌΓΟΣ", "λόγοσ")]
        {
            assert_eq!(folded(tag), expected);
            assert_eq!(folded(&folded(tag)), folded(tag));
        }
        assert_eq!(folded("n\u{303}"), folded("ñ"));
        assert_ne!(folded("straße"), folded("strasse"));
    }
}
