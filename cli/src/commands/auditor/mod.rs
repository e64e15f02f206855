//! What anybody can check: logs, receipts, evidence.

pub(crate) mod audit;
pub(crate) mod auditor_token;
pub(crate) mod evidence;
pub(crate) mod receipt;
