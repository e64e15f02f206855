//! The numbered checks (SPEC section 12). A report names a fault by the number of its check.

use serde::Serialize;

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Is everything there?
    Completeness,
    /// Did those who are named say it?
    Authenticity,
    /// Do the records obey the rules?
    Consistency,
    /// Do the seals and outcomes follow from the records?
    Integrity,
    /// Are those who are accused of misbehaviour convicted by their own signatures?
    Evidence,
}

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $group:ident, $title:literal;)*) => {
        /// A numbered check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(into = "&'static str")]
        pub enum Check {
            $($(#[$doc])* #[doc = $title] $name,)*
        }

        impl Check {
            /// All checks, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number in SPEC section 12.
            #[must_use]
            pub const fn number(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// What must hold.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it is about.
            #[must_use]
            pub const fn group(self) -> Group {
                match self { $(Self::$name => Group::$group,)* }
            }
        }
    };
}

checks! {
    Charter = "1.1", Completeness, "the archive begins with a valid charter";
    Height = "1.2", Completeness, "the seals are numbered without gap from 1";
    Count = "1.3", Completeness, "a seal holds as many records as its header counts";
    End = "1.4", Completeness, "the archive ends with the number and id of its last seal";
    Canonical = "2.1", Authenticity, "a seal's bytes are canonical";
    RecordBytes = "2.2", Authenticity, "a record's bytes are canonical and within the limits";
    Community = "2.3", Authenticity, "seals and records belong to this community";
    Signature = "2.4", Authenticity, "each record is signed by its author";
    Certificate = "2.5", Authenticity, "more than two thirds of the witnesses' power have signed each seal";
    Order = "3.1", Consistency, "a seal's records are sorted by author and number, each once";
    Sequence = "3.2", Consistency, "each author's records are numbered without gap";
    Predecessor = "3.3", Consistency, "each record names its author's record before it";
    Authority = "3.4", Consistency, "each author may say what they say";
    Reference = "3.5", Consistency, "what a record refers to is sealed before it";
    Quota = "3.6", Consistency, "authors and seals stay within their limits";
    Body = "3.7", Consistency, "every field of a record is within its bounds";
    Link = "4.1", Integrity, "each seal names the seal before it";
    Root = "4.2", Integrity, "the Merkle root is that of the records";
    Time = "4.3", Integrity, "time goes on from seal to seal";
    Closing = "4.4", Integrity, "a round is closed by the first seal at or past its close, and no other";
    Outcome = "4.5", Integrity, "the outcome that the witnesses signed is the one computed from the log";
    Idle = "4.6", Integrity, "a seal holds records or closes a round";
    Evidence = "5.1", Evidence, "evidence proves a fork: two different headers, one author, one number, both signed";
}

impl From<Check> for &'static str {
    fn from(check: Check) -> Self {
        check.number()
    }
}
