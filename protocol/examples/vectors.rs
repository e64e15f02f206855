//! Writes the test vectors of the protocol:
//!
//! ```text
//! cargo run -p mutua-protocol --example vectors
//! ```
//!
//! A test compares them. They change only when the protocol does, and then its version has to.

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> std::io::Result<()> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    std::fs::create_dir_all(&folder)?;
    for (name, content) in support::vectors::files() {
        std::fs::write(folder.join(name), support::vectors::text(&content))?;
        println!("vectors/{name}");
    }
    Ok(())
}
