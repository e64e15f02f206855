//! `mutua log`: the whole log as one file.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Seek, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use mutua_node::service::NodeStatus;
use mutua_protocol::{
    archive::{ArchiveReader, Frame},
    charter::Community,
    codec, limits,
    seals::SealedBatch,
};
use serde::Serialize;

use crate::{
    client::Client,
    context::Context,
    failure::{Done, Failure},
    files,
    home::Home,
    output,
    progress::Progress,
};

const EXPORT_EXAMPLE: &str = "\
Example:
  mutua log export community.archive
  mutua audit community.archive";

const IMPORT_EXAMPLE: &str = "\
Example:
  mutua log import community.archive

Hands the seals that the running node does not have yet to it, which checks every one of them.";

/// What `mutua log` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write the node's whole log to a file that anybody can audit
    #[command(after_help = EXPORT_EXAMPLE)]
    Export {
        /// The file to write
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
    /// Give the running node the seals of an archive
    #[command(after_help = IMPORT_EXAMPLE)]
    Import {
        /// The archive
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Serialize)]
struct Exported {
    file: PathBuf,
    bytes: u64,
    seals: u64,
}

#[derive(Serialize)]
struct Imported {
    before: u64,
    height: u64,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        match self.action {
            Action::Export { file, force } => {
                let exported = export(&client, &file, force)?;
                output::show(context.json, &exported, |page| {
                    page.line(format!(
                        "{} holds {} seals in {} bytes; check it with 'mutua audit'.",
                        exported.file.display(),
                        exported.seals,
                        exported.bytes
                    ));
                })
            }
            Action::Import { file } => {
                let imported = import(&client, &file)?;
                output::show(context.json, &imported, |page| {
                    let new = imported.height.saturating_sub(imported.before);
                    page.line(format!("{new} seals are new; the node is at seal {} now.", imported.height));
                })
            }
        }
    }
}

fn export(client: &Client, path: &Path, force: bool) -> Done<Exported> {
    files::write_whole(path, force, |file| {
        let bytes = download(client, path, file)?;
        let seals = end_of(path, file)?;
        Ok(Exported { file: path.to_path_buf(), bytes, seals })
    })
}

fn download(client: &Client, path: &Path, file: &mut File) -> Done<u64> {
    let failed = |error| Failure::file(path, format!("cannot be written: {error}"));
    let mut source = client.stream("/v1/archive")?;
    let mut file = BufWriter::new(file);
    let progress = Progress::amount("exporting");
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let read = source.read(&mut buffer).map_err(|error| {
            Failure::node(format!("the node {} broke off after {bytes} bytes: {error}", client.name()))
        })?;
        if read == 0 {
            break;
        }
        file.write_all(&buffer[..read]).map_err(failed)?;
        bytes += read as u64;
        progress.set(bytes);
    }
    file.flush().map_err(failed)?;
    Ok(bytes)
}

/// The number of seals, by the end mark: without one the archive is not whole.
fn end_of(path: &Path, file: &mut File) -> Done<u64> {
    file.rewind().map_err(|error| Failure::file(path, format!("cannot be read: {error}")))?;
    let mut reader = ArchiveReader::new(BufReader::new(file)).map_err(|error| Failure::file(path, error))?;
    loop {
        match reader.frame() {
            Ok(Some(Frame::End { height, .. })) => return Ok(height),
            Ok(Some(_)) => {}
            Ok(None) => return Err(Failure::node("the node sent an archive without an end; try again")),
            Err(error) => {
                return Err(Failure::node(format!(
                    "the node broke off while it sent its log ({error}); try again"
                )));
            }
        }
    }
}

fn import(client: &Client, path: &Path) -> Done<Imported> {
    let file = File::open(path).map_err(|error| Failure::file(path, format!("cannot be read: {error}")))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut reader = ArchiveReader::new(BufReader::with_capacity(1 << 20, file))
        .map_err(|error| Failure::file(path, error))?;
    let status: NodeStatus = client.get("/v1/status")?;
    let mut height = status.height;
    let progress = Progress::bytes(size, "importing");
    while let Some(frame) =
        reader.frame().map_err(|error| Failure::refused(format!("{}: {error}", path.display())))?
    {
        progress.set(reader.position());
        match frame {
            Frame::Charter(bytes) => {
                let community = Community::decode(&bytes).map_err(|error| Failure::file(path, error))?;
                if community.id != status.community {
                    return Err(Failure::refused(format!(
                        "{} is the log of another community: {} ({}), where the node belongs to {} ({})",
                        path.display(),
                        community.charter.name,
                        community.id.short(),
                        status.name,
                        status.community.short()
                    )));
                }
            }
            Frame::Seal(bytes) => {
                let batch: SealedBatch = codec::decode(&bytes, limits::DECODE_BYTES)
                    .map_err(|error| Failure::file(path, format!("a seal cannot be read: {error}")))?;
                // What the node has, it has checked.
                if batch.header.height > height {
                    height = client.import(&bytes)?.height;
                }
            }
            Frame::End { .. } => {}
        }
    }
    Ok(Imported { before: status.height, height })
}
