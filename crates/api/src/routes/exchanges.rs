//! `/api/v1/exchanges`: single requests with their responses.

use axum::{Json, extract::State, http::Uri};
use geophone_model::{
    code::Code, exchange::Exchange, identity::Identity, protocol::Protocol, series::View, status::StatusClass,
};
use geophone_store::{Cursor, ExchangeQuery, PathPattern, Row, StoredExchange};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState, Problem,
    body::{IdentityBody, RangeBody},
    parameter::{Kind, PAGE, PROTOCOLS, Parameter, Parameters, RANGE},
    query::Query,
    range,
    time::{parse_duration_ns, rfc3339, seconds},
};

pub(crate) const PARAMETERS: Parameters = &[RANGE, OWN, PAGE];

const OWN: &[Parameter] = &[
    Parameter::text("service", "unit~web.service", "Only exchanges with the service of this id at either end.")
        .repeats(),
    Parameter::text("client", "process~curl", "Only what the service with this id asked.").repeats(),
    Parameter::text("server", "unit~web.service", "Only what the service with this id was asked.").repeats(),
    Parameter::new("view", Kind::Choice(&["client", "server"]), "server", "Only what counts in this end's view."),
    Parameter::new("protocol", Kind::Choice(PROTOCOLS), "http1", "Only this protocol.").repeats(),
    Parameter::new(
        "status",
        Kind::Choice(&["ok", "client_error", "server_error", "protocol_error", "no_response"]),
        "server_error",
        "Only exchanges that ended like this.",
    )
    .repeats(),
    Parameter::text("code", "503", "Only exchanges with this code, a number or a word, which the server sent.")
        .repeats(),
    Parameter::text("operation", "GET /users/{id}", "Only this operation, by its whole name.").repeats(),
    Parameter::text(
        "path",
        "^/users/1$",
        "Only exchanges whose path (`/users/1`, not its template) this regular expression matches; anywhere, unless anchored.",
    ),
    Parameter::text("min_duration", "250ms", "Only exchanges that took at least so long: a duration."),
    Parameter::text(
        "trace_id",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "Only exchanges of this trace: 32 hexadecimal digits.",
    ),
];

/// Some exchanges.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ExchangesBody {
    /// The range that was asked for.
    range: RangeBody,
    /// The exchanges that ended in it, newest first.
    exchanges: Vec<ExchangeBody>,
    /// Where the next page begins; null on the last one. A page may be short of its limit, or empty, and not be the last one.
    cursor: Option<String>,
}

/// A request with its response.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ExchangeBody {
    /// Its id, which stays the same as long as it is kept.
    id: String,
    /// When the first byte of the request passed.
    #[schema(format = DateTime)]
    start: String,
    /// When the last byte of the response passed, or the connection ended without one.
    #[schema(format = DateTime)]
    end: String,
    /// Who asked.
    client: IdentityBody,
    /// Who was asked.
    server: IdentityBody,
    /// Address and port of the client.
    client_address: String,
    /// Address and port of the server.
    server_address: String,
    /// Whose view of it was measured: `client`, `server`, or `same_point` for both at once.
    #[schema(value_type = String)]
    observed: geophone_model::exchange::Observed,
    /// The protocol.
    protocol: &'static str,
    /// Whether its duration is a latency: `call`, `one_way`, `stream` or `long_poll`.
    #[schema(value_type = String)]
    shape: geophone_model::exchange::Shape,
    /// Whether a server sent it of its own accord, as a broker delivers: then client and server are those of the message.
    delivery: bool,
    /// What was asked to be done: an HTTP method, a command.
    verb: String,
    /// On what: a path without query, the rest of a statement's fingerprint, a topic.
    path: String,
    /// The host name that the client asked for; empty where none was given.
    authority: String,
    /// The name under which it is counted.
    operation: String,
    /// How it ended: `ok`, `client_error`, `server_error`, `protocol_error` or `no_response`.
    status: &'static str,
    /// The protocol's own code that the server sent, a number or a word: `404`, `42P01`, `WRONGTYPE`; empty where it sent none.
    code: String,
    /// First request byte to last response byte; null where there was no answer, or that is no latency.
    duration_seconds: Option<f64>,
    /// First request byte to first response byte; null where there was no answer, or that is no latency.
    first_byte_seconds: Option<f64>,
    /// Messages that the request consists of, where the protocol counts them; else zero.
    request_messages: u32,
    /// Messages that the response consists of, where the protocol counts them; else zero.
    response_messages: u32,
    /// Bytes of the request, head and body.
    request_bytes: u64,
    /// Bytes of the response, head and body; null where there was none.
    response_bytes: Option<u64>,
    /// What is odd about it: `joined_late`, `request_gap`, `response_gap`, `request_cut`, `response_cut`, `resource_cut`,
    /// `request_unfinished`, `request_malformed`, `ambiguous_framing` (two recipients may disagree about where a message ends:
    /// the shape of request smuggling), `interim` (a 1xx came first), `resynced` (its beginning was searched for),
    /// `reference_unknown` (what it refers to, a prepared statement say, was not seen), `opaque` (compressed or encrypted),
    /// `skipped` (another one of its batch had failed), `cancelled` (by the client).
    flags: Vec<&'static str>,
    /// The trace that the client says it is part of; 32 hexadecimal digits.
    trace_id: Option<String>,
    /// The caller's span; 16 hexadecimal digits.
    span_id: Option<String>,
}

impl From<Row<StoredExchange>> for ExchangeBody {
    fn from(row: Row<StoredExchange>) -> Self {
        let StoredExchange { exchange, client, server, operation } = &*row.value;
        let Exchange {
            observed,
            protocol,
            shape,
            delivery,
            verb,
            resource,
            authority,
            status,
            request,
            response,
            flags,
            trace,
            request_messages,
            response_messages,
            ..
        } = exchange;
        Self {
            id: row.cursor.to_string(),
            start: rfc3339(request.first),
            end: rfc3339(exchange.end),
            client: client.into(),
            server: server.into(),
            client_address: exchange.client.endpoint.to_string(),
            server_address: exchange.server.endpoint.to_string(),
            observed: *observed,
            protocol: protocol.as_str(),
            shape: *shape,
            delivery: *delivery,
            verb: verb.clone(),
            path: resource.clone(),
            authority: authority.clone(),
            operation: operation.to_string(),
            status: status.class.as_str(),
            code: status.code.to_string(),
            duration_seconds: exchange.duration_ns().map(seconds),
            first_byte_seconds: exchange.first_byte_ns().map(seconds),
            request_messages: *request_messages,
            response_messages: *response_messages,
            request_bytes: request.bytes,
            response_bytes: response.map(|response| response.bytes),
            flags: flags.names().collect(),
            trace_id: trace.map(|trace| hex(&trace.trace_id)),
            span_id: trace.map(|trace| hex(&trace.span_id)),
        }
    }
}

pub(crate) async fn list(State(state): State<ApiState>, uri: Uri) -> Result<Json<ExchangesBody>, Problem> {
    let query = Query::new(&uri, PARAMETERS)?;
    let range = range::read(&query, &state).await?;
    let wanted = wanted(&query, ExchangeQuery::new(range, query.limit()?))?;
    let store = state.store().clone();
    let body = async move {
        let page = store.exchanges(wanted).await?;
        Ok(Json(ExchangesBody {
            range: range.into(),
            exchanges: page.rows.into_iter().map(ExchangeBody::from).collect(),
            cursor: page.next.map(|cursor| cursor.to_string()),
        }))
    };
    state.run(body).await
}

fn wanted(query: &Query, mut wanted: ExchangeQuery) -> Result<ExchangeQuery, Problem> {
    let identities = |name| query.values(name, str::parse::<Identity>);
    let code = |text: &str| text.parse::<Code>().map_err(|error| error.to_string());
    wanted.after = query.value("cursor", str::parse::<Cursor>)?;
    let filter = &mut wanted.filter;
    filter.services = identities("service")?;
    filter.clients = identities("client")?;
    filter.servers = identities("server")?;
    filter.view = query.choices("view", &[View::Client, View::Server], View::as_str)?.pop();
    filter.protocols = query.choices("protocol", Protocol::ALL, Protocol::as_str)?;
    filter.classes = query.choices("status", StatusClass::ALL, StatusClass::as_str)?;
    filter.codes = query.values("code", code)?;
    filter.operations = query.texts("operation").map(str::to_owned).collect();
    filter.path = query.value("path", PathPattern::new)?;
    filter.min_duration_ns = query.value("min_duration", parse_duration_ns)?;
    filter.trace_id = query.value("trace_id", parse_trace_id)?;
    Ok(wanted)
}

fn parse_trace_id(text: &str) -> Result<[u8; 16], String> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| is_hex);
    number.map(u128::to_be_bytes).ok_or_else(|| format!("`{text}` is no trace id, which has 32 hexadecimal digits"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
