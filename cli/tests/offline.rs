//! Keys that live apart from the node: what is written down where the node runs is signed elsewhere, and never twice.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::fs;

use common::{Place, Ran, ran, say, until};
use serde_json::Value;

/// A community whose founder's key is on another machine, which knows the charter and has no network.
struct Apart {
    place: Place,
    /// The founder's public key.
    founder: String,
}

impl Apart {
    fn new() -> Self {
        let place = Place::new();
        place.found(&[]);
        let keys = place.json(&["key", "list"]);
        let key = keys.as_array().unwrap().iter().find(|key| key["label"] == "founder").unwrap();
        let founder = key["public"].as_str().unwrap().to_owned();
        let apart = Self { place, founder };
        let charter = apart.place.path().join("home/charter.json");
        let joined = apart.offline(&["join", charter.to_str().unwrap()]);
        assert_eq!(joined.code, 0, "{}", joined.err);
        for entry in fs::read_dir(apart.place.path().join("home/keys")).unwrap() {
            let from = entry.unwrap().path();
            fs::copy(&from, apart.place.path().join("offline/keys").join(from.file_name().unwrap())).unwrap();
        }
        apart
    }

    /// A command on the machine without a network.
    fn offline(&self, arguments: &[&str]) -> Ran {
        let mut command = self.place.command();
        command.env("MUTUA_HOME", self.place.path().join("offline"));
        ran(&command.args(arguments).output().unwrap())
    }

    /// Writes something down, where the node runs.
    fn write(&self, file: &str, words: &[&str]) -> Value {
        self.place.json(&[words, &["--unsigned", file, "--as", &self.founder]].concat())
    }

    fn sign(&self, file: &str) -> Value {
        let signed = self.offline(&["sign", file, "--yes", "--json"]);
        assert_eq!(signed.code, 0, "{}{}", signed.out, signed.err);
        serde_json::from_str(&signed.out).unwrap()
    }
}

#[test]
fn what_is_written_down_here_is_signed_there_and_handed_in_here() {
    let apart = Apart::new();
    let place = &apart.place;
    let node = place.start();
    let written = apart.write("fund.json", &["fund", "100", "--source", "savings"]);
    assert_eq!((&written["kind"], &written["sequence"]), (&"fund".into(), &1.into()));
    assert_eq!(place.status()["pool"], 0, "nothing is signed");
    // Whoever has the key sees what it is, and nothing is signed without a yes.
    let asked = apart.offline(&["sign", "fund.json"]);
    asked.fails(2, "with --yes");
    assert!(!place.path().join("fund.json.signed").exists());
    apart.offline(&["sign", "fund.json", "--as", "nobody", "--yes"]).fails(4, "nobody");
    let signed = apart.sign("fund.json");
    assert_eq!(signed["records"][0]["id"], written["id"]);
    let submitted = place.json(&["submit", "fund.json.signed"]);
    assert_eq!(submitted["accepted"], 1);
    place.all_sealed();
    assert_eq!(place.status()["pool"], 10_000);
    // It may be signed and handed in again: it is the same record.
    fs::remove_file(place.path().join("fund.json.signed")).unwrap();
    assert_eq!(apart.sign("fund.json")["records"], signed["records"]);
    assert_eq!(place.json(&["submit", "fund.json.signed"])["held"], 1);
    assert_eq!(node.stop(), 0);
}

#[test]
fn no_number_is_signed_for_two_records() {
    let apart = Apart::new();
    let place = &apart.place;
    let node = place.start();
    apart.write("one.json", &["fund", "100", "--source", "savings"]);
    apart.write("two.json", &["fund", "200", "--source", "savings"]);
    place.run(&["fund", "3", "--source", "x", "--unsigned", "one.json"]).fails(2, "is there already");
    apart.sign("one.json");
    apart.offline(&["sign", "two.json", "--yes"]).fails(1, "was signed here with other content");
    assert!(!place.path().join("two.json.signed").exists());
    assert_eq!(place.json(&["submit", "one.json.signed"])["accepted"], 1);
    apart.write("next.json", &["fund", "300", "--source", "savings"]);
    assert_eq!(apart.sign("next.json")["records"][0]["sequence"], 2);
    // A home in which a node runs knows what its node knows, and signs nothing that was signed for it elsewhere.
    assert_eq!(place.json(&["submit", "next.json.signed"])["accepted"], 1);
    place.run(&["sign", "two.json", "--yes"]).fails(1, "of this key is used");
    apart.write("here.json", &["fund", "400", "--source", "savings"]);
    assert_eq!(place.run(&["sign", "here.json", "--yes"]).code, 0);
    place.run(&["fund", "5", "--source", "savings"]).fails(1, "signed here with 'mutua sign'");
    assert_eq!(place.json(&["submit", "here.json.signed"])["accepted"], 1);
    let said = place.json(&["fund", "5", "--source", "savings"]);
    assert_eq!(said["sequence"], 4);
    place.all_sealed();
    assert_eq!(place.status()["pool"], 80_500);
    assert_eq!(node.stop(), 0);
    // Without its node, it does not know.
    fs::remove_file(place.path().join("here.json.signed")).unwrap();
    place.run(&["sign", "here.json", "--yes"]).fails(3, "start it");
}

#[test]
fn many_admissions_are_written_down_and_signed_together() {
    let apart = Apart::new();
    let place = &apart.place;
    let node = place.start();
    let lines: String = (0..50)
        .map(|number| {
            format!(
                "{},\"Member {number}\",,2\n",
                mutua_protocol::keys::SecretKey::from_seed(&[number; 32]).public()
            )
        })
        .collect();
    let table = place.file("members.csv", format!("key,name,group,weight\n{lines}"));
    apart.write("members.json", &["admit", "--batch", &table]);
    assert_eq!(apart.sign("members.json")["records"].as_array().unwrap().len(), 50);
    assert_eq!(place.json(&["submit", "members.json.signed"])["accepted"], 50);
    until("they are members", || place.json(&["members"]).as_array().unwrap().len() == 50);
    assert_eq!(node.stop(), 0);
}

/// A member whose key is here and there, and who holds no office.
fn member(apart: &Apart) -> String {
    let key =
        apart.place.json(&["key", "new", "mira", "--throw-away"])["public"].as_str().unwrap().to_owned();
    let keys = apart.place.path().join("home/keys");
    for entry in fs::read_dir(keys).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, apart.place.path().join("offline/keys").join(from.file_name().unwrap())).unwrap();
    }
    say(&apart.place, &["admit", "mira", "--name", "Mira"]);
    key
}

#[test]
fn what_has_no_effect_any_more_is_taken_and_told_and_the_key_signs_on() {
    let apart = Apart::new();
    let place = &apart.place;
    let node = place.start();
    apart.write("out.json", &["fund", "100", "--out", "--source", "savings"]);
    apart.sign("out.json");
    let told = place.run(&["submit", "out.json.signed"]);
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    assert!(told.out.contains("NO EFFECT") && told.out.contains("number 1 of"), "{}", told.out);
    place.all_sealed();
    // Signed here, it is refused, and its number free again.
    place.run(&["fund", "100", "--out", "--source", "savings"]).fails(1, "no-effect");
    apart.write("in.json", &["fund", "7", "--source", "savings"]);
    assert_eq!(apart.sign("in.json")["records"][0]["sequence"], 2);
    assert_eq!(place.json(&["submit", "in.json.signed"])["accepted"], 1);
    place.all_sealed();
    assert_eq!(place.status()["pool"], 700);
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_number_that_no_node_takes_is_given_back_with_everything_after_it() {
    let apart = Apart::new();
    let place = &apart.place;
    let node = place.start();
    let mira = member(&apart);
    let as_mira =
        |file: &str, words: &[&str]| place.json(&[words, &["--unsigned", file, "--as", &mira]].concat());
    let lines: String = (0..5)
        .map(|number| {
            format!(
                "{},Member {number}\n",
                mutua_protocol::keys::SecretKey::from_seed(&[number; 32]).public()
            )
        })
        .collect();
    let table = place.file("members.csv", format!("key,name\n{lines}"));
    // She is no registrar.
    as_mira("admit.json", &["admit", "--batch", &table]);
    apart.sign("admit.json");
    let submitted = place.run(&["submit", "admit.json.signed", "--json"]);
    assert_eq!(submitted.code, 1, "{}{}", submitted.out, submitted.err);
    let submitted: Value = serde_json::from_str(&submitted.out).unwrap();
    assert_eq!((&submitted["left_out"], &submitted["stopped"][&mira]), (&4.into(), &1.into()));
    as_mira("leave.json", &["leave"]);
    apart.offline(&["sign", "leave.json", "--yes"]).fails(1, "was signed here with other content");
    // The file is lost: it is made again from the copy, the very same.
    fs::remove_file(place.path().join("admit.json")).unwrap();
    let first = fs::read(place.path().join("admit.json.signed")).unwrap();
    fs::remove_file(place.path().join("admit.json.signed")).unwrap();
    let copy = format!("offline/signed/{mira}-1.json");
    assert_eq!(apart.offline(&["sign", &copy, "--yes", "--out", "again.signed"]).code, 0);
    assert_eq!(fs::read(place.path().join("again.signed")).unwrap(), first);
    // Given back, with the file.
    apart.offline(&["sign", "again.signed", "--give-back", "1"]).fails(2, "with --yes");
    assert!(place.path().join("again.signed").exists());
    apart.offline(&["sign", "again.signed", "--give-back", "6", "--yes"]).fails(1, "signed no number 6");
    let given = apart.offline(&["sign", "again.signed", "--give-back", "1", "--yes"]);
    assert_eq!(given.code, 0, "{}", given.err);
    assert!(!place.path().join("again.signed").exists() && !place.path().join(copy).exists());
    apart.sign("leave.json");
    assert_eq!(place.json(&["submit", "leave.json.signed"])["accepted"], 1);
    place.all_sealed();
    assert_eq!(place.status()["forks"], 0);

    // What the node has taken is never given back where that node runs.
    apart.write("fund.json", &["fund", "5", "--source", "savings"]);
    assert_eq!(place.run(&["sign", "fund.json", "--yes"]).code, 0);
    assert_eq!(place.json(&["submit", "fund.json.signed"])["accepted"], 1);
    place.run(&["sign", "fund.json.signed", "--give-back", "2", "--yes"]).fails(1, "it stays signed");
    place.all_sealed();

    // What it has never seen is not handed in by the attempt, whatever the answer to the question.
    apart.write("more.json", &["fund", "7", "--source", "savings"]);
    assert_eq!(place.run(&["sign", "more.json", "--yes"]).code, 0);
    let before = place.status()["records"].clone();
    place.run(&["sign", "more.json.signed", "--give-back", "3"]).fails(2, "with --yes");
    assert_eq!(place.run(&["sign", "more.json.signed", "--give-back", "3", "--yes"]).code, 0);
    place.all_sealed();
    assert_eq!(place.status()["records"], before);
    assert_eq!(node.stop(), 0);
}

#[test]
fn what_is_signed_is_read_by_the_charter_in_force_and_told_by_title() {
    let apart = Apart::new();
    let place = &apart.place;
    place.json(&["charter", "show", "--founding", "--out", "founding.json"]);
    let node = place.start();
    say(place, &["admit", "founder", "--name", "Hana Novak"]);
    let loan = [
        "propose",
        "loan",
        "--title",
        "Oven",
        "--borrower",
        "Bakery",
        "--purpose",
        "Bread",
        "--amount",
        "60",
    ];
    let oven = say(place, &[&loan[..], &["--term", "12", "--rate", "2%"]].concat());
    let oven = oven["id"].as_str().unwrap().to_owned();
    apart.write("withdraw.json", &["withdraw", &oven, "--reason", "Sold"]);
    let shown = apart.offline(&["sign", "withdraw.json", "--show"]);
    assert!(shown.out.contains(&format!("{oven} (called 'Oven')")), "{}{}", shown.out, shown.err);
    assert_eq!(apart.offline(&["sign", "withdraw.json", "--show", "--charter", "founding.json"]).code, 0);

    // A file that was written under an amended charter brings it.
    let text = fs::read_to_string(place.path().join("withdraw.json")).unwrap();
    let mut draft: Value = serde_json::from_str(&text).unwrap();
    let mut amended: Value =
        serde_json::from_str(&fs::read_to_string(place.path().join("founding.json")).unwrap()).unwrap();
    amended["limits"]["score"] = 5.into();
    draft["charters"] = vec![amended].into();
    let file = place.file("amended.json", draft.to_string());
    let shown = apart.offline(&["sign", &file, "--show"]);
    assert!(shown.out.contains("brings the charter by which it is read"), "{}{}", shown.out, shown.err);
    apart
        .offline(&["sign", &file, "--charter", "founding.json", "--yes"])
        .fails(1, "was written under the charter");
    assert_eq!(node.stop(), 0);
}
