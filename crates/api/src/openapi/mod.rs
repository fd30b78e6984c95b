//! The API for programs: an OpenAPI 3.1 document, made of the parameters and the shapes that the handlers use.

pub(crate) mod mirror;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, LicenseBuilder, OneOfBuilder, OpenApi,
        OpenApiBuilder, Paths, PathsBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
        path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem},
        schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type},
    },
};

use crate::{
    Problem,
    parameter::{Kind, Parameter, Parameters},
    routes::{
        about, events, exchanges, health, ledger, metrics, openapi as document, service, service_map, services, stream,
    },
};

/// The OpenAPI document of the API, as JSON.
pub fn openapi() -> String {
    let mut text = describe().to_pretty_json().expect("a document of strings and numbers is JSON");
    text.push('\n');
    text
}

/// A path, and what it answers.
struct Endpoint {
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: Parameters,
    answers: Vec<Answer>,
}

/// A content type, and the shape of what has it.
struct Answer {
    content_type: &'static str,
    schema: RefOr<Schema>,
}

fn describe() -> OpenApi {
    let mut shapes = Vec::new();
    let endpoints = endpoints(&mut shapes);
    shapes.push((Problem::name().into_owned(), Problem::schema()));
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Geophone")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Services, who calls whom, how often, how often it fails and how long it takes. Read-only. Times are RFC 3339 in \
             UTC, durations seconds, sizes bytes, ratios from 0 to 1.",
        ))
        .license(Some(license))
        .build();
    OpenApiBuilder::new().info(info).paths(paths(endpoints)).components(Some(components(shapes))).build()
}

fn endpoints(shapes: &mut Vec<(String, RefOr<Schema>)>) -> Vec<Endpoint> {
    let text =
        |content_type| Answer { content_type, schema: ObjectBuilder::new().schema_type(Type::String).build().into() };
    let any = Answer { content_type: JSON, schema: ObjectBuilder::new().build().into() };
    let endpoint = |path, id, summary, parameters, answers| Endpoint { path, id, summary, parameters, answers };
    let mut stream_shapes = Vec::new();
    let stream = Answer {
        content_type: "text/event-stream",
        schema: one_of([
            json::<stream::WindowBody>(&mut stream_shapes).schema,
            json::<events::EventBody>(&mut stream_shapes).schema,
            json::<stream::SkippedBody>(&mut stream_shapes).schema,
        ]),
    };
    shapes.extend(stream_shapes);
    let map = Answer {
        content_type: JSON,
        schema: one_of([
            json::<service_map::MapBody>(shapes).schema,
            json::<service_map::DifferenceBody>(shapes).schema,
            json::<mirror::NodeGraph>(shapes).schema,
        ]),
    };
    vec![
        endpoint(
            "/api/v1/services",
            "listServices",
            "Services with their figures.",
            services::PARAMETERS,
            vec![json::<services::ServicesBody>(shapes)],
        ),
        endpoint(
            "/api/v1/services/{id}",
            "showService",
            "One service: its operations, callers and callees, and its figures over time.",
            service::PARAMETERS,
            vec![json::<service::ServiceDetailBody>(shapes)],
        ),
        endpoint(
            "/api/v1/service-map",
            "showServiceMap",
            "Who calls whom, or what has changed in it. The shape goes by `format` and `compare_from`.",
            service_map::PARAMETERS,
            vec![map, text("text/vnd.graphviz"), text("text/vnd.mermaid")],
        ),
        endpoint(
            "/api/v1/exchanges",
            "listExchanges",
            "Single requests with their responses, newest first.",
            exchanges::PARAMETERS,
            vec![json::<exchanges::ExchangesBody>(shapes)],
        ),
        endpoint(
            "/api/v1/ledger",
            "showLedger",
            "What was seen, kept and lost at every stage.",
            ledger::PARAMETERS,
            vec![json::<ledger::LedgerBody>(shapes)],
        ),
        endpoint(
            "/api/v1/events",
            "listEvents",
            "Notable things, newest first.",
            events::PARAMETERS,
            vec![json::<events::EventsBody>(shapes)],
        ),
        endpoint(
            "/api/v1/about",
            "showAbout",
            "What is served: live traffic or a recording, and what is not seen.",
            about::PARAMETERS,
            vec![json::<about::AboutBody>(shapes)],
        ),
        endpoint(
            "/api/v1/stream",
            "followStream",
            "Server-sent events: `window` when a window was closed or late rows were added to it, `event` for notable things, \
             `skipped` where the client was too slow for some of these.",
            stream::PARAMETERS,
            vec![stream],
        ),
        endpoint("/api/v1/openapi.json", "showOpenapi", "This document.", document::PARAMETERS, vec![any]),
        endpoint(
            "/healthz",
            "showHealth",
            "The program answers.",
            health::PARAMETERS,
            vec![json::<health::HealthBody>(shapes)],
        ),
        endpoint(
            "/readyz",
            "showReadiness",
            "The program can do its work; 503 where it cannot.",
            health::PARAMETERS,
            vec![json::<health::HealthBody>(shapes)],
        ),
        endpoint(
            "/metrics",
            "showMetrics",
            "The process, the store and the ledger in the Prometheus text format.",
            metrics::PARAMETERS,
            vec![text("text/plain")],
        ),
    ]
}

const JSON: &str = "application/json";

/// A shape by its name; it and what it refers to are added to `shapes`.
fn json<T: ToSchema>(shapes: &mut Vec<(String, RefOr<Schema>)>) -> Answer {
    shapes.push((T::name().into_owned(), T::schema()));
    T::schemas(shapes);
    Answer { content_type: JSON, schema: Ref::from_schema_name(T::name()).into() }
}

fn one_of(schemas: impl IntoIterator<Item = RefOr<Schema>>) -> RefOr<Schema> {
    let one_of = schemas.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item);
    RefOr::T(Schema::OneOf(one_of.build()))
}

fn components(shapes: Vec<(String, RefOr<Schema>)>) -> Components {
    ComponentsBuilder::new().schemas_from_iter(shapes).build()
}

fn paths(endpoints: Vec<Endpoint>) -> Paths {
    endpoints
        .into_iter()
        .fold(PathsBuilder::new(), |paths, endpoint| {
            let path = endpoint.path;
            paths.path(path, PathItem::new(HttpMethod::Get, operation(endpoint)))
        })
        .build()
}

fn operation(endpoint: Endpoint) -> OperationBuilder {
    let in_path = endpoint.path.contains("{id}").then(|| {
        ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("The service's id."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
    });
    let in_query = endpoint.parameters.iter().copied().flatten().map(parameter);
    let answer = endpoint.answers.into_iter().fold(ResponseBuilder::new().description("The answer."), |answer, one| {
        answer.content(one.content_type, ContentBuilder::new().schema(Some(one.schema)).build())
    });
    let mut operation = OperationBuilder::new()
        .operation_id(Some(endpoint.id))
        .summary(Some(endpoint.summary))
        .response("200", answer.build())
        .response("default", problem());
    for parameter in in_path.into_iter().chain(in_query) {
        operation = operation.parameter(parameter.build());
    }
    operation
}

fn problem() -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    ResponseBuilder::new().description("Why there is none.").content("application/problem+json", content).build()
}

fn parameter(parameter: &Parameter) -> ParameterBuilder {
    let value = value(parameter.kind);
    let schema: RefOr<Schema> = match parameter.repeats {
        true => ArrayBuilder::new().items(value).build().into(),
        false => value.build().into(),
    };
    let example = (!parameter.example.is_empty()).then(|| parameter.example.into());
    ParameterBuilder::new()
        .name(parameter.name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(parameter.about))
        .schema(Some(schema))
        .example(example)
}

fn value(kind: Kind) -> ObjectBuilder {
    let value = ObjectBuilder::new();
    match kind {
        Kind::Text => value.schema_type(Type::String),
        Kind::Choice(choices) => value.schema_type(Type::String).enum_values(Some(choices.iter().copied())),
        Kind::Boolean => value.schema_type(Type::Boolean).default(Some(false.into())),
        Kind::Number => value.schema_type(Type::Number).minimum(Some(0.0)),
        Kind::Integer { min, max, default } => value
            .schema_type(SchemaType::Type(Type::Integer))
            .minimum(Some(min as f64))
            .maximum(Some(max as f64))
            .default(default.map(Into::into)),
    }
}
