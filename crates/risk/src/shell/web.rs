//! Web clients on the command line: method and address decide, as for any other request.

use super::judge::Judge;
use super::walk::Reading;
use crate::finding::Kind;
use crate::http;

const CLIENTS: &[&str] = &["curl", "wget", "http", "https", "xh", "xhs", "httpie"];

/// The request that the words of a client make.
struct Request<'a> {
    name: &'a str,
    read: &'a Reading<'a>,
    method: String,
    urls: Vec<&'a str>,
    /// Whether it sends more than an address.
    sends: bool,
}

/// What a web client asks for; nothing for another program.
pub(super) fn judge(judge: &mut Judge<'_>, name: &str, read: &Reading<'_>) -> Option<Kind> {
    if !CLIENTS.contains(&name) {
        return None;
    }
    let request = Request::new(name, read);
    let mut worst = Kind::Read;
    for url in &request.urls {
        for found in http::judge(&request.method, url) {
            if found.kind.level() > worst.level() {
                worst = found.kind;
            }
            judge.out.findings.push(found);
        }
    }
    let known = read.operands.iter().all(|word| word.is_known());
    let local = !request.urls.is_empty() && request.urls.iter().all(|url| http::is_local(url));
    // What a shell sends goes where the words say, not to a service that a tool was made for.
    if request.sends && !local {
        judge.add(Kind::Send, "sends data to another host", &request.urls.join(" "));
    }
    Some(if worst.level() > Kind::Fetch.level() {
        worst
    } else if request.saves() {
        Kind::Write
    } else if known && local {
        worst
    } else {
        // Whatever stands in its words can leave by a shell's request.
        Kind::Fetch
    })
}

impl<'a> Request<'a> {
    fn new(name: &'a str, read: &'a Reading<'a>) -> Self {
        let urls = read.operands.iter().map(|word| word.text.as_str()).collect();
        let mut request = Self { name, read, method: String::new(), urls, sends: false };
        request.sends = request.has(|option| request.is_body(option));
        request.urls.extend(request.value(&["--url"]));
        let named = request.value(&["-X", "--request", "--method"]).map(str::to_ascii_uppercase);
        let head = request.has(|option| matches!(option, "-I" | "--head"));
        request.method = match named {
            Some(method) => method,
            None if request.sends => "POST".to_owned(),
            None if head => "HEAD".to_owned(),
            None => "GET".to_owned(),
        };
        if !matches!(name, "curl" | "wget") {
            request.by_words();
        }
        request.sends |= matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
        request
    }

    /// `http POST host name=value`: method and body are plain words.
    fn by_words(&mut self) {
        let capital = |text: &&str| text.chars().all(|char| char.is_ascii_uppercase());
        if let Some(first) = self.urls.first().copied().filter(|text| capital(text)) {
            first.clone_into(&mut self.method);
            self.urls.remove(0);
        } else if self.urls.iter().skip(1).any(|text| text.contains('=')) {
            self.method = "POST".to_owned();
        }
        self.sends |= self.urls.len() > 1 && self.method != "GET";
        self.urls.truncate(1);
    }

    fn has(&self, is: impl Fn(&str) -> bool) -> bool {
        self.read.hits.iter().any(|hit| is(hit.key))
    }

    fn is_body(&self, option: &str) -> bool {
        ["--data", "--form", "--post-", "--body-"].iter().any(|start| option.starts_with(start))
            || matches!(option, "--json" | "--upload-file" | "--url-query")
            || (self.name == "curl" && matches!(option, "-d" | "-F" | "-T"))
    }

    /// The value of an option.
    fn value(&self, names: &[&str]) -> Option<&'a str> {
        let mut hits = self.read.hits.iter().filter(|hit| names.contains(&hit.key));
        hits.find_map(|hit| hit.value.as_ref().map(|word| word.text.as_str()))
    }

    /// `wget` keeps what it gets, unless it prints it.
    fn saves(&self) -> bool {
        self.name == "wget"
            && !self.has(|option| matches!(option, "-O" | "--output-document" | "--spider"))
    }
}
