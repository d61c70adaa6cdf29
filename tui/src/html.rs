//! The HTML of strangers as plain text.
//!
//! Its tokens are read one after the other, and no tree is built of them: how deep tags are nested, how many are never
//! closed and how many columns a cell says that it spans changes nothing. The work is that of the bytes that are read.

use std::{cell::RefCell, iter::repeat_n, mem};

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::RawKind,
    },
};
use unicode_width::UnicodeWidthChar;

/// Ends of lines around a paragraph: an empty line stands between two of them.
const PARAGRAPH: usize = 2;
/// What crosses a letter out.
const STROKE: char = '\u{336}';

/// What HTML says, as text. Lines end where its author ended them.
pub fn text(html: &str) -> String {
    let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    // The reader stops for nothing, so that this ends with the input.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().text
}

/// What was read so far.
#[derive(Default)]
struct Page {
    text: String,
    /// Ends of lines that are due before whatever comes next.
    ends: usize,
    /// Whether a space is.
    space: bool,
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
struct Reader(RefCell<Page>);

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
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
            "p" | "blockquote" | "pre" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dl" | "table" => {
                self.end_lines(PARAGRAPH);
            }
            "address" | "article" | "aside" | "caption" | "center" | "dd" | "details" | "div" | "dt"
            | "fieldset" | "figcaption" | "figure" | "footer" | "form" | "header" | "hr" | "li" | "main"
            | "nav" | "ol" | "option" | "section" | "summary" | "tr" | "ul" => self.end_lines(1),
            // Cells of a row stand in its line.
            "td" | "th" => self.space = true,
            "s" | "del" | "strike" => count(&mut self.struck, starts),
            "sup" => self.raised = starts,
            "img" if starts => {
                if let Some(alt) = tag.attrs.iter().find(|attribute| &*attribute.name.local == "alt") {
                    self.say(&alt.value);
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
        // Nothing is due before the first of it.
        if !self.text.is_empty() {
            self.text.extend(repeat_n('\n', ends));
            if ends == 0 && space {
                self.text.push(' ');
            }
        }
        self.text.push(if self.raised { raised(c) } else { c });
        if self.struck > 0 && !c.is_whitespace() && c.width().is_some_and(|cells| cells > 0) {
            self.text.push(STROKE);
        }
    }
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
            ("<p>x:</p><ul><li>a</li>\n<li>b <i>c</i></li></ul><p>y</p>", "x:\n\na\nb c\n\ny"),
            ("<ul><li>a<ol><li>b</ol></ul>", "a\nb"),
            ("<h1>a</h1><blockquote><p>b</p></blockquote>c", "a\n\nb\n\nc"),
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
        ] {
            assert_eq!(text(html), read, "{html}");
        }
    }

    #[test]
    fn malice_is_text_like_any_other() {
        assert_eq!(text("<table><tr><td colspan=18446744073709551615>a<td colspan=2>b</table>"), "a b");
        let rows: String = (0..7_000).map(|n| format!("<tr><td rowspan={}>a", usize::MAX - n)).collect();
        assert_eq!(text(&format!("<table>{rows}</table>")), vec!["a"; 7_000].join("\n"));
        for tag in ["b", "div", "blockquote", "ul><li", "dl><dd", "s", "table><tr><td", "sup", "pre", "svg"] {
            let nested = format!("{}x", format!("<{tag}>").repeat(20_000));
            assert_eq!(text(&nested).trim_end_matches(STROKE), "x", "{tag}");
        }
        // A tree would hold all that is open once more in each of the paragraphs.
        let open: String = (0..5_000).map(|n| format!("<b id={n}>")).collect();
        assert_eq!(text(&format!("{open}{}", "<p>x".repeat(20_000))), vec!["x"; 20_000].join("\n\n"));
        let attributes: String = (0..20_000).map(|n| format!(" a{n:x}")).collect();
        assert_eq!(text(&format!("<p{attributes}>x")), "x");
        for unclosed in ["<", "<!--", "<!", "&", "&a", "</", "<script>", "<a href=\"", "<![CDATA["] {
            assert!(text(&unclosed.repeat(20_000)).len() <= unclosed.len() * 20_000);
        }
    }
}
