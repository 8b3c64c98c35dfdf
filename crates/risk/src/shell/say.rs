//! Plain words for commands that people know by what they do: "Force-push `main` to `origin`".

use holdshort_core::Phrase;

use super::script::{Simple, Word};

/// Operands named in a phrase; the others are counted.
const NAMED: usize = 2;

/// What a command does, in words; nothing where its text says it best.
pub(super) fn phrase(simple: &Simple) -> Option<Phrase> {
    if !simple.assignments.is_empty() || !simple.words.iter().all(Word::is_known) {
        return None;
    }
    let words: Vec<&str> = simple.words.iter().map(|word| word.text.as_str()).collect();
    let (program, rest) = words.split_first()?;
    let (options, operands): (Vec<&str>, Vec<&str>) =
        rest.iter().partition(|word| word.starts_with('-') && word.len() > 1);
    let has = |names: &[&str]| options.iter().any(|option| names.contains(option));
    match (*program, operands.as_slice()) {
        ("rm", [_, ..]) => {
            let all = options.iter().any(|option| {
                *option == "--recursive"
                    || (!option.starts_with("--") && option.contains(['r', 'R']))
            });
            let phrase = list(Phrase::ours("Delete "), &operands);
            Some(if all { phrase.and(" with all in it") } else { phrase })
        }
        ("git", ["push", remote, branch]) if has(&["--force", "-f"]) || branch.starts_with('+') => {
            let branch = branch.trim_start_matches('+');
            let phrase = Phrase::ours("Force-push `").theirs(branch).and("` to `");
            Some(phrase.theirs(*remote).and("`"))
        }
        ("git", ["push", remote, branch]) if has(&["--delete", "-d"]) => {
            let phrase = Phrase::ours("Delete branch `").theirs(*branch).and("` on `");
            Some(phrase.theirs(*remote).and("`"))
        }
        ("git", ["push", rest @ ..]) if has(&["--force", "-f"]) && rest.len() < 2 => {
            Some(match rest.first() {
                Some(remote) => {
                    Phrase::ours("Force-push this branch to `").theirs(*remote).and("`")
                }
                None => Phrase::ours("Force-push this branch"),
            })
        }
        ("git", ["reset", rest @ ..]) if has(&["--hard"]) && rest.len() < 2 => {
            let phrase = Phrase::ours("Discard all uncommitted changes");
            Some(match rest.first() {
                Some(place) => phrase.and(" and go to `").theirs(*place).and("`"),
                None => phrase,
            })
        }
        ("git", ["branch", names @ ..]) if has(&["-D"]) && !names.is_empty() => {
            Some(list(Phrase::ours("Delete unmerged branch "), names))
        }
        ("kubectl" | "oc", ["delete", kind, names @ ..]) if options.is_empty() => {
            Some(match names {
                [] => Phrase::ours("Delete `").theirs(*kind).and("` in the cluster"),
                names => {
                    let phrase = Phrase::ours("Delete ").theirs(*kind).and(" ");
                    list(phrase, names).and(" in the cluster")
                }
            })
        }
        ("terraform" | "tofu", ["destroy"]) => {
            Some(Phrase::ours("Destroy everything that Terraform manages here"))
        }
        ("terraform" | "tofu", ["apply"]) => {
            Some(Phrase::ours("Apply the changes that Terraform plans here"))
        }
        _ => None,
    }
}

/// "`a`, `b` and 3 more"
fn list(mut phrase: Phrase, names: &[&str]) -> Phrase {
    for (at, name) in names.iter().take(NAMED).enumerate() {
        if at > 0 {
            phrase = phrase.and(if names.len() == NAMED { " and " } else { ", " });
        }
        phrase = phrase.and("`").theirs(*name).and("`");
    }
    match names.len().saturating_sub(NAMED) {
        0 => phrase,
        more => phrase.and(format!(" and {more} more")),
    }
}
