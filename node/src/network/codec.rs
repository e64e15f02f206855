//! The bytes of a request and of its response: one kind byte, a big-endian length, and so many bytes.
//!
//! What is inside is not looked at. A length beyond the limit is refused before anything is allocated, and
//! memory grows with the bytes that have really arrived.

use std::io;
use std::sync::Arc;

use libp2p::StreamProtocol;
use libp2p::futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::request_response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits;
use super::status::{Board, Refusal};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskKind {
    /// For the service.
    Data,
    /// Which peers do you know? For the address book.
    Peers,
}

/// A request on the wire.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) kind: AskKind,
    pub(super) bytes: Vec<u8>,
    /// The room that an incoming request takes, given back when it has been dealt with.
    pub(super) room: Option<OwnedSemaphorePermit>,
}

/// A response on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// From the service.
    Data(Vec<u8>),
    /// The other node has too much to do, or nothing to say.
    Busy,
    /// Peers it knows.
    Peers(Vec<u8>),
}

/// Reads and writes [`Ask`] and [`Reply`].
#[derive(Debug, Clone)]
pub(super) struct PageCodec {
    reading: Arc<Semaphore>,
    board: Arc<Board>,
}

impl PageCodec {
    pub(super) fn new(board: Arc<Board>) -> Self {
        Self { reading: Arc::new(Semaphore::new(limits::REQUEST_READ_KIB)), board }
    }

    async fn read_ask<T: AsyncRead + Unpin + Send>(&self, io: &mut T) -> io::Result<Ask> {
        let (kind, length) = read_head(io).await?;
        let kind = match kind {
            0 => AskKind::Data,
            1 => AskKind::Peers,
            _ => return Err(invalid(format!("request of unknown kind {kind}"))),
        };
        let (bytes, room) = read_body(io, length, limits::REQUEST_BYTES, Some(&self.reading)).await?;
        Ok(Ask { kind, bytes, room })
    }
}

impl request_response::Codec for PageCodec {
    type Protocol = StreamProtocol;
    type Request = Ask;
    type Response = Reply;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Ask>
    where
        T: AsyncRead + Unpin + Send,
    {
        // Counted here, since the library says nothing of a request that could not be read.
        self.read_ask(io).await.inspect_err(|error| {
            tracing::debug!(%error, "request not read");
            self.board.refuse(Refusal::RequestBroken);
        })
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Reply>
    where
        T: AsyncRead + Unpin + Send,
    {
        let (kind, length) = read_head(io).await?;
        let limit = match kind {
            0 => limits::RESPONSE_BYTES,
            1 => 0,
            2 => limits::EXCHANGE_BYTES,
            _ => return Err(invalid(format!("response of unknown kind {kind}"))),
        };
        let (bytes, _) = read_body(io, length, limit, None).await?;
        Ok(match kind {
            0 => Reply::Data(bytes),
            1 => Reply::Busy,
            _ => Reply::Peers(bytes),
        })
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, ask: Ask) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let kind = match ask.kind {
            AskKind::Data => 0,
            AskKind::Peers => 1,
        };
        write_frame(io, kind, &ask.bytes, limits::REQUEST_BYTES).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, reply: Reply) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        match reply {
            Reply::Data(bytes) => write_frame(io, 0, &bytes, limits::RESPONSE_BYTES).await,
            Reply::Busy => write_frame(io, 1, &[], 0).await,
            Reply::Peers(bytes) => write_frame(io, 2, &bytes, limits::EXCHANGE_BYTES).await,
        }
    }
}

async fn read_head<T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<(u8, u32)> {
    let mut head = [0; 5];
    io.read_exact(&mut head).await?;
    let [kind, a, b, c, d] = head;
    Ok((kind, u32::from_be_bytes([a, b, c, d])))
}

/// Reads exactly `length` bytes, and holds as much of `room` as has arrived.
async fn read_body<T: AsyncRead + Unpin + Send>(
    io: &mut T,
    length: u32,
    limit: usize,
    room: Option<&Arc<Semaphore>>,
) -> io::Result<(Vec<u8>, Option<OwnedSemaphorePermit>)> {
    let length = usize::try_from(length).map_err(|_| invalid("length beyond this machine".to_owned()))?;
    if length > limit {
        return Err(invalid(format!("{length} bytes announced, at most {limit} are taken")));
    }
    let mut bytes = Vec::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    while bytes.len() < length {
        let start = bytes.len();
        let piece = (length - start).min(limits::READ_PIECE);
        if let Some(room) = room {
            let kib = u32::try_from(piece.div_ceil(1024)).unwrap_or(u32::MAX);
            let more = room
                .clone()
                .try_acquire_many_owned(kib)
                .map_err(|_| io::Error::other("too many requests are being read"))?;
            match &mut held {
                Some(held) => held.merge(more),
                None => held = Some(more),
            }
        }
        bytes.resize(start + piece, 0);
        io.read_exact(&mut bytes[start..]).await?;
    }
    Ok((bytes, held))
}

async fn write_frame<T: AsyncWrite + Unpin + Send>(
    io: &mut T,
    kind: u8,
    bytes: &[u8],
    limit: usize,
) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= limit);
    let Some(length) = length else {
        return Err(invalid(format!("{} bytes to send, at most {limit} are taken", bytes.len())));
    };
    let mut head = [kind, 0, 0, 0, 0];
    head[1..].copy_from_slice(&length.to_be_bytes());
    io.write_all(&head).await?;
    io.write_all(bytes).await?;
    io.flush().await
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use libp2p::futures::executor::block_on;
    use libp2p::futures::io::Cursor;
    use libp2p::request_response::Codec as _;
    use proptest::prelude::*;

    fn codec() -> PageCodec {
        PageCodec::new(Arc::new(Board::new(libp2p::PeerId::random())))
    }

    fn protocol() -> StreamProtocol {
        StreamProtocol::new("/test")
    }

    fn read_request(bytes: &[u8]) -> io::Result<Ask> {
        block_on(codec().read_request(&protocol(), &mut Cursor::new(bytes)))
    }

    fn read_response(bytes: &[u8]) -> io::Result<Reply> {
        block_on(codec().read_response(&protocol(), &mut Cursor::new(bytes)))
    }

    #[test]
    fn a_request_comes_back_as_it_was_written() {
        for length in [0, 1, limits::READ_PIECE, limits::READ_PIECE + 1, limits::REQUEST_BYTES] {
            let bytes = vec![7; length];
            let mut wire = Vec::new();
            let ask = Ask { kind: AskKind::Data, bytes: bytes.clone(), room: None };
            block_on(codec().write_request(&protocol(), &mut wire, ask)).unwrap();
            assert_eq!(wire.len(), 5 + length);
            let read = read_request(&wire).unwrap();
            assert_eq!(read.kind, AskKind::Data);
            assert_eq!(read.bytes, bytes);
        }
    }

    #[test]
    fn a_response_comes_back_as_it_was_written() {
        for reply in [Reply::Data(vec![1; 100_000]), Reply::Busy, Reply::Peers(vec![2; 40])] {
            let mut wire = Vec::new();
            let again = match &reply {
                Reply::Data(bytes) => Reply::Data(bytes.clone()),
                Reply::Busy => Reply::Busy,
                Reply::Peers(bytes) => Reply::Peers(bytes.clone()),
            };
            block_on(codec().write_response(&protocol(), &mut wire, again)).unwrap();
            assert_eq!(read_response(&wire).unwrap(), reply);
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_on_both_sides() {
        let beyond = u32::try_from(limits::REQUEST_BYTES + 1).unwrap().to_be_bytes();
        let head = [&[0], &beyond[..]].concat();
        assert_eq!(read_request(&head).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read_response(&[0, 255, 255, 255, 255]).unwrap_err().kind(), io::ErrorKind::InvalidData);
        // A busy node has nothing to add.
        assert_eq!(read_response(&[1, 0, 0, 0, 1, 9]).unwrap_err().kind(), io::ErrorKind::InvalidData);

        let mut wire = Vec::new();
        let ask = Ask { kind: AskKind::Data, bytes: vec![0; limits::REQUEST_BYTES + 1], room: None };
        block_on(codec().write_request(&protocol(), &mut wire, ask)).unwrap_err();
        assert!(wire.is_empty());
    }

    #[test]
    fn room_is_taken_while_a_request_is_held_and_given_back_after() {
        let mut codec = codec();
        let mut wire = Vec::new();
        let ask = Ask { kind: AskKind::Data, bytes: vec![3; 100 << 10], room: None };
        block_on(codec.write_request(&protocol(), &mut wire, ask)).unwrap();
        let held = block_on(codec.read_request(&protocol(), &mut Cursor::new(&wire))).unwrap();
        assert_eq!(codec.reading.available_permits(), limits::REQUEST_READ_KIB - 100);
        drop(held);
        assert_eq!(codec.reading.available_permits(), limits::REQUEST_READ_KIB);
        // A request that breaks off gives its room back too.
        block_on(codec.read_request(&protocol(), &mut Cursor::new(&wire[..70_000]))).unwrap_err();
        assert_eq!(codec.reading.available_permits(), limits::REQUEST_READ_KIB);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_codec_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_request(&bytes);
            let _ = read_response(&bytes);
        }
    }
}
