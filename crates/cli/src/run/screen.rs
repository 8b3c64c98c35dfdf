//! The progress of a run, a line for each thing that happens.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use holdshort_sdk::api::ActionStatus;
use tokio::sync::Notify;

use super::plan::Step;
use super::step::Ended;
use crate::output::{BOLD, DANGER, DIM, RISKY, SAFE, say, styled};

/// Says what happens to steps; each thing once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screen {
    said: Arc<Mutex<HashSet<String>>>,
    /// Steps that wait for a person.
    waiting: Arc<Mutex<HashSet<String>>>,
    /// Moves when one more does.
    moved: Arc<Notify>,
}

impl Screen {
    /// A step has to wait.
    pub(crate) fn waits(&self, step: &str, status: &ActionStatus) {
        let label = status.label.clone().unwrap_or_default();
        let line = match (&status.held, status.stalled) {
            (Some(held), _) => format!("{step:<20} {} {held}", styled(RISKY, "held")),
            (None, true) => {
                format!(
                    "{step:<20} {} nobody has answered; it still waits ({label})",
                    styled(RISKY, "stalled")
                )
            }
            (None, false) => format!(
                "{step:<20} {} ({label}): {}",
                styled(RISKY, "held short"),
                styled(BOLD, &status.risk.sentence)
            ),
        };
        self.once(line);
        if self.waiting.lock().is_ok_and(|mut waiting| waiting.insert(step.to_owned())) {
            self.moved.notify_one();
        }
    }

    /// Resolves when one more step waits for a person.
    pub(crate) async fn waiting(&self) {
        self.moved.notified().await;
    }

    /// How many steps wait for a person.
    pub(crate) fn how_many_wait(&self) -> usize {
        self.waiting.lock().map_or(0, |waiting| waiting.len())
    }

    pub(crate) fn ended(&self, step: &Step, ended: &Ended) {
        let id = &step.id;
        if let Ok(mut waiting) = self.waiting.lock() {
            waiting.remove(id);
        }
        let first = |text: &str| {
            let line: String = text.lines().next().unwrap_or_default().chars().take(90).collect();
            styled(DIM, line)
        };
        self.once(match ended {
            Ended::Done { output, .. } => {
                format!("{id:<20} {} {}", styled(SAFE, "done"), first(output))
            }
            Ended::Failed { error, .. } => {
                format!("{id:<20} {} {}", styled(DANGER, "failed"), error)
            }
            Ended::Denied { by, because } => {
                format!("{id:<20} {} by {by}: {because}", styled(DANGER, "denied"))
            }
            Ended::Cancelled { because } => format!("{id:<20} cancelled: {because}"),
            Ended::InDoubt => format!(
                "{id:<20} {} it began and nobody knows whether it happened; a person says",
                styled(RISKY, "in doubt")
            ),
            Ended::Parked => return,
        });
    }

    pub(crate) fn note(&self, line: impl std::fmt::Display) {
        self.once(line.to_string());
    }

    fn once(&self, line: String) {
        let new = self.said.lock().map(|mut said| said.insert(line.clone()));
        if new.unwrap_or(true) {
            say(line);
        }
    }
}
