//! `/templates` and `/templateSections`: the standard ones, all English, published, of the organisation `corti`.

use axum::{
    Json,
    extract::{Path, RawQuery},
};
use serde_json::{Value, json};

use crate::{
    documents::{SECTIONS, SectionKind, TEMPLATES, Template, find_template},
    error::{ApiError, Params},
};

/// Whether what all standard templates have in common passes the query's filters; a filter that is absent passes.
fn wanted(query: Option<&str>) -> bool {
    let query = Params::parse(query);
    let passes = |key, good: fn(&str) -> bool| query.one(key).is_none() || query.all(key).any(good);
    passes("org", |org| org == "corti")
        && passes("lang", |lang| lang == "en" || lang.starts_with("en-"))
        && passes("status", |status| status == "published")
}

pub(super) async fn list(RawQuery(query): RawQuery) -> Json<Value> {
    let data: Vec<Value> =
        if wanted(query.as_deref()) { TEMPLATES.iter().map(Template::to_json).collect() } else { Vec::new() };
    Json(json!({ "data": data }))
}

pub(super) async fn get(Path(key): Path<String>) -> Result<Json<Value>, ApiError> {
    find_template(&key).map(|template| Json(template.to_json())).ok_or_else(|| ApiError::not_found("template"))
}

pub(super) async fn sections(RawQuery(query): RawQuery) -> Json<Value> {
    let data: Vec<Value> =
        if wanted(query.as_deref()) { SECTIONS.iter().map(SectionKind::to_json).collect() } else { Vec::new() };
    Json(json!({ "data": data }))
}
