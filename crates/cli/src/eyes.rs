//! Looks that the gate asks of this machine: files, repositories, paths, commands, addresses.
//! Databases are asked from the gate itself.

use holdshort_core::Look;
use holdshort_probe::{Prober, Settings};
use holdshort_sdk::api::{self, LookAnswer};
use holdshort_sdk::{Eyes, Taken, not_known};
use serde_json::value::RawValue;

/// Takes looks on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local;

impl Eyes for Local {
    fn take<'a>(&'a self, asked: &'a api::Look) -> Taken<'a> {
        Box::pin(async move {
            let Ok(look) = serde_json::from_str::<Look>(asked.look.get()) else {
                return not_known(asked, "this program does not know that look");
            };
            let hosts = match &look {
                Look::Sql { .. } | Look::Rows { .. } => {
                    return not_known(asked, "databases are asked from the gate");
                }
                // The policy wrote it out; nothing of the call is in it.
                Look::Http { url, .. } => host(url).into_iter().collect(),
                _ => Vec::new(),
            };
            let prober = Prober::new(Settings { hosts, ..Settings::default() });
            match prober.look(&look).await {
                Ok(seen) => answer(asked, seen.to_text()),
                Err(because) => not_known(asked, &because.phrase().render().to_plain()),
            }
        })
    }
}

fn answer(asked: &api::Look, text: String) -> LookAnswer {
    match RawValue::from_string(text) {
        Ok(output) => {
            let probe = asked.probe.clone();
            LookAnswer { probe, output: Some(output), not_known: None }
        }
        Err(_) => not_known(asked, "what was read cannot be sent"),
    }
}

fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    Some(host.to_lowercase())
}
