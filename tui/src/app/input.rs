//! Keys: what each does on the screen that is there.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{
    App, Asks, Found, Help, Prompt, Said, Screen, TABS,
    compose::{Draft, Typed, Visibility},
    offered,
    rows::Rows,
    sheet::{self, About},
    tree::Item,
};
use crate::{
    api::{Id, Status},
    keys::Action,
    msg::{Effect, Line, Reaction, Relate, Row, ask::Ask},
};

impl App {
    /// A key was pressed.
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let now = self.now;
        match self.stack.last_mut() {
            Some(Screen::Compose(form)) => match form.key(key, now) {
                Typed::Stay => Vec::new(),
                Typed::Send => {
                    let typed = form.send(&self.zone);
                    self.typed(typed)
                }
                typed => self.typed(typed),
            },
            Some(Screen::Prompt(prompt)) => {
                let prompt = prompt.clone();
                self.prompted(prompt, key)
            }
            Some(Screen::Help(help)) => {
                let help = help.clone();
                self.helped(help, key)
            }
            Some(Screen::Choice(_)) => self.chosen(key),
            _ => match key.code {
                KeyCode::Char(c @ '1'..='9') if key.modifiers.is_empty() => {
                    self.show_tab(c as usize - '1' as usize)
                }
                _ => self.keys.action(&key).map_or(Vec::new(), |action| self.act(action)),
            },
        }
    }

    /// A key for those who look for one: it is looked for, or moves.
    fn helped(&mut self, mut help: Help, key: KeyEvent) -> Vec<Effect> {
        let (page, deepest) = (
            usize::from(self.size.1).saturating_sub(5).max(1),
            crate::view::help_deepest(self, &help.filter),
        );
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc | KeyCode::Enter => {
                self.stack.pop();
                return Vec::new();
            }
            KeyCode::Char('c') if ctrl => {
                self.stack.pop();
                return Vec::new();
            }
            KeyCode::Down => help.from = (help.from + 1).min(deepest),
            KeyCode::PageDown => help.from = (help.from + page).min(deepest),
            KeyCode::Up => help.from = help.from.saturating_sub(1),
            KeyCode::PageUp => help.from = help.from.saturating_sub(page),
            KeyCode::Home => help.from = 0,
            KeyCode::End => help.from = deepest,
            KeyCode::Backspace => {
                help.filter.pop();
                help.from = 0;
            }
            KeyCode::Char(c) if !ctrl => {
                help.filter.push(c);
                help.from = 0;
            }
            _ => {}
        }
        if let Some(Screen::Help(shown)) = self.stack.last_mut() {
            *shown = help;
        }
        Vec::new()
    }

    /// Text was pasted.
    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        let now = self.now;
        match self.stack.last_mut() {
            Some(Screen::Compose(form)) => form.paste(text, now),
            Some(Screen::Prompt(prompt)) => {
                prompt.text.push_str(crate::text::DisplayText::new(text).as_str())
            }
            _ => {}
        }
        Vec::new()
    }

    /// The text as the editor left it.
    pub(super) fn edited(&mut self, text: Option<String>) -> Vec<Effect> {
        let now = self.now;
        if let (Some(Screen::Compose(form)), Some(text)) = (self.stack.last_mut(), text) {
            form.edited(&text, now);
        }
        Vec::new()
    }

    /// What a key did to the form.
    fn typed(&mut self, typed: Typed) -> Vec<Effect> {
        match typed {
            Typed::Stay | Typed::Send => Vec::new(),
            Typed::Do(effect) => vec![effect],
            Typed::First(effect, why) => {
                self.refuse(why);
                vec![effect]
            }
            Typed::Refused(why) => {
                self.refuse(why);
                Vec::new()
            }
            Typed::Leave => self.leave_form(),
            Typed::Another => {
                let mut effects = self.leave_form();
                effects.extend(self.write(Draft::default()));
                effects
            }
        }
    }

    /// Says in the form why it is not sent.
    fn refuse(&mut self, why: &str) {
        let why = self.words.say(why).into_owned();
        if let Some(Screen::Compose(form)) = self.stack.last_mut() {
            form.failure = Some(why);
        }
    }

    fn leave_form(&mut self) -> Vec<Effect> {
        let Some(Screen::Compose(mut form)) = self.stack.pop() else { return Vec::new() };
        form.files.settle();
        let draft = form.draft();
        if !draft.is_empty() {
            self.drafts.insert(0, draft);
            let key = self.keys.best(Action::Drafts);
            let words = self.words.put("input-draft-kept", [("key", key)]).into_owned();
            let _ = self.say(Said::Good(words));
        }
        vec![form.keep()]
    }

    /// Does what a key or the palette says.
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        let page = self.height().max(2) as isize - 1;
        match action {
            Action::Down => self.step(1),
            Action::Up => self.step(-1),
            Action::PageDown => self.page(page),
            Action::PageUp => self.page(-page),
            Action::Top => self.step(isize::MIN / 2),
            Action::Bottom => self.step(isize::MAX / 2),
            Action::Open => self.open(),
            Action::Back => self.back(),
            Action::NextLine => self.show_tab((self.tab + 1) % TABS.len()),
            Action::PreviousLine => self.show_tab((self.tab + TABS.len() - 1) % TABS.len()),
            Action::LoadNew => {
                let (height, line) = (self.height(), self.line().0.clone());
                self.rows_mut().show_new(height);
                self.load_more(&line)
            }
            Action::Refresh => match self.stack.last() {
                Some(Screen::Thread(_)) => self.reload_thread(),
                Some(Screen::Sheet(_)) => self.reload_sheet(),
                _ => self.refresh(),
            },
            Action::Lists => self.show_lists(),
            Action::Tag => self.ask_tag(),
            Action::Links => self.about(|app, post| app.show_links(&post)),
            Action::Vote => self.about(Self::vote),
            Action::History => self.about(Self::show_history),
            Action::Columns => self.fewer_columns(),
            Action::NextUnread => self.next_unread(),
            Action::RevealAlways => self.about(|app, post| app.reveal_always(&post)),
            Action::Compose => self.write(Draft::default()),
            Action::Reply => self.about(|app, post| app.reply(&post)),
            Action::Edit => self.own(|post| vec![Effect::Source(post.id)]),
            Action::Delete if matches!(self.stack.last(), Some(Screen::Sheet(_))) => self.discard(),
            Action::Delete => self.own(|post| vec![Effect::Delete(post.id)]),
            Action::Boost => {
                self.about(|_, post| vec![Effect::React(post.id, Reaction::Boost(!post.reblogged))])
            }
            Action::Like => {
                self.about(|_, post| vec![Effect::React(post.id, Reaction::Like(!post.favourited))])
            }
            Action::Bookmark => {
                self.about(|_, post| vec![Effect::React(post.id, Reaction::Bookmark(!post.bookmarked))])
            }
            Action::Reveal => self.about(|app, post| app.reveal(&post)),
            Action::Fold if matches!(self.stack.last(), Some(Screen::CatchUp(_))) => self.skip_author(),
            Action::Fold => self.fold(),
            Action::Person => self.about(|app, post| app.show_person(post.account.id)),
            Action::Follow => {
                self.relate(|app, id, person| match person.is_some_and(|held| held.following) {
                    true => Effect::Relate(id, Relate::Unfollow),
                    false => {
                        let via = app.came_upon(&id);
                        Effect::Follow(id, via)
                    }
                })
            }
            Action::Mute => self.mute(),
            Action::Block => self.relate(|_, id, person| {
                Effect::Relate(id, Relate::Block(!person.is_some_and(|held| held.blocking)))
            }),
            Action::Search => self.ask(Asks::Search),
            Action::Palette => self.ask(Asks::Palette),
            Action::Note => self.note(),
            Action::Notify => self.notify(),
            Action::OnLists => self.show_on_lists(),
            Action::Compare => self.compare(),
            Action::Queue => self.show_sheet(About::Outbound(Box::default())),
            Action::Peers => self.show_sheet(About::Mesh(Box::default())),
            Action::Origin => self.origin(),
            Action::Drafts => {
                let drafts = self.drafts.clone();
                self.show_sheet(About::Drafts(drafts))
            }
            Action::Requests => self.show_sheet(About::Requests(Vec::new())),
            Action::Invite => self.show_sheet(About::Invite(None)),
            Action::CatchUp => self.show_sheet(About::Since),
            Action::Quote => self.about(|app, post| app.quote(&post)),
            Action::Copy => self.about(|app, post| app.copy(address(post))),
            Action::Mouse => self.toggle_mouse(),
            Action::Help => {
                self.push(Screen::Help(Help::default()));
                Vec::new()
            }
            Action::Suspend => vec![Effect::Suspend],
            Action::Quit => {
                self.threads_left();
                let mut effects = self.keep_memory();
                effects.push(Effect::Quit);
                effects
            }
        }
    }

    pub(super) fn ask(&mut self, asks: Asks) -> Vec<Effect> {
        self.stack.push(Screen::Prompt(Prompt { asks, text: String::new(), chosen: 0 }));
        Vec::new()
    }

    /// A page further, or back: first within a post that is longer than the screen.
    fn page(&mut self, by: isize) -> Vec<Effect> {
        let (hidden, height) = crate::view::hidden(self);
        if let Some(Screen::Thread(tree)) = self.stack.last_mut() {
            let part = height.saturating_sub(1).max(1);
            if by > 0 && hidden > 0 {
                tree.scroll += part.min(hidden);
                return Vec::new();
            }
            if by < 0 && tree.scroll > 0 {
                tree.scroll = tree.scroll.saturating_sub(part);
                return Vec::new();
            }
        }
        self.step(by)
    }

    pub(super) fn step(&mut self, by: isize) -> Vec<Effect> {
        let height = self.height();
        match self.stack.last_mut() {
            Some(Screen::Thread(tree)) => tree.step(by),
            Some(Screen::Sheet(_)) => return self.step_sheet(by),
            Some(Screen::CatchUp(_)) => return self.step_catch_up(by),
            Some(Screen::Found(found)) => {
                found.selected = found.selected.saturating_add_signed(by).min(found.len().saturating_sub(1));
            }
            Some(Screen::Help(help)) => {
                let help = Help { from: help.from.saturating_add_signed(by), ..help.clone() };
                let deepest = crate::view::help_deepest(self, &help.filter);
                if let Some(Screen::Help(shown)) = self.stack.last_mut() {
                    *shown = Help { from: help.from.min(deepest), ..help };
                }
                return Vec::new();
            }
            // It has keys of its own.
            Some(Screen::Choice(_)) => return Vec::new(),
            Some(Screen::History(_, _, line)) => {
                // How long it is, is known where it is drawn; no text has more lines than this.
                *line = line.saturating_add_signed(by).min(20_000);
            }
            _ => {
                let line = self.line().0.clone();
                self.rows_mut().step(by, height);
                self.read_selected();
                return self.load_more(&line);
            }
        }
        self.read_selected();
        Vec::new()
    }

    fn back(&mut self) -> Vec<Effect> {
        if self.leave_post() {
            return Vec::new();
        }
        if let Some(Screen::Thread(tree)) = self.stack.pop() {
            self.thread_left(&tree);
        }
        self.forget_closed();
        // Below it may be something that was forgotten meanwhile.
        if self.line().1.is_none() { self.load_newest() } else { Vec::new() }
    }

    fn open(&mut self) -> Vec<Effect> {
        match self.stack.last() {
            Some(Screen::Sheet(_)) => return self.open_sheet(),
            Some(Screen::CatchUp(_)) => return self.open_catch_up(),
            _ => {}
        }
        if self.open_run() {
            return Vec::new();
        }
        if let Some(effects) = self.ask_for_missing() {
            return effects;
        }
        if let Some(Screen::Found(found)) = self.stack.last() {
            let at = found.selected;
            if let Some(person) = found.people.get(at) {
                let id = person.id.clone();
                return self.show_person(id);
            }
            if let Some(tag) = found.tags.get(at.wrapping_sub(found.people.len())) {
                let line = Line::Tag(tag.clone());
                return self.show_line(line);
            }
        }
        if let Some(Screen::Thread(tree)) = self.stack.last()
            && tree
                .selected()
                .is_some_and(|place| matches!(&place.item, Item::Post(post) if post.id == tree.focus))
        {
            return Vec::new(); // it is open already
        }
        let person = match self.line().1.and_then(Rows::selected) {
            Some((_, Row::Notification(notification))) if notification.status.is_none() => {
                Some(notification.account.id.clone())
            }
            _ => None,
        };
        if let (Some(person), None | Some(Screen::Line(..))) = (person, self.stack.last()) {
            return self.show_person(person);
        }
        self.about(Self::open_thread)
    }

    pub(super) fn show_person(&mut self, id: String) -> Vec<Effect> {
        let mut effects = vec![Effect::Person(id.clone())];
        effects.extend(self.show_line(Line::Person(id)));
        effects
    }

    /// Does something about the selected post, if one is.
    fn about(&mut self, what: impl FnOnce(&mut Self, Status) -> Vec<Effect>) -> Vec<Effect> {
        match self.subject().cloned() {
            Some(post) => what(self, post),
            None => Vec::new(),
        }
    }

    /// Does something about the selected post if it is the reader's own. Erasing is asked back.
    fn own(&mut self, what: impl FnOnce(Status) -> Vec<Effect>) -> Vec<Effect> {
        self.about(|app, post| {
            if app.me.as_ref().is_none_or(|me| me.id != post.account.id) {
                return app.bad("input-not-yours");
            }
            let mut effects = what(post);
            match effects.pop() {
                Some(erase @ Effect::Delete(_)) => app.ask(Asks::Sure(Box::new(erase), "input-erase-sure")),
                Some(other) => vec![other],
                None => Vec::new(),
            }
        })
    }

    pub(super) fn relate(
        &mut self,
        what: impl FnOnce(&Self, Id, Option<&crate::api::Relationship>) -> Effect,
    ) -> Vec<Effect> {
        let shown = match self.stack.last() {
            Some(Screen::Line(Line::Person(id), person)) => {
                Some((id.clone(), person.as_ref().map(|person| person.relation.clone())))
            }
            _ => self.subject().map(|post| (post.account.id.clone(), None)),
        };
        let Some((id, relation)) = shown else { return Vec::new() };
        if self.me.as_ref().is_some_and(|me| me.id == id) {
            return self.bad("input-that-is-you");
        }
        match what(self, id, relation.as_ref()) {
            block @ Effect::Relate(_, Relate::Block(true)) => {
                self.ask(Asks::Sure(Box::new(block), "input-block-sure"))
            }
            effect => vec![effect],
        }
    }

    /// Where the reader came upon somebody, if it is a node of ours, which can note it: the person who passed the post on,
    /// else the post.
    fn came_upon(&self, person: &Id) -> Option<Id> {
        let mut below = self.stack.iter().rev();
        let shown = match self.stack.last() {
            Some(Screen::Line(Line::Person(_), _)) => below.nth(1),
            _ => below.next(),
        };
        let row = match shown {
            None => self.lines.get(&TABS[self.tab])?.selected()?.1,
            Some(Screen::Line(line, _)) => self.lines.get(line)?.selected()?.1,
            Some(Screen::Thread(tree)) => return tree.selected()?.post().map(told_by)?,
            Some(Screen::Found(found)) => return found.post().map(told_by)?,
            Some(_) => return None,
        };
        let post = row.post()?;
        post.starling.as_ref()?;
        Some(row.booster().filter(|booster| *booster != person).unwrap_or(&post.id).clone())
    }

    fn quote(&mut self, post: &Status) -> Vec<Effect> {
        if !self.limits.quotes {
            return self.bad("compose-no-quotes");
        }
        let name = crate::view::name(&post.account);
        self.write(Draft { quotes: Some((post.id.clone(), name)), ..Draft::default() })
    }

    fn reply(&mut self, post: &Status) -> Vec<Effect> {
        let own = self.me.as_ref().is_some_and(|me| me.id == post.account.id);
        let name = crate::text::DisplayText::new(&post.account.display_name).to_string();
        let draft = Draft {
            text: post.addressed(own),
            warning: post.spoiler_text.clone(),
            visibility: Visibility::of(post),
            reply_to: Some((post.id.clone(), name)),
            ..Draft::default()
        };
        self.write(draft)
    }

    fn prompted(&mut self, mut prompt: Prompt, key: KeyEvent) -> Vec<Effect> {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if let Asks::Sure(effect, _) = prompt.asks {
            self.stack.pop();
            return if matches!(key.code, KeyCode::Char('y' | 'Y')) { vec![*effect] } else { Vec::new() };
        }
        match key.code {
            KeyCode::Esc => {
                self.stack.pop();
                return Vec::new();
            }
            KeyCode::Char('c') if ctrl => {
                self.stack.pop();
                return Vec::new();
            }
            KeyCode::Enter => {
                self.stack.pop();
                return self.answer(&prompt);
            }
            KeyCode::Up => prompt.chosen = prompt.chosen.saturating_sub(1),
            KeyCode::Down => prompt.chosen += 1,
            KeyCode::Backspace => {
                prompt.text.pop();
                prompt.chosen = 0;
            }
            KeyCode::Char(c) if !ctrl => {
                prompt.text.push(c);
                prompt.chosen = 0;
            }
            _ => {}
        }
        prompt.chosen = prompt.chosen.min(offered(&self.words, &prompt.text).len().saturating_sub(1));
        if let Some(Screen::Prompt(shown)) = self.stack.last_mut() {
            *shown = prompt;
        }
        Vec::new()
    }

    fn answer(&mut self, prompt: &Prompt) -> Vec<Effect> {
        match prompt.asks.clone() {
            Asks::Palette => {
                let found = offered(&self.words, &prompt.text).get(prompt.chosen).map(|(action, ..)| *action);
                found.map_or(Vec::new(), |action| self.act(action))
            }
            Asks::Tag => {
                let tag = prompt.text.trim().trim_start_matches('#').to_owned();
                // A tag is one word.
                let words = tag.is_empty() || tag.contains(char::is_whitespace);
                if words { self.bad("input-no-tag") } else { self.show_line(Line::Tag(tag)) }
            }
            Asks::Search if prompt.text.trim().is_empty() => Vec::new(),
            Asks::Search => {
                let words = prompt.text.trim().to_owned();
                let found = Found { words: words.clone(), loading: true, ..Found::default() };
                self.stack.push(Screen::Found(found));
                vec![Effect::Search(words)]
            }
            Asks::Note(person) => sheet::ask(Ask::Note(person, prompt.text.trim().to_owned())),
            Asks::Invite | Asks::Address if prompt.text.trim().is_empty() => Vec::new(),
            Asks::Invite => sheet::ask(Ask::Open(prompt.text.trim().to_owned())),
            Asks::Address => sheet::ask(Ask::Call(prompt.text.trim().to_owned())),
            Asks::NewList(_) if prompt.text.trim().is_empty() => Vec::new(),
            Asks::NewList(person) => {
                sheet::ask(Ask::NewList { person, title: prompt.text.trim().to_owned() })
            }
            Asks::Sure(..) => Vec::new(),
        }
    }
}

/// What leads others to a post: on a node of ours the entry's id, since the node's address is this machine's own and another
/// one at every start; elsewhere where the post is on the web.
fn address(post: Status) -> String {
    match post.starling {
        Some(extra) if !extra.entry.is_empty() => extra.entry,
        Some(_) => post.id,
        None => post.url.filter(|url| !url.is_empty()).unwrap_or(post.uri),
    }
}

/// A post that a node of ours told of.
fn told_by(post: &Status) -> Option<Id> {
    let post = post.inner();
    post.starling.as_ref().map(|_| post.id.clone())
}
