//! Writes archives for two verifiers to be held against each other:
//!
//! ```text
//! cargo run -p mutua-protocol --example mutations -- DIR
//! ```
//!
//! `DIR/spoiled/` gets archives with one fault each, and `index.json`, which names the check, seal and record of each;
//! `DIR/sound/` histories that hold; `DIR/unruly/` histories whose last seal holds whatever was said, right or wrong.
//! `scripts/mutate-archive` runs this.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{fs, io, path::Path};

use serde_json::json;
use support::{
    log::Log,
    mutations,
    story::Story,
    town::{Chance, live, unruly},
};

/// How many histories of each kind.
const HISTORIES: u16 = 150;

fn main() -> io::Result<()> {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: mutations DIR");
        std::process::exit(2);
    };
    let folder = Path::new(&folder);
    write_spoiled(&folder.join("spoiled"))?;
    write_sound(&folder.join("sound"))?;
    write_unruly(&folder.join("unruly"))
}

fn write_spoiled(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut index = Vec::new();
    for (number, (name, spoiled)) in mutations::all().into_iter().enumerate() {
        let file = format!("{:03}.archive", number + 1);
        fs::write(folder.join(&file), &spoiled.bytes)?;
        index.push(json!({
            "file": file,
            "name": name,
            "check": spoiled.check.number(),
            "seal": spoiled.seal,
            "record": spoiled.record,
        }));
    }
    fs::write(folder.join("index.json"), serde_json::to_string_pretty(&index)?)
}

/// The story, and towns under every kind of charter.
fn write_sound(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("story.archive"), Story::tell().log().bytes())?;
    for kind in 0..HISTORIES {
        let mut chance = Chance(u64::from(kind));
        let deeds: Vec<_> = (0..60 + chance.below(120)).map(|_| chance.deed()).collect();
        let town = live(kind, &deeds);
        fs::write(folder.join(format!("{kind:03}.archive")), Log::of(&town.world).bytes())?;
    }
    Ok(())
}

fn write_unruly(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for kind in 0..HISTORIES {
        let log = unruly(kind, &mut Chance(1_000_000 + u64::from(kind)));
        fs::write(folder.join(format!("{kind:03}.archive")), log.bytes())?;
    }
    Ok(())
}
