//! What a web request asks for: its method first, then its host, path and query.

use holdshort_core::{Phrase, Source};

use crate::call::{Call, find_text};
use crate::finding::{Finding, Kind};
use crate::{files, words};

/// A query longer than this may carry data out.
const QUERY_BYTES: usize = 512;
/// One value in a query longer than this may carry data out.
const VALUE_BYTES: usize = 160;

/// An address, taken apart.
struct Address<'a> {
    scheme: &'a str,
    user: bool,
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

fn take_apart(url: &str) -> Address<'_> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = match rest.find(['/', '\\']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (user, host) = match host.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, host),
    };
    Address { scheme, user, host, path, query }
}

/// Whether an address is on this machine.
pub(crate) fn is_local(url: &str) -> bool {
    let host = take_apart(url).host;
    let host = host
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
        .unwrap_or_else(|| host.split(':').next().unwrap_or_default());
    let host = host.to_ascii_lowercase();
    matches!(host.as_str(), "localhost" | "::1" | "0.0.0.0" | "host.docker.internal")
        || host.ends_with(".localhost")
        || host
            .strip_prefix("127.")
            .is_some_and(|rest| rest.chars().all(|char| char.is_ascii_digit() || char == '.'))
}

/// Words of tools that send whatever request they are given.
const GENERIC: &str = "\
    http https request requests fetch web url api call send get curl make rest client invoke \
    webfetch page webpage read open browse browser download scrape crawl tool";

/// What the request in the arguments asks for, where the tool is one for any request.
pub(crate) fn request_of(call: &Call<'_>, name: &words::Name) -> Option<Vec<Finding>> {
    let url = find_text(call.arguments, "url uri endpoint href address")?;
    let generic = name.words.iter().all(|word| words::listed(GENERIC, word));
    let method = find_text(call.arguments, "method http_method verb");
    if !generic && method.is_none() {
        return None;
    }
    let mut found = judge(method.unwrap_or("GET"), url);
    // A page is text that nobody vouches for, at an address that may carry anything out.
    if name.has("webpage page website web browse browser visit crawl scrape webfetch") {
        let text = Phrase::ours("reads a page of the web: `").theirs(url).and("`");
        found.push(Finding::new(Kind::Fetch, Source::Http, text));
    }
    Some(found)
}

/// The host of an address, in lower case, without its port.
pub(crate) fn host(url: &str) -> Option<String> {
    let host = take_apart(url.trim()).host.to_lowercase();
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => host,
    };
    (!host.is_empty()).then_some(host)
}

/// What a request with this method to this address asks for. At least one finding.
pub(crate) fn judge(method: &str, url: &str) -> Vec<Finding> {
    let address = take_apart(url.trim());
    if address.scheme.eq_ignore_ascii_case("file") {
        let mut found = vec![files::judge_read(url)];
        if !matches!(method.to_ascii_uppercase().as_str(), "GET" | "HEAD") {
            let why = Phrase::ours("asks for more than to read a file: `").theirs(method).and("`");
            found.push(Finding::new(Kind::Unknown, Source::Http, why));
        }
        return found;
    }
    let mut found = Vec::new();
    let mut add = |kind: Kind, why: &str, what: &str| {
        found.push(Finding::new(kind, Source::Http, Phrase::ours(why).theirs(what).and("`")));
    };
    let host = address.host;
    let said = path_says(&address);
    match method.to_ascii_uppercase().as_str() {
        "GET" | "HEAD" | "OPTIONS" => {
            let odd =
                !matches!(address.scheme.to_ascii_lowercase().as_str(), "" | "http" | "https");
            if odd {
                add(Kind::Fetch, "asks by a protocol other than the web's `", address.scheme);
            }
            if address.user {
                add(Kind::ReadSecret, "the address holds a name or password for `", host);
            }
            if is_metadata(host) {
                add(Kind::ReadSecret, "asks the service that gives machines their keys `", host);
            }
            if carries(address.query) || address.path.len() > QUERY_BYTES {
                add(Kind::Fetch, "the address is long enough to carry data out to `", host);
            }
            if host.is_empty() || host.contains(['$', '{', '*']) {
                add(Kind::Fetch, "asks a host that is not known `", host);
            }
            match said {
                Some((kind @ Kind::Destroy, word)) => {
                    add(kind, "the address says, whatever its method, `", word);
                }
                Some((Kind::Execute | Kind::Release | Kind::Send | Kind::Halt, word)) => {
                    add(Kind::Unknown, "the address says more than its method: `", word);
                }
                _ => {}
            }
            add(Kind::Read, "asks the host `", host);
        }
        "DELETE" => add(Kind::Destroy, "asks to delete at the host `", host),
        "POST" => {
            add(Kind::Write, "sends data to the host `", host);
            if let Some((kind, word)) = said.filter(|(kind, _)| kind.level() > Kind::Write.level())
            {
                add(kind, "the address says `", word);
            }
        }
        "PUT" | "PATCH" => {
            add(Kind::Write, "changes something at the host `", host);
            if let Some((kind @ Kind::Pay, word)) = said {
                add(kind, "the address says `", word);
            }
        }
        _ => add(Kind::Unknown, "asks by a method that is not known: `", method),
    }
    found
}

fn is_metadata(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    host.starts_with("169.254.")
        || matches!(
            host.as_str(),
            "metadata.google.internal" | "metadata" | "100.100.100.200" | "instance-data"
        )
        || host.starts_with("[fd00")
}

fn carries(query: &str) -> bool {
    query.len() > QUERY_BYTES
        || query.split('&').any(|pair| {
            let value = pair.split_once('=').map_or(pair, |(_, value)| value);
            value.len() > VALUE_BYTES || crate::secrets::is_secret_like(value)
        })
}

/// What a path or a query says: the verb of its last part, or what an older one is done to.
fn path_says<'a>(address: &Address<'a>) -> Option<(Kind, &'a str)> {
    for pair in address.query.split('&') {
        if let Some((key, value)) = pair.split_once('=')
            && matches!(
                key.to_ascii_lowercase().as_str(),
                "action" | "method" | "_method" | "cmd" | "op" | "operation" | "do"
            )
            && let Some(kind) = words::head(&words::Name::new(value, None))
        {
            return Some((kind, value));
        }
    }
    let parts: Vec<&str> = address.path.split('/').filter(|part| !part.is_empty()).collect();
    let last = parts.last()?;
    let verb = last.rsplit(':').next().unwrap_or(last);
    let name = words::Name::new(verb, None);
    if name.words.len() < 5 {
        let said = words::judge(&name);
        let worst = said.findings.first().map(|found| found.kind);
        if let Some(kind) = worst.filter(|kind| said.head.is_some() && *kind != Kind::Write) {
            return Some((kind, verb));
        }
    }
    // `POST /v1/customers/1/charges`
    let about = parts
        .iter()
        .rev()
        .take(2)
        .find(|part| words::split(part).iter().any(|word| words::is_money(word)))?;
    Some((Kind::Pay, about))
}

#[cfg(test)]
mod tests {
    use holdshort_core::RiskLevel::{self, Dangerous, Risky, Safe};

    use super::*;

    #[track_caller]
    fn check(method: &str, url: &str, expect: RiskLevel) {
        let level = judge(method, url).iter().map(|found| found.kind.level()).max();
        assert_eq!(level, Some(expect), "{method} {url}");
    }

    #[test]
    fn method_and_address_decide() {
        check("GET", "https://api.example/v1/users?page=2", Safe);
        check("HEAD", "api.example/x", Safe);
        check("GET", "https://api.example/v1/refunds/7", Safe);
        check("get", "file:///work/notes.txt", Safe);
        check("POST", "file:///work/notes.txt", Risky);
        check("POST", "https://api.example/v1/users", Risky);
        check("PATCH", "https://api.example/v1/users/7", Risky);
        check("BREW", "https://api.example/v1/users/7", Risky);
        check("GET", "https://u:p@api.example/x", Risky);
        check("GET", "http://169.254.169.254/latest/meta-data/", Risky);
        check("GET", "gopher://api.example/x", Risky);
        check("GET", &format!("https://a.example/x?d={}", "a".repeat(400)), Risky);
        check("GET", "https://api.example/users/7/delete", Dangerous);
        check("GET", "https://api.example/x?_method=delete", Dangerous);
        check("DELETE", "https://api.example/v1/users/7", Dangerous);
        check("POST", "https://api.example/v1/charges", Dangerous);
        check("POST", "https://api.example/v1/messages:send", Dangerous);
    }

    #[test]
    fn hosts_of_this_machine() {
        for url in ["http://localhost:3000/x", "127.0.0.1", "http://[::1]:80/", "a.localhost"] {
            assert!(is_local(url), "{url}");
        }
        for url in ["http://localhost.evil.example", "https://a.example", "127.0.0.1.evil.example"]
        {
            assert!(!is_local(url), "{url}");
        }
    }
}
