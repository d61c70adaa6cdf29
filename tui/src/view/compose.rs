//! The form to write in.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Span,
    widgets::Paragraph,
};

use crate::{
    app::{
        App,
        compose::{Compose, Field},
    },
    layout::{self, clip},
    text::DisplayText,
};

/// Cells of the names of fields.
const LABEL: usize = 12;

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
        (Some((_, name)), _) => {
            app.words.put("compose-answer-to", [("who", DisplayText::new(name).as_str())])
        }
        (None, Some(_)) => app.words.say("compose-change"),
        (None, None) => app.words.say("compose-new"),
    };
    frame.render_widget(super::ours(app, &what, cells, theme.title()), above);
    frame.render_widget(&form.text, text);
    for (area, label, field) in
        [(warning, "compose-warning", Field::Warning), (language, "compose-language", Field::Language)]
    {
        let [name, value] =
            Layout::horizontal([Constraint::Length(LABEL as u16), Constraint::Min(1)]).areas(area);
        let style = label_style(app, form, field);
        frame.render_widget(super::ours(app, &app.words.say(label), LABEL, style), name);
        let held = if field == Field::Warning { &form.warning } else { &form.language };
        if form.field == field {
            frame.render_widget(held, value);
        } else {
            let text = DisplayText::new(&held.lines().join(" ")).to_string();
            frame.render_widget(Paragraph::new(clip(&text, value.width.into()).into_owned()), value);
        }
    }
    let [name, value] =
        Layout::horizontal([Constraint::Length(LABEL as u16), Constraint::Min(1)]).areas(visibility);
    let style = label_style(app, form, Field::Visibility);
    frame.render_widget(super::ours(app, &app.words.say("compose-who"), LABEL, style), name);
    let style = if form.field == Field::Visibility { theme.selected() } else { ratatui::style::Style::new() };
    let words = layout::line(&app.words.say(form.visibility.words()), value.width.into(), app.bidi);
    frame.render_widget(Paragraph::new(Span::styled(words, style)), value);
    let (words, style) = match (&form.failure, form.sending) {
        (Some(why), _) => (DisplayText::new(why).to_string(), theme.failure()),
        (None, true) => (app.words.say("compose-sending").into_owned(), theme.good()),
        (None, false) => (app.words.count("compose-characters", form.count()).into_owned(), theme.faint()),
    };
    frame.render_widget(super::ours(app, &words, cells, style), below);
}

fn label_style(app: &App, form: &Compose, field: Field) -> ratatui::style::Style {
    if form.field == field { app.theme.title() } else { app.theme.faint() }
}
