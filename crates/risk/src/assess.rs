//! Puts a call through every rule and makes the assessment.

use holdshort_core::{Assessment, Evidence, Json, Phrase, RiskLevel, Source, limits};

use crate::call::{Call, Leaf, find_text, leaves, plain, visit};
use crate::decoded::{is_editor, shell_of, sql_of};
use crate::finding::{self, Finding, Kind, settle};
use crate::sentence::Matter;
use crate::shell::Judged;
use crate::values::{Looks, by_values};
use crate::words::{self, Head, Name};
use crate::{claims, encoded, facts, http, mail, safer, schema, secrets, sentence, table, target};

/// Says what a call would do, how risky that is, and why.
///
/// It reads the arguments: shell, SQL, paths, addresses, recipients, amounts. Claims of the agent
/// and the server raise the level and never lower it. What is not understood is never safe.
///
/// ```
/// use holdshort_core::{Json, RiskLevel};
/// use holdshort_risk::{Call, assess};
///
/// let arguments = Json::parse(br#"{"command": "ls && rm -rf build"}"#).unwrap();
/// let made = assess(&Call::new("run_command", &arguments));
/// assert_eq!(made.level, RiskLevel::Dangerous);
/// let said = made.sentence.render().to_plain();
/// assert_eq!(said, "Delete `build` with all in it, and run 1 more command");
/// assert_eq!(made.commands.len(), 2);
/// ```
#[must_use]
pub fn assess(call: &Call<'_>) -> Assessment {
    let mut made = judge(call);
    made.safer = safer::find_ways(call, &made);
    made
}

/// Files of code that a call would run and whose content it does not show. A caller that can read
/// them gives them back as [`Call::scripts`].
///
/// ```
/// use holdshort_core::Json;
/// use holdshort_risk::{Call, code_files};
///
/// let arguments = Json::parse(br#"{"command": "ls && sh tools/build.sh"}"#).unwrap();
/// assert_eq!(code_files(&Call::new("run_command", &arguments)), ["tools/build.sh"]);
/// ```
#[must_use]
pub fn code_files(call: &Call<'_>) -> Vec<String> {
    if uninspectable(call.arguments).is_some() {
        return Vec::new();
    }
    shell_of(call, &Name::new(call.tool, call.server)).unread
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
    let asks = http::request_of(call, &name);
    let named = if asks.is_some() { Vec::new() } else { by_name(call, &name, by_argument) };
    let only_reads =
        named.iter().chain(asks.iter().flatten()).all(|found| found.kind == Kind::Read);
    let looks = Looks { only_reads, by_argument };
    findings.extend(named);
    findings.extend(by_values(call, &name, &leaves, &looks));
    findings.extend(asks.unwrap_or_default());
    findings.extend(schema::judge(call));
    soften_release(call, &name, &mut findings);
    findings.extend(claims::judge(call));
    let lowered = claims::trusted_level(call, &findings);
    let given = by_rule(call, &mut findings);

    // What touches Holdshort stands first: evidence is cut at the end.
    let weight = |found: &Finding| (found.kind.level(), found.kind == Kind::Gate);
    findings.sort_by_key(|found| std::cmp::Reverse(weight(found)));
    let mut made = settle(&findings);
    if let Some(level) = given.or(lowered).filter(|level| *level < made.level) {
        made.level = level;
        // The reason for the level stands first.
        let decides = |one: &Evidence| matches!(one.source, Source::Rule | Source::Annotation);
        made.evidence.sort_by_key(|one| !decides(one));
    }
    axes_by_rule(call, &mut made);
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
    made.target = target::read(call, &name, &leaves, &findings);
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
    let words::Said { findings: mut found, head } = words::judge(name);
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
    } else {
        by_description(call, head, &mut found);
    }
    let editor_writes = is_editor(name) && find_text(call.arguments, "command") != Some("view");
    if editor_writes {
        found.push(Finding::new(
            Kind::Write,
            Source::Argument,
            Phrase::ours("the editor changes a file"),
        ));
    }
    found
}

/// The verb of the description: it raises what the name says, and decides where the name has no
/// verb at all.
fn by_description(call: &Call<'_>, head: Option<Head>, found: &mut Vec<Finding>) {
    let Some(told) = call.description.and_then(words::judge_description) else { return };
    let said = told.finding;
    match head {
        // A name without any verb says nothing that could be lowered.
        None if told.looks && call.tool.is_ascii() => *found = vec![said],
        None => found.push(said),
        // Behind a plain verb the description's is read as plainly: "Create a signed URL" of
        // `get_signed_url` makes nothing that lasts.
        Some(head) if head.core || head.kind != Kind::Read => {
            if told.plain && !head.undo && said.kind.level() > head.kind.level() {
                found.push(said);
            }
        }
        Some(head) if said.kind.level() > head.kind.level() => found.push(said),
        Some(_) => {}
    }
}

/// The organization's own levels. Gives the level where one of them lowers.
fn by_rule(call: &Call<'_>, findings: &mut Vec<Finding>) -> Option<RiskLevel> {
    let fitting = call.rules.levels.iter().filter(|rule| claims::fits(&rule.tools, call.tool));
    let rule = fitting.max_by_key(|rule| rule.level)?;
    let highest = findings.iter().map(|found| found.kind.level()).max();
    let lowers = rule.lowers && highest.is_some_and(|highest| rule.level < highest);
    // What touches Holdshort or cannot be inspected stays what it is.
    let fixed = findings.iter().any(|found| matches!(found.kind, Kind::Gate | Kind::Opaque));
    let why = if lowers && !fixed {
        "the organization lowers the level of this tool: `"
    } else {
        "the organization gives this tool a level: `"
    };
    let text = Phrase::ours(why).theirs(rule.tools.clone()).and("`");
    findings.push(Finding::new(Kind::Claim(rule.level), Source::Rule, text));
    (lowers && !fixed).then_some(rule.level)
}

/// The organization's own axes; a rule that may not lower only makes them worse.
fn axes_by_rule(call: &Call<'_>, made: &mut Assessment) {
    let fitting = call.rules.levels.iter().filter(|rule| claims::fits(&rule.tools, call.tool));
    for rule in fitting {
        let worse = |ours: u8, theirs: u8| rule.lowers || theirs > ours;
        if let Some(way_back) = rule.way_back
            && worse(finding::way_back_rank(made.way_back), finding::way_back_rank(way_back))
        {
            made.way_back = way_back;
        }
        if let Some(reach) = rule.reach
            && worse(finding::reach_rank(made.reach), finding::reach_rank(reach))
        {
            made.reach = reach;
        }
        if let Some(outside) = rule.outside
            && worse(finding::outside_rank(made.outside), finding::outside_rank(outside))
        {
            made.outside = outside;
        }
    }
}

/// A deploy is risky, not dangerous, when every place it names is one for trying out.
fn soften_release(call: &Call<'_>, name: &Name, findings: &mut [Finding]) {
    const PLACES: &str = "environment env stage target cluster namespace project region_group";
    let deploys = |found: &Finding| found.kind == Kind::Release && found.source == Source::Word;
    if !findings.iter().any(deploys)
        || table::find(&name.snake()).is_some()
        || name.has("production prod live")
    {
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
    notes.extend(mail::notes(call, leaves));
    notes
}
