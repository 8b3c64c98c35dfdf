//! The policy of the engine: numbered when it comes into force, and every version kept.

use std::fmt::Write as _;

use holdshort_core::{Digest, Event, EventId, EventKind, Problem};
use holdshort_store::{Change, PolicyVersion, Store};
use serde_json::json;

use super::{Engine, WORKSPACE};
use crate::clock;
use crate::policy::{self, Stored};
use crate::problem::Failure;
use holdshort_api::Code;

impl Engine {
    /// Numbers the policy that the server starts with, and keeps it when it is not the last one.
    pub(crate) async fn begin_policy(&self) -> Result<(), Failure> {
        let policy::Status { sources, problems, .. } = self.policy.status();
        let last = self.db.policies(WORKSPACE, 1)?.into_iter().next();
        match last {
            Some(last) if last.digest == *policy::digest(&sources).as_bytes() => {
                self.policy.number(last.number);
                match problems.as_slice() {
                    [] => Ok(()),
                    problems => self.policy_refused(problems).await,
                }
            }
            last => {
                let number = last.map_or(1, |last| last.number.saturating_add(1));
                self.policy.number(number);
                self.keep_policy(number, &sources).await
            }
        }
    }

    async fn keep_policy(&self, number: u32, sources: &[Stored]) -> Result<(), Failure> {
        let text = serde_json::to_string(sources)
            .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        let version = PolicyVersion {
            number,
            digest: *policy::digest(sources).as_bytes(),
            sources: text,
            at: self.clock.now(),
            by: "the files of the policy".to_owned(),
        };
        self.change("the files of the policy", vec![Change::AddPolicy(version)]).await
    }

    /// Reads the files again when one of them changed. Files that cannot be used leave the last
    /// good policy in force; that is written down and told.
    pub(crate) async fn reload_policy(&self) -> Result<(), Failure> {
        if !self.policy.changed() {
            return Ok(());
        }
        match self.policy.read_again((&self.rules, &self.own)) {
            Ok(None) => Ok(()),
            Ok(Some(next)) => {
                let version = next.policy.version;
                // Written down first: from then on nothing is decided under the one before.
                self.keep_policy(version, &next.sources).await?;
                self.policy.put(next);
                tracing::info!(version, "another policy is in force");
                // What waits may be let through or held by it.
                self.waiters.wake_all();
                Ok(())
            }
            Err(problems) => self.policy_refused(&problems).await,
        }
    }

    /// Says that the files of the policy cannot be used and the last good one stays.
    async fn policy_refused(&self, problems: &[Problem]) -> Result<(), Failure> {
        let mut text = String::new();
        for problem in problems {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "\n{problem}");
        }
        tracing::error!("the policy was refused and the last good one stays:{text}");
        let lines: Vec<_> = problems
            .iter()
            .map(|problem| json!({ "file": problem.file, "line": problem.line }))
            .collect();
        let at = self.clock.now();
        let event = Event {
            id: EventId::at(at, clock::random()?),
            kind: EventKind::PolicyRefused,
            at,
            action: None,
            request: None,
            run: None,
            by: "the files of the policy".to_owned(),
            detail: json!({
                "stays": self.policy.policy().version,
                "problems": lines,
                "digest": Digest::of("holdshort-problems", &[text.as_bytes()]),
            }),
        };
        self.db.note(WORKSPACE, event).await?;
        self.move_feed(self.db.feed_end()?.0);
        Ok(())
    }
}
