//! What the words of a name say: the verb at its head, then what that verb is done to.

use holdshort_core::{Phrase, Source};

use super::Name;
use super::lexicon::{Entry, Things, lexicon};
use crate::finding::{Finding, Kind};

/// What a name says.
pub(crate) struct Said {
    pub(crate) findings: Vec<Finding>,
    /// Its verb; none where no word of it is one.
    pub(crate) head: Option<Head>,
}

/// The verb of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    /// Hardly ever a noun.
    pub(crate) core: bool,
    /// Takes back what another call set up.
    pub(crate) undo: bool,
    /// Place among the words of the name's own part.
    at: usize,
    /// Where the name begins to say something.
    start: usize,
}

/// What a single word says as a verb.
pub(crate) fn verb(word: &str) -> Option<Kind> {
    let entry = lexicon().find(&word.to_ascii_lowercase())?;
    entry.verb.or(entry.weak)
}

/// What a word says that is hardly anything but a verb: `delete`, `delete-all`.
pub(crate) fn strong(text: &str) -> Option<Kind> {
    let words = super::split(text);
    lexicon().exact(words.first()?)?.verb
}

/// What the verb at the head of a name says, if there is one.
pub(crate) fn head(name: &Name) -> Option<Kind> {
    find(name).map(|head| head.kind)
}

/// The verb of a name: what leads counts first, then verbs that are hardly ever nouns wherever
/// they stand, then what closes; words that are as often nouns only where no other verb stands.
fn find(name: &Name) -> Option<Head> {
    let own = name.own();
    let entries: Vec<Entry> =
        own.iter().map(|word| lexicon().exact(word).unwrap_or_default()).collect();
    let start = start_of(own, &entries);
    let head = |at: usize, kind: Option<Kind>| {
        let core = entries.get(at).is_some_and(|entry| entry.core);
        let undo = entries.get(at).is_some_and(|entry| entry.undo);
        kind.map(|kind| Head { kind, core, undo, at, start })
    };
    let strong = |at: usize| head(at, entries.get(at)?.verb);
    let weak = |at: usize| head(at, entries.get(at)?.weak);
    let last = own.len().checked_sub(1)?;
    let all = start..=last;
    let leads = strong(start).filter(|head| head.core || head.kind != Kind::Read);
    let core = || all.clone().filter_map(strong).find(|head| head.core);
    // `liter_to_gallon`, `json_to_csv`: computes, and says so without a verb.
    let converts = || {
        let [_, to, _] = own else { return None };
        let plain = entries.iter().all(|entry| entry.verb.or(entry.weak).is_none());
        let kind = Some(Kind::Read).filter(|_| to == "to" && plain)?;
        Some(Head { kind, core: true, undo: false, at: 1, start })
    };
    leads
        .or_else(core)
        .or_else(converts)
        .or_else(|| strong(start))
        // `end_trace` traces nothing: a verb that changes counts before one that may be a noun.
        .or_else(|| all.clone().filter_map(strong).find(|head| head.kind != Kind::Read))
        .or_else(|| strong(last))
        .or_else(|| weak(start))
        .or_else(|| all.clone().find_map(strong))
        .or_else(|| all.clone().find_map(weak))
        .or_else(|| {
            // What stands in front may be a service called `compute`; `search/commits` is plain.
            let entry = lexicon().exact(name.scope().first()?)?;
            let kind = entry.verb?;
            let head = Head { kind, core: false, undo: false, at: usize::MAX, start };
            (kind != Kind::Read || entry.core).then_some(head)
        })
}

/// Where a name begins to say something: behind fillers and the names of things.
fn start_of(own: &[String], entries: &[Entry]) -> usize {
    let start = entries.iter().take_while(|entry| entry.filler).count();
    match (own.get(start), own.get(start + 1)) {
        (Some(one), Some(two)) if lexicon().is_compound(one, two) && own.len() > start + 2 => {
            start + 2
        }
        _ => start,
    }
}

/// What the words of a name say, strongest first.
pub(crate) fn judge(name: &Name) -> Said {
    let own = name.own();
    let Some(head) = find(name).filter(|_| name.ascii) else {
        return Said { findings: vec![unknown()], head: None };
    };
    let word = |at: usize| own.get(at).map_or("", String::as_str);
    let mut findings = vec![finding(head.kind, word(head.at))];
    // `get_and_delete`, `read_then_send`: what is joined on counts as well.
    for joint in 1..own.len() {
        if matches!(word(joint - 1), "and" | "or" | "then")
            && let Some(more) = lexicon().exact(word(joint)).and_then(|entry| entry.verb)
            && more != Kind::Read
        {
            findings.push(finding(more, word(joint)));
        }
    }
    if head.kind == Kind::Read {
        findings.extend(weight(name, head));
        // `omics_complete_read_set`: what stands before the verb that leads may be the verb.
        let before = own.iter().take(head.at).skip(head.start).find(|word| {
            let verb = lexicon().exact(word).and_then(|entry| entry.verb);
            verb.is_some_and(|kind| kind != Kind::Read)
        });
        if let Some(word) = before {
            findings.push(finding(Kind::Unknown, word));
        }
        // `get_user_delete`: a verb that closes the name is no noun.
        let last = own.len() - 1;
        let closes = lexicon().exact(word(last)).and_then(|entry| entry.verb);
        if let Some(more @ Kind::Destroy) = closes.filter(|_| last > head.at) {
            findings.push(finding(more, word(last)));
        }
    } else if let Some(found) = weight(name, head) {
        if found.kind.level() < head.kind.level() {
            findings.clear();
        }
        findings.push(found);
    }
    findings.sort_by_key(|found| std::cmp::Reverse(found.kind.level()));
    Said { findings, head: Some(head) }
}

/// What the verb is done to may weigh more than the verb: `create_payment`, `put_bucket_policy`,
/// `evaluate_script`; or less: `execute_query`, `cancel_job`.
fn weight(name: &Name, head: Head) -> Option<Finding> {
    let own = name.own();
    let verb = own.get(head.at).map_or("", String::as_str);
    let entries: Vec<(usize, &str, Entry)> = own
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != head.at)
        .filter_map(|(place, word)| Some((place, word.as_str(), lexicon().find(word)?)))
        .collect();
    let thing = |is: fn(Things) -> bool| entries.iter().find(|(.., entry)| is(entry.things));
    match verb {
        "execute" | "exec" | "run" | "invoke" | "evaluate" | "eval" => {
            if let Some((_, word, _)) = thing(|things| things.code) {
                return Some(finding(Kind::Execute, word));
            }
            if thing(|things| things.query).is_some() {
                let text = Phrase::ours("what it runs is not in the call");
                return Some(Finding::new(Kind::Unknown, Source::Word, text));
            }
        }
        "cancel" | "abort" => {
            if let Some((_, word, _)) = thing(|things| things.job) {
                return Some(finding(Kind::Stop, word));
            }
            // What was paid for comes back, or does not.
            let paid = entries.iter().find(|(.., entry)| entry.noun == Some(Kind::Pay));
            return paid.map(|(_, word, _)| finding(Kind::Pay, word));
        }
        // Merging a pull request changes what others build on.
        "merge" | "accept" | "approve" => {
            let names = |word: &str| own.iter().any(|own| own == word);
            let merges = verb == "merge" && (names("pull") || names("mr") || names("pr"));
            if merges || (verb == "merge" && names("merge_request")) {
                return Some(finding(Kind::Release, verb));
            }
        }
        "send" => {
            return thing(|things| things.sign).map(|(_, word, _)| finding(Kind::Write, word));
        }
        "remove" => {
            return thing(|things| things.mark).map(|(_, word, _)| finding(Kind::Write, word));
        }
        "get" | "read" | "fetch" | "retrieve" | "show" => {
            // `get_secret`, `get_secret_value`; a password's policy is none.
            let secret = entries.iter().find(|(place, _, entry)| {
                let next = own.get(place + 1).map(String::as_str);
                entry.things.secret && matches!(next, None | Some("value" | "values" | "text"))
            });
            return secret.map(|(_, word, _)| finding(Kind::ReadSecret, word));
        }
        // What is asked of a database may be anything, unless the call says it.
        "query" => {
            return thing(|things| things.place).map(|_| {
                let text = Phrase::ours("what it asks the database is not in the call");
                Finding::new(Kind::Unknown, Source::Word, text)
            });
        }
        _ => {}
    }
    if head.kind == Kind::Write { by_noun(name, verb, &entries) } else { None }
}

/// What a change is made to: money, rights, messages, production.
fn by_noun(name: &Name, verb: &str, entries: &[(usize, &str, Entry)]) -> Option<Finding> {
    let own = name.own();
    let changes = matches!(verb, "update" | "modify" | "change" | "edit" | "patch" | "set");
    let who =
        entries.last().is_some_and(|(place, _, entry)| place + 1 == own.len() && entry.things.who);
    for (place, word, entry) in entries {
        let iam = matches!(*word, "policy" | "policies")
            && place
                .checked_sub(1)
                .and_then(|before| own.get(before))
                .is_some_and(|before| lexicon().find(before).is_some_and(|entry| entry.things.iam));
        let noun = if iam { Some(Kind::Grant) } else { entry.noun };
        let noun = noun.filter(|noun| !(changes && who && *noun == Kind::Pay));
        // `create_permission_scheme` makes a scheme.
        let next = own.get(place + 1).map(String::as_str);
        let closes =
            matches!(next, None | Some("to" | "for" | "from" | "in" | "on" | "with" | "of"));
        let web = *word == "acl"
            && place.checked_sub(1).and_then(|at| own.get(at)).is_some_and(|b| b == "web");
        let counts = !web && (closes || !matches!(noun, Some(Kind::Grant | Kind::Release)));
        if let Some(noun) = noun.filter(|noun| counts && weighs(verb, *noun)) {
            return Some(finding(noun, word));
        }
    }
    // `payments.create`: what stands before says what is made.
    name.scope().iter().chain(&name.server).find_map(|word| {
        let noun = lexicon().find(word)?.noun?;
        (matches!(noun, Kind::Pay | Kind::Send) && weighs(verb, noun)).then(|| finding(noun, word))
    })
}

/// Whether this verb done to such a thing is more than a change.
fn weighs(verb: &str, noun: Kind) -> bool {
    let makes = matches!(verb, "create" | "make" | "post" | "submit" | "new" | "add" | "insert");
    match noun {
        // Changing a setting of mail sends none; making one does.
        Kind::Send => makes,
        Kind::Pay => {
            makes
                || matches!(
                    verb,
                    "update"
                        | "transfer"
                        | "swap"
                        | "mint"
                        | "sign"
                        | "issue"
                        | "adjust"
                        | "process"
                        | "confirm"
                        | "complete"
                        | "schedule"
                        | "place"
                        | "approve"
                        | "modify"
                        | "fulfill"
                        | "fulfil"
                        | "request"
                        | "initiate"
                        | "book"
                )
        }
        Kind::Grant => {
            makes
                || matches!(
                    verb,
                    "put"
                        | "set"
                        | "update"
                        | "attach"
                        | "modify"
                        | "change"
                        | "assign"
                        | "patch"
                        | "allow"
                        | "edit"
                        | "replace"
                )
        }
        _ => true,
    }
}

fn finding(kind: Kind, word: &str) -> Finding {
    let text = Phrase::ours("the name says `").theirs(word).and("`");
    Finding::new(kind, Source::Word, text)
}

fn unknown() -> Finding {
    let text = Phrase::ours("no word of the name says what it does; unknown is never safe");
    Finding::new(Kind::Unknown, Source::Word, text)
}

/// Whether a word names something that moves money: `charges`, `refund`.
pub(crate) fn is_money(word: &str) -> bool {
    lexicon().find(word).and_then(|entry| entry.noun) == Some(Kind::Pay)
}

#[cfg(test)]
mod tests {
    use holdshort_core::RiskLevel::{self, Dangerous, Risky, Safe};

    use super::*;

    #[track_caller]
    fn check(expect: RiskLevel, tools: &str) {
        for tool in tools.split_ascii_whitespace() {
            let found = judge(&Name::new(tool, None)).findings;
            let level = found.iter().map(|found| found.kind.level()).max();
            assert_eq!(level, Some(expect), "{tool}");
        }
    }

    #[test]
    fn the_verb_that_leads_decides() {
        check(Safe, "user.get listEmails get_payment search-posts file_read storage.objects.list");
        check(Safe, "waf_get_match_set users/list-followers liter_to_gallon describe_deletions");
        check(Risky, "budget_update note.add update_email widget mesh_preview_create_route");
        check(Risky, "gеt_user get_or_create mark_as_read end_trace stop_address_list_import");
        check(
            Dangerous,
            "volumeDelete mesh_preview_delete_route TerminateInstances get_and_delete",
        );
        check(Dangerous, "reset_spreadsheet get_user_delete list_then_send invite_user_to_slack");
    }

    #[test]
    fn what_it_is_done_to_weighs() {
        check(
            Dangerous,
            "create_payment payments.create transfer_funds update_reservation_flights",
        );
        check(Risky, "update_reservation_passengers update_payment_address tag_invoice");
        check(Dangerous, "put_bucket_policy add_permission update_role post_webpage create_email");
        check(Risky, "update_scaling_policy create_permission_scheme update_web_acl");
        check(Dangerous, "evaluate_script run_python cancel_order merge_pull_request");
        check(Risky, "execute_query cancel_job send_heartbeat remove_tags d1_database_query");
        check(Risky, "get_secret read_password get_secret_value");
    }
}
