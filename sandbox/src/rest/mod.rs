//! The REST resources under `/v2`: the routes, and the token check before them.

mod documents;
mod facts;
mod interactions;
mod templates;

use axum::{
    Router,
    http::StatusCode,
    middleware,
    response::IntoResponse,
    routing::{MethodRouter, get},
};

use crate::{auth, error::ApiError, state::App};

/// The routes, without the `/v2`. Every path is served with and without its last slash: the official client sends some
/// with one and some without.
pub(crate) fn router(app: App) -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 10] = [
        ("/interactions", get(interactions::list).post(interactions::create)),
        ("/interactions/{id}", get(interactions::get).patch(interactions::update).delete(interactions::delete)),
        ("/interactions/{id}/facts", get(facts::list).post(facts::create).patch(facts::batch_update)),
        ("/interactions/{id}/facts/{fact}", axum::routing::patch(facts::update)),
        ("/factgroups", get(facts::groups)),
        ("/interactions/{id}/documents", get(documents::list).post(documents::create)),
        (
            "/interactions/{id}/documents/{document}",
            get(documents::get).patch(documents::update).delete(documents::delete),
        ),
        ("/templates", get(templates::list)),
        ("/templates/{key}", get(templates::get)),
        ("/templateSections", get(templates::sections)),
    ];
    let mut router = Router::new();
    for (path, methods) in routes {
        let methods = methods.fallback(wrong_method);
        router = router.route(path, methods.clone()).route(&format!("{path}/"), methods);
    }
    router.fallback(unknown).layer(middleware::from_fn_with_state(app, auth::check))
}

async fn unknown() -> impl IntoResponse {
    ApiError::not_found("resource")
}

async fn wrong_method() -> impl IntoResponse {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "The resource does not know this method.")
}
