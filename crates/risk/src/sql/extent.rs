//! How far a statement goes: whether a condition leaves rows out, whether a part is dropped.

use sqlparser::ast::{AlterTableOperation, BinaryOperator, Expr, Merge, MergeAction, Value};

/// Whether a change of a table drops a part of it.
pub(super) fn drops(operation: &AlterTableOperation) -> bool {
    matches!(
        operation,
        AlterTableOperation::DropColumn { .. }
            | AlterTableOperation::DropPartitions { .. }
            | AlterTableOperation::DropConstraint { .. }
            | AlterTableOperation::DropPrimaryKey { .. }
            | AlterTableOperation::DropForeignKey { .. }
            | AlterTableOperation::DropIndex { .. }
            | AlterTableOperation::DropProjection { .. }
            | AlterTableOperation::ClearProjection { .. }
            | AlterTableOperation::DisableRowLevelSecurity
    )
}

/// Whether a merge deletes rows.
pub(super) fn deletes(merge: &Merge) -> bool {
    merge.clauses.iter().any(|clause| matches!(clause.action, MergeAction::Delete { .. }))
}

/// Whether a condition leaves some rows out, as far as can be seen at first sight.
pub(super) fn bounds(condition: &Expr) -> bool {
    !always(condition, 0)
}

fn always(condition: &Expr, depth: usize) -> bool {
    if depth > 32 {
        return true;
    }
    match condition {
        Expr::Value(value) => match &value.value {
            Value::Boolean(value) => *value,
            Value::Number(number, _) => number != "0",
            _ => false,
        },
        Expr::Nested(inside) => always(inside, depth + 1),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::Or => always(left, depth + 1) || always(right, depth + 1),
            BinaryOperator::And => always(left, depth + 1) && always(right, depth + 1),
            BinaryOperator::Eq
            | BinaryOperator::LtEq
            | BinaryOperator::GtEq
            | BinaryOperator::Spaceship => left == right,
            BinaryOperator::NotEq | BinaryOperator::Lt | BinaryOperator::Gt => {
                matches!((&**left, &**right), (Expr::Value(one), Expr::Value(two)) if one != two)
            }
            _ => false,
        },
        _ => false,
    }
}
