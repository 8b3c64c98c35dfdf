//! What the schema of a tool gives away where the call itself says nothing: it takes commands,
//! code, or an amount and who gets it. A schema is a claim of the server, so it only raises.

use holdshort_core::{Json, Phrase, Source};

use crate::call::{Call, snake};
use crate::finding::{Finding, Kind};
use crate::words::listed;

const CODE: &str = "command cmd shell_command script code source_code javascript python";
const AMOUNT: &str = "amount total_amount amount_cents price";
const PAYEE: &str = "recipient payee iban beneficiary to_account destination_account card_number";

/// Findings for properties that the arguments do not fill.
pub(crate) fn judge(call: &Call<'_>) -> Vec<Finding> {
    let properties = call.input_schema.and_then(|schema| schema.get("properties"));
    let names: Vec<String> = properties
        .map_or(&[][..], Json::members)
        .iter()
        .filter(|(key, _)| call.arguments.get(key).is_none())
        .map(|(key, _)| snake(key))
        .collect();
    let first = |list: &str| names.iter().find(|name| listed(list, name));
    let mut found = Vec::new();
    let mut add = |kind, why: &str, name: &str| {
        let text = Phrase::ours(why).theirs(name).and("`");
        found.push(Finding::new(kind, Source::Schema, text));
    };
    if let Some(name) = first(CODE) {
        add(Kind::Unknown, "it takes code, which is not in the call: `", name);
    }
    if let (Some(amount), Some(_)) = (first(AMOUNT), first(PAYEE)) {
        add(Kind::Pay, "it takes an amount and who gets it: `", amount);
    }
    found
}
