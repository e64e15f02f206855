//! Every command of the operator's guide, as it is printed, one after the other.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use common::{Node, Place, ran};

/// What the guide writes in the place of keys and ids.
const NAMES: [&str; 5] = ["KEY", "STOLEN", "0671", "a234", "77d0"];

/// The commands in the guide's blocks, with lines that go on joined.
fn commands(guide: &str) -> Vec<String> {
    let (mut found, mut inside, mut part) = (Vec::new(), false, String::new());
    for line in guide.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
            continue;
        }
        if !inside {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(begun) => part.push_str(begun),
            None => found.push(std::mem::take(&mut part) + line),
        }
    }
    found
}

/// What the guide's names stand for in this community.
fn names(place: &Place) -> BTreeMap<&'static str, String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let key = |label: &str| text(&place.json(&["key", "show", label])["public"]);
    let proposals = place.json(&["proposals"]);
    let found = |title: &str| {
        let mut all = proposals.as_array().unwrap().iter();
        all.find(|proposal| {
            let subject = &proposal["subject"];
            subject["loan"]["title"] == title || subject["motion"]["title"] == title
        })
        .unwrap()
    };
    let oven = found("A second oven");
    let mut names = BTreeMap::from([
        ("KEY", key("founder")),
        ("STOLEN", key("bob")),
        ("0671", text(&oven["id"])),
        ("a234", text(&found("Longer opening hours")["id"])),
    ]);
    if let Some(id) = oven["attestations"][0]["id"].as_str() {
        names.insert("77d0", id.to_owned());
    }
    names
}

/// What the people do beside the commands.
fn beside(place: &Place, command: &str) {
    if command.contains("--reason \"From January") || command.starts_with("mutua proposals 0671") {
        fs::write(place.path().join("books.pdf"), "assets 5, debts 3").unwrap();
    }
    if command.contains("attest --queue --csv") {
        let path = place.path().join("ratings.csv");
        let table = fs::read_to_string(&path).unwrap();
        assert!(table.contains("A barn"), "{table}");
        fs::write(
            path,
            table.replace(
                ",,,,,,,,,,\r\n",
                ",approved,3,2.5%,45%,8000,60,2060-12-24,,sound|close by,books.pdf\r\n",
            ),
        )
        .unwrap();
    }
    if command.contains("charter show --out") {
        let path = place.path().join("amended.json");
        let charter = fs::read_to_string(&path).unwrap();
        let mut charter: serde_json::Value = serde_json::from_str(&charter).unwrap();
        charter["schedule"]["period"] = (40 * 86_400_000_u64).into();
        fs::write(path, charter.to_string()).unwrap();
    }
}

/// What has happened in the community before the first proposal is looked at.
fn populate(place: &Place) {
    let key = place.json(&["key", "new", "bob", "--throw-away"])["public"].as_str().unwrap().to_owned();
    place.json(&["admit", &key, "--name", "Bob"]);
    place.json(&[
        "propose",
        "motion",
        "--title",
        "Longer opening hours",
        "--text",
        "Open until seven on Thursdays?",
    ]);
    let loan = [
        "propose",
        "loan",
        "--title",
        "A barn",
        "--borrower",
        "Hill Farm",
        "--purpose",
        "Hay.",
        "--amount",
        "500",
    ];
    place.json(&[&loan[..], &["--term", "12", "--rate", "3%"]].concat());
    place.all_sealed();
}

#[test]
fn every_command_of_the_operator_s_guide_runs_as_it_is_printed() {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../OPERATOR.md")).unwrap();
    let commands = commands(&guide);
    assert!(commands.len() > 25, "{commands:?}");
    let place = Place::new();
    let programs = place.path().join("programs");
    fs::create_dir(&programs).unwrap();
    symlink(env!("CARGO_BIN_EXE_mutua"), programs.join("mutua")).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let new = place.path().join("new.txt");
    fs::write(&new, "another horse\n").unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    let mut node: Option<Node<'_>> = None;
    for printed in &commands {
        let mut command = printed.clone();
        if printed.starts_with("mutua run") {
            node = Some(place.start());
            continue;
        }
        if printed.starts_with("mutua init") {
            command = command
                .replace(" --period", " --api 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0 --no-mdns --period");
        } else if printed.starts_with("mutua key passphrase") {
            // There is nobody to be asked.
            command =
                command.replace("passphrase attestor", "passphrase attestor --new-passphrase-file new.txt");
        } else if command.split(' ').any(|word| NAMES.contains(&word)) {
            let names = names(&place);
            let word = |word: &str| match word.strip_prefix("office=") {
                Some(key) => format!("office={}", names.get(key).map_or(key, String::as_str)),
                None => names.get(word).map_or(word, String::as_str).to_owned(),
            };
            command = command.split(' ').map(word).collect::<Vec<_>>().join(" ");
        }
        if printed.starts_with("mutua key new") {
            populate(&place);
        }
        let mut bash = std::process::Command::new("bash");
        bash.args(["-c", &command]).current_dir(place.path()).env_clear().env("PATH", &path);
        for (name, value) in place.command().get_envs() {
            bash.env(name, value.unwrap());
        }
        let done = ran(&bash.output().unwrap());
        assert_eq!(done.code, 0, "{printed}\n{}{}", done.out, done.err);
        beside(&place, printed);
        if node.is_some() {
            place.all_sealed();
        }
    }
    assert_eq!(node.unwrap().stop(), 0);
}
