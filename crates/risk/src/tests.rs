//! Whole calls through `assess`: tables, sentences, and properties that hold for every call.

mod properties;
mod shell;

use holdshort_core::RiskLevel::{self, Dangerous, Risky, Safe};
use holdshort_core::{Assessment, Json, Money, Reach, Source, WayBack};

use crate::{Call, Own, Rules, ToolLevel, assess};

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

fn made(tool: &str, arguments: &str) -> Assessment {
    with_claims(tool, &json(arguments), None, None, None)
}

fn with_claims(
    tool: &str,
    arguments: &Json,
    description: Option<&str>,
    annotations: Option<&Json>,
    declared: Option<RiskLevel>,
) -> Assessment {
    let own = Own { data_dir: "/home/ana/.hs".into(), addresses: vec!["127.0.0.1:4127".into()] };
    assess(&Call {
        description,
        annotations,
        declared,
        cwd: Some("/home/ana/work"),
        own: &own,
        ..Call::new(tool, arguments)
    })
}

#[track_caller]
fn check(tool: &str, arguments: &str, expect: RiskLevel) {
    let made = made(tool, arguments);
    assert_eq!(made.level, expect, "{tool} {arguments}: {:?}", plain_evidence(&made));
    assert!(!made.evidence.is_empty() && made.evidence[0].level == expect);
    assert!(made.sentence.render().to_plain().chars().count() <= 120);
}

fn plain_evidence(made: &Assessment) -> Vec<String> {
    made.evidence.iter().map(|one| one.text.render().to_plain()).collect()
}

#[track_caller]
fn shell(command: &str, expect: RiskLevel) {
    let arguments = Json::Object(vec![("command".into(), Json::String(command.into()))]);
    check("shell.exec", &arguments.to_text(), expect);
}

#[test]
fn the_table() {
    check("read_file", r#"{"path":"src/main.rs"}"#, Safe);
    check("search_web", r#"{"query":"rust"}"#, Safe);
    check("write_file", r#"{"path":"src/main.rs","content":"x"}"#, Risky);
    check("run_command", "{}", Risky);
    check("send_email", r#"{"to":"a@b.example"}"#, Dangerous);
    check("delete_resource", r#"{"id":"x"}"#, Dangerous);
    check("deploy_to_production", "{}", Dangerous);
    check("charge_payment", r#"{"amount":1}"#, Dangerous);
    check("terminate_instances", r#"{"instance_ids":["i-1"]}"#, Dangerous);
    check("read_file", r#"{"path":"/home/ana/.ssh/id_rsa"}"#, Risky);
    check("write_file", r#"{"path":".github/workflows/ci.yml","content":"x"}"#, Dangerous);
}

#[test]
fn the_argument_decides() {
    check("run_command", r#"{"command":"ls"}"#, Safe);
    check("execute_sql", r#"{"sql":"SELECT 1"}"#, Safe);
    check("execute_sql", r#"{"sql":"DROP TABLE a"}"#, Dangerous);
    check("get_rows", r#"{"sql":"DELETE FROM a"}"#, Dangerous);
    check("get_status", r#"{"command":"rm -rf x"}"#, Dangerous);
    check("Bash", r#"{"command":["bash","-lc","git status"]}"#, Safe);
    check("shell", r#"{"command":["rm","-rf","a"]}"#, Dangerous);
    check("exec", r#"{"command":"ls","args":["-la"]}"#, Safe);
    check("exec", r#"{"command":"git","args":["push","--force"]}"#, Dangerous);
    check("x", r#"{"deep":{"cmd":"rm -rf y"}}"#, Dangerous);
    check("shell", r#"{"command":{"a":1}}"#, Dangerous);
    check("sql.execute", r#"{"statement":"DELETE FROM a; DELETE FROM b;"}"#, Dangerous);
    check("sql.execute", r#"{"statement":"INSERT INTO a SELECT * FROM b"}"#, Risky);
    check("deploy", r#"{"environment":"staging"}"#, Risky);
    check("deploy", r#"{"environment":"production"}"#, Dangerous);
    check("deploy_to_staging", r#"{"env":"prod-eu"}"#, Dangerous);
    check("http_request", r#"{"url":"https://a.example","method":"DELETE"}"#, Dangerous);
    check("get_webpage", r#"{"url":"https://a.example"}"#, Risky);
    check("mcp.git.diff", r#"{"target":"--output=/home/dev/.bashrc"}"#, Dangerous);
    check("record", r#"{"amount":5,"iban":"DE00"}"#, Dangerous);
    check("str_replace_based_edit_tool", r#"{"command":"create","path":"a.rs"}"#, Risky);
    check("apply_patch", r#"{"input":"*** Update File: .github/workflows/ci.yml"}"#, Dangerous);
    check("read_file", "{\"path\":\"a\u{202e}b\"}", Dangerous);
}

#[test]
fn claims_only_raise() {
    let read_only = json(r#"{"readOnlyHint":true}"#);
    let one = with_claims(
        "sync_records",
        &json(r#"{"all":true}"#),
        Some("Deletes and rewrites records"),
        Some(&read_only),
        Some(Safe),
    );
    assert_eq!(one.level, Dangerous);
    assert!(
        plain_evidence(&one)
            .contains(&"the server claims it is read-only; not verified".to_owned())
    );
    let two = with_claims("mcp.untrusted.delete_files", &json("{}"), None, Some(&read_only), None);
    assert_eq!(two.level, Dangerous);
    let three = with_claims(
        "user.get",
        &json("{}"),
        None,
        Some(&json(r#"{"destructiveHint":true}"#)),
        None,
    );
    assert_eq!(three.level, Dangerous);
}

#[test]
fn protects_the_gate() {
    for (tool, arguments) in [
        ("read_file", r#"{"path":"/home/ana/.hs/token"}"#),
        ("shell", r#"{"command":"cat ../.hs/token"}"#),
        ("shell", r#"{"command":"sudo /usr/bin/holdshort approve 1"}"#),
        ("shell", r#"{"command":"pkill -f holdshort"}"#),
        ("shell", r#"{"command":"HOLDSHORT_DATA=x ls"}"#),
        ("fetch", r#"{"url":"http://localhost:4127/"}"#),
        ("x", r#"{"a":["y",{"b":"see /home/ana//.hs"}]}"#),
    ] {
        let made = made(tool, arguments);
        assert!(made.touches_gate, "{tool} {arguments}");
        assert!(made.evidence.iter().any(|one| one.source == Source::Gate));
        check(tool, arguments, Dangerous);
    }
    assert!(!made("shell", r#"{"command":"grep holdshort README.md"}"#).touches_gate);
}

#[test]
fn sentences() {
    let says = |tool: &str, arguments: &str| made(tool, arguments).sentence.render().to_plain();
    let shown = [
        says("terminate_instances", r#"{"instance_ids":["i-1","i-2","i-3"],"region":"eu-west-1"}"#),
        says("send_email", r#"{"to":["a","b","c"],"subject":"Prices"}"#),
        says("email.send", r#"{"to":"a@b.example","subject":"x"}"#),
        says("shell.exec", r#"{"command":"ls; rm -rf build; ls"}"#),
        says("write_file", r#"{"path":".github/workflows/ci.yml"}"#),
        says("read_file", r#"{"path":"notes.txt"}"#),
        says("wallet.transfer", r#"{"amount":"500.00","currency":"EUR","to":"ACME"}"#),
        says("refund.create", r#"{"amount":12.5,"currency":"EUR","customer":"c-1"}"#),
        says("sync_records", r#"{"a":1,"b":2,"c":3}"#),
        says("mcp.db.drop_table", r#"{"table":"users"}"#),
        says(
            "execute_sql",
            r#"{"sql":"DROP TABLE IF EXISTS orders; SELECT 1","database":"billing"}"#,
        ),
        says("deploy_to_production", r#"{"service":"checkout","version":"2.41.0"}"#),
        says("deploy", r#"{"service":"checkout","environment":"staging"}"#),
        says("search_web", r#"{"query":"rust"}"#),
        says("http_request", r#"{"method":"post","url":"https://u:p@a.example/v1/refunds?x=1"}"#),
        says("x", &format!(r#"{{"command":"{}"}}"#, "a".repeat(200))),
    ];
    insta::assert_snapshot!(shown.join("\n"), @r#"
    Permanently terminate 3 instances in eu-west-1
    Email 3 people: "Prices"
    Email a@b.example: "x"
    Delete `build` with all in it, and run 2 more commands
    Write .github/workflows/ci.yml, a file that runs in CI
    Read notes.txt
    Transfer 500.00 EUR to ACME
    Refund 12.5 EUR to c-1
    Call sync_records with 3 arguments
    Permanently drop table users
    Permanently drop table orders in billing and run 1 more statement
    Deploy checkout 2.41.0 to production
    Deploy checkout to staging
    Search for rust
    Send a POST request to a.example/v1/refunds
    Run `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…`
    "#);
}

#[test]
fn notes_and_facts() {
    let notes = |tool: &str, arguments: &str| -> Vec<String> {
        made(tool, arguments).notes.iter().map(|note| note.render().to_plain()).collect()
    };
    assert_eq!(
        notes("shell", r#"{"command":"ln -sfn a b\nls c\nrm -rf d"}"#),
        ["3 commands; a later one runs even if an earlier one fails"]
    );
    assert!(notes("shell", r#"{"command":"ls && pwd"}"#).is_empty());
    assert_eq!(
        notes("shell", r#"{"command":"echo cm0gLXJmIC9kYXRh | base64 -d | sh"}"#),
        ["encoded command", "decodes to: rm -rf /data"]
    );
    assert_eq!(
        notes(
            "wallet.transfer",
            r#"{"raw_amount":"52439283000000","decimals":6,"balance_raw":"52439283000000"}"#
        ),
        ["in whole units the amount is 52439283", "100% of the balance"]
    );
    assert_eq!(notes("x", r#"{"password":"hunter2"}"#), ["credential in arguments"]);
    let made = made("charge_payment", r#"{"amount":"10.50","currency":"USD"}"#);
    let Money::Amount { amount, currency } = made.money else { panic!("no amount") };
    assert_eq!((amount.raw(), currency.raw()), ("10.50", "USD"));
    assert_eq!(made.way_back, WayBack::No);
}

#[test]
fn what_cannot_be_inspected_is_dangerous() {
    let deep = made("read_file", &("[".repeat(13) + &"]".repeat(13)));
    assert_eq!(deep.level, Dangerous);
    assert!(deep.uninspectable.is_some());
    assert!(made("read_file", &("[".repeat(12) + &"]".repeat(12))).uninspectable.is_none());
    let large = Json::String("a".repeat(256 * 1024 + 1));
    assert!(with_claims("read_file", &large, None, None, None).uninspectable.is_some());
}

#[test]
fn commands_in_words() {
    let says = |command: &str| {
        let arguments = Json::Object(vec![("command".into(), Json::String(command.into()))]);
        made("shell.exec", &arguments.to_text()).sentence.render().to_plain()
    };
    let shown = [
        says("git push --force origin main"),
        says("git push origin +main"),
        says("git push -f"),
        says("git push origin --delete old"),
        says("git reset --hard HEAD~3"),
        says("git branch -D a b c"),
        says("rm -rf build"),
        says("rm a.txt b.txt c.txt"),
        says("kubectl delete deployment web"),
        says("terraform destroy"),
        says("ls && rm -rf build && ls"),
        says("rm -rf $X"),
    ];
    insta::assert_snapshot!(shown.join("\n"), @r#"
    Force-push `main` to `origin`
    Force-push `main` to `origin`
    Force-push this branch
    Delete branch `old` on `origin`
    Discard all uncommitted changes and go to `HEAD~3`
    Delete unmerged branch `a`, `b` and 1 more
    Delete `build` with all in it
    Delete `a.txt`, `b.txt` and 1 more
    Delete deployment `web` in the cluster
    Destroy everything that Terraform manages here
    Delete `build` with all in it, and run 2 more commands
    Run `rm -rf $X`
    "#);
}

#[test]
fn the_organization_gives_levels() {
    let level = |tools: &str, level, lowers| ToolLevel { lowers, ..ToolLevel::new(tools, level) };
    let rules = Rules {
        levels: vec![
            level("crm.*", Dangerous, false),
            level("wipe_scratch", Risky, true),
            ToolLevel {
                way_back: Some(WayBack::No),
                reach: Some(Reach::None),
                ..level("archive_*", Safe, false)
            },
        ],
        trusted: vec!["docs".into()],
        domains: vec!["acme.example".into()],
    };
    let empty = Json::Null;
    let of = |tool| assess(&Call { rules: &rules, ..Call::new(tool, &empty) });
    assert_eq!(of("crm.list").level, Dangerous);
    assert_eq!(of("other.list").level, Safe);
    // Axes are raised; "changes nothing" is not believed of something that does.
    let archive = of("archive_mail");
    assert_eq!((archive.way_back, archive.reach), (WayBack::No, Reach::Local));
    let lowered = of("wipe_scratch");
    assert_eq!(lowered.level, Risky);
    assert_eq!(lowered.evidence[0].source, Source::Rule);
    // What cannot be inspected stays dangerous whatever the rule says.
    let hidden = json("{\"path\":\"a\u{202e}b\"}");
    let call = Call { rules: &rules, ..Call::new("wipe_scratch", &hidden) };
    assert_eq!(assess(&call).level, Dangerous);

    let hints = json(r#"{"readOnlyHint":true}"#);
    let hinted = |server, tool, arguments| {
        let call = Call::new(tool, arguments);
        assess(&Call { server: Some(server), annotations: Some(&hints), rules: &rules, ..call })
    };
    assert_eq!(hinted("docs", "frobnicate", &empty).level, Safe);
    assert_eq!(hinted("other", "frobnicate", &empty).level, Risky);
    let command = json(r#"{"command":"rm -rf x"}"#);
    assert_eq!(hinted("docs", "run", &command).level, Dangerous);

    let mail = json(r#"{"to":["a@acme.example","b@eu.acme.example","c@other.example"]}"#);
    let notes = assess(&Call { rules: &rules, ..Call::new("send_email", &mail) }).notes;
    let notes: Vec<String> = notes.iter().map(|note| note.render().to_plain()).collect();
    assert_eq!(notes, ["1 of 3 recipients are outside the organization, one at `other.example`"]);
}

#[test]
fn evidence_says_where() {
    let made = made("shell.exec", r#"{"command":"ls && rm -rf build"}"#);
    let at = made.evidence[0].at.clone().unwrap();
    assert_eq!((at.path.raw(), at.start, at.end), ("command", 6, 18));
}

#[test]
fn targets_are_normal() {
    let arguments = json(
        r#"{"env":"PROD-eu","path":"../x/./y","url":"https://API.Example:443/v1",
            "to":["A@B.example"],"project_id":"p-1"}"#,
    );
    let target = made("deploy", &arguments.to_text()).target;
    let raw = |list: &[holdshort_core::Untrusted]| {
        list.iter().map(|one| one.raw().to_owned()).collect::<Vec<_>>().join(",")
    };
    assert_eq!(target.environment.unwrap().raw(), "production");
    assert_eq!(raw(&target.paths), "/home/ana/x/y");
    for spelled in [
        r#"{"command":"rm -rf /srv/old build"}"#,
        r#"{"command":"cd /home/ana && rm -r -f -- /srv/old ./build"}"#,
        r#"{"argv":["rm","-fr","/srv/x/../old","build/"]}"#,
    ] {
        let arguments = Json::parse(spelled.as_bytes()).unwrap();
        let call = Call { cwd: Some("/home/ana"), ..Call::new("run_command", &arguments) };
        let target = assess(&call).target;
        assert_eq!(raw(&target.paths), "/srv/old,/home/ana/build", "{spelled}");
    }
    assert_eq!(raw(&target.hosts), "api.example");
    assert_eq!(raw(&target.recipients), "a@b.example");
    assert_eq!(raw(&target.accounts), "p-1");
}

#[test]
fn a_script_is_judged_by_its_content() {
    let arguments = json(r#"{"command":"sh tools/go.sh"}"#);
    let with = |text: &str| {
        let scripts = [("tools/go.sh".to_owned(), text.to_owned())];
        assess(&Call { scripts: &scripts, ..Call::new("shell", &arguments) }).level
    };
    assert_eq!(with("#!/bin/sh\nls\n"), Safe);
    assert_eq!(with("#!/bin/sh\nls\nrm -rf src\n"), Dangerous);
    assert_eq!(crate::code_files(&Call::new("shell", &arguments)), ["tools/go.sh"]);
    assert_eq!(assess(&Call::new("shell", &arguments)).level, Risky);
}

#[test]
fn safer_ways_are_no_worse() {
    let ways = |tool: &str, arguments: &str| -> Vec<String> {
        let made = made(tool, arguments);
        assert!(made.safer.iter().all(|way| way.becomes <= made.level));
        made.safer.iter().map(|way| way.arguments.raw().to_owned()).collect()
    };
    assert_eq!(
        ways("shell", r#"{"command":"git push --force origin x","cwd":"/a"}"#),
        [r#"{"command":"git push --force-with-lease origin x","cwd":"/a"}"#]
    );
    assert_eq!(
        ways("shell", r#"{"command":"terraform apply"}"#),
        [r#"{"command":"terraform plan"}"#]
    );
    assert_eq!(ways("deploy", r#"{"env":"production"}"#), [r#"{"env":"staging"}"#]);
    assert!(ways("shell", r#"{"command":"git push --force $X; ls"}"#).is_empty());
    let first = |tool: &str, arguments: &str| ways(tool, arguments).into_iter().next().unwrap();
    assert_eq!(
        first("execute_sql", r#"{"sql":"DROP TABLE orders"}"#),
        r#"{"sql":"ALTER TABLE orders RENAME TO orders_dropped"}"#
    );
    assert_eq!(
        first("execute_sql", r#"{"sql":"DELETE FROM a WHERE b > 1"}"#),
        r#"{"sql":"SELECT count(*) FROM a WHERE b > 1"}"#
    );
    assert_eq!(
        first("shell", r#"{"command":"rm -rf build/"}"#),
        r#"{"command":"mv -- build/ build.aside"}"#
    );
    assert_eq!(
        first("shell", r#"{"command":"aws ec2 terminate-instances --instance-ids i-1"}"#),
        r#"{"command":"aws ec2 stop-instances --instance-ids i-1"}"#
    );
    assert_eq!(
        first("send_email", r#"{"to":["a@b.example","c@d.example"]}"#),
        r#"{"to":["a@b.example"]}"#
    );
    assert_eq!(first("delete_db", r#"{"id":1,"force":true}"#), r#"{"id":1,"force":false}"#);
}
