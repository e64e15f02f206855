//! The document of the API (OpenAPI 3.1), made of the routes and of the types that their handlers take and give.

use aide::{
    OperationOutput,
    axum::{
        ApiRouter,
        routing::{ApiMethodRouter, get_with, post_with},
    },
    generate::{GenContext, in_context},
    openapi::{
        self, Info, License, MediaType, OpenApi, Operation, ReferenceOr, SchemaObject, SecurityScheme,
        Server, StatusCode, Tag,
    },
    operation::{OperationHandler, OperationInput},
    transform::TransformOperation,
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    handler::Handler,
    http::{StatusCode as Status, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};

use super::{
    Shared,
    kept::Kept,
    problem::{PROBLEM, Problem},
    types::ProblemDetails,
};

/// How every request may end: by the guard, for want of time, or because the node stops.
const ALWAYS: [u16; 4] = [401, 403, 408, 503];

/// How a request with a body may end, too.
const WITH_BODY: [u16; 4] = [400, 413, 415, 422];

/// The groups in which the routes are told.
#[derive(Clone, Copy)]
pub(super) enum Group {
    Node,
    Community,
    Proposals,
    Records,
    Outcomes,
    Log,
}

impl Group {
    const ALL: [Self; 6] =
        [Self::Node, Self::Community, Self::Proposals, Self::Records, Self::Outcomes, Self::Log];

    const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Community => "community",
            Self::Proposals => "proposals",
            Self::Records => "records",
            Self::Outcomes => "outcomes",
            Self::Log => "log",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Node => "This node: its state, its network, what happens, and its owner's desk.",
            Self::Community => "The charters, the members, and what they have delegated.",
            Self::Proposals => {
                "What is proposed, argued, attested and predicted, and what became of the money."
            }
            Self::Records => "Handing in signed records, and looking at them.",
            Self::Outcomes => "What rounds have decided, why, and what they would decide.",
            Self::Log => {
                "Seals, archives, receipts and evidence: what can be checked without trusting this node."
            }
        }
    }
}

/// What the document says of a route beside the types of its handler.
pub(super) struct Told {
    id: &'static str,
    group: Group,
    summary: &'static str,
    fails: &'static [u16],
    gives: Option<Given>,
    takes: Option<(&'static str, &'static str)>,
    kept: bool,
}

/// An answer that the handler's type does not tell of.
struct Given {
    media: &'static str,
    what: &'static str,
    schema: Option<fn(&mut SchemaGenerator) -> Schema>,
}

/// A route with a name that is its own, and what it is for.
pub(super) const fn told(id: &'static str, group: Group, summary: &'static str) -> Told {
    Told { id, group, summary, fails: &[], gives: None, takes: None, kept: false }
}

impl Told {
    /// The statuses of its problems, beside those of every route.
    pub(super) const fn fails(mut self, statuses: &'static [u16]) -> Self {
        self.fails = statuses;
        self
    }

    /// The answer follows from the log and what waits for a seal, and from nothing else: it has a tag.
    pub(super) const fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    /// An answer that is no JSON: its media type, and what it is.
    pub(super) const fn gives(mut self, media: &'static str, what: &'static str) -> Self {
        self.gives = Some(Given { media, what, schema: None });
        self
    }

    /// An answer of this type that is written by hand.
    pub(super) fn gives_json<T: JsonSchema>(mut self, what: &'static str) -> Self {
        let schema: fn(&mut SchemaGenerator) -> Schema = SchemaGenerator::subschema_for::<T>;
        self.gives = Some(Given { media: "application/json", what, schema: Some(schema) });
        self
    }

    /// A body that is no JSON value of a type: its media type, and what it is.
    pub(super) const fn takes(mut self, media: &'static str, what: &'static str) -> Self {
        self.takes = Some((media, what));
        self
    }

    fn tell(self, mut told: TransformOperation<'_>) -> TransformOperation<'_> {
        told = told.id(self.id).tag(self.group.name()).summary(self.summary);
        let operation = told.inner_mut();
        if let (Some((media, what)), Some(ReferenceOr::Item(body))) =
            (self.takes, operation.request_body.as_mut())
        {
            body.description = Some(what.to_owned());
            body.content = [(media.to_owned(), MediaType::default())].into_iter().collect();
        }
        let with_body = operation.request_body.is_some();
        let responses = operation.responses.get_or_insert_with(Default::default);
        if let Some(Given { media, what, schema }) = self.gives {
            let schema = schema.map(|schema| in_context(|context| schema(&mut context.schema))).map(shape);
            let content = MediaType { schema, ..MediaType::default() };
            let content = [(media.to_owned(), content)].into_iter().collect();
            let answer =
                openapi::Response { description: what.to_owned(), content, ..openapi::Response::default() };
            responses.responses.insert(StatusCode::Code(200), ReferenceOr::Item(answer));
        }
        if let Some(ReferenceOr::Item(answer)) = responses.responses.get_mut(&StatusCode::Code(200))
            && answer.description.is_empty()
        {
            self.summary.clone_into(&mut answer.description);
        }
        if self.kept {
            let description =
                "Nothing has changed since the answer whose tag 'If-None-Match' names.".to_owned();
            let unchanged = openapi::Response { description, ..openapi::Response::default() };
            responses.responses.insert(StatusCode::Code(304), ReferenceOr::Item(unchanged));
        }
        let by_body: &[u16] = if with_body { &WITH_BODY } else { &[] };
        let mut statuses: Vec<u16> = ALWAYS.iter().chain(by_body).chain(self.fails).copied().collect();
        statuses.sort_unstable();
        statuses.dedup();
        for status in statuses {
            responses.responses.insert(StatusCode::Code(status), ReferenceOr::Item(problem(status)));
        }
        told
    }
}

const fn shape(json_schema: Schema) -> SchemaObject {
    SchemaObject { json_schema, example: None, external_docs: None }
}

/// A problem as an answer.
fn problem(status: u16) -> openapi::Response {
    let json_schema = in_context(|context| context.schema.subschema_for::<ProblemDetails>());
    let content = MediaType { schema: Some(shape(json_schema)), ..MediaType::default() };
    let meaning = Status::from_u16(status).ok().and_then(|status| status.canonical_reason());
    openapi::Response {
        description: format!("{}: the problem says what is wrong.", meaning.unwrap_or("Problem")),
        content: [(PROBLEM.to_owned(), content)].into_iter().collect(),
        ..openapi::Response::default()
    }
}

impl OperationOutput for Problem {
    type Inner = ProblemDetails;

    // Which statuses a route may answer with, the route says.
    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<openapi::Response> {
        None
    }
}

/// Routes, of which each is described: there is no other way to add one.
pub(super) struct Routes {
    router: ApiRouter<Shared>,
    kept: Kept,
}

/// What answers at a path, with what the document says of it.
pub(super) struct Route {
    router: ApiMethodRouter<Shared>,
    kept: bool,
}

pub(super) fn get<H, I, O, T>(handler: H, told: Told) -> Route
where
    H: Handler<T, Shared> + OperationHandler<I, O>,
    I: OperationInput,
    O: OperationOutput,
    T: 'static,
{
    Route { kept: told.kept, router: get_with(handler, |operation| told.tell(operation)) }
}

pub(super) fn post<H, I, O, T>(handler: H, told: Told) -> Route
where
    H: Handler<T, Shared> + OperationHandler<I, O>,
    I: OperationInput,
    O: OperationOutput,
    T: 'static,
{
    Route { kept: false, router: post_with(handler, |operation| told.tell(operation)) }
}

impl Routes {
    /// No routes yet, and a fresh collection of the types in them.
    pub(super) fn new() -> Self {
        in_context(|context| {
            let settings = SchemaSettings::draft2020_12()
                .with(|settings| settings.definitions_path = "/components/schemas".into());
            context.schema = settings.into_generator();
        });
        Self { router: ApiRouter::new(), kept: Kept::new() }
    }

    /// One more.
    pub(super) fn at(mut self, path: &'static str, route: Route) -> Self {
        if route.kept {
            self.kept.insert(path);
        }
        Self { router: self.router.api_route(path, route.router), kept: self.kept }
    }

    /// What answers the requests, the document in which it is described, and which answers have tags.
    pub(super) fn finish(self) -> (Router<Shared>, (OpenApi, Kept)) {
        let mut api = OpenApi {
            info: Info {
                title: "The API of a mutua node".to_owned(),
                description: Some(DESCRIPTION.to_owned()),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                license: Some(License {
                    name: env!("CARGO_PKG_LICENSE").to_owned(),
                    identifier: Some(env!("CARGO_PKG_LICENSE").to_owned()),
                    ..License::default()
                }),
                ..Info::default()
            },
            servers: vec![Server {
                url: "/".to_owned(),
                description: Some("The node that serves this document".to_owned()),
                ..Server::default()
            }],
            tags: Group::ALL
                .iter()
                .map(|group| Tag {
                    name: group.name().to_owned(),
                    description: Some(group.description().to_owned()),
                    ..Tag::default()
                })
                .collect(),
            ..OpenApi::default()
        };
        let token = SecurityScheme::Http {
            scheme: "bearer".to_owned(),
            bearer_format: None,
            description: Some(
                "The token in the file 'api-token' of the node's home; auditors have one of their own."
                    .to_owned(),
            ),
            extensions: Default::default(),
        };
        let router = self.router.finish_api_with(&mut api, |told| {
            told.security_scheme("token", token).security_requirement("token")
        });
        (router, (api, self.kept))
    }
}

const DESCRIPTION: &str = "HTTP and JSON on the machine of a node, for the command line, the web page and other \
     programs of its owner. Amounts are in the smallest unit of the charter's currency, times in milliseconds since 1970, \
     bytes in hexadecimal digits. Every error is a problem (RFC 9457).";

/// The document of the door by which this request comes.
pub(super) async fn show(State(shared): State<Shared>) -> Response {
    ([(CONTENT_TYPE, "application/json")], Bytes::clone(&shared.0.document)).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// The linter of `scripts/api-test` knows more rules; these are those without which nobody could use the document.
    #[test]
    fn every_route_is_told_with_its_answers_and_each_has_a_name_of_its_own() {
        let document: Value = serde_json::from_str(&crate::api::document()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
        let mut names = std::collections::BTreeSet::new();
        let paths = document["paths"].as_object().unwrap();
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap().to_owned();
                assert!(names.insert(name.clone()), "{method} {path}: {name} is taken");
                assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
                assert!(operation["responses"]["200"]["content"].is_object(), "{name} has no answer");
                assert!(operation["responses"]["401"]["content"][super::PROBLEM].is_object(), "{name}");
                let named = path.matches('{').count();
                let told = operation["parameters"]
                    .as_array()
                    .map_or(0, |all| all.iter().filter(|parameter| parameter["in"] == "path").count());
                assert_eq!(told, named, "{name} does not tell of what its path names");
            }
        }
        assert!(names.contains("preview") && names.contains("submit"));
    }
}
