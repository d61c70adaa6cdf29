//! Sheets: screens that are a list of lines with a selected one. What a post waits for, whom the node is connected to,
//! where a post comes from, what to do about a person, drafts: all of them are drawn and moved in alike, and each line
//! says in words what it is, so that it can be read out as well.

mod catchup;
mod choices;
mod mesh;
mod origin;
mod outbound;
mod told;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    api::{Account, Id, List, NodeStatus},
    msg::{
        Effect,
        ask::{Ask, Mesh, Origin, Outbound, Since, Told, Wish},
    },
    view::post::moment,
    words::Words,
};

pub use catchup::CatchUp;

use super::{App, compose::Draft};

/// A list of lines with a selected one.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub about: About,
    pub selected: usize,
    /// Whether the server was asked and has not answered.
    pub loading: bool,
}

/// What a sheet is about.
#[derive(Debug, Clone)]
pub enum About {
    /// What own posts wait for.
    Outbound(Box<Outbound>),
    /// Whom the node is connected to.
    Mesh(Box<Mesh>),
    /// Where a post comes from.
    Origin(Id, Box<Origin>),
    /// For how long somebody is muted, whether with what they do, and whether they are muted already.
    Mute(Box<Account>, bool, bool),
    /// The lists, and which of them somebody is on.
    Lists(Box<Account>, Vec<(List, bool)>),
    /// Who somebody is, to be compared with what they show.
    Identity(Box<Account>),
    /// Drafts that were kept.
    Drafts(Vec<Draft>),
    /// The reader's own invite, once it is known; and a place to open others'.
    Invite(Option<String>),
    /// Who asks for something.
    Requests(Vec<Wish>),
    /// Since when to catch up.
    Since,
}

/// One line of a sheet. Its text is the UI's own and strangers' mixed: it is made safe where it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub text: String,
    pub tone: Tone,
    /// Cells that it stands further in.
    pub indent: u16,
}

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It says what comes below.
    Head,
    Plain,
    /// Beside the matter.
    Faint,
    Good,
    /// To be looked after.
    Warning,
    Bad,
    /// A picture made of letters: drawn as it is, or not at all.
    Fixed,
}

impl Row {
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone, indent: 0 }
    }

    fn within(self) -> Self {
        Self { indent: self.indent + 2, ..self }
    }
}

impl Sheet {
    fn new(about: About, loading: bool) -> Self {
        Self { about, selected: 0, loading }
    }

    /// The name of the words that it is called by.
    pub fn title(&self) -> &'static str {
        match self.about {
            About::Outbound(_) => "sheet-outbound",
            About::Mesh(_) => "sheet-mesh",
            About::Origin(..) => "sheet-origin",
            About::Mute(..) => "sheet-mute",
            About::Lists(..) => "sheet-lists",
            About::Identity(_) => "sheet-identity",
            About::Drafts(_) => "sheet-drafts",
            About::Invite(_) => "sheet-invite",
            About::Requests(_) => "sheet-requests",
            About::Since => "sheet-since",
        }
    }

    /// Its lines.
    pub fn rows(&self, app: &App) -> Vec<Row> {
        match &self.about {
            About::Outbound(outbound) => outbound::rows(&app.teller(), outbound, self.loading),
            About::Mesh(mesh) => mesh::rows(&app.teller(), mesh, self.loading),
            About::Origin(_, origin) => origin::rows(&app.teller(), origin, self.loading),
            About::Mute(account, notifications, muted) => {
                choices::mute(app, account, *notifications, (*muted, self.loading))
            }
            About::Lists(account, lists) => choices::lists(app, account, lists, self.loading),
            About::Identity(account) => choices::identity(app, account),
            About::Drafts(drafts) => choices::drafts(app, drafts),
            About::Invite(link) => choices::invite(app, link.as_deref()),
            About::Requests(wishes) => choices::requests(app, wishes, self.loading),
            About::Since => choices::since(app),
        }
    }

    /// What fetches it again.
    fn asks(&self) -> Option<Ask> {
        Some(match &self.about {
            About::Outbound(_) => Ask::Queue,
            About::Mesh(_) => Ask::Mesh,
            About::Origin(id, _) => Ask::Origin(id.clone()),
            About::Lists(account, _) => Ask::Lists(account.id.clone()),
            About::Drafts(_) => Ask::Drafts,
            About::Invite(_) => Ask::Invite,
            About::Requests(_) => Ask::Requests,
            About::Mute(account, ..) => Ask::Stands(account.id.clone()),
            About::Identity(_) | About::Since => return None,
        })
    }

    /// Whether it shows what changes by itself, and is fetched again at this beat. What costs the node more is asked for
    /// at every third.
    pub fn lives(&self, beat: i64) -> bool {
        match self.about {
            About::Outbound(_) => true,
            About::Mesh(_) => beat % 3 == 0,
            _ => false,
        }
    }
}

/// What lines are told with, on a screen or without one.
pub struct Teller<'a> {
    pub words: &'a Words,
    /// Where the reader's clock is.
    pub zone: &'a TimeZone,
    /// What stands between two facts.
    pub dot: &'static str,
    pub node: Option<&'a NodeStatus>,
    /// Whether ids are told whole: whoever has only lines copies them from there.
    pub whole: bool,
}

impl Teller<'_> {
    fn moment(&self, at: Timestamp) -> String {
        moment(at, self.zone)
    }

    /// The lines of an answer that is told in lines: own posts, peers, where a post comes from.
    pub fn lines(&self, told: &Told) -> Vec<Row> {
        match told {
            Told::Queue(outbound) => outbound::rows(self, outbound, false),
            Told::Mesh(mesh) => mesh::told(self, mesh),
            Told::Origin(_, origin) => origin::rows(self, origin, false),
            _ => Vec::new(),
        }
    }
}

/// Something to be asked, as an effect.
pub(super) fn ask(ask: Ask) -> Vec<Effect> {
    vec![Effect::Ask(Box::new(ask))]
}

impl App {
    /// A moment where the reader is.
    pub fn moment(&self, at: Timestamp) -> String {
        moment(at, &self.zone)
    }

    fn teller(&self) -> Teller<'_> {
        let dot = self.theme.mark(" · ", " - ");
        Teller { words: &self.words, zone: &self.zone, dot, node: self.node.as_ref(), whole: false }
    }

    /// Opens a sheet, and asks for what is on it.
    pub(super) fn show_sheet(&mut self, about: About) -> Vec<Effect> {
        let mut sheet = Sheet::new(about, false);
        // Whoever looks for a draft means the one that was left last; a new post has a key of its own.
        sheet.selected = usize::from(matches!(&sheet.about, About::Drafts(drafts) if !drafts.is_empty()));
        let asks = sheet.asks();
        sheet.loading = asks.is_some();
        self.push(super::Screen::Sheet(Box::new(sheet)));
        let _ = self.step_sheet(0);
        asks.map_or(Vec::new(), ask)
    }

    /// Fetches again what the sheet on the screen shows, unless that is under way.
    pub(super) fn reload_sheet(&mut self) -> Vec<Effect> {
        let Some(super::Screen::Sheet(sheet)) = self.stack.last_mut() else { return Vec::new() };
        match sheet.asks().filter(|_| !sheet.loading) {
            Some(asks) => {
                sheet.loading = true;
                ask(asks)
            }
            None => Vec::new(),
        }
    }

    /// Selects another line of the sheet on the screen: never a heading, if there is anything else.
    pub(super) fn step_sheet(&mut self, by: isize) -> Vec<Effect> {
        let rows = self.sheet_rows();
        let last = rows.len().saturating_sub(1);
        if let Some(super::Screen::Sheet(sheet)) = self.stack.last_mut() {
            let to = sheet.selected.saturating_add_signed(by).min(last);
            let says = |at: &usize| rows.get(*at).is_some_and(|row| row.tone != Tone::Head);
            let below = || (to..=last).find(says);
            let above = || (0..=to).rev().find(says);
            let found = if by < 0 { above().or_else(below) } else { below().or_else(above) };
            sheet.selected = found.unwrap_or(to);
        }
        Vec::new()
    }

    fn sheet_rows(&self) -> Vec<Row> {
        match self.stack.last() {
            Some(super::Screen::Sheet(sheet)) => sheet.rows(self),
            _ => Vec::new(),
        }
    }

    /// Does what the selected line of the sheet stands for.
    pub(super) fn open_sheet(&mut self) -> Vec<Effect> {
        let Some(super::Screen::Sheet(sheet)) = self.stack.last() else { return Vec::new() };
        let at = sheet.selected;
        match sheet.about.clone() {
            About::Outbound(outbound) => self.open_outbound(&outbound, at),
            About::Mute(..) if sheet.loading => Vec::new(),
            About::Mute(account, notifications, muted) => {
                self.choose_mute(*account, (notifications, muted), at)
            }
            About::Lists(account, lists) => self.choose_list(&account, &lists, at),
            About::Drafts(drafts) => self.choose_draft(drafts, at),
            About::Since => self.choose_since(at),
            About::Invite(link) => self.choose_invite(link, at),
            About::Requests(wishes) => choices::answer(wishes.get(at / 2), true),
            About::Origin(_, origin) => self.open_origin(&origin, at),
            About::Mesh(mesh) => self.open_mesh(&mesh, at),
            About::Identity(account) => {
                // The second line of two ids is the reader's own, below a heading of its own.
                let own = self.me.as_ref().filter(|me| me.id != account.id && at == choices::OWN_ID);
                let id = own.map_or(&account.id, |me| &me.id).clone();
                let words = self.words.put("input-copied", [("address", id.as_str())]).into_owned();
                let _ = self.say(super::Said::Good(words));
                vec![Effect::Copy(id)]
            }
        }
    }

    /// Catches up: everything since then, one author after the other.
    fn choose_since(&mut self, at: usize) -> Vec<Effect> {
        const DAY: i64 = 86_400;
        let since = match at.checked_sub(1) {
            Some(0) => Since::Read,
            Some(1) => Since::Seconds(DAY),
            Some(2) => Since::Seconds(7 * DAY),
            _ => return Vec::new(),
        };
        self.stack.pop();
        self.push(super::Screen::CatchUp(Box::new(CatchUp::waiting())));
        ask(Ask::CatchUp(since))
    }
}
