//! The commands: one table, which `help` is made from. What each does is said by `verb-` and its name.

macro_rules! verbs {
    ($($verb:ident $name:literal $takes:literal;)*) => {
        /// A command.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Verb { $($verb,)* }

        /// Every command: its name, and what follows it.
        pub const VERBS: &[(Verb, &str, &str)] = &[$((Verb::$verb, $name, $takes),)*];

        impl Verb {
            /// How it is typed.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$verb => $name,)* }
            }
        }
    };
}

verbs! {
    Home "home" "";
    Local "local" "";
    Network "network" "";
    Notifications "notifications" "";
    Bookmarks "bookmarks" "";
    Favourites "favourites" "";
    Tag "tag" "NAME";
    Lists "lists" "";
    Next "next" "";
    Catchup "catchup" "[DAYS]";
    Open "open" "N";
    Read "read" "N";
    Links "links" "N";
    Why "why" "N";
    History "history" "N";
    Post "post" "[TEXT]";
    Reply "reply" "N [TEXT]";
    Quote "quote" "N [TEXT]";
    Warn "warn" "[TEXT]";
    Language "language" "[TAG]";
    Visibility "visibility" "public|unlisted|local";
    Attach "attach" "[PATH | WHAT IT SHOWS]";
    Poll "poll" "[ANSWER | ANSWER …]";
    At "at" "[WHEN]";
    Drafts "drafts" "";
    Send "send" "[N]";
    Drop "drop" "[N]";
    Queue "queue" "";
    Edit "edit" "N [TEXT]";
    Delete "delete" "N";
    Like "like" "N";
    Unlike "unlike" "N";
    Boost "boost" "N";
    Unboost "unboost" "N";
    Mark "mark" "N";
    Unmark "unmark" "N";
    Vote "vote" "N CHOICE…";
    Search "search" "WORDS";
    Person "person" "N";
    People "people" "";
    Follow "follow" "N";
    Unfollow "unfollow" "N";
    Mute "mute" "N [HOURS]";
    Unmute "unmute" "N";
    Block "block" "N";
    Unblock "unblock" "N";
    Note "note" "N [TEXT]";
    Notify "notify" "N";
    Quiet "quiet" "N";
    Put "put" "N LIST";
    Take "take" "N LIST";
    Requests "requests" "";
    Grant "grant" "N";
    Refuse "refuse" "N";
    Invite "invite" "[LINK]";
    Peers "peers" "";
    Call "call" "ADDRESS";
    Ban "ban" "PEER";
    Unban "unban" "PEER";
    Status "status" "";
    Yes "yes" "";
    Help "help" "[WORD]";
    Quit "quit" "";
}

/// The command of this name, or the only one that begins so; else those that do.
pub fn find(word: &str) -> Result<Verb, Vec<&'static str>> {
    let word = word.to_lowercase();
    if let Some((verb, ..)) = VERBS.iter().find(|(_, name, _)| *name == word) {
        return Ok(*verb);
    }
    let begun: Vec<_> = VERBS.iter().filter(|(_, name, _)| name.starts_with(&word)).collect();
    match begun.as_slice() {
        [(verb, ..)] => Ok(*verb),
        several => Err(several.iter().map(|(_, name, _)| *name).collect()),
    }
}
