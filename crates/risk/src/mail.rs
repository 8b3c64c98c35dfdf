//! Recipients of mail and messages: how many, and how many of them outside.

use holdshort_core::{Json, Phrase};

use crate::call::{Call, Leaf, snake};
use crate::words::listed;

/// Fields that hold recipients.
pub(crate) const KEYS: &str = "\
    to cc bcc recipient recipients emails email attendees invitees members participants";

/// Remarks on the recipients of a call.
pub(crate) fn notes(call: &Call<'_>, leaves: &[Leaf<'_>]) -> Vec<Phrase> {
    let (mut all, mut outside, mut named) = (0usize, 0usize, None);
    for leaf in leaves {
        let Json::String(text) = leaf.value else { continue };
        if !listed(KEYS, &snake(leaf.key())) {
            continue;
        }
        for address in text.split([',', ';', ' ']).filter(|part| part.contains('@')) {
            all += 1;
            let domain = address.rsplit('@').next().unwrap_or_default();
            let domain = domain.trim_matches(['>', ' ', '.']).to_lowercase();
            if !is_own(&domain, &call.rules.domains) {
                outside += 1;
                named.get_or_insert(domain);
            }
        }
    }
    let Some(domain) = named.filter(|_| !call.rules.domains.is_empty()) else {
        return Vec::new();
    };
    let count = if all == 1 {
        "the recipient is outside the organization, at `".to_owned()
    } else {
        format!("{outside} of {all} recipients are outside the organization, one at `")
    };
    vec![Phrase::ours(count).theirs(domain).and("`")]
}

/// Whether a domain is one of the organization, or below one.
fn is_own(domain: &str, own: &[String]) -> bool {
    own.iter().any(|name| {
        domain == name || domain.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_below_ones_own_are_own() {
        let own = vec!["acme.example".to_owned()];
        assert!(is_own("acme.example", &own) && is_own("eu.acme.example", &own));
        assert!(!is_own("notacme.example", &own) && !is_own("acme.example.evil", &own));
    }
}
