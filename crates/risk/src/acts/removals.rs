//! The files that a call would remove.

use holdshort_core::{Json, Removal};

use super::{cwd_of, join, script_of, words_of};
use crate::call::{Call, find_text};
use crate::finding::Kind;
use crate::shell::{self, Around, Simple, Word};
use crate::words::Name;

/// Tools that remove one path, whole.
const TOOLS: [&str; 8] = [
    "delete_file",
    "remove_file",
    "unlink_file",
    "delete_path",
    "remove_path",
    "delete_directory",
    "remove_directory",
    "delete_folder",
];
/// The argument in which they name it.
const PATH_KEYS: &str = "path file_path filepath file filename directory folder";

/// What a call would remove, and the directory that relative paths start at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removals {
    /// All of it.
    pub remove: Vec<Removal>,
    /// The directory; empty when the call does not say.
    pub cwd: String,
}

/// What a call would remove; `None` when it removes nothing, or when that is not certain to be
/// all of it.
///
/// ```
/// use holdshort_core::Json;
/// use holdshort_risk::{Call, removals};
///
/// let arguments = Json::parse(br#"{"command": "cd out && rm -rf *.log cache"}"#).unwrap();
/// let call = Call { cwd: Some("/srv/app"), ..Call::new("run_command", &arguments) };
/// let found = removals(&call).unwrap();
/// assert_eq!(found.cwd, "/srv/app/out");
/// let paths: Vec<(&str, bool)> =
///     found.remove.iter().map(|one| (one.path.as_str(), one.pattern)).collect();
/// assert_eq!(paths, [("*.log", true), ("cache", false)]);
/// ```
#[must_use]
pub fn removals(call: &Call<'_>) -> Option<Removals> {
    let name = Name::new(call.tool, call.server);
    if TOOLS.contains(&name.snake().as_str()) {
        return of_tool(call);
    }
    let script = script_of(call)?;
    let mut found = Removals { remove: Vec::new(), cwd: cwd_of(call) };
    for simple in &script.commands {
        let (program, arguments) = words_of(simple).split_first()?;
        match program.text.as_str() {
            "rm" | "rmdir" | "unlink" => removed(arguments, &mut found)?,
            // Only where a `cd` that fails ends it all, and before anything is removed.
            "cd" if !script.runs_on && found.remove.is_empty() => match arguments {
                [to] if !to.text.starts_with('-') => found.cwd = join(&found.cwd, &to.text)?,
                _ => return None,
            },
            "cd" | "pushd" | "popd" => return None,
            _ if removes_nothing(simple) => {}
            _ => return None,
        }
    }
    (!found.remove.is_empty()).then_some(found)
}

fn of_tool(call: &Call<'_>) -> Option<Removals> {
    let path = find_text(call.arguments, PATH_KEYS)?;
    let others = call.arguments.members().iter();
    // A list beside it would be more to remove.
    if others.filter(|(_, value)| matches!(value, Json::Array(_) | Json::Object(_))).count() > 0 {
        return None;
    }
    let remove = vec![Removal { path: path.to_owned(), pattern: false, recursive: true }];
    Some(Removals { remove, cwd: cwd_of(call) })
}

fn removed(arguments: &[Word], found: &mut Removals) -> Option<()> {
    let mut recursive = false;
    let mut options = true;
    for word in arguments {
        let text = word.text.as_str();
        if options && text == "--" {
            options = false;
        } else if options && text.starts_with("--") {
            match text {
                "--recursive" => recursive = true,
                "--force" | "--verbose" | "--one-file-system" | "--dir" => {}
                _ => return None,
            }
        } else if options && text.starts_with('-') && text.len() > 1 {
            let letters = text.trim_start_matches('-');
            recursive |= letters.contains(['r', 'R']);
            if !letters.chars().all(|letter| "rRfvdiI".contains(letter)) {
                return None;
            }
        } else {
            // Quotes within a pattern make some of its stars stars, and others not.
            if word.glob && word.quoted {
                return None;
            }
            let (path, pattern) = (text.to_owned(), word.glob);
            found.remove.push(Removal { path, pattern, recursive });
        }
    }
    // Options count wherever they stand.
    found.remove.iter_mut().for_each(|one| one.recursive |= recursive);
    Some(())
}

/// Whether a command is known to remove nothing.
fn removes_nothing(simple: &Simple) -> bool {
    let judged = shell::judge(&simple.text, Around::default());
    let mild = |kind: &Kind| {
        matches!(
            kind,
            Kind::Read | Kind::Fetch | Kind::Write | Kind::Build | Kind::Stage | Kind::Push
        )
    };
    !judged.commands.is_empty() && judged.findings.iter().all(|found| mild(&found.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command: &str) -> Option<Vec<(String, bool, bool)>> {
        let arguments = Json::Object(vec![("command".into(), Json::String(command.into()))]);
        let call = Call { cwd: Some("/w"), ..Call::new("run_command", &arguments) };
        let found = removals(&call)?;
        Some(found.remove.into_iter().map(|r| (r.path, r.pattern, r.recursive)).collect())
    }

    #[test]
    fn a_removal_is_told_whole_or_not_at_all() {
        let one =
            |path: &str, pattern, recursive| Some(vec![(path.to_owned(), pattern, recursive)]);
        assert_eq!(of("rm -rf build"), one("build", false, true));
        assert_eq!(of("sudo rm -rf build"), one("build", false, true));
        assert_eq!(of("rm build -r"), one("build", false, true));
        assert_eq!(of("rm -f -- -x"), one("-x", false, false));
        assert_eq!(of("rm *.o"), one("*.o", true, false));
        assert_eq!(of("rm '*.o'"), one("*.o", false, false));
        assert_eq!(of("ls && rm a"), one("a", false, false));
        for unclear in [
            "rm -rf $DIR",
            "rm -rf $(cat list)",
            "rm -rf ~/x",
            "rm 'a'*",
            "rm --files-from=x",
            "find . -delete",
            "find . -name x | xargs rm",
            "cd out; rm -rf *",
            "rm a && ./clean.sh",
            "git clean -fdx && rm a",
            "for f in a b; do rm $f; done",
            "eval rm a",
            "ls",
            "rm -rf a 'unclosed",
        ] {
            assert_eq!(of(unclear), None, "{unclear}");
        }
    }

    #[test]
    fn tools_that_remove_a_path_do_so_whole() {
        let arguments = Json::parse(br#"{"path": "/srv/data"}"#).unwrap();
        let found = removals(&Call::new("delete_file", &arguments)).unwrap();
        assert_eq!(found.remove.len(), 1);
        let more = Json::parse(br#"{"path": "/srv/data", "also": ["/etc"]}"#).unwrap();
        assert_eq!(removals(&Call::new("delete_file", &more)), None);
    }
}
