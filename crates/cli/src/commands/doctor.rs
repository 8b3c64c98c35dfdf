//! `holdshort doctor`: is everything in order, and what is not.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use holdshort_sdk::Client;
use serde_json::json;

use crate::connect::{LOCAL_TOKEN, PERSON_TOKEN, read_server, trust};
use crate::output::{self, DANGER, RISKY, SAFE, Stop, data, styled};

enum Finding {
    Good(String),
    Note(String),
    Bad(String, &'static str),
}

pub(crate) async fn run(dir: &Path, as_json: bool) -> Result<(), Stop> {
    let findings = look(dir).await;
    let bad = findings.iter().filter(|finding| matches!(finding, Finding::Bad(..))).count();
    if as_json {
        let list: Vec<_> = findings
            .iter()
            .map(|finding| match finding {
                Finding::Good(text) => json!({ "state": "good", "text": text }),
                Finding::Note(text) => json!({ "state": "note", "text": text }),
                Finding::Bad(text, hint) => json!({ "state": "bad", "text": text, "hint": hint }),
            })
            .collect();
        output::json(&list)?;
    } else {
        for finding in &findings {
            match finding {
                Finding::Good(text) => data(format!("{} {text}", styled(SAFE, "✓"))),
                Finding::Note(text) => data(format!("{} {text}", styled(RISKY, "·"))),
                Finding::Bad(text, hint) => {
                    data(format!("{} {text}\n  {hint}", styled(DANGER, "x")));
                }
            }
        }
    }
    match bad {
        0 => Ok(()),
        _ => Err(Stop::new(1, format!("{bad} to mend"))),
    }
}

async fn look(dir: &Path) -> Vec<Finding> {
    let mut findings = vec![directory(dir)];
    findings.extend(server(dir).await);
    findings.push(match dir.join(PERSON_TOKEN).exists() {
        true => Finding::Good("this terminal is enrolled for a person".to_owned()),
        false => Finding::Note("this terminal is not enrolled; the browser decides".to_owned()),
    });
    findings.push(match dir.join(LOCAL_TOKEN).exists() {
        true => Finding::Good("`holdshort exec` has its token".to_owned()),
        false => Finding::Note("`holdshort exec` gets its token at the first serve".to_owned()),
    });
    findings.push(Finding::Note(
        "an agent under your own account can bypass the gate with effort (level: guarded)"
            .to_owned(),
    ));
    findings
}

fn directory(dir: &Path) -> Finding {
    let shown = dir.display();
    match std::fs::metadata(dir) {
        Err(_) => Finding::Bad(format!("`{shown}` is not there"), "run `holdshort serve` once"),
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => Finding::Bad(
            format!("`{shown}` can be read by other accounts"),
            "run `chmod 700` on it",
        ),
        Ok(_) => Finding::Good(format!("`{shown}` is private")),
    }
}

async fn server(dir: &Path) -> Vec<Finding> {
    let Ok(file) = read_server(dir) else {
        return vec![Finding::Bad("no server has run here".to_owned(), "run `holdshort serve`")];
    };
    let Ok(client) = Client::anonymous(&file.address) else {
        return vec![Finding::Bad("the address is damaged".to_owned(), "run `holdshort serve`")];
    };
    match trust(&client, &file).await {
        Ok(()) => vec![Finding::Good(format!("the enrolled server answers at {}", file.address))],
        Err(_) => vec![Finding::Bad(
            format!("no enrolled server answers at {}", file.address),
            "run `holdshort serve`",
        )],
    }
}
