//! The card of a request.

use holdshort_api as api;
use holdshort_core::notice::{self, Axis, Names, Notice};
use holdshort_core::{
    Action, Asks, Decision, Need, Payload, Request, RequestState, Shown, Timestamp, Truth,
};

use super::{action_state, level, raw, request_state, text};
use crate::problem::Failure;

/// What the reader of a card may do, and why not.
#[derive(Debug)]
pub(crate) struct Rights {
    pub(crate) approve: Result<(), String>,
    pub(crate) deny: Result<(), String>,
}

/// Everything a person needs to judge one request.
pub(crate) fn card(
    (action, payload, request): (&Action, &Payload, &Request),
    names: Names<'_>,
    rights: Rights,
    (held, now): (Option<String>, Timestamp),
) -> Result<api::Card, Failure> {
    let notice = notice::notice(action, payload, request, names);
    let definition = holdshort_core::Json::parse(payload.call.definition.raw().as_bytes());
    let schema = definition
        .ok()
        .and_then(|definition| definition.get("input_schema").map(holdshort_core::Json::to_text));
    Ok(api::Card {
        id: request.id.to_string(),
        label: format!("HS-{}", request.number),
        version: request.version,
        binding: request.binding().to_string(),
        action: action.id.to_string(),
        action_state: action_state(&action.state),
        run: action.run.to_string(),
        state: request_state(request.state),
        risk: level(request.level),
        kind: super::kind(action.kind),
        replies: action.kind.replies().iter().map(|one| super::reply(*one)).collect(),
        asked: request.asked.iter().map(holdshort_core::Ask::text).collect(),
        needs: needs(&request.asks),
        looking: request.looking.as_ref().map(|looking| looking.by.clone()),
        held,
        tags: notice.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        sentence: text(&notice.sentence),
        again: notice.again.as_ref().map(text),
        who: api::Who {
            agent: text(&notice.agent),
            owner: notice.owner.as_ref().map(text),
            task: notice.task.as_ref().map(text),
            asked_at: request.opened_at.as_micros(),
        },
        mismatch: None,
        if_approved: texts(&notice.if_approved),
        if_denied: texts(&notice.if_denied),
        safer: safer(&notice)?,
        facts: facts(&notice),
        exact: exact(&notice.exact),
        agent_words: words(&notice),
        axes: axes(&notice.axes),
        why: why(action, payload, request, &notice),
        confirm: notice.confirm.as_ref().map(|confirm| api::Confirm {
            prompt: text(&confirm.prompt),
            expected: confirm.expected.clone(),
            numeric: confirm.numeric,
        }),
        due_at: request.due_at.as_micros(),
        expires_at: action.expires_at.map(Timestamp::as_micros),
        at_deadline: at_deadline(request).to_owned(),
        votes: match request.is_blind() {
            true => Vec::new(),
            false => request.votes.iter().map(vote).collect(),
        },
        decided: decided(action, payload, request),
        can: can(rights, &notice),
        arguments: raw(&notice.arguments)?,
        input_schema: schema.as_deref().map(raw).transpose()?,
        notes: notice.notes,
        now_at: now.as_micros(),
    })
}

fn texts(lines: &[Shown]) -> Vec<api::Text> {
    lines.iter().map(text).collect()
}

fn safer(notice: &Notice) -> Result<Vec<api::Alternative>, Failure> {
    notice
        .safer
        .iter()
        .map(|way| {
            Ok(api::Alternative {
                title: text(&way.title),
                detail: (!way.detail.pieces.is_empty()).then(|| text(&way.detail)),
                becomes: level(way.becomes),
                arguments: raw(&way.arguments)?,
            })
        })
        .collect()
}

fn facts(notice: &Notice) -> Vec<api::Fact> {
    notice
        .facts
        .iter()
        .map(|fact| api::Fact {
            claim: text(&fact.claim),
            status: match fact.truth {
                Some(Truth::True) => api::FactStatus::True,
                Some(Truth::False) => api::FactStatus::False,
                Some(Truth::NotKnown) => api::FactStatus::NotKnown,
                None => api::FactStatus::Checking,
            },
            detail: (!fact.detail.pieces.is_empty()).then(|| text(&fact.detail)),
            source: text(&fact.source),
            read_at: fact.read_at,
        })
        .collect()
}

/// A call in full.
pub(crate) fn exact(exact: &notice::Exact) -> api::Exact {
    let some = |shown: &Shown| (!shown.pieces.is_empty()).then(|| text(shown));
    api::Exact {
        tool: text(&exact.tool),
        server: some(&exact.server),
        cwd: some(&exact.cwd),
        command: texts(&exact.command),
        arguments: exact
            .arguments
            .iter()
            .map(|line| api::ExactArgument {
                name: text(&line.name),
                value: text(&line.value),
                items: texts(&line.items),
                chars: line.chars as u64,
                secret: line.secret,
            })
            .collect(),
        uninspectable: exact.uninspectable.clone(),
    }
}

fn words(notice: &Notice) -> api::AgentWords {
    api::AgentWords {
        reason: notice.words.reason.as_ref().map(text),
        if_denied: notice.words.if_denied.as_ref().map(text),
        alternatives: texts(&notice.words.alternatives),
        claims: texts(&notice.words.claims),
    }
}

fn axes(axes: &[Axis; 4]) -> api::Axes {
    let axis = |axis: &Axis| api::Axis { word: axis.word.to_owned(), filled: axis.filled };
    let [way_back, reach, outside, money] = axes;
    api::Axes {
        way_back: axis(way_back),
        reach: axis(reach),
        outside_effect: axis(outside),
        money: axis(money),
    }
}

/// Who must agree, in words.
pub(crate) fn needs(asks: &Asks) -> Vec<String> {
    let people = |count: u32| if count == 1 { "person" } else { "people" };
    let need = |need: &Need| match &need.group {
        Some(group) => format!("{} {} of {group}", need.count, people(need.count)),
        None => format!("{} {}", need.count, people(need.count)),
    };
    asks.needs.iter().map(need).collect()
}

fn why(action: &Action, payload: &Payload, request: &Request, notice: &Notice) -> api::Why {
    let why = payload.why.as_ref();
    let looked = notice.looked_at.iter();
    api::Why {
        place: why
            .and_then(|why| why.place.as_ref())
            .map(|place| format!("{}:{}", place.file, place.line)),
        when: why.and_then(|why| why.when.clone()),
        looked_at: looked
            .map(|(path, value)| api::Looked { path: path.clone(), value: text(value) })
            .collect(),
        also: action.verdict.also.clone(),
        policy: request.policy,
        rule: action.verdict.rule.clone(),
        reason: action.verdict.reason.clone(),
        evidence: notice
            .evidence
            .iter()
            .map(|reason| api::Evidence {
                source: reason.evidence.source.name().to_owned(),
                text: text(&reason.text),
                level: level(reason.evidence.level),
                part: reason.part.as_ref().map(text),
            })
            .collect(),
    }
}

fn at_deadline(request: &Request) -> &'static str {
    match request.state {
        RequestState::Open => "It never runs on a timeout. After that it stays pending, stalled.",
        RequestState::Stalled => "Its time has passed. It stays pending until a person answers.",
        RequestState::Decided(_) | RequestState::Superseded | RequestState::Withdrawn => {
            "It is over."
        }
    }
}

pub(crate) fn decision(decision: Decision) -> api::Decision {
    match decision {
        Decision::Approve => api::Decision::Approve,
        Decision::Modify => api::Decision::Modify,
        Decision::Deny => api::Decision::Deny,
        Decision::Answer => api::Decision::Answer,
    }
}

fn vote(vote: &holdshort_core::Vote) -> api::VoteSeen {
    api::VoteSeen {
        by: vote.by.name.clone(),
        person: vote.by.proof.is_person(),
        decision: decision(vote.decision),
        at: vote.at.as_micros(),
    }
}

fn decided(action: &Action, payload: &Payload, request: &Request) -> Option<api::Decided> {
    let sentence = notice::outcome(request)?;
    let last = request.deciding_vote();
    let reason = payload
        .reasons
        .last()
        .map(|reason| text(&reason.text.render(holdshort_core::Place::Prose)));
    Some(api::Decided {
        sentence,
        decision: last.map(|vote| decision(vote.decision)),
        reason: reason.filter(|_| last.is_some()),
        at: request.closed_at.unwrap_or(request.opened_at).as_micros(),
        result: notice::result(&action.state).to_owned(),
    })
}

fn can(rights: Rights, notice: &Notice) -> api::Can {
    let shown = match &notice.exact.uninspectable {
        Some(reason) => Err(format!("It cannot be shown in full: {reason}")),
        None => Ok(()),
    };
    let approve = rights.approve.and(shown);
    api::Can {
        approve: approve.is_ok(),
        deny: rights.deny.is_ok(),
        why_not: approve.err().or(rights.deny.err()),
    }
}
