//! Eyes: whoever takes the looks that the gate asks of the agent's machine.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use holdshort_api::{Look, LookAnswer};

/// A look being taken.
pub type Taken<'a> = Pin<Box<dyn Future<Output = LookAnswer> + Send + 'a>>;

/// Takes looks. Whatever goes wrong is an answer as well: [`not_known`].
pub trait Eyes: Debug + Send + Sync + 'static {
    /// Takes one.
    fn take<'a>(&'a self, look: &'a Look) -> Taken<'a>;
}

/// The answer to a look that gave nothing, and why.
#[must_use]
pub fn not_known(look: &Look, because: &str) -> LookAnswer {
    let because: String = because.chars().take(500).collect();
    LookAnswer { probe: look.probe.clone(), output: None, not_known: Some(because) }
}
