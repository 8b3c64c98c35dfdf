//! Puts a call through every rule and makes the assessment.

use holdshort_core::{Assessment, Json, Phrase, Source, limits};

use crate::call::{Call, Leaf, find_text, leaves, plain, visit};
use crate::decoded::{is_editor, shell_of, sql_of};
use crate::finding::{Finding, Kind, settle};
use crate::sentence::Matter;
use crate::shell::programs::Judged;
use crate::values::{Looks, by_values};
use crate::words::{self, Name};
use crate::{claims, encoded, facts, safer, secrets, sentence, table};

/// Says what a call would do, how risky that is, and why.
///
/// It reads the arguments: shell, SQL, paths, addresses, recipients, amounts. Claims of the agent
/// and the server raise the level and never lower it. What is not understood is never safe.
///
/// ```
/// use holdshort_core::{Json, RiskLevel};
/// use holdshort_risk::{Call, Own, assess};
///
/// let arguments = Json::parse(br#"{"command": "ls && rm -rf build"}"#).unwrap();
/// let call = Call {
///     tool: "run_command", server: None, arguments: &arguments, description: None,
///     input_schema: None, annotations: None, declared: None, cwd: None, own: &Own::default(),
/// };
/// let made = assess(&call);
/// assert_eq!(made.level, RiskLevel::Dangerous);
/// assert_eq!(made.sentence.render().to_plain(), "Run `rm -rf build` and 1 more command");
/// assert_eq!(made.commands.len(), 2);
/// ```
#[must_use]
pub fn assess(call: &Call<'_>) -> Assessment {
    let mut made = judge(call);
    made.safer = safer::find_ways(call, &made);
    made
}

/// A key this long is no name; paths made of such keys would not stay small.
const KEY_BYTES: usize = 1024;

fn uninspectable(arguments: &Json) -> Option<String> {
    if arguments.depth() > limits::INSPECTABLE_DEPTH {
        return Some(format!("it is nested deeper than {} levels", limits::INSPECTABLE_DEPTH));
    }
    let mut bytes: usize = 0;
    let mut long_key = false;
    visit(arguments, &mut Vec::new(), &mut |steps, value| {
        if let Some(crate::call::Step::Key(key)) = steps.last() {
            bytes = bytes.saturating_add(key.len());
            long_key |= key.len() > KEY_BYTES;
        }
        bytes = bytes.saturating_add(1).saturating_add(plain(value).map_or(0, str::len));
    });
    if bytes > limits::ARGUMENTS_BYTES {
        Some(format!("it is larger than {} KiB", limits::ARGUMENTS_BYTES / 1024))
    } else if long_key {
        Some(format!("a key is longer than {KEY_BYTES} bytes"))
    } else {
        None
    }
}

/// The assessment without safer ways.
pub(crate) fn judge(call: &Call<'_>) -> Assessment {
    if let Some(reason) = uninspectable(call.arguments) {
        return unread(call, reason);
    }
    let name = Name::new(call.tool, call.server);
    let leaves = leaves(call.arguments);
    let mut shell = shell_of(call, &name);
    let sql = sql_of(call, &name);
    let mut findings = std::mem::take(&mut shell.findings);
    findings.extend(sql.iter().flat_map(|(_, judged)| judged.findings.clone()));
    let by_argument = !findings.is_empty();
    let named = by_name(call, &name, by_argument);
    let only_reads = named.iter().all(|found| found.kind == Kind::Read);
    let looks = Looks { only_reads, by_argument };
    findings.extend(named);
    findings.extend(by_values(call, &name, &leaves, &looks));
    soften_release(call, &name, &mut findings);
    findings.extend(claims::judge(call));

    // What touches Holdshort stands first: evidence is cut at the end.
    let weight = |found: &Finding| (found.kind.level(), found.kind == Kind::Gate);
    findings.sort_by_key(|found| std::cmp::Reverse(weight(found)));
    let mut made = settle(&findings);
    made.touches_gate = findings.iter().any(|found| found.kind == Kind::Gate);
    made.money = facts::money(call, &findings);
    made.count = facts::count(call.arguments);
    made.secrets = secrets::find(&leaves);
    if made.secrets.len() > secrets::SECRETS_MAX {
        let reason = "it holds too many secrets to mask".to_owned();
        return Assessment { secrets: made.secrets, ..unread(call, reason) };
    }
    if secrets::hide_a_part(&leaves, &made.secrets) {
        let reason = "a secret field repeats another part of the call".to_owned();
        return Assessment { secrets: made.secrets, ..unread(call, reason) };
    }
    made.notes = notes(call, &leaves, &shell, &made);
    made.sentence = sentence::make(&Matter {
        call,
        name: &name,
        findings: &findings,
        made: &made,
        commands: &shell.commands,
        sql: sql.iter().find_map(|(_, judged)| judged.worst.as_ref()),
        statements: sql.first().map(|(text, judged)| (*text, judged.statements)),
    });
    made.commands =
        shell.commands.iter().map(|command| Phrase::default().theirs(&command.text)).collect();
    made
}

fn unread(call: &Call<'_>, reason: String) -> Assessment {
    let text = Phrase::ours(format!("it cannot be judged by looking at it: {reason}"));
    let mut findings = vec![Finding::new(Kind::Opaque, Source::Argument, text)];
    findings.extend(claims::judge(call));
    let made = settle(&findings);
    let sentence = sentence::make(&Matter {
        call: &Call { arguments: &Json::Null, ..*call },
        name: &Name::new(call.tool, call.server),
        findings: &findings,
        made: &made,
        commands: &[],
        sql: None,
        statements: None,
    });
    let money = facts::money(&Call { arguments: &Json::Null, ..*call }, &findings);
    Assessment { sentence, money, uninspectable: Some(reason), ..made }
}

fn by_name(call: &Call<'_>, name: &Name, by_argument: bool) -> Vec<Finding> {
    let mut found = words::judge(name);
    if by_argument {
        // What runs is known; `execute_sql` says no more. Other dangers of the name still count.
        found.retain(|found| {
            matches!(
                found.kind,
                Kind::Destroy | Kind::Pay | Kind::Grant | Kind::Release | Kind::Agent
            )
        });
        return found;
    }
    if let Some(kind) = table::find(&name.snake()).filter(|_| call.tool.is_ascii()) {
        let text = Phrase::ours("the table knows the tool `").theirs(name.snake()).and("`");
        found = vec![Finding::new(kind, Source::Table, text)];
    }
    let editor_writes = is_editor(name) && find_text(call.arguments, "command") != Some("view");
    if editor_writes {
        found.push(Finding::new(
            Kind::Write,
            Source::Argument,
            Phrase::ours("the editor changes a file"),
        ));
    }
    found.extend(claims::description(call));
    found
}

/// A deploy is risky, not dangerous, when every place it names is one for trying out.
fn soften_release(call: &Call<'_>, name: &Name, findings: &mut [Finding]) {
    const PLACES: &str = "environment env stage target cluster namespace project region_group";
    if table::find(&name.snake()).is_some() || name.has("production prod live") {
        return;
    }
    let places: Vec<&str> =
        words::items(PLACES).filter_map(|key| find_text(call.arguments, key)).collect();
    let tried = match places.as_slice() {
        [] => words::is_sandbox(&name.snake()),
        some => some.iter().all(|place| words::is_sandbox(place)),
    };
    if !tried {
        return;
    }
    for finding in findings.iter_mut() {
        if finding.kind == Kind::Release && finding.source == Source::Word {
            let text = Phrase::ours("it deploys, to a place for trying out");
            *finding = Finding::new(Kind::Stage, Source::Argument, text);
        }
    }
}

/// More encoded parts are not decoded; the call is dangerous anyway.
const NOTES_MAX: usize = 16;

fn notes(call: &Call<'_>, leaves: &[Leaf<'_>], shell: &Judged, made: &Assessment) -> Vec<Phrase> {
    let mut notes = Vec::new();
    if shell.runs_on && shell.commands.len() > 1 {
        notes.push(Phrase::ours(format!(
            "{} commands; a later one runs even if an earlier one fails",
            shell.commands.len()
        )));
    }
    for leaf in leaves.iter().filter(|_| !shell.commands.is_empty()) {
        if let Json::String(text) = leaf.value {
            notes.extend(encoded::notes(text));
            if notes.len() > NOTES_MAX {
                break;
            }
        }
    }
    if !made.secrets.is_empty() {
        notes.push(Phrase::ours("credential in arguments"));
    }
    notes.extend(facts::money_notes(call.arguments));
    notes
}
