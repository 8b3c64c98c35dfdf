//! An agent proposes: allowed, denied, or put to a person.

use serde_json::json;

use super::draft::{Draft, random};
use super::{Aggregate, Answer, Clearance, Context, Execution, Propose, Refusal, Transition};
use crate::action::{Action, Denier, Payload, State};
use crate::event::EventKind;
use crate::fact::Facts;
use crate::id::{ActionId, RequestId};
use crate::limits;
use crate::policy::Ruling;
use crate::run::RunState;
use crate::untrusted::Untrusted;

pub(super) fn propose(
    aggregate: &Aggregate,
    propose: Propose,
    context: &Context<'_>,
) -> Result<Transition, Refusal> {
    let now = context.now;
    let digest = propose.judged.call.digest(aggregate.workspace)?;
    let verdict = context.policy.evaluate(&propose.judged.assessment);
    let action = Action {
        id: ActionId::at(now, random(context, 0)),
        run: aggregate.run.id,
        agent: propose.agent,
        owner: propose.owner,
        call_id: propose.call_id,
        proposed: digest,
        effective: digest,
        level: propose.judged.assessment.level,
        verdict,
        probed: !propose.judged.probes.is_empty(),
        // Replaced below, in every branch.
        state: State::Pending { request: RequestId::from_bytes([0; 16]) },
        request: None,
        asked: 0,
        expires_at: propose.expires_at,
        version: 0,
        created_at: now,
        updated_at: now,
    };
    let payload = Payload {
        call: propose.judged.call,
        changed: Untrusted::default(),
        words: propose.words,
        assessment: propose.judged.assessment,
        reasons: Vec::new(),
        output: Untrusted::default(),
    };
    let mut draft = Draft::fresh(aggregate, context, action, payload);
    let detail = json!({ "call": digest, "level": draft.action.level });
    draft.event(EventKind::Proposed, &propose.agent_name, detail);
    if draft.run.state == RunState::Stopped {
        draft.deny(Denier::Policy("run.stopped".into()), "a stopped run");
        return Ok(draft.finish(Answer::Replan { because: "the run was stopped".into() }));
    }
    let rule = draft.action.verdict.rule.clone();
    let answer = match draft.action.verdict.ruling {
        Ruling::Deny => {
            draft.deny(Denier::Policy(rule), "policy");
            Answer::Replan { because: draft.action.verdict.reason.clone() }
        }
        Ruling::Ask => {
            let until = now.plus_secs(limits::FACTS_SECS);
            let claims = propose.judged.probes;
            let facts = match claims.is_empty() {
                true => Facts::None,
                false => Facts::Checking { until, claims },
            };
            draft.ask(facts);
            Answer::Wait
        }
        Ruling::Allow => allow(&mut draft, propose.claim),
    };
    Ok(draft.finish(answer))
}

fn allow(draft: &mut Draft<'_>, claim: Option<super::ClaimIntent>) -> Answer {
    let now = draft.context.now;
    let verdict = draft.action.verdict.clone();
    let Some(clearance) = Clearance::by_policy(&verdict, draft.action.effective, now) else {
        draft.ask(Facts::None);
        return Answer::Wait;
    };
    draft.event(EventKind::Allowed, "policy", json!({ "rule": verdict.rule }));
    let Some(intent) = claim else {
        draft.approve(clearance);
        return Answer::Done;
    };
    let execution = Execution::open(clearance, intent, now);
    let lease_until = execution.lease_until();
    draft.action.state = State::Executing(execution);
    draft.event(EventKind::Claimed, "the agent", json!({ "started": intent.start }));
    Answer::Proceed { lease_until }
}
