//! Whom a request asks next, who of those who voted counts, and whether that is enough.

use crate::action::Action;
use crate::id::PrincipalId;
use crate::people::{Mode, NotEligible, People};
use crate::planted::{self, Bug};
use crate::policy::{Ask, Need};
use crate::request::Request;
use crate::time::Timestamp;

use super::Context;

/// A step of a ladder, begun.
pub(super) struct Rung {
    pub(super) step: usize,
    pub(super) asked: Vec<Ask>,
    pub(super) due_at: Timestamp,
}

impl Rung {
    /// No step asks anybody: it is stalled from the beginning. Nobody is asked in their place;
    /// who comes into one of the groups may answer, and anybody may deny.
    pub(super) fn nobody(context: &Context<'_>, ladder: &str) -> Self {
        let steps = &context.policy.ladder(ladder).steps;
        let asked = steps.iter().flat_map(|step| step.ask.clone()).collect();
        Self { step: usize::MAX, asked, due_at: context.now }
    }
}

/// The first step after `from` with somebody who is there; `None` when there is none left. When
/// nobody at all is on duty the first step is asked all the same: it is better to wake somebody
/// than to ask nobody.
pub(super) fn climb(context: &Context<'_>, ladder: &str, from: Option<usize>) -> Option<Rung> {
    let ladder = context.policy.ladder(ladder);
    let now = context.now;
    let after = from.map_or(0, |from| from.saturating_add(1));
    let mut steps = ladder.steps.iter().enumerate().skip(after);
    let mut there = steps.clone().filter(|(_, step)| {
        step.ask.iter().any(|who| context.people.has_anyone(who)) && step.is_on_duty(now)
    });
    let next = there.next().or_else(|| {
        let asleep = |(_, step): &(usize, &crate::policy::Step)| {
            step.ask.iter().any(|who| context.people.has_anyone(who))
        };
        steps.find(asleep).filter(|_| from.is_none())
    });
    next.map(|(step, found)| Rung {
        step,
        asked: found.ask.clone(),
        due_at: now.plus_secs(found.within_secs),
    })
}

/// Whether this person may fill a seat of the request.
///
/// # Errors
/// Says why not.
pub fn may_fill(
    person: PrincipalId,
    request: &Request,
    action: &Action,
    people: &People,
) -> Result<(), NotEligible> {
    people.may_approve(person, action.agent, action.owner)?;
    let asked = request.asked.iter().any(|who| people.names(who, person));
    let needed = request.asks.needs.iter().filter_map(|need| need.group.as_deref());
    let mut needed = needed.filter(|group| people.is_in(person, group));
    if asked || needed.next().is_some() { Ok(()) } else { Err(NotEligible::NotAsked) }
}

/// Whether these voters fill all seats, each of them one. With one human there is one seat.
pub(super) fn filled(request: &Request, action: &Action, people: &People) -> bool {
    let mut voters: Vec<PrincipalId> = request
        .in_favour()
        .map(|vote| vote.by.id)
        .filter(|voter| {
            may_fill(*voter, request, action, people).is_ok()
                || planted::is(Bug::CountDisabledVoter)
        })
        .collect();
    voters.sort_unstable();
    if !planted::is(Bug::VoteTwice) {
        voters.dedup();
    }
    if people.mode == Mode::Personal || planted::is(Bug::QuorumOfOne) {
        return !voters.is_empty();
    }
    let seats: Vec<&Need> = request
        .asks
        .needs
        .iter()
        .flat_map(|need| std::iter::repeat_n(need, usize::try_from(need.count).unwrap_or(0)))
        .collect();
    !seats.is_empty() && seat_all(&seats, &voters, people)
}

/// Gives every seat a voter of its own, moving earlier ones where that helps.
fn seat_all(seats: &[&Need], voters: &[PrincipalId], people: &People) -> bool {
    let mut taken: Vec<Option<usize>> = vec![None; voters.len()];
    (0..seats.len()).all(|seat| {
        let mut tried = vec![false; voters.len()];
        find_seat(seat, (seats, voters), people, &mut taken, &mut tried)
    })
}

fn find_seat(
    seat: usize,
    (seats, voters): (&[&Need], &[PrincipalId]),
    people: &People,
    taken: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    let fits = |voter: PrincipalId| {
        let group = seats.get(seat).and_then(|need| need.group.as_deref());
        group.is_none_or(|group| people.is_in(voter, group))
    };
    for (at, voter) in voters.iter().enumerate() {
        let fresh = tried.get(at).is_some_and(|tried| !tried);
        if !fresh || !fits(*voter) {
            continue;
        }
        if let Some(tried) = tried.get_mut(at) {
            *tried = true;
        }
        let holder = taken.get(at).copied().flatten();
        let free = match holder {
            None => true,
            Some(other) => find_seat(other, (seats, voters), people, taken, tried),
        };
        if free {
            if let Some(place) = taken.get_mut(at) {
                *place = Some(seat);
            }
            return true;
        }
    }
    false
}
