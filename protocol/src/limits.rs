//! The bounds that two nodes must share. What is here is a constant, never a setting: a node that
//! chose other numbers would call valid what its neighbours call invalid.

/// Version of the entry, identity and sync formats that this crate speaks.
pub const VERSION: u8 = 1;

/// Bytes of a whole entry on the wire (header, signature, payload and their framing). It leaves
/// room under gossipsub's 64 KiB, whose size check counts everything in its read buffer.
pub const ENTRY_BYTES: usize = 32 * 1024;

/// Bytes of a header. A canonical header is under 200 bytes; this only bounds what is decoded.
pub const HEADER_BYTES: usize = 256;

/// Bytes of an entry beside its payload: header, signature and framing need under 350.
pub const ENTRY_OVERHEAD: usize = 512;

/// Bytes of a payload, so that the rest still fits in [`ENTRY_BYTES`].
pub const PAYLOAD_BYTES: usize = ENTRY_BYTES - ENTRY_OVERHEAD;

/// Bytes of a payload that travels inside a gossip frame; a larger one travels as its header, and
/// those who want it ask for it by sync.
pub const GOSSIP_PAYLOAD_BYTES: usize = 4 * 1024;

/// Bytes of a gossip frame: an entry, and the identity operations that let a stranger check it.
pub const GOSSIP_FRAME_BYTES: usize = 32 * 1024;

/// Bytes of identity operations that may ride along with an entry over gossip.
pub const GOSSIP_IDENTITY_BYTES: usize = 4 * 1024;

/// Characters (Unicode scalar values) of a post's text.
pub const TEXT_CHARS: usize = 5_000;
/// Characters of a content warning.
pub const WARNING_CHARS: usize = 300;
/// Bytes of a BCP-47 language tag: RFC 5646 §4.4.1 asks for at least 35.
pub const LANGUAGE_BYTES: usize = 35;
/// Mentions in one post: each costs its author a notification somewhere.
pub const MENTIONS: usize = 20;
/// Tags in one post.
pub const TAGS: usize = 30;
/// Characters of one tag.
pub const TAG_CHARS: usize = 100;
/// Media attachments of one post.
pub const MEDIA: usize = 8;
/// Characters of an alternative text.
pub const ALT_CHARS: usize = 1_500;
/// Ids that one delete names.
pub const DELETE_IDS: usize = 64;
/// Answers of a poll: a bit of a byte for each.
pub const POLL_OPTIONS: usize = 8;
/// Characters of one of them.
pub const POLL_OPTION_CHARS: usize = 100;
/// Pinned posts that readers show of an author, those that were pinned last.
pub const PINS: usize = 5;
/// Extensions in one body, and bytes of one.
pub const EXTENSIONS: usize = 8;
/// Bytes of one extension's name or of a kind's name.
pub const NAME_BYTES: usize = 64;
/// Bytes of one extension's value.
pub const EXTENSION_BYTES: usize = 4 * 1024;

/// Characters of a display name.
pub const PROFILE_NAME_CHARS: usize = 64;
/// Characters of a biography.
pub const PROFILE_BIO_CHARS: usize = 1_500;
/// Fields of a profile.
pub const PROFILE_FIELDS: usize = 6;
/// Characters of a profile field's name, and of its value.
pub const PROFILE_FIELD_CHARS: usize = 255;
/// Addresses where an author's feed is kept, as hints in a profile or an invite.
pub const HINTS: usize = 8;
/// Bytes of one address hint (a multiaddr in text form).
pub const HINT_BYTES: usize = 256;
/// Newest entries that an invite names: enough to tell a feed that is alive from an old copy.
pub const INVITE_NEWEST: usize = 3;

/// Depth of nesting in any CBOR that a stranger sends: a decoder's stack is finite.
pub const CBOR_DEPTH: usize = 16;

/// Devices that may be added in one epoch, the removed ones among them, and devices that a rotation may cut off.
pub const DEVICES: usize = 32;
/// Root keys of a phrase. Each commits to all after it, so that their number is fixed: a rotation a year for a lifetime
/// of use, and half a millisecond to find them all.
pub const ROOTS: u32 = 32;
/// Operations of one identity: they are kept for ever by everybody who knows the author.
pub const IDENTITY_OPERATIONS: usize = 128;
/// Bytes of one identity operation: a rotation that keeps and cuts all [`DEVICES`] fits.
pub const IDENTITY_OPERATION_BYTES: usize = 16 * 1024;

/// Stretches of one log that may be held with gaps between them. Newest-first sync makes one gap
/// an absence; more than this many is somebody playing.
pub const LOG_RUNS: usize = 16;

/// Highest sequence number: 2^48 entries take a device thousands of years, and leave room for a
/// store to pack a log number and a sequence number in one integer.
pub const MAX_SEQ: u64 = (1 << 48) - 1;

/// Bytes of one sync message that asks.
pub const SYNC_REQUEST_BYTES: usize = 64 * 1024;
/// Bytes of one sync message that answers.
pub const SYNC_RESPONSE_BYTES: usize = 1024 * 1024;
/// Bytes of the entries in one answer: eight of the largest, 600 small posts. All that
/// [`crate::sync::CREDIT`] lets be on its way is a mebibyte.
pub const SYNC_BATCH_BYTES: usize = 256 * 1024;
/// Entries in one answer.
pub const SYNC_BATCH_ENTRIES: usize = 256;
/// Logs up to which the frontier is sent whole; above, sets are reconciled.
pub const FRONTIER_LOGS: usize = 2_000;
/// Authors that one peer may ask to be kept up to date about: the limit on follows and as many
/// again for those that are carried for others.
pub const INTERESTS: usize = 20_000;
/// Newest entries of each feed that are fetched before anything older.
pub const NEWEST_FIRST: u64 = 30;

/// How far ahead of the reader's clock a claimed time is believed, in milliseconds.
pub const CLOCK_SKEW_MS: u64 = 10 * 60 * 1000;
