//! Founding, joining, and who belongs: charters, keys, members.

pub(crate) mod charter;
pub(crate) mod init;
pub(crate) mod join;
pub(crate) mod key;
pub(crate) mod members;
