//! The ledger, property by property: who may say what, what it changes, and what a round decides.

#[path = "../support/mod.rs"]
mod support;

mod admissible;
mod arguments;
mod attestations;
mod charter;
mod delegation;
mod eligibility;
mod explanations;
mod loans;
mod lost_keys;
mod membership;
mod money;
mod motions;
mod portfolio;
mod preflight;
mod records;
mod responses;
mod rounds;
mod schedules;
mod seals;
mod successions;
mod track_record;
mod voids;
