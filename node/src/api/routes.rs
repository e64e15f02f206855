//! What there is at which path: the lists of which the doors and their documents are made.

use super::{
    archive, arguments, charters, delegations, desk,
    document::{
        self,
        Group::{Community, Log, Node, Outcomes, Proposals, Records},
        Routes, get, post, told,
    },
    events, evidence, explanations, forecasts, loans, metrics, network, notices, outcomes, own, preview,
    queue, receipts, records, status,
    types::SharesView,
    views,
};

const FILE: &str = "application/octet-stream";

/// What the owner of the node may ask for and do.
pub(super) fn owners() -> Routes {
    let routes = about_proposals(about_people(about_node(shown_to_all())));
    outcomes_of_now(routes)
        .at(
            "/v1/records",
            post(records::submit, told("submit", Records, "Hands signed records in").fails(&[429])),
        )
        .at(
            "/v1/records",
            get(
                records::beginning,
                told("recordsBeginning", Records, "The ids of records that begin with these digits")
                    .fails(&[400]),
            ),
        )
        .at(
            "/v1/records/let-go",
            post(
                records::let_go,
                told(
                    "letGo",
                    Records,
                    "Lets go of records that wait here for their author and that nobody else knows",
                ),
            ),
        )
        .at(
            "/v1/records/{id}",
            get(records::show, told("record", Records, "A record, sealed or not").kept().fails(&[400, 404])),
        )
        .at(
            "/v1/seals",
            post(
                archive::import,
                told("importSeal", Log, "Takes a certified seal, the next one")
                    .takes(FILE, "The canonical bytes of a seal with its certificate and its records.")
                    .fails(&[409]),
            ),
        )
}

/// The log and the outcomes, which auditors may ask for, too.
pub(super) fn shown_to_all() -> Routes {
    Routes::new()
        .at(
            "/v1/openapi.json",
            get(
                document::show,
                told("document", Node, "This document")
                    .gives_json::<serde_json::Map<String, serde_json::Value>>("The API in OpenAPI 3.1."),
            ),
        )
        .at("/v1/charter", get(charters::in_force, told("charter", Community, "The charter in force").kept()))
        .at(
            "/v1/charters",
            get(
                charters::all,
                told(
                    "charters",
                    Community,
                    "Every charter that has been in force, and the changes that are open",
                )
                .kept()
                .fails(&[400]),
            ),
        )
        .at(
            "/v1/outcomes",
            get(
                outcomes::list,
                told("outcomes", Outcomes, "The rounds that have closed, in short").kept().fails(&[400]),
            ),
        )
        .at(
            "/v1/outcomes/{round}",
            get(
                outcomes::show,
                told("outcome", Outcomes, "What a round has decided, or would decide now")
                    .kept()
                    .fails(&[400, 404, 409]),
            ),
        )
        .at(
            "/v1/outcomes/{round}/shares",
            get(
                outcomes::shares,
                told("shares", Outcomes, "What each member's vote has paid for each funded loan")
                    .kept()
                    .gives_json::<SharesView>(
                        "For each funded loan, in the order of selection, what each member paid.",
                    )
                    .fails(&[400, 404, 409, 429]),
            ),
        )
        .at(
            "/v1/receipts",
            get(
                receipts::show,
                told(
                    "receipt",
                    Log,
                    "A receipt: that a record is sealed, or what was counted for a key, or both",
                )
                .kept()
                .gives(FILE, "The receipt's file.")
                .fails(&[400, 404, 409]),
            ),
        )
        .at(
            "/v1/evidence",
            get(
                evidence::list,
                told("evidence", Log, "The misbehaviour of which this node has evidence").fails(&[400]),
            ),
        )
        .at(
            "/v1/evidence/{name}",
            get(
                evidence::show,
                told("evidenceFile", Log, "A file of evidence that anybody can check")
                    .gives(FILE, "The evidence, or an archive that shows it.")
                    .fails(&[400, 404, 429]),
            ),
        )
        .at(
            "/v1/seals/{height}",
            get(
                archive::seal,
                told("seal", Log, "A seal, and the ids of its records").kept().fails(&[400, 404]),
            ),
        )
        .at(
            "/v1/archive",
            get(
                archive::export,
                told("archive", Log, "The log as an archive, or a part of it")
                    .gives(FILE, "The archive. The header 'mutua-height' says how many seals the log has.")
                    .fails(&[400, 429]),
            ),
        )
}

fn about_node(routes: Routes) -> Routes {
    routes
        .at("/v1/status", get(status, told("status", Node, "Where this node and its community stand")))
        .at(
            "/v1/network",
            get(network, told("network", Node, "The node's connections, at most a second old")),
        )
        .at(
            "/v1/notices",
            get(notices::list, told("notices", Node, "What there is to be told to members").fails(&[400])),
        )
        .at(
            "/v1/metrics",
            get(
                metrics::show,
                told("metrics", Node, "Figures for Prometheus")
                    .gives(metrics::MEDIA, "OpenMetrics text; every name begins with 'mutua_'."),
            ),
        )
        .at(
            "/v1/own-keys",
            get(
                own::keys,
                told("ownKeys", Node, "The keys with which something can be said at this node's desk"),
            ),
        )
        .at(
            "/v1/desk",
            post(
                desk::act,
                told("act", Node, "Has a command say something, with a key of the node's home")
                    .fails(&[404, 409]),
            ),
        )
        .at(
            "/v1/events",
            get(
                events::stream,
                told(
                    "events",
                    Node,
                    "What happens, as it happens; 'Last-Event-ID' names the newest that came before",
                )
                .gives(
                    "text/event-stream",
                    "Server-sent events: beginning, taken, sealed, closed, health, reset.",
                ),
            ),
        )
}

fn about_people(routes: Routes) -> Routes {
    routes
        .at(
            "/v1/members",
            get(views::members, told("members", Community, "The members, by key").kept().fails(&[400])),
        )
        .at(
            "/v1/members/{key}",
            get(views::member, told("member", Community, "A member").kept().fails(&[400, 404])),
        )
        .at(
            "/v1/chains/{key}",
            get(
                views::chain,
                told("chain", Records, "What the next record of an author continues").kept().fails(&[400]),
            ),
        )
        .at(
            "/v1/replacements",
            get(
                views::replacements,
                told("replacements", Community, "The lost keys that a registrar has replaced").kept(),
            ),
        )
        .at(
            "/v1/successors",
            get(
                views::successors,
                told("successors", Community, "Each key that was replaced, with the one in its place").kept(),
            ),
        )
        .at(
            "/v1/ballots/{key}",
            get(
                views::ballot,
                told("ballot", Community, "A member's ballots, sealed or not").kept().fails(&[400, 404]),
            ),
        )
        .at(
            "/v1/delegations/{key}",
            get(
                delegations::show,
                told("delegations", Community, "What a member has delegated, and what others have to them")
                    .kept()
                    .fails(&[400, 404]),
            ),
        )
}

fn about_proposals(routes: Routes) -> Routes {
    routes
        .at(
            "/v1/proposals",
            get(
                views::proposals,
                told("proposals", Proposals, "What is or was proposed").kept().fails(&[400]),
            ),
        )
        .at(
            "/v1/proposals/{id}",
            get(
                views::proposal,
                told("proposal", Proposals, "A proposal, with its history").kept().fails(&[400, 404]),
            ),
        )
        .at(
            "/v1/proposals/{id}/arguments",
            get(
                arguments::thread,
                told("thread", Proposals, "The arguments about a proposal").kept().fails(&[400, 404]),
            ),
        )
        .at(
            "/v1/arguments",
            get(
                arguments::find,
                told("argumentsBeginning", Proposals, "The arguments whose ids begin with these digits")
                    .kept()
                    .fails(&[400]),
            ),
        )
        .at(
            "/v1/questions",
            get(
                arguments::questions,
                told("questions", Proposals, "The questions that wait for an answer").kept().fails(&[400]),
            ),
        )
        .at(
            "/v1/attestors/{key}/queue",
            get(queue::show, told("queue", Proposals, "What waits for an attestor").fails(&[400, 404])),
        )
        .at(
            "/v1/portfolio",
            get(
                loans::show_portfolio,
                told("portfolio", Proposals, "Where the money of the funded loans is").kept().fails(&[400]),
            ),
        )
        .at(
            "/v1/track-record",
            get(
                loans::show_track_record,
                told("trackRecord", Proposals, "How right attestors and members were about risks")
                    .kept()
                    .fails(&[400]),
            ),
        )
}

fn outcomes_of_now(routes: Routes) -> Routes {
    routes
        .at(
            "/v1/outcomes/{round}/explanation",
            get(
                explanations::explanation,
                told("explanation", Outcomes, "Why an outcome is as it is")
                    .kept()
                    .fails(&[400, 404, 409, 429]),
            ),
        )
        .at(
            "/v1/outcomes/{round}/explanation/{proposal}",
            get(
                explanations::loan,
                told("loanExplanation", Outcomes, "Why a loan was funded, or how far it was from that")
                    .kept()
                    .fails(&[400, 404, 409, 429]),
            ),
        )
        .at(
            "/v1/outcomes/{round}/what-if",
            post(
                explanations::what_if,
                told("whatIf", Outcomes, "What the same ballots would have come to under other terms")
                    .fails(&[404, 409, 429]),
            ),
        )
        .at(
            "/v1/preview",
            post(
                preview::show,
                told("preview", Outcomes, "The outcome of now if a member cast this ballot; nothing is cast")
                    .fails(&[404, 409, 429]),
            ),
        )
        .at(
            "/v1/forecast",
            get(
                forecasts::show,
                told(
                    "forecast",
                    Outcomes,
                    "How likely each loan is to be funded; asked again until it is there",
                )
                .fails(&[400, 409, 429]),
            ),
        )
}
