//! What a command has signed is not lost, and not signed twice, when the node's answer does not come.
//!
//! Real nodes and the real binary; between them stands something that loses requests or answers.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use common::{Node, Place, Ran, read_request};

/// What becomes of what is handed in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It arrives, and so does the answer.
    Passes,
    /// It never reaches the node.
    LostBefore,
    /// The node takes it, and its answer is lost.
    LostAfter,
    /// The node takes it, and is killed before its answer arrives.
    Killed,
}

/// Stands between commands and a node, which it makes them take for itself.
struct Between {
    fate: Arc<Mutex<Fate>>,
}

impl Between {
    /// From now on the commands of this home reach the node through it.
    fn stand(place: &Place, node: &Node<'_>) -> Self {
        let (behind, _) = node.api();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let before = listener.local_addr().unwrap().to_string();
        let path = place.path().join("home/api.json");
        let told = fs::read_to_string(&path).unwrap();
        assert!(told.contains(&behind));
        fs::write(&path, told.replace(&behind, &before)).unwrap();
        let pid: serde_json::Value = serde_json::from_str(&told).unwrap();
        let pid = pid["pid"].to_string();
        let fate = Arc::new(Mutex::new(Fate::Passes));
        let shared = Arc::clone(&fate);
        // It ends with the test process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (behind, before, pid) = (behind.clone(), before.clone(), pid.clone());
                let fate = Arc::clone(&shared);
                std::thread::spawn(move || carry(client, &before, &behind, &pid, &fate));
            }
        });
        Self { fate }
    }

    fn set(&self, fate: Fate) {
        *self.fate.lock().unwrap() = fate;
    }
}

/// Carries one request and its answer; a fate other than passing is for what is handed in, and for once.
fn carry(mut client: TcpStream, before: &str, behind: &str, pid: &str, fate: &Mutex<Fate>) {
    let Some(request) = read_request(&mut client) else { return };
    let mut now = Fate::Passes;
    if request.starts_with("POST /v1/records ") {
        std::mem::swap(&mut now, &mut fate.lock().unwrap());
    }
    if now == Fate::LostBefore {
        return;
    }
    let request = request.replace(before, behind).replacen("\r\n", "\r\nConnection: close\r\n", 1);
    let Ok(mut node) = TcpStream::connect(behind) else { return };
    let mut answer = Vec::new();
    if node.write_all(request.as_bytes()).and_then(|()| node.read_to_end(&mut answer)).is_err() {
        return;
    }
    match now {
        Fate::Passes => {
            let _ = client.write_all(&answer);
        }
        Fate::Killed => {
            let killed = std::process::Command::new("kill").args(["-9", pid]).status().unwrap();
            assert!(killed.success());
        }
        Fate::LostBefore | Fate::LostAfter => {}
    }
}

fn founded() -> Place {
    let place = Place::new();
    place.found(&[]);
    place
}

fn pay(place: &Place, amount: &str, source: &str) -> Ran {
    place.run(&["fund", amount, "--source", source])
}

#[track_caller]
fn done(ran: &Ran, says: &str) {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(says), "expected '{says}' in: {}", ran.err);
}

/// Everything is sealed, this is in the pool, nobody has forked, and nothing is kept.
#[track_caller]
fn all_is_well(place: &Place, pool: u64) {
    place.all_sealed();
    let status = place.status();
    assert_eq!(status["pool"], pool, "{status}");
    assert_eq!(status["forks"], 0, "{status}");
    assert_eq!(status["parked"], 0, "{status}");
    assert_eq!(status["kept"], 0, "{status}");
}

fn kept(place: &Place) -> u64 {
    place.status()["kept"].as_u64().unwrap()
}

/// The only file in the outbox.
fn file_in(home: &Path) -> PathBuf {
    let mut files = fs::read_dir(home.join("outbox")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

#[test]
fn a_command_whose_answer_was_lost_is_done_once_however_often_it_is_given() {
    let place = founded();
    let node = place.start();
    let between = Between::stand(&place, &node);
    for (fate, says) in [(Fate::LostBefore, "is handed in now"), (Fate::LostAfter, "had reached the node")] {
        between.set(fate);
        pay(&place, "100", "savings").fails(3, "is signed and kept in this home");
        assert_eq!(kept(&place), 1);
        let file = file_in(&place.path().join("home"));
        for (path, mode) in [(file.parent().unwrap(), 0o700), (&*file, 0o600)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
        let again = pay(&place, "100", "savings");
        done(&again, says);
        done(&again, "this very command: nothing more is signed");
    }
    all_is_well(&place, 20_000);
    // Given once more, it is meant once more.
    done(&pay(&place, "100", "savings"), "");
    all_is_well(&place, 30_000);
    // As JSON.
    between.set(Fate::LostAfter);
    pay(&place, "1", "savings").fails(3, "kept");
    assert_eq!(place.json(&["fund", "1", "--source", "savings"])["kept"], true);
    assert_eq!(place.json(&["fund", "1", "--source", "savings"])["kept"], false);
    all_is_well(&place, 30_200);
    assert_eq!(node.stop(), 0);
}

#[test]
fn the_same_words_after_a_change_show_what_was_signed_and_not_what_they_would_mean_now() {
    let place = founded();
    let node = place.start();
    common::say(&place, &["admit", "founder", "--name", "Hana Novak"]);
    let loan = ["propose", "loan", "--title", "Oven", "--borrower", "Bakery", "--purpose", "Bread"];
    let terms = ["--amount", "6000", "--term", "24", "--rate", "3.5%"];
    let oven = common::say_id(&place, &[&loan[..], &terms].concat());
    let before = place.json(&["proposals", &oven])["terms"].as_str().unwrap().to_owned();
    let rating =
        ["--grade", "2", "--default", "1%", "--loss", "40%", "--greatest", "8000", "--outlook", "70"];
    let words = [&["attest", &oven][..], &rating, &["--valid", "2060-01-01T00:00:00Z"]].concat();
    let between = Between::stand(&place, &node);
    between.set(Fate::LostAfter);
    place.run(&words).fails(3, "is signed and kept in this home");
    // Amended where nothing of it is known: in the home of another program, so to say.
    let outbox = place.path().join("home/outbox");
    fs::rename(&outbox, place.path().join("kept")).unwrap();
    common::say(&place, &["amend", &oven, "--amount", "7000"]);
    fs::remove_dir_all(&outbox).unwrap();
    fs::rename(place.path().join("kept"), &outbox).unwrap();
    let again = place.run(&words);
    done(&again, "that was this very command");
    assert!(again.out.contains(&before) && again.out.contains("Nothing new is signed"), "{}", again.out);
    // Once more, it is for the terms as they are.
    let now = place.json(&["proposals", &oven])["terms"].as_str().unwrap().to_owned();
    assert_ne!(now, before);
    common::say(&place, &words);
    assert_eq!(place.json(&["proposals", &oven])["attestations"][0]["terms"], now.as_str());
    drop(node);
}

#[test]
fn another_command_hands_in_first_what_is_kept() {
    let place = founded();
    let node = place.start();
    let between = Between::stand(&place, &node);
    between.set(Fate::LostBefore);
    pay(&place, "5", "one").fails(3, "kept");
    // Lost again: it is still kept, and nothing else was signed.
    between.set(Fate::LostBefore);
    pay(&place, "7", "two").fails(3, "kept");
    assert_eq!(kept(&place), 1);
    let other = pay(&place, "7", "two");
    done(&other, "(Fund), kept from 'mutua fund 5 --source one', is handed in now");
    assert!(!other.err.contains("nothing more"), "{}", other.err);
    all_is_well(&place, 1_200);
}

#[test]
fn a_node_that_dies_between_commit_and_answer_has_the_record_once() {
    let place = founded();
    for round in 1..=3 {
        let node = place.start();
        let between = Between::stand(&place, &node);
        between.set(Fate::Killed);
        pay(&place, "10", "savings").fails(3, "kept");
        drop(node);
        place.run(&["fund", "10", "--source", "savings"]).fails(3, "");
        let node = place.start();
        done(&pay(&place, "10", "savings"), "had reached the node");
        all_is_well(&place, round * 1_000);
        assert_eq!(node.stop(), 0);
    }
}

#[test]
fn each_key_has_its_own_and_commands_at_once_take_turns() {
    let place = founded();
    let node = place.start();
    let key = place.json(&["key", "new", "ada", "--throw-away"])["public"].as_str().unwrap().to_owned();
    place.json(&["admit", &key, "--name", "Ada"]);
    place.all_sealed();
    let between = Between::stand(&place, &node);
    between.set(Fate::LostBefore);
    pay(&place, "1", "lost").fails(3, "kept");
    let motion = ["propose", "motion", "--as", "ada", "--title", "A", "--text", "B"];
    let other = place.run(&motion);
    assert_eq!((other.code, other.err.as_str()), (0, ""), "what another key keeps is no matter of this one");
    assert_eq!(kept(&place), 1);
    between.set(Fate::LostAfter);
    let amounts = ["2", "4", "8", "16"];
    let ran: Vec<Ran> = std::thread::scope(|scope| {
        let place = &place;
        let runs: Vec<_> =
            amounts.iter().map(|amount| scope.spawn(move || pay(place, amount, "at once"))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    // The answer to the lost one is lost once more, to whichever came first; that one has said nothing yet.
    let failed: Vec<&str> =
        amounts.iter().zip(&ran).filter(|(_, ran)| ran.code == 3).map(|(amount, _)| *amount).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(ran.iter().filter(|ran| ran.code == 0).count(), 3);
    done(&pay(&place, failed[0], "at once"), "");
    all_is_well(&place, 3_100);
}

#[test]
fn what_is_kept_and_cannot_be_sealed_yet_waits_or_gives_way() {
    let place = founded();
    let _node = place.start();
    let key = place.json(&["key", "new", "bob", "--throw-away"])["public"].as_str().unwrap().to_owned();
    let propose = |title: &str| {
        place.run(&["propose", "motion", "--as", "bob", "--title", title, "--text", "Shall we?"])
    };
    propose("Cats").fails(1, "cannot be sealed yet");
    assert_eq!(kept(&place), 1);
    let other = propose("Dogs");
    other.fails(1, "This takes its place");
    other.fails(1, "It is kept in this home");
    assert_eq!(kept(&place), 1);
    place.json(&["admit", &key, "--name", "Bob"]);
    done(&propose("Dogs"), "this very command");
    all_is_well(&place, 0);
    let proposals = place.json(&["proposals"]);
    let titles: Vec<&str> = proposals
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["subject"]["motion"]["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["Dogs"]);
}

#[test]
fn a_home_that_was_restored_signs_no_number_again() {
    let place = founded();
    let home = place.path().join("home");
    let node = place.start();
    let between = Between::stand(&place, &node);
    // Kept, backed up, and handed in since: no harm.
    between.set(Fate::LostBefore);
    pay(&place, "1", "first").fails(3, "kept");
    let file = file_in(&home);
    let backup = fs::read(&file).unwrap();
    done(&pay(&place, "2", "second"), "is handed in now");
    fs::write(&file, &backup).unwrap();
    done(&pay(&place, "4", "third"), "had reached the node");
    all_is_well(&place, 700);
    // Kept and lost, and another record signed in its place: the node refuses it, and it is dropped.
    between.set(Fate::LostBefore);
    pay(&place, "8", "lost").fails(3, "kept");
    let lost = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    done(&pay(&place, "16", "fourth"), "");
    fs::write(&file, &lost).unwrap();
    done(&pay(&place, "32", "fifth"), "is refused by the node (fork)");
    all_is_well(&place, 5_500);
    // A store from before what this key has signed: nothing is signed with it.
    let address = node.api();
    assert_eq!(node.stop(), 0);
    let copied = std::process::Command::new("cp")
        .args(["-r", home.join("store").to_str().unwrap(), place.path().join("old").to_str().unwrap()])
        .status()
        .unwrap();
    assert!(copied.success());
    let node = place.start();
    assert_ne!(node.api(), address);
    done(&pay(&place, "64", "sixth"), "");
    let between = Between::stand(&place, &node);
    between.set(Fate::LostBefore);
    pay(&place, "128", "seventh").fails(3, "kept");
    assert_eq!(node.stop(), 0);
    fs::remove_dir_all(home.join("store")).unwrap();
    fs::rename(place.path().join("old"), home.join("store")).unwrap();
    let _node = place.start();
    pay(&place, "256", "eighth").fails(1, "has fallen behind what this key has signed");
    assert_eq!(kept(&place), 1);
    assert_eq!(place.status()["pool"], 5_500);
}

#[test]
fn nothing_is_handed_in_that_cannot_be_kept() {
    let place = founded();
    let home = place.path().join("home");
    let _node = place.start();
    let key = place.json(&["key", "show", "founder"])["public"].as_str().unwrap().to_owned();
    // A full disk.
    let outbox = home.join("outbox");
    fs::create_dir(&outbox).unwrap();
    symlink("/dev/full", outbox.join(format!("{key}.new"))).unwrap();
    let full = pay(&place, "1", "savings");
    full.fails(2, "No space left on device");
    full.fails(2, "Nothing was handed in");
    assert_eq!(fs::read_dir(&outbox).unwrap().count(), 0);
    // A folder that is none.
    fs::remove_dir(&outbox).unwrap();
    fs::write(&outbox, "").unwrap();
    pay(&place, "1", "savings").fails(2, "Not a directory");
    fs::remove_file(&outbox).unwrap();
    // A file that says nothing.
    done(&pay(&place, "2", "savings"), "");
    fs::write(outbox.join(format!("{key}.json")), "{").unwrap();
    pay(&place, "4", "savings").fails(2, "should hold a record that was signed");
    fs::remove_file(outbox.join(format!("{key}.json"))).unwrap();
    all_is_well(&place, 200);
}

#[test]
fn a_command_with_a_word_that_is_no_text_is_kept_and_done() {
    let place = founded();
    let node = place.start();
    let name = std::os::unix::ffi::OsStringExt::from_vec(b"pass\xffphrase".to_vec());
    let file = place.path().join::<std::ffi::OsString>(name);
    fs::write(&file, "correct horse\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = place.command();
    let said =
        command.args(["fund", "100", "--source", "savings", "--passphrase-file"]).arg(file).output().unwrap();
    done(&common::ran(&said), "");
    all_is_well(&place, 10_000);
    assert_eq!(node.stop(), 0);
}
