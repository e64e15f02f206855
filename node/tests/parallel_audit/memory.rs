//! However long the archive and however large its frames: what is read and not yet applied is bounded.

use std::{
    cell::Cell,
    io::{self, ErrorKind, Read},
    rc::Rc,
};

use mutua_node::audit::{BYTES_UNDER_WAY, Depth, Unreadable};
use mutua_protocol::archive::{Check, opening};

use super::{
    pipeline,
    support::{charter, log::Log, story::LAST, story::Story},
};

/// Counts what was read of it.
struct Counted<R> {
    source: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

/// Frames that never end: seals of the greatest size, full of nothing.
struct Endless {
    frame: Vec<u8>,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let part = &self.frame[self.at..];
        let read = part.len().min(buffer.len());
        buffer[..read].copy_from_slice(&part[..read]);
        self.at = (self.at + read) % self.frame.len();
        Ok(read)
    }
}

const LARGEST: usize = 4 << 20;

#[test]
fn an_archive_of_huge_frames_is_not_read_ahead_without_bound() {
    let mut frame = vec![2];
    frame.extend(u32::try_from(LARGEST).unwrap().to_be_bytes());
    frame.resize(5 + LARGEST, 0);
    let read = Rc::new(Cell::new(0));
    let source = io::Cursor::new(opening(&charter(4))).chain(Endless { frame, at: 0 });
    let source = Counted { source, read: Rc::clone(&read) };
    let findings = pipeline(8, 1).audit(source, Depth::First, &mut |_| {}).unwrap();
    assert_eq!(findings.faults[0].check, Check::Canonical);
    assert_eq!(findings.faults[0].seal, Some(1));
    assert!(read.get() <= (BYTES_UNDER_WAY + 2 * LARGEST) as u64, "{} bytes were read", read.get());
}

#[test]
fn a_frame_that_claims_more_than_any_may_have_is_refused_unread() {
    let mut bytes = opening(&charter(4));
    bytes.extend([2, 0xff, 0xff, 0xff, 0xff]);
    let read = Rc::new(Cell::new(0));
    let endless = Endless { frame: vec![7; 1 << 16], at: 0 };
    let source = Counted { source: io::Cursor::new(bytes.clone()).chain(endless), read: Rc::clone(&read) };
    let findings = pipeline(2, 1).audit(source, Depth::All { keep: 10 }, &mut |_| {}).unwrap();
    assert_eq!(findings.faults[0].check, Check::Canonical);
    assert_eq!(read.get(), bytes.len() as u64);
    assert_eq!(findings.lost, Some(bytes.len() as u64));
}

#[test]
fn what_is_read_ahead_of_the_ledger_is_bounded_all_along() {
    let story = Story::tell();
    let bytes = Log::of(story.after(LAST)).bytes();
    let read = Rc::new(Cell::new(0));
    let source = Counted { source: &bytes[..], read: Rc::clone(&read) };
    let mut seals = 0;
    let longest = story.log().frames().iter().map(Vec::len).max().unwrap() as u64;
    // One thread and one seal a chunk: four chunks at most are under way.
    let findings = pipeline(1, 1)
        .audit(source, Depth::First, &mut |advance| {
            seals += 1;
            assert!(read.get() - advance.bytes <= 5 * longest, "at seal {}", advance.height);
        })
        .unwrap();
    assert!(findings.faults.is_empty());
    assert_eq!(seals, LAST);
}

/// Gives some bytes, and then fails.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(ErrorKind::ConnectionReset.into()),
            read => Ok(read),
        }
    }
}

/// That a disk or a network fails says nothing about the archive.
#[test]
fn a_source_that_fails_gives_no_verdict() {
    let bytes = Story::tell().log().bytes();
    for length in (0..bytes.len()).step_by(499) {
        for depth in [Depth::First, Depth::All { keep: 5 }] {
            match pipeline(2, 1).audit(Failing(&bytes[..length]), depth, &mut |_| {}) {
                Err(Unreadable::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
                other => panic!("{length} bytes: {other:?}"),
            }
        }
    }
}
