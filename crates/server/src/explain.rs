//! What a policy says about a call, rule by rule: the one in force, a draft, or a file without a
//! server.

use std::path::{Path, PathBuf};

use holdshort_api::{self as api, Code};
use holdshort_core::notice::Mask;
use holdshort_core::{
    Amount, Assessment, Call, Found, Json as Document, Place, Policy, PrincipalId, Ruling, Run,
    RunId, Spending, Subject, Timestamp, Untrusted, Words,
};
use holdshort_risk::{Own, Rules};

use crate::clock::Clock;
use crate::engine::assess;
use crate::parse;
use crate::policy::read_files;
use crate::problem::Failure;
use crate::wire;

/// A call to ask about.
pub(crate) struct Asked {
    pub(crate) call: Call,
    pub(crate) assessment: Assessment,
    pub(crate) words: Words,
    pub(crate) cost: Option<Amount>,
    pub(crate) agent: String,
    pub(crate) run: Run,
    pub(crate) today: Spending,
}

impl Asked {
    pub(crate) fn explained(&self, policy: &Policy, now: Timestamp) -> api::PolicyExplained {
        let subject = Subject {
            call: &self.call,
            assessment: &self.assessment,
            words: &self.words,
            cost: self.cost.as_ref(),
            agent: &self.agent,
            run: &self.run,
            today: &self.today,
            now,
        };
        explained(policy, &subject)
    }
}

/// A call that was not made, in a run that has done nothing yet.
pub(crate) fn about_call(
    body: &api::ExplainPolicy,
    judging: (&Rules, &Own),
    now: Timestamp,
) -> Result<Asked, Failure> {
    let Some(tool) = &body.tool else {
        let detail = "Say `action`, or `tool` and `arguments`.";
        return Err(Failure::new(Code::InvalidField, detail));
    };
    let arguments = parse::changed(body.arguments.as_deref())?;
    let arguments = arguments.unwrap_or(Document::Object(Vec::new()));
    let call = Call {
        tool: Untrusted::new(tool.clone()),
        server: Untrusted::new(body.server.clone().unwrap_or_default()),
        arguments: Untrusted::new(arguments.to_text()),
        cwd: Untrusted::new(body.cwd.clone().unwrap_or_default()),
        env_names: Untrusted::new("[]"),
        definition: Untrusted::default(),
        pins: Untrusted::default(),
    };
    let nobody = PrincipalId::from_bytes([0; 16]);
    Ok(Asked {
        assessment: assess(&call, &arguments, None, judging),
        call,
        words: Words::default(),
        cost: parse::cost(body.cost.as_deref())?,
        agent: body.agent.clone().unwrap_or_default(),
        run: Run::new(RunId::from_bytes([0; 16]), nobody, "explain", now),
        today: Spending::default(),
    })
}

/// What files of a policy say about a call, without a server. Levels of tools come from the data
/// directory's `holdshort.toml`.
///
/// # Errors
/// When the files or the call cannot be used.
pub fn explain_files(
    data: &Path,
    files: &[PathBuf],
    body: &api::ExplainPolicy,
) -> Result<api::PolicyExplained, Failure> {
    let unusable = |problem: String| Failure::new(Code::InvalidField, problem);
    let (policy, rules, own) = read_files(data, files).map_err(|e| unusable(e.to_string()))?;
    let now = Clock::starting_at(Timestamp::default()).now();
    Ok(about_call(body, (&rules, &own), now)?.explained(&policy, now))
}

fn explained(policy: &Policy, subject: &Subject<'_>) -> api::PolicyExplained {
    let (verdict, considered) = policy.explain(subject);
    let arguments = Document::parse(subject.call.arguments.raw().as_bytes());
    let mask = Mask::of(&arguments.unwrap_or(Document::Null), &subject.assessment.secrets);
    let looked = |look: &holdshort_core::Looked| api::Looked {
        path: look.path.clone(),
        value: wire::text(&mask.text(&look.value, Place::Code)),
    };
    let asks = verdict.asks.clone().unwrap_or_default();
    let place = verdict.why.as_ref().and_then(|why| why.place.as_ref());
    api::PolicyExplained {
        ruling: match verdict.ruling {
            Ruling::Allow => api::Ruling::Allow,
            Ruling::Ask => api::Ruling::Ask,
            Ruling::Deny => api::Ruling::Deny,
        },
        place: place.map(|place| format!("{}:{}", place.file, place.line)),
        rule: verdict.rule,
        reason: verdict.reason,
        also: verdict.also,
        asks: match verdict.ruling {
            Ruling::Ask => {
                let ladder = format!("ladder {}", asks.ladder);
                std::iter::once(ladder).chain(wire::needs(&asks)).collect()
            }
            Ruling::Allow | Ruling::Deny => Vec::new(),
        },
        level: wire::level(subject.assessment.level),
        sentence: wire::text(&mask.phrase(&subject.assessment.sentence)),
        considered: considered
            .iter()
            .map(|one| api::RuleConsidered {
                rule: one.rule.clone(),
                effect: one.effect.to_owned(),
                place: format!("{}:{}", one.place.file, one.place.line),
                applies: matches!(one.found, Found::Yes | Found::NoAnswer(_)),
                found: match &one.found {
                    Found::Yes => "applies".to_owned(),
                    Found::No => "does not apply".to_owned(),
                    Found::OtherTool => "other tool".to_owned(),
                    Found::Elsewhere => "other place".to_owned(),
                    Found::NoAnswer(why) => format!("no answer, so a person is asked: {why}"),
                },
                when: one.when.clone(),
                looked_at: one.looked_at.iter().map(looked).collect(),
            })
            .collect(),
    }
}
