//! Conditions: CEL, checked when the file is loaded, bounded when they run.
//!
//! An error is an answer of its own, never "no": whoever asks treats it as "ask a person".

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::{Context, Env, Program, Value};

use super::Looked;
use super::problem::nearest;
use super::values::{self, Reader, Seen};
use crate::untrusted::Untrusted;

/// Bytes a condition may have.
const SOURCE_BYTES: usize = 4096;
/// A value that is only in part there.
const NOT_ALL: &str = "part of what was read is empty, or too large to be looked at";
/// Additions in one condition: joined texts grow with each.
const ADDITIONS: usize = 32;

/// A condition that was checked.
#[derive(Clone)]
pub(super) struct Condition {
    source: String,
    program: Arc<Program>,
    /// Paths it reads, such as `args.env`.
    reads: Vec<Vec<String>>,
    roots: BTreeSet<String>,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Condition {}

impl fmt::Debug for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Condition({:?})", self.source)
    }
}

/// What is wrong with a condition: the bytes of it, what, and what to do.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) span: Range<usize>,
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

/// Why a condition gave no yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoAnswer(pub(super) String);

fn env() -> &'static Arc<Env> {
    static ENV: OnceLock<Arc<Env>> = OnceLock::new();
    ENV.get_or_init(|| Arc::new(Env::stdlib()))
}

impl Condition {
    /// Checks a condition: grammar, names, and what would make it unbounded.
    pub(super) fn check(source: &str) -> Result<Self, Wrong> {
        Self::check_for(source, Reader::Rule)
    }

    /// Checks an expression of a probe, which sees what was read as well.
    pub(super) fn check_probe(source: &str) -> Result<Self, Wrong> {
        Self::check_for(source, Reader::Probe)
    }

    fn check_for(source: &str, reader: Reader) -> Result<Self, Wrong> {
        let whole = 0..source.len();
        let wrong = |what: String| Wrong { span: whole.clone(), what, hint: None };
        if source.len() > SOURCE_BYTES {
            return Err(wrong(format!("a condition may have {SOURCE_BYTES} bytes")));
        }
        let program = env().compile(source).map_err(|errors| {
            let first = errors.errors.first();
            let at = first.and_then(|error| byte_of(source, error.pos)).unwrap_or(0);
            let said = first.map(|error| error.msg.clone()).unwrap_or_default();
            let what = format!("this condition cannot be read: {said}");
            Wrong { span: at..(at + 1).min(source.len()), what, hint: None }
        })?;
        let mut reading = Reading { program: &program, source, reader, found: Found::default() };
        reading.walk(program.expression(), &Scope::default())?;
        let Found { reads, additions } = reading.found;
        if additions > ADDITIONS {
            return Err(wrong(format!("a condition may add {ADDITIONS} times")));
        }
        let roots = reads.iter().filter_map(|path| path.first().cloned()).collect();
        let reads = reads.into_iter().collect();
        Ok(Self { source: source.to_owned(), program: Arc::new(program), reads, roots })
    }

    /// The text.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it reads `root`, such as `args`.
    pub(super) fn reads(&self, root: &str) -> bool {
        self.roots.contains(root)
    }

    /// Whether it holds.
    pub(super) fn holds(&self, seen: &Seen<'_>) -> Result<bool, NoAnswer> {
        match self.value(seen)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(NoAnswer("it is neither true nor false".into())),
        }
    }

    /// Its value in words.
    pub(super) fn text(&self, seen: &Seen<'_>) -> Result<String, NoAnswer> {
        values::words(&self.value(seen)?).ok_or_else(|| NoAnswer(NOT_ALL.into()))
    }

    /// Its value as a list of texts.
    pub(super) fn texts(&self, seen: &Seen<'_>) -> Result<Vec<String>, NoAnswer> {
        match self.value(seen)? {
            Value::List(items) => items
                .iter()
                .map(|item| values::words(item).ok_or_else(|| NoAnswer(NOT_ALL.into())))
                .collect(),
            _ => Err(NoAnswer("it is no list".into())),
        }
    }

    fn value(&self, seen: &Seen<'_>) -> Result<Value, NoAnswer> {
        let mut context = Context::with_env(Arc::clone(env()));
        for root in &self.roots {
            let value = values::root(root, seen).map_err(NoAnswer)?;
            context.add_variable_from_value(root.as_str(), value);
        }
        self.program.execute(&context).map_err(|error| NoAnswer(error.to_string()))
    }

    /// What it looked at: each path, and the value it found there.
    pub(super) fn looked_at(&self, seen: &Seen<'_>) -> Vec<Looked> {
        let shown = |path: &Vec<String>| {
            let found = values::at(path, seen).unwrap_or_else(|| "not there".to_owned());
            Looked { path: path.join("."), value: Untrusted::new(found) }
        };
        self.reads.iter().map(shown).collect()
    }
}

/// The byte at a line (from 1) and column (from 1, in characters).
fn byte_of(source: &str, (line, column): (isize, isize)) -> Option<usize> {
    let line = usize::try_from(line).ok()?.checked_sub(1)?;
    let column = usize::try_from(column).ok()?.saturating_sub(1);
    let start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = source.get(start..)?;
    let within = rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
    Some((start + within).min(source.len().saturating_sub(1)))
}

#[derive(Default)]
struct Found {
    reads: BTreeSet<Vec<String>>,
    additions: usize,
}

/// Names that comprehensions bring in, and how deep they are.
#[derive(Clone, Default)]
struct Scope {
    bound: Vec<String>,
    depth: usize,
}

struct Reading<'a> {
    program: &'a Program,
    source: &'a str,
    reader: Reader,
    found: Found,
}

impl Reading<'_> {
    fn wrong(&self, at: &IdedExpr, what: String) -> Wrong {
        let range = self.program.source_info().offset_for(at.id);
        let (start, stop) = range.unwrap_or((0, 0));
        let byte = |chars: u32| {
            let chars = usize::try_from(chars).unwrap_or(usize::MAX);
            self.source.char_indices().nth(chars).map_or(self.source.len(), |(at, _)| at)
        };
        Wrong { span: byte(start)..byte(stop.saturating_add(1)), what, hint: None }
    }

    fn walk(&mut self, at: &IdedExpr, scope: &Scope) -> Result<(), Wrong> {
        match &at.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(_) | Expr::Select(_) => self.path(at, scope),
            Expr::List(list) => list.elements.iter().try_for_each(|one| self.walk(one, scope)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| self.entry(entry, scope)),
            Expr::Struct(_) => Err(self.wrong(at, "a condition makes no objects".into())),
            Expr::Call(call) => {
                if call.func_name == "_+_" {
                    self.found.additions += 1;
                }
                let target = call.target.as_deref();
                target.into_iter().chain(&call.args).try_for_each(|one| self.walk(one, scope))
            }
            Expr::Comprehension(inner) => {
                if scope.depth > 0 {
                    let what = "a list is walked inside the walk of another list".to_owned();
                    let mut wrong = self.wrong(at, what);
                    wrong.hint = Some("use two rules".into());
                    return Err(wrong);
                }
                self.walk(&inner.iter_range, scope)?;
                let mut within = scope.clone();
                within.depth += 1;
                within.bound.extend([inner.iter_var.clone(), inner.accu_var.clone()]);
                within.bound.extend(inner.iter_var2.clone());
                let parts = [&inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result];
                parts.into_iter().try_for_each(|part| self.walk(part, &within))
            }
        }
    }

    fn entry(
        &mut self,
        entry: &cel::common::ast::IdedEntryExpr,
        scope: &Scope,
    ) -> Result<(), Wrong> {
        match &entry.expr {
            EntryExpr::MapEntry(pair) => {
                self.walk(&pair.key, scope)?;
                self.walk(&pair.value, scope)
            }
            EntryExpr::StructField(field) => self.walk(&field.value, scope),
        }
    }

    /// A name with its members: it must be one there is.
    fn path(&mut self, at: &IdedExpr, scope: &Scope) -> Result<(), Wrong> {
        let mut members = Vec::new();
        let mut inner = at;
        while let Expr::Select(select) = &inner.expr {
            members.push(select.field.clone());
            inner = &select.operand;
        }
        let Expr::Ident(name) = &inner.expr else { return self.walk(inner, scope) };
        if scope.bound.contains(name) {
            return Ok(());
        }
        members.push(name.clone());
        members.reverse();
        if let Err((unknown, known)) = values::check(&members, self.reader) {
            let place = if unknown == *name { inner } else { at };
            let mut wrong = self.wrong(place, format!("there is no `{unknown}` here"));
            let near =
                nearest(unknown.rsplit('.').next().unwrap_or_default(), known.iter().copied());
            wrong.hint = Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", known.join(", ")),
            });
            return Err(wrong);
        }
        self.found.reads.insert(members);
        Ok(())
    }
}
