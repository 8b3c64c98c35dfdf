//! What happens to a run as a whole: paused, resumed, stopped, redirected, asked about, ended.

use serde_json::{Value, json};

use super::book::Book;
use super::{Aggregate, Answer, Changes, Context, NewQuestion, Refusal, Transition, exceptions};
use crate::action::{Kind, Reason, State, Words};
use crate::amount::Amount;
use crate::assessment::Phrase;
use crate::digest::Digest;
use crate::event::EventKind;
use crate::id::{ActionId, PrincipalId};
use crate::people::Voter;
use crate::policy::{Asks, Policy};
use crate::request::{Reply, RequestState};
use crate::run::{Paper, PaperKind, Run, RunState, Wake};
use crate::time::Timestamp;
use crate::untrusted::Untrusted;

/// What an agent asks people, beside its actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentAsks {
    /// A checkpoint it reached, that it is stuck, or a question.
    pub kind: Kind,
    /// The name of the checkpoint; the question; what it is stuck on.
    pub text: Untrusted,
    /// Answers it offers, for a question.
    pub choices: Vec<String>,
    /// The denied action that nothing can go on without.
    pub without: Option<ActionId>,
    /// What else it says.
    pub words: Words,
}

/// Something that happens to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunCommand {
    /// A person pauses it.
    Pause(Voter),
    /// A person lets it go on: what was paused, and what was stopped.
    Resume(Voter, Untrusted),
    /// A person stops it.
    Stop(Voter, Untrusted),
    /// A person tells it to go on differently.
    Redirect(Voter, Untrusted),
    /// A person lets the agent ask again for what was denied.
    LiftDenial(Voter, ActionId),
    /// The agent asks.
    Ask(PrincipalId, Box<AgentAsks>),
    /// The agent ends it.
    Finish(PrincipalId),
    /// The agent says what its model cost.
    Usage(PrincipalId, Amount),
    /// The agent keeps something with it: of this version, when it is to take the place of that.
    Keep(PrincipalId, PaperKind, Option<u64>, Untrusted),
    /// The agent came back, and says what the files it watches are now.
    GoOn(PrincipalId, Option<Untrusted>),
    /// A person says how the agent is woken, with what is needed for it; or that it is not.
    SetWake(Voter, Option<(&'static str, Untrusted)>),
    /// The agent was woken, or why not.
    Woken(Result<(), String>),
    /// Time went by.
    TimePassed,
}

/// When time next changes something about a run.
#[must_use]
pub fn next_run_wake(run: &Run, policy: &Policy) -> Option<Timestamp> {
    exceptions::due(run, policy)
}

/// Decides what follows from something that happens to a run.
///
/// # Errors
/// Says why nothing changes.
pub fn decide_run(
    aggregate: &Aggregate,
    command: RunCommand,
    context: &Context<'_>,
) -> Result<Transition, Refusal> {
    let mut book = Book::new(context, aggregate.workspace, &aggregate.run, &aggregate.today);
    let answer = match command {
        RunCommand::Pause(voter) => set(&mut book, &voter, RunState::Paused, Value::Null)?,
        RunCommand::Resume(voter, reason) => resume(&mut book, &voter, &reason)?,
        RunCommand::Stop(voter, reason) => {
            let answer = set(&mut book, &voter, RunState::Stopped, json!({}))?;
            say(&mut book, &voter, Reply::Stop, reason);
            answer
        }
        RunCommand::Redirect(voter, text) => redirect(&mut book, &voter, text)?,
        RunCommand::LiftDenial(voter, action) => lift(&mut book, &voter, action)?,
        RunCommand::Ask(agent, asks) => ask(&mut book, agent, *asks)?,
        RunCommand::Finish(agent) => finish(&mut book, agent)?,
        RunCommand::Usage(agent, amount) => {
            must_be_of(&book, agent)?;
            book.spend(&amount);
            book.event(EventKind::Usage, (None, None), "the agent", json!({ "cost": amount }));
            Answer::Done
        }
        RunCommand::Keep(agent, kind, replaces, body) => {
            must_be_of(&book, agent)?;
            keep(&mut book, kind, replaces, body)?
        }
        RunCommand::GoOn(agent, watched) => {
            must_be_of(&book, agent)?;
            go_on(&mut book, watched)?
        }
        RunCommand::SetWake(voter, how) => set_wake(&mut book, &voter, how)?,
        RunCommand::Woken(result) => woken(&mut book, result),
        RunCommand::TimePassed => {
            exceptions::time_passed(&mut book);
            Answer::Done
        }
    };
    Ok(close(book, answer))
}

fn close(book: Book<'_>, answer: Answer) -> Transition {
    let (run, today) = (book.changed_run(), book.changed_today());
    let changed = run.is_some() || today.is_some() || !book.questions.is_empty();
    let next = changed.then(|| Changes {
        action: None,
        payload: None,
        requests: Vec::new(),
        run,
        questions: book.questions,
        papers: book.papers,
        today,
        redeemed: None,
    });
    Transition { next, events: book.events, effects: book.effects, answer }
}

/// Keeps a paper. Of two that want to take the place of the same one, the second is told so.
fn keep(
    book: &mut Book<'_>,
    kind: PaperKind,
    replaces: Option<u64>,
    body: Untrusted,
) -> Result<Answer, Refusal> {
    if book.run.state == RunState::Finished {
        return Err(Refusal::RunOver);
    }
    let known = book.run.papers.get(&kind).copied().unwrap_or_default();
    if replaces.is_some_and(|replaces| replaces != known) {
        return Err(Refusal::Stale);
    }
    let version = known + 1;
    book.run.papers.insert(kind, version);
    book.run.seen_at = Some(book.context.now);
    let digest = Digest::of("holdshort-paper-v1", &[body.raw().as_bytes()]);
    let detail = json!({
        "paper": kind.name(),
        "version": version,
        "bytes": body.raw().len(),
        "digest": digest,
    });
    book.event(EventKind::RunKept, (None, None), "the agent", detail);
    book.papers.push(Paper { kind, version, body });
    Ok(Answer::Done)
}

fn set_wake(
    book: &mut Book<'_>,
    voter: &Voter,
    how: Option<(&'static str, Untrusted)>,
) -> Result<Answer, Refusal> {
    book.context.people.may_deny(voter.id)?;
    let by = voter.describe();
    let name = how.as_ref().map_or("none", |(name, _)| *name);
    book.event(EventKind::WakeSet, (None, None), &by, json!({ "how": name }));
    book.run.wake = match how {
        None => None,
        Some((how, body)) => {
            let version = book.run.papers.get(&PaperKind::Wake).copied().unwrap_or_default() + 1;
            book.run.papers.insert(PaperKind::Wake, version);
            book.papers.push(Paper { kind: PaperKind::Wake, version, body });
            Some(Wake { how: how.to_owned(), by, tried_at: None, failed: None })
        }
    };
    Ok(Answer::Done)
}

/// Writes down how waking went. A run that nobody wants woken any more has nothing to write.
fn woken(book: &mut Book<'_>, result: Result<(), String>) -> Answer {
    let now = book.context.now;
    if let Some(wake) = &mut book.run.wake {
        wake.tried_at = Some(now);
        wake.failed = result.err();
        let (kind, how) = match &wake.failed {
            None => (EventKind::Woken, wake.how.clone()),
            Some(_) => (EventKind::WakeFailed, wake.how.clone()),
        };
        book.event(kind, (None, None), "Holdshort", json!({ "how": how }));
    }
    Answer::Done
}

fn go_on(book: &mut Book<'_>, watched: Option<Untrusted>) -> Result<Answer, Refusal> {
    if book.run.state == RunState::Finished {
        return Err(Refusal::RunOver);
    }
    let since = book.run.seen_at.unwrap_or(book.run.created_at);
    let paused = book.context.now.as_micros().saturating_sub(since.as_micros()) / 1_000_000;
    let detail = json!({ "paused_secs": paused });
    book.event(EventKind::RunWentOn, (None, None), "the agent", detail);
    book.run.seen_at = Some(book.context.now);
    match watched {
        Some(body) => keep(book, PaperKind::Watched, None, body),
        None => Ok(Answer::Done),
    }
}

fn must_be_of(book: &Book<'_>, agent: PrincipalId) -> Result<(), Refusal> {
    if book.run.agent == agent { Ok(()) } else { Err(Refusal::NotFound) }
}

fn set(book: &mut Book<'_>, voter: &Voter, to: RunState, detail: Value) -> Result<Answer, Refusal> {
    book.context.people.may_deny(voter.id)?;
    if book.run.state == to {
        return Ok(Answer::Done);
    }
    match book.run.state {
        RunState::Running | RunState::Paused | RunState::Stopped => {}
        RunState::Finished => return Err(Refusal::RunOver),
    }
    let kind = match to {
        RunState::Paused => EventKind::RunPaused,
        RunState::Stopped => EventKind::RunStopped,
        RunState::Running | RunState::Finished => EventKind::RunResumed,
    };
    stand_still(&mut book.run, to, book.context.now);
    book.event(kind, (None, None), &voter.describe(), detail);
    if to == RunState::Running {
        book.wake();
    }
    Ok(Answer::Done)
}

/// Changes the state, and keeps the time for which a stopped run stood still.
pub(super) fn stand_still(run: &mut Run, to: RunState, now: Timestamp) {
    match (run.state == RunState::Stopped, to == RunState::Stopped) {
        (false, true) => run.stopped_since = Some(now),
        (true, false) => {
            if let Some(since) = run.stopped_since.take() {
                run.stood_still.push((since, now));
            }
        }
        (true, true) | (false, false) => {}
    }
    run.state = to;
}

fn resume(book: &mut Book<'_>, voter: &Voter, reason: &Untrusted) -> Result<Answer, Refusal> {
    if book.run.state == RunState::Stopped && reason.raw().trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let answer = set(book, voter, RunState::Running, json!({}))?;
    if *reason != Untrusted::default() {
        say(book, voter, Reply::Continue, reason.clone());
    }
    Ok(answer)
}

fn redirect(book: &mut Book<'_>, voter: &Voter, text: Untrusted) -> Result<Answer, Refusal> {
    book.context.people.may_deny(voter.id)?;
    if text.raw().trim().is_empty() {
        return Err(Refusal::TextMissing);
    }
    say(book, voter, Reply::Redirect, text);
    book.wake();
    Ok(Answer::Done)
}

/// Writes down what a person said to a run, as an answer without a question, so that the words
/// are payload like all others.
fn say(book: &mut Book<'_>, voter: &Voter, reply: Reply, text: Untrusted) {
    if text == Untrusted::default() {
        return;
    }
    let sentence = Phrase::ours(format!("A person told this run: {}", reply.name()));
    let asked = exceptions::of_agent(book, (Kind::Question, sentence), Words::default(), json!({}));
    let Some(NewQuestion { action, payload, request }) = book.questions.last_mut() else { return };
    let Some(id) = asked else { return };
    action.state = State::Answered { reply, by: voter.clone() };
    payload.reasons.push(Reason { by: voter.describe(), text });
    request.state = RequestState::Withdrawn;
    request.closed_at = Some(book.context.now);
    let about = (Some(id), Some(request.id));
    book.run.redirected_by = Some(id);
    let detail = json!({ "reply": reply, "person": voter.proof.is_person() });
    book.event(EventKind::RunRedirected, about, &voter.describe(), detail);
}

fn lift(book: &mut Book<'_>, voter: &Voter, action: ActionId) -> Result<Answer, Refusal> {
    book.context.people.may_deny(voter.id)?;
    if !book.run.lift(action) {
        return Err(Refusal::NotFound);
    }
    book.event(EventKind::DenialLifted, (Some(action), None), &voter.describe(), json!({}));
    Ok(Answer::Done)
}

fn ask(book: &mut Book<'_>, agent: PrincipalId, asks: AgentAsks) -> Result<Answer, Refusal> {
    must_be_of(book, agent)?;
    match book.run.state {
        RunState::Running | RunState::Paused => {}
        RunState::Finished | RunState::Stopped => return Err(Refusal::RunOver),
    }
    let text = asks.text.raw();
    let question = match asks.kind {
        Kind::Checkpoint => {
            let reason = "The agent reached a milestone.".to_owned();
            let to = (reason, asks.words, Asks::default());
            exceptions::checkpoint(book, vec![format!("after {text}")], to)
        }
        Kind::Question => {
            let sentence = Phrase::ours("The agent asks: ").theirs(text);
            let more = json!({ "question": text, "choices": asks.choices });
            exceptions::of_agent(book, (Kind::Question, sentence), asks.words, more)
        }
        Kind::Blocked => blocked(book, text, (asks.without, asks.choices, asks.words))?,
        _ => {
            let sentence = Phrase::ours("The agent is stuck: ").theirs(text);
            let more = json!({ "stuck": text });
            exceptions::of_agent(book, (Kind::Exception, sentence), asks.words, more)
        }
    };
    let question = question.ok_or(Refusal::TooMany("questions that hold this run"))?;
    Ok(Answer::Asked { question })
}

/// Nothing can go on without what was denied: a statement to people, who change the goal or let it
/// be asked for once more.
fn blocked(
    book: &mut Book<'_>,
    text: &str,
    (without, choices, words): (Option<ActionId>, Vec<String>, Words),
) -> Result<Option<ActionId>, Refusal> {
    let denied = without.filter(|id| book.run.denied.iter().any(|denied| denied.action == *id));
    let denied = denied.ok_or(Refusal::NotFound)?;
    let sentence = Phrase::ours("It cannot go on without what was denied: ").theirs(text);
    let more = json!({ "blocked": text, "without": denied, "choices": choices });
    Ok(exceptions::of_agent(book, (Kind::Blocked, sentence), words, more))
}

fn finish(book: &mut Book<'_>, agent: PrincipalId) -> Result<Answer, Refusal> {
    must_be_of(book, agent)?;
    // What a person paused or stopped stays so.
    if book.run.state == RunState::Running {
        book.run.state = RunState::Finished;
        book.event(EventKind::RunFinished, (None, None), "the agent", json!({}));
    }
    Ok(Answer::Done)
}
