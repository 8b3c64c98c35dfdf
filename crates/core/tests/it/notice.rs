//! What a person sees of the request to terminate 47 instances: all of it, in order.

use std::fmt::Write as _;

use holdshort_core::notice::{self, Names, Notice};
use holdshort_core::{
    Alternative, ArgumentSpan, Call, Command, Count, Evidence, Judged, Mode, Outside, Phrase,
    RiskLevel, Source, Truth, Untrusted, Words,
};

use crate::builders::{self, fact};
use crate::world::{World, propose};

fn arguments() -> String {
    let ids: Vec<String> = (0..47).map(|number| format!("\"i-{number:04x}\"")).collect();
    format!("{{\"region\":\"eu-west-1\",\"instance_ids\":[{}]}}", ids.join(","))
}

fn terminate() -> Judged {
    let mut judged = builders::judged(RiskLevel::Dangerous, 47);
    judged.call.arguments = Untrusted::new(arguments());
    judged.call.cwd = Untrusted::new("/srv/fleet");
    let assessment = &mut judged.assessment;
    assessment.sentence = Phrase::ours("Terminate ").theirs("47").and(" instances in ");
    assessment.sentence = assessment.sentence.clone().theirs("eu-west-1");
    assessment.outside = Outside::Yes;
    assessment.count = Some(Count {
        number: 47,
        noun: Untrusted::new("instance ids"),
        path: Untrusted::new("instance_ids"),
    });
    assessment.notes = vec![Phrase::ours("47 things in one call")];
    assessment.evidence.push(Evidence {
        source: Source::Annotation,
        text: Phrase::ours("its server says: not destructive"),
        level: RiskLevel::Safe,
        at: None,
    });
    builders::probed(judged)
}

fn words() -> Words {
    Words {
        reason: Untrusted::new("They are idle\u{200b}: under 5 % CPU for 30 days."),
        goal: Untrusted::new("Cut the cost of dev"),
        if_denied: Untrusted::new("I ask the team."),
        alternatives: Untrusted::new("[\"stop them\u{202e}\"]"),
        phase: Untrusted::default(),
        confidence: Untrusted::default(),
    }
}

fn proposed(judged: Judged, words: Words) -> World {
    let mut world = World::new(Mode::Personal);
    let Command::Propose(mut propose) = propose(judged) else { unreachable!() };
    propose.words = words;
    world.apply(Command::Propose(propose)).unwrap();
    world
}

fn seen(world: &World) -> Notice {
    let names = Names { agent: "cleaner", owner: Some("Dana") };
    notice::notice(world.action(), world.payload(), world.request(), names)
}

/// Every text of a notice, one a line, in the order of the page.
fn page(notice: &Notice) -> String {
    let mut page = String::new();
    let mut line = |label: &str, text: String| {
        let chars: Vec<char> = format!("{label}: {text}").chars().collect();
        let rows: Vec<String> = chars.chunks(80).map(String::from_iter).collect();
        writeln!(page, "{}", rows.join("~\n    ")).unwrap();
    };
    line("tags", notice.tags.join(" · "));
    line("what", notice.sentence.to_plain());
    line("who", notice.agent.to_plain());
    notice.owner.iter().for_each(|owner| line("for", owner.to_plain()));
    notice.task.iter().for_each(|task| line("task", task.to_plain()));
    notice.if_approved.iter().for_each(|text| line("if approved", text.to_plain()));
    notice.if_denied.iter().for_each(|text| line("if denied", text.to_plain()));
    for way in &notice.safer {
        let texts = (way.title.to_plain(), way.detail.to_plain());
        line("safer", format!("{} ({}) {:?} {}", texts.0, texts.1, way.becomes, way.arguments));
    }
    for fact in &notice.facts {
        let texts = (fact.claim.to_plain(), fact.detail.to_plain(), fact.source.to_plain());
        line("fact", format!("{:?} {}: {} ({})", fact.truth, texts.0, texts.1, texts.2));
    }
    let exact = &notice.exact;
    line("tool", format!("{} {}", exact.server.to_plain(), exact.tool.to_plain()));
    line("in", exact.cwd.to_plain());
    exact.command.iter().for_each(|text| line("command", text.to_plain()));
    for argument in &exact.arguments {
        let items: Vec<String> = argument.items.iter().map(|item| item.to_plain()).collect();
        let value = format!("{}{}", argument.value.to_plain(), items.join(" "));
        line(&format!("argument {}", argument.name.to_plain()), value);
    }
    notice.notes.iter().for_each(|note| line("note", note.clone()));
    let words = &notice.words;
    words.reason.iter().for_each(|text| line("reason", text.to_plain()));
    words.if_denied.iter().for_each(|text| line("its plan", text.to_plain()));
    words.alternatives.iter().for_each(|text| line("its other ways", text.to_plain()));
    words.claims.iter().for_each(|text| line("claim", text.to_plain()));
    let axes = notice.axes.map(|axis| format!("{} {:?}", axis.word, axis.filled));
    line("axes", axes.join(", "));
    for reason in &notice.evidence {
        let source = reason.evidence.source.name();
        line("evidence", format!("{source}: {}", reason.text.to_plain()));
    }
    if let Some(confirm) = &notice.confirm {
        line("confirm", format!("{}: {}", confirm.prompt.to_plain(), confirm.expected));
    }
    line("editor", notice.arguments.clone());
    page
}

#[test]
fn the_47_instances() {
    let mut world = proposed(terminate(), words());
    assert!(page(&seen(&world)).contains("fact: None No instance is a standby: checking…"));
    let mut standby = fact(Truth::False, "31");
    standby.detail = Phrase::theirs(Phrase::default(), "31").and(" of the 47 are standbys");
    standby.safer = Some(Alternative {
        title: Phrase::ours("Leave out the 31"),
        detail: Phrase::ours("16 remain"),
        arguments: Untrusted::new("{\"instance_ids\":[\"i-0000\"],\"region\":\"eu-west-1\"}"),
        becomes: RiskLevel::Dangerous,
    });
    let request = world.request().id;
    world.apply(Command::FactsArrived { request, facts: vec![standby] }).unwrap();
    insta::assert_snapshot!(page(&seen(&world)), @r#"
    tags: Cannot be undone · Felt outside
    what: Terminate 47 instances in eu-west-1
    who: cleaner
    for: Dana
    task: Cut the cost of dev
    if approved: 31 of the 47 are standbys
    if approved: It runs once, exactly as shown here.
    if approved: There is no way back.
    if denied: Nothing runs.
    if denied: cleaner is told why, in your words, and plans on without it.
    if denied: What waiting costs is not known.
    safer: Leave out the 31 (16 remain) Dangerous {"instance_ids":["i-0000"],"region~
        ":"eu-west-1"}
    fact: Some(False) No instance is a standby: 31 of the 47 are standbys (inventory~
        )
    tool: aws terminate_instances
    in: /srv/fleet
    argument instance_ids: i-0000 i-0001 i-0002 i-0003 i-0004 i-0005 i-0006 i-0007 i~
        -0008 i-0009 i-000a i-000b i-000c i-000d i-000e i-000f i-0010 i-0011 i-0012 i-00~
        13 i-0014 i-0015 i-0016 i-0017 i-0018 i-0019 i-001a i-001b i-001c i-001d i-001e ~
        i-001f i-0020 i-0021 i-0022 i-0023 i-0024 i-0025 i-0026 i-0027 i-0028 i-0029 i-0~
        02a i-002b i-002c i-002d i-002e
    argument region: eu-west-1
    note: 2 invisible characters made visible
    note: 47 things in one call
    reason: They are idle<U+200B>: under 5 % CPU for 30 days.
    its plan: I ask the team.
    its other ways: stop them<U+202E>
    claim: its server says: not destructive
    axes: none Some(3), service Some(2), outside Some(3), none Some(0)
    evidence: table: listed
    evidence: annotation: its server says: not destructive
    confirm: To approve, type how many instance ids it names: 47
    editor: {"region":"eu-west-1","instance_ids":["i-0000","i-0001","i-0002","i-0003~
        ","i-0004","i-0005","i-0006","i-0007","i-0008","i-0009","i-000a","i-000b","i-000~
        c","i-000d","i-000e","i-000f","i-0010","i-0011","i-0012","i-0013","i-0014","i-00~
        15","i-0016","i-0017","i-0018","i-0019","i-001a","i-001b","i-001c","i-001d","i-0~
        01e","i-001f","i-0020","i-0021","i-0022","i-0023","i-0024","i-0025","i-0026","i-~
        0027","i-0028","i-0029","i-002a","i-002b","i-002c","i-002d","i-002e"]}
    "#);
}

/// `hunter2` stands in an argument, and in every other text around it.
fn with_secrets() -> World {
    let arguments = "{\"a\":\"xy\",\"again\":\"hunter2\",\"password\":\"hunter2\",\
                     \"pin\":\"xy\",\"quoted\":\"\\\"q-secret\",\"url\":\"https://u:hunter2@h/\"}";
    let mut judged = builders::judged(RiskLevel::Dangerous, 1);
    judged.call = Call {
        arguments: Untrusted::new(arguments),
        cwd: Untrusted::new("/home/hunter2"),
        env_names: Untrusted::new("[\"PATH\",\"hunter2\"]"),
        ..judged.call
    };
    let span = |path: &str, end| ArgumentSpan { path: Untrusted::new(path), start: 0, end };
    let assessment = &mut judged.assessment;
    assessment.secrets = vec![span("password", 7), span("pin", 2), span("quoted", 9)];
    assessment.sentence = Phrase::ours("Log in with ").theirs("hunter2");
    assessment.commands = vec![Phrase::ours("login ").theirs("hunter2")];
    assessment.notes = vec![Phrase::ours("note ").theirs("hunter2")];
    let evidence = Phrase::ours("evidence ").theirs("hunter2");
    assessment.evidence[0].text = evidence;
    assessment.safer = vec![Alternative {
        title: Phrase::ours("less ").theirs("hunter2"),
        detail: Phrase::default().theirs("hunter2"),
        arguments: Untrusted::new(arguments),
        becomes: RiskLevel::Risky,
    }];
    let words = Words {
        reason: Untrusted::new("use hunter2"),
        goal: Untrusted::new("hunter2"),
        if_denied: Untrusted::new("hunter2"),
        alternatives: Untrusted::new("[\"hunter2\"]"),
        phase: Untrusted::default(),
        confidence: Untrusted::default(),
    };
    let mut world = proposed(builders::probed(judged), words);
    let mut found = fact(Truth::False, "a");
    found.claim = Phrase::ours("claim ").theirs("hunter2");
    found.detail = Phrase::default().theirs("hunter2");
    found.source = Phrase::default().theirs("hunter2");
    let request = world.request().id;
    world.apply(Command::FactsArrived { request, facts: vec![found] }).unwrap();
    world
}

#[test]
fn secrets_are_masked_everywhere() {
    let notice = seen(&with_secrets());
    let page = page(&notice);
    for secret in ["hunter2", "xy", "q-secret"] {
        assert!(!page.contains(secret), "{secret} in\n{page}");
    }
    assert!(page.matches("secret ").count() > 15, "{page}");
    let secret: Vec<bool> = notice.exact.arguments.iter().map(|line| line.secret).collect();
    assert_eq!(secret, [true; 6]);
    let sentence = notice::sentence(with_secrets().payload()).to_plain();
    assert!(!sentence.contains("hunter2"));
}

#[test]
fn concealed_arguments_come_back_whole() {
    let world = with_secrets();
    let held = holdshort_core::Json::parse(world.payload().call.arguments.raw().as_bytes());
    let held = held.unwrap();
    let mask = notice::Mask::of(&held, &world.payload().assessment.secrets);
    let edited = holdshort_core::Json::parse(seen(&world).arguments.as_bytes()).unwrap();
    assert_ne!(edited, held);
    assert_eq!(notice::restore(&edited, &mask), held);
}

#[test]
fn invisible_characters_are_counted() {
    let mut judged = builders::judged(RiskLevel::Dangerous, 1);
    judged.call.arguments = Untrusted::new("{\"k\u{200b}\":\"v\u{202e}\",\"l\":[\"\u{feff}\",1]}");
    judged.call.tool = Untrusted::new("rm\u{2066}");
    judged.call.cwd = Untrusted::new("/\u{ad}");
    let notice = seen(&proposed(judged.clone(), words()));
    // One each in key, value, element, tool and place; one in the reason, one in the other ways.
    assert_eq!(notice.notes[0], "7 invisible characters made visible");
    let page = page(&notice);
    for char in ["U+200B", "U+202E", "U+FEFF", "U+2066", "U+00AD"] {
        assert!(page.contains(char), "{char} in\n{page}");
    }
    let plain = seen(&proposed(builders::dangerous(), Words::default()));
    assert!(plain.notes.is_empty());
}

/// Calls that differ look different.
#[test]
fn different_calls_look_different() {
    let texts = [
        "{}",
        "[]",
        "null",
        "{\"a\":1}",
        "{\"a\":\"1\"}",
        "{\"a\":{}}",
        "{\"a\":\"{}\"}",
        "{\"a\":[]}",
        "{\"a\":\"[]\"}",
        "{\"a\":{\"b\":1}}",
        "{\"a.b\":1}",
        "{\"\":{\"a\":1}}",
        "{\"a\":{\"\":1}}",
        "{\"a.\":1}",
        "{\"a\":null}",
        "{\"a\":\"null\"}",
        "{\"a\":\"\"}",
        "{\"a\":\"\\\"\\\"\"}",
        "{\"a\":[{\"b\":1}]}",
        "{\"a[0]\":{\"b\":1}}",
        "{\"a[0].b\":1}",
        "{\"a\":1.0}",
        "{\"a\":\"x\"}",
        "{\"a\":\"x \"}",
        "{\"a\":\"x\\u200b\"}",
    ];
    let look = |text: &str| {
        let mut judged = builders::judged(RiskLevel::Dangerous, 2);
        judged.call.arguments = Untrusted::new(text);
        let notice = seen(&proposed(judged, Words::default()));
        let lines = notice.exact.arguments.iter().map(|line| {
            let items: Vec<String> = line.items.iter().map(|item| item.to_plain()).collect();
            format!("{} = {} {items:?}", line.name.to_plain(), line.value.to_plain())
        });
        lines.collect::<Vec<String>>()
    };
    let looks: Vec<Vec<String>> = texts.iter().map(|text| look(text)).collect();
    for (index, one) in looks.iter().enumerate() {
        let same = looks.iter().position(|other| other == one);
        assert_eq!(same, Some(index), "{} looks like {}", texts[index], texts[same.unwrap()]);
    }
}

#[test]
fn the_environment_is_shown() {
    let mut judged = builders::dangerous();
    judged.call.env_names = Untrusted::new("[\"LD_PRELOAD\"]");
    let notice = seen(&proposed(judged, Words::default()));
    assert_eq!(notice.notes, ["Environment it sets: LD_PRELOAD"]);
}

#[test]
fn nothing_to_type_once_it_is_over() {
    let mut world = World::with(builders::dangerous());
    assert!(seen(&world).confirm.is_some());
    world.deny().unwrap();
    assert!(seen(&world).confirm.is_none());
    let ended = notice::outcome(world.request());
    assert_eq!(ended.as_deref(), Some("Denied by Person (browser)"));
    assert_eq!(notice::result(&world.action().state), "It did not run.");
}
