//! Reads a tool's name as words, never as substrings: `budget_update` does not "get".

use holdshort_core::{Phrase, Source};

use crate::finding::{Finding, Kind};

/// A tool's name, taken apart.
pub(crate) struct Name {
    /// All words of the tool, lower case, without the server's.
    pub(crate) words: Vec<String>,
    /// The words of the part after the last dot, slash or colon.
    last: Vec<String>,
    /// The words of the server. They may raise a level, never lower it.
    pub(crate) server: Vec<String>,
    /// Letters beyond ASCII may look like others, so such a name is never one we know.
    ascii: bool,
}

impl Name {
    /// Takes `mcp__server__tool`, `mcp.server.tool` or a plain name apart.
    pub(crate) fn new(tool: &str, server: Option<&str>) -> Self {
        let mut rest = tool;
        let mut server_words = server.map(split).unwrap_or_default();
        for separator in ["__", "."] {
            let mut parts = tool.splitn(3, separator);
            if let (Some("mcp"), Some(owner), Some(own)) =
                (parts.next(), parts.next(), parts.next())
            {
                server_words.extend(split(owner));
                rest = own;
            }
        }
        let last = rest.rsplit(['.', '/', ':']).find(|part| !part.is_empty()).unwrap_or(rest);
        Self { words: split(rest), last: split(last), server: server_words, ascii: tool.is_ascii() }
    }

    /// The name as the built-in table spells it.
    pub(crate) fn snake(&self) -> String {
        self.words.join("_")
    }

    pub(crate) fn has(&self, list: &str) -> bool {
        self.words.iter().any(|word| listed(list, word.as_str()))
    }

    pub(crate) fn has_or_server(&self, list: &str) -> bool {
        self.has(list) || self.server.iter().any(|word| listed(list, word.as_str()))
    }

    /// The verb, where it is one that reads: `get_user`, `user.get`, `user_get`.
    fn reading_head(&self) -> Option<&str> {
        // At the end `status` or `query` is a noun.
        let last = self.last.last().filter(|word| listed(READ_LAST, word));
        [self.leading(), last.map(String::as_str)].into_iter().flatten().find(|_| self.ascii)
    }

    /// The reading verb, where the name or its last part begins with one.
    fn leading(&self) -> Option<&str> {
        [self.last.first(), self.words.first()]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .find(|head| listed(READ, head))
    }

    /// Whether another verb says more than reading. Behind a reading verb `label` is a noun,
    /// unless it is joined on: `get_label`, but `get_and_label`; and `mark_read` marks.
    fn writes_behind(&self, head: &str) -> bool {
        let leads = [self.last.first(), self.words.first()]
            .into_iter()
            .flatten()
            .any(|first| first == head);
        let mut joined = !leads;
        self.words.iter().any(|word| {
            let word = word.as_str();
            let counts = listed(WRITE, word) && (joined || !listed(NOUN_LIKE, word));
            joined |= matches!(word, "and" | "or" | "then");
            counts
        })
    }
}

/// The members of a list that is written as one text, which keeps long lists readable.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split_ascii_whitespace()
}

/// Whether `word` stands in such a list.
pub(crate) fn listed(list: &str, word: &str) -> bool {
    items(list).any(|item| item == word)
}

/// Words of a name: at blanks, signs, between letters and digits, and where the case rises.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(char) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        let cut = before.is_some_and(|last| {
            (last.is_lowercase() && char.is_uppercase())
                || (last.is_uppercase() && char.is_uppercase() && next_is_lower)
                || (last.is_numeric() != char.is_numeric())
        });
        if (cut || !char.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if char.is_alphanumeric() {
            word.extend(char.to_lowercase());
        }
        before = Some(char);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

const READ: &str = "\
    get read list search find show view describe fetch lookup query count inspect status stat \
    browse diff exists peek grep glob ls preview retrieve whoami summarize";
const READ_LAST: &str = "get read list search find show view describe fetch lookup";
const WRITE: &str = "\
    write create add update set edit insert append save put patch modify change rename move copy \
    upload download install build test mark assign label comment upsert import export start stop \
    restart enable disable configure schedule apply commit merge push pull close open reopen \
    archive restore replace toggle new make generate submit sync register attach detach link \
    cancel run";
/// Writing verbs that are nouns behind a reading verb.
const NOUN_LIKE: &str = "\
    comment label test build commit schedule link run change open import export archive patch \
    pull merge close attach new copy";
const NEW: &str = "create add new submit make insert put";

/// Verbs that count wherever they stand: `get_and_delete` deletes.
const STRICT: &[(Kind, &str)] = &[
    (
        Kind::Destroy,
        "delete drop terminate destroy purge wipe remove erase truncate rm rmdir unlink \
     uninstall deprovision decommission reset revert rollback shutdown kill flush prune \
     format overwrite discard nuke trash del",
    ),
    (Kind::Pay, "pay payout withdraw disburse wire purchase buy sell"),
    (Kind::Send, "send publish tweet broadcast announce notify reply forward dm unpublish retweet"),
    (Kind::Release, "deploy promote redeploy failover cutover"),
    (Kind::Grant, "grant revoke chmod chown invite impersonate authorize sudo unblock elevate"),
    (Kind::Execute, "exec execute eval evaluate shell bash powershell"),
    (Kind::Agent, "spawn claude codex subagent delegate"),
];

/// Of these, the ones that are nouns behind a reading verb: `get_grant`, `list_formats`.
const STRICT_NOUNS: &str = "grant format trash wire forward reply shell sell buy";

/// Words that are verbs at the head and nouns behind a reading verb: `get_payment` reads.
const NOUNS: &[(Kind, &str)] = &[
    (
        Kind::Pay,
        "payment refund charge transfer money wallet transaction invoice order checkout billing \
     subscription",
    ),
    (Kind::Destroy, "deletion removal termination clear clean cleanup empty"),
    (Kind::Release, "release deployment production prod"),
    (
        Kind::Grant,
        "permission password credential role acl iam secret token policy access webhook share \
     firewall",
    ),
    (Kind::Execute, "script code command cmd"),
    (Kind::Agent, "agent"),
];
/// Verbs only at the head or with a word for "new": updating an email address sends nothing.
const MESSAGES: &str = "email mail sms message post notification call";
const SANDBOX: &str = "staging stage dev development test testing sandbox preview qa local";

fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|short| short.len() > 2 && !short.ends_with('s')).unwrap_or(word)
}

fn in_list(word: &str, list: &str) -> bool {
    listed(list, word) || listed(list, singular(word))
}

/// Whether a text names a place that is not production, and names no other.
pub(crate) fn is_sandbox(text: &str) -> bool {
    let words = split(text);
    words.iter().any(|word| listed(SANDBOX, word.as_str()))
        && !words.iter().any(|word| matches!(word.as_str(), "prod" | "production" | "live"))
}

/// What the words of a name say, strongest first.
pub(crate) fn judge(name: &Name) -> Vec<Finding> {
    let mut found = strict(name);
    if !found.is_empty() {
        return found;
    }
    let writes = name.words.iter().find(|word| listed(WRITE, word.as_str()));
    if let Some(word) = name.reading_head()
        && !name.writes_behind(word)
    {
        return vec![word_finding(Kind::Read, word)];
    }
    // `codepipeline_list_webhooks`: what stands before `list` may be a verb we do not know, so it
    // is not safe, but the nouns behind it are only read.
    let acts = name.words.iter().take_while(|word| !listed(READ, word));
    let nouns: Vec<&String> =
        if writes.is_some() { name.words.iter().collect() } else { acts.collect() };
    for (kind, list) in NOUNS {
        let word = nouns.iter().copied().chain(&name.server).find(|word| in_list(word, list));
        // An invoice tool that only reads was dealt with above; a server's name alone says little.
        let own = nouns.iter().any(|word| in_list(word, list));
        if let (Some(word), true) = (word, own || writes.is_some()) {
            found.push(word_finding(*kind, word));
        }
    }
    let is_new = name.has(NEW);
    let message = name.words.iter().find(|word| in_list(word, MESSAGES));
    if let Some(word) = message
        && (is_new || name.words.first() == Some(word))
    {
        found.push(word_finding(Kind::Send, word));
    }
    if found.is_empty() {
        found.push(match writes {
            Some(word) => word_finding(Kind::Write, word),
            None => Finding::new(
                Kind::Unknown,
                Source::Word,
                Phrase::ours("no word of the name says what it does; unknown is never safe"),
            ),
        });
    }
    found
}

fn strict(name: &Name) -> Vec<Finding> {
    let mut found = Vec::new();
    let nouns = name.leading().is_some() && !name.has("and or then");
    for (kind, list) in STRICT {
        let says = |word: &&String| in_list(word, list) && !(nouns && in_list(word, STRICT_NOUNS));
        if let Some(word) = name.words.iter().find(says) {
            found.push(word_finding(*kind, word));
        }
    }
    found
}

fn word_finding(kind: Kind, word: &str) -> Finding {
    let text = Phrase::ours("the name says `").theirs(word).and("`");
    Finding::new(kind, Source::Word, text)
}

/// What a description admits to. It is a claim: it can only raise.
pub(crate) fn judge_description(text: &str) -> Option<Finding> {
    let mut negated = false;
    let words = split(text);
    // "Send an HTTP request" says nothing yet: its method does.
    let request = words.iter().take(4).any(|word| word == "request");
    for (position, word) in words.iter().enumerate() {
        for (kind, list) in STRICT {
            let counts = match kind {
                Kind::Destroy => !matches!(word.as_str(), "format" | "formats" | "reset"),
                Kind::Pay | Kind::Send | Kind::Release => position == 0 && !request,
                _ => false,
            };
            if counts && !negated && in_list(word, list) {
                let text = Phrase::ours("its description says `").theirs(word).and("`");
                return Some(Finding::new(*kind, Source::Word, text));
            }
        }
        negated = matches!(word.as_str(), "not" | "never" | "without" | "cannot" | "t" | "no");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdshort_core::RiskLevel::{self, Dangerous, Risky, Safe};

    fn check(tool: &str, expect: RiskLevel) {
        let level = judge(&Name::new(tool, None)).iter().map(|found| found.kind.level()).max();
        assert_eq!(level, Some(expect), "{tool}");
    }

    #[test]
    fn splits_every_spelling() {
        let words = |text: &str| split(text).join(" ");
        assert_eq!(words("getUserByID"), "get user by id");
        assert_eq!(words("HTTPServer2go"), "http server 2 go");
        assert_eq!(words("s3-delete_bucket.now"), "s 3 delete bucket now");
        assert_eq!(Name::new("mcp__read__deleteAll", None).snake(), "delete_all");
        assert_eq!(Name::new("mcp.read.delete_all", None).snake(), "delete_all");
        assert_eq!(Name::new("mcp", None).snake(), "mcp");
    }

    #[test]
    fn reading_is_safe_only_when_nothing_else_is_said() {
        for tool in ["user.get", "get_payment", "listEmails", "search-posts", "file_read"] {
            check(tool, Safe);
        }
        for tool in ["get_or_create", "mark_as_read", "set_read", "widget", "crm.note", "gеt_user"]
        {
            check(tool, Risky);
        }
        for tool in ["get_and_delete", "list_then_send", "read_and_exec"] {
            check(tool, Dangerous);
        }
    }

    #[test]
    fn words_are_not_substrings() {
        for tool in
            ["budget_update", "note.add", "k8s.create", "readdress", "getaway", "update_email"]
        {
            check(tool, Risky);
        }
        check("reset_spreadsheet", Dangerous);
    }

    #[test]
    fn dangerous_names() {
        for tool in [
            "wallet.transfer",
            "payment.send",
            "refund.create",
            "file.delete",
            "send_email",
            "email.send",
            "mcp.db.drop_table",
            "mcp.untrusted.delete_files",
            "send_money",
            "update_scheduled_transaction",
            "update_password",
            "post_webpage",
            "volumeDelete",
            "invite_user_to_slack",
            "spawn_agent",
            "run_script",
            "deploy",
            "create_message",
            "mcp.payments.create",
            "TerminateInstances",
        ] {
            check(tool, Dangerous);
        }
    }

    #[test]
    fn descriptions_raise() {
        assert!(judge_description("Deletes and rewrites records").is_some());
        assert!(judge_description("Sync, then purge old rows").is_some());
        assert!(judge_description("Reads records. Does not delete anything.").is_none());
        assert!(judge_description("Lists deleted items").is_none());
    }
}
