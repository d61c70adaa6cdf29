# What the terminal UI says. A file of another language has the same names; what it leaves out is said in English.
# Names begin with the file of `tui/src` that uses them.

# The direction of this language, ltr or rtl.
direction = ltr

view-too-small = too small: 20 by 6

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
