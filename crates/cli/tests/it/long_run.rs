//! The long run: 30 steps, two denials, one change, a question nobody answers in time, a pause of
//! ten days in which two watched files and one fact change, and kill -9 of agent and server at
//! random moments, 50 in all. Judged by the tools' own log. `HOLDSHORT_SEED` makes it another run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use holdshort_sdk::api::{Card, Kind, Reply};
use serde_json::json;

use crate::kills::{Numbers, number};
use crate::shop::{Says, Shop, arguments, ended};

const POLICY: &str = r#"
[resume]
refresh_after = "1d"

[[rule]]
id = "act"
reason = "Ordinary work."
tool = "act"
allow = true
accept_dangerous = true

[[rule]]
id = "grave"
reason = "Somebody has to see this."
tool = "grave"
ask = true

[[probe]]
id = "happened"
tool = ["act", "grave"]
verifies = true
fact = "It was carried out"
run = ["/bin/sh", "HOME/work/check.sh", "${args.name:word}"]
known_when = "has(output.found)"
true_when = "output.found"

[[probe]]
id = "stock"
tool = "grave"
fact = "There is enough in stock"
run = ["/bin/cat", "HOME/work/stock.json"]
known_when = "has(output.stock)"
true_when = "output.stock > 0"
bind = ["output.stock"]
"#;

/// Writes down what it does when it has done it, as the executor's own log.
const TOOL: &str = r#"
line=$(cat)
name=$(printf %s "$line" | sed 's/.*"name":"\([a-z0-9]*\)".*/\1/')
amount=$(printf %s "$line" | sed 's/.*"amount":\([0-9]*\).*/\1/')
# Its agent may have been killed before it said what to do.
if [ -z "$name" ] || [ -z "$amount" ]; then exit 1; fi
sleep 0.15
printf '%s %s %s\n' "$name" "$amount" "$HOLDSHORT_ACTION" >> HOME/work/executor.log
echo "did $name"
"#;

const CHECK: &str = r#"
if grep -q "^$1 " HOME/work/executor.log; then echo '{"found":true}'
else echo '{"found":false}'; fi
"#;

/// Steps that are asked about: denied, denied, changed, and the one nobody answers in time.
const GRAVE: [&str; 4] = ["s05", "s10", "s15", "s20"];

fn needs(number: u32) -> Vec<String> {
    let id = |number: u32| format!("s{number:02}");
    match number {
        1 => vec![],
        // What needs a denied step is left out: 6, 7 and 11.
        6 => vec![id(5)],
        7 => vec![id(6)],
        11 => vec![id(10)],
        // A denied or left out step holds nothing else up.
        8 | 12 => vec![id(number - 4)],
        // After the one that is answered late.
        21..=30 => vec![id(number - 1)],
        _ if number.is_multiple_of(3) => vec![id(1), id(number.saturating_sub(2).max(1))],
        _ => vec![id(1)],
    }
}

fn plan() -> String {
    let mut text = "goal = \"A long run\"\nwatch = [\"a.txt\", \"b.txt\", \"c.txt\"]\n\
                    [tool.act]\ncommand = [\"sh\", \"HOME/work/tool.sh\"]\n\
                    [tool.grave]\ncommand = [\"sh\", \"HOME/work/tool.sh\"]\n"
        .to_owned();
    for number in 1..=30 {
        let id = format!("s{number:02}");
        let tool = if GRAVE.contains(&id.as_str()) { "grave" } else { "act" };
        let mut needs = needs(number);
        needs.retain(|need| {
            !["s05", "s06", "s07", "s10", "s11"].contains(&need.as_str())
                || [6, 7, 11].contains(&number)
        });
        writeln!(
            text,
            "[[step]]\nid = '{id}'\ntool = '{tool}'\nneeds = {needs:?}\n\
             arguments = {{ name = '{id}', amount = {number} }}"
        )
        .unwrap();
    }
    text
}

/// What the executor says it did: name, amount.
fn executed(shop: &Shop) -> Vec<(String, u32)> {
    let text = std::fs::read_to_string(shop.work().join("executor.log")).unwrap();
    let line = |line: &str| {
        let mut words = line.split(' ');
        (words.next().unwrap().to_owned(), words.next().unwrap().parse().unwrap())
    };
    text.lines().map(line).collect()
}

struct Story {
    shop: Shop,
    numbers: Numbers,
    /// What `run` is told: the plan, then the run.
    arguments: Vec<String>,
    ahead: AtomicU32,
    /// Whether the last question is answered.
    answers: AtomicBool,
    asked_late: AtomicU32,
    said: String,
    killed: u64,
}

impl Story {
    fn says(&self, card: &Card) -> Says {
        if card.kind != Kind::Action {
            // What the probe could not say, somebody looks up in the executor's log.
            let about = serde_json::to_string(card).unwrap();
            let log = std::fs::read_to_string(self.shop.work().join("executor.log")).unwrap();
            let mut actions = log.lines().map(|line| line.rsplit(' ').next().unwrap());
            let happened = actions.any(|action| about.contains(action));
            let reply = if happened { Reply::Happened } else { Reply::DidNotHappen };
            return Says::Reply(reply, "I looked.");
        }
        let arguments = arguments(card);
        match arguments["name"].as_str().unwrap() {
            "s05" => Says::Deny("Not that one."),
            "s10" => Says::Deny("Nor that."),
            "s15" => Says::Change(json!({ "name": "s15", "amount": 5 })),
            "s20" if self.answers.load(Ordering::Relaxed) => {
                self.asked_late.fetch_add(1, Ordering::Relaxed);
                Says::Approve
            }
            _ => Says::Nothing,
        }
    }

    fn turn(&self, secs: u32) {
        let ahead = self.ahead.fetch_add(secs, Ordering::Relaxed) + secs;
        self.shop.turn(ahead);
    }

    fn start(&self) -> Child {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.shop.command(&[&["run"], arguments.as_slice()].concat()).spawn().unwrap()
    }

    /// Lets the agent work for a moment, then kills it, or the server, or both.
    async fn kill(&mut self, within: u64) {
        let mut agent = self.start();
        let until = self.numbers.below(within);
        for _ in 0..until / 25 {
            tokio::time::sleep(Duration::from_millis(25)).await;
            self.shop.decide(&|card: &Card| self.says(card)).await;
        }
        let which = self.numbers.below(3);
        if which > 0 {
            self.shop.kill_server();
            self.killed += 1;
        }
        if which != 1 {
            agent.kill().unwrap();
            self.killed += 1;
        } else {
            // The agent tries again until the server is back.
            self.shop.serve();
            tokio::time::sleep(Duration::from_millis(150)).await;
            agent.kill().unwrap();
        }
        self.said.push_str(&ended(agent.wait_with_output().unwrap()).1);
        if which == 2 {
            self.shop.serve();
        }
        // What the agent had begun ends on its own. Its claims run out, or the next one, which
        // knows this machine's journal, is there before that.
        if self.numbers.below(2) == 0 {
            self.idle().await;
            self.turn(61);
        }
        self.shop.decide(&|card: &Card| self.says(card)).await;
    }

    /// Whether no process of this story is there whose command line has this in it.
    fn is_idle(&self, what: &str) -> bool {
        let what = format!("{}/{what}", self.shop.work().parent().unwrap().display());
        let processes = std::fs::read_dir("/proc").unwrap();
        let lines = processes.filter_map(|one| {
            let line = std::fs::read(one.unwrap().path().join("cmdline")).ok()?;
            Some(String::from_utf8_lossy(&line).into_owned())
        });
        lines.filter(|line| line.contains(&what)).count() == 0
    }

    /// Waits until what a killed agent had begun has ended.
    async fn idle(&self) {
        for _ in 0..400 {
            // The agent is gone; what it was about to start has its name until it has its own.
            if self.is_idle("") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a tool does not end");
    }

    /// From the first time on, it is the run that is gone on with.
    fn remember(&mut self) {
        let named = self.said.split_whitespace().find(|word| word.starts_with("run_"));
        if let Some(run) = named {
            self.arguments = vec!["--resume".to_owned(), run.to_owned()];
        }
    }

    /// Works without a kill until `enough`, or to the end.
    async fn work(&mut self, enough: impl Fn(&Shop) -> bool) -> Option<i32> {
        let mut agent = self.start();
        for turn in 0..2000 {
            if agent.try_wait().unwrap().is_some() {
                let (exit, said) = ended(agent.wait_with_output().unwrap());
                self.said.push_str(&said);
                return Some(exit);
            }
            if enough(&self.shop) {
                agent.kill().unwrap();
                self.said.push_str(&ended(agent.wait_with_output().unwrap()).1);
                return None;
            }
            // Claims of the last agent run out. This clock is faster than the agent's, which says
            // every 20 seconds that a tool is at work: it stands still while one is.
            if turn % 40 == 39 && self.is_idle("work/tool.sh") {
                self.turn(10);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
            self.shop.decide(&|card: &Card| self.says(card)).await;
        }
        agent.kill().unwrap();
        let said = ended(agent.wait_with_output().unwrap()).1;
        panic!("it does not end:\n{}\n--- the last one\n{said}", self.said);
    }
}

async fn begin(seed: u64) -> Story {
    let shop = Shop::new(POLICY).await;
    let at = |name: &str| shop.work().join(name);
    let home = shop.work().parent().unwrap().display().to_string();
    std::fs::write(at("tool.sh"), TOOL.replace("HOME", &home)).unwrap();
    std::fs::write(at("check.sh"), CHECK.replace("HOME", &home)).unwrap();
    std::fs::write(at("stock.json"), r#"{"stock": 3}"#).unwrap();
    std::fs::write(at("executor.log"), "").unwrap();
    for name in ["a.txt", "b.txt", "c.txt"] {
        std::fs::write(at(name), "before").unwrap();
    }
    let plan = shop.plan(&plan()).display().to_string();
    Story {
        shop,
        numbers: Numbers(seed),
        arguments: vec![plan],
        ahead: AtomicU32::new(0),
        answers: AtomicBool::new(false),
        asked_late: AtomicU32::new(0),
        said: String::new(),
        killed: 0,
    }
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the seed makes a failure repeatable")]
async fn a_long_run_with_kills_and_a_long_pause_ends_as_it_was_decided() {
    let seed = number("HOLDSHORT_SEED", 7);
    let kills = number("HOLDSHORT_KILLS", 50);
    println!("seed {seed}, {kills} kills");
    let mut story = begin(seed).await;
    while story.killed < kills / 2 {
        story.kill(350).await;
        story.remember();
    }
    // All that does not need the last question gets done.
    let before = 19 - 5;
    assert_eq!(story.work(|shop| executed(shop).len() >= before).await, None, "{}", story.said);
    story.work(|_| true).await;

    // Nobody answers; then ten days pass, and the world with them.
    story.turn(2 * 3600);
    let open = story.shop.reader().requests("open", None, 10).await.unwrap();
    let states: Vec<String> = open.items.iter().map(|item| format!("{:?}", item.state)).collect();
    assert_eq!(states, ["Stalled"], "{}", story.said);
    story.turn(10 * 24 * 3600);
    for name in ["a.txt", "b.txt"] {
        std::fs::write(story.shop.work().join(name), "after").unwrap();
    }
    let run: Vec<&str> = story.arguments.iter().map(String::as_str).collect();
    let (exit, said) = story.shop.run(&[run.as_slice(), &["--park"]].concat());
    assert_eq!(exit, 6, "{said}");
    for (name, changed) in [("a.txt", true), ("b.txt", true), ("c.txt", false)] {
        let line = said.lines().any(|line| line.contains("Changed") && line.contains(name));
        assert_eq!(line, changed, "{name}: {said}");
    }
    // Approved on facts that are no longer so: asked again.
    std::fs::write(story.shop.work().join("stock.json"), r#"{"stock": 0}"#).unwrap();
    while story.killed < kills.saturating_sub(9) {
        story.kill(250).await;
    }
    story.answers.store(true, Ordering::Relaxed);
    while story.killed < kills {
        story.kill(130).await;
    }
    let over = story.said.contains("This run is finished");
    assert!(!over, "it ended before the last kill: {}", story.said);
    let exit = story.work(|_| false).await;
    assert_eq!(exit, Some(5), "some steps were denied: {}", story.said);
    judge(&story).await;
}

async fn judge(story: &Story) {
    let done = executed(&story.shop);
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, _) in &done {
        *times.entry(name).or_default() += 1;
    }
    let left_out = ["s05", "s06", "s07", "s10", "s11"];
    for number in 1..=30 {
        let name = format!("s{number:02}");
        let expected = u32::from(!left_out.contains(&name.as_str()));
        let ran = times.get(name.as_str()).copied().unwrap_or(0);
        assert_eq!(ran, expected, "{name}: {done:?}\n{}", story.said);
    }
    let amount = done.iter().find(|(name, _)| name == "s15").unwrap().1;
    assert_eq!(amount, 5, "it ran as it was changed");
    let place = |name: &str| done.iter().position(|(done, _)| done == name);
    for number in 1..=30 {
        let id = format!("s{number:02}");
        for need in needs(number) {
            if let (Some(at), Some(before)) = (place(&id), place(&need)) {
                assert!(before < at, "{id} before {need}: {done:?}");
            }
        }
    }
    assert!(story.asked_late.load(Ordering::Relaxed) >= 2, "a changed fact asks again");
}
