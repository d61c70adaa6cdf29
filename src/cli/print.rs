//! How posts look, for people and for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use starling::{clock, text::DisplayText};

use super::{
    Failure, Output,
    answer::{Account, Place, Status},
    layout,
    output::safe,
    poll,
};

/// What programs are given of a post. The text is the author's own, unchanged.
pub fn object(status: &Status) -> Value {
    let mut object = json!({
        "id": status.id,
        "author": status.account.id,
        "name": status.account.display_name,
        "text": text(status),
        "created_at": status.created_at,
        "kind": kind(status),
    });
    let mut add = |name: &str, value: Value| object[name] = value;
    if let Some(edited) = &status.edited_at {
        add("edited_at", json!(edited));
    }
    if let Some(parent) = &status.in_reply_to_id {
        add("in_reply_to", json!(parent));
    }
    if !status.spoiler_text.is_empty() {
        add("warning", json!(status.spoiler_text));
    }
    if let Some(language) = &status.language {
        add("language", json!(language));
    }
    if !matches!(status.starling.visibility.as_str(), "" | "public") {
        add("visibility", json!(status.starling.visibility));
    }
    if !status.media_attachments.is_empty() {
        add("media", json!(status.media_attachments));
    }
    if let Some(poll) = &status.poll {
        add("poll", json!(poll));
    }
    if let Some(boosted) = &status.reblog {
        add("boost", self::object(boosted));
    } else {
        add("likes", json!(status.favourites_count));
        add("boosts", json!(status.reblogs_count));
        add("replies", json!(status.replies_count));
    }
    object
}

fn text(status: &Status) -> &str {
    status.starling.source.as_deref().unwrap_or_default()
}

fn kind(status: &Status) -> &str {
    match status.starling.kind.as_str() {
        "" if status.reblog.is_some() => "boost",
        "" if status.in_reply_to_id.is_some() => "reply",
        "" => "post",
        kind => kind,
    }
}

/// A name, and the beginning of the id that nobody can choose.
pub fn name(output: &Output, account: &Account) -> String {
    let short = layout::short_author(&account.id);
    let name = safe(&account.display_name);
    let mut line = match name.trim() {
        // Those without a name are called by it.
        name if name.is_empty() || name == short => output.bold(short),
        name => format!("{} {}", output.bold(name), output.dim(short)),
    };
    if !account.starling.forked.is_empty() {
        line += &format!(" {}", output.warn("(forked)"));
    }
    if account.starling.retired {
        line += &output.dim(" (retired)");
    }
    line
}

/// What is behind a content warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warned {
    /// Stays there, and how to see it is said instead: nobody asked for this very post.
    Hidden,
    /// Is printed below the warning.
    Shown,
}

/// One post that was asked for, in full.
pub fn one(output: &Output, status: &Status) -> Result<(), Failure> {
    if output.json {
        return output.object(&object(status));
    }
    let lines = match &status.reblog {
        Some(boosted) => boost_card(output, &[&status.account], boosted, false, Warned::Shown),
        None => card(output, status, 0, Warned::Shown),
    };
    lines.iter().try_for_each(|line| output.line(line))
}

/// A list of posts: objects, or cards with boosts of one post folded into one.
pub fn list(output: &Output, statuses: &[Status]) -> Result<(), Failure> {
    if output.json {
        return statuses.iter().try_for_each(|status| output.object(&object(status)));
    }
    let mut boosters: BTreeMap<&str, Vec<&Account>> = BTreeMap::new();
    for status in statuses {
        if let Some(boosted) = &status.reblog {
            boosters.entry(&boosted.id).or_default().push(&status.account);
        }
    }
    let mut first = true;
    for status in statuses {
        let lines = match &status.reblog {
            // Taken out, so that the next boost of the same post prints nothing.
            Some(boosted) => match boosters.remove(boosted.id.as_str()) {
                Some(by) => {
                    let below = statuses.iter().any(|status| status.id == boosted.id);
                    boost_card(output, &by, boosted, below, Warned::Hidden)
                }
                None => continue,
            },
            None => card(output, status, 0, Warned::Hidden),
        };
        if !std::mem::take(&mut first) {
            output.line("")?;
        }
        lines.iter().try_for_each(|line| output.line(line))?;
    }
    Ok(())
}

/// `elsewhere`: the post stands in the same list. Once in full is enough, and its beginning says which it is.
fn boost_card(
    output: &Output,
    by: &[&Account],
    boosted: &Status,
    elsewhere: bool,
    warned: Warned,
) -> Vec<String> {
    let names: Vec<String> = by.iter().take(2).map(|account| name(output, account)).collect();
    let more = by.len().saturating_sub(2);
    let others = if more > 0 {
        format!(" and {}", layout::count(more as u64, "other", "others"))
    } else {
        String::new()
    };
    let who = format!("{}{others}", names.join(", "));
    if elsewhere {
        let id = output.dim(layout::short_entry(&boosted.id));
        let mut lines = vec![format!("{who} boosted {id} of {}", name(output, &boosted.account))];
        lines.extend(beginning(boosted, output.width.saturating_sub(4)).map(|line| format!("  {line}")));
        return lines;
    }
    let mut lines = vec![format!("{who} boosted:")];
    lines.extend(card(output, boosted, 1, warned));
    lines
}

/// The first line of a post, or of the warning that it is behind, and a sign that it goes on.
fn beginning(status: &Status, width: usize) -> Option<String> {
    let text = match status.spoiler_text.as_str() {
        "" => text(status).to_owned(),
        warning => format!("[{warning}]"),
    };
    let lines = layout::wrap(DisplayText::block(&text).as_str(), width);
    let mut lines = lines.into_iter().filter(|line| !line.is_empty());
    let first = lines.next()?;
    Some(if lines.next().is_some() { format!("{first} …") } else { first })
}

/// A post, `depth` steps to the right.
pub fn card(output: &Output, status: &Status, depth: usize, warned: Warned) -> Vec<String> {
    // Deep threads still need columns to be read in.
    let indent = "  ".repeat(depth.min(output.width / 8));
    let width = output.width.saturating_sub(indent.len() + 2).max(16);
    let mut head = format!(
        "{indent}{} · {} · {}",
        name(output, &status.account),
        layout::age(&status.created_at, clock::now()),
        output.dim(layout::short_entry(&status.id)),
    );
    if status.in_reply_to_id.is_some() && depth == 0 {
        head += " · reply";
    }
    if status.edited_at.is_some() {
        head += " · edited";
    }
    if !matches!(status.starling.visibility.as_str(), "" | "public") {
        head += &format!(" · {}", safe(&status.starling.visibility));
    }
    if status.starling.time_doubted {
        head += &format!(" · {}", output.warn("its clock is ahead"));
    }
    let mut lines = vec![head];
    let mut body = |text: &str| {
        let text = DisplayText::block(text);
        lines.extend(layout::wrap(text.as_str(), width).iter().map(|line| format!("{indent}  {line}")));
    };
    if !status.spoiler_text.is_empty() {
        body(&format!("[{}]", status.spoiler_text));
    }
    let something = !text(status).is_empty() || !status.media_attachments.is_empty() || status.poll.is_some();
    if warned == Warned::Hidden && something && !status.spoiler_text.is_empty() {
        body(&format!("… `starling show {}` shows it", layout::short_entry(&status.id)));
    } else {
        match text(status) {
            "" if status.starling.kind == "boost" => body("(the boosted post has not arrived yet)"),
            "" if !status.media_attachments.is_empty() => {}
            "" => body("(its text is not held here)"),
            text => body(text),
        }
        for file in &status.media_attachments {
            let what = if file.kind == "image" { "picture" } else { "file" };
            body(&match &file.description {
                Some(text) => format!("[{what}: {text}]"),
                None => format!("[{what}]"),
            });
        }
        if let Some(poll) = &status.poll {
            lines.extend(poll::lines(output, poll).iter().map(|line| format!("{indent}  {line}")));
        }
    }
    let counts = [
        (status.replies_count, "reply", "replies"),
        (status.reblogs_count, "boost", "boosts"),
        (status.favourites_count, "like", "likes"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| layout::count(*number, one, many))
        .collect();
    if !counts.is_empty() {
        lines.push(format!("{indent}  {}", output.dim(counts.join(" · "))));
    }
    lines
}

/// One place in a thread, whether its post is held or not.
pub fn place(output: &Output, place: &Place) -> Result<(), Failure> {
    if output.json {
        let mut line = match &place.status {
            Some(status) => object(status),
            None => json!({ "id": place.id, "author": place.author }),
        };
        line["depth"] = json!(place.depth);
        line["state"] = json!(place.state);
        return output.object(&line);
    }
    if let Some(status) = &place.status {
        let lines = card(output, status, place.depth, Warned::Hidden);
        return lines.iter().try_for_each(|line| output.line(line));
    }
    let indent = "  ".repeat(place.depth.min(output.width / 8));
    let what = if place.state == "deleted" { "deleted by its author" } else { "has not arrived here yet" };
    let id = place.id.as_deref().map(layout::short_entry).unwrap_or_default();
    let author = place.author.as_deref().map(layout::short_author).unwrap_or_default();
    output.line(format!("{indent}({id} of {author}: {what})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(id: &str, text: &str) -> Status {
        serde_json::from_value(json!({
            "id": id, "created_at": "2026-01-01T00:00:00.000Z",
            "account": {"id": "star1aaaaaaaaaaaa", "display_name": "Eve\u{202e}\u{1b}[31m"},
            "starling": {"kind": "post", "source": text},
        }))
        .unwrap()
    }

    #[test]
    fn a_strangers_text_cannot_reach_the_terminal() {
        let output = Output::new(false, starling::config::Color::Never);
        let mut evil = status("bafyr4iaaaaaaaaaaaaaaaa", "a\u{1b}]0;x\u{7}b\u{202e}c\r\nd");
        evil.spoiler_text = "\u{1b}[2J".into();
        let printed = card(&output, &evil, 0, Warned::Shown).join("\n");
        assert!(!printed.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{printed:?}");
        // Programs get what was signed.
        assert_eq!(object(&evil)["text"], "a\u{1b}]0;x\u{7}b\u{202e}c\r\nd");
    }

    #[test]
    fn a_boost_carries_the_post() {
        let mut boost = status("bafyr4ibbbbbbbbbbbbbbbb", "");
        boost.reblog = Some(Box::new(status("bafyr4iaaaaaaaaaaaaaaaa", "hello")));
        boost.starling.kind = "boost".into();
        let object = object(&boost);
        assert_eq!(object["boost"]["text"], "hello");
        assert_eq!(object["boost"]["author"], "star1aaaaaaaaaaaa");
        assert_eq!(
            (object["kind"].as_str(), object["id"].as_str()),
            (Some("boost"), Some("bafyr4ibbbbbbbbbbbbbbbb"))
        );
    }

    #[test]
    fn what_a_post_warns_of_is_shown_to_those_who_ask_for_it() {
        let output = Output::new(false, starling::config::Color::Never);
        let mut warned = status("bafyr4iaaaaaaaaaaaaaaaa", "the butler did it");
        warned.spoiler_text = "Film spoiler".into();
        warned.media_attachments =
            vec![serde_json::from_value(json!({ "description": "a butler" })).unwrap()];
        let hidden = card(&output, &warned, 0, Warned::Hidden).join("\n");
        assert!(!hidden.contains("butler"), "{hidden}");
        let how = "  [Film spoiler]\n  … `starling show bafyr4iaaaaaaaaaaa` shows it";
        assert!(hidden.ends_with(how), "{hidden}");
        let shown = card(&output, &warned, 0, Warned::Shown).join("\n");
        let all = "  [Film spoiler]\n  the butler did it\n  [file: a butler]";
        assert!(shown.ends_with(all), "{shown}");
        // Nor is it given away by somebody who boosts it.
        assert_eq!(beginning(&warned, 60).as_deref(), Some("[Film spoiler]"));
        assert_eq!(object(&warned)["text"], "the butler did it");
    }

    #[test]
    fn a_boost_of_a_post_of_the_same_list_says_which_it_is() {
        let output = Output::new(false, starling::config::Color::Never);
        let post = status("bafyr4iaaaaaaaaaaaaaaaa", "\nThe seeds are out.\n\nCome and see.");
        let lines = boost_card(&output, &[&post.account], &post, true, Warned::Hidden);
        assert_eq!(lines[1..], ["  The seeds are out. …"]);
    }

    #[test]
    fn deep_threads_stay_readable() {
        let output = Output::new(false, starling::config::Color::Never);
        let status = status("bafyr4iaaaaaaaaaaaaaaaa", &"word ".repeat(40));
        let lines = card(&output, &status, 1_000, Warned::Hidden);
        assert!(lines[1..].iter().all(|line| layout::columns(line) <= output.width));
    }
}
