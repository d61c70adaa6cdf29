# What the terminal UI says. A file of another language has the same names; what it leaves out is said in English.
# Names begin with the file of `tui/src` that uses them.

# The direction of this language, ltr or rtl.
direction = ltr

# --- app
app-erased = Deleted. Others delete it as they hear of it.
app-edit-later = Press the key again when you are done: the post's text is here now.
app-stored = Stored. It goes out as soon as a peer is here.
app-handed = { $count ->
    [one] Stored, and handed to 1 peer.
   *[other] Stored, and handed to { $count } peers.
}
app-posted = Posted.
app-following = Following now.
app-not-following = Not following.
app-blocked = Blocked: nothing of theirs is shown, stored or passed on.
app-not-blocked = Not blocked any more.
app-not-muted = Not muted any more.
app-muted = Muted: nothing of theirs is shown.
app-still-missing = It is not here yet: nobody who is connected has it.
app-drafts-found = { $count ->
    [one] A draft was kept: [{ $key }] finds it.
   *[other] { $count } drafts were kept: [{ $key }] finds them.
}
app-scheduled = It waits for its hour here, and is published then.

# --- input
input-draft-kept = The draft is kept: [{ $key }] finds it.
input-copied = Copied: { $address }
input-not-yours = This post is somebody else's: only its author can change it.
input-that-is-you = That is you.
input-erase-sure = Delete this post everywhere?
input-forget-sure = Throw this draft away?
input-call-off-sure = Call this post off?
input-block-sure = Block { $who }?

input-no-tag = A tag is one word.

# --- reading: links, lists, votes, threads
reading-opens = Opening { $address }
reading-no-links = This post leads nowhere.
reading-no-lists = There are no lists yet.
reading-no-poll = There is no poll here.
reading-poll-over = This poll has ended.
reading-voted = You have voted.
reading-vote-counted = Your vote is counted.
reading-never-edited = This post was never changed.
reading-always = Warnings of { $who } are opened from now on.
reading-not-always = Warnings of { $who } stay closed again.
reading-columns = { $count ->
    [one] One column
   *[other] { $count } columns where there is room
}
reading-all-read = All of this thread is read.
reading-nothing-new = Nothing is new.
reading-asked = It is asked for once more.

# --- news
news-back = The server is back.

# --- compose: the form to write in
compose-public = public: everyone, everywhere
compose-unlisted = unlisted: everyone, but not on timelines of strangers
compose-private = followers: those who follow you
compose-direct = direct: those whom it names
compose-no-quotes = This server cannot quote.
compose-local = local: this network only, never by a bridge
compose-empty = There is nothing in it yet.
compose-quote-of = A post that quotes { $who }
compose-answer-to = Reply to { $who }
compose-change = Edit your post
compose-new = A new post
compose-warning = Warning
compose-language = Language
compose-who = Visibility
compose-sending = Sending…
compose-file = Picture
compose-describe = Alt text
compose-poll = Poll
compose-open-for = Open for
compose-choice = Choice
compose-when = When
compose-one = one answer
compose-many = several answers
compose-for-minutes = 5 minutes
compose-for-half-hour = half an hour
compose-for-hour = 1 hour
compose-for-six-hours = 6 hours
compose-for-half-day = 12 hours
compose-for-day = 1 day
compose-for-three-days = 3 days
compose-for-week = 1 week
# Where a file is, after its name.
compose-file-named = to be described
compose-file-sending = on its way to the server…
compose-file-ready = uploaded
compose-file-refused = refused:
compose-file-failed = A file was not taken: ctrl-x in its field takes it off.
compose-files-wait = A file is still on its way: it goes in a moment.
compose-undescribed = Who does not see it gets nothing of it without a description. Enter again leaves it so.
compose-undescribed-yet = Say first what the picture shows; then it can be sent.
compose-one-option = A poll needs two answers, a line each.
compose-when-wrong = When is a wait (2h, 3 days) or a time to come (18:00, 2026-11-24 18:00).
# Beside an empty field: what goes in.
compose-hint-file = The path of a picture, then enter; ctrl-x takes the last one off
# What the server takes; after enter the next thing is asked.
compose-limit-file = A path, then enter: { $kinds }, to { $size } MiB, { $count } at most; ctrl-x takes one off
compose-limit-describe = What does it show? At most { $count } characters, then enter
compose-limit-poll = An answer a line, { $count } at most
compose-hint-describe = What does it show? Then enter
compose-hint-poll = An answer a line
compose-hint-when = Empty: at once. Or 2h, 3 days, 18:00, 2026-11-24 18:00
compose-hint-choice = Any key changes it
compose-of-characters = { $count } of { $most } characters
compose-characters = { $count ->
    [one] 1 character
   *[other] { $count } characters
}

# --- client: what goes wrong on the way to the server
client-no-draft = the draft could not be kept: { $why }
client-no-drafts = the drafts cannot be read: { $why }
client-drafts-aside = not all drafts could be read; those that could are here, and the file as it was is { $place }
client-broke = something went wrong here; what it was is told when this program ends
client-memory-aside = where you were could not be read and is forgotten; the file as it was is { $place }
client-no-memory = where you are could not be kept: { $why }
client-no-picture = the picture cannot be had
client-no-web = only addresses of the web are opened
client-no-browser = no program opens it: { $why }
client-no-stream = the server streams no news ({ $status })
client-stream-closed = the server closed the stream
client-stream-too-much = the server sent more than it should
client-unreadable = the server's answer cannot be read: { $why }
client-answered = the server answered { $status }
client-not-there = the node does not run, or is not at this address
client-slow = the server takes too long

# --- upload
upload-unreadable = { $path } cannot be read: { $why }
upload-too-large = the file is larger than { $count } MiB

# --- run
run-no-editor = the editor could not be run: { $why }
run-too-much = too much is under way

# --- view: the frame around every screen
view-too-small = needs 20 by 6
view-home = Home
view-local = Local
view-network = Network
view-notifications = Notifications
view-bookmarks = Bookmarks
view-favourites = Likes
view-person = Posts
view-thread = Thread
view-change = Edit
view-answer = Reply
view-write = Write
view-search = Search: { $words }
view-keys = Keys
# One line; the keys are those of the form.
view-form-keys = ctrl-s send · esc keeps it · tab next field · ctrl-o editor
view-new = { $count ->
    [one] 1 new: [{ $key }] shows it
   *[other] { $count } new: [{ $key }] shows them
}
view-new-more = more than { $count } new: [{ $key }] shows them, [{ $other }] begins at the newest
view-ask-tag = Tag:
view-history = Earlier versions
# One line; the keys are those of a choice.
view-choice-keys = enter or its number chooses · esc closes
view-poll-keys = space marks · enter votes · esc closes
view-help-keys = type to find · esc back · up/down move
# What stands beside a key on the last line but one.
view-hint-open = open
view-hint-back = back
view-hint-fold = fold
view-hint-bookmark = bookmark
view-hint-follow = follow
view-hint-unfollow = unfollow
view-hint-mute = mute
view-hint-unmute = unmute
view-hint-note = note
view-hint-down = down
view-hint-up = up
view-hint-choose = choose
view-hint-throw-away = throw away
view-hint-let-in = let in
view-hint-refuse = refuse
view-hint-refresh = refresh
view-hint-call-off = call off
view-hint-author = who wrote it
view-hint-copy = copy
view-hint-next = next
view-hint-next-author = next author
view-hint-previous = previous
view-hint-reply = reply
view-hint-compose = write
view-hint-boost = boost
view-hint-like = like
view-hint-search = search
view-hint-help = keys
view-hint-quit = quit
view-lost = Not connected, trying again: { $why }. Nothing you type is lost.
view-connecting = Connecting…
view-connected = Connected.
view-disk-low = The disk is nearly full: nothing of others is taken in. Free some space.
view-guarded = Nothing is signed yet: { $why }
view-guarded-why = a peer that knows you has to be met first
view-no-network = no network
view-peers = { $count ->
    [one] 1 peer
   *[other] { $count } peers
}
view-syncing = { $count ->
   *[other] fetching from { $count }
}
# Before what is typed.
view-ask-search = Search:
# After a question, the keys that answer it.
view-yes-no = y/n

# --- post
post-now = now
post-minutes = { $count }m
post-hours = { $count }h
post-days = { $count }d
post-years = { $count }y
# Where the sign for it cannot be drawn: who wrote it, and who passed it on.
post-via = { $who } via { $by }
post-file = [{ $kind }: { $alt }]
post-file-bare = [{ $kind }, not described]
post-image = image
post-video = video
post-gifv = moving image
post-audio = sound
post-unknown = file
# After a date.
post-changed = edited
post-clock-ahead = by a clock that is ahead
post-opens = [{ $key }] opens it
post-answers = { $count ->
    [one] 1 reply
   *[other] { $count } replies
}
post-boosts = { $count ->
    [one] 1 boost
   *[other] { $count } boosts
}
post-likes = { $count ->
    [one] 1 like
   *[other] { $count } likes
}
post-bookmarked = bookmarked

post-quote-missing = [quotes a post that is not here]
post-votes = { $count ->
    [one] 1 vote
   *[other] { $count } votes
}
post-poll-open = [{ $key }] to vote
post-poll-until = until { $when }
post-poll-over = ended
post-run = { $who } boosted { $count } posts

# --- choice: what there is to choose from
choice-quoted = the post of { $who } that it quotes
choice-links = Open ([y] copies):
choice-lists = Lists:
choice-loading = Loading…
choice-poll = Your answer:
choice-poll-several = Your answers:

# --- side: the third column
side-posts = { $count ->
    [one] 1 post
   *[other] { $count } posts
}
side-followers = { $count ->
    [one] 1 follower
   *[other] { $count } followers
}
side-followed = follows { $count }
side-written = written { $when }
side-changed = edited { $when }
side-arrived = arrived { $when }
side-device = signed by device { $id }
side-entry = entry { $id }

# --- thread
thread-loading = Loading…
thread-folded = { $count } folded
thread-missing = a post that is not here: [{ $key }] asks for it
thread-erased = a post that was deleted
thread-more = [{ $key }] shows the rest of it
thread-unread = { $count ->
    [one] 1 unread: [{ $key }] goes to it
   *[other] { $count } unread: [{ $key }] goes to the next
}

# --- timeline
timeline-loading = Loading…
timeline-no-home = Nothing here yet. Follow somebody: [{ $invite }] opens their invite, and Network [{ $key }] shows who came by.
timeline-no-public = Nothing came by yet. As soon as a peer is connected, posts of others show up here.
timeline-no-notifications = Nobody has replied to, liked or followed you yet.
timeline-no-bookmarks = No bookmarks yet. [{ $key }] bookmarks a post.
timeline-no-favourites = Nothing is liked yet. [{ $key }] likes a post.
timeline-no-tag = Nothing with this tag is here.
timeline-no-posts = Nothing of theirs is here yet.
timeline-no-list = Nobody on this list has written anything that is here.
# What somebody did; their name stands in it.
timeline-mention = { $who } replied to or mentioned you
timeline-reblog = { $who } boosted this
timeline-favourite = { $who } liked this
timeline-follow = { $who } followed you
timeline-follow-request = { $who } asks to follow you
timeline-poll = { $who }: a poll has ended
timeline-update = { $who } edited this
timeline-status = { $who } wrote this
timeline-quote = { $who } quoted you
timeline-other = { $who } did something new
timeline-you-follow = you follow them
timeline-follows-you = they follow you
timeline-muted = muted
timeline-blocked = blocked
timeline-counts = { $posts ->
    [one] 1 post
   *[other] { $posts } posts
}, { $followers ->
    [one] 1 follower
   *[other] { $followers } followers
}, follows { $followed }
timeline-searching = Searching…
timeline-not-found = Nothing found in what is stored here.

# --- help
help-filter = Find: { $words }
help-nothing = No key does that.
help-liked = you like it
help-boosted = boosted, by you or by whom it says
help-bookmarked = you bookmarked it
help-reply = a reply
help-files = has pictures or other files
help-warning = behind a warning
help-unread = unread

# --- health: the last line
health-waiting = { $count ->
    [one] 1 of yours waits [{ $key }]
   *[other] { $count } of yours wait [{ $key }]
}
health-unheld = { $count ->
    [one] 1 post only here yet [{ $key }]
   *[other] { $count } posts only here yet [{ $key }]
}
health-no-peers = No peers: [{ $key }] opens or gives an invite
health-drafts = { $count ->
    [one] 1 draft
   *[other] { $count } drafts
}
health-clock-behind = { $count ->
    [one] this clock is 1 minute behind the server's: set it
   *[other] this clock is { $count } minutes behind the server's: set it
}
health-clock-ahead = { $count ->
    [one] this clock is 1 minute ahead of the server's: set it
   *[other] this clock is { $count } minutes ahead of the server's: set it
}

# --- sheet: screens that are a list of lines
sheet-outbound = Outgoing
sheet-mesh = Peers
sheet-origin = Where it comes from
sheet-mute = Mute
sheet-lists = Lists
sheet-identity = Who it is
sheet-drafts = Drafts
sheet-invite = Invite
sheet-requests = Requests
sheet-since = Catch up
sheet-catchup = Catch-up
sheet-loading = Loading…

# --- outbound: what own posts wait for
outbound-stored = stored
outbound-sent = { $count ->
    [0] sent to nobody yet
    [one] sent to 1 peer
   *[other] sent to { $count } peers
}
outbound-held = { $count ->
    [0] held by nobody else yet
    [one] held by 1
   *[other] held by { $count }
}
outbound-unheld = none of them said yet that it holds it
outbound-no-network = waits: this node runs without a network
outbound-no-peer = waits for a peer: nobody is connected
outbound-nobody-asked = waits: no connected peer asks for your posts
outbound-gone = a post that was deleted
outbound-none = Nothing of yours waits.
outbound-scheduled = waits for its hour: { $when }
outbound-unsent = { $count ->
    [one] 1 of your posts and changes waits for a peer
   *[other] { $count } of your posts and changes wait for a peer
}
outbound-files = { $count ->
    [one] 1 file in posts that you see is not here yet
   *[other] { $count } files in posts that you see are not here yet
}
outbound-unindexed = { $count ->
    [one] 1 entry is not in the index of words yet
   *[other] { $count } entries are not in the index of words yet
}

# --- mesh: whom the node is connected to
mesh-connected = { $count ->
    [0] No peer is connected
    [one] 1 peer is connected
   *[other] { $count } peers are connected
}
mesh-nobody = Share an invite (`starling invite new`), open one, or add an address (`starling peers add`).
mesh-no-network = This node runs without a network.
mesh-caught-up = Everything that peers have for you is here.
mesh-fetching = Still fetching.
mesh-not-asked = No peer can be asked for what is missing.
mesh-same-machine = this machine
mesh-lan = local network
mesh-direct = direct
mesh-relayed = by a relay
mesh-we-called = we called
mesh-they-called = they called
mesh-peer-fetching = has more for you
mesh-peer-caught-up = has nothing more for you
mesh-peer-idle = not asked now
mesh-serving = fetches from you
mesh-received = { $count ->
    [one] 1 entry came from it
   *[other] { $count } entries came from it
}
mesh-demerits = { $count ->
    [one] misbehaved (1 point)
   *[other] misbehaved ({ $count } points)
}
mesh-traffic = Since the start
mesh-gossip = new posts: { $came } came, { $went } went
mesh-sync = catching up: { $came } came, { $went } went
mesh-links = gossip mesh: { $links ->
    [one] 1 link
   *[other] { $links } links
} in { $shards ->
    [one] 1 shard
   *[other] { $shards } shards
}
mesh-refused = { $count ->
    [one] 1 connection was refused
   *[other] { $count } connections were refused
}
mesh-coverage = { $count ->
    [one] 1 feed is kept
   *[other] { $count } feeds are kept
}
mesh-held = { $count ->
    [one] 1 entry
   *[other] { $count } entries
}
mesh-complete = nothing missing
mesh-missing = { $count ->
    [one] 1 missing
   *[other] { $count } missing
}
mesh-sources = { $count ->
    [0] kept by no connected peer
    [one] kept by 1 connected peer
   *[other] kept by { $count } connected peers
}
mesh-add = Add an address…
mesh-ask = Address:
mesh-ban-sure = Refuse this peer from now on?
mesh-take-sure = Take this peer's connections again?
mesh-remembered = { $count ->
    [one] 1 peer is remembered
   *[other] { $count } peers are remembered
}
mesh-seen = last seen { $when }
mesh-never-seen = never seen
mesh-banned = refused

# --- origin: where a post comes from
origin-author = Written by { $who }
origin-good = The signature is good: this is what its author signed.
origin-doubtful = Not all of it can be vouched for.
origin-unsigned = This server does not tell of a signature: what is shown is its word.
origin-device = Device: { $device }
origin-place = Place { $place } in log { $log } of the device
origin-claimed = Written { $when }, as its author says
origin-claimed-wrongly = Written { $when } by the author's clock, which is ahead
origin-time = Written { $when }
origin-first-here = First here { $when }
origin-from = From the peer { $peer }
origin-written-here = Written on this node, or brought in by a file.
origin-unknown = Nothing is known of it here.
origin-receipt = The receipt: entry { $id }, signed like the post
origin-erased = Its author deleted it.
origin-address = Address: { $address }
origin-never-changed = It was never changed.
origin-versions = { $count ->
   *[other] { $count } versions, the oldest first
}

# --- mute, lists, identity, drafts, since: sheets to choose from
mute-whom = Mute { $who }
mute-end = Mute no longer
mute-for-good = until you end it
mute-for-hour = for 1 hour
mute-for-eight-hours = for 8 hours
mute-for-day = for 1 day
mute-for-week = for 1 week
mute-for-month = for 30 days
mute-notifications = their notifications too
lists-whom = Lists that { $who } is on
lists-new = Make a new list…
lists-ask-title = Name of the list:
identity-whose = The id of { $who }
identity-yours = Your id
identity-how = Compare with what their own screen shows, or scan it. Enter copies it.
identity-no-room = A code to scan needs { $columns } by { $rows }.
identity-no-letters = This terminal cannot draw a code to scan.
drafts-new = Write a new post…
invite-open = Open an invite that somebody gave you…
invite-ask = Invite:
invite-own = Your own, for those who are to follow you
invite-how = Enter copies it.
invite-opened = You follow { $who } now.
requests-none = Nobody waits for you to let them in.
requests-follow = { $who } wants to follow you
requests-heard = { $who }, whom you do not know, wants to be heard
since-when = Catch up with everything at home
since-read = since you read last
since-day = of the last day
since-week = of the last week
catchup-nothing = Nothing was written since.
catchup-total = { $count ->
    [one] 1 post
   *[other] { $count } posts
} by { $people ->
    [one] 1 person
   *[other] { $people } people
}
catchup-total-more = The newest { $count } posts by { $people } people only
catchup-place = Post { $at } of { $total } · { $who }, { $number } of { $count }
catchup-end = That was all: { $count ->
    [one] 1 post
   *[other] { $count } posts
} by { $people ->
    [one] 1 person
   *[other] { $people } people
}. They count as read now.

# --- mouse
mouse-on = Mouse on: the wheel moves, a click selects, again opens; shift selects text.
mouse-off = The mouse is off: it selects text.

# --- people
people-note = Your note: { $note }
people-ask-note = Note, for you alone:
people-noted = The note is kept.
people-kept = That is kept.
people-notifying = You are told of what they write.
people-not-notifying = You are not told of what they write any more.
people-you-are-told = you are told of what they write
people-followed = followed since { $when }
people-followed-invite = followed since { $when }, by their invite
people-followed-welcome = followed since { $when }, with the welcome
people-followed-device = followed since { $when }, on another of your devices
people-followed-own = followed since { $when }, after a post of theirs
people-followed-via = followed since { $when }, through { $who }
people-requested = you asked to follow them
people-muted-until = muted until { $when }
people-notices-come = their notifications still come
people-forked = Somebody else may have their key: two versions of one of their entries were signed.
people-retired = They said that they do not write here any more.
people-open-first = Open the person first.
people-follow-first = Follow them first.

# --- keys: what each action does, by its name
key-down = Next
key-up = Previous
key-page-down = A page further
key-page-up = A page back
key-top = To the newest
key-bottom = To the oldest that is here
key-open = Open the thread
key-back = Back
key-next-timeline = Next timeline
key-previous-timeline = Previous timeline
key-load-new = Show what is new
key-refresh = Ask the server again
key-compose = Write a post
key-reply = Reply
key-edit = Edit your own post
key-delete = Delete your own post; throw a draft away
key-boost = Boost, or take it back
key-like = Like, or take it back
key-bookmark = Bookmark, or take it back
key-vote = Vote
key-links = Where it leads: links, tags, people, what it quotes
key-history = Earlier versions of an edited post
key-reveal = Open or close what is behind a warning
key-reveal-always = Always open the warnings of this author, or no longer
key-fold = Fold or unfold replies, or a run of boosts; the next author of a catch-up
key-next-unread = Next that is unread
key-person = Who wrote this
key-follow = Follow or unfollow
key-mute = Mute for a while, or unmute
key-block = Block or unblock
key-note = Note something about somebody
key-notify = Be told of what somebody writes, or no longer
key-on-lists = Lists that somebody is on
key-compare = Who somebody is, to be compared
key-quote = Quote
key-origin = Where the post comes from
key-catch-up = Catch up with what was missed
key-drafts = Drafts that were kept
key-requests = Who asks to be let in
key-invite = Open an invite, or show your own
key-queue = Outgoing posts, and what they wait for
key-peers = Peers, and what they bring
key-search = Search
key-tag = Posts with a tag
key-lists = Choose a list
key-columns = One column fewer, or all again
key-copy = Copy what leads to the post: its id, or its address
key-mouse = Use the mouse, or leave it to the terminal
key-help = What the keys do
key-palette = Do anything by its name
key-suspend = To the shell; fg comes back
key-quit = Quit

# first
first-name = Welcome to Starling
first-name-why =
    What should others call you? It may stay empty, and can be changed at any time.

    Starling is a social network without servers: what you write is signed on this machine and goes to those who follow you.

    Were you here before? Leave, and { $command } brings you back.
first-name-keys = enter goes on · esc leaves
first-name-long = A name has at most { $count } characters.
first-phrase = Your recovery phrase
first-phrase-page = Words { $first } to { $last } of { $count }
first-phrase-why = Write these 24 words on paper: they are shown only now. Whoever has them is you; without them a lost disk is a lost name. Three of them are asked back.
first-phrase-keys = enter goes on · esc back
first-asked = Did you write it down?
first-asked-which = Word { $count } ({ $step } of 3):
first-asked-keys = enter goes on · esc shows them again
first-asked-wrong = Word { $count } was another one: look again.
first-meet = How do you meet others?
first-meet-why = There is no directory: people find each other by invites, or on the same network, where your node is then shown to others. You can change this later.
first-meet-invite = I have an invite
first-meet-near = On the local network
first-meet-nobody = Not yet
first-meet-keys = arrows choose · enter goes on · esc back
first-invite = Somebody's invite
first-invite-why = Paste the link; it begins with starling:invite:
first-invite-keys = enter goes on · esc back
first-making = One moment
first-making-why = Your keys are being made.
first-making-keys = a few seconds
first-failed = Your account could not be made
first-failed-keys = enter tries again · esc leaves
first-done = Welcome. [c] writes your first post, [?] shows the keys.

# --- plain: lines instead of a screen
plain-hello = You are { $who }.
plain-begin = home reads your timeline, help tells all commands, quit leaves. N is the number in front of a post or a person.
plain-drafts = { $count ->
    [one] 1 draft is kept: drafts reads it
   *[other] { $count } drafts are kept: drafts reads them
}
plain-lost = Not connected: { $why }. It is tried again.
plain-failed = Not done: { $why }
plain-unknown = There is no command "{ $word }". help tells which there are.
plain-which-command = Which of these: { $names }?
plain-nothing-asked = Nothing was asked.
plain-new-posts = { $count ->
    [one] 1 new post: home reads it
   *[other] { $count } new posts: home reads them
}
plain-new-notices = { $count ->
    [one] 1 new notification: notifications reads it
   *[other] { $count } new notifications: notifications reads them
}
plain-empty = Nothing here yet.
plain-end = That is all.
plain-more = next goes on
plain-boosted = boosted by { $who }
plain-depth = reply, level { $count }
plain-warned = Warning: { $warning }. read { $number } tells what is behind it.
plain-quotes = Quotes { $who }: { $text }
plain-you-like = you like it
plain-you-boosted = you boosted it
plain-you-marked = you bookmarked it
plain-noted = Noted.
plain-write = Write, line by line. A line with a single dot sends it.
plain-unsent = It was not sent, and is kept. send tries again.
plain-no-drafts = There is no such draft.
plain-no-alt = Say what it shows, for those who do not see it: attach PATH | WORDS
plain-no-time = When? Such as 2h, 18:00, or 2026-11-24 18:00
plain-visibility-is = It is { $now }. There are public, unlisted and local.
plain-no-words = Search for what?
plain-which = Which? Say the number in front of it.
plain-which-post = Which post? Say the number in front of it.
plain-which-person = Who? Say the number in front of the person, or of a post of theirs.
plain-which-answer = Which answer? Say the number of the post, then those of answers.
plain-which-peer = Which? peers tells their names; call takes an address.
plain-no-requests = Nobody asks for anything.
plain-asks-follow = { $number }. { $who } asks to follow you
plain-asks-heard = { $number }. { $who } asks to be heard
plain-missed = { $count ->
    [one] 1 post since then
   *[other] { $count } posts since then
}
plain-missing = A post that is not here.
plain-nobody = You follow nobody yet.
plain-invited = You follow { $who } now.
plain-say-yes = yes does it
plain-done = Done.

# --- plain/verbs: what each command does, by its name
verb-home = Those whom you follow, newest first
verb-local = The people of this node
verb-network = Everybody whom this node hears of
verb-notifications = What concerns you
verb-bookmarks = What you bookmarked
verb-favourites = What you like
verb-tag = Posts with a tag
verb-lists = Your lists
verb-next = Go on where it stopped
verb-catchup = What was written at home since you were here, or for some days
verb-open = The thread of a post; the posts of a person, a tag, a list
verb-read = A post whole, with what is behind its warning
verb-links = The addresses in a post
verb-history = How a post read before
verb-post = Write a post, in this line or in those that follow
verb-reply = Reply to a post
verb-warn = The warning before your next post
verb-language = The language of your posts, such as gn
verb-visibility = How far your posts go
verb-quote = Quote a post in a new one
verb-attach = A picture of your next post, with what it shows
verb-poll = Answers to choose from, in your next post; open for a day
verb-at = When your next post is to be published
verb-drafts = Posts that were not sent
verb-send = Send a draft
verb-drop = Forget a draft
verb-queue = What your posts wait for
verb-why = Where a post comes from: who signed it, and when it came
verb-edit = Edit your own post
verb-delete = Delete your own post
verb-like = Like a post
verb-unlike = Take a like back
verb-boost = Boost a post
verb-unboost = Take a boost back
verb-mark = Bookmark a post
verb-unmark = Remove a bookmark
verb-vote = Vote in a poll
verb-search = Posts, people and tags with these words
verb-person = Who wrote a post
verb-people = Whom you follow
verb-follow = Follow a person, or who wrote a post
verb-unfollow = Follow no longer
verb-mute = Show nothing of theirs, for good or for some hours
verb-unmute = Show it again
verb-block = Show, store and pass on nothing of theirs
verb-unblock = Block no longer
verb-note = Keep a note about a person
verb-notify = Be told of what a person writes
verb-quiet = Be told no longer
verb-put = Put a person on a list
verb-take = Take a person off a list
verb-requests = Who asks for something
verb-grant = Say yes to a request
verb-refuse = Say no to a request
verb-invite = Make a link for a friend, or open the link of one
verb-peers = The nodes that yours talks to
verb-call = Call a node, and keep its address
verb-ban = Refuse a node
verb-unban = Refuse it no longer
verb-status = How the node is doing
verb-yes = Do what was asked back
verb-help = All commands, or those that have a word in them
verb-quit = Leave
