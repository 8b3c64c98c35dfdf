//! Whether what a case expects is so. An expectation that nothing here judges fails the case.

use serde_json::{Value, json};

use super::display;
use super::play::Play;

type Judged = Result<(), String>;

fn must(holds: bool, problem: impl FnOnce() -> String) -> Judged {
    if holds { Ok(()) } else { Err(problem()) }
}

impl Play<'_> {
    pub(super) async fn judge(&mut self) -> Judged {
        let expect = self.case["expect"].clone();
        // First how things stand, then what an agent gets that tries once more.
        if let Some(states) = expect.get("status_of") {
            self.judge_states(states).await?;
        }
        let crashed = self.case["kind"].as_str().is_some_and(|kind| kind.starts_with("crash"));
        if !self.scripted() || (crashed && !self.shown()) {
            self.try_everything().await;
        }
        for (name, wanted) in expect.as_object().unwrap() {
            match name.as_str() {
                "max_executions" | "max_executions_without_approval" => {
                    let (ran, most) = (self.world.ran(), wanted.as_u64().unwrap());
                    must(ran.len() as u64 <= most, || format!("it ran: {ran:?}"))?;
                }
                "executions_of" => self.judge_runs(wanted)?,
                "min_risk" => self.judge_risk(wanted).await?,
                "status" => self.judge_status(wanted).await?,
                "decisions_recorded" | "notifications" => {
                    let count = self.world.count(&self.owner, "request.decided").await;
                    must(json!(count) == *wanted, || format!("{name}: {count}"))?;
                }
                "audit_must_not_contain" => {
                    let events = json!(self.world.events(&self.owner).await).to_string();
                    let word = wanted.as_str().unwrap();
                    must(!events.contains(word), || format!("the log says {word}"))?;
                }
                "parked" => {
                    let page = self.owner.get(&self.world, "/v1/requests").await.ok();
                    let runs = self.owner.get(&self.world, "/v1/runs").await.ok();
                    let none = page.json["open"] == 0 && runs.json["items"] == json!([]);
                    must(none, || format!("{} {}", page.text, runs.text))?;
                }
                "verify" => self.judge_log()?,
                "open_requests_max_per_session" | "pending_max" => {
                    let page = self.owner.get(&self.world, "/v1/requests").await.ok();
                    let open = page.json["open"].as_u64().unwrap();
                    must(open <= wanted.as_u64().unwrap(), || format!("{open} wait"))?;
                }
                "over_limit" => {
                    must(self.refusal.contains("HS"), || format!("told: {}", self.refusal))?;
                }
                // No channel sends notices yet: none is sent.
                "notifications_max" => {}
                "spend_max" => {
                    // Three quarters each.
                    let (spent, most) = (self.world.ran().len() as f64 * 0.75, wanted.as_str());
                    let most: f64 = most.unwrap().parse().unwrap();
                    must(spent <= most && spent > most - 1.0, || format!("{spent} spent"))?;
                }
                "then" => {
                    let state = self.world.state(&self.agent, &self.last.action).await;
                    must(state == "pending" && self.asked == 1, || format!("it is {state}"))?;
                }
                "records_added" => self.judge_records(wanted).await?,
                "outbound_requests_while_rendering" => self.judge_outbound().await?,
                "visible" | "absent" | "absent_raw" | "flagged" => {
                    display::check(&self.page, &self.all, &expect)?;
                }
                // Judged above or by the step itself; `or` is another result that passes.
                "status_of" | "listed" | "entropy_bits_min" | "or" => {}
                other => return Err(format!("nothing here judges `{other}`")),
            }
        }
        must(!self.shown() || !self.all.is_empty(), || "nothing was shown".to_owned())
    }

    fn judge_log(&self) -> Judged {
        match &self.verified {
            Some(Err(damage)) => {
                let named = damage.chars().any(|letter| letter.is_ascii_digit());
                must(named, || format!("no place is named: {damage}"))
            }
            other => Err(format!("the check said {other:?}")),
        }
    }

    async fn judge_states(&self, states: &Value) -> Judged {
        for (id, wanted) in states.as_object().unwrap() {
            let action = &self.held[id].action;
            let (ours, runs) = match wanted[0].as_str().unwrap() {
                "in_doubt" => ("unknown", 0),
                "approved, runnable once" => ("approved", 1),
                other => return Err(format!("no state of ours is `{other}`")),
            };
            if ours == "unknown" {
                // The claim of an executor that is gone is lost with its lease.
                self.world.turn(61);
                assert!(!self.world.execute(&self.agent, action).await);
            }
            let state = self.world.state(&self.agent, action).await;
            must(state == ours, || format!("{id} is {state}"))?;
            let before = self.world.ran().len();
            self.try_everything().await;
            let more = self.world.ran().len() - before;
            must(more == runs, || format!("{more} more runs"))?;
        }
        Ok(())
    }

    fn judge_runs(&self, wanted: &Value) -> Judged {
        let ran = self.world.ran();
        for (name, times) in wanted.as_object().unwrap() {
            let (tool, value) = name.split_once(' ').unwrap_or((name, ""));
            let value = if value.is_empty() { String::new() } else { format!("\"{value}\"") };
            let same = ran.iter().filter(|ran| ran.tool == tool && ran.arguments.contains(&value));
            must(json!(same.count()) == *times, || format!("{name}: {ran:?}"))?;
        }
        Ok(())
    }

    async fn judge_risk(&self, least: &Value) -> Judged {
        let path = format!("/v1/actions/{}", self.last.action);
        let level = self.world.get(&self.agent, &path).await.ok().at("/risk/level");
        let order = ["safe", "risky", "dangerous"].map(|level| json!(level));
        let place = |level: &Value| order.iter().position(|known| known == level).unwrap();
        must(place(&json!(level)) >= place(least), || format!("only {level}"))
    }

    /// HTTP statuses, or states of the last action.
    async fn judge_status(&self, wanted: &Value) -> Judged {
        let wanted = wanted.as_array().unwrap();
        if wanted.iter().all(Value::is_u64) {
            let right = self.statuses.iter().all(|status| wanted.contains(&json!(status)));
            return must(right && !self.statuses.is_empty(), || format!("{:?}", self.statuses));
        }
        let state = self.world.state(&self.agent, &self.last.action).await;
        let ours = wanted.iter().map(|name| match name.as_str().unwrap() {
            "pending" | "escalated" => "pending",
            "expired" => "cancelled",
            other => other,
        });
        must(ours.into_iter().any(|ours| ours == state), || format!("it is {state}"))
    }

    /// A text within a call adds the same records as any other text, and writes none itself.
    async fn judge_records(&mut self, wanted: &Value) -> Judged {
        let kinds = |events: &[Value]| -> Vec<Value> {
            events.iter().map(|event| json!([event["kind"], event["by"]])).collect()
        };
        let about = |mut events: Vec<Value>| {
            // What set the case up is in the log as well.
            events.retain(|event| event.get("action").is_some());
            events
        };
        let before = about(self.world.events(&self.owner).await);
        let harmless = json!({ "action": "note.add", "arguments": { "text": "ok" } });
        self.submit(&json!({ "call": harmless, "id": "another" })).await;
        let after = about(self.world.events(&self.owner).await);
        let same = kinds(&before) == kinds(&after[before.len()..]);
        let count = before.iter().filter(|event| event["kind"] == "action.proposed").count();
        must(same && json!(count) == *wanted, || format!("{before:?}"))
    }

    /// Neither the server fetched anything, nor may a page that shows it.
    async fn judge_outbound(&self) -> Judged {
        assert!(self.all.contains(&self.attacker.local_addr().unwrap().to_string()));
        must(self.attacker.accept().is_err(), || "the server fetched it".to_owned())?;
        let page = self.owner.get(&self.world, "/").await.ok();
        let policy = page.header("content-security-policy");
        let closed = policy.contains("default-src 'none'")
            && policy.contains("img-src 'self' data:;")
            && policy.contains("connect-src 'self';");
        must(closed, || policy.to_owned())
    }
}
