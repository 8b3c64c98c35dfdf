//! What a rule found: a kind of effect, where it was read, and the words for it.
//!
//! The kind alone decides level and axes, so two rules cannot disagree about the same effect.

use holdshort_core::{
    ArgumentSpan, Assessment, Evidence, Outside, Phrase, Reach, RiskLevel, Source, Target,
    Untrusted, WayBack,
};

/// A kind of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Looks, changes nothing.
    Read,
    /// Asks a remote host for something; the address itself may carry data out.
    Fetch,
    /// Reads keys or credentials.
    ReadSecret,
    /// Changes something that can be put back.
    Write,
    /// Runs code of the project itself: builds, tests, its own scripts.
    Build,
    /// Stops or restarts something.
    Stop,
    /// Sends work to a place others see, where it can be taken back.
    Push,
    /// Deploys to a place that is not production.
    Stage,
    /// A tool whose effect is not known.
    Unknown,
    /// A program or statement whose effect is not known.
    UnknownCode,
    /// Deletes or discards.
    Destroy,
    /// Stops a machine, or what others depend on.
    Halt,
    /// Moves money.
    Pay,
    /// Sends something out that cannot be unsent.
    Send,
    /// Changes what users run.
    Release,
    /// Changes who may do what.
    Grant,
    /// Runs code that was not read.
    Execute,
    /// Starts another agent.
    Agent,
    /// Writes what makes other programs run code, or opens access.
    Config,
    /// Cannot be inspected in full.
    Opaque,
    /// Touches Holdshort itself.
    Gate,
    /// A claim of an agent or server: says nothing about effects, only asks for a level.
    Claim(RiskLevel),
}

impl Kind {
    pub(crate) fn level(self) -> RiskLevel {
        match self {
            Kind::Read => RiskLevel::Safe,
            Kind::Claim(level) => level,
            Kind::Fetch
            | Kind::ReadSecret
            | Kind::Write
            | Kind::Build
            | Kind::Stop
            | Kind::Push
            | Kind::Stage
            | Kind::Unknown => RiskLevel::Risky,
            Kind::UnknownCode
            | Kind::Destroy
            | Kind::Halt
            | Kind::Pay
            | Kind::Send
            | Kind::Release
            | Kind::Grant
            | Kind::Execute
            | Kind::Agent
            | Kind::Config
            | Kind::Opaque
            | Kind::Gate => RiskLevel::Dangerous,
        }
    }

    /// What kind of thing it does, for telling whether two calls do the same; `None` for what
    /// only looks or only claims.
    fn effect(self) -> Option<&'static str> {
        Some(match self {
            Kind::Read | Kind::Claim(_) => return None,
            Kind::Fetch => "fetch",
            Kind::ReadSecret => "read_secret",
            Kind::Write => "write",
            Kind::Build => "build",
            Kind::Stop => "stop",
            Kind::Push => "push",
            Kind::Stage => "stage",
            Kind::Unknown => "unknown",
            Kind::UnknownCode => "unknown_code",
            Kind::Destroy => "destroy",
            Kind::Halt => "halt",
            Kind::Pay => "pay",
            Kind::Send => "send",
            Kind::Release => "release",
            Kind::Grant => "grant",
            Kind::Execute => "execute",
            Kind::Agent => "agent",
            Kind::Config => "config",
            Kind::Opaque => "opaque",
            Kind::Gate => "gate",
        })
    }

    fn axes(self) -> (WayBack, Reach, Outside) {
        match self {
            Kind::Read | Kind::Claim(_) => (WayBack::Yes, Reach::None, Outside::No),
            Kind::Fetch | Kind::ReadSecret => (WayBack::Yes, Reach::None, Outside::NotKnown),
            Kind::Write | Kind::Build => (WayBack::WithEffort, Reach::Local, Outside::No),
            Kind::Stop => (WayBack::WithEffort, Reach::Service, Outside::No),
            Kind::Halt => (WayBack::WithEffort, Reach::Organization, Outside::No),
            Kind::Push => (WayBack::WithEffort, Reach::Service, Outside::Yes),
            Kind::Stage => (WayBack::WithEffort, Reach::Service, Outside::No),
            Kind::Destroy => (WayBack::No, Reach::Service, Outside::No),
            Kind::Pay | Kind::Send => (WayBack::No, Reach::Service, Outside::Yes),
            Kind::Release => (WayBack::WithEffort, Reach::Service, Outside::Yes),
            Kind::Grant | Kind::Config => {
                (WayBack::WithEffort, Reach::Organization, Outside::NotKnown)
            }
            Kind::Unknown
            | Kind::UnknownCode
            | Kind::Execute
            | Kind::Agent
            | Kind::Opaque
            | Kind::Gate => (WayBack::NotKnown, Reach::NotKnown, Outside::NotKnown),
        }
    }

    /// Whether an amount may be hidden in it that cannot be read from the call.
    pub(crate) fn may_move_money(self) -> bool {
        matches!(
            self,
            Kind::Pay
                | Kind::Unknown
                | Kind::UnknownCode
                | Kind::Execute
                | Kind::Agent
                | Kind::Opaque
        )
    }
}

/// One thing a rule found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) source: Source,
    pub(crate) text: Phrase,
    /// First and last byte within the text it was read from.
    pub(crate) span: Option<(usize, usize)>,
    /// Path of that text in the arguments.
    pub(crate) path: Option<String>,
}

impl Finding {
    /// The part of the arguments it rests on.
    fn at(&self) -> Option<ArgumentSpan> {
        let (path, (start, end)) = self.path.as_ref().zip(self.span)?;
        Some(ArgumentSpan { path: Untrusted::new(path.clone()), start, end })
    }
}

impl Finding {
    pub(crate) fn new(kind: Kind, source: Source, text: Phrase) -> Self {
        Self { kind, source, text, span: None, path: None }
    }
}

/// Puts the findings together: the strongest decides the level, the worst decides each axis.
pub(crate) fn settle(findings: &[Finding]) -> Assessment {
    let mut made = blank();
    for finding in findings {
        let level = finding.kind.level();
        made.level = made.level.max(level);
        made.effects.extend(finding.kind.effect().map(str::to_owned));
        let (way_back, reach, outside) = finding.kind.axes();
        if way_back_rank(way_back) > way_back_rank(made.way_back) {
            made.way_back = way_back;
        }
        if reach_rank(reach) > reach_rank(made.reach) {
            made.reach = reach;
        }
        if outside_rank(outside) > outside_rank(made.outside) {
            made.outside = outside;
        }
        let text = finding.text.clone();
        let evidence = Evidence { source: finding.source, text, level, at: finding.at() };
        // A hundred times the same command is one reason.
        let known = |one: &Evidence| one.source == evidence.source && one.text == evidence.text;
        if made.evidence.len() < EVIDENCE_MAX && !made.evidence.iter().any(known) {
            made.evidence.push(evidence);
        }
    }
    made.evidence.sort_by_key(|evidence| std::cmp::Reverse(evidence.level));
    made
}

/// Findings are sorted before they are cut, so the strongest are never lost.
pub(crate) const EVIDENCE_MAX: usize = 32;

fn blank() -> Assessment {
    Assessment {
        level: RiskLevel::Safe,
        way_back: WayBack::Yes,
        reach: Reach::None,
        outside: Outside::No,
        money: holdshort_core::Money::None,
        evidence: Vec::new(),
        sentence: Phrase::default(),
        commands: Vec::new(),
        notes: Vec::new(),
        count: None,
        secrets: Vec::new(),
        target: Target::default(),
        effects: std::collections::BTreeSet::new(),
        safer: Vec::new(),
        touches_gate: false,
        uninspectable: None,
    }
}

pub(crate) fn way_back_rank(value: WayBack) -> u8 {
    match value {
        WayBack::Yes => 0,
        WayBack::WithEffort => 1,
        WayBack::NotKnown => 2,
        WayBack::No => 3,
    }
}

pub(crate) fn reach_rank(value: Reach) -> u8 {
    match value {
        Reach::None => 0,
        Reach::Local => 1,
        Reach::Service => 2,
        Reach::NotKnown => 3,
        Reach::Organization => 4,
    }
}

pub(crate) fn outside_rank(value: Outside) -> u8 {
    match value {
        Outside::No => 0,
        Outside::NotKnown => 1,
        Outside::Yes => 2,
    }
}
