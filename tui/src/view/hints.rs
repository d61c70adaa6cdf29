//! What can be done on the screen that is there, said on the line above the last: the most needed first, since on a narrow
//! screen it is all that there is room for.

use crate::{
    app::{App, Screen, reading::Of, sheet::About},
    keys::Action,
    msg::Line,
};

type Hint = (Action, &'static str);

const TIMELINE: &[Hint] = &[
    (Action::Open, "view-hint-open"),
    (Action::Help, "view-hint-help"),
    (Action::Compose, "view-hint-compose"),
    (Action::Reply, "view-hint-reply"),
    (Action::Search, "view-hint-search"),
    (Action::Boost, "view-hint-boost"),
    (Action::Like, "view-hint-like"),
    (Action::Quit, "view-hint-quit"),
];
const OTHER: &[Hint] = &[
    (Action::Open, "view-hint-open"),
    (Action::Back, "view-hint-back"),
    (Action::Help, "view-hint-help"),
    (Action::Reply, "view-hint-reply"),
    (Action::Boost, "view-hint-boost"),
    (Action::Like, "view-hint-like"),
];
const THREAD: &[Hint] = &[
    (Action::Reply, "view-hint-reply"),
    (Action::Back, "view-hint-back"),
    (Action::Help, "view-hint-help"),
    (Action::Fold, "view-hint-fold"),
    (Action::Boost, "view-hint-boost"),
    (Action::Like, "view-hint-like"),
    (Action::Bookmark, "view-hint-bookmark"),
];
const PERSON: &[Hint] = &[
    (Action::Follow, "view-hint-follow"),
    (Action::Back, "view-hint-back"),
    (Action::Open, "view-hint-open"),
    (Action::Help, "view-hint-help"),
    (Action::Mute, "view-hint-mute"),
    (Action::Note, "view-hint-note"),
];
const HISTORY: &[Hint] = &[
    (Action::Down, "view-hint-down"),
    (Action::Up, "view-hint-up"),
    (Action::Back, "view-hint-back"),
    (Action::Help, "view-hint-help"),
];
const CHOICE: &[Hint] =
    &[(Action::Open, "view-hint-choose"), (Action::Back, "view-hint-back"), (Action::Help, "view-hint-help")];
const DRAFTS: &[Hint] = &[
    (Action::Open, "view-hint-choose"),
    (Action::Delete, "view-hint-throw-away"),
    (Action::Back, "view-hint-back"),
    (Action::Help, "view-hint-help"),
];
const REQUESTS: &[Hint] = &[
    (Action::Open, "view-hint-let-in"),
    (Action::Delete, "view-hint-refuse"),
    (Action::Refresh, "view-hint-refresh"),
    (Action::Back, "view-hint-back"),
];
const PEERS: &[Hint] = &[
    (Action::Open, "view-hint-choose"),
    (Action::Delete, "view-hint-refuse"),
    (Action::Refresh, "view-hint-refresh"),
    (Action::Back, "view-hint-back"),
    (Action::Help, "view-hint-help"),
];
const OUTGOING: &[Hint] = &[
    (Action::Open, "view-hint-open"),
    (Action::Back, "view-hint-back"),
    (Action::Refresh, "view-hint-refresh"),
    (Action::Help, "view-hint-help"),
];
const SCHEDULED: &[Hint] = &[
    (Action::Open, "view-hint-open"),
    (Action::Delete, "view-hint-call-off"),
    (Action::Back, "view-hint-back"),
    (Action::Refresh, "view-hint-refresh"),
];
const ORIGIN: &[Hint] = &[
    (Action::Open, "view-hint-author"),
    (Action::Back, "view-hint-back"),
    (Action::Refresh, "view-hint-refresh"),
    (Action::Help, "view-hint-help"),
];
const IDENTITY: &[Hint] = &[(Action::Open, "view-hint-copy"), (Action::Back, "view-hint-back")];
const CATCH_UP: &[Hint] = &[
    (Action::Down, "view-hint-next"),
    (Action::Fold, "view-hint-next-author"),
    (Action::Back, "view-hint-back"),
    (Action::Reply, "view-hint-reply"),
    (Action::Like, "view-hint-like"),
    (Action::Open, "view-hint-open"),
];
const CAUGHT_UP: &[Hint] = &[(Action::Back, "view-hint-back"), (Action::Up, "view-hint-previous")];

/// The hints of the screen that is there, each whole.
pub fn of(app: &App) -> Vec<String> {
    let hints = match app.stack.last() {
        None => TIMELINE,
        Some(Screen::Line(Line::Person(_), _)) => PERSON,
        Some(Screen::Line(..) | Screen::Found(_)) => OTHER,
        Some(Screen::Thread(_)) => THREAD,
        Some(Screen::History(..)) => HISTORY,
        Some(Screen::Sheet(sheet)) => match &sheet.about {
            About::Mute(..) | About::Lists(..) | About::Since | About::Invite(_) => CHOICE,
            About::Drafts(_) => DRAFTS,
            About::Requests(_) => REQUESTS,
            About::Mesh(_) => PEERS,
            About::Outbound(outbound) if outbound.scheduled.is_empty() => OUTGOING,
            About::Outbound(_) => SCHEDULED,
            About::Origin(..) => ORIGIN,
            About::Identity(_) => IDENTITY,
        },
        Some(Screen::CatchUp(it)) => match (it.post(), it.at) {
            (Some(_), _) => CATCH_UP,
            (None, Some(_)) => CAUGHT_UP,
            (None, None) => CHOICE,
        },
        Some(Screen::Compose(_)) => return parts(app, "view-form-keys"),
        Some(Screen::Help(_)) => return parts(app, "view-help-keys"),
        Some(Screen::Choice(choice)) => {
            let several = matches!(&choice.of, Of::Poll(poll, _) if poll.multiple);
            return parts(app, if several { "view-poll-keys" } else { "view-choice-keys" });
        }
        Some(Screen::Prompt(_)) => &[],
    };
    let relation = match app.stack.last() {
        Some(Screen::Line(Line::Person(_), Some(person))) => Some(&person.relation),
        _ => None,
    };
    // A key that ends what is so says that.
    let name = |(action, name): &Hint| match (action, relation) {
        (Action::Follow, Some(relation)) if relation.following => "view-hint-unfollow",
        (Action::Mute, Some(relation)) if relation.muting => "view-hint-unmute",
        _ => *name,
    };
    let said = |hint: &Hint| Some(format!("{} {}", app.keys.told(hint.0)?, app.words.say(name(hint))));
    hints.iter().filter_map(said).collect()
}

/// Hints whose keys are always the same: the words have them all, with dots between them.
fn parts(app: &App, name: &str) -> Vec<String> {
    let words = app.words.say(name);
    let words = words.replace(" - ", " · "); // as it is said in ASCII
    words.split(" · ").map(str::to_owned).collect()
}
