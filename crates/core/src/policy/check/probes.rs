//! The probes of a file: everything they would read, and every word they would say, is checked
//! when the file is loaded.

use std::ops::Range;

use toml::Spanned;

use super::super::condition::{Condition, Wrong};
use super::super::file::{self, File};
use super::super::probe::fill::{self, Part};
use super::super::probe::{BuiltIn, Detail, Probe, Reading, Safer};
use super::super::{Database, probe};
use super::Checking;
use super::rules::globs;

/// Probes a policy may have.
const PROBES: usize = 200;
/// The built-in looks, by name.
const BUILT_IN: [&str; 5] = ["files", "rows", "push", "paths", "recipients"];

/// What a built-in look says when its table does not.
struct Words {
    fact: String,
    source: &'static str,
    true_when: String,
    failing: Option<&'static str>,
    bind: &'static [&'static str],
    detail: &'static str,
    detail_true: &'static str,
}

fn words(look: &BuiltIn, most: u32) -> Words {
    match look {
        BuiltIn::Files => Words {
            fact: "Everything that would be removed is tracked by git".into(),
            source: "the files themselves",
            true_when: "output.untracked == 0".into(),
            failing: None,
            bind: &["output.count", "output.bytes", "output.untracked"],
            detail: "{output.untracked} of {output.count} files ({output.bytes} bytes) are not \
                     tracked by git",
            detail_true: "{output.count} files, {output.bytes} bytes",
        },
        BuiltIn::Rows { .. } => Words {
            fact: format!("No more than {most} rows would change"),
            source: "the database",
            true_when: format!("output.count <= {most}"),
            failing: None,
            bind: &[],
            detail: "{output.count} rows would change",
            detail_true: "{output.count} rows would change",
        },
        BuiltIn::Push => Words {
            fact: "The push overwrites nothing".into(),
            source: "the repository",
            true_when: "output.overwritten == 0 && size(output.deletes) == 0".into(),
            failing: None,
            bind: &["output.overwritten", "output.commits", "output.deletes"],
            detail: "{output.overwritten} commits would be lost there; branches deleted: \
                     {size(output.deletes)}",
            detail_true: "nothing that is there would be lost",
        },
        BuiltIn::Paths => Words {
            fact: "No path leads out of the working directory".into(),
            source: "the files themselves",
            true_when: "output.outside == 0".into(),
            failing: Some("output.paths.filter(p, p.outside).map(p, p.path + ' -> ' + p.leads_to)"),
            bind: &[],
            detail: "",
            detail_true: "{size(output.paths)} paths were followed",
        },
        BuiltIn::Recipients { domains } => Words {
            fact: format!("Every recipient is in {}", domains.join(" or ")),
            source: "the call",
            true_when: "size(output.outside) == 0".into(),
            failing: Some("output.outside"),
            bind: &[],
            detail: "",
            detail_true: "{size(output.recipients)} recipients",
        },
    }
}

impl Checking<'_> {
    pub(super) fn databases(&mut self, file: &File) {
        for (name, table) in &file.database {
            let one = table.get_ref();
            let database = match (&one.url, &one.url_env) {
                (Some(url), None) => Database::Url(url.clone()),
                (None, Some(variable)) => Database::Environment(variable.clone()),
                _ => {
                    let what = "a database has either `url` or `url_env`";
                    self.problem(table.span(), what);
                    continue;
                }
            };
            let known = ["sqlite:", "postgres:", "postgresql:"];
            if let Database::Url(url) = &database
                && !known.iter().any(|scheme| url.starts_with(scheme))
            {
                self.problem(table.span(), "a database is `sqlite:/…` or `postgres://…`");
            }
            if matches!(&database, Database::Url(url) if has_password(url)) {
                let what = "a password does not stand in a policy, which many people read";
                self.problem(table.span(), what).hint = Some(
                    "give `url_env`, the environment variable that holds the address".to_owned(),
                );
            }
            self.policy.databases.insert(name.clone(), database);
        }
    }

    pub(super) fn probes(&mut self, file: &File) {
        for table in file.probe.iter().take(PROBES) {
            let one = table.get_ref();
            self.check_id(&one.id);
            if self.policy.probes.iter().any(|known| known.id == *one.id.get_ref()) {
                self.problem(one.id.span(), "this is the id of another probe");
            }
            if let Some(probe) = self.probe(one, table.span()) {
                self.policy.probes.push(probe);
            }
        }
        if let Some(first) = file.probe.get(PROBES) {
            self.problem(first.span(), format!("a policy may have {PROBES} probes"));
        }
    }

    fn probe(&mut self, one: &file::Probe, span: Range<usize>) -> Option<Probe> {
        let reading = self.reading(one, span.clone())?;
        let built_in = match &reading {
            Reading::BuiltIn(look) => Some(words(look, one.most.unwrap_or(0))),
            _ => None,
        };
        let fact = one.fact.clone().or(built_in.as_ref().map(|words| words.fact.clone()));
        let Some(fact) = fact else {
            self.problem(span, "a probe has a `fact`: the claim it checks, in words");
            return None;
        };
        let ours = |text: &str| (!text.is_empty()).then(|| Condition::check_probe(text).ok())?;
        let known_when = one.known_when.as_ref().and_then(|text| self.expression(text));
        let given = one.true_when.as_ref().and_then(|text| self.expression(text));
        let true_when = given.or(built_in.as_ref().and_then(|words| ours(&words.true_when)));
        let given = one.failing.as_ref().and_then(|text| self.expression(text));
        let failing = given.or(built_in.as_ref().and_then(|words| ours(words.failing?)));
        let mut bind: Vec<Condition> =
            one.bind.iter().filter_map(|text| self.expression(text)).collect();
        bind.extend(built_in.iter().flat_map(|words| words.bind).filter_map(|text| ours(text)));
        if built_in.is_none() {
            self.must_conclude(one, span.clone());
        }
        if one.verifies {
            self.may_verify(one, built_in.is_some(), span);
        }
        let said = |given: Option<Detail>, words: Option<&str>| {
            given.or(words.and_then(|text| Detail::read(text).ok())).unwrap_or_default()
        };
        let detail = one.detail.as_ref().and_then(|text| self.detail(text));
        let detail_true = one.detail_true.as_ref().and_then(|text| self.detail(text));
        let words = built_in.as_ref();
        Some(Probe {
            id: one.id.get_ref().clone(),
            place: self.place(&one.id.span()),
            tools: globs(&one.tool),
            servers: globs(&one.server),
            when: one.when.as_ref().and_then(|text| self.expression(text)),
            fact,
            source: one.source.clone().unwrap_or_else(|| source(&reading, words)),
            at: one.at,
            reading,
            known_when,
            true_when,
            failing,
            bind,
            detail: said(detail, words.map(|w| w.detail).filter(|text| !text.is_empty())),
            detail_true: said(detail_true, words.map(|words| words.detail_true)),
            safer: one.safer.as_ref().and_then(|safer| self.safer(safer)),
            denies: self.denies(one),
            verifies: one.verifies,
        })
    }

    /// A probe of the organization's own says what it knows, and what it rests on.
    fn must_conclude(&mut self, one: &file::Probe, span: Range<usize>) {
        if one.known_when.is_none() {
            let what = "a probe says when it knows: `known_when`";
            self.problem(span.clone(), what).hint = Some(
                "compare what was read with what the call is about, such as \
                 `output.ids == args.instance_ids`"
                    .to_owned(),
            );
        }
        if one.true_when.is_none() && one.failing.is_none() {
            self.problem(span, "a probe needs `true_when`, or `failing`: what breaks the claim");
        }
    }

    /// What came of an action is read from the gate, and says yes or no.
    fn may_verify(&mut self, one: &file::Probe, built_in: bool, span: Range<usize>) {
        let follows = one.if_false.is_some() || one.safer.is_some();
        if built_in || one.at == probe::At::Client || follows {
            let what = "a probe that verifies is `run`, `get` or `query` from the gate, and \
                        nothing follows from it but the answer";
            self.problem(span, what).hint =
                Some("leave out `at`, `if_false` and `safer`".to_owned());
        }
    }

    fn denies(&mut self, one: &file::Probe) -> bool {
        let Some(given) = &one.if_false else { return false };
        match given.get_ref().as_str() {
            "deny" => true,
            "ask" => false,
            _ => {
                self.problem(given.span(), "a fact that does not hold can `ask` or `deny`").hint =
                    Some("a fact never lets anything through".to_owned());
                false
            }
        }
    }

    fn safer(&mut self, safer: &file::Safer) -> Option<Safer> {
        Some(Safer { title: self.detail(&safer.title)?, drop: safer.drop.clone() })
    }

    fn expression(&mut self, text: &Spanned<String>) -> Option<Condition> {
        Condition::check_probe(text.get_ref()).map_err(|wrong| self.wrong(text, wrong)).ok()
    }

    fn detail(&mut self, text: &Spanned<String>) -> Option<Detail> {
        Detail::read(text.get_ref()).map_err(|wrong| self.wrong(text, wrong)).ok()
    }

    fn wrong(&mut self, text: &Spanned<String>, wrong: Wrong) {
        let span = self.within(text, wrong.span);
        self.problem(span, wrong.what).hint = wrong.hint;
    }

    fn parts(&mut self, text: &str, span: Range<usize>) -> Option<Vec<Part>> {
        fill::parts(text).map_err(|what| self.problem(span, what)).ok()
    }

    fn reading(&mut self, one: &file::Probe, span: Range<usize>) -> Option<Reading> {
        let given =
            [one.run.is_some(), one.get.is_some(), one.query.is_some(), one.builtin.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            let what = "a probe reads one thing: `run`, `get`, `query` or `builtin`";
            self.problem(span, what);
            return None;
        }
        if let Some(run) = &one.run {
            return self.command(one, run);
        }
        if let Some(get) = &one.get {
            return self.http(one, get);
        }
        if let Some(query) = &one.query {
            return self.query(one, query, span);
        }
        self.built_in(one, span)
    }

    fn command(&mut self, one: &file::Probe, run: &Spanned<Vec<String>>) -> Option<Reading> {
        let mut argv = Vec::new();
        for text in run.get_ref() {
            let parts = self.parts(text, run.span())?;
            match parts.as_slice() {
                [] => argv.push(Part::Text(String::new())),
                [part] => argv.push(part.clone()),
                _ => {
                    let what = "a value of the call is one whole argument";
                    self.problem(run.span(), what).hint =
                        Some("write `\"--region\", \"${args.region:region}\"`".to_owned());
                }
            }
        }
        if !matches!(argv.first(), Some(Part::Text(program)) if !program.is_empty()) {
            self.problem(run.span(), "`run` begins with the program, by its name");
        }
        let (env, cwd, reads) = (one.env.clone(), one.cwd.clone(), one.reads);
        Some(Reading::Command { argv, env, cwd, reads })
    }

    fn http(&mut self, one: &file::Probe, get: &Spanned<String>) -> Option<Reading> {
        let url = self.parts(get.get_ref(), get.span())?;
        let host = probe::host_of(get.get_ref());
        if host.is_none() {
            let what = "`get` is `https://` and a host that is written out, then a path";
            self.problem(get.span(), what);
        }
        let mut before = String::new();
        for part in &url {
            match part {
                Part::Text(text) => before = text.clone(),
                Part::Slot(_) if before.ends_with(['/', '=']) => before = String::new(),
                Part::Slot(_) => {
                    let what = "a value of the call is one whole segment of the path, or one \
                                whole value of the query";
                    self.problem(get.span(), what);
                }
            }
        }
        self.policy.hosts.extend(host);
        let headers = one.headers.iter().map(|(name, from)| (name.clone(), from.clone()));
        Some(Reading::Http { url, headers: headers.collect(), reads: one.reads })
    }

    fn query(
        &mut self,
        one: &file::Probe,
        query: &Spanned<String>,
        span: Range<usize>,
    ) -> Option<Reading> {
        let parts = self.parts(query.get_ref(), query.span())?;
        let texts = parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Slot(_) => None,
        });
        // Each stretch between two values must leave no quote open: else a value would be text.
        let open = texts.clone().any(|text| text.matches('\'').count() % 2 == 1);
        if open || texts.clone().any(|text| text.contains('?')) {
            let what = "values of the call are bound: outside quotes, and no `?` of your own";
            self.problem(query.span(), what);
        }
        let database = self.database(one, span)?;
        Some(Reading::Sql { database, query: parts })
    }

    fn database(&mut self, one: &file::Probe, span: Range<usize>) -> Option<String> {
        let Some(name) = &one.database else {
            self.problem(span, "this probe asks a `database`");
            return None;
        };
        if one.at == probe::At::Client {
            self.problem(name.span(), "databases are asked from the gate, not by the agent");
        }
        if !self.policy.databases.contains_key(name.get_ref()) {
            let what = format!("there is no database `{}`", name.get_ref());
            self.problem(name.span(), what).hint =
                Some(format!("add `[database.{}]` with its `url`", name.get_ref()));
        }
        Some(name.get_ref().clone())
    }

    fn built_in(&mut self, one: &file::Probe, span: Range<usize>) -> Option<Reading> {
        let name = one.builtin.as_ref()?;
        let look = match name.get_ref().as_str() {
            "files" => BuiltIn::Files,
            "push" => BuiltIn::Push,
            "paths" => BuiltIn::Paths,
            "rows" => {
                if one.most.is_none() {
                    self.problem(span.clone(), "`rows` says how many may change: `most = 100`");
                }
                BuiltIn::Rows { database: self.database(one, span)? }
            }
            "recipients" => {
                if one.domains.is_empty() {
                    let what = "`recipients` says who is inside: `domains = [\"example.com\"]`";
                    self.problem(span, what);
                }
                let domains = one.domains.iter().map(|domain| domain.to_lowercase());
                BuiltIn::Recipients { domains: domains.collect() }
            }
            other => {
                self.problem(name.span(), format!("there is no built-in look `{other}`")).hint =
                    Some(format!("there is {}", BUILT_IN.join(", ")));
                return None;
            }
        };
        Some(Reading::BuiltIn(look))
    }
}

/// Whether an address has a password in it: `postgres://user:password@host`, or as a parameter.
fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || url.contains("password=")
}

/// Where a probe reads, when its table does not say.
fn source(reading: &Reading, words: Option<&Words>) -> String {
    match reading {
        Reading::Command { argv, .. } => match argv.first() {
            Some(Part::Text(program)) => program.clone(),
            _ => "a command".to_owned(),
        },
        Reading::Http { url, .. } => match url.first() {
            Some(Part::Text(url)) => probe::host_of(url).unwrap_or_default(),
            _ => "a server".to_owned(),
        },
        Reading::Sql { database, .. } => format!("the database `{database}`"),
        Reading::BuiltIn(_) => words.map_or(String::new(), |words| words.source.to_owned()),
    }
}
