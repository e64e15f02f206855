//! What members decide by: proposals, arguments, votes, outcomes and why.

pub(crate) mod argue;
pub(crate) mod arguments;
pub(crate) mod delegate;
pub(crate) mod explain;
pub(crate) mod forecast;
pub(crate) mod outcome;
pub(crate) mod predict;
pub(crate) mod proposals;
pub(crate) mod propose;
pub(crate) mod vote;
pub(crate) mod whatif;
