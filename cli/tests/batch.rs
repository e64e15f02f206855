//! Many attestations from a table: all or nothing is signed, and what was interrupted goes on without a gap or a double.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use common::{Node, Place, Ran, read_request, say_id, until};
use serde_json::{Value, json};

const HEADER: &str = "proposal,terms,verdict,grade,default,loss,greatest,outlook,valid,reasons,title\n";

fn propose(place: &Place, title: &str) -> String {
    let loan =
        ["propose", "loan", "--title", title, "--borrower", "Mill Street Bakery", "--purpose", "A test."];
    let terms = ["--amount", "6000", "--term", "24", "--rate", "3.5%", "--expires", "2060-01-01T00:00:00Z"];
    say_id(place, &[&loan[..], &terms].concat())
}

const RATING: [&str; 12] = [
    "--grade",
    "4",
    "--default",
    "1%",
    "--loss",
    "1%",
    "--greatest",
    "5",
    "--outlook",
    "50",
    "--valid",
    "+1d",
];

fn line(loan: &str, verdict: &str, title: &str) -> String {
    format!("{loan},,{verdict},2,1.5%,40%,8000,70,2060-12-24,sound books,{title}\n")
}

/// The number of the attestor's newest record.
fn newest(node: &Node<'_>, key: &str) -> u64 {
    let (address, token) = node.api();
    let answer = ask(
        &address,
        &format!(
            "GET /v1/chains/{key} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        ),
    );
    let chain: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    chain["sequence"].as_u64().unwrap()
}

fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_bad_line_anywhere_signs_nothing_and_a_good_table_is_signed_once() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    let key = place.json(&["key", "show", "founder"])["public"].as_str().unwrap().to_owned();
    say_id(&place, &["admit", "founder", "--name", "Hana Novak"]);
    let loans: Vec<String> = ["one", "two", "three", "four", "twin", "twin", "gone"]
        .into_iter()
        .map(|title| propose(&place, title))
        .collect();
    let motion = say_id(&place, &["propose", "motion", "--title", "Hours", "--text", "Longer?"]);
    say_id(&place, &["withdraw", &loans[6], "--reason", "Too late"]);
    let old = place.json(&["proposals", &loans[3]])["terms"].as_str().unwrap().to_owned();
    say_id(&place, &["amend", &loans[3], "--amount", "6500"]);
    let before = newest(&node, &key);

    // One bad line between good ones, of each kind.
    let good = |number: usize, title| line(&loans[number], "approved", title);
    let unknown = "ab".repeat(32);
    let cases: &[(String, &str, &str)] = &[
        (good(1, "two").replace("1.5%", "1,5%"), "", "has 12 fields"),
        (good(1, "two").replace("1.5%", "1.5"), ", default", "without a unit"),
        (good(1, "two").replace(",8000,", ",1'000.00,"), ", greatest", "nothing between thousands"),
        (good(1, "two").replace("approved", ""), ", verdict", "is empty"),
        (good(1, "two").replace("2060-12-24", "2020-12-24"), ", valid", "past"),
        (good(1, "two").replace("sound books", "=A1"), ", reasons", "is a formula"),
        (good(1, "two").replace("sound books", "\"never closed"), "", "never closed"),
        (good(1, "three"), ", title", "'three' is another loan's: that of this id is 'two'"),
        (good(0, "one"), ", proposal", "is in line 2 already"),
        (line(&unknown, "approved", ""), ", proposal", "is no sealed proposal of Test"),
        (line(&motion, "approved", ""), ", proposal", "only loans are rated"),
        (good(6, "gone"), ", proposal", "no longer open: withdrawn"),
        (good(3, "four").replacen(",,", &format!(",{old},"), 1), ", terms", "the loan was amended"),
        (good(3, "four").replacen(",,", &format!(",{unknown},"), 1), ", terms", "are not the present terms"),
        (
            good(4, "twin") + &line(&loans[5], "declined", "twin"),
            ", verdict",
            "contradicts what you say of the same terms",
        ),
        (good(1, "two").replace("sound books", &"x".repeat(4_001)), "", "at most 4000 are allowed"),
    ];
    for (bad, column, says) in cases {
        let table = place.file("bad.csv", format!("{HEADER}{}{bad}{}", good(0, "one"), good(2, "three")));
        for arguments in [&["attest", "--batch", &table][..], &["attest", "--batch", &table, "--dry-run"]] {
            let ran = place.run(arguments);
            assert_eq!(ran.code, 1, "{bad}: {}{}", ran.out, ran.err);
            let told = ran.out + &ran.err;
            let number = if bad.lines().count() > 1 || bad == &good(0, "one") { 0 } else { 3 };
            let found = told.lines().any(|line| {
                line.starts_with("line ")
                    && line.contains(&format!("{column}: "))
                    && line.contains(says)
                    && (number == 0 || line.starts_with("line 3"))
            });
            assert!(found, "{bad}: no '{says}' in {told}");
        }
    }
    assert_eq!(newest(&node, &key), before, "nothing was signed");
    // All faults of all lines.
    let table = place.file("bad.csv", format!("{HEADER}{}{}x,y\n", cases[1].0, cases[10].0));
    let faults = place.run(&["attest", "--batch", &table, "--dry-run", "--json"]);
    let faults: Value = serde_json::from_str(&faults.out).unwrap();
    let lines: Vec<u64> =
        faults["faults"].as_array().unwrap().iter().map(|fault| fault["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4]);
    // What is no table.
    let table = place.file("bad.csv", "loan;grade\n1;2\n");
    place.run(&["attest", "--batch", &table]).fails(2, "it lacks the columns proposal");
    place.run(&["attest", "--batch", "gone.csv"]).fails(2, "cannot be read");
    place.run(&["attest", "--dry-run"]).fails(2, "--batch");
    place.run(&["attest", "--batch", &table, "--queue"]).fails(2, "cannot be used with");

    // A good one, as a spreadsheet writes it.
    let text = format!(
        "\u{feff}{HEADER}{}{}{}{},,,,,,,,,,\n",
        good(0, "one"),
        line(&loans[1], "declined", "two").replace(",70,", ",10,"),
        good(3, "four").replace(",2,", ",9,").replace(",8000,", ",6000,"),
        loans[2],
    );
    let table = place.file("good.csv", text.replace(',', ";").replace('\n', "\r\n"));
    let mut command = place.command();
    command.env_remove("MUTUA_PASSPHRASE").args(["attest", "--batch", &table, "--dry-run"]);
    let dry = common::ran(&command.output().unwrap());
    assert_eq!(dry.code, 0, "{}", dry.err);
    for says in [
        "line 2: 'one', Mill Street Bakery",
        "declined, grade 2, outlook 10",
        "valid until  2060-12-25T00:00:00Z",
        "reason       sound books",
        "NOTE         approves what the policy excludes: grade 9",
        "its amount is 6500.00 EUR, and the bound 6000.00 EUR",
        "not filled in    1 lines",
        "Nothing is wrong",
    ] {
        assert!(dry.out.contains(says), "no '{says}' in {}", dry.out);
    }
    assert_eq!(newest(&node, &key), before);
    let signed = place.json(&["attest", "--batch", &table]);
    assert_eq!(
        (&signed["taken"], &signed["blank"], &signed["before"]),
        (&json!(3), &json!([5]), &json!(false))
    );
    let again = place.run(&["attest", "--batch", &table]);
    assert!(again.code == 0 && again.out.contains("nothing more is signed"), "{}{}", again.out, again.err);
    place.all_sealed();
    let third = place.json(&["attest", "--batch", &table, "--again"]);
    assert_eq!((&third["taken"], &third["stands"]), (&json!(0), &json!([2, 3, 4])));
    assert_eq!(newest(&node, &key), before + 3);
    let proposals = place.json(&["proposals"]);
    let grades: Vec<&Value> = proposals
        .as_array()
        .unwrap()
        .iter()
        .take(4)
        .map(|proposal| &proposal["attestations"][0]["assessment"]["grade"])
        .collect();
    assert_eq!(grades, [&json!(2), &json!(2), &Value::Null, &json!(9)]);
    // What the queue writes can be filled in; the twin contradicts what stands.
    let queue = place.run(&["attest", "--queue", "--csv"]).out;
    let filled = queue.replace(",,,,,,,,,,\r\n", ",approved,2,1.5%,40%,8000,70,+30d,,,\r\n");
    let signed = place.json(&["attest", "--batch", &place.file("queue.csv", filled)]);
    assert_eq!(signed["taken"], 3);
    place.all_sealed();
    let table = place.file("twin.csv", format!("{HEADER}{}", line(&loans[5], "declined", "twin")));
    let contradicts = place.run(&["attest", "--batch", &table]);
    assert!(
        contradicts.code == 1 && contradicts.err.contains("as it stands: approved"),
        "{}",
        contradicts.err
    );
    // Who changes their word on terms that two proposals share has to take the first one back: both lines could be sealed
    // apart, or the first be refused and left out.
    let other = place.json(&["proposals", &loans[5]])["attestations"][0]["id"].as_str().unwrap().to_owned();
    say_id(&place, &["revoke", &other, "--reason", "A mistake"]);
    say_id(&place, &[&["attest", &loans[4], "--declined"], &RATING[..]].concat());
    let both = good(4, "twin") + &good(5, "twin");
    let table = place.file("bad.csv", format!("{HEADER}{both}"));
    place
        .run(&["attest", "--batch", &table])
        .fails(1, "line 3, verdict: contradicts what you say of the same terms");
    let one = place.file("bad.csv", format!("{HEADER}{}", good(4, "twin")));
    assert_eq!(
        place.run(&["attest", "--batch", &one, "--dry-run"]).code,
        0,
        "of one proposal, one may change it"
    );
    assert_eq!(node.stop(), 0);
}

/// What happens at a request that hands in records.
type Event = Box<dyn FnOnce() + Send>;

/// Something that happens before or after one of the next requests that hand in records reaches the node.
struct Plan {
    requests: usize,
    after: bool,
    event: Event,
}

/// Stands between commands and a node.
#[derive(Clone, Default)]
struct Between(Arc<Mutex<Option<Plan>>>);

impl Between {
    /// From now on the commands of this home reach the node through it.
    fn stand(place: &Place, node: &Node<'_>) -> Self {
        let (behind, _) = node.api();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let before = listener.local_addr().unwrap().to_string();
        let path = place.path().join("home/api.json");
        let told = fs::read_to_string(&path).unwrap();
        fs::write(&path, told.replace(&behind, &before)).unwrap();
        let between = Self::default();
        let shared = between.clone();
        // It ends with the test process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (behind, before, shared) = (behind.clone(), before.clone(), shared.clone());
                std::thread::spawn(move || shared.carry(client, &before, &behind));
            }
        });
        between
    }

    fn plan(&self, requests: usize, after: bool, event: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap() = Some(Plan { requests, after, event: Box::new(event) });
    }

    /// What is due at this request.
    fn due(&self, request: &str) -> Option<Plan> {
        let mut plan = self.0.lock().unwrap();
        let waiting = plan.as_mut().filter(|_| request.starts_with("POST /v1/records "))?;
        waiting.requests -= 1;
        if waiting.requests == 0 { plan.take() } else { None }
    }

    fn carry(&self, mut client: TcpStream, before: &str, behind: &str) {
        let Some(request) = read_request(&mut client) else { return };
        let mut due = self.due(&request);
        if let Some(plan) = due.take_if(|plan| !plan.after) {
            (plan.event)();
        }
        let request = request.replace(before, behind).replacen("\r\n", "\r\nConnection: close\r\n", 1);
        let Ok(mut node) = TcpStream::connect(behind) else { return };
        let mut answer = Vec::new();
        if node.write_all(request.as_bytes()).and_then(|()| node.read_to_end(&mut answer)).is_err() {
            return;
        }
        if let Some(plan) = due {
            (plan.event)();
        }
        let _ = client.write_all(&answer);
    }
}

/// A community with so many loans, which its attestor has rated with grade 1.
fn many(loans: usize) -> Place {
    let place = Place::new();
    let mut election =
        "META\nkey;value\nunit;Testopolis\ndescription;A test\ncountry;Testland\nnum_projects;".to_owned();
    write!(
        election,
        "{loans}\nnum_votes;1\nbudget;100\nvote_type;approval\nrule;greedy\nPROJECTS\nproject_id;cost;name\n"
    )
    .unwrap();
    for number in 0..loans {
        writeln!(election, "{number};5;loan {number}").unwrap();
    }
    election.push_str("VOTES\nvoter_id;vote\n1;0,1\n");
    let file = place.file("many.pb", election);
    place.json(&["import-election", &file, "--out", "in", "--close", "+30d"]);
    fs::rename(place.path().join("in/witness-1"), place.path().join("home")).unwrap();
    place
}

fn table(place: &Place) -> String {
    let queue = place.run(&["attest", "--queue", "--all", "--csv"]).out;
    place.file("many.csv", queue.replace(",,,,,,,,,,\r\n", ",approved,3,2.5%,45%,8000,60,+180d,,,\r\n"))
}

fn attestor(place: &Place) -> String {
    place.json(&["key", "show", "attestor"])["public"].as_str().unwrap().to_owned()
}

/// How many loans have which grade.
fn graded(place: &Place, grade: u64) -> usize {
    let proposals = place.json(&["proposals", "--all"]);
    let of = |proposal: &&Value| proposal["attestations"][0]["assessment"]["grade"] == grade;
    proposals.as_array().unwrap().iter().filter(of).count()
}

/// Begins a batch that is killed by this plan.
fn killed(place: &Place, between: &Between, table: &str, requests: usize, after: bool) {
    let pid = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&pid);
    between.plan(requests, after, move || {
        until("it has begun", || shared.load(Ordering::SeqCst) != 0);
        let pid = shared.load(Ordering::SeqCst).to_string();
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    });
    let mut child = place
        .command()
        .args(["attest", "--batch", table])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    pid.store(child.id(), Ordering::SeqCst);
    assert_eq!(child.wait().unwrap().code(), None, "it was killed");
}

#[track_caller]
fn told(ran: &Ran, code: i32, says: &str) {
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(says) || ran.out.contains(says), "no '{says}' in {}{}", ran.out, ran.err);
}

#[test]
fn an_interrupted_batch_goes_on_without_a_gap_or_a_double() {
    const LOANS: usize = 600;
    let place = many(LOANS);
    let node = place.start();
    place.json(&["submit", "in/records"]);
    place.all_sealed();
    let between = Between::stand(&place, &node);
    let (key, mut signed) = (attestor(&place), LOANS as u64);
    assert_eq!(newest(&node, &key), signed);
    let table = table(&place);
    for (requests, after) in [(1, false), (1, true), (2, false), (2, true), (3, true)] {
        killed(&place, &between, &table, requests, after);
        assert_eq!(place.status()["kept"], LOANS, "all of it is kept");
        // Killed once more while it goes on.
        killed(&place, &between, &table, 2, true);
        told(&place.run(&["attest", "--batch", &table]), 0, "nothing more is signed");
        signed += LOANS as u64;
        assert_eq!(newest(&node, &key), signed, "request {requests}, after its answer: {after}");
        place.all_sealed();
        let status = place.status();
        assert_eq!((&status["kept"], &status["forks"], &status["parked"]), (&json!(0), &json!(0), &json!(0)));
        assert_eq!(graded(&place, 3), LOANS);
        // Another day, the same table.
        let text = fs::read_to_string(&table).unwrap();
        fs::write(&table, text + "\r\n").unwrap();
    }
    // Another command with the same key hands it in, too.
    killed(&place, &between, &table, 2, false);
    let loan = place.json(&["proposals"])[0]["id"].as_str().unwrap().to_owned();
    let one = place.run(&[
        "attest",
        &loan,
        "--grade",
        "4",
        "--default",
        "1%",
        "--loss",
        "1%",
        "--greatest",
        "5",
        "--outlook",
        "50",
        "--valid",
        "+1d",
    ]);
    told(&one, 0, "600 records, kept from 'mutua attest --batch");
    signed += LOANS as u64 + 1;
    assert_eq!(newest(&node, &key), signed);
    told(&place.run(&["attest", "--batch", &table]), 0, "nothing more is signed");
    assert_eq!(newest(&node, &key), signed);
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_loan_that_is_withdrawn_meanwhile_is_left_out_and_the_others_are_attested() {
    const LOANS: usize = 300;
    let place = Arc::new(many(LOANS));
    let node = place.start();
    place.json(&["submit", "in/records"]);
    place.all_sealed();
    let (key, before) = (attestor(&place), LOANS as u64);
    let table = table(&place);
    let loan = place.json(&["proposals"])[100]["id"].as_str().unwrap().to_owned();
    let between = Between::stand(&place, &node);
    let shared = Arc::clone(&place);
    between.plan(1, false, move || {
        say_id(&shared, &["withdraw", &loan, "--reason", "Sold", "--as", "projects"]);
    });
    let ran = place.run(&["attest", "--batch", &table]);
    told(&ran, 1, "line 102: the node refuses it (no-effect)");
    told(&ran, 1, "299 loans");
    told(&place.run(&["attest", "--batch", &table]), 1, "line 102: the node refuses it (no-effect)");
    place.all_sealed();
    assert_eq!(newest(&node, &key), before + 299);
    assert_eq!(graded(&place, 3), 299);
    let status = place.status();
    assert_eq!((&status["kept"], &status["forks"], &status["parked"]), (&json!(0), &json!(0), &json!(0)));
    // What is damaged in the home stops the key, and says what to do.
    let outbox = place.path().join("home/outbox");
    fs::write(outbox.join(format!("{key}.batch")), "{}").unwrap();
    told(&place.run(&["attest", "--batch", &table]), 2, "is damaged");
    fs::remove_file(outbox.join(format!("{key}.batch"))).unwrap();
    fs::write(outbox.join(format!("{key}.past")), "{").unwrap();
    told(&place.run(&["attest", "--batch", &table]), 2, "is damaged");
    assert_eq!(node.stop(), 0);
}
