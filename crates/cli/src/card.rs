//! The card of a request in a terminal, in the same order as everywhere.

use holdshort_sdk::api::{Card, Exact, FactStatus, Text};
use unicode_width::UnicodeWidthStr;

use crate::output::{BOLD, DANGER, DIM, RISKY, SAFE, level, say, styled, text, time};

/// Columns for labels.
const LABEL: usize = 16;
/// Elements of a long list that are shown at first.
const ITEMS: usize = 12;

/// How much of the call to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Long lists in short.
    Short,
    /// Everything.
    Full,
}

/// Prints a card for a person to judge.
pub(crate) fn print(card: &Card, extent: Extent) {
    head(card);
    say("");
    lines("IF YOU APPROVE", &card.if_approved);
    lines("IF YOU DENY", &card.if_denied);
    safer(card);
    facts(card);
    exact(&card.exact, extent);
    line("", &styled(DIM, &card.binding));
    for note in &card.notes {
        line("", &styled(RISKY, format!("! {note}")));
    }
    words(card);
    line("WHY ASKED", &format!("{} ({})", card.why.reason, card.why.rule));
    say(styled(RISKY, "═".repeat(72)));
    say(styled(RISKY, "═ ".repeat(36)));
    match &card.decided {
        Some(decided) => {
            line("DECIDED", &format!("{}. {}", decided.sentence, decided.result));
        }
        None => line("TIME", &card.at_deadline),
    }
}

fn head(card: &Card) {
    let tags = card.tags.join(" · ");
    say(format!("{}  {}  {tags}", level(card.risk), styled(DIM, &card.label)));
    say(styled(BOLD, text(&card.sentence)));
    let unknown = || "not known".to_owned();
    let owner = card.who.owner.as_ref().map_or_else(unknown, text);
    let task = card.who.task.as_ref().map_or_else(unknown, text);
    let asked = time(card.who.asked_at);
    say(format!("{} for {owner} · task: {task} · asked {asked}", text(&card.who.agent)));
    if let Some(again) = &card.again {
        say(styled(DANGER, format!("! Asked again: {}", text(again))));
    }
    if let Some(mismatch) = &card.mismatch {
        say(styled(DANGER, format!("! {}", text(mismatch))));
    }
}

fn line(label: &str, value: &str) {
    let pad = LABEL.saturating_sub(label.width());
    let mut first = true;
    for part in value.lines() {
        let lead = match first {
            true => format!("{}{}", styled(DIM, label), " ".repeat(pad)),
            false => " ".repeat(LABEL),
        };
        say(format!("{lead}{part}"));
        first = false;
    }
}

fn lines(label: &str, texts: &[Text]) {
    if texts.is_empty() {
        line(label, "not known");
    }
    for (index, value) in texts.iter().enumerate() {
        line(if index == 0 { label } else { "" }, &text(value));
    }
}

fn safer(card: &Card) {
    if card.safer.is_empty() {
        line("SAFER WAYS", "none is known");
    }
    for (index, way) in card.safer.iter().enumerate() {
        let label = if index == 0 { "SAFER WAYS" } else { "" };
        let title = format!("{}. {}", index + 1, text(&way.title));
        let verb = if way.becomes == card.risk { "stays" } else { "becomes" };
        let level = styled(DIM, format!("{verb} {}", word(way.becomes)));
        line(label, &format!("{title} · {level}"));
    }
}

fn word(level: holdshort_sdk::api::RiskLevel) -> &'static str {
    match level {
        holdshort_sdk::api::RiskLevel::Safe => "safe",
        holdshort_sdk::api::RiskLevel::Risky => "risky",
        holdshort_sdk::api::RiskLevel::Dangerous => "dangerous",
    }
}

fn facts(card: &Card) {
    if card.facts.is_empty() {
        line("HAS TO BE TRUE", "Holdshort has checked nothing for this call");
    }
    for (index, fact) in card.facts.iter().enumerate() {
        let label = if index == 0 { "HAS TO BE TRUE" } else { "" };
        let mark = match fact.status {
            FactStatus::True => styled(SAFE, "✓ true:"),
            FactStatus::False => styled(DANGER, "x false:"),
            FactStatus::NotKnown => styled(RISKY, "? not known:"),
            FactStatus::Checking => styled(DIM, "… checking:"),
        };
        line(label, &format!("{mark} {}", styled(BOLD, text(&fact.claim))));
        if let Some(detail) = &fact.detail {
            let read = fact.read_at.map(|at| format!(", read {}", time(at))).unwrap_or_default();
            let source = styled(DIM, format!("({}{read})", text(&fact.source)));
            line("", &format!("{} {source}", text(detail)));
        }
    }
}

/// A call in full.
pub(crate) fn exact(exact: &Exact, extent: Extent) {
    let server = exact.server.as_ref().map(|server| format!("{} / ", text(server)));
    line("WILL RUN", &format!("{}{}", server.unwrap_or_default(), styled(BOLD, text(&exact.tool))));
    if let Some(cwd) = &exact.cwd {
        line("", &format!("in {}", text(cwd)));
    }
    for (index, command) in exact.command.iter().enumerate() {
        line("", &format!("{}  {}", styled(DIM, index + 1), text(command)));
    }
    for argument in &exact.arguments {
        let name = text(&argument.name);
        if argument.items.is_empty() {
            line("", &format!("{name} = {}", text(&argument.value)));
            continue;
        }
        let count = argument.items.len();
        let shown = if extent == Extent::Full { count } else { ITEMS.min(count) };
        let items: Vec<String> = argument.items.iter().take(shown).map(text).collect();
        let rest = match count - shown {
            0 => String::new(),
            rest => styled(RISKY, format!(" … and {rest} more: type `all` to see them")),
        };
        for (index, row) in items.chunks(4).enumerate() {
            let lead = if index == 0 { format!("{name} ({count}): ") } else { "  ".to_owned() };
            line("", &format!("{lead}{}", row.join(", ")));
        }
        if !rest.is_empty() {
            line("", &rest);
        }
    }
    if let Some(reason) = &exact.uninspectable {
        line("", &styled(DANGER, format!("cannot be shown in full: {reason}")));
    }
}

fn words(card: &Card) {
    let words = &card.agent_words;
    let label = "AGENT SAYS";
    match &words.reason {
        Some(reason) => {
            line(label, &format!("{} \"{}\"", styled(DIM, "(unchecked)"), text(reason)))
        }
        None => line(label, &styled(DIM, "nothing")),
    }
    for claim in &words.claims {
        line("", &format!("{} {}", styled(DIM, "(unverified)"), text(claim)));
    }
}
