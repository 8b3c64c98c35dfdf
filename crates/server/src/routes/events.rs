//! The feed: a page of events, or a stream of them that resumes where it broke.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use holdshort_api::{self as api, Problem};
use holdshort_store::Store;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{limit, query};
use crate::auth::{Caller, READ};
use crate::engine::WORKSPACE;
use crate::limits;
use crate::problem::Failure;
use crate::state::App;
use crate::wire;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Feed {
    /// Place in the feed to go on from. For a stream the default is its end.
    after: Option<i64>,
    /// Events of a page, at most 200. Default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What happened, oldest first.
///
/// With `Accept: text/event-stream` it is a stream: `id:` is the place in the feed, `data:` an
/// event as JSON; `Last-Event-ID` resumes, and a comment every 15 seconds is a sign of life.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", security(("token" = []), ("session" = [])),
    params(Feed, ("Last-Event-ID" = Option<String>, Header, description = "Resume after this")),
    responses(
        (status = 200, description = "A page, or a stream", content(
            (api::EventPage = "application/json"), (String = "text/event-stream"))),
        (status = "default", body = Problem, content_type = "application/problem+json",
            description = "A problem"),
    )
)]
async fn events(
    caller: Caller,
    State(app): State<App>,
    feed: Result<Query<Feed>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    caller.must(READ)?;
    let feed = query(feed)?;
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/event-stream")) {
        let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let after = last.and_then(|id| id.parse().ok()).or(feed.after);
        let after = after.map_or_else(|| app.engine.db.feed_end().map(|(seq, _)| seq), Ok)?;
        let alive = KeepAlive::new().interval(Duration::from_secs(limits::HEARTBEAT_SECS));
        let mut response = Sse::new(follow(app, after)).keep_alive(alive).into_response();
        response.headers_mut().insert(
            "x-accel-buffering",
            "no".parse().map_err(|_| {
                Failure::new(api::Code::Internal, "a fixed header cannot be written")
            })?,
        );
        return Ok(response);
    }
    let after = feed.after.unwrap_or(0);
    let stored = app.engine.db.events_after(WORKSPACE, after, limit(feed.limit)?)?;
    let next_after = stored.last().map_or(after, |last| last.seq);
    let items = stored.iter().map(wire::event).collect();
    Ok(Json(api::EventPage { items, next_after }).into_response())
}

/// Events from the store, page by page; between pages it waits for the feed to move.
fn follow(app: App, after: i64) -> impl Stream<Item = Result<Sent, Infallible>> {
    let moved = app.engine.feed.subscribe();
    let start = (app, after, moved, std::collections::VecDeque::new());
    stream::unfold(start, |(app, mut after, mut moved, mut ready)| async move {
        loop {
            if let Some(sent) = ready.pop_front() {
                return Some((Ok(sent), (app, after, moved, ready)));
            }
            moved.mark_unchanged();
            // An unreadable feed ends the stream; the reader comes back with its last id.
            let stored = app.engine.db.events_after(WORKSPACE, after, limits::PAGE).ok()?;
            if stored.is_empty() {
                tokio::select! {
                    changed = moved.changed() => changed.ok()?,
                    () = app.stopping.cancelled() => return None,
                }
            }
            for event in &stored {
                after = event.seq;
                let data = serde_json::to_string(&wire::event(event)).ok()?;
                ready.push_back(Sent::default().id(after.to_string()).data(data));
            }
        }
    })
}
