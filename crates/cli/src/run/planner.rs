//! Who plans anew: a program, or a model behind an OpenAI-compatible address. Its answer is
//! bounded in time, size and tries, and is checked before anything of it is done.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::plan::{PlannedBy, Step};
use super::tools::http;

/// The environment variable with the key of a model.
pub(crate) const KEY: &str = "OPENAI_API_KEY";
/// Bytes of an answer.
const ANSWER: u64 = 256 * 1024;

/// What a planner answers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    /// The remaining work, planned anew.
    Plan(NewPlan),
    /// There is no way without what was denied.
    GivesUp(GivesUp),
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPlan {
    #[serde(alias = "step")]
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GivesUp {
    pub(crate) give_up: GiveUp,
}

/// What happens when what was denied stays denied, and what a person could choose.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiveUp {
    #[serde(default)]
    pub(crate) consequence: String,
    #[serde(default)]
    pub(crate) choices: Vec<String>,
}

/// A planner at work on one question: what it was told stays in view.
pub(crate) struct Asking<'a> {
    by: &'a PlannedBy,
    question: Value,
    /// For a model: what was said so far.
    messages: Vec<Value>,
    last_call: Option<String>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(by: &'a PlannedBy, question: Value) -> Self {
        let messages = vec![
            json!({ "role": "system", "content": SYSTEM }),
            json!({ "role": "user", "content": question.to_string() }),
        ];
        Self { by, question, messages, last_call: None }
    }

    /// Asks, or asks again and says what was wrong with the last answer.
    ///
    /// # Errors
    /// Says why there is no answer that can be read.
    pub(crate) async fn ask(&mut self, wrong: Option<&str>) -> Result<Answer, String> {
        let text = match &self.by.model {
            Some(model) => self.ask_model(model, wrong).await?,
            None => self.ask_command(wrong).await?,
        };
        serde_json::from_str(&text)
            .map_err(|_| "the answer is neither {\"steps\": […]} nor {\"give_up\": {…}}".to_owned())
    }

    async fn ask_command(&mut self, wrong: Option<&str>) -> Result<String, String> {
        let [program, rest @ ..] = self.by.command.as_slice() else {
            return Err("there is no planner".into());
        };
        let mut question = self.question.clone();
        if let (Some(wrong), Some(question)) = (wrong, question.as_object_mut()) {
            question.insert("error".into(), json!(wrong));
        }
        let timeout = Duration::from_secs(self.by.timeout_s);
        let answer = tokio::time::timeout(timeout, program_says(program, rest, &question));
        answer.await.map_err(|_| format!("the planner said nothing in {} s", self.by.timeout_s))?
    }

    async fn ask_model(&mut self, model: &str, wrong: Option<&str>) -> Result<String, String> {
        if let Some(wrong) = wrong {
            let wrong = format!("This plan is refused: {wrong}");
            self.messages.push(match self.last_call.take() {
                Some(id) => json!({ "role": "tool", "tool_call_id": id, "content": wrong }),
                None => json!({ "role": "user", "content": wrong }),
            });
        }
        let body = json!({ "model": model, "messages": self.messages, "tools": functions() });
        let (base, key) = endpoint()?;
        let timeout = Duration::from_secs(self.by.timeout_s);
        let asked =
            tokio::task::spawn_blocking(move || post(&base, key.as_deref(), &body, timeout));
        let reply = asked.await.map_err(|error| error.to_string())??;
        let message =
            reply.pointer("/choices/0/message").cloned().ok_or("it answers no message")?;
        let call = message.pointer("/tool_calls/0").cloned();
        self.messages.push(message.clone());
        let Some(call) = call else {
            let text = message.get("content").and_then(Value::as_str).unwrap_or_default();
            return Ok(text.to_owned());
        };
        self.last_call = call.get("id").and_then(Value::as_str).map(str::to_owned);
        let arguments = call.pointer("/function/arguments").and_then(Value::as_str);
        let arguments = arguments.unwrap_or("{}").to_owned();
        Ok(match call.pointer("/function/name").and_then(Value::as_str) {
            Some("give_up") => format!("{{\"give_up\":{arguments}}}"),
            _ => arguments,
        })
    }
}

async fn program_says(program: &str, rest: &[String], question: &Value) -> Result<String, String> {
    let told = |error: std::io::Error| format!("the planner does not run: {error}");
    let mut child = tokio::process::Command::new(program)
        .args(rest)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(told)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read its question may still have an answer.
        let _ = stdin.write_all(question.to_string().as_bytes()).await;
    }
    let mut text = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(ANSWER + 1).read_to_end(&mut text).await.map_err(told)?;
    }
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > ANSWER {
        return Err(format!("the planner says more than {ANSWER} bytes"));
    }
    let status = child.wait().await.map_err(told)?;
    match status.success() {
        true => String::from_utf8(text).map_err(|_| "the planner says no text".into()),
        false => Err(format!("the planner ended with {status}")),
    }
}

/// Address and key of the model.
#[expect(clippy::disallowed_methods, reason = "where a model is and its key are of the machine")]
fn endpoint() -> Result<(String, Option<String>), String> {
    let base = std::env::var("OPENAI_BASE_URL")
        .map_err(|_| "$OPENAI_BASE_URL is not set: it says where the model is")?;
    Ok((base.trim_end_matches('/').to_owned(), std::env::var(KEY).ok()))
}

fn post(base: &str, key: Option<&str>, body: &Value, timeout: Duration) -> Result<Value, String> {
    let mut request = http::agent(timeout)
        .post(format!("{base}/chat/completions"))
        .header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let mut answer = request
        .send(body.to_string())
        .map_err(|error| format!("the model is not there: {error}"))?;
    let status = answer.status();
    let text = answer.body_mut().with_config().limit(4 * ANSWER).read_to_string();
    let text = text.map_err(|error| format!("its answer cannot be read: {error}"))?;
    match status.is_success() {
        true => serde_json::from_str(&text).map_err(|error| format!("it answers no JSON: {error}")),
        false => Err(format!("the model answers {status}")),
    }
}

const SYSTEM: &str = "\
You plan the work of an agent whose actions go through a gate. A step was denied or failed. Plan \
the remaining work without it: call `plan` with all steps that are still to be done. What is done \
stays done; a step may need a step that is done. Do not propose what was denied again, nor the \
same thing in another form: the gate refuses it. If the goal cannot be reached without it, call \
`give_up` and say what happens if it stays denied, and what a person could choose instead.";

fn functions() -> Value {
    let text = json!({ "type": "string" });
    let step = json!({
        "type": "object",
        "properties": {
            "id": text, "tool": text, "title": text, "reason": text,
            "needs": { "type": "array", "items": text },
            "arguments": { "type": "object" },
        },
        "required": ["id", "tool", "arguments"],
    });
    let function = |name: &str, says: &str, parameters: Value| {
        json!({ "type": "function", "function":
            { "name": name, "description": says, "parameters": parameters } })
    };
    json!([
        function(
            "plan",
            "The remaining work",
            json!({
                "type": "object",
                "properties": { "steps": { "type": "array", "items": step } },
                "required": ["steps"],
            })
        ),
        function(
            "give_up",
            "There is no way without what was denied",
            json!({
                "type": "object",
                "properties": {
                    "consequence": text,
                    "choices": { "type": "array", "items": text },
                },
                "required": ["consequence"],
            })
        ),
    ])
}
