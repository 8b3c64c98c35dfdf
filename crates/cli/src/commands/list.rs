//! `holdshort list` and `show`.

use std::path::Path;

use holdshort_sdk::Client;
use holdshort_sdk::api::{Card, QueueItem, RequestState};

use crate::card::{self, Extent};
use crate::connect::{PERSON_TOKEN, client};
use crate::output::{self, DIM, Stop, data, level, say, styled, text, time};

/// Requests looked through for a label.
const LOOK_BACK: u32 = 200;

pub(crate) async fn run(dir: &Path, decided: bool, limit: u32, json: bool) -> Result<(), Stop> {
    let client = client(dir, PERSON_TOKEN).await?;
    let state = if decided { "decided" } else { "open" };
    let page = client.requests(state, None, limit).await?;
    if json {
        return output::json(&page);
    }
    if page.items.is_empty() {
        say(if decided { "Nothing has been decided yet." } else { "Nothing is waiting." });
    }
    for item in &page.items {
        let when = match (&item.outcome, item.state) {
            (Some(outcome), _) => outcome.clone(),
            (None, RequestState::Stalled) => "stalled: nobody answered in time".to_owned(),
            (None, _) => format!("until {}", time(item.due_at)),
        };
        let about = styled(DIM, format!("{} · {when}", text(&item.agent)));
        data(format!("{:<8} {}  {}  {about}", item.label, level(item.risk), text(&item.sentence)));
    }
    if !decided && page.open > page.items.len() as u64 {
        say(format!("{} of {} shown; see more with --limit", page.items.len(), page.open));
    }
    Ok(())
}

pub(crate) async fn show(dir: &Path, request: &str, json: bool) -> Result<(), Stop> {
    let client = client(dir, PERSON_TOKEN).await?;
    let found = find(&client, request).await?;
    if json {
        return output::json(&found);
    }
    card::print(&found, Extent::Full);
    Ok(())
}

/// The card of a request given by id or label.
pub(crate) async fn find(client: &Client, request: &str) -> Result<Card, Stop> {
    if request.starts_with("req_") {
        return Ok(client.card(request).await?);
    }
    let wanted = |item: &&QueueItem| item.label.eq_ignore_ascii_case(request);
    for state in ["open", "decided"] {
        let page = client.requests(state, None, LOOK_BACK).await?;
        if let Some(item) = page.items.iter().find(wanted) {
            return Ok(client.card(&item.id).await?);
        }
    }
    Err(Stop::new(1, format!("there is no request `{request}` among the last {LOOK_BACK}"))
        .hint("`holdshort list` shows what is waiting; an id (req_…) always works"))
}
