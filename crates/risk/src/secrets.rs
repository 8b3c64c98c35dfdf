//! Finds secrets in the arguments, so that every renderer and log can mask them.

use std::collections::HashSet;

use holdshort_core::{ArgumentSpan, Json, Untrusted};

use crate::call::{Leaf, path};
use crate::words;

/// More are not listed; the call then counts as uninspectable.
pub(crate) const SECRETS_MAX: usize = 1000;

const STARTS: &str = "\
    tok_live_ tok_test_ sk_live_ sk_test_ rk_live_ pk_live_ sk- ghp_ gho_ ghs_ ghu_ ghr_ \
    github_pat_ glpat- xoxb- xoxa- xoxp- xoxr- xoxs- xapp- AIza npm_ pypi- hf_ whsec_ AKIA ASIA \
    dop_v1_ shpat_ SG.";

/// Every secret, in the order of the arguments.
pub(crate) fn find(leaves: &[Leaf<'_>]) -> Vec<ArgumentSpan> {
    let mut found = Vec::new();
    // Elements of one list share their key, which may be long: it is split once.
    let mut last = ("", Field::Other);
    for leaf in leaves {
        let Json::String(text) = leaf.value else {
            continue;
        };
        if found.len() > SECRETS_MAX {
            break;
        }
        if !std::ptr::eq(last.0, leaf.key()) {
            last = (leaf.key(), field(leaf.key()));
        }
        let spans = if is_value(last.1, text) { vec![(0, text.len())] } else { spans(text) };
        if spans.is_empty() {
            continue;
        }
        let path = path(&leaf.steps);
        for (start, end) in spans {
            found.push(ArgumentSpan { path: Untrusted::new(path.clone()), start, end });
        }
    }
    found
}

/// More secrets with blanks in them are not looked for one by one.
const PHRASES_MAX: usize = 16;

/// Whether a field that is masked for its name repeats another part of the call: then masking it
/// everywhere would hide that part from the person who judges it.
pub(crate) fn hide_a_part(leaves: &[Leaf<'_>], secrets: &[ArgumentSpan]) -> bool {
    let paths: HashSet<&str> = secrets.iter().map(|span| span.path.raw()).collect();
    if paths.is_empty() {
        return false;
    }
    let (mut masked, mut others) = (Vec::new(), HashSet::new());
    for leaf in leaves {
        let Json::String(text) = leaf.value else { continue };
        match paths.contains(path(&leaf.steps).as_str()) {
            true => masked.push(text.as_str()),
            false => {
                others.insert(text.as_str());
            }
        }
    }
    let phrases: Vec<&str> =
        masked.iter().copied().filter(|text| text.trim().contains(char::is_whitespace)).collect();
    masked.iter().any(|text| !text.is_empty() && others.contains(text))
        || phrases.len() > PHRASES_MAX
        || phrases.iter().any(|phrase| others.iter().any(|other| other.contains(phrase)))
}

/// What the name of a field says about its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Secret,
    /// `token: "LOBSTAR"` is a symbol, so the value has to look like a secret as well.
    Token,
    Other,
}

fn field(name: &str) -> Field {
    let words = words::split(name);
    let has = |wanted: &str| words.iter().any(|word| words::listed(wanted, word));
    let pair = |a: &str, b: &str| {
        words.iter().zip(words.iter().skip(1)).any(|(one, two)| one == a && two == b)
    };
    let secret = "password passwd pwd passphrase secret authorization apikey credential \
                  credentials cookie";
    if has(secret) || pair("api", "key") || pair("private", "key") || pair("access", "key") {
        Field::Secret
    } else if has("token") && !has("page next continuation cursor max") {
        Field::Token
    } else {
        Field::Other
    }
}

fn names_secret(name: &str) -> bool {
    field(name) != Field::Other
}

/// Whether a value looks like a key: a known start, or many different letters and digits.
pub(crate) fn is_secret_like(text: &str) -> bool {
    let known = words::items(STARTS).any(|start| {
        text.strip_prefix(start).is_some_and(|rest| rest.len() >= 8 && !rest.contains('/'))
    });
    known || is_random(text)
}

/// Letters of both cases and digits, as many different ones as chance would bring. Digests and
/// ids in hexadecimal are no keys.
fn is_random(text: &str) -> bool {
    let fits = (28..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=".contains(&byte));
    if !fits || text.matches(['-', '/', '_']).count() * 8 > text.len() {
        return false;
    }
    let has = |of: fn(&u8) -> bool| text.bytes().filter(of).count() * 12 > text.len();
    let kinds =
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    let different: HashSet<u8> = text.bytes().collect();
    kinds && different.len() * 5 > text.len().min(64) * 2
}

/// `$TOKEN` is a reference, not a secret.
fn is_value(field: Field, text: &str) -> bool {
    let looks = text.len() >= 8 && text.chars().any(|char| char.is_ascii_digit());
    let fits = match field {
        Field::Secret => true,
        Field::Token => looks,
        Field::Other => false,
    };
    fits && !text.is_empty() && !text.starts_with(['$', '<'])
}

fn in_token(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_-./+=~".contains(char)
}

/// Spans within one text, merged and in order.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    keys_in_armour(text, &mut found);
    in_addresses(text, &mut found);
    let mut before: &str = "";
    let mut at = 0;
    for piece in text.split_inclusive(|char| !in_token(char)) {
        let token = piece.trim_end_matches(|char| !in_token(char));
        let gap = piece.get(token.len()..).unwrap_or_default();
        if !token.is_empty() {
            token_at(before, token, at, &mut found);
        }
        at += piece.len();
        // `Bearer x` and `"password": "x"`: a blank or a quote may stand between, a bracket not.
        if !token.is_empty() {
            before = token;
        } else if !matches!(gap, " " | ":" | "\"" | "'") {
            before = "";
        }
    }
    merge(found)
}

fn token_at(before: &str, token: &str, at: usize, found: &mut Vec<(usize, usize)>) {
    let whole = (at, at + token.len());
    let long = token.len() >= 8;
    if (before.eq_ignore_ascii_case("bearer") || before.eq_ignore_ascii_case("basic")) && long {
        return found.push(whole);
    }
    let after_name = before.trim_start_matches('-');
    let value = token.chars().any(|char| char.is_ascii_alphanumeric()) && token.len() >= 4;
    if before.starts_with("--") && !token.starts_with('-') && names_secret(after_name) && value {
        return found.push(whole);
    }
    // `API_KEY=x` is one token here; `password: x` ends the name at the colon.
    if let Some((name, value)) = token.split_once('=')
        && names_secret(name)
        && value.len() >= 4
    {
        return found.push((at + name.len() + 1, whole.1));
    }
    let jwt = token.starts_with("eyJ") && token.matches('.').count() == 2 && token.len() > 30;
    let known = words::items(STARTS).any(|start| {
        token.strip_prefix(start).is_some_and(|rest| rest.len() >= 8 && !rest.contains('/'))
    });
    if jwt || known || is_random(token) {
        found.push(whole);
    }
}

fn keys_in_armour(text: &str, found: &mut Vec<(usize, usize)>) {
    const END: &str = "PRIVATE KEY-----";
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("-----BEGIN ")) {
        let start = from + start;
        let rest = text.get(start..).unwrap_or_default();
        let head_end = rest.find('\n').unwrap_or(rest.len());
        from = start + "-----BEGIN ".len();
        if !rest.get(..head_end).is_some_and(|head| head.contains(END)) {
            continue;
        }
        let tail = rest.get(head_end..).unwrap_or_default();
        let end = tail.find(END).map_or(text.len(), |at| start + head_end + at + END.len());
        found.push((start, end));
        from = end;
    }
}

/// `https://user:password@host`
fn in_addresses(text: &str, found: &mut Vec<(usize, usize)>) {
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        let rest = text.get(start..).unwrap_or_default();
        let stop =
            |char: char| char.is_whitespace() || matches!(char, '/' | '"' | '\'' | '?' | '#');
        let host = rest.split(stop).next().unwrap_or_default();
        if let Some(user) = host.rfind('@').and_then(|end| host.get(..end))
            && let Some((name, password)) = user.split_once(':')
            && !password.is_empty()
            && !password.starts_with('$')
        {
            found.push((start + name.len() + 1, start + user.len()));
        }
    }
}

fn merge(mut spans: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    spans.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::leaves;

    fn check(json: &str, expect: &[&str]) {
        let json = Json::parse(json.as_bytes()).unwrap();
        let strings = json.strings();
        let shown: Vec<String> = find(&leaves(&json))
            .iter()
            .map(|span| {
                let (_, text) = strings.iter().find(|(path, _)| path == span.path.raw()).unwrap();
                format!("{}={}", span.path.raw(), text.get(span.start..span.end).unwrap())
            })
            .collect();
        assert_eq!(shown, expect, "{}", json.to_text());
    }

    #[test]
    fn a_secret_does_not_hide_another_part() {
        let check = |json: &str, expect: bool| {
            let json = Json::parse(json.as_bytes()).unwrap();
            let leaves = crate::call::leaves(&json);
            assert_eq!(hide_a_part(&leaves, &find(&leaves)), expect);
        };
        check(r#"{"command":"rm -rf /srv","password":"rm -rf /srv"}"#, true);
        check(r#"{"command":"ls; rm -rf /srv","password":"rm -rf /srv"}"#, true);
        check(r#"{"command":"reboot","password":"reboot"}"#, true);
        check(r#"{"password":"correct-horse","confirm_password":"correct-horse"}"#, false);
        check(r#"{"command":"psql","password":"correct-horse"}"#, false);
    }

    #[test]
    fn finds_secrets() {
        check(r#"{"password":"hunter2","n":1}"#, &["password=hunter2"]);
        check(r#"{"a":[{"apiKey":"é-1"}]}"#, &["a[0].apiKey=é-1"]);
        check(
            r#"{"c":"curl -H 'Authorization: Bearer tok_live_9f8e7d6c5b4a' x"}"#,
            &["c=tok_live_9f8e7d6c5b4a"],
        );
        check(r#"{"c":"git clone https://ana:s3cret@host.example/x"}"#, &["c=s3cret"]);
        check(
            r#"{"c":"API_KEY=abcd1234 ./x --password hunter22 y"}"#,
            &["c=abcd1234", "c=hunter22"],
        );
        check(r#"{"c":"é AKIAIOSFODNN7EXAMPLE"}"#, &["c=AKIAIOSFODNN7EXAMPLE"]);
        check(
            r#"{"c":"x\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\ny"}"#,
            &["c=-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"],
        );
    }

    #[test]
    fn leaves_the_rest_alone() {
        for json in [
            r#"{"token":"LOBSTAR"}"#,
            r#"{"password":"$PASS"}"#,
            r#"{"next_page_token":"abc12345"}"#,
            r#"{"c":"the task-sk-list of bearer bonds"}"#,
            r#"{"c":"https://host.example/a@b:c"}"#,
        ] {
            check(json, &[]);
        }
    }
}
