# What the terminal UI says. A file of another language has the same names; what it leaves out is said in English.
# Names begin with the file of `tui/src` that uses them.

# The direction of this language, ltr or rtl.
direction = ltr

# --- app
app-erased = Erased. Others erase it as they hear of it.
app-stored = Stored. It goes out as soon as a peer is here.
app-handed = { $count ->
    [one] Stored, and handed to 1 peer.
   *[other] Stored, and handed to { $count } peers.
}
app-posted = Posted.
app-following = Following now.
app-not-following = Not following.
app-blocked = Blocked: nothing of theirs is shown, stored or passed on.
app-muted = Muted: nothing of theirs is shown.
app-still-missing = It is not here yet: nobody who is connected has it.
app-draft-found = A draft was kept: { $key } goes on with it.

# --- input
input-draft-kept = The draft is kept: { $key } goes on with it.
input-copied = Copied: { $address }
input-not-yours = This post is somebody else's: only its author can change it.
input-that-is-you = That is you.
input-erase-sure = Erase this post here and at all who hold it?
input-block-sure = Block: show, store and pass on nothing of theirs?

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
compose-local = local: this network only, never by a bridge
compose-empty = There is nothing in it yet.
compose-answer-to = Answer to { $who }
compose-change = Change an own post
compose-new = A new post
compose-warning = Warning
compose-language = Language
compose-who = Who
compose-sending = Sending…
compose-characters = { $count ->
    [one] 1 character
   *[other] { $count } characters
}

# --- client: what goes wrong on the way to the server
client-no-draft = the draft could not be kept: { $why }
client-no-memory = where you are could not be kept: { $why }
client-no-picture = the picture cannot be had
client-no-web = only addresses of the web are opened
client-no-browser = no program opens it: { $why }
client-no-stream = the server streams no news ({ $status })
client-stream-closed = the server closed the stream
client-stream-too-much = the server sent more than it should
client-unreadable = the server's answer cannot be read: { $why }
client-answered = the server answered { $status }
client-not-there = the node does not run, or not there
client-slow = the server takes too long

# --- run
run-no-editor = the editor could not be run: { $why }
run-too-much = too much is under way

# --- view: the frame around every screen
view-too-small = too small: 20 by 6
view-home = Home
view-local = Local
view-network = Network
view-notifications = Notices
view-bookmarks = Marked
view-favourites = Liked
view-person = Posts
view-thread = Thread
view-change = Change
view-answer = Answer
view-write = Write
view-search = Search: { $words }
view-keys = Keys
# One line; the keys are those of the form.
view-form-keys = ctrl-s send · tab next field · ctrl-o editor · esc keep and leave
view-new = { $count ->
    [one] 1 new: { $key } shows it
   *[other] { $count } new: { $key } shows them
}
view-new-more = more than { $count } new: { $key } shows them, { $other } begins at the newest
view-ask-tag = Tag:
view-history = Before
# One line; the keys are those of a choice.
view-choice-keys = enter chooses · a number goes there · esc closes
# What stands beside a key on the last line but one.
view-hint-open = open
view-hint-reply = answer
view-hint-compose = write
view-hint-boost = pass on
view-hint-like = like
view-hint-search = search
view-hint-help = keys
view-hint-quit = leave
view-lost = Not connected: { $why }. Trying again; nothing you type is lost.
view-connecting = Connecting…
view-connected = Connected.
view-disk-low = The disk is nearly full: nothing of others is taken in. Free some space.
view-guarded = Nothing is signed yet: { $why }
view-guarded-why = a peer that knows you has to be met first
view-no-network = no network
view-no-peers = no peers: share an invite, or add one
view-peers = { $count ->
    [one] 1 peer
   *[other] { $count } peers
}
view-syncing = { $count ->
   *[other] fetching from { $count }
}
view-waiting = { $count ->
    [one] 1 of yours waits for a peer
   *[other] { $count } of yours wait for a peer
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
post-changed = changed since
post-clock-ahead = by a clock that is ahead
post-opens = { $key } opens it
post-answers = { $count ->
    [one] 1 answer
   *[other] { $count } answers
}
post-boosts = { $count } passed on
post-likes = { $count ->
    [one] 1 likes it
   *[other] { $count } like it
}

post-quote-missing = [quotes a post that is not here]
post-votes = { $count ->
    [one] 1 vote
   *[other] { $count } votes
}
post-poll-open = { $key } votes
post-poll-until = until { $when }
post-poll-over = ended
post-run = { $who } passed on { $count } posts

# --- choice: what there is to choose from
choice-links = Opens, or y copies:
choice-lists = Lists:
choice-loading = Loading…
choice-poll = Your answer, sent by enter:
choice-poll-several = Your answers (space marks), sent by enter:

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
side-changed = changed { $when }
side-arrived = arrived { $when }
side-device = signed by device { $id }
side-entry = entry { $id }

# --- thread
thread-loading = Loading…
thread-folded = { $count } folded
thread-missing = a post that is not here: { $key } asks for it
thread-erased = a post that was erased
thread-unread = { $count ->
    [one] 1 unread: { $key } goes to it
   *[other] { $count } unread: { $key } goes to the next
}

# --- timeline
timeline-loading = Loading…
timeline-no-home = Nothing here yet. Follow somebody: open their invite with `starling invite open`, or look at Network ({ $key }).
timeline-no-public = Nothing came by yet. As soon as a peer is connected, posts of others show up here.
timeline-no-notifications = Nobody answered, liked or followed you yet.
timeline-no-bookmarks = Nothing is marked. { $key } marks a post.
timeline-no-favourites = Nothing is liked yet. { $key } likes a post.
timeline-no-tag = Nothing with this tag is here.
timeline-no-posts = Nothing of theirs is here yet.
timeline-no-list = Nobody on this list has written anything that is here.
# What somebody did; their name stands in it.
timeline-mention = { $who } answered or mentioned you
timeline-reblog = { $who } passed this on
timeline-favourite = { $who } likes this
timeline-follow = { $who } follows you
timeline-follow-request = { $who } asks to follow you
timeline-poll = { $who }: a poll has ended
timeline-update = { $who } changed this
timeline-status = { $who } wrote this
timeline-quote = { $who } quotes you
timeline-other = { $who } did something new
timeline-you-follow = you follow them
timeline-follows-you = they follow you
timeline-muted = muted
timeline-blocked = blocked
timeline-counts = { $posts } posts, { $followers } followers, { $followed } followed
timeline-searching = Searching…
timeline-not-found = Nothing was found in what is stored here.

# --- help
help-filter = Type to filter, esc to leave: { $words }

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
key-reply = Answer
key-edit = Change an own post
key-delete = Erase an own post
key-boost = Pass on, or take back
key-like = Like, or take back
key-bookmark = Mark, or take back
key-vote = Vote
key-links = Where it leads: links, tags, people, what it quotes
key-history = How it read before
key-reveal = Open or close what is behind a warning
key-reveal-always = Always open the warnings of this author, or no longer
key-fold = Fold or unfold answers, or a run of boosts
key-next-unread = Next that is unread
key-person = Who wrote this
key-follow = Follow, or no longer
key-mute = Mute, or no longer
key-block = Block, or no longer
key-search = Search
key-tag = Posts with a tag
key-lists = Choose a list
key-columns = One column fewer, or all again
key-copy = Copy the address of the post
key-help = What the keys do
key-palette = Do anything by its name
key-suspend = To the shell; fg comes back
key-quit = Leave

# first
first-name = Welcome to Starling
first-name-why =
    How are you called? Others see it; it may stay empty, and can be changed at any time.

    Starling is a social network without servers: what you write is signed on this machine and goes to those who follow you.

    Were you here before? Leave, and { $command } brings you back.
first-name-keys = enter goes on · esc leaves
first-name-long = A name has at most { $count } characters.
first-phrase = Your recovery phrase
first-phrase-why = Write these 24 words on paper: they are shown only now. Whoever has them is you; without them a lost disk is a lost name. Three of them are asked back.
first-phrase-keys = enter goes on · esc back
first-asked = Did you write it down?
first-asked-which = Word number { $count }:
first-asked-keys = enter goes on · esc shows them again
first-asked-wrong = Word { $count } was another one: look again.
first-meet = How do you meet others?
first-meet-why = There is no directory: people find each other by invites, or on the same network. You can change this later.
first-meet-invite = I have an invite
first-meet-near = Local network: show me there, and find others
first-meet-nobody = Nobody yet
first-meet-keys = arrows choose · enter · esc back
first-invite = Somebody's invite
first-invite-why = Paste the link; it begins with starling:invite:
first-invite-keys = enter goes on · esc back
first-making = One moment
first-making-why = Your keys are being made.
first-making-keys = a few seconds
first-failed = It could not be made
first-failed-keys = enter tries again · esc leaves
first-done = You are here. c writes your first post, ? tells what the keys do.
