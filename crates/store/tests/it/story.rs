//! The story of an action, from the proposal to the report, on any backend.

use holdshort_core::{
    Command, Decision, Digest, Effect, EventKind, Fact, Facts, Phrase, RiskLevel, RunState,
    Timestamp, Truth, Untrusted, limits,
};
use holdshort_store::{Commit, Store, StoreError};

use crate::desk::{
    AGENT, Desk, OTHER_AGENT, OTHER_WORKSPACE, Proposal, WORKSPACE, cause, intent, judged, probed,
    proof, run, start,
};

fn dangerous(number: u64) -> holdshort_core::Judged {
    judged(RiskLevel::Dangerous, number)
}

fn kinds<S: Store>(store: &S) -> Vec<EventKind> {
    let events = store.events_after(WORKSPACE, 0, 100).unwrap();
    events.into_iter().map(|stored| stored.event.kind).collect()
}

fn fact(truth: Truth) -> Fact {
    Fact {
        probe: "standby".to_owned(),
        claim: Phrase::ours("No standby"),
        truth,
        detail: Phrase::ours("31 of ").theirs("47"),
        source: Phrase::ours("inventory"),
        read_at: start(),
        bind: Digest::of("ids", &[]),
        safer: None,
    }
}

/// Proposed, checked, approved with proof, claimed, reported.
pub(crate) async fn from_proposal_to_report<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    assert_eq!(store.feed_end().unwrap(), (0, Timestamp::from_micros(0)));
    let proposal = Proposal::new(run(1, AGENT), probed(dangerous(47)));
    let id = desk.propose(&proposal).await.unwrap();
    let request = desk.load(id).request.unwrap();
    assert_eq!(request.number, 1);
    assert!(matches!(request.facts, Facts::Checking { .. }));
    assert_eq!(store.request(WORKSPACE, request.id).unwrap(), Some(request.clone()));
    assert_eq!(store.action_of(WORKSPACE, request.id).unwrap(), Some(id));
    assert_eq!(store.open_count(WORKSPACE).unwrap(), 1);

    let facts = vec![fact(Truth::False)];
    desk.apply(id, Command::FactsArrived { request: request.id, facts: facts.clone() }).await;
    let vote = desk.vote(id, Decision::Approve);
    desk.now = desk.now.plus_secs(5);
    desk.apply_with(id, vote, Some(proof("n1", desk.now))).await.unwrap();
    assert_eq!(store.open_count(WORKSPACE).unwrap(), 0);
    let Command::Claim(mut claim) = desk.claim(id) else { unreachable!() };
    claim.facts = Some(facts);
    desk.apply(id, Command::Claim(claim)).await;
    assert_eq!(desk.load(id).action.unwrap().0.state.name(), "started");
    let output = Untrusted::new("terminated");
    let said = Box::new(holdshort_core::Reported { worked: true, output, cost: None, undo: None });
    let report = Command::Report { agent: AGENT, nonce: intent().nonce, said };
    desk.apply(id, report).await;

    use EventKind::*;
    let all = [Proposed, Opened, FactsRead, Decided, Approved, Claimed, Reported];
    assert_eq!(kinds(store), all);
    assert_eq!(store.feed_end().unwrap(), (7, desk.now));
    let (_, payload) = desk.load(id).action.unwrap();
    assert_eq!(payload.output.raw(), "terminated");
    let row = store.run(WORKSPACE, run(1, AGENT).id).unwrap().unwrap();
    assert_eq!((row.steps, row.pending, row.goal.as_str()), (1, 0, "Cut the cost"));
    assert_eq!(row.updated_at, desk.now);
}

/// Nobody sees what is in another workspace.
pub(crate) async fn workspaces_are_apart<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let id = desk.ask(1).await;
    let request = desk.load(id).request.unwrap().id;
    let run = run(1, AGENT);
    let other = OTHER_WORKSPACE;
    assert!(store.aggregate(other, id).unwrap().is_none());
    assert!(store.request(other, request).unwrap().is_none());
    assert!(store.action_of(other, request).unwrap().is_none());
    assert!(store.run(other, run.id).unwrap().is_none());
    assert!(store.run_named(other, AGENT, &run.name).unwrap().is_none());
    assert!(store.open_requests(other, None, 10).unwrap().is_empty());
    assert!(store.runs(other, None, 10).unwrap().is_empty());
    assert!(store.actions_of(other, run.id, 10).unwrap().is_empty());
    assert!(store.events_after(other, 0, 10).unwrap().is_empty());
    assert_eq!(store.open_count(other).unwrap(), 0);
    // The same rows stand there beside the first ones, with labels of their own.
    let mut beside = Desk::new(store);
    beside.workspace = other;
    let twin = beside.ask(1).await;
    assert_eq!(beside.load(twin).request.unwrap().number, 1);
    assert_eq!(store.open_count(WORKSPACE).unwrap(), 1);
}

/// Of two transitions from the same row, one is written.
pub(crate) async fn only_one_of_two_wins<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let id = desk.ask(1).await;
    let before = desk.load(id);
    let (approve, deny) = (desk.vote(id, Decision::Approve), desk.vote(id, Decision::Deny));
    let first = desk.transition(&before, approve);
    let second = desk.transition(&before, deny);
    let (first, second) = (desk.commit_of(&before, first), desk.commit_of(&before, second));
    let second = Commit { proof: Some(proof("n", desk.now)), ..second };
    store.commit(first).await.unwrap();
    let (after, events) = (desk.load(id), desk.events());
    assert!(matches!(store.commit(second).await, Err(StoreError::Conflict)));
    assert_eq!(desk.load(id), after);
    assert_eq!(desk.events(), events);
    let claim = desk.claim(id);
    let fresh = desk.apply_with(id, claim, Some(proof("n", desk.now))).await;
    assert!(fresh.is_ok(), "the proof of a refused commit is not used up");
}

/// An equal proposal is the same one while it is open; with a call id, for good.
pub(crate) async fn repeats_are_found<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let key = [7; 32];
    let run = run(1, AGENT);
    let plain = Proposal { dedupe: Some(key), ..Proposal::new(run.clone(), dangerous(1)) };
    let id = desk.propose(&plain).await.unwrap();
    assert_eq!(store.find_repeat(WORKSPACE, run.id, key).unwrap(), Some(id));
    assert_eq!(store.find_repeat(WORKSPACE, crate::desk::run(2, AGENT).id, key).unwrap(), None);
    let events = desk.events();
    assert!(matches!(desk.propose(&plain).await, Err(StoreError::Conflict)));
    assert_eq!(desk.events(), events);
    desk.approve(id).await;
    assert_eq!(store.find_repeat(WORKSPACE, run.id, key).unwrap(), Some(id));
    let cancel = Command::Cancel { agent: AGENT, reason: Untrusted::default() };
    desk.apply(id, cancel).await;
    assert_eq!(store.find_repeat(WORKSPACE, run.id, key).unwrap(), None);
    let again = desk.propose(&plain).await.unwrap();
    assert_ne!(again, id);

    let named = [8; 32];
    let called = Proposal {
        call_id: Some("call_1".to_owned()),
        dedupe: Some(named),
        ..Proposal::new(run.clone(), dangerous(2))
    };
    let id = desk.propose(&called).await.unwrap();
    desk.deny(id).await;
    assert_eq!(store.find_repeat(WORKSPACE, run.id, named).unwrap(), Some(id));
    assert!(matches!(desk.propose(&called).await, Err(StoreError::Conflict)));
}

/// Labels count up, and asking again takes the next one.
pub(crate) async fn labels_grow<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let first = desk.ask(1).await;
    let second = desk.ask(2).await;
    let number = |desk: &Desk<'_, S>, id| desk.load(id).request.unwrap().number;
    assert_eq!((number(&desk, first), number(&desk, second)), (1, 2));
    desk.approve(first).await;
    desk.now = desk.now.plus_secs(limits::APPROVAL_VALID_SECS);
    desk.apply(first, Command::TimePassed).await;
    assert_eq!(number(&desk, first), 3);
    desk.deny(first).await;
    assert_eq!(number(&desk, first), 3);
}

/// An agent has its share of open requests, and no more.
pub(crate) async fn open_requests_are_capped<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let with_cap = |agent, number, cap| Proposal {
        cap: Some(cap),
        ..Proposal::new(run(if agent == AGENT { 1 } else { 2 }, agent), dangerous(number))
    };
    let first = desk.propose(&with_cap(AGENT, 1, 2)).await.unwrap();
    desk.propose(&with_cap(AGENT, 2, 2)).await.unwrap();
    let events = desk.events();
    let refused = desk.propose(&with_cap(AGENT, 3, 2)).await;
    assert!(matches!(refused, Err(StoreError::TooManyOpen)));
    assert_eq!((desk.events(), store.open_count(WORKSPACE).unwrap()), (events, 2));
    assert!(store.take_work(desk.now, desk.now).await.unwrap().is_none());
    desk.propose(&with_cap(OTHER_AGENT, 4, 2)).await.unwrap();
    desk.deny(first).await;
    desk.propose(&with_cap(AGENT, 5, 2)).await.unwrap();
}

/// A proof is good once, and what came with a used one is not written.
pub(crate) async fn a_proof_is_good_once<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let (first, second) = (desk.ask(1).await, desk.ask(2).await);
    let used = proof("n", desk.now);
    let vote = desk.vote(first, Decision::Approve);
    desk.apply_with(first, vote, Some(used.clone())).await.unwrap();
    let (before, events) = (desk.load(second), desk.events());
    let vote = desk.vote(second, Decision::Approve);
    let refused = desk.apply_with(second, vote.clone(), Some(used.clone())).await;
    assert!(matches!(refused, Err(StoreError::ProofUsed)));
    assert_eq!((desk.load(second), desk.events()), (before, events));
    let change = holdshort_store::Change::UseProof(used);
    let refused = store.change(WORKSPACE, vec![change], cause()).await;
    assert!(matches!(refused, Err(StoreError::ProofUsed)));
    // Another key may use the same nonce.
    let other = holdshort_store::ProofUse { key_id: "key_2".to_owned(), ..proof("n", desk.now) };
    desk.apply_with(second, vote, Some(other)).await.unwrap();
}

/// Work is leased to one, comes back when the lease is over, and goes when it is done.
pub(crate) async fn work_is_leased<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    let mut ids = Vec::new();
    for number in 1..3 {
        let proposal = Proposal::new(run(1, AGENT), probed(dangerous(number)));
        ids.push(desk.propose(&proposal).await.unwrap());
    }
    let (now, until) = (desk.now, desk.now.plus_secs(30));
    let first = store.take_work(now, until).await.unwrap().unwrap();
    let second = store.take_work(now, until).await.unwrap().unwrap();
    let action = |effect| match effect {
        Effect::CollectFacts { action, .. } => action,
        Effect::WakeAgent { .. } => panic!("nobody wants to be woken"),
    };
    assert_eq!([action(first.effect), action(second.effect)], ids[..]);
    assert_eq!((first.workspace, first.attempts), (WORKSPACE, 0));
    assert!(store.take_work(until.plus_secs(0), until).await.unwrap().is_some(), "lease over");
    store.work_done(first.id).await.unwrap();
    store.work_done(second.id).await.unwrap();
    assert!(store.take_work(until.plus_secs(60), until).await.unwrap().is_none());
}

/// Held work is not given out; after the lease it is, and counted.
pub(crate) async fn held_work_stays_held<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    desk.propose(&Proposal::new(run(1, AGENT), probed(dangerous(1)))).await.unwrap();
    let until = desk.now.plus_secs(30);
    let taken = store.take_work(desk.now, until).await.unwrap().unwrap();
    let just_before = Timestamp::from_micros(until.as_micros() - 1);
    assert!(store.take_work(just_before, until).await.unwrap().is_none());
    let again = store.take_work(until, until.plus_secs(30)).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempts), (taken.id, 1));
}

/// Time wakes exactly what it changes.
pub(crate) async fn time_wakes_what_is_due<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    assert_eq!(store.next_due().unwrap(), None);
    let early = desk.ask(1).await;
    desk.now = desk.now.plus_secs(10);
    let late = desk.ask(2).await;
    // Those who were asked are reminded at half time.
    let half = start().plus_secs(limits::DEADLINE_SECS / 2);
    assert_eq!(store.next_due().unwrap(), Some(half));
    desk.now = half.plus_secs(10);
    desk.apply(early, Command::TimePassed).await;
    desk.apply(late, Command::TimePassed).await;
    let due_at = start().plus_secs(limits::DEADLINE_SECS);
    assert_eq!(store.next_due().unwrap(), Some(due_at));
    let just_before = Timestamp::from_micros(due_at.as_micros() - 1);
    assert!(store.due(just_before, 10).unwrap().is_empty());
    assert_eq!(store.due(due_at, 10).unwrap(), [(WORKSPACE, early)]);
    assert_eq!(store.due(due_at.plus_secs(10), 1).unwrap(), [(WORKSPACE, early)]);
    assert_eq!(store.due(due_at.plus_secs(10), 10).unwrap().len(), 2);
    desk.now = due_at;
    desk.apply(early, Command::TimePassed).await;
    assert_eq!(store.next_due().unwrap(), Some(due_at.plus_secs(10)));
    // What nobody answered in time holds its run until somebody does.
    let never_mind = Command::Cancel { agent: AGENT, reason: Untrusted::new("never mind") };
    desk.apply(early, never_mind).await;
    desk.approve(late).await;
    assert_eq!(store.next_due().unwrap(), Some(due_at.plus_secs(limits::APPROVAL_VALID_SECS)));
    let claim = desk.claim(late);
    desk.apply(late, claim).await;
    assert_eq!(store.next_due().unwrap(), Some(due_at.plus_secs(60)));
    desk.now = due_at.plus_secs(60);
    desk.apply(late, Command::TimePassed).await;
    // Nobody knows whether it happened: that is asked, and those who are asked are reminded.
    let reminder = desk.now.plus_secs(limits::DEADLINE_SECS / 2);
    assert_eq!(store.next_due().unwrap(), Some(reminder));
}

/// The feed is read from any place on, and its end is known.
pub(crate) async fn the_feed_goes_on<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    for number in 0..5 {
        desk.ask(number).await;
    }
    let all = store.events_after(WORKSPACE, 0, 100).unwrap();
    let places: Vec<i64> = all.iter().map(|stored| stored.seq).collect();
    assert_eq!(places, (1..=10).collect::<Vec<i64>>());
    let page = store.events_after(WORKSPACE, 4, 3).unwrap();
    let same = |a: &holdshort_store::StoredEvent, b: &holdshort_store::StoredEvent| {
        a.seq == b.seq && a.event == b.event && a.v == holdshort_core::EVENT_VERSION
    };
    assert!(page.iter().zip(&all[4..7]).all(|(a, b)| same(a, b)) && page.len() == 3);
    assert!(store.events_after(WORKSPACE, 10, 100).unwrap().is_empty());
    assert_eq!(store.feed_end().unwrap().0, 10);
    // A commit without events answers with the end of the feed as it is.
    let mut empty = desk.proposing(&Proposal::new(run(1, AGENT), probed(dangerous(9))));
    empty.events.clear();
    assert_eq!(store.commit(empty.clone()).await.unwrap().last_seq, 10);
    let next = desk.proposing(&Proposal::new(run(1, AGENT), dangerous(10)));
    assert_eq!(store.commit(Commit { events: Vec::new(), ..next }).await.unwrap().last_seq, 10);
}

/// Runs page newest first, and are found by their names.
pub(crate) async fn runs_page<S: Store>(store: &S) {
    let mut desk = Desk::new(store);
    for number in 1..=7 {
        let proposal = Proposal::new(run(number, AGENT), dangerous(u64::from(number)));
        desk.propose(&proposal).await.unwrap();
    }
    let names = |rows: Vec<holdshort_store::RunRow>| -> Vec<String> {
        rows.into_iter().map(|row| row.run.name).collect()
    };
    let page = store.runs(WORKSPACE, None, 3).unwrap();
    let last = page[2].run.id;
    assert_eq!(page[0].pending, 1);
    assert_eq!(names(page), ["run 7", "run 6", "run 5"]);
    assert_eq!(names(store.runs(WORKSPACE, Some(last), 10).unwrap()).len(), 4);
    let first = run(1, AGENT);
    let (found, goal) = store.run_named(WORKSPACE, AGENT, "run 1").unwrap().unwrap();
    assert_eq!((found, goal.as_str()), (first.clone(), "Cut the cost"));
    assert!(store.run_named(WORKSPACE, OTHER_AGENT, "run 1").unwrap().is_none());

    let stopped = holdshort_core::Run { state: RunState::Stopped, ..first.clone() };
    store.put_run(WORKSPACE, stopped, "Cut it in half".to_owned()).await.unwrap();
    let row = store.run(WORKSPACE, first.id).unwrap().unwrap();
    assert_eq!((row.run, row.goal.as_str()), (first.clone(), "Cut it in half"), "only described");
    let twin = holdshort_core::Run { id: run(9, AGENT).id, ..first.clone() };
    let taken = store.put_run(WORKSPACE, twin, String::new()).await;
    assert!(matches!(taken, Err(StoreError::Conflict)));
    for number in 10..14 {
        desk.now = desk.now.plus_secs(1);
        desk.propose(&Proposal::new(run(2, AGENT), dangerous(number))).await.unwrap();
    }
    let actions = store.actions_of(WORKSPACE, run(2, AGENT).id, 3).unwrap();
    let text = |row: &holdshort_store::ActionRow| row.payload.call.arguments.raw().to_owned();
    let texts: Vec<String> = actions.iter().map(text).collect();
    assert_eq!(texts, ["{\"first\":11}", "{\"first\":12}", "{\"first\":13}"]);
    assert!(actions.iter().all(|row| row.request.is_some()));
}
