//! `holdshort run`: plans that are refused, tools that do what was approved, planners that plan
//! around a denial, and people who are told when there is no way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use holdshort_sdk::api::{Card, Reply};
use serde_json::{Value, json};

use crate::shop::{Says, Shop, arguments, ended, is_action};

#[tokio::test]
async fn a_plan_with_something_wrong_is_refused_before_anything_runs() {
    let shop = Shop::new("").await;
    let note = "[[step]]\nid = 'a'\ntool = 'note'\narguments = { text = 'x' }\n";
    for (wrong, says) in [
        ("goal = 'x'", "at least one step"),
        ("[[step]]\nid = 'a'\ntool = 'fly'", "there is no tool `fly`"),
        ("[[step]]\nid = 'a'\ntool = 'write_file'\narguments = { path = 'p' }", "needs `content`"),
        ("[[step]]\nid = 'a'\ntool = 'note'\narguments = { text = 3 }", "must be a text"),
        ("[[step]]\nid = 'a'\ntool = 'note'\narguments = { text = 'x', y = 1 }", "takes no `y`"),
        (
            "[[step]]\nid = 'a'\ntool = 'note'\nneeds = ['b']\narguments = { text = 'x' }\n\
             [[step]]\nid = 'b'\ntool = 'note'\nneeds = ['a']\narguments = { text = 'x' }",
            "wait for each other: a, b",
        ),
        (
            &format!(
                "{note}[[step]]\nid = 'b'\ntool = 'note'\narguments = {{ text = '${{a.output}}' }}"
            ),
            "uses what `a` gives and does not need it",
        ),
        (
            "[[step]]\nid = 'a'\ntool = 'sql_query'\n\
             arguments = { database = 'x', sql = 'SELECT 1' }",
            "there is no [database.x]",
        ),
        (
            "[database.x]\nurl = 'postgres://u:secret@h/d'\n[[step]]\nid = 'a'\n\
             tool = 'sql_query'\narguments = { database = 'x', sql = 'SELECT 1' }",
            "an address with a password belongs into `url_env`",
        ),
        (&format!("{note}[planner]\nattempts = 2"), "has either `command` or `model`"),
        (&format!("{note}why = 'x'"), "unknown field `why`"),
        (
            "[[step]]\nid = 'a'\ntool = 'send_email'\n\
             arguments = { to = ['a@b.c'], subject = 's', body = 'b' }",
            "needs a [mail] section",
        ),
    ] {
        let plan = shop.plan(wrong);
        let (exit, said) = shop.run(&[plan.to_str().unwrap()]);
        assert_eq!(exit, 2, "{wrong}\n{said}");
        assert!(said.contains(says), "{wrong}\n{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    let events = shop.reader().events(0, 100).await.unwrap();
    assert!(events.items.iter().all(|event| event.kind != "action.proposed"), "{events:?}");
}

/// A web server that answers each request with what it was sent.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut part = [0u8; 8192];
            let read = socket.read(&mut part).unwrap();
            let head = String::from_utf8_lossy(&part[..read]).lines().next().unwrap().to_owned();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}", head.len());
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    format!("http://{address}/orders")
}

/// A mail server that takes one mail; what it was told.
fn mail_server() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        tell.send(talk(socket)).unwrap();
    });
    (format!("smtp://{address}"), told)
}

fn talk(mut socket: TcpStream) -> String {
    let mut lines = BufReader::new(socket.try_clone().unwrap());
    let mut all = String::new();
    let mut in_body = false;
    socket.write_all(b"220 here\r\n").unwrap();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        all.push_str(&line);
        let answer = match line.trim_end() {
            "." if in_body => {
                in_body = false;
                "250 taken\r\n"
            }
            _ if in_body => continue,
            "DATA" => {
                in_body = true;
                "354 go on\r\n"
            }
            "QUIT" => return all,
            _ => "250 yes\r\n",
        };
        socket.write_all(answer.as_bytes()).unwrap();
    }
}

const ALLOW: &str = "\
[[rule]]
id = 'tools'
reason = 'The tools of this test.'
tool = ['http_request', 'sql_query', 'send_email', 'run_command', 'count']
allow = true
accept_dangerous = true
";

/// A plan with every tool.
fn every_tool(smtp: &str, url: &str) -> String {
    format!(
        r#"
goal = "Use every tool"
mail = {{ server = "{smtp}", from = "agent@example.org" }}
[database.shop]
url = "sqlite:HOME/work/shop.db"
[tool.count]
command = ["sh", "count.sh"]

[[step]]
id = "names"
tool = "read_file"
arguments = {{ path = "names.txt" }}
[[step]]
id = "orders"
tool = "sql_query"
needs = ["names"]
arguments.database = "shop"
arguments.sql = "SELECT id FROM orders WHERE buyer = ?1"
arguments.params = ["ana"]
[[step]]
id = "change"
tool = "sql_query"
needs = ["orders"]
arguments = {{ database = "shop", sql = "UPDATE orders SET buyer = 'cy' WHERE id = 8" }}
[[step]]
id = "count"
tool = "count"
needs = ["names", "orders"]
arguments = {{ names = "${{names.lines}}", rows = "${{orders.json}}" }}
[[step]]
id = "echo"
tool = "run_command"
needs = ["names"]
arguments = {{ argv = ["cat"], stdin = "<${{names.output}}>" }}
[[step]]
id = "post"
tool = "http_request"
arguments = {{ method = "POST", url = "{url}", body = "x" }}
[[step]]
id = "report"
tool = "write_file"
needs = ["echo", "post", "count"]
arguments = {{ path = "out/report.txt", content = "${{echo.output}} ${{post.output}}" }}
[[step]]
id = "mail"
tool = "send_email"
needs = ["report"]
arguments = {{ to = ["ana@example.org"], subject = "Done: ü", body = "${{report.output}}" }}
"#
    )
}

#[tokio::test]
async fn each_tool_does_what_it_says_and_hands_on_what_it_gave() {
    let shop = Shop::new(ALLOW).await;
    let (url, (smtp, mails)) = (echo(), mail_server());
    rusqlite::Connection::open(shop.work().join("shop.db"))
        .unwrap()
        .execute_batch(
            "CREATE TABLE orders (id INTEGER, buyer TEXT); \
                        INSERT INTO orders VALUES (7, 'ana'), (8, 'ben')",
        )
        .unwrap();
    std::fs::write(shop.work().join("names.txt"), "ana\nben").unwrap();
    std::fs::write(shop.work().join("count.sh"), "cat > seen.json; wc -c < seen.json").unwrap();
    let plan = shop.plan(&every_tool(&smtp, &url));
    let (exit, said) = shop.run(&[plan.to_str().unwrap()]);
    assert_eq!(exit, 0, "{said}");
    let seen = std::fs::read_to_string(shop.work().join("seen.json")).unwrap();
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(seen, json!({ "names": ["ana", "ben"], "rows": [{ "id": 7 }] }));
    let report = std::fs::read_to_string(shop.work().join("out/report.txt")).unwrap();
    assert_eq!(report, "<ana\nben> POST /orders HTTP/1.1");
    let mail = mails.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(mail.contains("RCPT TO:<ana@example.org>"), "{mail}");
    assert!(mail.contains(&format!("{} bytes written", report.len())), "{mail}");
    let buyer: String = rusqlite::Connection::open(shop.work().join("shop.db"))
        .unwrap()
        .query_row("SELECT buyer FROM orders WHERE id = 8", [], |row| row.get(0))
        .unwrap();
    assert_eq!(buyer, "cy");
    let (exit, said) = shop.run(&[plan.to_str().unwrap()]);
    assert!(said.contains("plan 2"), "the same plan again is a new run: {said}");
    assert_eq!(exit, 5, "there is no mail server any more: {said}");
}

/// A plan with a step that is denied, and one that needs it.
const DROP: &str = r#"
goal = "Free the space"
PLANNER
[[step]]
id = "look"
tool = "note"
arguments = { text = "40 GB in old-backups" }
[[step]]
id = "drop"
tool = "run_command"
needs = ["look"]
REQUIRED
arguments = { argv = ["rm", "-rf", "/srv/old-backups"] }
[[step]]
id = "tell"
tool = "write_file"
needs = ["drop"]
arguments = { path = "told.txt", content = "gone: ${drop.output}" }
"#;

fn drop_plan(planner: &str, required: bool) -> String {
    let required = if required { "required = true" } else { "" };
    DROP.replace("PLANNER", planner).replace("REQUIRED", required)
}

fn deny_removals(card: &Card) -> Says {
    match is_action(card) && arguments(card).to_string().contains("old-backups") {
        true => Says::Deny("The audit needs them."),
        false => Says::Nothing,
    }
}

/// Works a plan off while somebody decides.
async fn worked(
    shop: &Shop,
    (arguments, environment): (&[&str], &[(&str, &str)]),
    says: impl Fn(&Card) -> Says,
) -> (i32, String) {
    let mut command = shop.command(&[&["run"], arguments].concat());
    let mut running = command.envs(environment.iter().copied()).spawn().unwrap();
    for _ in 0..600 {
        if running.try_wait().unwrap().is_some() {
            return ended(running.wait_with_output().unwrap());
        }
        shop.decide(&says).await;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    running.kill().unwrap();
    panic!("it does not end: {}", ended(running.wait_with_output().unwrap()).1);
}

#[tokio::test]
async fn without_a_planner_what_needed_a_denied_step_is_left_out() {
    let shop = Shop::new("").await;
    let plan = shop.plan(&drop_plan("", false));
    let (exit, said) = worked(&shop, (&[plan.to_str().unwrap()], &[]), deny_removals).await;
    assert_eq!(exit, 5, "{said}");
    assert!(said.contains("The audit needs them."), "{said}");
    assert!(said.contains("finished without 2 of its steps"), "{said}");
    assert!(!shop.work().join("told.txt").exists());
}

#[tokio::test]
async fn a_required_step_that_stays_denied_reaches_a_person_as_a_statement() {
    let shop = Shop::new("").await;
    let plan = shop.plan(&drop_plan("", true));
    let path = plan.to_str().unwrap();
    let (exit, said) = worked(&shop, (&[path, "--park"], &[]), |_| Says::Nothing).await;
    assert_eq!(exit, 6, "{said}");
    shop.decide(&deny_removals).await;
    let (exit, said) = shop.run(&[path, "--park"]);
    assert_eq!(exit, 6, "the statement waits: {said}");
    let open = shop.reader().requests("open", None, 10).await.unwrap();
    assert_eq!(open.items.len(), 1);
    let (exit, _) = shop.run(&[path, "--park"]);
    assert_eq!(exit, 6);
    let open = shop.reader().requests("open", None, 10).await.unwrap();
    assert_eq!(open.items.len(), 1, "it is stated once");
    let says = |card: &Card| match is_action(card) {
        true => Says::Approve,
        false => Says::Reply(Reply::Reconsider, "The audit is over."),
    };
    let (exit, said) = worked(&shop, (&[path], &[]), says).await;
    assert_eq!(exit, 0, "{said}");
    assert!(shop.work().join("told.txt").exists());
}

#[tokio::test]
async fn a_planner_that_answers_nonsense_or_nothing_is_bounded() {
    let shop = Shop::new("").await;
    let again = json!({ "steps": [{ "id": "drop2", "tool": "run_command",
        "arguments": { "argv": ["rm", "-rf", "/srv/old-backups"] } }] });
    for (number, (program, says)) in [
        ("echo nonsense", "the answer is neither"),
        ("echo '{\"steps\":[]}'; exit 3", "ended with exit status: 3"),
        ("sleep 30", "said nothing in 1 s"),
        ("yes", "says more than"),
        (&format!("echo '{again}'"), "is what was denied as `drop`"),
        ("echo '{\"steps\":[{\"id\":\"x\",\"tool\":\"fly\"}]}'", "there is no tool `fly`"),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(shop.work().join("planner.sh"), program).unwrap();
        let planner = format!(
            "name = 'bounded {number}'\n[planner]\ncommand = ['sh', '{}']\nattempts = 2\n\
             timeout_s = 1\n",
            shop.work().join("planner.sh").display()
        );
        let plan = shop.plan(&drop_plan(&planner, false));
        let says_stop = |card: &Card| match is_action(card) {
            true => deny_removals(card),
            false => Says::Reply(Reply::Stop, "Enough."),
        };
        let (exit, said) = worked(&shop, (&[plan.to_str().unwrap()], &[]), says_stop).await;
        assert_eq!(exit, 5, "{program}: {said}");
        assert_eq!(said.matches("a plan is refused").count(), 1, "said once: {said}");
        assert!(said.contains(says), "{program}: {said}");
    }
}

/// A model that plays a script, if it is there.
struct Model {
    child: Child,
    port: u16,
}

impl Model {
    fn start(shop: &Shop, turns: &Value) -> Option<Self> {
        let Ok(shared) = std::env::var("HOLDSHORT_SHARED") else {
            let _ = writeln!(std::io::stderr(), "left out: HOLDSHORT_SHARED names no folder");
            return None;
        };
        let script = shop.work().join("turns.json");
        std::fs::write(&script, turns.to_string()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = format!("{shared}/agents/scripted-model");
        let mut command = Command::new(program);
        command.args([port.to_string(), script.display().to_string()]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let model = Self { child, port };
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(model);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the model does not start");
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

const MODEL: &str = "[planner]\nmodel = 'scripted'\n";

async fn with_model(turns: Value, says: impl Fn(&Card) -> Says) -> Option<(Shop, i32, String)> {
    let shop = Shop::new("").await;
    let model = Model::start(&shop, &turns)?;
    let plan = shop.plan(&drop_plan(MODEL, true));
    let base = format!("http://127.0.0.1:{}/v1", model.port);
    let environment = [("OPENAI_BASE_URL", base.as_str()), ("OPENAI_API_KEY", "k")];
    let (exit, said) = worked(&shop, (&[plan.to_str().unwrap()], &environment), says).await;
    Some((shop, exit, said))
}

#[tokio::test]
async fn a_model_plans_around_a_denied_step() {
    let again = json!({ "steps": [{ "id": "drop2", "tool": "run_command",
        "arguments": { "argv": ["rm", "-rf", "/srv/old-backups"] } }] });
    let around = json!({ "steps": [{ "id": "ask-storage", "tool": "write_file",
        "needs": ["look"], "title": "Ask for more space",
        "arguments": { "path": "told.txt", "content": "More space, please: ${look.output}" } }] });
    // The first answer is the denied action again: it is refused and the model is told why.
    let turns =
        json!([[{ "name": "plan", "input": again }], [{ "name": "plan", "input": around }]]);
    let Some((shop, exit, said)) = with_model(turns, deny_removals).await else { return };
    assert_eq!(exit, 5, "one step was denied: {said}");
    assert!(said.contains("is what was denied as `drop`"), "{said}");
    let told = std::fs::read_to_string(shop.work().join("told.txt")).unwrap();
    assert_eq!(told, "More space, please: 40 GB in old-backups");
}

#[tokio::test]
async fn the_denied_action_in_another_form_is_refused_by_the_gate() {
    // Another spelling passes the planner's own check; the gate knows it.
    let disguised = json!({ "steps": [{ "id": "clean", "tool": "run_command",
        "arguments": { "argv": ["rm", "-r", "-f", "--", "/srv/old-backups"] } },
        { "id": "note-it", "tool": "write_file", "needs": ["clean"],
          "arguments": { "path": "told.txt", "content": "cleaned" } }] });
    let gives_up = json!({ "consequence": "The disk is full by Friday.",
        "choices": ["Buy more space", "Remove something else"] });
    let turns = json!([[{ "name": "plan", "input": disguised }],
                       [{ "name": "give_up", "input": gives_up }]]);
    let statement = std::sync::Mutex::new(None);
    let says = |card: &Card| {
        if is_action(card) {
            let asked = arguments(card).to_string();
            assert!(asked.contains("\"-rf\""), "asked once, as it was: {asked}");
            return deny_removals(card);
        }
        *statement.lock().unwrap() = Some(serde_json::to_string(card).unwrap());
        Says::Reply(Reply::Stop, "I order space.")
    };
    let Some((shop, exit, said)) = with_model(turns, says).await else { return };
    assert_eq!(exit, 5, "{said}");
    assert!(said.contains("policy (denied.before)"), "{said}");
    assert!(!shop.work().join("told.txt").exists());
    let card = statement.lock().unwrap().clone().unwrap();
    assert!(card.contains("The disk is full by Friday."), "{card}");
    assert!(card.contains("Buy more space"), "{card}");
}

#[tokio::test]
async fn a_run_goes_on_on_another_machine_from_the_gate_alone() {
    let shop = Shop::new("").await;
    let plan = shop.plan(&drop_plan("", false));
    let (exit, said) = shop.run(&[plan.to_str().unwrap(), "--park"]);
    assert_eq!(exit, 6, "{said}");
    let run = said.split_whitespace().find(|word| word.starts_with("run_")).unwrap().to_owned();
    // Another machine has the address of the gate, a token, and nothing else.
    let other = tempfile::tempdir().unwrap();
    for name in ["server.json", "local.token"] {
        std::fs::copy(shop.data().join(name), other.path().join(name)).unwrap();
    }
    std::fs::remove_file(&plan).unwrap();
    let says = |card: &Card| match is_action(card) {
        true => Says::Change(json!({ "argv": ["echo", "cleaned by hand"] })),
        false => Says::Nothing,
    };
    while shop.decide(&says).await != Some(0) {}
    let resumed = Command::new(crate::world::BINARY)
        .arg("--data")
        .arg(other.path())
        .args(["run", "--resume", &run])
        .output()
        .unwrap();
    let (exit, said) = ended(resumed);
    assert_eq!(exit, 0, "{said}");
    let told = std::fs::read_to_string(shop.work().join("told.txt")).unwrap();
    assert_eq!(told, "gone: cleaned by hand");
}
