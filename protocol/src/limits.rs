//! Every limit of the protocol, each with its reason. A charter can tighten those it names.

/// Greatest number of bytes the codec reads or writes for one value: a page of catch-up (a seal with
/// its records) is the largest thing there is.
pub const DECODE_BYTES: usize = 4 << 20;

/// Greatest size of a signed record: a ballot with [`SCORES`] scores fits, and so does one page of argument.
/// Below 64 KiB, where the store would put values into files of their own.
pub const RECORD_BYTES: usize = 16 << 10;

/// Greatest number of scores, and of answers, in one ballot.
pub const SCORES: usize = 384;

/// Greatest score; the charter says how many of these its ballots use.
pub const SCORE: u8 = 100;

/// Greatest number of records in one seal: their ids (32 bytes each) stay below the 64 KiB that a
/// value in the store may have, and below what one gossip message may carry.
pub const SEAL_RECORDS: usize = 1024;

/// Greatest sum of the sizes of a seal's records: a seal travels in one page of catch-up.
pub const SEAL_BYTES: usize = 1 << 20;

/// Greatest number of witnesses: their signatures fit a certificate of a few KiB, and the
/// all-to-all votes of a height stay cheap.
pub const WITNESSES: usize = 64;

/// Greatest voting power of one witness; the sum over all stays far inside 64 bits.
pub const WITNESS_POWER: u64 = 1 << 32;

/// Greatest size of a charter's canonical bytes: a record has to hold it.
pub const CHARTER_BYTES: usize = RECORD_BYTES - CHANGE_BYTES;

/// What a record that amends the charter needs beside the amended charter: frame, signature and the longest title are
/// 384 bytes; the rest is for a short purpose.
pub const CHANGE_BYTES: usize = 512;

/// Greatest number of keys for one role.
pub const ROLE_KEYS: usize = 32;

/// Greatest number of groups, and of categories, in a charter.
pub const LABELS: usize = 64;

/// Greatest number of grades with bounds of their own: rating scales have 10 to 25 steps.
pub const GRADES: usize = 32;

/// Greatest length in bytes of a name, a title or a label.
pub const NAME_BYTES: usize = 120;

/// Greatest length in bytes of a purpose, a reason or a condition.
pub const TEXT_BYTES: usize = 4000;

/// Greatest number of arguments of one member in one round: two a day over a month, and nobody fills a thread alone.
pub const ARGUMENTS_PER_ROUND: u32 = 64;

/// Greatest depth of a thread, the argument about the proposal included: deeper ones cannot be read on a narrow
/// screen, and whoever has more to say can argue about the proposal again.
pub const ARGUMENT_DEPTH: u8 = 8;

/// Greatest number of documents, conditions or reasons in one record.
pub const ITEMS: usize = 16;

/// Greatest amount in the currency's smallest unit: sums over all records of a log stay inside 128
/// bits, and products with basis points inside 64.
pub const AMOUNT: u64 = 1 << 50;

/// Greatest weight of one member. Endowments are proportional to weights, and a million members of
/// the greatest weight still add up inside 64 bits.
pub const MEMBER_WEIGHT: u32 = 1 << 20;

/// Records an author without a role may add in one round, when the charter does not say less:
/// several changes of mind a day over a month, and no flood.
pub const RECORDS_PER_ROUND: u32 = 1024;
