//! What SQL would do: every statement is parsed and judged; what cannot be parsed is never safe.

mod extent;
mod functions;
mod gaps;
mod scan;
mod statement;

use holdshort_core::{Phrase, Source};
use sqlparser::dialect as known;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use crate::finding::{Finding, Kind};
use crate::words::split;

/// Longer texts are not parsed.
const BYTES: usize = 64 * 1024;
/// More operators than this in one text are not parsed: chains of them nest as deep.
const OPERATORS_MAX: usize = 400;
/// How deep the parser follows parentheses.
const DEPTH: usize = 40;

/// What was found in a text of SQL.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    /// Keyword and object of the worst statement.
    pub(crate) worst: Option<(&'static str, String)>,
    pub(crate) statements: usize,
}

/// The kind of database a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Unknown,
    Postgres,
    MySql,
    Sqlite,
    MsSql,
    Snowflake,
    BigQuery,
    ClickHouse,
    DuckDb,
    Redshift,
    Databricks,
}

impl Dialect {
    /// The dialect that a word of a tool's or program's name says.
    pub(crate) fn of(name: &str) -> Self {
        let words = split(name);
        let named = |word: &String| {
            Some(match word.as_str() {
                "psql" | "postgres" | "postgresql" | "pg" | "supabase" | "neon" => Self::Postgres,
                "mysql" | "mariadb" => Self::MySql,
                "sqlite" => Self::Sqlite,
                "mssql" | "sqlcmd" | "sqlserver" => Self::MsSql,
                "snowflake" => Self::Snowflake,
                "bigquery" | "bq" => Self::BigQuery,
                "clickhouse" => Self::ClickHouse,
                "duckdb" | "motherduck" => Self::DuckDb,
                "redshift" => Self::Redshift,
                "databricks" => Self::Databricks,
                _ => return None,
            })
        };
        words.iter().find_map(named).unwrap_or(Self::Unknown)
    }

    fn parsers(self) -> &'static [&'static dyn known::Dialect] {
        match self {
            Self::Unknown => &[
                &known::PostgreSqlDialect {},
                &known::GenericDialect {},
                &known::MySqlDialect {},
                &known::SQLiteDialect {},
                &known::MsSqlDialect {},
            ],
            Self::Postgres => &[&known::PostgreSqlDialect {}],
            Self::MySql => &[&known::MySqlDialect {}],
            Self::Sqlite => &[&known::SQLiteDialect {}],
            Self::MsSql => &[&known::MsSqlDialect {}],
            Self::Snowflake => &[&known::SnowflakeDialect {}],
            Self::BigQuery => &[&known::BigQueryDialect {}],
            Self::ClickHouse => &[&known::ClickHouseDialect {}],
            Self::DuckDb => &[&known::DuckDbDialect {}],
            Self::Redshift => &[&known::RedshiftSqlDialect {}],
            Self::Databricks => &[&known::DatabricksDialect {}],
        }
    }
}

/// Whether a text begins like a statement.
pub(crate) fn looks_like(text: &str) -> bool {
    scan::looks_like(text)
}

/// Judges every statement of a text.
pub(crate) fn judge(text: &str, dialect: Dialect) -> Judged {
    if text.len() > BYTES {
        return opaque("it is longer than 64 KiB");
    }
    if text.contains('\0') {
        return opaque("it holds a NUL character");
    }
    if !matches!(dialect, Dialect::Postgres | Dialect::Sqlite | Dialect::MsSql)
        && let Some(expanded) = gaps::executed_comments(text)
    {
        return worse(judge_plain(text, dialect), judge_plain(&expanded, dialect));
    }
    judge_plain(text, dialect)
}

/// The statement of a text that holds one, and that every database reads alike.
pub(crate) fn single(text: &str, dialect: Dialect) -> Option<sqlparser::ast::Statement> {
    if text.len() > BYTES || text.contains("/*") || text.contains("--") || text.contains('#') {
        return None;
    }
    let parser = dialect.parsers().first()?;
    let tokens = Tokenizer::new(*parser, text).tokenize().ok()?;
    if tokens.iter().filter(|token| is_operator(token)).count() > OPERATORS_MAX {
        return None;
    }
    let parser = Parser::new(*parser).with_recursion_limit(DEPTH).with_tokens(tokens);
    let mut statements = { parser }.parse_statements().ok()?;
    let one = statements.pop()?;
    statements.is_empty().then_some(one)
}

/// Both readings of a text count; the worse one is shown.
fn worse(one: Judged, other: Judged) -> Judged {
    let (mut worst, less) = if level(&one) > level(&other) { (one, other) } else { (other, one) };
    worst.findings.extend(less.findings);
    let text = Phrase::ours("it holds a comment that some databases execute");
    worst.findings.push(Finding::new(Kind::Unknown, Source::Sql, text));
    worst
}

fn judge_plain(text: &str, dialect: Dialect) -> Judged {
    let mut made: Option<Judged> = None;
    for parser in dialect.parsers() {
        let Some(judged) = parse(*parser, text) else { continue };
        let better = made.as_ref().is_none_or(|old| level(&judged) > level(old));
        if better {
            made = Some(judged);
        }
        if dialect != Dialect::Unknown || !is_ambiguous(text) {
            break;
        }
    }
    let mut judged = made.unwrap_or_else(|| scan::judge(text));
    judged.findings.extend(scan::outfile(text));
    if dialect == Dialect::Unknown && text.matches('$').count() > 1 && text.contains(';') {
        let text = Phrase::ours("it holds quotes that only some databases read");
        judged.findings.push(Finding::new(Kind::Unknown, Source::Sql, text));
    }
    if judged.findings.is_empty() {
        let text = Phrase::ours("there is no statement that can be read");
        judged.findings.push(Finding::new(Kind::UnknownCode, Source::Sql, text));
    }
    judged
}

fn level(judged: &Judged) -> holdshort_core::RiskLevel {
    let levels = judged.findings.iter().map(|found| found.kind.level());
    levels.max().unwrap_or(holdshort_core::RiskLevel::Safe)
}

/// Whether databases read the text differently: quotes, comments.
fn is_ambiguous(text: &str) -> bool {
    text.contains(['\\', '#', '`', '$', '[']) || text.contains("--")
}

fn opaque(reason: &str) -> Judged {
    let why = Phrase::ours(format!("it cannot be inspected in full: {reason}"));
    Judged { findings: vec![Finding::new(Kind::Opaque, Source::Sql, why)], ..Judged::default() }
}

/// Parses and judges a text; nothing where this dialect cannot read it.
fn parse(dialect: &dyn known::Dialect, text: &str) -> Option<Judged> {
    let tokens = Tokenizer::new(dialect, text).tokenize().ok()?;
    let operators = tokens.iter().filter(|token| is_operator(token)).count();
    if operators > OPERATORS_MAX {
        return Some(opaque("it holds too many operators"));
    }
    let tokens = gaps::fill(tokens);
    let parser = Parser::new(dialect).with_recursion_limit(DEPTH).with_tokens(tokens);
    let statements = { parser }.parse_statements().ok()?;
    if statements.is_empty() {
        return None;
    }
    let mut judged = Judged { statements: statements.len(), ..Judged::default() };
    for statement in &statements {
        statement::judge(statement, &mut judged);
    }
    Some(judged)
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => !matches!(
            word.keyword,
            Keyword::NoKeyword | Keyword::NULL | Keyword::TRUE | Keyword::FALSE | Keyword::AS
        ),
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::Whitespace(_)
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::Period
        | Token::EOF => false,
        _ => true,
    }
}
