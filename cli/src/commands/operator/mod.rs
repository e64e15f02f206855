//! What the operator answers for: ratings, money, documents, answers.

pub(crate) mod attest;
pub(crate) mod document;
pub(crate) mod fund;
pub(crate) mod payments;
pub(crate) mod portfolio;
pub(crate) mod respond;
pub(crate) mod track_record;
