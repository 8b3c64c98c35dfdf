//! Judges SQL that no parser reads, by the words of every statement: never as safe.
//!
//! Text two databases would read differently (backslashes in quotes, `#`, `/*!`, dollar quotes) is
//! not guessed at: it is dangerous.

use holdshort_core::{Phrase, Source};

use super::Judged;
use crate::finding::{Finding, Kind};
use crate::words::{items, listed};

/// A statement: its words in upper case, and as written.
struct Statement {
    words: Vec<String>,
    raw: Vec<String>,
}

/// Whether a text begins like a statement.
pub(super) fn looks_like(text: &str) -> bool {
    let first: String =
        text.trim_start().chars().take_while(char::is_ascii_alphabetic).take(12).collect();
    let known = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "TRUNCATE", "ALTER", "CREATE", "GRANT",
        "REVOKE", "WITH", "MERGE", "EXPLAIN", "CALL", "COPY", "EXEC", "EXECUTE", "REPLACE",
        "BEGIN", "PRAGMA",
    ];
    known.contains(&first.to_ascii_uppercase().as_str()) && text.contains(' ')
}

/// Judges every statement.
pub(super) fn judge(text: &str) -> Judged {
    let mut out = Judged::default();
    let unread = Phrase::ours("no parser of SQL reads all of it");
    out.findings.push(Finding::new(Kind::Unknown, Source::Sql, unread));
    let (statements, opaque) = split(text);
    if let Some(reason) = opaque {
        let why = Phrase::ours(format!("the SQL cannot be inspected in full: {reason}"));
        out.findings.push(Finding::new(Kind::Opaque, Source::Sql, why));
    }
    out.statements = statements.len();
    for statement in &statements {
        let (kind, why) = one(&statement.words);
        let start: Vec<&str> = statement.raw.iter().take(3).map(String::as_str).collect();
        let text = Phrase::ours(format!("{why}: `")).theirs(start.join(" ")).and("`");
        out.findings.push(Finding::new(kind, Source::Sql, text));
        if out.worst.is_none() {
            out.worst = object(statement);
        }
    }
    if statements.is_empty() {
        let text = Phrase::ours("there is no statement that can be read");
        out.findings.push(Finding::new(Kind::UnknownCode, Source::Sql, text));
    }
    out
}

/// The file that `INTO OUTFILE` has the server write.
pub(super) fn outfile(text: &str) -> Option<Finding> {
    let behind = behind(text, "OUTFILE").or_else(|| behind(text, "DUMPFILE"))?;
    let path = behind.trim_start().trim_start_matches(['\'', '"']);
    Some(super::statement::writes(path.split(['\'', '"']).next().unwrap_or_default()))
}

/// What stands behind a word, whatever its case.
fn behind<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let at = text.to_ascii_uppercase().find(word)?;
    text.get(at + word.len()..)
}

fn object(statement: &Statement) -> Option<(&'static str, String)> {
    let words: Vec<&str> = statement.words.iter().map(String::as_str).collect();
    let skip = |from: usize| {
        let passed = words
            .iter()
            .skip(from)
            .take_while(|word| matches!(**word, "IF" | "EXISTS" | "ONLY" | "TABLE"))
            .count();
        statement.raw.get(from + passed).cloned()
    };
    match words.as_slice() {
        ["DROP", "TABLE", ..] => Some(("drop table ", skip(2)?)),
        ["DROP", "DATABASE", ..] => Some(("drop database ", skip(2)?)),
        ["DROP", "SCHEMA", ..] => Some(("drop schema ", skip(2)?)),
        ["TRUNCATE", ..] => Some(("empty table ", skip(1)?)),
        ["DELETE", "FROM", ..] if words.contains(&"WHERE") => Some(("delete rows of ", skip(2)?)),
        ["DELETE", "FROM", ..] => Some(("delete all rows of ", skip(2)?)),
        _ => None,
    }
}

/// Calls that act on the server, its files or other hosts.
const ACTS: &str = "\
    PG_TERMINATE_BACKEND PG_CANCEL_BACKEND LO_EXPORT LO_IMPORT LO_UNLINK PG_READ_FILE \
    PG_READ_BINARY_FILE PG_LS_DIR PG_WRITE_FILE XP_CMDSHELL LOAD_FILE LOAD_EXTENSION SYS_EXEC \
    SYS_EVAL SETVAL SET_CONFIG PG_RELOAD_CONF QUERY_TO_XML PG_SLEEP SLEEP BENCHMARK OPENROWSET \
    OPENQUERY WRITEFILE READFILE EDIT DBLINK DBLINK_EXEC PG_ROTATE_LOGFILE UTL_HTTP UTL_FILE \
    WAITFOR URL S3 FILE PG_SWITCH_WAL PG_PROMOTE";
/// Words that may stand before a parenthesis without calling something that writes.
const PURE: &str = "\
    COUNT SUM AVG MIN MAX COALESCE LOWER UPPER LENGTH SUBSTR SUBSTRING TRIM ROUND ABS CEIL FLOOR \
    NOW DATE DATE_TRUNC DATE_PART EXTRACT CAST CONCAT STRING_AGG ARRAY_AGG GROUP_CONCAT JSON_AGG \
    ROW_NUMBER RANK DENSE_RANK LAG LEAD NULLIF IFNULL IF GREATEST LEAST REPLACE TO_CHAR TO_DATE \
    STRFTIME JULIANDAY DATETIME YEAR MONTH DAY DATEDIFF DATE_SUB DATE_ADD PERCENTILE_CONT RANDOM \
    IN AND OR NOT WHERE FROM AS ON VALUES OVER EXISTS ANY ALL SOME JOIN USING SELECT WITH \
    RECURSIVE UNION EXCEPT INTERSECT CASE WHEN THEN ELSE DISTINCT BY HAVING LIMIT FILTER \
    INTERVAL BETWEEN LIKE PARTITION VARCHAR NUMERIC DECIMAL CHAR MATERIALIZED TYPEOF INSTR HEX \
    UNNEST GENERATE_SERIES JSON_EXTRACT CURRENT_DATE ARRAY STDDEV VARIANCE MEDIAN MOD POWER SQRT \
    LEFT RIGHT SPLIT_PART ISNULL INTO EXPLAIN";

fn one(words: &[String]) -> (Kind, &'static str) {
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "(").collect();
    let rest = words.as_slice();
    if let [first, tail @ ..] = rest
        && first.trim_end_matches('(') == "EXPLAIN"
    {
        if !tail.contains(&"ANALYZE") && !tail.contains(&"ANALYSE") {
            return (Kind::Read, "only reads");
        }
        return verbs(tail);
    }
    let first = rest.first().copied().unwrap_or_default().trim_end_matches('(');
    let has = |word: &str| rest.contains(&word);
    let worst = verbs(rest);
    match first {
        "SELECT" | "WITH" | "VALUES" | "TABLE" | "ANALYZE" | "ANALYSE" | "VERBOSE" | "FORMAT" => {
            worst
        }
        "SHOW" | "DESCRIBE" | "DESC" | "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "USE" => {
            if worst.0 == Kind::Read {
                (Kind::Read, "only reads")
            } else {
                worst
            }
        }
        "PRAGMA" if !has("=") => (Kind::Read, "only reads"),
        "PRAGMA" => (Kind::Write, "changes a setting of the database"),
        "INSERT" | "MERGE" | "UPSERT" | "REPLACE" | "UPDATE" | "CREATE" => worst,
        "COMMENT" | "VACUUM" | "REINDEX" | "REFRESH" => (Kind::Write, "changes the database"),
        "DELETE" | "DROP" | "TRUNCATE" => (Kind::Destroy, "deletes data"),
        "ALTER" if has("SYSTEM") => (Kind::Config, "changes the server"),
        "ALTER" | "RENAME" if !has("DROP") => (Kind::Write, "changes how data is stored"),
        "ALTER" | "RENAME" => (Kind::Destroy, "changes how data is stored"),
        "RESET" if has("MASTER") || has("REPLICA") || has("SLAVE") => {
            (Kind::Destroy, "deletes the server's logs")
        }
        "SET" if has("PASSWORD") => (Kind::Grant, "changes who may do what"),
        "SET" if has("GLOBAL") || has("PERSIST") => (Kind::Config, "changes the server"),
        "SET" | "RESET" | "LOCK" | "UNLOCK" => (Kind::Write, "changes the session"),
        "START" | "STOP" | "CHANGE" => (Kind::Stop, "starts or stops a part of the server"),
        "LOAD" if has("INDEX") => (Kind::Write, "loads an index"),
        "LOAD" => (Kind::ReadSecret, "reads a file of the server"),
        "GRANT" | "REVOKE" => (Kind::Grant, "changes who may do what"),
        "CALL" | "DO" | "EXEC" | "EXECUTE" | "COPY" => {
            (Kind::Execute, "runs code or reads files on the server")
        }
        _ => (Kind::UnknownCode, "unknown statement"),
    }
}

/// The worst verb anywhere in a statement: some databases need no `;` between two.
fn verbs(words: &[&str]) -> (Kind, &'static str) {
    let has = |word: &str| words.iter().any(|one| one.trim_end_matches('(') == word);
    let any = |list: &str| items(list).any(has);
    let before = |word: &str| {
        let at = words.iter().position(|one| *one == word)?;
        at.checked_sub(1).and_then(|at| words.get(at)).copied()
    };
    // A call is a word marked by `split` with the parenthesis behind it.
    let called = |word: &&str| word.ends_with('(');
    let name = |word: &&str| {
        let last = word.trim_end_matches('(').rsplit('.').next().unwrap_or_default();
        last.trim_matches('"').to_uppercase()
    };
    if any("DELETE DROP TRUNCATE") {
        return (Kind::Destroy, "deletes data or changes how it is stored");
    }
    if any("GRANT REVOKE") {
        return (Kind::Grant, "changes who may do what");
    }
    if any("EXEC EXECUTE CALL COPY PROGRAM SHUTDOWN KILL WAITFOR") {
        return (Kind::Execute, "runs code or touches files on the server");
    }
    // T-SQL runs a stored procedure by its bare name.
    if words.iter().any(|word| word.starts_with("SP_") || word.starts_with("XP_")) {
        return (Kind::Execute, "runs a stored procedure");
    }
    if words.iter().any(|word| called(word) && listed(ACTS, &name(word))) {
        return (Kind::Execute, "calls a function that acts on the server");
    }
    let updates = has("UPDATE") && !matches!(before("UPDATE"), Some("FOR" | "KEY"));
    if updates && !bounded(words) && !any("CONFLICT DUPLICATE MATCHED") {
        return (Kind::Destroy, "changes every row");
    }
    if has("CREATE") && any("EXTENSION USER ROLE EVENT SERVER ALIAS") {
        return (Kind::Execute, "creates code or an account on the server");
    }
    if updates || any("INSERT MERGE UPSERT CREATE INTO") || words.first() == Some(&"REPLACE") {
        return (Kind::Write, "changes data");
    }
    if has("FOR") && any("UPDATE SHARE") || has("LOCK") {
        return (Kind::Write, "locks rows");
    }
    if words.iter().any(|word| called(word) && !listed(PURE, &name(word))) {
        return (Kind::Write, "calls a function that may write");
    }
    (Kind::Read, "only reads")
}

/// Whether a condition follows WHERE that is not true for every row at first sight.
fn bounded(words: &[&str]) -> bool {
    let behind = words.iter().skip_while(|word| **word != "WHERE").skip(1);
    let names: Vec<&str> = behind
        .copied()
        .filter(|word| {
            word.starts_with(|char: char| char.is_alphabetic() || char == '_' || char == '"')
        })
        .collect();
    let always = names.contains(&"OR") && words.windows(3).any(constant);
    !(names.is_empty() || names.contains(&"TRUE") || always)
}

/// `1 = 1`
fn constant(three: &[&str]) -> bool {
    matches!(three, [a, "=", b] if a == b)
}

fn split(text: &str) -> (Vec<Statement>, Option<&'static str>) {
    let mut reader = Reader {
        chars: text.chars().peekable(),
        word: String::new(),
        now: Statement { words: Vec::new(), raw: Vec::new() },
        all: Vec::new(),
        opaque: None,
        callable: false,
    };
    reader.run();
    (reader.all, reader.opaque)
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    word: String,
    now: Statement,
    all: Vec<Statement>,
    opaque: Option<&'static str>,
    /// Whether a parenthesis would call the last word.
    callable: bool,
}

impl Reader<'_> {
    fn run(&mut self) {
        while let Some(char) = self.chars.next() {
            match char {
                '\'' | '"' | '`' => self.quotes(char),
                '-' if self.chars.next_if_eq(&'-').is_some() => self.line_comment(),
                '/' if self.chars.next_if_eq(&'*').is_some() => self.comment(),
                '#' => self.refuse("`#` starts a comment in some databases only"),
                '\\' => self.refuse("it holds a backslash outside quotes"),
                '\0' => self.refuse("it holds a NUL character"),
                '$' if !self.chars.peek().is_some_and(char::is_ascii_digit) => {
                    self.refuse("`$` quotes text in some databases only");
                }
                ';' => self.end_statement(),
                '(' => self.parenthesis(),
                '=' => {
                    self.end_word();
                    self.word.push('=');
                    self.end_word();
                    self.callable = false;
                }
                _ if char.is_alphanumeric() || matches!(char, '_' | '.' | '@' | '$') => {
                    self.word.push(char)
                }
                _ => {
                    self.end_word();
                    self.callable &= char.is_whitespace();
                }
            }
        }
        self.end_statement();
    }

    /// Marks the word in front as called, whatever blanks and comments stand between.
    fn parenthesis(&mut self) {
        self.end_word();
        if std::mem::take(&mut self.callable) {
            if let Some(word) = self.now.words.last_mut() {
                word.push('(');
            }
        } else {
            self.now.words.push("(".to_owned());
            self.now.raw.push("(".to_owned());
        }
    }

    fn refuse(&mut self, reason: &'static str) {
        self.end_word();
        self.opaque.get_or_insert(reason);
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if !word.is_empty() {
            self.now.words.push(word.to_uppercase());
            self.now.raw.push(word);
            self.callable = true;
        }
    }

    fn end_statement(&mut self) {
        self.end_word();
        let now =
            std::mem::replace(&mut self.now, Statement { words: Vec::new(), raw: Vec::new() });
        if !now.words.is_empty() {
            self.all.push(now);
        }
    }

    fn quotes(&mut self, quote: char) {
        self.end_word();
        let mut inside = String::new();
        loop {
            match self.chars.next() {
                Some(char) if char == quote => break,
                Some('\\') => self.refuse(
                    "\
                    a backslash in quotes is read differently by databases",
                ),
                Some(char) => inside.push(char),
                None => return self.refuse("a quote is not closed"),
            }
        }
        if quote != '\'' {
            // A quoted name is a name, never a keyword.
            self.now.words.push(format!("\"{inside}\""));
            self.now.raw.push(inside);
            self.callable = true;
        }
    }

    fn line_comment(&mut self) {
        self.end_word();
        if !matches!(self.chars.peek(), None | Some(' ' | '\t' | '\n' | '\r' | '-')) {
            self.refuse("`--` without a blank is a comment in some databases only");
        }
        while self.chars.next_if(|char| *char != '\n').is_some() {}
    }

    fn comment(&mut self) {
        self.end_word();
        if matches!(self.chars.peek(), Some('!' | 'M')) {
            self.refuse("a comment that some databases execute");
        }
        loop {
            match self.chars.next() {
                Some('*') if self.chars.next_if_eq(&'/').is_some() => return,
                Some('/') if self.chars.peek() == Some(&'*') => {
                    self.refuse("a comment within a comment")
                }
                Some(_) => {}
                None => return self.refuse("a comment is not closed"),
            }
        }
    }
}
