//! Files a command reads, writes, deletes or runs, resolved against where `cd` went.

use super::effect::printed;
use super::judge::Judge;
use super::script::{Input, Open, Simple, Word};
use crate::files;
use crate::finding::Kind;
use crate::words;

/// More files of code are not named.
const UNREAD_MAX: usize = 16;

/// Places that `cd` may have gone to; more are not told apart.
const FOLDERS_MAX: usize = 16;

/// Where the commands may run, as far as the text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Folder {
    /// Where the shell was started.
    Start,
    /// In this folder.
    At(String),
    /// Somewhere that is not known.
    Unknown,
}

impl Judge<'_> {
    /// Follows `cd`. It may fail, and a subshell comes back: all places before stay possible.
    pub(super) fn enter(&mut self, word: Option<&Word>) {
        let entered: Vec<Folder> = match word {
            None => vec![Folder::At("~".to_owned())],
            Some(word) if !word.is_known() || word.text == "-" => vec![Folder::Unknown],
            Some(word) => self.at(&word.text).into_iter().map(Folder::At).collect(),
        };
        for folder in entered {
            if self.folders.len() < FOLDERS_MAX && !self.folders.contains(&folder) {
                self.folders.push(folder);
            } else if self.folders.len() >= FOLDERS_MAX && !self.folders.contains(&Folder::Unknown)
            {
                self.folders.push(Folder::Unknown);
            }
        }
    }

    /// What a path may stand for, as seen from where the shell was started.
    pub(super) fn at(&self, path: &str) -> Vec<String> {
        let behind = ["$PWD/", "${PWD}/"].iter().find_map(|start| path.strip_prefix(start));
        let relative = behind.or_else(|| (!files::is_rooted(path)).then_some(path));
        let Some(relative) = relative else { return vec![path.to_owned()] };
        let mut found: Vec<String> = Vec::new();
        for folder in &self.folders {
            let path = match folder {
                Folder::At(folder) => format!("{folder}/{relative}"),
                Folder::Start | Folder::Unknown => relative.to_owned(),
            };
            if !found.contains(&path) {
                found.push(path);
            }
        }
        found
    }

    /// Every place that a word may name.
    fn places(&self, word: &Word) -> Vec<String> {
        word.texts().flat_map(|text| self.at(text)).collect()
    }

    pub(super) fn read_from(&mut self, word: &Word) {
        for path in self.places(word) {
            if path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/") {
                self.add(Kind::Send, "opens a connection", &path);
            } else if files::is_secret(&path) {
                self.add(Kind::ReadSecret, "reads keys or credentials", &path);
            }
        }
    }

    pub(super) fn write_to(&mut self, word: &Word) {
        if word.may_be_option || word.open == Open::Split {
            return self.add(Kind::Config, "writes a file whose place is not known", &word.text);
        }
        for path in self.places(word) {
            if path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/") {
                self.add(Kind::Send, "opens a connection", &path);
            } else if !files::is_sink(&path) && path != "-" {
                self.out.findings.push(files::judge_write(&path, self.around.cwd));
            }
        }
    }

    pub(super) fn delete(&mut self, word: &Word, by: &str) {
        let passing = word.is_known()
            && word.texts().all(|text| {
                files::is_made_again(text) || (files::is_temporary(text) && !word.glob)
            });
        if passing {
            self.add(Kind::Write, "deletes what is temporary or made again", &word.text);
        } else {
            self.add(
                Kind::Destroy,
                "deletes or discards something",
                &format!("{by} {}", word.text),
            );
        }
    }

    /// A here-document or `echo` that goes to a file: what a later command runs is then known.
    /// Says whether the command did nothing else.
    pub(super) fn remember_file(&mut self, simple: &Simple) -> bool {
        let [redirect] = simple.redirects.as_slice() else { return false };
        let whole = redirect.writes && !redirect.appends && redirect.target.is_known();
        let program = simple.words.first().map(|word| word.text.as_str());
        let text = match (program, &simple.input) {
            (Some("cat"), Input::Text(text, true)) if simple.words.len() == 1 => Some(text.clone()),
            _ => printed(simple),
        };
        let (true, Some(text)) = (whole, text) else { return false };
        for path in self.at(&redirect.target.text) {
            self.written.insert(files::normal(&path), text.clone());
        }
        true
    }

    /// A program's name without its folder.
    pub(super) fn base(&self, word: &str) -> String {
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let name = name.strip_suffix(".exe").unwrap_or(name);
        if word.contains('\\') || name.len() < word.len() {
            name.to_ascii_lowercase()
        } else {
            name.to_owned()
        }
    }

    /// Whether it is a program of the system; a path may name any file.
    pub(super) fn is_program(&self, named: &str) -> bool {
        const FOLDERS: &[&str] = &[
            "/bin/",
            "/usr/bin/",
            "/usr/local/bin/",
            "/sbin/",
            "/usr/sbin/",
            "/opt/homebrew/bin/",
            "node_modules/.bin/",
            "./node_modules/.bin/",
            ".venv/bin/",
            "./.venv/bin/",
            "venv/bin/",
            "./venv/bin/",
        ];
        if matches!(named, "./gradlew" | "./mvnw" | "gradlew" | "mvnw") {
            return true;
        }
        !named.contains(['/', '\\'])
            || FOLDERS
                .iter()
                .any(|folder| named.strip_prefix(folder).is_some_and(|rest| !rest.contains('/')))
    }

    /// A file of code that runs: judged by its content where that is known.
    pub(super) fn file_of_code(&mut self, word: &Word, args: &[Word]) {
        if !word.is_known() {
            return self.add(Kind::Execute, "runs a file that is not known", &word.text);
        }
        if word.text.starts_with('-') {
            return;
        }
        if word.text.contains("://") {
            return self.add(Kind::Execute, "runs code from another host", &word.text);
        }
        let paths: Vec<String> =
            self.at(&word.text).iter().map(|path| files::normal(path)).collect();
        let written = paths.iter().find_map(|path| self.written.get(path)).cloned();
        if let Some(text) = written {
            // It may not have been written after all, so that the file is run all the same.
            self.add(Kind::Build, "runs a file of the workspace", &word.text);
            return self.content(&word.text, &text);
        }
        let given = self.around.scripts.iter().filter(|_| !self.changed);
        let texts: Vec<String> = given
            .filter(|(name, _)| paths.contains(&files::normal(name)))
            .map(|(_, text)| text.clone())
            .collect();
        if !texts.is_empty() {
            texts.iter().for_each(|text| self.content(&word.text, text));
            // After a `cd` it may be another file of that name.
            if texts.len() < paths.len() {
                self.add(Kind::Build, "runs a file of the workspace", &word.text);
            }
            return;
        }
        for path in &paths {
            if self.out.unread.len() < UNREAD_MAX && !self.out.unread.contains(path) {
                self.out.unread.push(path.clone());
            }
        }
        if paths.iter().any(|path| files::is_setup(path)) {
            return self.add(Kind::Build, "sets the shell up as usual", &word.text);
        }
        let own = paths.iter().all(|path| {
            files::is_within(path, self.around.cwd) && !files::is_sensitive(path, self.around.cwd)
        });
        if !own {
            return self.add(Kind::Execute, "runs a file that was not read", &word.text);
        }
        self.add(Kind::Build, "runs a file of the workspace", &word.text);
        let name = word.text.rsplit('/').next().unwrap_or_default().to_owned();
        let plain = args.iter().filter(|word| !word.text.starts_with('-')).take(1);
        for text in plain.map(|word| word.text.as_str()).chain([name.as_str()]) {
            for part in words::split(text) {
                let kind = words::verb(&part).filter(|kind| {
                    matches!(kind, Kind::Release | Kind::Destroy | Kind::Pay | Kind::Grant)
                });
                if let Some(kind) = kind {
                    self.add(kind, "the name of what runs says more", text);
                }
            }
        }
    }

    fn content(&mut self, name: &str, text: &str) {
        let first = text.lines().next().unwrap_or_default();
        let shell = first.starts_with("#!") && first.trim_end().ends_with("sh")
            || (!first.starts_with("#!") && !name.contains('.'))
            || name.ends_with(".sh")
            || name.ends_with(".bash");
        if shell {
            self.nested(text);
        } else {
            self.add(Kind::Execute, "runs code in another language", name);
        }
    }
}
