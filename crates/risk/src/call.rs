//! The call to be judged, and ways to look into its arguments.

use holdshort_core::{Json, Outside, Reach, RiskLevel, WayBack};

use crate::words;

/// A call as an agent proposes it. All of it is claims, but for the last three.
///
/// ```
/// use holdshort_core::Json;
/// let arguments = Json::parse(br#"{"id": 7}"#).unwrap();
/// let call = holdshort_risk::Call::new("get_user", &arguments);
/// assert_eq!(call.tool, "get_user");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Name of the tool, as the agent spells it.
    pub tool: &'a str,
    /// Name of the server the tool is of, if known.
    pub server: Option<&'a str>,
    /// The arguments.
    pub arguments: &'a Json,
    /// What the tool says about itself.
    pub description: Option<&'a str>,
    /// The JSON schema of the arguments.
    pub input_schema: Option<&'a Json>,
    /// Hints of the server, as MCP names them.
    pub annotations: Option<&'a Json>,
    /// The level the agent declares.
    pub declared: Option<RiskLevel>,
    /// The folder the agent works in.
    pub cwd: Option<&'a str>,
    /// Files whose content is known, as path and text: a script that runs is judged by it.
    pub scripts: &'a [(String, String)],
    /// Rules of the organization: levels of tools, servers whose hints are trusted.
    pub rules: &'a Rules,
    /// What belongs to Holdshort.
    pub own: &'a Own,
}

impl<'a> Call<'a> {
    /// A call of which only tool and arguments are known.
    #[must_use]
    pub fn new(tool: &'a str, arguments: &'a Json) -> Self {
        static NO_RULES: Rules =
            Rules { levels: Vec::new(), trusted: Vec::new(), domains: Vec::new() };
        static NO_OWN: Own = Own { data_dir: String::new(), addresses: Vec::new() };
        Self {
            tool,
            server: None,
            arguments,
            description: None,
            input_schema: None,
            annotations: None,
            declared: None,
            cwd: None,
            scripts: &[],
            rules: &NO_RULES,
            own: &NO_OWN,
        }
    }
}

/// What the organization says about tools. Only an administrator writes it.
///
/// ```
/// use holdshort_core::{Json, Outside, Reach, RiskLevel, WayBack};
/// use holdshort_risk::{Call, Rules, ToolLevel, assess};
///
/// let rules = Rules {
///     levels: vec![ToolLevel::new("crm.*", RiskLevel::Dangerous)],
///     ..Rules::default()
/// };
/// let arguments = Json::Null;
/// let call = Call { rules: &rules, ..Call::new("crm.list_customers", &arguments) };
/// assert_eq!(assess(&call).level, RiskLevel::Dangerous);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Levels of tools; all that fit count, the highest of them.
    pub levels: Vec<ToolLevel>,
    /// Names of servers whose hints may lower a level.
    pub trusted: Vec<String>,
    /// Mail domains of the organization; recipients elsewhere are outside.
    pub domains: Vec<String>,
}

/// The level the organization gives some tools.
#[derive(Clone, Debug)]
pub struct ToolLevel {
    /// Names, with `*` for any run of characters: `crm.*`, `mcp__github__get_*`.
    pub tools: String,
    /// The level.
    pub level: RiskLevel,
    /// Whether it may also lower what the call itself says. The evidence then shows it.
    pub lowers: bool,
    /// Whether there is a way back, where the organization knows better than the call.
    pub way_back: Option<WayBack>,
    /// How far it reaches, likewise.
    pub reach: Option<Reach>,
    /// Whether it is felt outside, likewise.
    pub outside: Option<Outside>,
}

impl ToolLevel {
    /// A level that only raises.
    ///
    /// ```
    /// use holdshort_core::RiskLevel;
    /// let rule = holdshort_risk::ToolLevel::new("crm.*", RiskLevel::Dangerous);
    /// assert!(!rule.lowers);
    /// ```
    #[must_use]
    pub fn new(tools: impl Into<String>, level: RiskLevel) -> Self {
        let tools = tools.into();
        Self { tools, level, lowers: false, way_back: None, reach: None, outside: None }
    }
}

/// What belongs to Holdshort: no call may touch it.
///
/// ```
/// let own = holdshort_risk::Own {
///     data_dir: "/var/lib/holdshort".into(),
///     addresses: vec!["127.0.0.1:4127".into()],
/// };
/// assert!(own.addresses.len() == 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Its data folder, absolute.
    pub data_dir: String,
    /// The addresses it listens on, as `host:port`.
    pub addresses: Vec<String>,
}

/// One step on the way to a value.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// A plain value of the arguments and the way to it.
pub(crate) struct Leaf<'a> {
    pub(crate) steps: Vec<Step<'a>>,
    pub(crate) value: &'a Json,
}

impl<'a> Leaf<'a> {
    /// The nearest key above it.
    pub(crate) fn key(&self) -> &'a str {
        let keys = self.steps.iter().rev().filter_map(|step| match step {
            Step::Key(key) => Some(*key),
            Step::Index(_) => None,
        });
        keys.into_iter().next().unwrap_or_default()
    }
}

/// The path as `Json::strings` names it. Built only where it is needed: long keys above many
/// values would cost their product.
pub(crate) fn path(steps: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Step::Index(index) => out.push_str(&format!("[{index}]")),
        }
    }
    out
}

/// Every plain value. Callers have checked the depth.
pub(crate) fn leaves(json: &Json) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    visit(json, &mut Vec::new(), &mut |steps, value| {
        if !matches!(value, Json::Array(_) | Json::Object(_)) {
            found.push(Leaf { steps: steps.to_vec(), value });
        }
    });
    found
}

/// Calls `see` for every value, outermost first.
pub(crate) fn visit<'a>(
    json: &'a Json,
    steps: &mut Vec<Step<'a>>,
    see: &mut dyn FnMut(&[Step<'a>], &'a Json),
) {
    see(steps, json);
    match json {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                steps.push(Step::Index(index));
                visit(item, steps, see);
                steps.pop();
            }
        }
        Json::Object(members) => {
            for (key, item) in members {
                steps.push(Step::Key(key));
                visit(item, steps, see);
                steps.pop();
            }
        }
        _ => {}
    }
}

/// A string or number, as written.
pub(crate) fn plain(json: &Json) -> Option<&str> {
    match json {
        Json::String(text) | Json::Number(text) => Some(text),
        _ => None,
    }
}

/// A key in one spelling: `instanceIds` is `instance_ids`.
pub(crate) fn snake(key: &str) -> String {
    words::split(key).join("_")
}

/// Whether `instanceIds` is `instance_ids`, without making either: objects may be large.
fn is_named(key: &str, name: &str) -> bool {
    let letters = key.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.eq(name.chars().filter(|char| *char != '_'))
}

/// The first member with one of these names, in the order of the names.
pub(crate) fn find<'a>(json: &'a Json, names: &str) -> Option<(&'a str, &'a Json)> {
    let members = json.members();
    if members.is_empty() {
        return None;
    }
    words::items(names).find_map(|name| {
        members
            .iter()
            .find(|(key, _)| is_named(key, name))
            .map(|(key, value)| (key.as_str(), value))
    })
}

/// The same, as text that is not empty.
pub(crate) fn find_text<'a>(json: &'a Json, names: &str) -> Option<&'a str> {
    if json.members().is_empty() {
        return None;
    }
    words::items(names)
        .filter_map(|name| find(json, name))
        .find_map(|(_, value)| plain(value).filter(|text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_core() {
        let json = Json::parse(br#"{"a":[{"b":"x"},"y"],"":{"c":"z"},"d.e":"w"}"#).unwrap();
        let ours: Vec<String> = leaves(&json).iter().map(|leaf| path(&leaf.steps)).collect();
        let theirs: Vec<String> = json.strings().into_iter().map(|(path, _)| path).collect();
        assert_eq!(ours, theirs);
    }
}
