//! Names with `*` for any run of characters, compared without regard to case.

/// A pattern over names.
///
/// ```
/// use holdshort_core::Glob;
/// assert!(Glob::new("deploy_*").matches("Deploy_Service"));
/// assert!(!Glob::new("deploy_*").matches("undeploy_service"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    folded: String,
    /// What stands between the stars.
    parts: Vec<String>,
}

impl Glob {
    /// A pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let folded = pattern.to_lowercase();
        let parts = folded.split('*').map(str::to_owned).collect();
        Self { folded, parts }
    }

    /// Whether it names one thing only.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.parts.len() == 1
    }

    /// The pattern, in lower case.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.folded
    }

    /// What every name that matches begins with.
    pub(crate) fn prefix(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    /// Whether `name` matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.matches_folded(&name.to_lowercase())
    }

    /// The same for a name in lower case.
    pub(crate) fn matches_folded(&self, name: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return name == self.folded;
        };
        let Some(rest) = name.strip_prefix(first.as_str()) else { return false };
        // Each part as early as it can be leaves the most room for the next.
        let rest = middle
            .iter()
            .try_fold(rest, |rest, part| rest.split_once(part.as_str()).map(|(_, after)| after));
        rest.is_some_and(|rest| rest.ends_with(last.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run() {
        for (pattern, name, expect) in [
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "a", true),
            ("a*b", "ab", true),
            ("a*b", "a-b-c", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "acb", false),
            ("*.delete", "mail.delete", true),
            ("*.delete", "mail.deleted", false),
            ("a*a", "a", false),
            ("**", "x", true),
            ("git_*_push*", "git_x_push_now", true),
            ("Shell.Exec", "shell.exec", true),
            ("shell.exec", "shell.exec2", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), expect, "{pattern} {name}");
        }
    }
}
