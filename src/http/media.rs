//! Files for posts: sent, worked on, described, and then named by a post.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use starling_protocol::{limits, payload::Media};

use super::{
    App, At, Base,
    entities::{Dresser, MediaAttachment},
    error::Error,
    input::{self, Name},
    multipart,
    route::{Needs, Route},
};
use crate::{
    blobs::{self, Progress, unhex},
    store::{
        Reader,
        kept::{Change, Shelf, blob::UploadRow},
    },
};

/// How long the second version of an upload waits before it says that it is being worked on: nearly all pictures take
/// less, and a client that has its answer need not ask again.
const WAIT: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Vec<Route> {
    // Bodies are bounded by the guard and part by part.
    let unlimited = DefaultBodyLimit::disable;
    vec![
        Route::post("/api/v2/media", Needs::Scope("write:media"), upload.layer(unlimited())),
        Route::post("/api/v1/media", Needs::Scope("write:media"), upload_v1.layer(unlimited())),
        Route::get("/api/v1/media/{id}", Needs::Scope("write:media"), show),
        Route::put("/api/v1/media/{id}", Needs::Scope("write:media"), change),
        Route::delete("/api/v1/media/{id}", Needs::Scope("write:media"), remove),
    ]
}

/// What is said of a file.
#[derive(Debug, Default, Deserialize)]
pub(super) struct About {
    description: Option<String>,
    focus: Option<String>,
}

impl About {
    fn apply(&self, row: &mut UploadRow) -> Result<(), Error> {
        if let Some(alt) = &self.description {
            row.alt = description(alt)?;
        }
        if let Some(text) = self.focus.as_deref().filter(|text| !text.is_empty()) {
            row.focus = Some(focus(text)?);
        }
        Ok(())
    }
}

/// A text for those who do not see the picture, if it is not too long.
pub(super) fn description(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.chars().count() > limits::ALT_CHARS {
        return Err(Error::Invalid(format!("description may have {} characters", limits::ALT_CHARS)));
    }
    Ok(text.to_owned())
}

/// `x,y`, each from -1 to 1, in thousandths.
pub(super) fn focus(text: &str) -> Result<(i16, i16), Error> {
    let wrong = || Error::Invalid("focus is two numbers from -1 to 1, as in 0.5,-0.2".into());
    let (x, y) = text.split_once(',').ok_or_else(wrong)?;
    let thousandths = |text: &str| {
        let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        // Mastodon takes what is beyond the edge as the edge.
        number.map(|number| (number.clamp(-1.0, 1.0) * 1000.0).round() as i16).ok_or_else(wrong)
    };
    Ok((thousandths(x)?, thousandths(y)?))
}

/// Mastodon's asynchronous upload: 202 if it takes longer.
pub(super) async fn upload(State(app): State<App>, base: At, request: Request) -> Result<Response, Error> {
    receive(app, base, request, Some(WAIT)).await
}

/// The first version, which waits.
pub(super) async fn upload_v1(State(app): State<App>, base: At, request: Request) -> Result<Response, Error> {
    receive(app, base, request, None).await
}

async fn receive(
    app: App,
    Extension(Base(base)): At,
    request: Request,
    wait: Option<Duration>,
) -> Result<Response, Error> {
    if !input::is_type(request.headers(), multipart::TYPE) {
        return Err(Error::Invalid("file: it is sent as multipart/form-data".into()));
    }
    let blobs = app.node().blobs();
    let place = blobs.place().await?;
    // A thumbnail is for sound and video, of which none is taken: pictures make their own.
    let mut parts = multipart::read(request, &["file", "thumbnail"]).await?;
    let file = parts.file("file").ok_or_else(|| Error::Invalid("file is missing".into()))?;
    let mut row = UploadRow { blob: [0; 32], alt: String::new(), focus: None, added: crate::clock::now() };
    parts.value::<About>()?.apply(&mut row)?;
    let (id, mut done) = blobs.upload(app.node(), place, file.bytes, file.declared, row.clone())?;
    let finished = match wait {
        Some(wait) => tokio::time::timeout(wait, &mut done).await.ok(),
        None => Some(done.await),
    };
    match finished {
        Some(done) => {
            done.map_err(|_| Error::Stopping)??;
            Ok(Json(shown(&app, base, id).await?).into_response())
        }
        None => {
            let waiting = MediaAttachment::waiting(id, &row);
            Ok((StatusCode::ACCEPTED, Json(waiting)).into_response())
        }
    }
}

/// An upload as it is kept.
async fn shown(app: &App, base: String, id: u64) -> Result<MediaAttachment, Error> {
    app.read(move |reader| {
        let row = find(reader, id)?;
        let media = media_of(reader, &row)?;
        let mut shown = Dresser { base: &base, reader: Some(reader) }.attachment(&media, row.focus);
        shown.id = id.to_string();
        Ok(shown)
    })
    .await
}

fn find(reader: &Reader, id: u64) -> Result<UploadRow, Error> {
    reader.upload(id)?.ok_or_else(|| Error::NotFound(format!("the file {id}")))
}

/// What a post says of an uploaded file.
fn media_of(reader: &Reader, row: &UploadRow) -> Result<Media, Error> {
    let blob = reader.blob(&row.blob)?.filter(|blob| blob.own);
    let blob = blob.ok_or_else(|| Error::NotFound(format!("the file {}", blobs::hex(&row.blob))))?;
    Ok(Media {
        blob: row.blob,
        mime: blob.mime,
        size: blob.size,
        dimensions: blob.dimensions,
        blurhash: blob.blurhash,
        alt: row.alt.clone(),
    })
}

/// The file that a client means by an id: of an upload, or of a file that a post shows already.
pub(super) fn named(
    reader: &Reader,
    id: &str,
    shown: &[Media],
) -> Result<(Media, Option<(i16, i16)>), Error> {
    let unknown = || Error::NotFound(format!("the file \"{}\"", id.chars().take(72).collect::<String>()));
    if let Some(hash) = unhex(id) {
        if let Some(media) = shown.iter().find(|media| media.blob == hash) {
            return Ok((media.clone(), None));
        }
        // A post that was deleted to be written again: what it said of the file is with its upload.
        let row = reader.uploads()?.into_iter().map(|(_, row)| row).find(|row| row.blob == hash);
        let none = || UploadRow { blob: hash, alt: String::new(), focus: None, added: 0 };
        let row = row.unwrap_or_else(none);
        return Ok((media_of(reader, &row)?, row.focus));
    }
    let row = find(reader, id.parse().map_err(|_| unknown())?)?;
    Ok((media_of(reader, &row)?, row.focus))
}

/// 206 while it is worked on, and why it was not taken if it was not.
pub(super) async fn show(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
) -> Result<Response, Error> {
    let number = number(&id)?;
    match app.node().blobs().progress(number) {
        Progress::UnderWay => {
            let row = UploadRow { blob: [0; 32], alt: String::new(), focus: None, added: 0 };
            let waiting = MediaAttachment::waiting(number, &row);
            Ok((StatusCode::PARTIAL_CONTENT, Json(waiting)).into_response())
        }
        Progress::Failed(unfit) => Err(blobs::Error::from(unfit).into()),
        Progress::Unknown => Ok(Json(shown(&app, base, number).await?).into_response()),
    }
}

fn number(id: &str) -> Result<u64, Error> {
    id.parse()
        .map_err(|_| Error::NotFound(format!("the file \"{}\"", id.chars().take(72).collect::<String>())))
}

pub(super) async fn change(
    State(app): State<App>,
    Extension(Base(base)): At,
    Name(id): Name,
    input::Json(about): input::Json<About>,
) -> Result<Json<MediaAttachment>, Error> {
    let number = number(&id)?;
    let keep = app.keep(move |reader| {
        let mut row = find(reader, number)?;
        about.apply(&mut row)?;
        Ok((vec![Change::put(Shelf::Upload, number.to_be_bytes(), &row)], ()))
    });
    keep.await?;
    shown(&app, base, number).await.map(Json)
}

/// Lets an upload go; not the file, if a post shows it.
pub(super) async fn remove(State(app): State<App>, Name(id): Name) -> Result<Json<serde_json::Value>, Error> {
    let number = number(&id)?;
    let keep = app.keep(move |reader| {
        let row = find(reader, number)?;
        if reader.shows(&row.blob)?.is_some() {
            return Err(Error::Invalid("the file is shown by a post".into()));
        }
        Ok((vec![Change::take(Shelf::Upload, number.to_be_bytes())], row.blob))
    });
    let blob = keep.await?;
    app.node().blobs().let_go(app.node(), vec![blob]).await?;
    Ok(Json(serde_json::json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_focus_is_two_numbers() {
        assert_eq!(focus("0.5,-0.25").unwrap(), (500, -250));
        assert_eq!(focus(" 2.0 , -9 ").unwrap(), (1000, -1000));
        for wrong in ["", "0.5", "a,b", "NaN,0", "0,inf", "1,2,3"] {
            assert!(matches!(focus(wrong), Err(Error::Invalid(_))), "{wrong}");
        }
    }
}
