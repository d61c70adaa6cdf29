//! Feeds in files: out, in, and the backup. They are as large as they are, so nothing here holds one
//! in memory: what goes out is written while it is sent, what comes in goes to a file first.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{
    App, blocking,
    error::Error,
    guard::BUNDLE,
    input::{self, Params},
    lookup,
    route::{OWNER, Route},
};
use crate::{engine::Reply, runtime, runtime::Node};

/// Bytes written to the socket at once.
const PIECE: usize = 64 * 1024;
/// Pieces that may wait between disk and socket: one on the way, one being made, and some slack.
const PIECES: usize = 4;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/starling/v1/export", OWNER, export),
        Route::post("/api/starling/v1/import", OWNER, import),
        Route::post("/api/starling/v1/backup", OWNER, backup),
    ]
}

/// `GET export?author=`: the feed of one author, or all that are kept, as a bundle.
pub(super) async fn export(State(app): State<App>, params: Params) -> Result<Response, Error> {
    let author = match params.get("author") {
        Some(who) => {
            let who = who.to_owned();
            Some(app.read(move |reader| lookup::who(reader, &who)).await?)
        }
        None => None,
    };
    send(&app, "application/cbor-seq", move |node, to| node.export(author, to).map(drop)).await
}

/// What opens the backup. In the body, because addresses end up in logs.
#[derive(Deserialize, utoipa::ToSchema)]
pub(super) struct Backup {
    passphrase: String,
}

/// `POST backup`: everything that makes this identity, sealed.
pub(super) async fn backup(
    State(app): State<App>,
    input::Json(Backup { passphrase }): input::Json<Backup>,
) -> Result<Response, Error> {
    let passphrase = zeroize::Zeroizing::new(passphrase);
    if passphrase.is_empty() {
        return Err(Error::Invalid("the passphrase is empty".into()));
    }
    send(&app, "application/octet-stream", move |node, to| node.backup(&passphrase, to)).await
}

/// Sends what `write` writes. If it fails before anything is on its way the caller gets an error;
/// after that the connection is cut, so that nobody takes half a file for a whole one.
async fn send(
    app: &App,
    media_type: &'static str,
    write: impl FnOnce(&Node, &mut dyn Write) -> Result<(), runtime::Error> + Send + 'static,
) -> Result<Response, Error> {
    let place = app.long_task()?;
    let node = app.node().clone();
    let (pieces, mut arriving) = mpsc::channel(PIECES);
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut out = BufWriter::with_capacity(PIECE, Pieces(pieces.clone()));
        let written = write(&node, &mut out).and_then(|()| Ok(out.flush()?));
        if let Err(error) = written {
            // Nothing more than the first error; the caller may be gone already.
            let _ = out.into_parts();
            let _ = pieces.blocking_send(Err(Error::from(error)));
        }
    });
    let first = arriving.recv().await.transpose()?.unwrap_or_default();
    let rest = stream::unfold(arriving, async |mut arriving| Some((arriving.recv().await?, arriving)));
    let body = Body::from_stream(stream::iter([Ok(first)]).chain(rest));
    Ok(([(header::CONTENT_TYPE, media_type)], body).into_response())
}

/// Hands what is written to the socket's task, and waits while that is busy.
struct Pieces(mpsc::Sender<Result<Bytes, Error>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What became of a bundle's entries.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(super) struct Imported {
    new: u64,
    known: u64,
    refused: u64,
}

/// `POST import`: takes in a bundle, all of it or, if it is not whole, nothing.
pub(super) async fn import(State(app): State<App>, request: Request) -> Result<Json<Imported>, Error> {
    let _place = app.long_task()?;
    let folder = app.node().home().path().to_owned();
    let file = receive(folder, request.into_body()).await?;
    match app.node().import(file).await?? {
        Reply::Imported { new, known, refused } => Ok(Json(Imported { new, known, refused })),
        other => Err(Error::Internal(format!("an import was answered with {other:?}"))),
    }
}

/// The body as a file, at its beginning.
async fn receive(folder: PathBuf, body: Body) -> Result<File, Error> {
    let (pieces, mut arriving) = mpsc::channel::<Bytes>(PIECES);
    let writing = tokio::spawn(blocking(move || {
        let mut file = scratch(&folder).map_err(runtime::Error::from)?;
        while let Some(piece) = arriving.blocking_recv() {
            file.write_all(&piece).map_err(runtime::Error::from)?;
        }
        file.seek(SeekFrom::Start(0)).map_err(runtime::Error::from)?;
        Ok(file)
    }));
    let mut body = body.into_data_stream();
    let mut size = 0;
    let mut received = Ok(());
    while let Some(piece) = body.next().await {
        let Ok(piece) = piece else {
            received = Err(Error::Malformed("it ends too early".into()));
            break;
        };
        size += piece.len();
        if size > BUNDLE {
            received = Err(Error::TooLarge(BUNDLE));
            break;
        }
        // The writer is only gone if it failed, and then says why.
        if pieces.send(piece).await.is_err() {
            break;
        }
    }
    drop(pieces);
    let file = writing.await.unwrap_or_else(|error| Err(Error::Internal(error.to_string())));
    received.and(file)
}

/// A file without a name beside the store, where there is room if there is room at all. It is gone
/// when it is closed, whatever happens to the process.
fn scratch(folder: &Path) -> io::Result<File> {
    let mut name = [0; 16];
    getrandom::fill(&mut name).map_err(io::Error::other)?;
    let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(format!("import-{name}.tmp"));
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(windows)]
    {
        // FILE_FLAG_DELETE_ON_CLOSE
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0400_0000);
    }
    let file = options.open(&path)?;
    #[cfg(unix)]
    std::fs::remove_file(&path)?;
    Ok(file)
}
