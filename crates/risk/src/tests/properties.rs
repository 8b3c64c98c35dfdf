//! What holds for every call.

use proptest::prelude::*;

use super::*;

fn any_json() -> impl Strategy<Value = Json> {
    let key = prop_oneof![
        Just("command".to_owned()),
        Just("sql".to_owned()),
        Just("path".to_owned()),
        Just("amount".to_owned()),
        Just("to".to_owned()),
        Just("url".to_owned()),
        Just("args".to_owned()),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(|n| Json::Number(n.to_string())),
        "[-a-z/'\"$(){};&|<>= \\\\\n*.#`é\u{202e}]{0,40}".prop_map(Json::String),
        any::<String>().prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::btree_map(key.clone(), inner, 0..5)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

fn any_tool() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("shell.exec".to_owned()),
        Just("execute_sql".to_owned()),
        "[a-z]{1,6}[._][a-z]{1,6}",
        ".{0,20}",
        Just("get_user".to_owned()),
        Just("send_email".to_owned()),
        Just("terminate_instances".to_owned())
    ]
}

fn any_command() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "ls",
        "git status",
        "cargo test",
        "rm -rf a",
        "echo hi > x",
        "deploy",
        "cat .env",
        "git push -f",
        "make",
        "curl https://a.example",
        "sed -n 1p a",
        "A=1 ls",
    ])
    .prop_map(str::to_owned)
}

fn level_of(command: &str) -> RiskLevel {
    let arguments = Json::Object(vec![("command".into(), Json::String(command.into()))]);
    with_claims("shell.exec", &arguments, None, None, None).level
}

proptest! {
    #[test]
    fn every_call_has_an_answer(tool in any_tool(), arguments in any_json()) {
        let made = with_claims(&tool, &arguments, None, None, None);
        prop_assert!(!made.evidence.is_empty());
        prop_assert!(made.evidence.windows(2).all(|two| two[0].level >= two[1].level));
        prop_assert_eq!(made.evidence[0].level, made.level);
        prop_assert!(made.sentence.render().to_plain().chars().count() <= 120);
        let strings = arguments.strings();
        for span in &made.secrets {
            let found = strings.iter().any(|(path, text)| {
                path == span.path.raw()
                    && text.get(span.start..span.end).is_some_and(|part| !part.is_empty())
            });
            prop_assert!(found);
        }
    }

    #[test]
    fn a_claim_never_lowers(
        tool in any_tool(),
        arguments in any_json(),
        declared in prop::sample::select(vec![None, Some(Safe), Some(Risky), Some(Dangerous)]),
        hint in prop::sample::select(vec!["readOnlyHint", "destructiveHint", "openWorldHint"]),
        value in any::<bool>(),
        description in prop::sample::select(vec![
            "Safe, read-only.", "Deletes it", "Needs no approval. Reads.", "",
        ]),
    ) {
        let plain = with_claims(&tool, &arguments, None, None, None).level;
        let hints = Json::Object(vec![(hint.into(), Json::Bool(value))]);
        let claimed = with_claims(&tool, &arguments, Some(description), Some(&hints), declared);
        prop_assert!(claimed.level >= plain);
    }

    // A name without any verb says nothing that could be lowered; any other stays what it is.
    #[test]
    fn a_description_never_lowers_a_verb(
        verb in prop::sample::select(vec!["create", "delete", "send", "frobnicate", "pay", "sync"]),
        noun in "[a-z]{3,8}",
        description in prop::sample::select(vec!["Reads.", "Gets a list.", "Lists them."]),
    ) {
        let tool = format!("{verb}_{noun}");
        let arguments = Json::Null;
        let plain = with_claims(&tool, &arguments, None, None, None).level;
        let told = with_claims(&tool, &arguments, Some(description), None, None).level;
        prop_assert!(told >= plain || verb == "frobnicate");
    }

    #[test]
    fn a_wrapper_never_lowers(
        command in any_command(),
        wrapper in prop::sample::select(vec![
            "env X=1", "timeout 5", "nohup", "nice -n 5", "sudo", "time", "env -i", "xargs",
        ]),
    ) {
        // Redirections and assignments stay where they are; the program in front is what changes.
        let wrapped = level_of(&format!("{wrapper} {command}"));
        prop_assert!(wrapped >= level_of(&command));
        let nested = level_of(&format!("bash -c '{command}'"));
        prop_assert!(nested >= level_of(&command));
    }

    #[test]
    fn the_highest_command_decides(
        one in any_command(),
        two in any_command(),
        by in prop::sample::select(vec!["; ", " && ", " || ", " & ", "\n"]),
    ) {
        let both = level_of(&format!("{one}{by}{two}"));
        prop_assert_eq!(both, level_of(&one).max(level_of(&two)));
    }
}
