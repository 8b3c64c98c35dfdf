//! The policy: one verdict over a thousand rules.

use holdshort_core::{
    Assessment, Call, Json, Policy, PolicySource, PrincipalId, Run, RunId, Spending, Subject,
    Timestamp, Untrusted, Words,
};
use holdshort_risk::assess;

use crate::Failed;
use crate::measure::figure;

/// Rules, and how many of them name their tool with `*`.
const RULES: usize = 1000;
const GLOBS: usize = 100;
/// Verdicts timed together, and how often; the best counts.
const AT_ONCE: u32 = 10_000;
const TRIES: usize = 5;

/// Rules for tools of their own; one of them has a condition when asked for.
fn text(when: &str) -> String {
    let rule = |number: usize| {
        let tool =
            if number < GLOBS { format!("other_{number}_*") } else { format!("tool_{number}") };
        let when = if number == RULES - 1 { when } else { "" };
        format!(
            "[[rule]]\nid = \"r{number}\"\nreason = \"So.\"\ntool = \"{tool}\"\n{when}ask = true\n"
        )
    };
    (0..RULES).map(rule).collect()
}

fn call() -> Call {
    let empty = Untrusted::default;
    Call {
        tool: Untrusted::new(format!("tool_{}", RULES - 1)),
        server: empty(),
        arguments: Untrusted::new(r#"{"environment":"production","count":47}"#),
        cwd: empty(),
        env_names: empty(),
        definition: empty(),
        pins: empty(),
    }
}

fn judge(call: &Call) -> Assessment {
    let arguments = Json::parse(call.arguments.raw().as_bytes()).unwrap_or(Json::Null);
    assess(&holdshort_risk::Call::new(call.tool.raw(), &arguments))
}

/// Nanoseconds of one verdict.
#[expect(clippy::disallowed_methods, reason = "this program measures time")]
fn verdict(when: &str) -> Result<u64, Failed> {
    let source = PolicySource::organization("policy.toml", &text(when));
    let policy = Policy::read(&[source], &judge);
    let policy = policy.map_err(|problems| format!("{:?}", problems.first()))?;
    let (call, now) = (call(), Timestamp::from_micros(1_795_600_000_000_000));
    let (assessment, words) = (judge(&call), Words::default());
    let agent = PrincipalId::from_bytes([1; 16]);
    let run = Run::new(RunId::from_bytes([2; 16]), agent, "bench", now);
    let today = Spending::default();
    let subject = Subject {
        call: &call,
        assessment: &assessment,
        words: &words,
        cost: None,
        agent: "bench",
        run: &run,
        today: &today,
        now,
    };
    let tries = (0..TRIES).map(|_| {
        let start = std::time::Instant::now();
        for _ in 0..AT_ONCE {
            std::hint::black_box(policy.evaluate(std::hint::black_box(&subject)));
        }
        u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX) / u64::from(AT_ONCE)
    });
    Ok(tries.min().unwrap_or_default())
}

pub(crate) fn run() -> Result<(), Failed> {
    let micros = |nanos: u64| format!("{}.{:02} µs", nanos / 1000, nanos % 1000 / 10);
    let plain = verdict("")?;
    figure("policy", "a verdict, 1,000 rules, 100 of them globs", &micros(plain));
    let one = verdict("when = 'args.environment == \"production\" && args.count > 10'\n")?;
    figure("policy", "the same, the rule of this tool with a condition", &micros(one));
    Ok(())
}
