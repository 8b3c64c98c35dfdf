//! Finds the commands and statements in the arguments: what they say counts, not the tool's name.

use std::borrow::Cow;

use holdshort_core::Json;

use crate::call::{Call, Step, find, path, plain, snake, visit};
use crate::finding::Kind;
use crate::shell::{Around, Judged};
use crate::words::{Name, listed};
use crate::{shell, sql};

const SHELL_WORDS: &str = "\
    shell bash sh zsh exec execute command cmd terminal console powershell run process script \
    subprocess ssh cli";
pub(crate) const COMMAND_KEYS: &str =
    "command cmd commands command_line shell_command cmdline argv";
const SQL_WORDS: &str = "sql query database db postgres mysql sqlite bigquery snowflake";

/// Commands in the arguments: as text, as a list of words, or as a program with a list.
pub(crate) fn shell_of(call: &Call<'_>, name: &Name) -> Judged {
    let mut all = Judged::default();
    if call.arguments.members().is_empty() || is_editor(name) {
        return all;
    }
    let is_shell = name.has_or_server(SHELL_WORDS);
    let around = Around { cwd: call.cwd, scripts: call.scripts };
    visit(call.arguments, &mut Vec::new(), &mut |steps, value| {
        for (raw, item) in value.members() {
            let key = snake(raw);
            let is_command = listed(COMMAND_KEYS, key.as_str()) || (is_shell && key == "script");
            if !is_command {
                continue;
            }
            let words = |json: &Json| {
                let items = json.as_array()?.iter().map(|item| plain(item).map(str::to_owned));
                items.collect::<Option<Vec<String>>>().filter(|words| !words.is_empty())
            };
            let mut one = match (item, words(item)) {
                (Json::String(text), _) => {
                    let more = find(value, "args arguments argv").filter(|_| key != "argv");
                    let words: Vec<String> = more
                        .and_then(|(_, list)| words(list))
                        .unwrap_or_default()
                        .iter()
                        .map(|word| shell::quote(word))
                        .collect();
                    let text = if words.is_empty() {
                        Cow::Borrowed(text.as_str())
                    } else {
                        Cow::Owned(format!("{text} {}", words.join(" ")))
                    };
                    shell::judge(&text, around)
                }
                (_, Some(lines)) if key == "commands" => shell::judge(&lines.join("\n"), around),
                (_, Some(argv)) => shell::judge_argv(&argv, around),
                _ => {
                    let mut unread = Judged::default();
                    unread.add(Kind::Opaque, "the command is not text", &key);
                    unread
                }
            };
            // Only a text that was judged as it stands has places to point at.
            let whole = matches!(item, Json::String(_)) && find(value, "args arguments").is_none();
            for found in &mut one.findings {
                found.path = whole.then(|| path_to(steps, raw));
            }
            all.findings.extend(one.findings);
            all.commands.extend(one.commands);
            all.unread.extend(one.unread);
            all.runs_on |= one.runs_on;
        }
    });
    all
}

fn path_to(steps: &[Step<'_>], key: &str) -> String {
    let mut steps = steps.to_vec();
    steps.push(Step::Key(key));
    path(&steps)
}

/// Editing tools whose `command` is one of a few verbs, not a program.
pub(crate) fn is_editor(name: &Name) -> bool {
    matches!(name.snake().as_str(), "str_replace_based_edit_tool" | "str_replace_editor" | "memory")
}

/// Texts of SQL in the arguments.
pub(crate) fn sql_of<'a>(call: &Call<'a>, name: &Name) -> Vec<(&'a str, sql::Judged)> {
    if call.arguments.members().is_empty() {
        return Vec::new();
    }
    let is_sql = name.has_or_server(SQL_WORDS);
    let mut found = Vec::new();
    for (key, value) in call.arguments.members() {
        let Json::String(text) = value else { continue };
        let fits = match snake(key).as_str() {
            "sql" | "sql_query" | "sql_text" => true,
            "statement" | "stmt" => is_sql || sql::looks_like(text),
            "query" => {
                sql::looks_like(text)
                    || (is_sql && name.has_or_server("sql database db"))
                    || name.words.last().is_some_and(|word| word == "query")
            }
            _ => false,
        };
        if fits {
            found.push((text.as_str(), sql::judge(text, dialect(call, name))));
        }
    }
    found
}

/// The kind of database that the names of a call speak of.
pub(crate) fn dialect(call: &Call<'_>, name: &Name) -> sql::Dialect {
    let named = call.server.map(sql::Dialect::of).filter(|found| *found != sql::Dialect::Unknown);
    named.unwrap_or_else(|| {
        let words: Vec<&str> = name.server.iter().chain(&name.words).map(String::as_str).collect();
        sql::Dialect::of(&words.join(" "))
    })
}
