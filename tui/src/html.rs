//! The HTML of strangers as plain text.
//!
//! Its tokens are read one after the other, and no tree is built of them: how deep tags are nested, how many are never
//! closed and how many columns a cell says that it spans changes nothing. The tokenizer compares each attribute of a tag
//! with all before it, so a tag that is far too long ends the reading. What is left is the work of the bytes that are read,
//! and the text is at most a few times as long as they are.

use std::{
    cell::{Cell, RefCell},
    iter::repeat_n,
    mem,
};

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::RawKind,
    },
};
use unicode_width::UnicodeWidthChar;

/// Bytes of a tag at most: an address of the longest kind that servers take, and what else there is in a tag.
const TAG_BYTES: usize = 16 * 1024;
/// Bytes that the tokenizer is given at once: so much longer may a tag be before that is noticed.
const PIECE_BYTES: usize = 1024;
/// What each line begins with for each of the quotations that it is within, and for how many of them.
const QUOTED: &str = "> ";
const QUOTATIONS: usize = 3;
/// Lists within each other of which each goes on counting where it was.
const LISTS: usize = 16;
/// Ends of lines around a paragraph: an empty line stands between two of them.
const PARAGRAPH: usize = 2;
/// What crosses a letter out.
const STROKE: char = '\u{336}';

/// What HTML says, as text. Lines end where its author ended them.
pub fn text(html: &str) -> String {
    let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    let (mut rest, mut unread) = (html, 0);
    while !rest.is_empty() && unread <= TAG_BYTES {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        input.push_back(StrTendril::from(piece));
        // The reader stops for nothing, so that this ends with the piece.
        let _ = tokenizer.feed(&input);
        unread = if tokenizer.sink.read.take() { 0 } else { unread + piece.len() };
        rest = after;
    }
    tokenizer.end();
    let mut page = tokenizer.sink.page.into_inner();
    if !rest.is_empty() {
        page.put('…');
    }
    page.text
}

/// What was read so far.
#[derive(Default)]
struct Page {
    text: String,
    /// Ends of lines that are due before whatever comes next.
    ends: usize,
    /// Whether a space is.
    space: bool,
    /// What the item of a list that is due begins with.
    mark: Option<String>,
    /// How many quotations are open, and how many of them the last line shows.
    quotations: usize,
    shown: usize,
    /// How many are open that stand within a line.
    sayings: usize,
    /// How many lists are open, and the next number of each of them that counts.
    lists: usize,
    numbers: Vec<Option<i32>>,
    /// How many tags are open in which white space counts.
    kept: usize,
    /// How many are open that cross out what is in them.
    struck: usize,
    /// Whether figures stand above the line.
    raised: bool,
    /// Whether this is no text: a script, a style.
    hidden: bool,
    /// Whether a tag was just opened after which the end of a line does not count.
    opened: bool,
}

#[derive(Default)]
struct Reader {
    page: RefCell<Page>,
    /// Whether something was read since this was last asked.
    read: Cell<bool>,
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.page.borrow_mut();
        // What is wrong in a tag is told before its end.
        if !matches!(token, Token::ParseError(_)) {
            self.read.set(true);
        }
        match token {
            Token::TagToken(tag) => return page.tag(&tag),
            Token::CharacterTokens(text) if !page.hidden => page.say(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Page {
    /// A tag: what it does to the lines, and how what is in it is to be read.
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let starts = tag.kind == TagKind::StartTag;
        // What is hidden has no tags in it: this one is its end.
        (self.hidden, self.opened) = (false, false);
        match &*tag.name {
            "br" => self.ends += 1,
            "p" | "pre" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dl" | "table" => {
                self.end_lines(PARAGRAPH);
            }
            "blockquote" => {
                self.end_lines(PARAGRAPH);
                count(&mut self.quotations, starts);
            }
            "ol" | "ul" => {
                self.end_lines(1);
                self.list(tag, starts);
            }
            "li" => {
                self.end_lines(1);
                self.mark = starts.then(|| self.item(tag));
            }
            "address" | "article" | "aside" | "caption" | "center" | "dd" | "details" | "div" | "dt"
            | "fieldset" | "figcaption" | "figure" | "footer" | "form" | "header" | "hr" | "main" | "nav"
            | "option" | "section" | "summary" | "tr" => self.end_lines(1),
            // Cells of a row stand in its line.
            "td" | "th" => self.space = true,
            "s" | "del" | "strike" => count(&mut self.struck, starts),
            "sup" => self.raised = starts,
            "q" if starts || self.sayings > 0 => {
                count(&mut self.sayings, starts);
                self.put(if starts { '“' } else { '”' });
            }
            "img" if starts => {
                if let Some(alt) = attribute(tag, "alt") {
                    self.say(alt);
                }
            }
            _ => {}
        }
        if &*tag.name == "pre" {
            count(&mut self.kept, starts);
            self.opened = starts;
        }
        if !starts {
            return TokenSinkResult::Continue;
        }
        let (hidden, kind) = match &*tag.name {
            "script" => (true, RawKind::ScriptData),
            "style" | "iframe" | "noembed" | "noframes" => (true, RawKind::Rawtext),
            "title" => (true, RawKind::Rcdata),
            "textarea" => (false, RawKind::Rcdata),
            "xmp" => (false, RawKind::Rawtext),
            "plaintext" => return TokenSinkResult::Plaintext,
            _ => return TokenSinkResult::Continue,
        };
        self.hidden = hidden;
        TokenSinkResult::RawData(kind)
    }

    /// A list begins or ends.
    fn list(&mut self, tag: &Tag, starts: bool) {
        count(&mut self.lists, starts);
        if !starts {
            // An item that says nothing has no line.
            self.mark = None;
            self.numbers.truncate(self.lists);
        } else if self.lists <= LISTS {
            let first = number(tag, "start").unwrap_or(1);
            self.numbers.push((&*tag.name == "ol").then_some(first));
        }
    }

    /// What the next item of the innermost list begins with.
    fn item(&mut self, tag: &Tag) -> String {
        // The innermost of too many has no numbers.
        let counts = self.numbers.last_mut().filter(|_| self.lists <= LISTS);
        match counts.and_then(Option::as_mut) {
            Some(next) => {
                let own = number(tag, "value").unwrap_or(*next);
                *next = own.saturating_add(1);
                format!("{own}. ")
            }
            None => "• ".to_owned(),
        }
    }

    /// At least so many lines end here.
    fn end_lines(&mut self, ends: usize) {
        self.ends = self.ends.max(ends);
        // Figures that stand above a line are of that line.
        self.raised = false;
    }

    fn say(&mut self, text: &str) {
        let text = match mem::take(&mut self.opened) {
            true => text.strip_prefix('\n').unwrap_or(text),
            false => text,
        };
        for c in text.chars() {
            match c {
                '\n' if self.kept > 0 => self.ends += 1,
                c if c.is_ascii_whitespace() && self.kept == 0 => self.space = true,
                c => self.put(c),
            }
        }
    }

    fn put(&mut self, c: char) {
        let (ends, space) = (mem::take(&mut self.ends), mem::take(&mut self.space));
        let quotations = self.quotations.min(QUOTATIONS);
        let before = mem::replace(&mut self.shown, quotations);
        let first = self.text.is_empty();
        // No end of a line is due before the first of it.
        for left in (0..ends).rev().filter(|_| !first) {
            self.text.push('\n');
            // An empty line is within what both lines around it are within.
            let within = if left > 0 { before.min(quotations) } else { quotations };
            self.text.extend(repeat_n(QUOTED, within));
        }
        if first {
            self.text.extend(repeat_n(QUOTED, quotations));
        } else if ends == 0 && space {
            self.text.push(' ');
        }
        self.text.extend(self.mark.take());
        self.text.push(if self.raised { raised(c) } else { c });
        if self.struck > 0 && !c.is_whitespace() && c.width().is_some_and(|cells| cells > 0) {
            self.text.push(STROKE);
        }
    }
}

/// What a tag says of this.
fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    let attribute = tag.attrs.iter().find(|attribute| &*attribute.name.local == name)?;
    Some(&attribute.value)
}

/// A number that a tag says.
fn number(tag: &Tag, name: &str) -> Option<i32> {
    attribute(tag, name)?.trim().parse().ok()
}

/// One more is open, or one less.
fn count(open: &mut usize, starts: bool) {
    *open = if starts { *open + 1 } else { open.saturating_sub(1) };
}

/// A figure as it stands above the line.
fn raised(c: char) -> char {
    match c {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_lines() {
        for (html, read) in [
            ("<p>a &amp; <b>b</b></p><p>c<br>d</p>", "a & b\n\nc\nd"),
            ("a <br>\n b<br><br>c<br></p>", "a\nb\n\nc"),
            ("<p>x:</p><ul><li>a</li>\n<li>b <i>c</i></li></ul><p>y</p>", "x:\n\n• a\n• b c\n\ny"),
            ("<ul><li>a<ol><li>b<li>c</ol><li>d</ul><li>e", "• a\n1. b\n2. c\n• d\n• e"),
            ("<ol start=\" 7\"><li><p>a</p><p>b</p></li><li>c</li></ol>", "7. a\n\nb\n\n8. c"),
            ("<ol><li></li><li value=5>a</li><li>b<li></ol>c<ol start=x><li>d", "5. a\n6. b\nc\n1. d"),
            ("<h1>a</h1><blockquote><p>b</p></blockquote>c", "a\n\n> b\n\nc"),
            ("<blockquote><p>a<br>b</p><p>c</p></blockquote>", "> a\n> b\n> \n> c"),
            ("<blockquote>a<blockquote><ul><li>b</ul></blockquote>c", "> a\n> \n> > • b\n> \n> c"),
            ("<blockquote><pre>a\n\n b</pre></blockquote><br>c", "> a\n> \n>  b\n\n\nc"),
            ("a <q>b <q>c</q></q> d</q>", "a “b “c”” d"),
            ("<div>a</div><div>b</div>", "a\nb"),
            ("<table><tr><td>a<td>b<tr><th>c</th><th>d</th></table>e", "a b\nc d\n\ne"),
            ("<p><span class=\"invisible\">https://</span><span>a.example</span></p>", "https://a.example"),
            ("a<img src=\"/x\" alt=\":cat:\">b<img src=\"/y\"><img alt=\"\">", "a:cat:b"),
            ("x<sup>12</sup>3, <sup>4<p>5", "x¹²3, ⁴\n\n5"),
            ("<s>ab</s> <del>c</del>d", "a\u{336}b\u{336} c\u{336}d"),
            ("<p>a</p><pre>\n  b\n\n c  d</pre>e  f", "a\n\n  b\n\n c  d\n\ne f"),
            ("&lt;b&gt; &#x41;&nbsp;&nosuch; &", "<b> A\u{a0}&nosuch; &"),
            ("\n <p> a\tb </p> ", "a b"),
            ("", ""),
        ] {
            assert_eq!(text(html), read, "{html}");
        }
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        for (html, read) in [
            ("a<script>b<p></b></script>c", "ac"),
            ("a<style>b</style><!-- c --><iframe><b></iframe>d", "ad"),
            ("<!doctype html><html><head><title>a</title></head><body>b", "b"),
            ("<textarea>a <b> b</textarea>", "a <b> b"),
            ("a<script>b", "a"),
            ("a<b", "a"),
            ("a</s></pre></sup>b", "a\n\nb"),
            ("a</q></li></ol></ul></blockquote>b", "a\n\nb"),
        ] {
            assert_eq!(text(html), read, "{html}");
        }
    }

    #[test]
    fn it_is_read_in_pieces_as_it_is_read_whole() {
        let end = "é &amp; <a href=\"x\">b</a>\r\n<pre>\r\nc\r\nd</pre><!-- e -->";
        for length in PIECE_BYTES - end.len()..=PIECE_BYTES {
            let before = "a".repeat(length);
            assert_eq!(text(&format!("{before}{end}")), format!("{before}é & b\n\nc\nd"), "{length}");
        }
    }

    #[test]
    fn malice_is_text_like_any_other() {
        assert_eq!(text("<table><tr><td colspan=18446744073709551615>a<td colspan=2>b</table>"), "a b");
        let rows: String = (0..7_000).map(|n| format!("<tr><td rowspan={}>a", usize::MAX - n)).collect();
        assert_eq!(text(&format!("<table>{rows}</table>")), vec!["a"; 7_000].join("\n"));
        for tag in ["b", "div", "dl><dd", "s", "table><tr><td", "sup", "pre", "svg"] {
            let nested = format!("{}x", format!("<{tag}>").repeat(20_000));
            assert_eq!(text(&nested).trim_end_matches(STROKE), "x", "{tag}");
        }
        for (tag, read) in [("blockquote", "> > > x"), ("ul><li", "• x"), ("ol><li", "• x"), ("li", "• x")]
        {
            let nested = format!("{}x", format!("<{tag}>").repeat(20_000));
            assert_eq!(text(&nested), read, "{tag}");
        }
        // What was too deep to be counted costs the lists around it nothing.
        let (open, close) = ("<ol><li>".repeat(20_000), "</ol>".repeat(20_000));
        assert_eq!(text(&format!("<ol><li>a{open}b{close}<li>c")), "1. a\n• b\n2. c");
        assert_eq!(text(&"<q>".repeat(20_000)), "“".repeat(20_000));
        let lines = format!("{}{}x", "<blockquote>".repeat(9), "x<br>".repeat(20_000));
        assert_eq!(text(&lines), vec!["> > > x"; 20_001].join("\n"));
        let most = i32::MAX;
        assert_eq!(
            text(&format!("<ol start={most}><li>a<li>b<ol start={most}0><li>c")),
            format!("{most}. a\n{most}. b\n1. c")
        );
        // A tree would hold all that is open once more in each of the paragraphs.
        let open: String = (0..5_000).map(|n| format!("<b id={n}>")).collect();
        assert_eq!(text(&format!("{open}{}", "<p>x".repeat(20_000))), vec!["x"; 20_000].join("\n\n"));
        let attributes: String = (0..1_000).map(|n| format!(" a{n:x}")).collect();
        assert_eq!(text(&format!("<p{attributes}>x")), "x");
        // Each of these would be compared with all before it.
        let attributes: String = (0..200_000).map(|n| format!(" a{n:x}")).collect();
        assert_eq!(text(&format!("a<br><p{attributes}>x")), "a\n…");
        // Errors within a tag are not its end.
        assert_eq!(text(&format!("a<p {}>x", "\"=".repeat(TAG_BYTES))), "a…");
        let long = "a".repeat(TAG_BYTES - PIECE_BYTES);
        assert_eq!(text(&format!("a <a href=\"{long}\">b</a>{long}")), format!("a b{long}"));
        for unclosed in ["<", "<!--", "<!", "&", "&a", "</", "<script>", "<a href=\"", "<![CDATA["] {
            assert!(text(&unclosed.repeat(20_000)).len() <= unclosed.len() * 20_000);
        }
    }
}
