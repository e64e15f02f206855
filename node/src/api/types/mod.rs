//! The JSON of the API, for the server and for clients.

mod arguments;
mod charters;
mod desk;
mod members;
mod outcomes;
mod own;
mod proposals;
mod records;
mod track_record;

pub use arguments::{ArgumentView, QuestionView, ThreadView};
pub use charters::{Adoption, CharterView, Charters, OpenChange};
pub use desk::{ActRequest, ActView};
pub use members::{
    BallotView, CastView, DelegationView, DelegationsView, Heads, MemberView, PersonView, ReplacementView,
    WayView,
};
pub use outcomes::{
    ExplanationView, ForecastAnswer, ForecastView, LoanName, LoanShares, LoanView, OutcomeSummary,
    OutcomeView, PreviewRequest, ProposalName, SharesView, WhatIfRequest, WhatIfView,
};
pub use own::{OwnKey, OwnKeyView};
pub use proposals::{
    AccountView, AttestationView, Eligibility, PastAttestation, PredictionsView, ProposalView,
};
pub use records::{
    ChainView, ImportView, LetGo, LetGoView, ProblemDetails, Receptions, RecordView, SealView, Submission,
};
pub use track_record::{
    AttestorView, EndedLoanView, Exact, GradeView, MemberScoreView, ScoreView, TrackRecordView,
};
