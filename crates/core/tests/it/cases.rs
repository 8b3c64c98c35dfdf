//! Rules one by one: the promises that a random history meets only by chance, and bugs that were.

use holdshort_core::{
    Answer, Basis, Cast, ClaimIntent, Command, Decision, Effect, EventKind, Facts, Mode,
    NotEligible, Refusal, Request, RequestState, RiskLevel, RunState, State, TakeClaim, Truth,
    Untrusted, Voter, limits, next_wake,
};

use crate::builders::{
    self, AGENT, ANA, OTHER_AGENT, OWNER, dangerous, fact, intent, judged, person, probed, safe,
};
use crate::rules::check;
use crate::world::{World, claim, propose};

fn asked() -> World {
    World::with(dangerous())
}

/// A world whose action is probed and approved while its fact was this.
fn approved_on(truth: Truth) -> World {
    let mut world = World::with(probed(dangerous()));
    let request = world.request().id;
    let facts = vec![fact(truth, "a")];
    world.apply(Command::FactsArrived { request, facts }).unwrap();
    world.approve().unwrap();
    world
}

fn claim_with(world: &mut World, facts: Vec<holdshort_core::Fact>) -> Result<Answer, Refusal> {
    let facts = Some(facts);
    let claim = TakeClaim { agent: AGENT, intent: intent(1), presented: None, pins: None, facts };
    world.apply(Command::Claim(Box::new(claim)))
}

#[test]
fn a_typed_fact_is_for_persons_and_dangerous_calls() {
    let world = asked();
    let vote = |voter: Voter, typed: Option<&str>| {
        let mut world = world.clone();
        let cast = world.vote(voter, Decision::Approve);
        world.cast(Cast { confirm: typed.map(str::to_owned), ..cast })
    };
    assert_eq!(vote(person(OWNER), None), Err(Refusal::ConfirmMismatch));
    assert_eq!(vote(person(OWNER), Some("4")), Err(Refusal::ConfirmMismatch));
    assert!(vote(person(OWNER), Some(" 4 7 ")).is_ok());
    assert!(vote(builders::machine(), None).is_ok());
    let mut risky = World::new(Mode::Personal);
    risky.policy = builders::asking_from(RiskLevel::Risky);
    risky.apply(propose(judged(RiskLevel::Risky, 3))).unwrap();
    let cast = risky.vote(person(OWNER), Decision::Approve);
    assert!(risky.cast(Cast { confirm: None, ..cast }).is_ok());
}

#[test]
fn a_denial_waits_for_nothing_but_a_reason() {
    let mut world = World::with(probed(dangerous()));
    assert_eq!(world.approve(), Err(Refusal::FactsPending));
    let vote = world.vote(person(OWNER), Decision::Deny);
    let silent = Cast { reason: Untrusted::new(" \n"), ..vote.clone() };
    assert_eq!(world.cast(silent), Err(Refusal::ReasonMissing));
    assert!(world.cast(Cast { confirm: None, ..vote }).is_ok());
    assert_eq!(world.state(), "denied");
    assert_eq!(world.payload().reasons[0].text.raw(), "seen it");
}

#[test]
fn a_late_denial_needs_a_reason_too() {
    let mut world = asked();
    world.cancel().unwrap();
    let vote = world.vote(person(OWNER), Decision::Deny);
    let silent = Cast { reason: Untrusted::default(), ..vote };
    assert_eq!(world.cast(silent), Err(Refusal::ReasonMissing));
}

#[test]
fn what_cannot_be_seen_is_not_approved() {
    let mut world = World::with(builders::uninspectable(safe()));
    assert!(matches!(world.approve(), Err(Refusal::Uninspectable(_))));
    assert!(matches!(world.modify(judged(RiskLevel::Safe, 5)), Err(Refusal::Uninspectable(_))));
    assert!(world.deny().is_ok());
}

#[test]
fn a_fact_that_was_false_and_approved_anyway_releases() {
    for truth in [Truth::False, Truth::True, Truth::NotKnown] {
        let mut world = approved_on(truth);
        let answer = claim_with(&mut world, vec![fact(truth, "a")]);
        assert!(matches!(answer, Ok(Answer::Proceed { .. })), "{truth:?}: {answer:?}");
    }
}

#[test]
fn changed_facts_ask_again() {
    let worse = [
        (Truth::False, vec![fact(Truth::False, "b")]),
        (Truth::True, vec![fact(Truth::False, "a")]),
        (Truth::True, vec![fact(Truth::NotKnown, "")]),
        (Truth::False, Vec::new()),
        (Truth::True, Vec::new()),
    ];
    for (then, now) in worse {
        let mut world = approved_on(then);
        let old = world.request().clone();
        let answer = claim_with(&mut world, now.clone());
        assert!(matches!(answer, Ok(Answer::AskAgain { .. })), "{then:?} {now:?}: {answer:?}");
        let new = world.request();
        assert_ne!(new.id, old.id);
        assert_eq!(new.state, RequestState::Open);
        assert_eq!(new.facts.read().len(), 1, "what changed is on the card");
        let vote = Cast {
            request: old.id,
            binding: old.binding(),
            ..world.vote(person(OWNER), Decision::Approve)
        };
        assert!(world.cast(vote).is_err());
        assert!(matches!(world.claim(1), Ok(Answer::Wait)));
    }
}

#[test]
fn facts_are_read_again_before_release() {
    let mut world = approved_on(Truth::True);
    assert_eq!(world.claim(1), Err(Refusal::FactsNeeded));
    let mut world = World::with(probed(dangerous()));
    let request = world.request().id;
    world.apply(Command::FactsArrived { request, facts: vec![fact(Truth::True, "a")] }).unwrap();
    let waiting = Some(ClaimIntent { start: true, ..intent(1) });
    let vote = Cast { waiting, ..world.vote(person(OWNER), Decision::Approve) };
    world.cast(vote).unwrap();
    assert_eq!(world.state(), "approved");
}

#[test]
fn facts_that_take_too_long_are_not_known_and_that_is_written_down() {
    let mut world = World::with(probed(dangerous()));
    world.pass(limits::FACTS_SECS).unwrap();
    assert_eq!(world.request().facts.read()[0].truth, Truth::NotKnown);
    assert_eq!(world.last().events[0].kind, EventKind::FactsRead);
    // Late ones are better than none, and whoever read the request before reads it again.
    let vote = world.vote(person(OWNER), Decision::Approve);
    let request = world.request().id;
    let late = Command::FactsArrived { request, facts: vec![fact(Truth::False, "a")] };
    world.apply(late).unwrap();
    assert_eq!(world.request().facts.read()[0].truth, Truth::False);
    assert_eq!(world.cast(vote), Err(Refusal::Stale));
    let again = Command::FactsArrived { request, facts: vec![fact(Truth::True, "a")] };
    world.apply(again).unwrap();
    assert_eq!(world.request().facts.read()[0].truth, Truth::False);
}

#[test]
fn an_executor_that_waits_gets_the_claim_with_the_decision() {
    let mut world = asked();
    let waiting = Some(intent(2));
    let vote = Cast { waiting, ..world.vote(person(OWNER), Decision::Approve) };
    world.cast(vote).unwrap();
    assert_eq!(world.state(), "claimed");
    assert_eq!(world.claim(1), Err(Refusal::ClaimedElsewhere));
    assert!(matches!(world.claim(2), Ok(Answer::Proceed { .. })));
}

#[test]
fn a_stopped_run_releases_nothing() {
    let mut world = asked();
    world.rows.run.state = RunState::Stopped;
    let waiting = Some(ClaimIntent { start: true, ..intent(1) });
    let vote = Cast { waiting, ..world.vote(person(OWNER), Decision::Approve) };
    world.cast(vote).unwrap();
    assert!(world.ran.is_empty());
    assert!(matches!(world.claim(1), Ok(Answer::Held { .. })));
    assert_eq!(world.state(), "approved", "it waits until a person lifts the stop");

    let mut claimed = World::with(safe());
    claimed.claim(1).unwrap();
    claimed.rows.run.state = RunState::Stopped;
    assert!(claimed.start(1).is_err());
    assert!(claimed.claim(1).is_err());
    claimed.pass(60).unwrap();
    assert!(matches!(claimed.claim(2), Ok(Answer::Held { .. })));
    assert!(claimed.ran.is_empty());
}

#[test]
fn a_repeat_that_starts_has_started() {
    let mut world = World::with(safe());
    world.claim(1).unwrap();
    let Command::Claim(mut again) = claim(1) else { unreachable!() };
    again.intent.start = true;
    world.apply(Command::Claim(again)).unwrap();
    check(&world).unwrap();
    assert_eq!(world.state(), "started");
    world.pass(60).unwrap();
    assert_eq!(world.state(), "unknown");
}

#[test]
fn a_lease_has_bounds() {
    for (asked, given) in [(0, 1), (5, 5), (u32::MAX, limits::LEASE_MAX_SECS)] {
        let mut world = World::with(safe());
        let Command::Claim(mut claim) = claim(1) else { unreachable!() };
        claim.intent.lease_secs = asked;
        let lease_until = world.now.plus_secs(given);
        assert_eq!(world.apply(Command::Claim(claim)), Ok(Answer::Proceed { lease_until }));
        world.now = world.now.plus_secs(given - 1);
        let lease_until = world.now.plus_secs(given);
        assert_eq!(world.start(1), Ok(Answer::Proceed { lease_until }), "longer by as much again");
    }
}

#[test]
fn authority_is_looked_at_again_at_release() {
    let mut world = asked();
    world.approve().unwrap();
    world.people.disabled.insert(OWNER);
    assert!(matches!(world.claim(1), Ok(Answer::AskAgain { .. })));
    let refused = world.approve();
    assert_eq!(refused, Err(Refusal::NotEligible(NotEligible::Disabled)));
    world.cast(world.vote(person(ANA), Decision::Approve)).unwrap();
    assert!(matches!(world.claim(1), Ok(Answer::Proceed { .. })));
    let State::Executing(execution) = &world.action().state else { panic!("not executing") };
    let Basis::People { voters, .. } = execution.clearance().basis() else { panic!("policy") };
    assert_eq!(voters[0].id, ANA);
}

#[test]
fn policy_is_looked_at_again_at_release() {
    let mut world = World::with(judged(RiskLevel::Risky, 3));
    assert_eq!(world.state(), "approved");
    world.policy = builders::asking_from(RiskLevel::Risky);
    assert!(matches!(world.claim(1), Ok(Answer::AskAgain { .. })));
    assert!(matches!(world.claim(1), Ok(Answer::Wait)));
}

#[test]
fn nobody_approves_their_own_in_a_team() {
    let own = Err(Refusal::NotEligible(NotEligible::OwnRequest));
    for (mode, voter, expect) in [
        (Mode::Team, OWNER, own.clone()),
        (Mode::Team, AGENT, own.clone()),
        (Mode::Personal, AGENT, own),
    ] {
        let mut world = World::new(mode);
        world.apply(propose(dangerous())).unwrap();
        assert_eq!(world.cast(world.vote(person(voter), Decision::Approve)), expect);
        assert_eq!(world.cast(world.vote(person(voter), Decision::Modify)), expect);
        assert!(world.cast(world.vote(person(voter), Decision::Deny)).is_ok());
    }
}

#[test]
fn an_approval_is_for_a_quarter_of_an_hour() {
    let mut world = asked();
    world.approve().unwrap();
    let old = world.request().id;
    world.now = world.now.plus_secs(limits::APPROVAL_VALID_SECS - 1);
    assert!(matches!(world.clone().claim(1), Ok(Answer::Proceed { .. })));
    world.now = world.now.plus_secs(1);
    assert!(matches!(world.claim(1), Ok(Answer::Wait)), "nobody needs to have noticed");
    assert_ne!(world.request().id, old);
}

#[test]
fn asking_again_has_an_end() {
    let mut world = asked();
    for _ in 1..limits::ASK_AGAIN_MAX {
        world.approve().unwrap();
        world.pass(limits::APPROVAL_VALID_SECS).unwrap();
        assert_eq!(world.state(), "pending");
    }
    world.approve().unwrap();
    world.pass(limits::APPROVAL_VALID_SECS).unwrap();
    assert_eq!(world.state(), "cancelled");
}

#[test]
fn the_agents_own_expiry_makes_a_late_approval_void() {
    let mut world = World::new(Mode::Personal);
    let Command::Propose(mut propose) = propose(dangerous()) else { unreachable!() };
    propose.expires_at = Some(world.now.plus_secs(10));
    world.apply(Command::Propose(propose)).unwrap();
    world.now = world.now.plus_secs(10);
    let answer = world.approve();
    assert!(matches!(answer, Ok(Answer::Voted { counts: false, .. })));
    assert_eq!(world.state(), "cancelled");
    let answer = world.deny();
    assert!(matches!(answer, Ok(Answer::Voted { counts: true, .. })));
    let votes: Vec<bool> = world.request().votes.iter().map(|vote| vote.counts).collect();
    assert_eq!(votes, [false, true]);
    assert!(matches!(world.claim(1), Ok(Answer::Replan { .. })));
}

#[test]
fn votes_on_one_request_are_bounded() {
    let mut world = asked();
    world.cancel().unwrap();
    for _ in 0..limits::VOTES_MAX {
        world.approve().unwrap();
    }
    assert_eq!(world.approve(), Err(Refusal::TooManyVotes));
}

#[test]
fn a_change_is_judged_anew() {
    let mut world = asked();
    let old = world.request().clone();
    let worse = judged(RiskLevel::Dangerous, 5);
    let vote = world.vote(person(OWNER), Decision::Modify);
    let denied = Cast {
        changed: Some((builders::touching_the_gate(worse.clone()), Vec::new())),
        ..vote.clone()
    };
    assert!(matches!(world.cast(denied), Err(Refusal::NotAllowed(_))));
    assert_eq!(world.cast(vote), Err(Refusal::ChangeMissing));
    let before = world.action().effective;
    let arguments = world.payload().effective_arguments().clone();
    world.modify(worse).unwrap();
    check(&world).unwrap();
    assert_ne!(world.action().effective, before);
    assert_eq!(world.action().proposed, before);
    assert_eq!(world.requests[&old.id].state, RequestState::Decided(Decision::Modify));
    let Command::Claim(mut stale) = claim(1) else { unreachable!() };
    stale.presented = Some(arguments);
    assert_eq!(world.apply(Command::Claim(stale)), Err(Refusal::CallMismatch));
}

#[test]
fn a_report_without_a_start_still_counts_as_run() {
    let mut world = World::with(safe());
    world.claim(1).unwrap();
    world.pass(60).unwrap();
    assert_eq!(world.state(), "approved");
    world.report(1, true).unwrap();
    assert_eq!(world.state(), "succeeded");
    assert!(matches!(world.claim(2), Ok(Answer::Replan { .. })));
}

#[test]
fn a_claim_at_proposal_is_for_what_policy_allows() {
    let at_once = |judged| {
        let mut world = World::new(Mode::Personal);
        let Command::Propose(mut propose) = propose(judged) else { unreachable!() };
        propose.claim = Some(ClaimIntent { start: true, ..intent(1) });
        world.apply(Command::Propose(propose)).unwrap();
        check(&world).unwrap();
        world
    };
    assert_eq!(at_once(safe()).state(), "started");
    assert_eq!(at_once(dangerous()).state(), "pending");
    assert_eq!(at_once(builders::touching_the_gate(safe())).state(), "denied");
}

#[test]
fn facts_are_work_for_the_outbox() {
    let world = World::with(probed(dangerous()));
    let Facts::Checking { until, .. } = &world.request().facts else { panic!("not checking") };
    let until = *until;
    assert_eq!(until, world.now.plus_secs(limits::FACTS_SECS));
    assert_eq!(next_wake(world.action(), Some(world.request())), Some(until));
    let (action, request) = (world.action().id, world.request().id);
    assert_eq!(world.last().effects, [Effect::CollectFacts { action, request }]);
    let open: &Request = world.request();
    assert_eq!(open.due_at, world.now.plus_secs(limits::DEADLINE_SECS));
}

#[test]
fn another_agent_gets_nothing() {
    let mut world = World::with(safe());
    let reason = Untrusted::new("mine");
    let cancel = Command::Cancel { agent: OTHER_AGENT, reason };
    assert_eq!(world.apply(cancel), Err(Refusal::NotFound));
    world.claim(1).unwrap();
    let started = Command::Started { agent: OTHER_AGENT, nonce: builders::nonce(1) };
    assert_eq!(world.apply(started), Err(Refusal::NotFound));
    assert_eq!(world.state(), "claimed");
}
