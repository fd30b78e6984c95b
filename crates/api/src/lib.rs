//! The HTTP API as an axum router: services, service map, exchanges, ledger, OpenAPI, and the page.
