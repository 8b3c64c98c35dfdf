//! A query that counts the rows a statement would change, made of nothing but the statement's own
//! table and plain comparisons.

use sqlparser::ast::{
    BinaryOperator, Delete, Expr, FromTable, InTarget, Statement, TableFactor, TableWithJoins,
    UnaryOperator, Update,
};

use crate::call::Call;
use crate::decoded::{dialect, sql_of};
use crate::sql::single;
use crate::words::Name;

/// The query that counts the rows which one UPDATE or DELETE would change; `None` when it calls
/// functions, asks other tables, or is anything else.
///
/// ```
/// use holdshort_core::Json;
/// use holdshort_risk::{Call, count_query};
///
/// let arguments = Json::parse(br#"{"sql": "DELETE FROM orders WHERE state = 'old'"}"#).unwrap();
/// let query = count_query(&Call::new("execute_sql", &arguments)).unwrap();
/// assert_eq!(query, "SELECT count(*) AS count FROM orders WHERE state = 'old'");
/// ```
#[must_use]
pub fn count_query(call: &Call<'_>) -> Option<String> {
    let name = Name::new(call.tool, call.server);
    let texts = sql_of(call, &name);
    let [(text, _)] = texts.as_slice() else { return None };
    let (table, condition) = match single(text, dialect(call, &name))? {
        Statement::Delete(delete) => deleted(delete)?,
        Statement::Update(update) => updated(update)?,
        _ => return None,
    };
    let query = format!("SELECT count(*) AS count FROM {table}");
    match condition {
        None => Some(query),
        Some(condition) if is_plain(&condition) => Some(format!("{query} WHERE {condition}")),
        Some(_) => None,
    }
}

type Part = (String, Option<Expr>);

fn deleted(delete: Delete) -> Option<Part> {
    let plain = delete.tables.is_empty()
        && delete.using.is_none()
        && delete.returning.is_none()
        && delete.output.is_none()
        && delete.order_by.is_empty()
        && delete.limit.is_none();
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = delete.from;
    match from.as_slice() {
        [one] if plain => Some((table(one)?, delete.selection)),
        _ => None,
    }
}

fn updated(update: Update) -> Option<Part> {
    let plain = update.from.is_none()
        && update.returning.is_none()
        && update.output.is_none()
        && update.or.is_none()
        && update.order_by.is_empty()
        && update.limit.is_none();
    if plain { Some((table(&update.table)?, update.selection)) } else { None }
}

/// The name of one plain table.
fn table(one: &TableWithJoins) -> Option<String> {
    let TableFactor::Table { name, .. } = &one.relation else { return None };
    // What is more than its name is written out in full, and differs.
    let alone = one.to_string() == name.to_string();
    (one.joins.is_empty() && alone).then(|| name.to_string())
}

/// Whether a condition is made of columns, values and plain comparisons. A name with a dot in it
/// may be a function to PostgreSQL, so it is none of them.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::Value(_) => !expr.to_string().contains(['$', '?', ':', '@']),
        Expr::Nested(inner) | Expr::IsNull(inner) | Expr::IsNotNull(inner) => is_plain(inner),
        Expr::UnaryOp { op, expr } => {
            matches!(op, UnaryOperator::Not | UnaryOperator::Minus | UnaryOperator::Plus)
                && is_plain(expr)
        }
        Expr::BinaryOp { left, op, right } => {
            let compares = matches!(
                op,
                BinaryOperator::Eq
                    | BinaryOperator::NotEq
                    | BinaryOperator::Lt
                    | BinaryOperator::LtEq
                    | BinaryOperator::Gt
                    | BinaryOperator::GtEq
                    | BinaryOperator::And
                    | BinaryOperator::Or
            );
            compares && is_plain(left) && is_plain(right)
        }
        Expr::In { expr, target: InTarget::List(list), .. } => {
            is_plain(expr) && list.iter().all(is_plain)
        }
        Expr::Between { expr, low, high, .. } => is_plain(expr) && is_plain(low) && is_plain(high),
        Expr::Like { any: false, expr, pattern, escape_char: None, .. } => {
            is_plain(expr) && is_plain(pattern)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdshort_core::Json;

    fn of(sql: &str) -> Option<String> {
        let arguments = Json::Object(vec![("sql".into(), Json::String(sql.into()))]);
        count_query(&Call::new("execute_sql", &arguments))
    }

    #[test]
    fn only_plain_conditions_are_counted() {
        let counted = |sql: &str| of(sql).unwrap();
        let count = "SELECT count(*) AS count FROM";
        assert_eq!(counted("DELETE FROM t"), format!("{count} t"));
        assert_eq!(
            counted(r#"UPDATE "My Table" SET a = 1 WHERE "B" >= 2 AND (c IS NULL OR NOT d)"#),
            format!(r#"{count} "My Table" WHERE "B" >= 2 AND (c IS NULL OR NOT d)"#)
        );
        assert_eq!(
            counted("DELETE FROM s.t WHERE a IN (1, 'x') AND b BETWEEN 1 AND 2 AND c LIKE 'a%'"),
            format!("{count} s.t WHERE a IN (1, 'x') AND b BETWEEN 1 AND 2 AND c LIKE 'a%'")
        );
        for other in [
            "DELETE FROM t WHERE pg_sleep(10) IS NULL",
            "DELETE FROM t WHERE a = (SELECT 1)",
            "DELETE FROM t WHERE a IN (SELECT b FROM c)",
            "DELETE FROM t USING u WHERE t.a = u.a",
            "DELETE FROM t WHERE t.a = 1",
            "DELETE FROM t WHERE a = $1",
            "DELETE FROM t WHERE a = ?",
            "DELETE FROM t WHERE a::text = 'x'",
            "DELETE FROM t WHERE CAST(a AS text) = 'x'",
            "DELETE FROM t WHERE a || 'x' = 'y'",
            "DELETE FROM ONLY t",
            "DELETE FROM t AS u WHERE a = 1",
            "DELETE FROM t RETURNING a",
            "UPDATE t SET a = 1 FROM u",
            "UPDATE t JOIN u SET a = 1",
            "WITH x AS (SELECT 1) DELETE FROM t",
            "DELETE FROM t; DELETE FROM u",
            "DELETE FROM t -- WHERE a = 1",
            "DROP TABLE t",
            "INSERT INTO t VALUES (1)",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
