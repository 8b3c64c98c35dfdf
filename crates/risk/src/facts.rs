//! Facts read off the arguments: how many of what, how much money, what is easily overlooked.

use holdshort_core::{Count, Json, Money, Phrase, Untrusted};

use crate::call::{Call, find, find_text, path, plain, visit};
use crate::finding::{Finding, Kind};
use crate::words;

const AMOUNT: &str =
    "amount total price sum value total_amount amount_cents amount_minor raw_amount";
const CURRENCY: &str = "currency currency_code asset token unit";
pub(crate) const PAYEE: &str = "\
    recipient to payee destination account iban beneficiary customer customer_id wallet address";

/// Whether a field of this name holds a path.
pub(crate) fn is_path_key(key: &str) -> bool {
    words::listed(PATH_KEYS, key)
}

const PATH_KEYS: &str = "\
    path paths file_path file files filename notebook_path destination dest target_file \
    relative_workspace_path absolute_path uri new_path output_path output";

/// The longest list of plain values, from two on.
pub(crate) fn count(arguments: &Json) -> Option<Count> {
    let mut best: Option<(usize, String, String)> = None;
    visit(arguments, &mut Vec::new(), &mut |steps, value| {
        let Some(items) = value.as_array() else {
            return;
        };
        let longest = best.as_ref().map_or(1, |(length, ..)| *length);
        if items.len() > longest && items.iter().all(|item| plain(item).is_some()) {
            let key = steps.iter().rev().find_map(|step| match step {
                crate::call::Step::Key(key) => Some(*key),
                crate::call::Step::Index(_) => None,
            });
            // The words of a command are no things it is done to.
            if key.is_some_and(|key| is_command_key(&crate::call::snake(key))) {
                return;
            }
            let noun = words::split(key.unwrap_or("items")).join(" ");
            best = Some((items.len(), noun, path(steps)));
        }
    });
    let (number, noun, path) = best?;
    let number = u64::try_from(number).ok()?;
    Some(Count { number, noun: Untrusted::new(noun), path: Untrusted::new(path) })
}

fn is_command_key(key: &str) -> bool {
    words::listed(crate::decoded::COMMAND_KEYS, key) || matches!(key, "args" | "arguments")
}

/// Whether the arguments name an amount and someone who gets it.
pub(crate) fn pays(arguments: &Json) -> bool {
    find_text(arguments, "amount raw_amount amount_cents total_amount").is_some()
        && find_text(arguments, PAYEE).is_some()
}

/// The money that moves, as written.
pub(crate) fn money(call: &Call<'_>, findings: &[Finding]) -> Money {
    if findings.iter().any(|found| found.kind == Kind::Pay) {
        return match find_text(call.arguments, AMOUNT) {
            Some(amount) => Money::Amount {
                amount: Untrusted::new(amount),
                currency: Untrusted::new(find_text(call.arguments, CURRENCY).unwrap_or_default()),
            },
            None => Money::NotKnown,
        };
    }
    if findings.iter().any(|found| found.kind.may_move_money()) {
        Money::NotKnown
    } else {
        Money::None
    }
}

/// A raw amount in whole units, and its share of the balance.
pub(crate) fn money_notes(arguments: &Json) -> Vec<Phrase> {
    let mut notes = Vec::new();
    let Some(raw) = find_text(arguments, "raw_amount amount_raw") else {
        return notes;
    };
    let decimals = find(arguments, "decimals").and_then(|(_, value)| plain(value));
    if let Some(whole) = decimals.and_then(|text| text.parse().ok()).and_then(|n| shift(raw, n)) {
        notes.push(Phrase::ours("in whole units the amount is ").theirs(whole));
    }
    let balance = find_text(arguments, "balance_raw raw_balance");
    let share = balance.and_then(|text| {
        let (raw, balance): (u128, u128) = (raw.parse().ok()?, text.parse().ok()?);
        raw.checked_mul(100)?.checked_div(balance)
    });
    if let Some(share) = share {
        notes.push(Phrase::ours(format!("{share}% of the balance")));
    }
    notes
}

/// Moves the decimal point of a whole number to the left.
fn shift(raw: &str, decimals: usize) -> Option<String> {
    if raw.is_empty() || raw.len() > 80 || decimals > 80 || !raw.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let padded = format!("{raw:0>width$}", width = decimals + 1);
    let (whole, part) = padded.split_at_checked(padded.len() - decimals)?;
    let part = part.trim_end_matches('0');
    Some(if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_in_whole_units() {
        assert_eq!(shift("52439283000000", 6).as_deref(), Some("52439283"));
        assert_eq!(shift("1500000", 6).as_deref(), Some("1.5"));
        assert_eq!(shift("5", 2).as_deref(), Some("0.05"));
        assert_eq!(shift("-5", 2), None);
    }

    #[test]
    fn counts_the_longest_list() {
        let json =
            Json::parse(br#"{"x":["a"],"f":{"instanceIds":["a","b","c"],"t":["a","b"]}}"#).unwrap();
        let count = count(&json).unwrap();
        assert_eq!(
            (count.number, count.noun.raw(), count.path.raw()),
            (3, "instance ids", "f.instanceIds")
        );
        let command = Json::parse(br#"{"argv":["rm","-rf","/srv/old"]}"#).unwrap();
        assert!(super::count(&command).is_none());
    }
}
