//! The ledger, property by property: who may say what, what it changes, and what a round decides.

#[path = "../support/mod.rs"]
mod support;

mod admissible;
mod charter;
mod eligibility;
mod explanations;
mod loans;
mod membership;
mod money;
mod motions;
mod records;
mod rounds;
mod schedules;
mod seals;
mod voids;
