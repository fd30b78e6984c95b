//! What happens to every request: the host is checked on the way in, headers are set on the way out.

use axum::{
    extract::{OriginalUri, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{ApiState, Problem};

/// Headers of every answer that has not set its own. An answer of the API is data: it is not to be run, framed or guessed at.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

pub(crate) async fn guard(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let mut response = match check_host(&state, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    state.count_answer(response.status().as_u16());
    response
}

fn check_host(state: &ApiState, request: &Request) -> Result<(), Problem> {
    let host = host_of(request.uri(), request.headers());
    let hosts = &state.config().allowed_hosts;
    // A request without a name comes from no browser; but where names are restricted, there is nothing to go by.
    if hosts.allows(host.unwrap_or_default()) { Ok(()) } else { Err(Problem::foreign_host(host)) }
}

/// HTTP/2 has the authority in the request's target (RFC 9113 section 8.3.1), HTTP/1.1 in `Host`.
fn host_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = uri.authority().map(Authority::as_str);
    authority.or_else(|| headers.get(header::HOST)?.to_str().ok())
}

/// `uri` is what is left of the original one below where the API is mounted.
pub(crate) async fn unknown_path(OriginalUri(original): OriginalUri, uri: Uri) -> Problem {
    let mounted_at = original.path().strip_suffix(uri.path()).unwrap_or_default();
    Problem::unknown_path(original.path(), mounted_at)
}

pub(crate) async fn unknown_method(method: Method) -> Problem {
    Problem::unknown_method(method.as_str())
}
