//! The page: files of `crates/api/page/`, compiled into the program.

use std::hash::{DefaultHasher, Hasher};

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::ApiState;

/// A file of the page.
#[derive(Clone, Copy, Debug)]
struct Asset {
    /// Where it is served.
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

const ASSETS: &[Asset] =
    &[Asset { path: "/", content_type: "text/html; charset=utf-8", bytes: include_bytes!("../page/index.html") }];

/// The page loads from where it came from and nowhere else, and runs no script or style that is not a file of its own.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves the files.
pub(crate) fn router() -> Router<ApiState> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let tag = entity_tag(asset.bytes);
        router.route(asset.path, get(async move |headers: HeaderMap| serve(asset, &tag, &headers)))
    })
}

fn serve(asset: &Asset, tag: &HeaderValue, headers: &HeaderMap) -> Response {
    let own = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        // Kept by the browser, and asked for again: the files change with the program.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, tag.clone()),
    ];
    if is_known(tag, headers) {
        (StatusCode::NOT_MODIFIED, own).into_response()
    } else {
        (own, asset.bytes).into_response()
    }
}

/// Whether the client has the file already (RFC 9110 section 13.1.2): the tags are compared weakly.
fn is_known(tag: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

/// The same for the same bytes in every run: `DefaultHasher::new` has no random key.
fn entity_tag(bytes: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    let tag = format!("\"{:x}-{:016x}\"", bytes.len(), hasher.finish());
    HeaderValue::from_str(&tag).expect("hexadecimal digits are allowed in a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_found_in_a_list_weak_or_strong() {
        let tag = entity_tag(b"abc");
        let text = tag.to_str().unwrap();
        for (header, known) in [
            (text.to_owned(), true),
            (format!("\"x\", W/{text}"), true),
            ("*".to_owned(), true),
            ("\"x\"".to_owned(), false),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(&header).unwrap())]);
            assert_eq!(is_known(&tag, &headers), known, "{header}");
        }
        assert_ne!(tag, entity_tag(b"abd"));
    }
}
