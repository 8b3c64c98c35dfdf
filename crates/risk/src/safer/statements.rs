//! Safer statements of SQL: count first, rename instead of drop.

use holdshort_core::Json;
use sqlparser::ast::{FromTable, ObjectType, Statement};

use super::{Edit, with};
use crate::call::{Call, find};
use crate::sql::{Dialect, single};

/// Edits of a text that is one statement.
pub(super) fn edits(call: &Call<'_>, ways: &mut Vec<Edit>) {
    let Some((key, Json::String(text))) = find(call.arguments, "sql sql_query query statement")
    else {
        return;
    };
    let named = [call.server.unwrap_or_default(), call.tool].join(" ");
    let Some(statement) = single(text, Dialect::of(&named)) else { return };
    let mut edit = |title, detail, text: String| {
        ways.push((title, detail, with(call.arguments, key, Json::String(text))));
    };
    match &statement {
        Statement::Drop { object_type: ObjectType::Table, names, .. } => {
            if let [name] = names.as_slice() {
                let last = name.0.last().map(ToString::to_string).unwrap_or_default();
                let aside = format!("{}_dropped", last.trim_matches(['"', '`']));
                edit(
                    "Rename it instead",
                    "drop it once nobody missed it",
                    format!("ALTER TABLE {name} RENAME TO {aside}"),
                );
            }
        }
        Statement::Truncate(truncate) => {
            if let Some(target) = truncate.table_names.first() {
                let count = format!("SELECT count(*) FROM {}", target.name);
                edit("Only count its rows", "changes nothing", count);
            }
        }
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            if let [table] = from.as_slice() {
                let count = count(&table.to_string(), delete.selection.as_ref());
                edit("Only count the rows it would delete", "changes nothing", count);
            }
        }
        Statement::Update(update) => {
            let count = count(&update.table.to_string(), update.selection.as_ref());
            edit("Only count the rows it would change", "changes nothing", count);
        }
        _ => {}
    }
}

fn count(table: &str, condition: Option<&sqlparser::ast::Expr>) -> String {
    match condition {
        Some(condition) => format!("SELECT count(*) FROM {table} WHERE {condition}"),
        None => format!("SELECT count(*) FROM {table}"),
    }
}
