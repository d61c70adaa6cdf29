//! The form to write in.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line as Text, Span},
    widgets::Paragraph,
};

use crate::{
    app::{
        App,
        compose::{Compose, Field},
    },
    layout::clip,
    text::DisplayText,
};

/// Draws it.
pub fn draw(app: &App, form: &Compose, frame: &mut Frame<'_>, area: Rect) {
    let theme = app.theme;
    let [above, text, warning, visibility, language, below] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    let cells = usize::from(area.width);
    let what = match (&form.reply_to, &form.edits) {
        (Some((_, name)), _) => format!("Answer to {}", DisplayText::new(name)),
        (None, Some(_)) => "Change an own post".into(),
        (None, None) => "A new post".into(),
    };
    frame.render_widget(Paragraph::new(clip(&what, cells).into_owned()).style(theme.title()), above);
    frame.render_widget(&form.text, text);
    for (area, label, field) in
        [(warning, "Warning", Field::Warning), (language, "Language", Field::Language)]
    {
        let [name, value] = Layout::horizontal([Constraint::Length(12), Constraint::Min(1)]).areas(area);
        frame.render_widget(Paragraph::new(label).style(label_style(app, form, field)), name);
        let held = if field == Field::Warning { &form.warning } else { &form.language };
        if form.field == field {
            frame.render_widget(held, value);
        } else {
            let text = DisplayText::new(&held.lines().join(" ")).to_string();
            frame.render_widget(Paragraph::new(clip(&text, value.width.into()).into_owned()), value);
        }
    }
    let [name, value] = Layout::horizontal([Constraint::Length(12), Constraint::Min(1)]).areas(visibility);
    frame.render_widget(Paragraph::new("Who").style(label_style(app, form, Field::Visibility)), name);
    let style = if form.field == Field::Visibility { theme.selected() } else { ratatui::style::Style::new() };
    let words = clip(form.visibility.words(), value.width.into()).into_owned();
    frame.render_widget(Paragraph::new(Span::styled(words, style)), value);
    let (words, style) = match (&form.failure, form.sending) {
        (Some(why), _) => (DisplayText::new(why).to_string(), theme.failure()),
        (None, true) => ("Sending…".into(), theme.good()),
        (None, false) => (format!("{} characters", form.count()), theme.faint()),
    };
    frame.render_widget(Text::styled(clip(&words, cells).into_owned(), style), below);
}

fn label_style(app: &App, form: &Compose, field: Field) -> ratatui::style::Style {
    if form.field == field { app.theme.title() } else { app.theme.faint() }
}
