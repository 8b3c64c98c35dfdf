//! Who answers: a machine for scripts, the person at this terminal, or nobody yet.

use holdshort_sdk::api::{Card, Code, Decision, FactStatus, RequestState, Vote};
use holdshort_sdk::{Client, Error, PersonKey, Wait};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

use crate::args::Answer;
use crate::card::{self, Extent};
use crate::commands::cast;
use crate::output::{BOLD, DIM, Stop, ask, say, styled, text};

/// Reason given with a denial by `--decide deny`.
const DENIAL: &str = "Not without a person who knows the fleet.";

/// Who answers.
pub(super) enum Decider {
    Nobody,
    Machine { answer: Answer, client: Client },
    Person { client: Client, key: Box<PersonKey>, lines: Lines<BufReader<Stdin>> },
}

/// What a look at a request led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// It is answered, or has changed: look at the action again.
    GoOn,
    /// It stays parked.
    Parked,
}

impl Decider {
    pub(super) fn parks() -> Self {
        Decider::Nobody
    }

    pub(super) fn answers(answer: Answer, client: Client) -> Self {
        Decider::Machine { answer, client }
    }

    pub(super) fn asks(client: Client, key: PersonKey) -> Self {
        let lines = BufReader::new(tokio::io::stdin()).lines();
        Decider::Person { client, key: Box::new(key), lines }
    }

    /// Has a request answered. `agent` watches the action, which somebody else may decide.
    pub(super) async fn look(
        &mut self,
        agent: &Client,
        (action, request): (&str, &str),
    ) -> Result<Looked, Stop> {
        match self {
            Decider::Nobody => Ok(Looked::Parked),
            Decider::Machine { answer, client } => {
                let card = checked(client, agent, (action, request)).await?;
                machine(client, *answer, &card).await
            }
            Decider::Person { client, key, lines } => {
                let card = checked(client, agent, (action, request)).await?;
                person(agent, (client, key), lines, &card).await
            }
        }
    }
}

/// The card, once its facts are read.
async fn checked(
    client: &Client,
    agent: &Client,
    (action, request): (&str, &str),
) -> Result<Card, Stop> {
    let mut seen = 0;
    loop {
        let card = client.card(request).await?;
        let checking = card.facts.iter().any(|fact| fact.status == FactStatus::Checking);
        if !checking || !is_open(&card) {
            return Ok(card);
        }
        seen = agent.action(action, seen, Wait::Seconds(5)).await?.version;
    }
}

fn is_open(card: &Card) -> bool {
    matches!(card.state, RequestState::Open | RequestState::Stalled)
}

async fn machine(client: &Client, answer: Answer, card: &Card) -> Result<Looked, Stop> {
    if !is_open(card) {
        return Ok(Looked::GoOn);
    }
    let safer = card.safer.first().map(|way| way.arguments.clone());
    let (decision, reason, arguments) = match (answer, safer) {
        (Answer::Wait, _) => return Ok(Looked::Parked),
        (Answer::Deny, _) => (Decision::Deny, Some(DENIAL.to_owned()), None),
        (Answer::Modify, Some(safer)) => (Decision::Modify, None, Some(safer)),
        (Answer::Approve | Answer::Modify, _) => (Decision::Approve, None, None),
    };
    let binding = card.binding.clone();
    let (version, confirm, reply) = (card.version, None, None);
    let vote = Vote { decision, binding, version, reason, arguments, confirm, reply };
    match client.vote(&card.id, &vote).await {
        Ok(reply) => {
            say(format!("  {} {}", styled(BOLD, "Decided:"), reply.sentence));
            Ok(Looked::GoOn)
        }
        Err(error) if has_moved(&error) => Ok(Looked::GoOn),
        Err(error) => Err(error.into()),
    }
}

/// Somebody else was first, or what was seen is no longer what is held: look again.
fn has_moved(error: &Error) -> bool {
    [Code::Stale, Code::AlreadyDecided, Code::FactsPending].iter().any(|code| error.is(*code))
}

async fn person(
    agent: &Client,
    (client, key): (&Client, &PersonKey),
    lines: &mut Lines<BufReader<Stdin>>,
    card: &Card,
) -> Result<Looked, Stop> {
    if !is_open(card) {
        return Ok(Looked::GoOn);
    }
    say("");
    card::print(card, Extent::Short);
    loop {
        let safer = if card.safer.is_empty() { "" } else { "  m take safer way 1" };
        let keys = format!("d deny  a approve{safer}  all show all  w leave it parked");
        ask(format!("{}\n> ", styled(DIM, keys)));
        let typed = tokio::select! {
            line = lines.next_line() => line?,
            moved = wait_for_another(agent, card) => {
                moved?;
                say("\n  Decided elsewhere.");
                return Ok(Looked::GoOn);
            }
        };
        let Some(typed) = typed else { return Ok(Looked::Parked) };
        let (decision, reason, arguments) = match typed.trim().to_lowercase().as_str() {
            "d" | "deny" => {
                let reason = question(lines, "Why? The agent receives it: ").await?;
                (Decision::Deny, Some(reason), None)
            }
            "a" | "approve" => (Decision::Approve, None, None),
            "m" if !card.safer.is_empty() => {
                let way = card.safer.first().map(|way| way.arguments.clone());
                (Decision::Modify, None, way)
            }
            "w" => return Ok(Looked::Parked),
            "all" => {
                card::print(card, Extent::Full);
                continue;
            }
            // Nothing else decides anything, least of all an empty line.
            _ => continue,
        };
        let confirm = match (&card.confirm, decision) {
            (Some(confirm), Decision::Approve | Decision::Modify) => {
                Some(question(lines, &format!("{}: ", text(&confirm.prompt))).await?)
            }
            _ => None,
        };
        match cast(client, key, card, decision, (reason, confirm, arguments)).await {
            Ok(reply) => {
                say(format!("  {}", reply.sentence));
                return Ok(Looked::GoOn);
            }
            Err(error) if has_moved(&error) => return Ok(Looked::GoOn),
            Err(error) => say(format!("  Not decided: {error}")),
        }
    }
}

async fn question(lines: &mut Lines<BufReader<Stdin>>, text: &str) -> Result<String, Stop> {
    ask(text);
    Ok(lines.next_line().await?.unwrap_or_default().trim().to_owned())
}

/// Resolves when the action is no longer pending: decided in the browser, say.
async fn wait_for_another(agent: &Client, card: &Card) -> Result<(), Stop> {
    let mut seen = 0;
    loop {
        let status = agent.action(&card.action, seen, Wait::Seconds(50)).await?;
        if status.request.as_deref() != Some(card.id.as_str())
            || status.state != holdshort_sdk::api::ActionState::Pending
        {
            return Ok(());
        }
        seen = status.version;
    }
}
