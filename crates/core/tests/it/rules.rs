//! The invariants (security.md 3.2, I1 to I9) as functions over the history of a world and the
//! executors' own log. They work things out anew instead of asking the code under test.

use holdshort_core::{
    Action, Aggregate, Answer, Basis, Cast, Clearance, Command, Decision, Digest, EventKind,
    Execution, Fact, Facts, Outcome, Payload, People, PrincipalId, Refusal, Request, RequestId,
    RequestState, RiskLevel, Ruling, State, Subject, TakeClaim, Timestamp, Truth, Vote, limits,
    next_wake,
};

use crate::builders::WORKSPACE;
use crate::world::{Step, World};

type Checked = Result<(), String>;

/// Checks everything about the last step of a world.
pub(crate) fn check(world: &World) -> Checked {
    let step = world.last();
    release(world, step).map_err(|why| format!("I1 release: {why}"))?;
    once(world, step).map_err(|why| format!("I2 once: {why}"))?;
    time_never_permits(step).map_err(|why| format!("I4 time: {why}"))?;
    timers(step).map_err(|why| format!("timers: {why}"))?;
    written_down(world, step).map_err(|why| format!("I5 audit: {why}"))?;
    in_doubt(step).map_err(|why| format!("I6 in doubt: {why}"))?;
    ended_is_ended(step).map_err(|why| format!("I7 final: {why}"))?;
    changed_is_new(world, step).map_err(|why| format!("I8 modify: {why}"))?;
    duties(step).map_err(|why| format!("I9 duties: {why}"))?;
    commands(step).map_err(|why| format!("command: {why}"))
}

fn ensure(holds: bool, what: &str) -> Checked {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn action(rows: &Aggregate) -> Option<&Action> {
    rows.action.as_ref().map(|(action, _)| action)
}

fn state_name(rows: &Aggregate) -> &'static str {
    action(rows).map_or("none", |action| action.state.name())
}

fn execution(rows: &Aggregate) -> Option<&Execution> {
    match &action(rows)?.state {
        State::Executing(execution) => Some(execution),
        _ => None,
    }
}

fn clearance(rows: &Aggregate) -> Option<&Clearance> {
    match &action(rows)?.state {
        State::Approved(clearance) => Some(clearance),
        State::Executing(execution) => Some(execution.clearance()),
        _ => None,
    }
}

/// Eligibility, said a second time so that the first can be wrong.
fn may(people: &People, voter: PrincipalId, action: &Action) -> bool {
    let listed = people.approvers.as_ref().is_none_or(|approvers| approvers.contains(&voter));
    let owner = people.mode == holdshort_core::Mode::Team && action.owner == Some(voter);
    listed && !people.disabled.contains(&voter) && voter != action.agent && !owner
}

fn secs_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_micros() - from.as_micros()) / 1_000_000
}

fn release(world: &World, step: &Step) -> Checked {
    for ran in &world.ran {
        let allowed = world.history.iter().any(|past| {
            execution(&past.after)
                .is_some_and(|e| e.nonce() == ran.nonce && e.clearance().call() == ran.call)
        });
        ensure(allowed || ran.careless, "something ran that was never released")?;
        let told = world.told.iter().any(|told| told.nonce == ran.nonce);
        ensure(told, "a report of someone who was never told to go ahead")?;
    }
    let opened = execution(&step.before).is_none();
    let Some(running) = execution(&step.after).filter(|_| opened) else { return Ok(()) };
    let (action, payload) = step.after.action.as_ref().ok_or("no action")?;
    let call = payload.effective_call().digest(WORKSPACE).map_err(|error| error.to_string())?;
    ensure(running.clearance().call() == call, "another call was cleared")?;
    ensure(action.effective == call, "the row names another call")?;
    if let Command::Claim(claim) = &step.command {
        let presented = presented(payload, claim)?;
        ensure(presented.is_none_or(|it| it == call), "another call is about to run")?;
    }
    ensure(action.expires_at.is_none_or(|at| step.at < at), "past the agent's own expiry")?;
    ensure(step.after.run.state == holdshort_core::RunState::Running, "the run is stopped")?;
    let call = payload.effective_call();
    let subject = Subject {
        call: &call,
        assessment: &payload.assessment,
        words: &payload.words,
        cost: None,
        agent: "cleaner",
        run: &step.before.run,
        today: &step.before.today.spending,
        now: step.at,
    };
    let ruling = step.policy.evaluate(&subject).ruling;
    ensure(ruling != Ruling::Deny, "policy denies it")?;
    match running.clearance().basis() {
        Basis::Policy { .. } => ensure(ruling == Ruling::Allow, "policy does not allow it"),
        Basis::Grant { .. } => Err("there are no grants here".to_owned()),
        Basis::People { request, .. } => by_people(world, step, action, *request),
    }
}

fn by_people(world: &World, step: &Step, action: &Action, id: RequestId) -> Checked {
    let request = world.requests.get(&id).ok_or("no such request")?;
    let decided = RequestState::Decided(Decision::Approve);
    ensure(request.state == decided, "the request is not approved")?;
    ensure(request.call == action.effective, "the request is about another call")?;
    ensure(!matches!(request.facts, Facts::Checking { .. }), "facts were being checked")?;
    let binding = Digest::binding(request.call, request.id, request.salt);
    let mut counted = request.votes.iter().filter(|vote| vote.counts).peekable();
    ensure(counted.peek().is_some(), "nobody approved it")?;
    for vote in counted {
        ensure(vote.decision == Decision::Approve, "a vote that is no approval")?;
        ensure(vote.binding == binding, "a vote on another binding")?;
        let then = &cast_at(world, vote).ok_or("a vote that nobody cast")?.people;
        ensure(may(then, vote.by.id, action), "not eligible when deciding")?;
        ensure(may(&step.people, vote.by.id, action), "not eligible at release")?;
        let age = secs_between(vote.at, step.at);
        ensure(age < i64::from(limits::APPROVAL_VALID_SECS), "an approval too old")?;
    }
    match &step.command {
        Command::Claim(claim) if action.probed => facts_hold(request, claim),
        Command::Claim(_) => Ok(()),
        _ => ensure(!action.probed, "released without reading the facts again"),
    }
}

/// The step in which a vote was cast by the one it names.
fn cast_at<'a>(world: &'a World, vote: &Vote) -> Option<&'a Step> {
    world.history.iter().find(|step| match &step.command {
        Command::Decide(cast) => step.at == vote.at && cast.voter == vote.by && step.result.is_ok(),
        _ => false,
    })
}

fn facts_hold(request: &Request, claim: &TakeClaim) -> Checked {
    let now = claim.facts.as_deref().ok_or("released without facts")?;
    let same = |a: &Fact, b: &Fact| a.probe == b.probe && a.truth == b.truth && a.bind == b.bind;
    let then = request.facts.read();
    for fact in now.iter().filter(|fact| fact.truth != Truth::True) {
        ensure(then.iter().any(|seen| same(seen, fact)), "a fact that nobody saw")?;
    }
    for seen in then.iter().filter(|seen| seen.truth != Truth::NotKnown) {
        ensure(now.iter().any(|fact| fact.probe == seen.probe), "a fact that is gone")?;
    }
    Ok(())
}

fn once(world: &World, step: &Step) -> Checked {
    let runs = world.ran.iter().filter(|ran| !ran.careless).count();
    ensure(runs <= 1, "it ran twice")?;
    for (index, told) in world.told.iter().enumerate() {
        let earlier = &world.told[..index];
        let others = earlier.iter().filter(|other| other.nonce != told.nonce);
        for other in others {
            ensure(other.lease_until <= told.at, "two executors within one lease")?;
        }
        ensure(told.lease_until > told.at, "a lease that is over when it is given")?;
    }
    let completed = matches!(action(&step.after).map(|a| &a.state), Some(State::Completed { .. }));
    let begun = execution(&step.before).filter(|execution| execution.started());
    if let Some(begun) = begun {
        let next = action(&step.after).ok_or("no action")?;
        let kept = match &next.state {
            State::Executing(now) | State::Completed { execution: now, .. } => {
                now.nonce() == begun.nonce() && now.started()
            }
            _ => false,
        };
        ensure(kept, "what began went to someone else")?;
    }
    let proceed = matches!(step.result, Ok(Answer::Proceed { .. }));
    let stopped = step.after.run.state == holdshort_core::RunState::Stopped;
    ensure(!(stopped && proceed && begun.is_none()), "told to run in a stopped run")?;
    ensure(!(completed && proceed), "told to run what is over")
}

fn permits(rows: &Aggregate) -> bool {
    matches!(action(rows).map(|a| &a.state), Some(State::Approved(_) | State::Executing(_)))
}

fn time_never_permits(step: &Step) -> Checked {
    if !matches!(step.command, Command::TimePassed | Command::FactsArrived { .. }) {
        return Ok(());
    }
    ensure(permits(&step.before) || !permits(&step.after), "time permitted something")?;
    ensure(
        execution(&step.before).is_some() || execution(&step.after).is_none(),
        "time made something run",
    )?;
    let renewed = clearance(&step.after).and_then(Clearance::valid_until)
        > clearance(&step.before).and_then(Clearance::valid_until);
    ensure(!permits(&step.after) || !renewed, "time renewed an approval")
}

/// Time changes something exactly when it was said to: no timer is lost, none runs in a circle.
fn timers(step: &Step) -> Checked {
    if step.command != Command::TimePassed {
        return Ok(());
    }
    let wake = |rows: &Aggregate| {
        let (action, _) = rows.action.as_ref()?;
        next_wake(action, rows.request.as_ref())
    };
    let due = wake(&step.before).is_some_and(|at| at <= step.at);
    ensure(due || step.before == step.after, "time changed something that was not due")?;
    // What is stopped stands still, and so does an approval while its run is held.
    let held = |rows: &Aggregate| !rows.run.holds.is_empty();
    let stopped = step.after.run.state == holdshort_core::RunState::Stopped;
    let approved = matches!(action(&step.after).map(|a| &a.state), Some(State::Approved(_)));
    if stopped || (approved && held(&step.after)) {
        return Ok(());
    }
    ensure(!due || step.before != step.after, "a timer was due and nothing happened")?;
    ensure(wake(&step.after).is_none_or(|at| at > step.at), "a timer is due again at once")
}

fn written_down(world: &World, step: &Step) -> Checked {
    ensure(!world.event_twice, "an event id twice")?;
    ensure(step.events.iter().all(|event| event.at == step.at), "an event at another time")?;
    if step.before == step.after {
        let late = step.events.iter().all(|event| event.kind == EventKind::ReportedLate);
        return ensure(late, "events about nothing");
    }
    let (before, after) = (action(&step.before), action(&step.after).ok_or("no action")?);
    let version = before.map_or(0, |action| action.version);
    ensure(after.version == version + 1, "the version did not grow by one")?;
    // Saying again that it began only makes the lease longer.
    let heartbeat = matches!(step.command, Command::Started { .. })
        && execution(&step.before).is_some_and(Execution::started)
        && execution(&step.after).is_some_and(Execution::started);
    ensure(heartbeat || !step.events.is_empty(), "a change without an event")?;
    let name = state_name(&step.after);
    let asked = before.map(|action| action.asked) != Some(after.asked);
    if state_name(&step.before) == name && !asked {
        return Ok(());
    }
    let said = |kinds: &[EventKind]| step.events.iter().any(|event| kinds.contains(&event.kind));
    let fits = match name {
        "pending" => said(&[EventKind::Opened]),
        "approved" => said(&[EventKind::Approved, EventKind::Allowed, EventKind::Released]),
        "claimed" | "started" => said(&[EventKind::Claimed, EventKind::Started]),
        "succeeded" | "failed" => said(&[EventKind::Reported]),
        "unknown" => said(&[EventKind::Unknown]),
        "denied" => said(&[EventKind::Denied]),
        "cancelled" => said(&[EventKind::Cancelled]),
        _ => false,
    };
    ensure(fits, "a new state without its event")
}

fn in_doubt(step: &Step) -> Checked {
    let Some(begun) = execution(&step.before).filter(|execution| execution.started()) else {
        return Ok(());
    };
    let lost = begun.lease_until() <= step.at && step.result.is_ok();
    let unknown = matches!(
        action(&step.after).map(|action| &action.state),
        Some(State::Completed { outcome: Outcome::Unknown, .. })
    );
    ensure(!lost || unknown, "a lost execution that is not unknown")
}

fn ended_is_ended(step: &Step) -> Checked {
    if let Some(before) = action(&step.before).filter(|action| action.state.is_final()) {
        let after = action(&step.after).ok_or("no action")?;
        ensure(before.state == after.state, "a final state changed")?;
    }
    let (Some(before), Some(after)) = (&step.before.request, &step.after.request) else {
        return Ok(());
    };
    if before.id == after.id && !before.state.is_open() {
        ensure(before.state == after.state, "a closed request changed its end")?;
        let old = after.votes.get(..before.votes.len());
        ensure(old == Some(&before.votes), "a vote was changed")?;
        for vote in after.votes.iter().skip(before.votes.len()) {
            let counts = vote.decision == Decision::Deny;
            ensure(vote.counts == counts, "a late approval counts, or a late denial does not")?;
        }
    }
    let counting = after.votes.iter().filter(|vote| vote.counts);
    let deciding = counting.filter(|vote| vote.decision != Decision::Deny).count();
    ensure(deciding <= 1, "two votes for one seat")
}

fn changed_is_new(world: &World, step: &Step) -> Checked {
    let Some((now, payload)) = &step.after.action else { return Ok(()) };
    let call = payload.effective_call().digest(WORKSPACE).map_err(|error| error.to_string())?;
    ensure(now.effective == call, "the row names another call than the one shown")?;
    if let Some(clearance) = clearance(&step.after) {
        ensure(clearance.call() == now.effective, "an approval of an older call")?;
        if let Basis::People { request, .. } = clearance.basis() {
            ensure(Some(*request) == now.request, "an approval of an older request")?;
        }
    }
    let Some(before) = action(&step.before) else { return Ok(()) };
    if before.effective == now.effective {
        return Ok(());
    }
    let by_modify = matches!(
        &step.command,
        Command::Decide(cast) if cast.decision == Decision::Modify && step.result.is_ok()
    );
    ensure(by_modify, "the call changed without a person changing it")?;
    ensure(before.request != now.request, "a changed call under the old request")?;
    let old = before.request.and_then(|id| world.requests.get(&id)).ok_or("no request")?;
    ensure(old.state == RequestState::Decided(Decision::Modify), "the old request lives on")
}

fn duties(step: &Step) -> Checked {
    let Command::Decide(cast) = &step.command else { return Ok(()) };
    let Some(now) = action(&step.after) else { return Ok(()) };
    if step.result.is_err() || cast.decision == Decision::Deny {
        return Ok(());
    }
    let counted = matches!(step.result, Ok(Answer::Voted { counts: true, .. }));
    ensure(!counted || may(&step.people, cast.voter.id, now), "a seat filled by the wrong one")
}

/// What each command must bring along.
fn commands(step: &Step) -> Checked {
    let changed = step.before != step.after;
    ensure(!(changed && step.result.is_err()), "a refusal changed something")?;
    let by = match &step.command {
        Command::Claim(claim) => Some(claim.agent),
        Command::Started { agent, .. }
        | Command::Report { agent, .. }
        | Command::Cancel { agent, .. } => Some(*agent),
        _ => None,
    };
    let own = action(&step.before).map(|action| action.agent);
    if by.is_some() && by != own {
        ensure(step.result == Err(Refusal::NotFound), "another agent got an answer")?;
    }
    match &step.command {
        Command::Decide(cast) if step.result.is_ok() => accepted(step, cast),
        Command::Claim(claim) => claimed(step, claim),
        _ => Ok(()),
    }
}

fn accepted(step: &Step, cast: &Cast) -> Checked {
    let request = step.before.request.as_ref().ok_or("a vote on nothing")?;
    let (_, payload) = step.before.action.as_ref().ok_or("no action")?;
    ensure(cast.request == request.id, "a vote on another request")?;
    ensure(cast.binding == request.binding(), "a vote on another binding")?;
    if cast.decision == Decision::Deny {
        return ensure(!cast.reason.raw().trim().is_empty(), "a denial without a reason");
    }
    if !matches!(step.result, Ok(Answer::Voted { counts: true, .. })) {
        return Ok(());
    }
    ensure(request.state.is_open(), "a vote on a closed request counts")?;
    ensure(cast.version == request.version, "a vote on a version that is gone counts")?;
    ensure(payload.assessment.uninspectable.is_none(), "approved what cannot be seen")?;
    let still = matches!(&request.facts, Facts::Checking { until, .. } if step.at < *until);
    ensure(!still, "approved while facts are checked")?;
    if let Some((judged, facts)) = &cast.changed
        && cast.decision == Decision::Modify
    {
        ensure(judged.assessment.uninspectable.is_none(), "changed to what cannot be seen")?;
        let after = action(&step.after).ok_or("no action")?;
        let against = facts.iter().any(|fact| fact.truth != Truth::True);
        let worse = judged.assessment.level > request.level || against;
        ensure(!worse || !permits(&step.after), "a worse call was not asked about")?;
        ensure(after.verdict.ruling != Ruling::Deny, "changed to what policy denies")?;
    }
    let typed = cast.confirm.clone().unwrap_or_default();
    let number = payload.assessment.count.as_ref().map(|count| count.number.to_string());
    let needed = cast.voter.proof.is_person() && request.level >= RiskLevel::Dangerous;
    ensure(!needed || number == Some(typed), "approved without typing what it is")
}

/// The digest of the call that a claim presents.
fn presented(payload: &Payload, claim: &TakeClaim) -> Result<Option<Digest>, String> {
    let Some(arguments) = &claim.presented else { return Ok(None) };
    let call = payload.effective_call().with_arguments(arguments.clone());
    call.digest(WORKSPACE).map(Some).map_err(|error| error.to_string())
}

/// The same nonce gets the same answer until it says that it began.
fn claimed(step: &Step, claim: &TakeClaim) -> Checked {
    let Some(held) = execution(&step.before).filter(|held| step.at < held.lease_until()) else {
        return Ok(());
    };
    if action(&step.before).map(|action| action.agent) != Some(claim.agent) {
        return Ok(());
    }
    if held.nonce() != claim.intent.nonce {
        return ensure(step.result == Err(Refusal::ClaimedElsewhere), "a second claim");
    }
    if held.started() {
        return ensure(step.result.is_err(), "claimed again after it began");
    }
    let (_, payload) = step.before.action.as_ref().ok_or("no action")?;
    if presented(payload, claim)?.is_some_and(|call| call != held.clearance().call()) {
        return ensure(step.result == Err(Refusal::CallMismatch), "another call presented");
    }
    if step.before.run.state == holdshort_core::RunState::Stopped {
        return ensure(step.result.is_err(), "the answer was repeated in a stopped run");
    }
    ensure(matches!(step.result, Ok(Answer::Proceed { .. })), "the answer was not repeated")
}
