//! What the keys do, made from the table that the keys are looked up in.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line as Text, Span},
    widgets::Paragraph,
};

use crate::{
    app::App,
    keys::{self, ACTIONS},
    layout::{self, clip},
    text::DisplayText,
};

/// Draws the keys whose meaning or name has what is typed in it.
pub fn draw(app: &App, filter: &str, frame: &mut Frame<'_>, area: Rect) {
    let cells = usize::from(area.width);
    let wanted = filter.to_lowercase();
    let above = app.words.put("help-filter", [("words", DisplayText::new(filter).as_str())]);
    let mut lines = vec![super::ours(app, &above, cells, app.theme.faint())];
    for (action, name, _) in ACTIONS {
        let what = keys::what(&app.words, name);
        let keys = app.keys.of(*action).join(" ");
        if !(what.to_lowercase().contains(&wanted) || name.contains(&wanted) || keys.contains(filter)) {
            continue;
        }
        let keys = clip(&keys, cells / 2).into_owned();
        let room = cells.saturating_sub(cells.min(22));
        lines.push(Text::from(vec![
            Span::styled(format!("{keys:<21} "), app.theme.name()),
            Span::raw(layout::line(&what, room, app.bidi)),
        ]));
    }
    frame.render_widget(Paragraph::new(lines), area);
}
