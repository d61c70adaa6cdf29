//! Entries whose texts were left out, for those who replay what a node has recorded.
//!
//! A recording keeps every header, signature and reference, and blanks what people wrote; the payload is then no
//! longer the one that the header names. With the feature `replay`, a thread can say that it takes such payloads
//! ([`take()`]). Everything else is checked as always. Without the feature there is no way to say so, and on every
//! other thread an entry that is [`Verified`](super::Verified) has exactly the payload that was signed.

#[cfg(feature = "replay")]
mod thread {
    use std::{cell::Cell, marker::PhantomData};

    thread_local! {
        static TAKEN: Cell<bool> = const { Cell::new(false) };
    }

    /// While it is held, its thread takes blanked payloads. It stays on that thread.
    #[must_use = "payloads are taken for as long as this is held"]
    #[derive(Debug)]
    pub struct Taken {
        before: bool,
        thread: PhantomData<*const ()>,
    }

    impl Drop for Taken {
        fn drop(&mut self) {
            TAKEN.set(self.before);
        }
    }

    /// From now on this thread takes payloads of the right length for the ones that were signed.
    pub fn take() -> Taken {
        Taken { before: TAKEN.replace(true), thread: PhantomData }
    }

    pub(in crate::entry) fn taken() -> bool {
        TAKEN.get()
    }
}

#[cfg(feature = "replay")]
pub(super) use thread::taken;
#[cfg(feature = "replay")]
pub use thread::{Taken, take};

/// Without the feature nobody takes them.
#[cfg(not(feature = "replay"))]
pub(super) const fn taken() -> bool {
    false
}
