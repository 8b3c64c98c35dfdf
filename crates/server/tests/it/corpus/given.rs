//! What a case takes as given: a policy, and standing permissions that a person made.

use serde_json::{Value, json};

use crate::person::random_text;

use super::play::Play;

impl Play<'_> {
    /// The policy of the case, in our words, and the log kept where the case wants it checked.
    pub(super) async fn govern(&mut self) -> Result<(), String> {
        let given = self.case["given"].clone();
        let mut policy = String::new();
        let steps = self.case["payload"]["steps"].as_array();
        let grants = steps.is_some_and(|steps| steps.iter().any(|step| step["op"] == "grant"));
        if given["grants"].is_array() || grants {
            // What is granted has to be asked about first.
            policy.push_str("[[rule]]\nid = 'all'\nreason = 'Everything is seen.'\nask = true\n");
        }
        if let Some(budget) = given["policy"]["budget"]["agent-a"].as_object() {
            let most = budget["spend_max"].as_str().unwrap();
            policy.push_str(&format!("[budget]\nper_day = '{most} USD'\n"));
        }
        for allow in given["policy"]["allow"].as_array().into_iter().flatten() {
            self.must_not_load(allow).await?;
        }
        let audited = self.case["payload"].to_string().contains("audit_verify");
        if !policy.is_empty() || audited {
            std::fs::write(self.world.data().join("policy.toml"), policy).unwrap();
            let heads = self.world.data().join("elsewhere");
            let toml = format!("[audit]\nanchor_file = '{}'\n", heads.display());
            std::fs::write(self.world.data().join("holdshort.toml"), toml).unwrap();
            self.world.restart().await;
        }
        Ok(())
    }

    /// A pattern over the text of a command is no rule: it is refused when it is loaded.
    async fn must_not_load(&self, allow: &Value) -> Result<(), String> {
        let start = allow["pattern"].as_str().unwrap().trim_end_matches('*');
        let action = allow["action"].as_str().unwrap();
        let rule = format!(
            "[[rule]]\nid = 'a'\nreason = 'As it was before.'\ntool = '{action}'\n\
             when = 'args.command.startsWith(\"{start}\")'\nallow = true\n"
        );
        let body = json!({ "files": [{ "file": "policy.toml", "text": rule }] });
        let checked = self.owner.read(&self.world, "/v1/policy/check", body).await.ok();
        match checked.text.contains("raw") {
            true => Ok(()),
            false => Err(format!("an allow rule over raw arguments was taken: {}", checked.text)),
        }
    }

    /// Makes the standing permissions, as wide as they can be made here.
    pub(super) async fn grants(&mut self) -> Result<(), String> {
        let grants = self.case["given"]["grants"].as_array().cloned().unwrap_or_default();
        for grant in grants {
            self.grant(&grant, 86_400).await?;
        }
        Ok(())
    }

    /// One of them, as a step of its own.
    pub(super) async fn grant_step(&mut self, step: &Value) -> Result<(), String> {
        let scope = &step["scope"];
        let arguments = json!({ "command": scope["command"] });
        let grant = json!({ "action": scope["action"], "approved_arguments": arguments });
        self.grant(&grant, step["ttl_s"].as_u64().unwrap()).await
    }

    async fn grant(&mut self, grant: &Value, for_s: u64) -> Result<(), String> {
        let exact = json!({ "command": grant["prefix"] });
        let arguments = grant.get("approved_arguments").unwrap_or(&exact);
        let call = json!({ "action": grant["action"], "arguments": arguments });
        let mut body = self.proposal(&call);
        body["call_id"] = json!("granted");
        let asked = self.world.propose(&self.agent, &body).await.ok();
        let dangerous = asked.at("/action/risk/level") == "dangerous";
        let request = asked.at("/action/request");
        let reviewer = self.reviewers["reviewer"].clone();
        let card = reviewer.card(&self.world, &request).await;
        let names: Vec<&String> = arguments.as_object().unwrap().keys().collect();
        let wanted = |free: &[&String]| {
            json!({
                "request": request, "binding": card.json["binding"], "this_run": false,
                "free": free, "for_s": for_s,
            })
        };
        // As wide as can be, where that is not refused.
        reviewer.post(&self.world, "/v1/grants", &wanted(&names)).await;
        let made = reviewer.post(&self.world, "/v1/grants", &wanted(&[])).await;
        if (made.status < 400) == dangerous {
            return Err(format!("{} {dangerous}", made.text));
        }
        body["call_id"] = json!(random_text());
        let again = self.world.propose(&self.agent, &body).await.ok();
        if (again.at("/action/state") == "approved") == dangerous {
            return Err(format!("the granted call itself: {}", again.text));
        }
        Ok(())
    }
}
