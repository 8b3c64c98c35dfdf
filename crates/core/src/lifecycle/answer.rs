//! Someone answers a question of a run. What they say decides how the run goes on; nothing
//! executes by it.

use serde_json::json;

use super::draft::Draft;
use super::{Answer, Cast, Refusal, run};
use crate::action::{Kind, State};
use crate::event::EventKind;
use crate::fact::{Facts, Truth};
use crate::id::{ActionId, PrincipalId};
use crate::json::Json;
use crate::limits;
use crate::people::{Proof, Voter};
use crate::request::{Decision, Reply, RequestState, Vote};
use crate::run::RunState;
use crate::untrusted::Untrusted;

pub(super) fn answer(draft: &mut Draft<'_>, cast: Cast) -> Result<Answer, Refusal> {
    let request = draft.request.as_ref().filter(|request| request.id == cast.request);
    let request = request.ok_or(Refusal::NotFound)?;
    if cast.binding != request.binding() {
        return Err(Refusal::Stale);
    }
    match request.state {
        RequestState::Open | RequestState::Stalled => {}
        RequestState::Decided(_) => return Err(Refusal::AlreadyDecided),
        RequestState::Superseded | RequestState::Withdrawn => return Err(Refusal::Stale),
    }
    if cast.version != request.version {
        return Err(Refusal::Stale);
    }
    if request.votes.len() >= limits::VOTES_MAX {
        return Err(Refusal::TooManyVotes);
    }
    draft.context.people.may_deny(cast.voter.id)?;
    let reply = reply(draft.action.kind, &cast)?;
    if reply.needs_text() && cast.reason.raw().trim().is_empty() {
        return Err(Refusal::TextMissing);
    }
    record(draft, &cast, reply);
    follow(draft, &cast, reply);
    Ok(Answer::Voted { counts: true, asked_again: None })
}

/// Probes found out what came of an action: when they all know and agree, that is the answer.
/// Otherwise what they saw stands on the card, and a person says.
pub(super) fn verified(draft: &mut Draft<'_>) {
    let Some(request) = &draft.request else { return };
    let Facts::Read(facts) = &request.facts else { return };
    let all = |truth: Truth| !facts.is_empty() && facts.iter().all(|fact| fact.truth == truth);
    let reply = match (all(Truth::True), all(Truth::False)) {
        (true, _) => Reply::Happened,
        (_, true) => Reply::DidNotHappen,
        (false, false) => return,
    };
    let names: Vec<&str> = facts.iter().map(|fact| fact.probe.as_str()).collect();
    let name = names.join(", ");
    let voter = Voter { id: PrincipalId::from_bytes([0; 16]), name, proof: Proof::Probe };
    let said = facts.iter().map(|fact| fact.detail.render().to_plain());
    let cast = Cast {
        voter,
        decision: Decision::Answer,
        request: request.id,
        binding: request.binding(),
        version: request.version,
        reason: Untrusted::new(said.collect::<Vec<_>>().join("; ")),
        confirm: None,
        reply: Some(reply),
        changed: None,
        waiting: None,
    };
    record(draft, &cast, reply);
    follow(draft, &cast, reply);
}

/// The answer, if it is one of those this kind of question has.
fn reply(kind: Kind, cast: &Cast) -> Result<Reply, Refusal> {
    let known = kind.replies();
    let given = cast.reply.filter(|_| cast.decision == Decision::Answer);
    given.filter(|reply| known.contains(reply)).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|reply| reply.name()).collect();
        Refusal::WrongAnswer(names.join(", "))
    })
}

fn record(draft: &mut Draft<'_>, cast: &Cast, reply: Reply) {
    let now = draft.context.now;
    draft.give_reason(&cast.voter.describe(), cast.reason.clone());
    if let Some(request) = draft.request.as_mut() {
        request.votes.push(Vote {
            by: cast.voter.clone(),
            decision: Decision::Answer,
            binding: cast.binding,
            at: now,
            counts: true,
        });
    }
    draft.close_request(RequestState::Decided(Decision::Answer));
    draft.action.state = State::Answered { reply, by: cast.voter.clone() };
    let detail = json!({
        "reply": reply,
        "binding": cast.binding,
        "proof": cast.voter.proof,
        "person": cast.voter.proof.is_person(),
    });
    draft.event(EventKind::Answered, &cast.voter.describe(), detail);
}

/// What the answer does to the run.
fn follow(draft: &mut Draft<'_>, cast: &Cast, reply: Reply) {
    let now = draft.context.now;
    let (id, kind) = (draft.action.id, draft.action.kind);
    let by = cast.voter.describe();
    draft.book.let_go(id);
    let asked = checkpoints(draft);
    let progress = &mut draft.book.run.progress;
    progress.asked.retain(|name| !asked.contains(name));
    if kind == Kind::CheckIn {
        progress.checked_steps = progress.steps;
        progress.checked_at = Some(now);
    }
    let (to, event) = match reply {
        Reply::Continue | Reply::Redirect => {
            progress.passed.extend(asked);
            progress.denials_in_row = 0;
            if reply == Reply::Redirect {
                draft.book.run.redirected_by = Some(id);
                draft.event(EventKind::RunRedirected, &by, json!({}));
            }
            return;
        }
        Reply::Happened | Reply::DidNotHappen => {
            if let Some(action) = about(draft, "action") {
                let happened = reply == Reply::Happened;
                draft.book.run.outcomes.insert(action, happened);
            }
            return;
        }
        Reply::Text => return,
        Reply::Reconsider => {
            let denied = about(draft, "without").filter(|id| draft.book.run.lift(*id));
            if let Some(denied) = denied {
                let about = (Some(denied), None);
                draft.book.event(EventKind::DenialLifted, about, &by, json!({}));
            }
            return;
        }
        Reply::Pause => (RunState::Paused, EventKind::RunPaused),
        Reply::Stop => (RunState::Stopped, EventKind::RunStopped),
    };
    if draft.book.run.state != RunState::Finished {
        run::stand_still(&mut draft.book.run, to, now);
        draft.event(event, &by, json!({}));
    }
}

/// An action that a question names.
fn about(draft: &Draft<'_>, name: &str) -> Option<ActionId> {
    let about = Json::parse(draft.payload.call.arguments.raw().as_bytes()).ok()?;
    about.get(name)?.as_str()?.parse().ok()
}

/// Names of the checkpoints a question is about.
fn checkpoints(draft: &Draft<'_>) -> Vec<String> {
    let about = Json::parse(draft.payload.call.arguments.raw().as_bytes());
    let names = about.as_ref().ok().and_then(|about| about.get("checkpoints")?.as_array());
    let names = names.unwrap_or_default().iter().filter_map(Json::as_str);
    names.map(str::to_owned).collect()
}
