//! Stops: nothing begins in their scope, and deadlines in it stand still.

use serde::{Deserialize, Serialize};

use crate::id::{PrincipalId, RunId, StopId};
use crate::planted::{self, Bug};
use crate::time::Timestamp;

/// What a stop covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "scope", content = "id")]
pub enum StopScope {
    /// Everything in the workspace.
    Everything,
    /// All agents of a person.
    Owner(PrincipalId),
    /// One agent.
    Agent(PrincipalId),
    /// One run.
    Run(RunId),
}

/// A stop, in force or lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Id.
    pub id: StopId,
    /// What it covers.
    pub scope: StopScope,
    /// Who made it.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was lifted.
    pub until: Option<Timestamp>,
}

/// Whose something is, to tell which stops cover it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belongs {
    /// The run.
    pub run: RunId,
    /// The agent.
    pub agent: PrincipalId,
    /// The person behind it.
    pub owner: Option<PrincipalId>,
}

impl StopScope {
    /// Whether it covers what belongs so.
    #[must_use]
    pub fn covers(&self, whose: &Belongs) -> bool {
        match self {
            StopScope::Everything => true,
            StopScope::Owner(owner) => whose.owner == Some(*owner),
            StopScope::Agent(agent) => whose.agent == *agent,
            StopScope::Run(run) => whose.run == *run,
        }
    }

    /// For a sentence: "everything is stopped".
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            StopScope::Everything => "everything is stopped",
            StopScope::Owner(_) => "all agents of this person are stopped",
            StopScope::Agent(_) => "this agent is stopped",
            StopScope::Run(_) => "this run is stopped",
        }
    }
}

/// All stops, those that were lifted too: they say how long time stood still.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    all: Vec<Stop>,
}

impl Stops {
    /// These stops.
    #[must_use]
    pub fn new(all: Vec<Stop>) -> Self {
        Self { all }
    }

    /// The stop that covers this now.
    #[must_use]
    pub fn in_force(&self, whose: &Belongs) -> Option<&Stop> {
        let all = if planted::is(Bug::StopForgotten) { &[][..] } else { &self.all };
        all.iter().find(|stop| stop.until.is_none() && stop.scope.covers(whose))
    }

    /// How long time stood still for this between two points, in microseconds. Stops that overlap
    /// count once.
    ///
    /// ```
    /// use holdshort_core::{Belongs, PrincipalId, RunId};
    /// use holdshort_core::{Stop, StopId, StopScope, Stops, Timestamp};
    /// let at = Timestamp::from_micros;
    /// let stop = Stop {
    ///     id: StopId::from_bytes([1; 16]),
    ///     scope: StopScope::Everything,
    ///     by: "Dana".into(),
    ///     since: at(100),
    ///     until: Some(at(150)),
    /// };
    /// let whose = Belongs {
    ///     run: RunId::from_bytes([1; 16]),
    ///     agent: PrincipalId::from_bytes([2; 16]),
    ///     owner: None,
    /// };
    /// let stops = Stops::new(vec![stop]);
    /// assert_eq!(stops.stood_still(&whose, at(0), at(1000)), 50);
    /// assert_eq!(stops.stood_still(&whose, at(120), at(140)), 20);
    /// ```
    #[must_use]
    pub fn stood_still(&self, whose: &Belongs, from: Timestamp, to: Timestamp) -> i64 {
        self.stood_still_beside(&[], whose, from, to)
    }

    /// The same, with other times in which it stood still.
    pub(crate) fn stood_still_beside(
        &self,
        others: &[(Timestamp, Timestamp)],
        whose: &Belongs,
        from: Timestamp,
        to: Timestamp,
    ) -> i64 {
        let covering = self.all.iter().filter(|stop| stop.scope.covers(whose));
        let mut spans: Vec<(i64, i64)> = covering
            .map(|stop| (stop.since, stop.until.unwrap_or(to)))
            .chain(others.iter().copied())
            .map(|(start, end)| (start.max(from).as_micros(), end.min(to).as_micros()))
            .filter(|(start, end)| start < end)
            .collect();
        spans.sort_unstable();
        let (mut total, mut reached) = (0, i64::MIN);
        for (start, end) in spans {
            let start = start.max(reached);
            if end > start {
                total += end - start;
                reached = end;
            }
        }
        total
    }
}
