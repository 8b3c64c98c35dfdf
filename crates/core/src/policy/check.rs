//! From files to a policy: every name, condition and example is checked, and every problem has
//! a place.

mod examples;
mod probes;
mod rules;
mod tables;

use std::ops::Range;

use toml::Spanned;

use super::file::File;
use super::ladder::{Ask, Asks, DEFAULT};
use super::problem::{Problem, nearest};
use super::rule::{Layer, Place, Table};
use super::zone::{self, Zone};
use super::{Ladder, Policy, Settings};
use crate::action::Call;
use crate::assessment::Assessment;

/// Rules a policy may have.
const RULES: usize = 5000;

/// Says what a call would do; examples in a policy are judged with it.
pub type Judge<'a> = &'a dyn Fn(&Call) -> Assessment;

/// A policy file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, for problems.
    pub file: String,
    /// Its text.
    pub text: String,
    /// For a repository's file: the repository's directory. Its rules can only tighten.
    pub workspace: Option<String>,
}

impl Source {
    /// The organization's file.
    #[must_use]
    pub fn organization(file: &str, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), workspace: None }
    }
}

impl Policy {
    /// Reads a policy: the organization's file, and those of repositories.
    ///
    /// # Errors
    /// Every problem found, with its place.
    ///
    /// ```
    /// use holdshort_core::{Policy, PolicySource};
    /// let text = "[[rule]]\nid = 'x'\nreason = 'y'\ntool = 'a'\nwhen = 'arg.b == 1'\ndeny = true";
    /// let file = PolicySource::organization("policy.toml", text);
    /// let problems = Policy::read(&[file], &|_| unreachable!("there are no examples"));
    /// let problem = &problems.unwrap_err()[0];
    /// assert_eq!((problem.line, problem.hint.as_deref()), (5, Some("did you mean `args`?")));
    /// ```
    pub fn read(sources: &[Source], judge: Judge<'_>) -> Result<Self, Vec<Problem>> {
        let mut policy = Policy { settings: Settings::default(), ..Policy::default() };
        policy.ladders.clear();
        let mut problems = Vec::new();
        let mut read = Vec::new();
        for source in sources {
            match toml::from_str::<File>(&source.text) {
                Ok(file) => read.push((source, file)),
                Err(error) => problems.push(unreadable(source, &error)),
            }
        }
        let mut groups = Vec::new();
        for (source, file) in &read {
            let mut checking = Checking { source, policy: &mut policy, problems: &mut problems };
            checking.file(file);
            groups.push((*source, file));
        }
        if policy.ladders.iter().all(|ladder| ladder.name != DEFAULT) {
            policy.ladders.push(Ladder::default());
        }
        policy.table = Table::of(&policy.rules);
        for (source, file) in groups {
            let mut checking = Checking { source, policy: &mut policy, problems: &mut problems };
            checking.references(file);
            checking.examples(file, judge);
        }
        if problems.is_empty() { Ok(policy) } else { Err(problems) }
    }

    /// The repositories whose own file the organization's file wants read.
    #[must_use]
    pub fn workspaces(source: &Source) -> Vec<String> {
        let file = toml::from_str::<File>(&source.text).unwrap_or_default();
        file.workspace.iter().map(|one| one.get_ref().path.get_ref().clone()).collect()
    }
}

/// What TOML says about a text it cannot read, with a hint where a name was mistyped.
fn unreadable(source: &Source, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let message = error.message().to_owned();
    let problem = Problem::at(&source.file, &source.text, span, message.clone());
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next().filter(|_| message.starts_with("unknown field")) else {
        return problem;
    };
    match nearest(wrong, quoted) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// One file being checked into a policy.
struct Checking<'a> {
    source: &'a Source,
    policy: &'a mut Policy,
    problems: &'a mut Vec<Problem>,
}

impl Checking<'_> {
    fn problem(&mut self, span: Range<usize>, what: impl Into<String>) -> &mut Problem {
        let problem = Problem::at(&self.source.file, &self.source.text, span, what);
        self.problems.push(problem);
        // INVARIANT: one was just pushed.
        let last = self.problems.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the element that was just pushed")]
        &mut self.problems[last]
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let line = Problem::at(&self.source.file, &self.source.text, span.clone(), "").line;
        Place { file: self.source.file.clone(), line }
    }

    fn layer(&self) -> Layer {
        match &self.source.workspace {
            None => Layer::Organization,
            Some(root) => Layer::Workspace(root.trim_end_matches('/').to_owned()),
        }
    }

    fn file(&mut self, file: &File) {
        if self.source.workspace.is_some() {
            self.only_rules(file);
        } else {
            self.zone(file);
            self.settings(file);
            self.ladders(file);
            self.checkpoints(file);
            self.freezes(file);
            self.databases(file);
            self.probes(file);
        }
        self.rules(file);
    }

    /// A repository may add rules that deny or ask, and nothing else.
    fn only_rules(&mut self, file: &File) {
        let mut spans: Vec<Range<usize>> = Vec::new();
        spans.extend(file.zone.as_ref().map(Spanned::span));
        spans.extend(file.interrupt.as_ref().map(Spanned::span));
        spans.extend(file.budget.as_ref().map(Spanned::span));
        spans.extend(file.check_in.as_ref().map(Spanned::span));
        spans.extend(file.exceptions.as_ref().map(Spanned::span));
        spans.extend(file.resume.as_ref().map(Spanned::span));
        spans.extend(file.checkpoint.iter().map(Spanned::span));
        spans.extend(file.freeze.iter().map(Spanned::span));
        spans.extend(file.ladder.values().map(Spanned::span));
        spans.extend(file.probe.iter().map(Spanned::span));
        spans.extend(file.database.values().map(Spanned::span));
        spans.extend(file.workspace.iter().map(Spanned::span));
        for span in spans {
            let what = "a repository's file holds rules that deny or ask, and nothing else";
            self.problem(span, what).hint =
                Some("move it to the organization's policy.toml".to_owned());
        }
    }

    fn zone(&mut self, file: &File) {
        let Some(name) = &file.zone else { return };
        match Zone::named(name.get_ref()) {
            Some(zone) => self.policy.zone = zone,
            None => {
                self.problem(name.span(), format!("there is no time zone `{}`", name.get_ref()))
                    .hint = Some("write one like `Europe/Berlin`, or `UTC`".to_owned());
            }
        }
    }

    fn secs(&mut self, text: &Spanned<String>) -> Option<u32> {
        let secs = zone::secs(text.get_ref());
        if secs.is_none() {
            let what = format!("`{}` is no length of time", text.get_ref());
            self.problem(text.span(), what).hint =
                Some("write a number with its unit: `90s`, `15m`, `2h`, `3d`".to_owned());
        }
        secs
    }

    /// Asks with a ladder that is named in `text`.
    fn asks_of(ladder: Option<&Spanned<String>>) -> Asks {
        match ladder {
            Some(name) => Asks { ladder: name.get_ref().clone(), ..Asks::default() },
            None => Asks::default(),
        }
    }

    fn ask(&mut self, text: &str, span: Range<usize>) -> Option<Ask> {
        let ask = Ask::parse(text);
        if ask.is_none() {
            self.problem(span, format!("`{text}` names nobody")).hint =
                Some("write `user:NAME`, `group:NAME` or `everyone`".to_owned());
        }
        ask
    }

    /// Names that must be defined somewhere in the file.
    fn references(&mut self, file: &File) {
        let mut named: Vec<(String, Range<usize>)> = Vec::new();
        let mut add = |name: Option<&Spanned<String>>| {
            named.extend(name.map(|name| (name.get_ref().clone(), name.span())));
        };
        add(file.check_in.as_ref().and_then(|one| one.get_ref().ladder.as_ref()));
        add(file.exceptions.as_ref().and_then(|one| one.get_ref().ladder.as_ref()));
        file.checkpoint.iter().for_each(|one| add(one.get_ref().ladder.as_ref()));
        for rule in &file.rule {
            if let Some(ask) = &rule.get_ref().ask
                && let super::file::Ask::Of(of) = ask.get_ref()
                && let Some(name) = &of.ladder
            {
                named.push((name.clone(), ask.span()));
            }
        }
        for (name, span) in named {
            let known: Vec<String> =
                self.policy.ladders.iter().map(|ladder| ladder.name.clone()).collect();
            if known.contains(&name) {
                continue;
            }
            let near = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
            self.problem(span, format!("there is no ladder `{name}`")).hint = Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add a table `[ladder.{name}]` with its `steps`"),
            });
        }
    }
}
