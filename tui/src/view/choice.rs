//! What there is to choose from, over the lines at the bottom, and how a post read before.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::Line as Text,
    widgets::{Clear, Paragraph},
};

use super::{ours, post};
use crate::{
    api::Edit,
    app::{
        App,
        reading::{Choice, Of},
    },
    layout::{self, width},
    links::Leads,
    text::DisplayText,
};

/// Rows of a choice at most: what it is about should stay in sight.
const ROWS: usize = 10;

/// Draws what there is to choose from.
pub fn draw(app: &App, choice: &Choice, frame: &mut Frame<'_>, body: Rect) {
    let cells = usize::from(body.width);
    let title = app.words.say(match &choice.of {
        Of::Links(_) => "choice-links",
        Of::Lists(None) => "choice-loading",
        Of::Lists(Some(_)) => "choice-lists",
        Of::Poll(poll, _) if poll.multiple => "choice-poll-several",
        Of::Poll(..) => "choice-poll",
    });
    let rows: Vec<String> = match &choice.of {
        Of::Links(links) => links
            .iter()
            .map(|link| {
                let (name, address) = (DisplayText::short(&link.name), DisplayText::short(&link.address));
                if let Leads::Post(_) = &link.leads {
                    return app.words.put("choice-quoted", [("who", name.to_string())]).into_owned();
                }
                match name == address || name.as_str().is_empty() {
                    true => address.to_string(),
                    // The address is what decides, so it is always there.
                    false => format!("{name}  {address}"),
                }
            })
            .collect(),
        Of::Lists(lists) => {
            lists.iter().flatten().map(|list| DisplayText::short(&list.title).to_string()).collect()
        }
        Of::Poll(poll, chosen) => {
            let mark = |number| if chosen.contains(&number) { "(x)" } else { "( )" };
            let row = |(number, option): (usize, &crate::api::PollOption)| {
                format!("{} {}", mark(number), DisplayText::short(&option.title))
            };
            poll.options.iter().enumerate().map(row).collect()
        }
    };
    let most = ROWS.min(usize::from(body.height).saturating_sub(1));
    let shown = rows.len().min(most);
    let first = (choice.selected + 1).saturating_sub(shown);
    let mut lines = vec![ours(app, &title, cells, app.theme.title())];
    for (number, row) in rows.iter().enumerate().skip(first).take(shown) {
        let before = format!("{:>2} ", number + 1);
        let row = layout::line(row, cells.saturating_sub(width(&before)), app.bidi);
        let style = if number == choice.selected { app.theme.selected() } else { Style::new() };
        let fill = " ".repeat(cells.saturating_sub(width(&before) + width(&row)));
        lines.push(super::across(
            app.words.right_to_left(),
            vec![before.into(), row.into(), fill.into()],
            Some(style),
        ));
    }
    let height = (lines.len() as u16).min(body.height);
    let area = Rect { y: body.bottom() - height, height, ..body };
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines), area);
}

/// Draws how a post read before, the newest first, from this line on.
pub fn history(app: &App, edits: Option<&[Edit]>, from: usize, frame: &mut Frame<'_>, area: Rect) {
    let cells = usize::from(area.width);
    let Some(edits) = edits else {
        frame.render_widget(ours(app, &app.words.say("choice-loading"), cells, app.theme.faint()), area);
        return;
    };
    let mut lines = Vec::new();
    let end = from.saturating_add(area.height.into());
    for edit in edits.iter().rev() {
        if lines.len() >= end {
            break; // nothing of it is in sight
        }
        let when = edit.created_at.map(|at| post::moment(at, &app.zone)).unwrap_or_default();
        lines.push(Text::styled(when, app.theme.title()));
        let warning = layout::block(&edit.spoiler_text);
        for (text, style) in [(&warning, app.theme.warning()), (layout::version(edit), Style::new())] {
            if !text.as_str().is_empty() {
                let drawn = layout::lines(text.as_str(), cells, app.bidi);
                lines.extend(drawn.into_iter().map(|line| post::aligned(line, style)));
            }
        }
        lines.push(Text::default());
    }
    // The end stays at the bottom, however far the reader goes.
    let skip = from.min(lines.len().saturating_sub(area.height.into()));
    let shown: Vec<_> = lines.into_iter().skip(skip).take(area.height.into()).collect();
    frame.render_widget(Paragraph::new(shown), area);
}
