//! An agent proposes: allowed, denied, or put to a person.

use serde_json::json;

use super::book::random;
use super::draft::Draft;
use super::{
    Aggregate, Answer, Clearance, Context, Propose, Refusal, Transition, claim, exceptions,
};
use crate::action::{Action, Denier, Kind, Payload, State};
use crate::assessment::Phrase;
use crate::denial;
use crate::event::EventKind;
use crate::fact::Facts;
use crate::grant::Grant;
use crate::id::{ActionId, RequestId};
use crate::people::Voter;
use crate::policy::{Ruling, Verdict};
use crate::untrusted::Untrusted;

pub(super) fn propose(
    aggregate: &Aggregate,
    propose: Propose,
    context: &Context<'_>,
) -> Result<Transition, Refusal> {
    let intent = propose.claim;
    let name = propose.by.as_ref().map_or_else(|| propose.agent_name.clone(), Voter::describe);
    let mut draft = draft(aggregate, propose, context)?;
    let (call, level) = (draft.action.proposed, draft.action.level);
    let detail = match draft.action.undoes {
        Some(undoes) => json!({ "call": call, "level": level, "undoes": undoes.action }),
        None => json!({ "call": call, "level": level }),
    };
    draft.event(EventKind::Proposed, &name, detail);
    let phase = draft.payload.words.phase.raw().to_owned();
    exceptions::phase(&mut draft.book, &phase);
    if let Some(answer) = refused(&mut draft) {
        return Ok(draft.finish(answer));
    }
    let verdict = draft.judge();
    draft.set_verdict(verdict);
    let grant = draft.granted(&draft.action.verdict);
    let rule = draft.action.verdict.rule.clone();
    let answer = match (draft.action.verdict.ruling, grant) {
        (Ruling::Deny, _) => {
            draft.deny(Denier::Policy(rule), "policy");
            Answer::Replan { because: draft.action.verdict.reason.clone() }
        }
        (Ruling::Ask, None) => {
            let facts = draft.to_check();
            draft.ask(facts);
            Answer::Wait
        }
        (Ruling::Ask | Ruling::Allow, grant) => allow(&mut draft, grant, intent),
    };
    Ok(draft.finish(answer))
}

fn draft<'a>(
    aggregate: &'a Aggregate,
    propose: Propose,
    context: &'a Context<'a>,
) -> Result<Draft<'a>, Refusal> {
    let now = context.now;
    let digest = propose.judged.call.digest(aggregate.workspace)?;
    let action = Action {
        id: ActionId::at(now, random(context, 0)),
        run: aggregate.run.id,
        kind: Kind::Action,
        agent: propose.agent,
        agent_name: propose.agent_name,
        owner: propose.owner,
        call_id: propose.call_id,
        proposed: digest,
        effective: digest,
        level: propose.judged.assessment.level,
        // Both are replaced before anything is written.
        verdict: Verdict::unknown(),
        state: State::Pending { request: RequestId::from_bytes([0; 16]) },
        probed: !propose.judged.probes.is_empty(),
        request: None,
        asked: 0,
        expires_at: propose.expires_at,
        cost: propose.cost,
        reserved: None,
        undoes: propose.undoes,
        undo_until: None,
        version: 0,
        created_at: now,
        updated_at: now,
    };
    let payload = Payload {
        call: propose.judged.call,
        changed: Untrusted::default(),
        pins_now: Untrusted::default(),
        words: propose.words,
        probes: propose.judged.probes,
        again: Phrase::default(),
        assessment: propose.judged.assessment,
        reasons: Vec::new(),
        output: Untrusted::default(),
        why: None,
        undo: None,
    };
    Ok(Draft::fresh(aggregate, context, action, payload))
}

/// What does not get as far as policy: stopped runs, and what a person denied before.
fn refused(draft: &mut Draft<'_>) -> Option<Answer> {
    if draft.book.is_stopped() {
        let because = draft.book.held().unwrap_or_default();
        let verdict = Verdict::denied("stop.run", &because);
        draft.set_verdict(verdict);
        draft.deny(Denier::Policy("stop.run".into()), "a stop");
        return Some(Answer::Replan { because });
    }
    let call = (&draft.payload.call, draft.action.proposed);
    let denied = &draft.book.run.denied;
    denial::against(denied, draft.action.run, call, &draft.payload.assessment)?;
    let because = "A person denied this in this run. Go on without it.".to_owned();
    let verdict = Verdict::denied("denied.before", &because);
    draft.set_verdict(verdict);
    draft.deny(Denier::Policy("denied.before".into()), "a denial that stands");
    Some(Answer::Replan { because })
}

fn allow(
    draft: &mut Draft<'_>,
    grant: Option<&Grant>,
    claim: Option<super::ClaimIntent>,
) -> Answer {
    let now = draft.context.now;
    let verdict = draft.action.verdict.clone();
    let clearance = match grant {
        Some(grant) => Clearance::by_grant(grant, &draft.action, now),
        None => Clearance::by_policy(&verdict, draft.action.effective, now),
    };
    let Some(clearance) = clearance else {
        draft.ask(Facts::None);
        return Answer::Wait;
    };
    draft.redeemed = grant.map(|grant| grant.id);
    draft.action.verdict.grant = draft.redeemed;
    let detail = json!({ "rule": verdict.rule, "grant": draft.redeemed });
    draft.event(EventKind::Allowed, "policy", detail);
    if let Some(because) = draft.book.held() {
        draft.approve(clearance);
        return Answer::Held { because };
    }
    match claim {
        None => {
            draft.approve(clearance);
            Answer::Done
        }
        Some(intent) => claim::open(draft, clearance, intent),
    }
}
