//! What each tool takes, so that a plan with a wrong call is refused before anything runs.

use serde_json::{Map, Value, json};

use super::super::fill;
use super::OwnTool;
use crate::run::plan::Plan;

/// What an argument is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Texts,
    Map,
    Any,
}

struct Argument(&'static str, Kind, bool);

struct Spec {
    name: &'static str,
    says: &'static str,
    arguments: &'static [Argument],
}

const NEEDED: bool = true;
const OPTIONAL: bool = false;

const TOOLS: &[Spec] = &[
    Spec {
        name: "note",
        says: "Gives its text to later steps; does nothing else",
        arguments: &[Argument("text", Kind::Text, NEEDED)],
    },
    Spec {
        name: "read_file",
        says: "Reads a text file",
        arguments: &[Argument("path", Kind::Text, NEEDED)],
    },
    Spec {
        name: "write_file",
        says: "Writes a text file, the whole of it or nothing; can be undone",
        arguments: &[Argument("path", Kind::Text, NEEDED), Argument("content", Kind::Text, NEEDED)],
    },
    Spec {
        name: "run_command",
        says: "Runs a program without a shell and gives its output",
        arguments: &[
            Argument("argv", Kind::Texts, NEEDED),
            Argument("cwd", Kind::Text, OPTIONAL),
            Argument("stdin", Kind::Text, OPTIONAL),
        ],
    },
    Spec {
        name: "http_request",
        says: "Sends one request to a web server, without following redirects",
        arguments: &[
            Argument("method", Kind::Text, NEEDED),
            Argument("url", Kind::Text, NEEDED),
            Argument("headers", Kind::Map, OPTIONAL),
            Argument("body", Kind::Text, OPTIONAL),
        ],
    },
    Spec {
        name: "sql_query",
        says: "Runs one statement in a database of the plan; gives rows as JSON",
        arguments: &[
            Argument("database", Kind::Text, NEEDED),
            Argument("sql", Kind::Text, NEEDED),
            Argument("params", Kind::Any, OPTIONAL),
        ],
    },
    Spec {
        name: "send_email",
        says: "Sends a mail through the plan's SMTP server",
        arguments: &[
            Argument("to", Kind::Texts, NEEDED),
            Argument("subject", Kind::Text, NEEDED),
            Argument("body", Kind::Text, NEEDED),
            Argument("cc", Kind::Texts, OPTIONAL),
        ],
    },
];

fn find(name: &str) -> Option<&'static Spec> {
    TOOLS.iter().find(|spec| spec.name == name)
}

/// Checks a call of a plan.
pub(crate) fn check(plan: &Plan, tool: &str, arguments: &Map<String, Value>) -> Result<(), String> {
    if plan.tools.contains_key(tool) {
        return Ok(());
    }
    let Some(spec) = find(tool) else {
        let known: Vec<&str> = TOOLS.iter().map(|spec| spec.name).collect();
        let known = known.join(", ");
        return Err(format!(
            "there is no tool `{tool}`; there are {known}, and the plan's [tool]s"
        ));
    };
    for Argument(name, kind, needed) in spec.arguments {
        match arguments.get(*name) {
            None if *needed => return Err(format!("`{tool}` needs `{name}`")),
            Some(value) if !fits(value, *kind) => {
                return Err(format!("`{name}` of `{tool}` must be {}", words(*kind)));
            }
            None | Some(_) => {}
        }
    }
    let known = |name: &String| spec.arguments.iter().any(|argument| argument.0 == name);
    if let Some(name) = arguments.keys().find(|name| !known(name)) {
        return Err(format!("`{tool}` takes no `{name}`"));
    }
    if tool == "sql_query" {
        let named = arguments.get("database").and_then(Value::as_str).unwrap_or_default();
        let database = plan.databases.get(named);
        let database = database.ok_or_else(|| format!("there is no [database.{named}]"))?;
        super::sql::check(database).map_err(|what| format!("[database.{named}]: {what}"))?;
    }
    if tool == "send_email" && plan.mail.is_none() {
        return Err("`send_email` needs a [mail] section with `server` and `from`".into());
    }
    Ok(())
}

fn fits(value: &Value, kind: Kind) -> bool {
    // What another step gives stands there later.
    let given = || {
        let alone = Map::from_iter([("value".to_owned(), value.clone())]);
        value.is_string() && fill::names(&alone).is_ok_and(|names| !names.is_empty())
    };
    match kind {
        Kind::Text => value.is_string(),
        Kind::Texts => match value.as_array() {
            Some(items) => !items.is_empty() && items.iter().all(Value::is_string),
            None => given(),
        },
        Kind::Map => {
            value.as_object().is_some_and(|members| members.values().all(Value::is_string))
        }
        Kind::Any => true,
    }
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "a text",
        Kind::Texts => "a list of texts",
        Kind::Map => "a table of texts",
        Kind::Any => "a value",
    }
}

/// Checks a tool of a plan's own.
pub(crate) fn check_own(name: &str, tool: &OwnTool) -> Result<(), String> {
    if find(name).is_some() || name == crate::undo::TOOL {
        return Err(format!("[tool.{name}]: there is a tool of that name already"));
    }
    match tool.command.first().is_some_and(|program| !program.is_empty()) {
        true => Ok(()),
        false => Err(format!("[tool.{name}]: `command` is empty")),
    }
}

/// JSON schema of a built-in tool's arguments.
pub(super) fn schema(tool: &str) -> Option<Value> {
    let spec = find(tool)?;
    let kind = |kind: Kind| match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
        Kind::Map => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Kind::Any => json!({}),
    };
    let properties: Map<String, Value> = spec
        .arguments
        .iter()
        .map(|Argument(name, is, _)| ((*name).to_owned(), kind(*is)))
        .collect();
    let needed = spec.arguments.iter().filter(|argument| argument.2).map(|argument| argument.0);
    Some(json!({
        "type": "object",
        "properties": properties,
        "required": needed.collect::<Vec<_>>(),
        "additionalProperties": false,
    }))
}

/// The tools of a plan in words and schemas, for a planner.
pub(crate) fn describe(plan: &Plan) -> Vec<Value> {
    let built_in = TOOLS.iter().map(|spec| {
        json!({ "name": spec.name, "description": spec.says, "input_schema": schema(spec.name) })
    });
    let own = plan.tools.iter().map(|(name, tool)| {
        json!({ "name": name, "description": tool.description, "input_schema": tool.schema })
    });
    built_in.chain(own).collect()
}
