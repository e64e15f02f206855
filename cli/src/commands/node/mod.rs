//! Running a node, looking after it, and carrying records to it.

pub(crate) mod log;
pub(crate) mod notices;
pub(crate) mod page;
pub(crate) mod run;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod submit;
