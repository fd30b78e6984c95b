//! The page: files of `crates/api/page/`, compiled into the program.

use std::hash::{DefaultHasher, Hasher};

use axum::{
    Router,
    extract::OriginalUri,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
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

/// A file of `crates/api/page/`, and what it is.
macro_rules! asset {
    ($content_type:literal, $file:literal) => {
        Asset {
            path: concat!("/", $file),
            content_type: $content_type,
            bytes: include_bytes!(concat!("../page/", $file)),
        }
    };
    (css $file:literal) => {
        asset!("text/css; charset=utf-8", $file)
    };
    (js $file:literal) => {
        asset!("text/javascript; charset=utf-8", $file)
    };
}

const ASSETS: &[Asset] = &[
    Asset { path: "/", content_type: "text/html; charset=utf-8", bytes: include_bytes!("../page/index.html") },
    asset!("image/svg+xml", "favicon.svg"),
    asset!(css "css/map.css"),
    asset!(css "css/page.css"),
    asset!(css "css/tables.css"),
    asset!(js "js/about.js"),
    asset!(js "js/api.js"),
    asset!(js "js/card.js"),
    asset!(js "js/codes.js"),
    asset!(js "js/details.js"),
    asset!(js "js/dom.js"),
    asset!(js "js/empty.js"),
    asset!(js "js/exchanges-tab.js"),
    asset!(js "js/exchanges.js"),
    asset!(js "js/figures.js"),
    asset!(js "js/filters.js"),
    asset!(js "js/format.js"),
    asset!(js "js/graph.js"),
    asset!(js "js/header.js"),
    asset!(js "js/icons.js"),
    asset!(js "js/layout.js"),
    asset!(js "js/ledger.js"),
    asset!(js "js/live.js"),
    asset!(js "js/main.js"),
    asset!(js "js/map-tab.js"),
    asset!(js "js/map.js"),
    asset!(js "js/shapes.js"),
    asset!(js "js/sparkline.js"),
    asset!(js "js/state.js"),
    asset!(js "js/table.js"),
    asset!(js "js/viewport.js"),
    asset!(js "vendor/dagre/dagre.esm.js"),
    asset!("text/plain; charset=utf-8", "vendor/dagre/LICENSE"),
];

/// The page loads from where it came from and nowhere else, and runs no script or style that is not a file of its own.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves the files.
pub(crate) fn router() -> Router<ApiState> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let tag = entity_tag(asset.bytes);
        router.route(
            asset.path,
            get(async move |OriginalUri(uri): OriginalUri, headers: HeaderMap| {
                with_slash(asset, &uri).unwrap_or_else(|| serve(asset, &tag, &headers))
            }),
        )
    })
}

/// The page's links are relative, so that it can be mounted anywhere. Mounted at `/geophone` and asked for without a slash at
/// the end, it would have them lead to the level above: the browser is sent to where they are right.
fn with_slash(asset: &Asset, uri: &Uri) -> Option<Response> {
    let path = uri.path();
    if asset.path != "/" || path.ends_with('/') {
        return None;
    }
    // Relative to the level above, since a proxy in front may call that differently. `./` keeps a colon in the name from
    // being read as the end of a scheme (RFC 3986 section 4.2).
    let name = path.rsplit('/').next().unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(Redirect::permanent(&format!("./{name}/{query}")).into_response())
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
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// Most bytes of the whole page, as it is sent.
    const MAX_BYTES: usize = 500_000;

    /// Files under a folder, as paths that begin with a slash. Explanations for those who read the sources are not served.
    fn files(folder: &Path, root: &Path, into: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, root, into);
            } else if path.extension().is_none_or(|extension| extension != "md") {
                into.insert(format!("/{}", path.strip_prefix(root).unwrap().display()));
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_served_under_its_name() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let mut there = BTreeSet::new();
        files(&root, &root, &mut there);
        assert!(there.remove("/index.html"));
        there.insert("/".to_owned());
        let served: BTreeSet<String> = ASSETS.iter().map(|asset| asset.path.to_owned()).collect();
        assert_eq!(served, there);
        assert_eq!(served.len(), ASSETS.len(), "no path twice");
    }

    /// Who sends traffic chooses names and paths: the page has no way to make elements or code out of text.
    #[test]
    fn no_script_of_the_page_takes_text_for_anything_but_text() {
        let own = ASSETS.iter().filter(|asset| asset.path.starts_with("/js/"));
        for asset in own.inspect(|asset| assert!(asset.path.ends_with(".js"))) {
            let script = std::str::from_utf8(asset.bytes).unwrap();
            for way in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "Function("]
            {
                assert!(!script.contains(way), "{} has {way}", asset.path);
            }
        }
    }

    #[test]
    fn the_page_is_light() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(bytes <= MAX_BYTES, "the page has {bytes} bytes");
    }

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
