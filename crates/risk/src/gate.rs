//! Protects Holdshort itself: its data, its addresses, its program. No layer can loosen this.

use holdshort_core::{Phrase, Source};

use crate::call::Own;
use crate::files::normal;
use crate::finding::{Finding, Kind};

pub(crate) fn is_own_program(name: &str) -> bool {
    name.eq_ignore_ascii_case("holdshort")
}

pub(crate) fn is_own_variable(name: &str) -> bool {
    name.starts_with("HOLDSHORT_")
}

/// Whether a text names the data folder or an address, however spelt.
pub(crate) fn judge(text: &str, cwd: Option<&str>, own: &Own) -> Option<Finding> {
    let found = |what: &str| {
        Some(Finding::new(
            Kind::Gate,
            Source::Gate,
            Phrase::ours(format!("it names Holdshort's own {what}")),
        ))
    };
    if names_folder(text, cwd, &own.data_dir) {
        return found("data");
    }
    if own.addresses.iter().any(|address| names_address(text, address)) {
        return found("address");
    }
    None
}

fn names_folder(text: &str, cwd: Option<&str>, folder: &str) -> bool {
    let folder = normal(folder);
    if folder.trim_matches('/').is_empty() {
        return false;
    }
    // A home folder has short names. What is left of the path behind it decides.
    let behind_home = folder
        .strip_prefix("/root/")
        .or_else(|| {
            let rest = folder.strip_prefix("/home/").or_else(|| folder.strip_prefix("/users/"))?;
            rest.split_once('/').map(|(_, rest)| rest)
        })
        .filter(|rest| !rest.is_empty());
    let ends = |char: char| char.is_whitespace() || "\"'`=,;:|&<>(){}[]@".contains(char);
    let inside = |path: &str| {
        path.strip_prefix(&folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let plain: String = text.chars().filter(|char| !matches!(char, '"' | '\'')).collect();
    let braces = text.contains("${HOME}");
    let own_name = folder.rsplit('/').next().unwrap_or_default();
    let cwd = cwd.map(normal);
    let cwd_inside = cwd.as_deref().is_some_and(inside);
    text.split(ends).chain(plain.split(ends)).chain([text]).any(|piece| {
        let path = normal(piece);
        let rest = ["~/", "$home/", "/home/"].iter().find_map(|start| path.strip_prefix(start));
        // `${HOME}/x` is cut at the brace, which leaves `/x`.
        let rest = rest.or_else(|| path.strip_prefix('/').filter(|_| braces));
        let short = behind_home.zip(rest).is_some_and(|(own, rest)| {
            rest.strip_prefix(own).is_some_and(|more| more.is_empty() || more.starts_with('/'))
        });
        let relative = !piece.is_empty()
            && piece.len() < PATH_BYTES
            && !piece.starts_with(['/', '~', '$'])
            && (cwd_inside || path.contains(own_name))
            && cwd.as_deref().is_some_and(|cwd| inside(&normal(&format!("{cwd}/{piece}"))));
        inside(&path) || short || relative
    })
}

/// Longer pieces are no paths; joining each to the folder would not stay linear.
const PATH_BYTES: usize = 4096;

fn names_address(text: &str, address: &str) -> bool {
    let address = address.trim_start_matches("http://").trim_start_matches("https://");
    let address = address.trim_end_matches('/').to_ascii_lowercase();
    if address.is_empty() {
        return false;
    }
    let text = text.to_ascii_lowercase();
    let names = |wanted: &str| {
        text.match_indices(wanted).any(|(at, found)| {
            let after = text.get(at + found.len()..).and_then(|rest| rest.chars().next());
            !after.is_some_and(|char| char.is_ascii_digit())
        })
    };
    let local = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]"];
    let same = address.rsplit_once(':').is_some_and(|(host, port)| {
        local.contains(&host)
            && local
                .iter()
                .chain(&["127.1", "0", "2130706433", "127.0.1"])
                .any(|host| names(&format!("{host}:{port}")))
    });
    names(&address) || same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: bool) {
        let own = Own {
            data_dir: "/home/ana/.local/share/holdshort".to_owned(),
            addresses: vec!["127.0.0.1:4127".to_owned()],
        };
        assert_eq!(judge(text, Some("/home/ana/.local"), &own).is_some(), expect, "{text}");
    }

    #[test]
    fn knows_its_own() {
        for text in [
            "cat /home/ana/.local/share/holdshort/token",
            "/home/ana/.local//share/./x/../holdshort",
            "rm -rf ~/.local/share/holdshort",
            "X=$HOME/.local/share/holdshort/a",
            "share/holdshort/db",
            "./share/../share/holdshort",
            "${HOME}/.local/share/holdshort",
            "/HOME/ana/.local/share/Holdshort",
            "curl http://localhost:4127/v1",
            "curl 127.0.0.1:4127",
            "cat /home/ana/.local/share/hold'short'/x",
        ] {
            check(text, true);
        }
        for text in [
            "/home/ana/.local/share/holdshort2",
            "localhost:41270",
            "holdshort is a word",
            "share",
            "",
            "/home/ana/.local/share",
        ] {
            check(text, false);
        }
    }
}
