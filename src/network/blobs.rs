//! Streams for files: this layer opens and accepts them, and hands them to whoever carries files. What is said on them,
//! and to whom, is decided there.

use libp2p::{PeerId, Stream};

use super::substream::Opened;
use super::task::Task;

/// The protocol's name on the wire.
pub const BLOB_PROTOCOL: &str = "/starling/blob/1";

/// What became of a stream for files.
#[derive(Debug)]
pub enum BlobStream {
    /// A peer opened it, to ask for files.
    Inbound {
        /// Who.
        peer: PeerId,
        /// The stream.
        stream: Stream,
    },
    /// We opened it, or failed to; after [`Handle::open_blob`](super::Handle::open_blob).
    Outbound {
        /// To whom.
        peer: PeerId,
        /// The stream, or why there is none.
        result: Result<Stream, String>,
    },
}

impl From<Opened> for BlobStream {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Inbound { peer, stream } => Self::Inbound { peer, stream },
            Opened::Outbound { peer, result } => Self::Outbound { peer, result },
        }
    }
}

impl Task {
    /// Hands a stream over. Whoever carries files has a queue with a bound; beyond it the stream is closed, which its
    /// other end takes for a no.
    pub(super) fn blob_event(&mut self, opened: Opened) {
        let stream = BlobStream::from(opened);
        if let Some(blobs) = &self.blobs
            && let Err(error) = blobs.try_send(stream)
        {
            tracing::debug!(%error, "a stream for files was not taken");
        }
    }
}
