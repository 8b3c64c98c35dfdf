//! By whose word something was claimed, and whether that word still held.

use std::collections::BTreeSet;

use holdshort_core::Event;
use serde_json::Value;

use super::{Action, History, Request};
use crate::ledger::{Cast, Claimed, Known, UNDO};
use crate::outside::shown;
use crate::people::AGENTS;

/// How long an approval may wait for its claim, in microseconds.
const VALID: i64 = 15 * 60 * 1_000_000;

impl History<'_> {
    /// I16: a grant is used as often as it says, and not after it was taken back.
    pub(super) fn granted(&mut self, id: &str) -> Result<(), String> {
        let grant = self.actions.get(id).and_then(|action| action.by_grant.clone());
        let Some(grant) = grant else { return Ok(()) };
        let uses = self.ledger.grants.iter().find(|known| known.id == grant);
        let row = self.grants.entry(grant.clone()).or_default();
        row.used += 1;
        match uses.and_then(|known| known.uses) {
            _ if row.revoked => Err(format!("I16: {grant} was taken back and lets {id} through")),
            Some(uses) if row.used > uses => {
                Err(format!("I16: {grant} was used {} times of {uses}", row.used))
            }
            _ => Ok(()),
        }
    }

    /// I17: nothing begins in what is stopped.
    pub(super) fn not_stopped(&self, run: &str, what: &str) -> Result<(), String> {
        let agent = self.agent_of(run);
        let covers = |scope: &&Value| match scope["scope"].as_str() {
            Some("everything") => true,
            Some("run") => scope["id"] == run,
            Some("agent") => self.agents.get(scope["id"].as_str().unwrap()).copied() == agent,
            _ => {
                let owner = AGENTS.iter().find(|(name, _)| Some(*name) == agent);
                let scope = self.people.get(scope["id"].as_str().unwrap()).copied();
                scope == owner.map(|(_, owner)| *owner)
            }
        };
        if self.runs.get(run).is_some_and(|run| run.stopped) {
            return Err(format!("I17: {run} is stopped, and something of it {what}"));
        }
        match self.stops.values().find(covers) {
            Some(stop) => Err(format!("I17: {stop} is stopped, and something of {run} {what}")),
            None => Ok(()),
        }
    }

    fn agent_of(&self, run: &str) -> Option<&'static str> {
        let known = self.ledger.known.iter().find(|known| known.run == run)?;
        Some(AGENTS[known.agent].0)
    }

    /// How many people a tool needs under the policy in force; `None` when it needs nobody.
    pub(super) fn quorum(&self, id: &str) -> Option<usize> {
        let known = self.ledger.known(id)?;
        match known.tool {
            "read_file" => None,
            // What a person has taken back is judged as any call: policy lets this one through.
            UNDO if !self.actions.get(id).is_some_and(|action| action.undo_of_agent) => None,
            "rotate_keys" => Some(if self.team { 2 } else { 1 }),
            "create_issue" if self.strict && self.team => Some(2),
            _ => Some(1),
        }
    }

    /// I15: only what ran is taken back, once.
    pub(super) fn taken_back(&self, of: &str, id: &str) -> Result<(), String> {
        let over = ["succeeded", "failed", "unknown"];
        let state = self.state_of(of).unwrap_or_default();
        if !over.contains(&state) {
            return Err(format!("I15: {id} takes {of} back, which is {state}"));
        }
        // Of what was never reported a person says whether it happened.
        let not_done = ["denied", "cancelled", "failed", "unknown"];
        let before = self.actions.iter().find(|(other, action)| {
            action.undoes.as_deref() == Some(of)
                && *other != id
                && !not_done.contains(&action.state)
        });
        match before {
            Some((other, action)) => {
                Err(format!("I15: {id} takes {of} back, and {other} is {}", action.state))
            }
            None => Ok(()),
        }
    }

    /// I1, I4, I8, I9, I10, I17, I18: by whose word, and whether it holds now.
    pub(super) fn claimed(&mut self, event: &Event, id: &str) -> Result<(), String> {
        let action = self.actions[id].clone();
        self.not_stopped(&action.run, "was claimed")?;
        let run = self.runs.get(&action.run).cloned().unwrap_or_default();
        if run.paused || !run.holds.is_empty() {
            return Err(format!("I1: {} waits for a person, and {id} was claimed", action.run));
        }
        // A proposal whose answer was lost with the process: nobody can run it but by its id.
        let Some(known) = self.ledger.known(id).cloned() else { return Ok(()) };
        if known.expires_at.is_some_and(|at| event.at.as_micros() >= at) {
            return Err(format!("I1: {id} had expired, and was claimed"));
        }
        if self.strict && known.tool == "delete_file" {
            return Err(format!("I18: policy denies {id}, and it was claimed"));
        }
        if let Some(grant) = &action.by_grant {
            return self.by_grant(event, (grant, id));
        }
        match self.quorum(id) {
            Some(quorum) => self.by_people(event, (&action, id), quorum),
            None => Ok(()),
        }
    }

    /// I8, I16: what ran is what everybody agreed to who let it run.
    pub(super) fn agreed(&self, id: &str) -> Result<(), String> {
        let ran = self.ledger.ran.iter().find(|(action, _)| action == id);
        let (Some((_, ran)), Some(known)) = (ran, self.ledger.known(id)) else { return Ok(()) };
        let action = &self.actions[id];
        if let Some(grant) = &action.by_grant {
            let made = self.ledger.grants.iter().find(|one| one.id == *grant);
            let Some(made) = made else { return Ok(()) };
            let scope = |args: &str| {
                let mut args: Value = serde_json::from_str(args).unwrap();
                if made.any_title {
                    args.as_object_mut().unwrap().remove("title");
                }
                args
            };
            return match scope(ran) == scope(&made.args) {
                true => Ok(()),
                false => Err(format!("I16: {grant} does not cover {ran} of {id}")),
            };
        }
        if action.free && known.args != *ran {
            return Err(format!("I8: {id} was proposed as {} and ran as {ran}", known.args));
        }
        let request = action.current.as_ref().and_then(|id| action.requests.get(id));
        let yes = request.into_iter().flat_map(|request| &request.yes);
        yes.filter(|_| !action.free)
            .try_for_each(|(name, on)| self.voted_for((name, on), id, Some(ran)))
    }

    fn by_grant(&self, event: &Event, (grant, id): (&str, &str)) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("I16: {grant} let {id} through, {what}"));
        if self.grants.get(grant).is_some_and(|grant| grant.revoked) {
            return wrong("and was taken back");
        }
        let asks = if self.strict { "issues-twice" } else { "issues" };
        let row = self.grants.get(grant);
        if row.is_some_and(|grant| !grant.rules.iter().any(|rule| rule == asks)) {
            return wrong("and another rule asks now");
        }
        if self.strict && self.team {
            return wrong("which needs two");
        }
        let Some(known) = self.ledger.known(id) else { return Ok(()) };
        if known.declared || known.tool != "create_issue" {
            return wrong("which is dangerous");
        }
        // Whoever made it did not hear that it was made.
        let Some(made) = self.ledger.grants.iter().find(|one| one.id == grant) else {
            return Ok(());
        };
        match event.at.as_micros() >= made.expires_at {
            true => wrong("after its end"),
            false => Ok(()),
        }
    }

    fn by_people(
        &self,
        event: &Event,
        (action, id): (&Action, &str),
        quorum: usize,
    ) -> Result<(), String> {
        let request = action.current.as_ref().and_then(|id| action.requests.get(id));
        let Some(request) = request.filter(|_| !action.free) else {
            return Err(format!("I1: nobody approved {id}"));
        };
        let mut filled = BTreeSet::new();
        for (name, on) in &request.yes {
            self.voted_for((name, on), id, None)?;
            if self.counts(name, request, id) {
                filled.insert(name);
            }
        }
        self.as_it_was_seen((request, &filled), id)?;
        let quorum = quorum.max(request.quorum);
        if filled.len() < quorum {
            let yes = &request.yes;
            return Err(format!("I1/I9/I10: {id} needs {quorum}, has {filled:?} of {yes:?}"));
        }
        let late =
            action.approved_at.is_none_or(|at| event.at.as_micros() - at.as_micros() >= VALID);
        if late && !self.ever_stopped {
            return Err(format!("I1: the approval of {id} was too old"));
        }
        Ok(())
    }

    /// I14: what probes saw and pins named when people said yes is what they see and name at the
    /// claim; a fact that has become true is no change for the worse.
    fn as_it_was_seen(
        &self,
        (request, filled): (&Request, &BTreeSet<&String>),
        id: &str,
    ) -> Result<(), String> {
        let Some(known) = self.ledger.known(id) else { return Ok(()) };
        let claims: Vec<&Claimed> =
            self.ledger.claimed.iter().filter(|one| one.action == id).collect();
        // Nobody heard that it was let through: nothing runs by it.
        if claims.is_empty() {
            return Ok(());
        }
        let counted = request.yes.iter().filter(|(name, _)| filled.contains(name));
        for (name, on) in counted {
            let votes = self.ledger.votes.iter();
            let mine = |vote: &&Cast| vote.person == name && vote.request == *on;
            let votes: Vec<&Cast> = votes.filter(mine).collect();
            // Whoever changed it was not shown the facts of what they changed it to.
            if votes.iter().any(|vote| vote.decision == "modify") {
                continue;
            }
            let holds =
                |vote: &Cast| claims.iter().any(|claim| self.is_as_seen(claim, vote, known));
            if !votes.iter().any(|vote| holds(vote)) {
                let saw: Vec<_> = votes.iter().map(|vote| (&vote.fact, &vote.pin)).collect();
                let place = known.place();
                let was = claims.iter().map(|claim| {
                    let (from, to) = claim.moments;
                    (self.outside.at(&place, from..=to), &claim.pin)
                });
                let was: Vec<_> = was.collect();
                return Err(format!(
                    "I14: {id} ({}) was claimed as {was:?}, and {name} saw {saw:?}",
                    known.tool
                ));
            }
        }
        Ok(())
    }

    fn is_as_seen(&self, claim: &Claimed, vote: &Cast, known: &Known) -> bool {
        let (from, to) = claim.moments;
        let moments = self.outside.at(&known.place(), from..=to);
        let probed = matches!(known.tool, "rotate_keys" | "delete_file");
        let fact = moments.into_iter().any(|place| {
            let now = shown(place);
            now.0 == "true" || vote.fact.as_ref() == Some(&now)
        });
        (fact || !probed) && vote.pin == claim.pin
    }

    /// Whoever is down as having said yes said so, to exactly what runs.
    fn voted_for(
        &self,
        (name, on): (&str, &str),
        id: &str,
        ran: Option<&str>,
    ) -> Result<(), String> {
        let mine = |vote: &&crate::ledger::Cast| {
            vote.person == name
                && vote.request == on
                && ["approve", "modify"].contains(&vote.decision)
        };
        let mut votes = self.ledger.votes.iter().filter(mine).peekable();
        if votes.peek().is_none() {
            return Err(format!("I1: {name} never said yes to {id}"));
        }
        match ran {
            Some(ran) if !votes.any(|vote| vote.args == ran) => {
                Err(format!("I8: {name} agreed to something else than {ran} for {id}"))
            }
            _ => Ok(()),
        }
    }

    fn counts(&self, name: &str, request: &Request, id: &str) -> bool {
        let asked = |who: &String| {
            who == "everyone"
                || *who == format!("user:{name}")
                || (who == "group:sre" && self.sre.contains(name))
        };
        let agent = self.ledger.known(id).map(|known| known.agent).unwrap_or_default();
        let own = self.team && AGENTS[agent].1 == name;
        !self.off.contains(name) && !own && request.asked.iter().any(asked)
    }
}
