//! `mutua document`: documents stay where they are; records name them by their hashes.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use mutua_node::api::types::ProposalView;
use mutua_protocol::{
    hash::{DocumentHash, DocumentHasher, RecordId},
    keys::PublicKey,
    records::ProposalId,
};
use serde::Serialize;

use crate::{
    client::Client,
    context::Context,
    failure::{Done, Failure, Status},
    home::Home,
    named, output,
    page::{Page, cut},
    progress::Progress,
};

/// How much of a document is read at a time.
const PART: usize = 1 << 20;

const HASH_EXAMPLE: &str = "\
Example:
  mutua document hash balance-sheet-2026.pdf

The hash by which 'mutua propose --document' and 'mutua attest --document' name this file; it needs no node. Every byte of the
file counts: one that was opened and saved again is another one.";

const VERIFY_EXAMPLE: &str = "\
Example:
  mutua document verify balance-sheet-2026.pdf
  mutua document verify folder/* --proposal 5b3e90aa

Looks for the files in the present terms of all proposals and in the attestations in force; with --proposal, in all attestations of
that loan, also earlier ones, and says which of its documents none of the files is. Exit status 1 when a file is named nowhere, or,
with --proposal, when a document has no file.";

/// What `mutua document` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the hash by which records name a file
    #[command(after_help = HASH_EXAMPLE)]
    Hash(HashArguments),
    /// Find the proposals and attestations that name these files
    #[command(after_help = VERIFY_EXAMPLE)]
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
struct HashArguments {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct VerifyArguments {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Only this proposal, by its id or first digits; then each of its documents must be among the files
    #[arg(long, value_name = "PROPOSAL")]
    proposal: Option<String>,
}

/// A file and its hash.
#[derive(Debug, Serialize)]
struct Hashed {
    file: String,
    hash: DocumentHash,
}

/// A record that names a document.
#[derive(Debug, Clone, Serialize)]
struct Place {
    document: DocumentHash,
    proposal: ProposalId,
    title: String,
    /// The attestation that names it; nothing for the terms of the proposal.
    attestation: Option<RecordId>,
    attestor: Option<PublicKey>,
    /// Why that attestation does not count, if it is known not to.
    ended: Option<String>,
}

/// A file, and where it is named.
#[derive(Debug, Serialize)]
struct Found {
    #[serde(flatten)]
    hashed: Hashed,
    named_by: Vec<Place>,
}

/// What became of all files.
#[derive(Debug, Serialize)]
struct Verified {
    files: Vec<Found>,
    /// Documents of the proposal that none of the files is; only where a proposal was named.
    without_file: Vec<Place>,
}

impl Arguments {
    /// Hashes or verifies.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self.what {
            What::Hash(arguments) => {
                let hashed = hash(&arguments.files)?;
                output::show(context.json, &hashed, |page| {
                    for entry in &hashed {
                        page.line(format!("{}  {}", entry.hash, entry.file));
                    }
                })
            }
            What::Verify(arguments) => verify(context, &arguments),
        }
    }
}

/// The hash by which records name the file at this path, however large it is.
///
/// # Errors
/// When it cannot be read, or is no file but a device or a folder, which may have no end.
pub(crate) fn hash_of(path: &Path) -> Done<DocumentHash> {
    let failed = |error: std::io::Error| Failure::file(path, format!("cannot be read: {error}"));
    let about = fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(Failure::file(path, "is no file: only files can be documents"));
    }
    let mut file = fs::File::open(path).map_err(failed)?;
    let progress = Progress::bytes(about.len(), "hashing");
    let (mut hasher, mut done, mut part) = (DocumentHasher::default(), 0, vec![0; PART]);
    loop {
        let size = file.read(&mut part).map_err(failed)?;
        if size == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&part[..size]);
        done += size as u64;
        progress.set(done);
    }
}

fn hash(files: &[PathBuf]) -> Done<Vec<Hashed>> {
    files.iter().map(|path| Ok(Hashed { file: path.display().to_string(), hash: hash_of(path)? })).collect()
}

fn verify(context: &Context, arguments: &VerifyArguments) -> Done {
    let hashed = hash(&arguments.files)?;
    let client = Client::of(&Home::existing(context)?)?;
    let proposals = client.proposals()?;
    let (places, title) = match &arguments.proposal {
        None => (proposals.iter().flat_map(places).collect(), None),
        Some(prefix) => {
            let id = named::proposal(prefix, &proposals)?.id;
            let whole: ProposalView = client.get(&format!("/v1/proposals/{id}"))?;
            (places(&whole), Some(whole.subject.title().to_owned()))
        }
    };
    let verified = compare(hashed, &places, title.is_some());
    output::show(context.json, &verified, |page| tell(page, &verified, title.as_deref()))?;
    let is_complete =
        verified.without_file.is_empty() && verified.files.iter().all(|found| !found.named_by.is_empty());
    if is_complete { Ok(()) } else { Err(Failure::said(Status::Refused)) }
}

/// Where this proposal and its attestations name documents.
fn places(proposal: &ProposalView) -> Vec<Place> {
    let place = |document: &DocumentHash| Place {
        document: *document,
        proposal: proposal.id,
        title: proposal.subject.title().to_owned(),
        attestation: None,
        attestor: None,
        ended: None,
    };
    let mut places: Vec<Place> =
        proposal.subject.loan().iter().flat_map(|loan| &loan.documents).map(place).collect();
    let mut attested = |id, attestor, documents: &[DocumentHash], ended: Option<&String>| {
        places.extend(documents.iter().map(|document| Place {
            attestation: Some(id),
            attestor: Some(attestor),
            ended: ended.cloned(),
            ..place(document)
        }));
    };
    match &proposal.history {
        Some(history) => {
            for past in history {
                attested(past.id, past.attestor, &past.assessment.documents, past.ended.as_ref());
            }
        }
        None => {
            for held in &proposal.attestations {
                let earlier = "it is for earlier terms".to_owned();
                let ended = (!held.for_present_terms).then_some(&earlier);
                attested(held.id, held.attestor, &held.assessment.documents, ended);
            }
        }
    }
    places
}

/// Which files are named where, and, if all documents are wanted, which of these have no file.
fn compare(hashed: Vec<Hashed>, places: &[Place], all: bool) -> Verified {
    let without_file = places
        .iter()
        .filter(|place| all && hashed.iter().all(|entry| entry.hash != place.document))
        .cloned()
        .collect();
    let files = hashed
        .into_iter()
        .map(|hashed| Found {
            named_by: places.iter().filter(|place| place.document == hashed.hash).cloned().collect(),
            hashed,
        })
        .collect();
    Verified { files, without_file }
}

/// Where it is named, in words.
fn whereabouts(place: &Place) -> String {
    let title = format!("'{}' ({})", cut(&place.title, 60), place.proposal.short());
    let ended = place.ended.as_ref().map(|why| format!("; it does not count: {why}")).unwrap_or_default();
    match (place.attestation, place.attestor) {
        (Some(id), Some(attestor)) => {
            format!("attestation {} of {title} by {}{ended}", id.short(), attestor.short())
        }
        _ => format!("the terms of {title}"),
    }
}

fn tell(page: &mut Page, verified: &Verified, title: Option<&str>) {
    for found in &verified.files {
        let Hashed { file, hash } = &found.hashed;
        if found.named_by.is_empty() {
            let by = title.map_or_else(
                || "no proposal and no attestation in force".to_owned(),
                |title| format!("neither '{title}' nor an attestation of it"),
            );
            page.line(format!("UNKNOWN  {file}: {by} names a document with the hash {hash}"));
        }
        for place in &found.named_by {
            page.line(format!("named    {file}: by {}", whereabouts(place)));
        }
    }
    for place in &verified.without_file {
        page.line(format!("NO FILE  {}: named by {}", place.document, whereabouts(place)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(document: &[u8]) -> Place {
        Place {
            document: DocumentHash::of(document),
            proposal: RecordId([1; 32]),
            title: "Oven".to_owned(),
            attestation: None,
            attestor: None,
            ended: None,
        }
    }

    fn hashed(file: &str, content: &[u8]) -> Hashed {
        Hashed { file: file.to_owned(), hash: DocumentHash::of(content) }
    }

    #[test]
    fn each_file_is_found_wherever_it_is_named_and_each_document_without_one_is_told() {
        let places = [place(b"a"), place(b"b"), place(b"a")];
        let files = || vec![hashed("one", b"a"), hashed("two", b"c")];
        let verified = compare(files(), &places, true);
        let counts: Vec<usize> = verified.files.iter().map(|found| found.named_by.len()).collect();
        assert_eq!(counts, [2, 0]);
        assert_eq!(verified.without_file.len(), 1);
        assert_eq!(verified.without_file[0].document, DocumentHash::of(b"b"));
        assert!(compare(files(), &places, false).without_file.is_empty());
    }
}
