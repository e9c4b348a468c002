//! The REST resources under `/v2`: the routes, and the token check before them.

mod documents;
mod facts;
mod guided;
mod interactions;
mod library;
mod recordings;
mod templates;
mod tools;
mod transcripts;

use axum::{
    Router,
    http::StatusCode,
    middleware,
    response::IntoResponse,
    routing::{MethodRouter, get, patch, post},
};

use crate::{
    auth,
    error::{ApiError, Params},
    state::App,
};

/// Entries on a page unless told, and at most.
const PAGE: u64 = 10;
const MAX_PAGE: u64 = 100;

pub(crate) use recordings::{is_upload, receive};

/// The bytes of the largest body that can come or go.
pub(crate) const MAX_RECORDING: usize = recordings::MAX_BYTES;

/// The routes, without the `/v2`. Every path is served with and without its last slash: the official client sends some
/// with one and some without.
pub(crate) fn router(app: App) -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 19] = [
        ("/interactions", get(interactions::list).post(interactions::create)),
        ("/interactions/{id}", get(interactions::get).patch(interactions::update).delete(interactions::delete)),
        ("/interactions/{id}/facts", get(facts::list).post(facts::create).patch(facts::batch_update)),
        ("/interactions/{id}/facts/{fact}", patch(facts::update)),
        ("/factgroups", get(facts::groups)),
        ("/interactions/{id}/documents", get(documents::list).post(documents::create)),
        (
            "/interactions/{id}/documents/{document}",
            get(documents::get).patch(documents::update).delete(documents::delete),
        ),
        ("/interactions/{id}/recordings", get(recordings::list).post(recordings::upload)),
        ("/interactions/{id}/recordings/{recording}", get(recordings::get).delete(recordings::delete)),
        ("/interactions/{id}/transcripts", get(transcripts::list).post(transcripts::create)),
        ("/interactions/{id}/transcripts/{transcript}", get(transcripts::get).delete(transcripts::delete)),
        ("/interactions/{id}/transcripts/{transcript}/status", get(transcripts::status)),
        ("/documents", get(guided::list).post(guided::generate)),
        ("/documents/{document}", get(guided::get).patch(guided::update).delete(guided::delete)),
        ("/tools/extract-facts", post(tools::extract)),
        ("/languages", get(tools::languages)),
        ("/templates", get(templates::list)),
        ("/templates/{key}", get(templates::get)),
        ("/templateSections", get(templates::sections)),
    ];
    let mut router = Router::new();
    for (path, methods) in routes {
        let methods = methods.fallback(wrong_method);
        router = router.route(path, methods.clone()).route(&format!("{path}/"), methods);
    }
    library::add(router).fallback(unknown).layer(middleware::from_fn_with_state(app, auth::check))
}

async fn unknown() -> impl IntoResponse {
    ApiError::not_found("resource")
}

async fn wrong_method() -> impl IntoResponse {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "The resource does not know this method.")
}

/// A page of a list: `?index&pageSize`, from 1.
struct Page {
    skip: usize,
    size: usize,
}

impl Page {
    fn read(query: &Params) -> Result<Self, ApiError> {
        let size = query.number("pageSize", 1, PAGE)?.min(MAX_PAGE) as usize;
        let skip = usize::try_from(query.number("index", 1, 1)? - 1).unwrap_or(usize::MAX).saturating_mul(size);
        Ok(Self { skip, size })
    }

    fn of<T>(&self, entries: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        entries.skip(self.skip).take(self.size)
    }
}
