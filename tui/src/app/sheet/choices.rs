//! Sheets to choose from: for how long somebody is muted, which lists they are on, which draft is gone on with; and who
//! somebody is, to be compared.

use qrcode::{EcLevel, QrCode, render::unicode};

use super::{About, App, Row, Tone, ask};
use crate::{
    api::{Account, List},
    app::{
        Asks, Screen,
        compose::{Compose, Draft},
    },
    msg::{
        Effect, Relate,
        ask::{Ask, Wish},
    },
    text::DisplayText,
};

/// For how long somebody can be muted, in seconds; 0 is for good.
const MUTES: [(u64, &str); 6] = [
    (0, "mute-for-good"),
    (3_600, "mute-for-hour"),
    (8 * 3_600, "mute-for-eight-hours"),
    (86_400, "mute-for-day"),
    (7 * 86_400, "mute-for-week"),
    (30 * 86_400, "mute-for-month"),
];
/// Letters of an id that stand together: what people can keep in mind from one screen to another.
const GROUP: usize = 4;

/// What there is to choose is known once it is known how the reader stands to them: nothing moves under their fingers.
pub(super) fn mute(
    app: &App,
    account: &Account,
    notifications: bool,
    (muted, loading): (bool, bool),
) -> Vec<Row> {
    let who = crate::view::name(account);
    let mut rows = vec![Row::new(Tone::Head, app.words.put("mute-whom", [("who", who)]))];
    if loading {
        rows.push(Row::new(Tone::Faint, app.words.say("sheet-loading")).within());
        return rows;
    }
    if muted {
        rows.push(Row::new(Tone::Plain, app.words.say("mute-end")).within());
    }
    rows.extend(MUTES.iter().map(|(_, name)| Row::new(Tone::Plain, app.words.say(name)).within()));
    let mark = if notifications { "[x]" } else { "[ ]" };
    rows.push(Row::new(Tone::Plain, format!("{mark} {}", app.words.say("mute-notifications"))).within());
    rows
}

pub(super) fn lists(app: &App, account: &Account, lists: &[(List, bool)], loading: bool) -> Vec<Row> {
    let who = crate::view::name(account);
    let mut rows = vec![Row::new(Tone::Head, app.words.put("lists-whom", [("who", who)]))];
    for (list, on) in lists {
        let mark = if *on { "[x]" } else { "[ ]" };
        rows.push(Row::new(Tone::Plain, format!("{mark} {}", DisplayText::new(&list.title))).within());
    }
    if loading && lists.is_empty() {
        rows.push(Row::new(Tone::Faint, app.words.say("sheet-loading")).within());
    }
    rows.push(Row::new(Tone::Faint, app.words.say("lists-new")).within());
    rows
}

/// The line of an identity that is the reader's own id, if it is somebody else's identity.
pub(super) const OWN_ID: usize = 3;

pub(super) fn identity(app: &App, account: &Account) -> Vec<Row> {
    let who = crate::view::name(account);
    let mut rows = vec![Row::new(Tone::Head, app.words.put("identity-whose", [("who", who)]))];
    rows.push(Row::new(Tone::Plain, grouped(&account.id)).within());
    if let Some(me) = app.me.as_ref().filter(|me| me.id != account.id) {
        rows.push(Row::new(Tone::Head, app.words.say("identity-yours")));
        rows.push(Row::new(Tone::Plain, grouped(&me.id)).within());
    }
    rows.push(Row::new(Tone::Faint, app.words.say("identity-how")));
    rows.push(Row::new(Tone::Fixed, qr(&account.id)));
    rows
}

/// An id in groups, to be read out and compared.
fn grouped(id: &str) -> String {
    let letters: Vec<char> = DisplayText::new(id).as_str().chars().collect();
    letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// An id as a QR code of half blocks, whose ink is the dark modules: it is drawn black on white. Upper case takes half the
/// modules, and ids are read in either. The margin is half of what ISO/IEC 18004 asks for, which phones do with, so that
/// more terminals have room for it.
fn qr(id: &str) -> String {
    const MARGIN: usize = 2;
    let code = QrCode::with_error_correction_level(id.to_uppercase(), EcLevel::L);
    let draw = |code: QrCode| {
        let bare = code
            .render::<unicode::Dense1x2>()
            .quiet_zone(false)
            .dark_color(unicode::Dense1x2::Dark)
            .light_color(unicode::Dense1x2::Light)
            .build();
        let side = " ".repeat(MARGIN);
        let edge = " ".repeat(code.width() + 2 * MARGIN);
        let mut lines = vec![edge.clone()];
        lines.extend(bare.lines().map(|line| format!("{side}{line}{side}")));
        lines.push(edge);
        lines.join("\n")
    };
    code.map(draw).unwrap_or_default()
}

pub(super) fn drafts(app: &App, drafts: &[Draft]) -> Vec<Row> {
    let mut rows = vec![Row::new(Tone::Plain, app.words.say("drafts-new"))];
    for draft in drafts {
        let text = DisplayText::new(&draft.text).to_string();
        let text = match text.trim().is_empty() {
            true => draft.files.first().map(|file| DisplayText::new(&file.path).to_string()).unwrap_or(text),
            false => text,
        };
        let at = jiff::Timestamp::from_millisecond(draft.saved).map(|at| app.moment(at)).unwrap_or_default();
        let text = match &draft.reply_to {
            Some((_, who)) => {
                let who = DisplayText::new(who).to_string();
                format!("{at}  {}: {text}", app.words.put("compose-answer-to", [("who", who)]))
            }
            None => format!("{at}  {text}"),
        };
        rows.push(Row::new(Tone::Plain, text));
    }
    rows
}

pub(super) fn invite(app: &App, link: Option<&str>) -> Vec<Row> {
    let mut rows = vec![Row::new(Tone::Plain, app.words.say("invite-open"))];
    rows.push(Row::new(Tone::Head, app.words.say("invite-own")));
    match link {
        Some(link) => {
            rows.push(Row::new(Tone::Plain, DisplayText::new(link).as_str()).within());
            rows.push(Row::new(Tone::Faint, app.words.say("invite-how")));
            rows.push(Row::new(Tone::Fixed, qr(link)));
        }
        None => rows.push(Row::new(Tone::Faint, app.words.say("sheet-loading")).within()),
    }
    rows
}

/// Two lines for each, so that the selected one can be found again.
pub(super) fn requests(app: &App, wishes: &[Wish], loading: bool) -> Vec<Row> {
    if wishes.is_empty() {
        let name = if loading { "sheet-loading" } else { "requests-none" };
        return vec![Row::new(Tone::Faint, app.words.say(name))];
    }
    let mut rows = Vec::new();
    for wish in wishes {
        let who = crate::view::name(&wish.account);
        let name = if wish.follow { "requests-follow" } else { "requests-heard" };
        rows.push(Row::new(Tone::Plain, app.words.put(name, [("who", who)])));
        let said = wish.post.as_ref().map(|post| crate::layout::plain(post).as_str().to_owned());
        let below = said.unwrap_or_else(|| format!("@{}", wish.account.acct));
        rows.push(Row::new(Tone::Faint, DisplayText::new(&below).as_str()).within());
    }
    rows
}

/// Grants a wish, or does not.
pub(super) fn answer(wish: Option<&Wish>, yes: bool) -> Vec<Effect> {
    wish.map_or(Vec::new(), |wish| ask(Ask::Answer { id: wish.id.clone(), follow: wish.follow, yes }))
}

pub(super) fn since(app: &App) -> Vec<Row> {
    let mut rows = vec![Row::new(Tone::Head, app.words.say("since-when"))];
    let names = ["since-read", "since-day", "since-week"];
    rows.extend(names.iter().map(|name| Row::new(Tone::Plain, app.words.say(name)).within()));
    rows
}

impl App {
    pub(super) fn choose_mute(
        &mut self,
        account: Account,
        (notifications, muted): (bool, bool),
        at: usize,
    ) -> Vec<Effect> {
        if muted && at == 1 {
            self.stack.pop();
            return vec![Effect::Relate(account.id, Relate::Mute(false))];
        }
        let Some(at) = at.checked_sub(1 + usize::from(muted)) else { return Vec::new() };
        match MUTES.get(at) {
            Some((seconds, _)) => {
                self.stack.pop();
                ask(Ask::Mute(account.id, *seconds, notifications))
            }
            None => {
                if let Some(Screen::Sheet(sheet)) = self.stack.last_mut() {
                    sheet.about = About::Mute(Box::new(account), !notifications, muted);
                }
                Vec::new()
            }
        }
    }

    pub(super) fn choose_invite(&mut self, link: Option<String>, at: usize) -> Vec<Effect> {
        match (at, link) {
            (0, _) => self.ask(Asks::Invite),
            (_, Some(link)) => self.copy(link),
            (_, None) => Vec::new(),
        }
    }

    pub(super) fn choose_list(
        &mut self,
        account: &Account,
        lists: &[(List, bool)],
        at: usize,
    ) -> Vec<Effect> {
        let Some(at) = at.checked_sub(1) else { return Vec::new() };
        let person = account.id.clone();
        match lists.get(at) {
            Some((list, on)) => ask(Ask::PutOn { person, list: list.id.clone(), on: !on }),
            None => self.ask(Asks::NewList(person)),
        }
    }

    pub(super) fn choose_draft(&mut self, drafts: Vec<Draft>, at: usize) -> Vec<Effect> {
        let draft = match at.checked_sub(1) {
            None => Some(Draft::default()),
            Some(at) => drafts.into_iter().nth(at),
        };
        let Some(draft) = draft else { return Vec::new() };
        self.stack.pop();
        self.write(draft)
    }

    /// Opens a form with this in it, and brings its files to the server.
    pub(in crate::app) fn write(&mut self, draft: Draft) -> Vec<Effect> {
        self.drafts.retain(|held| held.key != draft.key);
        let key = if draft.key.is_empty() { self.new_key() } else { draft.key.clone() };
        let mut form = Compose::new(Draft { key, ..draft }, self.now);
        form.ours = self.node.is_some();
        let key = form.key_of().to_owned();
        let effects = form.files.send_all(&key);
        self.push(Screen::Compose(Box::new(form)));
        effects
    }
}
