//! `/templates` and `/templateSections`, of the classic form: the standard ones, published, of the organisation `corti`. An
//! unknown key is 500 (live).

use axum::{
    Json,
    extract::{Path, RawQuery},
    http::StatusCode,
};
use serde_json::{Value, json};

use crate::{
    documents::{SECTIONS, SectionKind, TEMPLATES, Template, find_template},
    error::{ApiError, Params},
};

/// Whether something in these languages passes the query's filters; a filter that is absent passes.
fn passes(query: &Params, languages: &[&str]) -> bool {
    let passes = |key, good: &dyn Fn(&str) -> bool| query.one(key).is_none() || query.all(key).any(good);
    passes("org", &|org| org == "corti")
        && passes("lang", &|lang| languages.contains(&lang))
        && passes("status", &|status| status == "published")
}

pub(super) async fn list(RawQuery(query): RawQuery) -> Json<Value> {
    let query = Params::parse(query.as_deref());
    let found = TEMPLATES.iter().filter(|template| passes(&query, template.languages));
    Json(json!({ "data": found.map(Template::to_json).collect::<Vec<_>>() }))
}

pub(super) async fn get(Path(key): Path<String>) -> Result<Json<Value>, ApiError> {
    let unknown = || ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong");
    find_template(&key).map(|template| Json(template.to_json())).ok_or_else(unknown)
}

pub(super) async fn sections(RawQuery(query): RawQuery) -> Json<Value> {
    let query = Params::parse(query.as_deref());
    let found = SECTIONS.iter().filter(|_| passes(&query, &["en"]));
    Json(json!({ "data": found.map(SectionKind::to_json).collect::<Vec<_>>() }))
}
