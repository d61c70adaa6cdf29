//! A stream multiplexer that does not wait for ever to say goodbye.
//!
//! Closing a connection in good order means writing to it. A peer that has stopped reading would keep that write,
//! the connection's slot and its buffers for as long as it likes.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::StreamMuxer;
use libp2p::core::muxing::StreamMuxerEvent;
use tokio::time::Sleep;

/// Enough for a last word over a slow line.
const FAREWELL: Duration = Duration::from_secs(5);

/// Wraps a multiplexer; `poll_close` is done after [`FAREWELL`] at the latest.
pub(super) struct Impatient<M> {
    inner: M,
    patience: Duration,
    farewell: Option<Pin<Box<Sleep>>>,
}

impl<M> Impatient<M> {
    pub fn new(inner: M) -> Self {
        Impatient { inner, patience: FAREWELL, farewell: None }
    }
}

impl<M: StreamMuxer + Unpin> StreamMuxer for Impatient<M> {
    type Substream = M::Substream;
    type Error = M::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        Pin::new(&mut self.inner).poll_inbound(cx)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Substream, Self::Error>> {
        Pin::new(&mut self.inner).poll_outbound(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if let Poll::Ready(result) = Pin::new(&mut self.inner).poll_close(cx) {
            return Poll::Ready(result);
        }
        let patience = self.patience;
        let farewell = self.farewell.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        farewell.as_mut().poll(cx).map(Ok)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Self::Error>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use libp2p::core::muxing::StreamMuxerExt;

    use super::*;

    /// A multiplexer to a peer that has stopped reading.
    struct Stuck;

    impl StreamMuxer for Stuck {
        type Substream = libp2p::futures::io::Cursor<Vec<u8>>;
        type Error = Infallible;

        fn poll_inbound(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Result<Self::Substream, Infallible>> {
            Poll::Pending
        }

        fn poll_outbound(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Result<Self::Substream, Infallible>> {
            Poll::Pending
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Infallible>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_stuck_connection_is_let_go() {
        let muxer = Impatient { patience: Duration::from_millis(10), ..Impatient::new(Stuck) };
        let closed = tokio::time::timeout(Duration::from_secs(40), muxer.close()).await;
        assert!(matches!(closed, Ok(Ok(()))), "{closed:?}");
    }
}
