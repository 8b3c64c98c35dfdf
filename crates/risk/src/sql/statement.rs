//! Judges one parsed statement, and every statement, query and call within it.

use std::ops::ControlFlow;

use holdshort_core::{Phrase, Source};
use sqlparser::ast::{
    CopyTarget, Expr, FromTable, ObjectName, ObjectType, Query, Select, Statement, TableFactor,
    Visit, Visitor,
};

use super::extent::{bounds, deletes, drops};
use super::{Judged, functions};
use crate::files;
use crate::finding::{Finding, Kind};

pub(super) fn judge(statement: &Statement, out: &mut Judged) {
    let mut within = Within { out, depth: 0, looks: false };
    let _ = statement.visit(&mut within);
}

/// Walks through a statement.
struct Within<'a> {
    out: &'a mut Judged,
    depth: usize,
    /// Inside an EXPLAIN that runs nothing.
    looks: bool,
}

impl Visitor for Within<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        self.depth += 1;
        if let Statement::Explain { analyze, options, .. } = statement {
            let runs = *analyze
                || options.iter().flatten().any(|option| {
                    let name = option.name.value.to_ascii_lowercase();
                    name.starts_with("analy")
                });
            self.looks |= !runs;
        }
        let (kind, why) = one(statement);
        if self.looks {
            self.add(Kind::Read, "only explains", "");
            return ControlFlow::Break(());
        }
        self.add(kind, why, &start(statement));
        self.outside(statement);
        if self.out.worst.is_none() {
            self.out.worst = object(statement);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if !query.locks.is_empty() {
            self.add(Kind::Read, "locks rows until the transaction ends", "FOR UPDATE");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() {
            self.add(Kind::Write, "writes what it reads to a table", "INTO");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.call(&function.name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Function { name, .. } => self.call(name),
            TableFactor::Table { name, args: Some(_), .. } => self.call(name),
            // DuckDB reads files that are named like tables.
            TableFactor::Table { name, .. } => {
                let text = last(name);
                if text.contains('/') || text.ends_with(".csv") || text.ends_with(".parquet") {
                    self.add(Kind::ReadSecret, "reads a file of the server", &text);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Within<'_> {
    /// Files and code of the server that a statement names.
    fn outside(&mut self, statement: &Statement) {
        match statement {
            Statement::Copy { to: true, target: CopyTarget::File { filename }, .. } => {
                self.out.findings.push(writes(filename));
            }
            Statement::Copy { target: CopyTarget::File { filename }, .. }
            | Statement::LoadData { inpath: filename, .. } => {
                self.add(Kind::ReadSecret, "reads a file of the server", filename);
            }
            Statement::CreateFunction(function) => {
                let text = function.to_string().to_ascii_lowercase();
                let language =
                    function.language.as_ref().map(|name| name.value.to_ascii_lowercase());
                let free = language.is_some_and(|name| {
                    name.ends_with('u') || matches!(name.as_str(), "c" | "internal" | "plsh")
                });
                if free || text.contains("security definer") {
                    self.add(Kind::Execute, "code that may do what its caller may not", "FUNCTION");
                }
            }
            Statement::CreateExtension(extension) => {
                let name = extension.name.value.to_ascii_lowercase();
                let free = name.ends_with('u')
                    || matches!(
                        name.as_str(),
                        "dblink"
                            | "file_fdw"
                            | "adminpack"
                            | "http"
                            | "pg_net"
                            | "pg_cron"
                            | "plsh"
                            | "plrust"
                            | "plv8"
                            | "postgres_fdw"
                    );
                if free {
                    self.add(Kind::Execute, "an extension that reaches outside", &name);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, kind: Kind, why: &str, of: &str) {
        let text = if of.is_empty() {
            Phrase::ours(why)
        } else {
            Phrase::ours(format!("{why}: `")).theirs(of).and("`")
        };
        self.out.findings.push(Finding::new(kind, Source::Sql, text));
    }

    fn call(&mut self, name: &ObjectName) {
        let text = last(name);
        match functions::find(&text) {
            // A schema of one's own may hold a function of the same name.
            Some(Kind::Read) if name.0.len() == 1 || is_system(name) => {}
            Some(Kind::Read) | None => {
                self.add(Kind::Unknown, "calls a function that is not known", &text);
            }
            Some(kind) => self.add(kind, "calls a function that does more than compute", &text),
        }
    }
}

fn is_system(name: &ObjectName) -> bool {
    let first = name.0.first().map(ToString::to_string).unwrap_or_default();
    matches!(first.to_ascii_lowercase().as_str(), "pg_catalog" | "information_schema" | "sys")
}

fn last(name: &ObjectName) -> String {
    name.0.last().map(ToString::to_string).unwrap_or_default().trim_matches(['"', '`']).to_owned()
}

/// A file that the server writes: code or settings of a server are more than a file.
pub(super) fn writes(path: &str) -> Finding {
    let code = [".php", ".jsp", ".asp", ".aspx", ".sh", ".py", ".pl", ".rb", ".so", ".dll", ".cnf"];
    let lower = path.to_ascii_lowercase();
    if code.iter().any(|end| lower.ends_with(end)) || lower.contains("www") {
        let text = Phrase::ours("writes code on the server: `").theirs(path).and("`");
        return Finding::new(Kind::Config, Source::Sql, text);
    }
    files::judge_write(path, None)
}

/// The first words of a statement.
fn start(statement: &Statement) -> String {
    let mut text = String::new();
    // A statement is written in pieces; only its start is wanted.
    let _ = std::fmt::Write::write_fmt(&mut Short(&mut text), format_args!("{statement}"));
    text.split_ascii_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Stops writing once there is enough.
struct Short<'a>(&'a mut String);

impl std::fmt::Write for Short<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push_str(text);
        if self.0.len() > 80 { Err(std::fmt::Error) } else { Ok(()) }
    }
}

const READS: (Kind, &str) = (Kind::Read, "only reads");
const CHANGES: (Kind, &str) = (Kind::Write, "changes data or how it is kept");
const DELETES: (Kind, &str) = (Kind::Destroy, "deletes data");
const RIGHTS: (Kind, &str) = (Kind::Grant, "changes who may do what");
const RUNS: (Kind, &str) = (Kind::Execute, "runs code or reaches outside the database");

const SERVER: (Kind, &str) = (Kind::Config, "changes the server");

/// The statement's own effect.
fn one(statement: &Statement) -> (Kind, &'static str) {
    reads(statement).or_else(|| destroys(statement)).unwrap_or_else(|| changes(statement))
}

/// Statements that look.
fn reads(statement: &Statement) -> Option<(Kind, &'static str)> {
    matches!(
        statement,
        Statement::Query(_)
            | Statement::ExplainTable { .. }
            | Statement::Explain { .. }
            | Statement::ShowFunctions { .. }
            | Statement::ShowVariable { .. }
            | Statement::ShowStatus { .. }
            | Statement::ShowVariables { .. }
            | Statement::ShowCreate { .. }
            | Statement::ShowColumns { .. }
            | Statement::ShowCatalogs { .. }
            | Statement::ShowDatabases { .. }
            | Statement::ShowProcessList { .. }
            | Statement::ShowSchemas { .. }
            | Statement::ShowCharset(_)
            | Statement::ShowObjects(_)
            | Statement::ShowTables { .. }
            | Statement::ShowViews { .. }
            | Statement::ShowCollation { .. }
            | Statement::Use(_)
            | Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint { .. }
            | Statement::ReleaseSavepoint { .. }
            | Statement::Declare { .. }
            | Statement::Fetch { .. }
            | Statement::Open(_)
            | Statement::Close { .. }
            | Statement::List(_)
            | Statement::Print(_)
            | Statement::Return(_)
            | Statement::RaisError { .. }
            | Statement::Copy { to: true, target: CopyTarget::Stdout, .. }
            | Statement::Pragma { value: None, .. }
    )
    .then_some(READS)
}

/// Statements that delete, drop or overwrite.
fn destroys(statement: &Statement) -> Option<(Kind, &'static str)> {
    match statement {
        Statement::Delete(_) | Statement::Truncate(_) | Statement::Remove(_) => Some(DELETES),
        Statement::Drop { .. }
        | Statement::DropFunction(_)
        | Statement::DropDomain(_)
        | Statement::DropProcedure { .. }
        | Statement::DropSecret { .. }
        | Statement::DropConnector { .. }
        | Statement::DropExtension(_)
        | Statement::DropOperator(_)
        | Statement::DropOperatorFamily(_)
        | Statement::DropOperatorClass(_)
        | Statement::DropTrigger(_) => Some((Kind::Destroy, "drops something")),
        Statement::Update(update) if !update.selection.as_ref().is_some_and(bounds) => {
            Some((Kind::Destroy, "changes every row"))
        }
        Statement::Insert(insert) if insert.overwrite => Some((Kind::Destroy, "overwrites data")),
        Statement::Merge(merge) if deletes(merge) => Some(DELETES),
        Statement::CreateTable(table) if table.or_replace => {
            Some((Kind::Destroy, "replaces a table"))
        }
        Statement::AlterTable(alter) if alter.operations.iter().any(drops) => {
            Some((Kind::Destroy, "drops a part of a table"))
        }
        Statement::Kill { .. } => Some((Kind::Halt, "ends someone's connection")),
        _ => None,
    }
}

/// All others.
fn changes(statement: &Statement) -> (Kind, &'static str) {
    match statement {
        Statement::Grant(_)
        | Statement::Deny(_)
        | Statement::Revoke(_)
        | Statement::CreateRole(_)
        | Statement::AlterRole { .. }
        | Statement::CreateUser(_)
        | Statement::AlterUser(_)
        | Statement::CreatePolicy(_)
        | Statement::AlterPolicy(_)
        | Statement::DropPolicy(_)
        | Statement::CreateSecret { .. } => RIGHTS,
        Statement::Copy { target: CopyTarget::Program { .. }, .. }
        | Statement::Call(_)
        | Statement::Execute { .. }
        | Statement::CreateServer(_)
        | Statement::CreateConnector(_)
        | Statement::AlterConnector { .. }
        | Statement::AttachDatabase { .. }
        | Statement::AttachDuckDBDatabase { .. }
        | Statement::Install { .. }
        | Statement::Load { .. }
        | Statement::Directory { .. }
        | Statement::ExportData(_)
        | Statement::Unload { .. }
        | Statement::If(_)
        | Statement::While(_)
        | Statement::Case(_) => RUNS,
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Merge(_)
        | Statement::Copy { .. }
        | Statement::AlterTable(_)
        | Statement::CreateTable(_)
        | Statement::CreateView(_)
        | Statement::CreateIndex(_)
        | Statement::CreateFunction(_)
        | Statement::CreateProcedure { .. }
        | Statement::CreateTrigger(_)
        | Statement::CreateExtension(_)
        | Statement::CreateMacro { .. }
        | Statement::LoadData { .. }
        | Statement::Prepare { .. } => CHANGES,
        Statement::Pragma { name, .. } if last(name).eq_ignore_ascii_case("writable_schema") => {
            SERVER
        }
        Statement::Pragma { .. } => CHANGES,
        Statement::Set(_) => match start(statement).to_ascii_uppercase() {
            text if text.contains(" GLOBAL ") || text.contains(" PERSIST ") => SERVER,
            text if text.starts_with("SET PASSWORD") => RIGHTS,
            _ => CHANGES,
        },
        _ => other(statement),
    }
}

/// Statements that many databases have and few use, by their first word.
fn other(statement: &Statement) -> (Kind, &'static str) {
    let text = start(statement).to_ascii_uppercase();
    if text.starts_with("ALTER SYSTEM") {
        return SERVER;
    }
    let first = text.split(' ').next().unwrap_or_default();
    match first {
        "CREATE" | "ALTER" | "ANALYZE" | "VACUUM" | "COMMENT" | "RENAME" | "OPTIMIZE" | "LOCK"
        | "UNLOCK" | "LISTEN" | "UNLISTEN" | "NOTIFY" | "RESET" | "DISCARD" | "DEALLOCATE"
        | "FLUSH" | "CACHE" | "UNCACHE" | "REFRESH" | "MSCK" | "DETACH" | "WAITFOR" | "PUT"
        | "ASSERT" | "SET" => CHANGES,
        "DROP" => (Kind::Destroy, "drops something"),
        "THROW" | "RAISE" => READS,
        _ => (Kind::UnknownCode, "a statement that is not known"),
    }
}

/// The object of a statement that deletes, for the sentence.
fn object(statement: &Statement) -> Option<(&'static str, String)> {
    let list = |names: &[ObjectName]| match names {
        [] => None,
        [one] => Some(one.to_string()),
        [one, two] => Some(format!("{one} and {two}")),
        [one, more @ ..] => Some(format!("{one} and {} more", more.len())),
    };
    match statement {
        Statement::Drop { object_type, names, .. } => {
            let verb = match (object_type, names.len()) {
                (ObjectType::Table, 1) => "drop table ",
                (ObjectType::Database, _) => "drop database ",
                (ObjectType::Schema, _) => "drop schema ",
                (ObjectType::View, 1) => "drop view ",
                (ObjectType::Index, 1) => "drop index ",
                (ObjectType::Table, _) => "drop tables ",
                _ => return None,
            };
            Some((verb, list(names)?))
        }
        Statement::Truncate(truncate) => {
            let name = truncate.table_names.first()?.name.to_string();
            Some(("empty table ", name))
        }
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            let name = from.first()?.relation.to_string();
            let some = delete.selection.as_ref().is_some_and(bounds);
            Some((if some { "delete rows of " } else { "delete all rows of " }, name))
        }
        Statement::Update(update) if !update.selection.as_ref().is_some_and(bounds) => {
            Some(("change every row of ", update.table.relation.to_string()))
        }
        _ => None,
    }
}
