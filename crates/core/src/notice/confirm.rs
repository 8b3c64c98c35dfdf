//! The fact a person types to approve something dangerous: it stands on the page, and typing it
//! takes having read it.

use super::mask::Mask;
use crate::action::Payload;
use crate::assessment::RiskLevel;
use crate::json::Json;
use crate::request::Request;
use crate::untrusted::{Place, Shown, Untrusted};

/// What has to be typed.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The question.
    pub prompt: Shown,
    /// The answer, as it stands on the page.
    pub expected: String,
    /// Whether digits are expected.
    pub numeric: bool,
}

impl Confirm {
    /// Whether `typed` is the answer; case, blanks and separators do not matter.
    #[must_use]
    pub fn accepts(&self, typed: &str) -> bool {
        let typed = essence(typed);
        !typed.is_empty() && typed == essence(&self.expected)
    }
}

/// What must be typed to approve this request, if anything.
#[must_use]
pub fn confirm(payload: &Payload, request: &Request) -> Option<Confirm> {
    if request.level < RiskLevel::Dangerous {
        return None;
    }
    if let Some(count) = payload.assessment.count.as_ref().filter(|count| count.number > 1) {
        let mut prompt = Shown::ours("To approve, type how many ");
        prompt.append(count.noun.render(Place::Name));
        prompt.append(Shown::ours(" it names"));
        return Some(Confirm { prompt, expected: count.number.to_string(), numeric: true });
    }
    let arguments = Json::parse(payload.effective_arguments().raw().as_bytes()).ok();
    let named = arguments.as_ref().and_then(|arguments| short_value(arguments, payload));
    let (name, expected) = match named {
        Some((path, value)) => (path, value),
        None => ("tool".to_owned(), payload.call.tool.raw().to_owned()),
    };
    let mut prompt = Shown::ours("To approve, type the ");
    prompt.append(Untrusted::new(name).render(Place::Name));
    // An answer that cannot be typed as it looks would lock the request for good.
    let expected = if typeable(&expected) { expected } else { "approve".to_owned() };
    if expected == "approve" {
        prompt = Shown::ours("To approve, type the word approve");
    }
    Some(Confirm { prompt, expected, numeric: false })
}

fn short_value(arguments: &Json, payload: &Payload) -> Option<(String, String)> {
    let mask = Mask::of(arguments, &payload.assessment.secrets);
    arguments
        .strings()
        .into_iter()
        .filter(|(path, text)| {
            (3..=24).contains(&text.len())
                && typeable(text)
                && !path.contains('[')
                && !mask.hides(text)
        })
        .map(|(path, text)| (path, text.to_owned()))
        .next()
}

fn typeable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && !essence(text).is_empty()
}

fn essence(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_separators_do_not_matter() {
        let confirm = |expected: &str| Confirm {
            prompt: Shown::default(),
            expected: expected.into(),
            numeric: false,
        };
        assert!(confirm("orders_archive").accepts(" Orders-Archive "));
        assert!(confirm("4000").accepts("4,000"));
        assert!(!confirm("47").accepts("4"));
        assert!(!confirm("47").accepts(""));
        assert!(!confirm("--").accepts("--"));
    }
}
