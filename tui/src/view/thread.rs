//! A thread as a tree, the selected post whole in its place.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line as Text, Span},
    widgets::Paragraph,
};

use super::post;
use crate::{
    app::{
        App,
        tree::{DEEPEST, Item, Place, Tree},
    },
    keys::Action,
    layout::{self, clip, width},
};

/// Draws it so that the selected post is in sight.
pub fn draw(app: &App, tree: &Tree, frame: &mut Frame<'_>, area: Rect) {
    let height = usize::from(area.height);
    let places = tree.visible();
    let selected = tree.selected_at();
    // Only what can be in sight is laid out: a thread may have a hundred thousand posts.
    let from = selected.saturating_sub(height);
    let mut lines: Vec<Text<'static>> = Vec::new();
    let (mut begins, mut ends) = (0, 0);
    let mut whole = None;
    for (number, place) in places.iter().enumerate().skip(from).take(2 * height + 1) {
        if number == selected {
            begins = lines.len();
            whole = place.post().map(|post| {
                let (margin, cells) = room(app, place, area.width.into());
                (post::laid(app, post.inner(), cells.saturating_sub(2)), margin + 2)
            });
        }
        let laid = whole.as_mut().filter(|_| number == selected);
        let laid = laid.map(|(laid, _)| std::mem::take(&mut laid.lines));
        lines.extend(drawn(app, tree, place, (number == selected, laid), area.width.into()));
        if number == selected {
            ends = lines.len();
        }
    }
    // The whole of the selected post if it fits; if not, its beginning, or the part that the reader came to.
    let skip = ends.saturating_sub(height).min(begins + tree.scroll);
    if tree.loading && lines.len() < height {
        lines.push(super::ours(app, &app.words.say("thread-loading"), area.width.into(), app.theme.faint()));
    }
    let shown: Vec<_> = lines.into_iter().skip(skip).take(height).collect();
    frame.render_widget(Paragraph::new(shown), area);
    if let Some((laid, margin)) = whole {
        let first = skip as isize - begins as isize;
        laid.draw_pictures(frame, area, first, margin as u16);
        laid.draw_links(frame, area, first, margin as u16);
    }
}

/// Lines of the selected post that are below an area of this size.
pub fn hidden(app: &App, tree: &Tree, area: Rect) -> usize {
    let Some(place) = tree.selected() else { return 0 };
    let Some(post) = place.post() else { return 0 };
    let (_, cells) = room(app, place, area.width.into());
    let lines = post::laid(app, post.inner(), cells.saturating_sub(2)).lines.len();
    lines.saturating_sub(usize::from(area.height) + tree.scroll)
}

/// Cells of the margin of a place, and those that are left.
fn room(app: &App, place: &Place, cells: usize) -> (usize, usize) {
    // A margin of a third at most: the text is what it is about.
    let depth = place.depth.min(DEEPEST).min(cells / 6);
    let margin = width(app.theme.mark("│ ", "| ")) * depth;
    (margin, cells.saturating_sub(margin))
}

/// A place in lines; whole if it is the selected one and a post, whose lines these are.
fn drawn(
    app: &App,
    tree: &Tree,
    place: &Place,
    (selected, whole): (bool, Option<Vec<Text<'static>>>),
    cells: usize,
) -> Vec<Text<'static>> {
    let theme = app.theme;
    let (margin, inner) = room(app, place, cells);
    let margin = theme.mark("│ ", "| ").repeat(margin / 2);
    let folded = tree.is_folded(place).then(|| {
        let words = app.words.count("thread-folded", place.below);
        format!("  [{}]", layout::line(&words, inner, app.bidi))
    });
    match &place.item {
        Item::Missing(_, erased) => {
            let words = match erased {
                true => app.words.say("thread-erased"),
                false => app.words.put("thread-missing", [("key", app.keys.best(Action::Open))]),
            };
            let words = layout::line(&words, inner.saturating_sub(2), app.bidi);
            let words = format!("[{words}]");
            let style = if selected { theme.selected() } else { theme.faint() };
            vec![Text::from(vec![
                Span::styled(margin, theme.faint()),
                Span::styled(clip(&words, inner).into_owned(), style),
            ])]
        }
        Item::Post(_) if whole.is_some() => {
            let bar = theme.mark("▌", ">");
            let mut lines = whole.unwrap_or_default();
            if let Some(folded) = folded {
                lines.push(Text::styled(folded, theme.faint()));
            }
            lines
                .into_iter()
                .map(|mut line| {
                    line.spans.insert(0, Span::styled(format!("{bar} "), theme.mine()));
                    line.spans.insert(0, Span::styled(margin.clone(), theme.faint()));
                    line
                })
                .collect()
        }
        Item::Post(status) => {
            let unread = tree.is_unread(place);
            // The place of the mark is kept where there is none: what stands further in is deeper.
            let mark = if unread { theme.mark("• ", "o ") } else { "  " };
            let room = inner.saturating_sub(2);
            let mut rows = post::row_in_thread(app, status, room);
            if let Some(folded) = &folded {
                // What it hides is said at the end of the line.
                let [_, below] = post::row_in_thread(app, status, room.saturating_sub(width(folded)));
                rows[1] = below;
            }
            rows[0].spans.insert(0, Span::styled(mark, theme.mine()));
            if let Some(folded) = folded {
                rows[1].spans.push(Span::styled(folded, theme.faint()));
            }
            rows.into_iter()
                .map(|mut line| {
                    line.spans.insert(0, Span::styled(margin.clone(), theme.faint()));
                    line
                })
                .collect()
        }
    }
}
