//! The page in a browser: what headless Chromium makes of it when a recording is replayed, and while traffic is captured.
//!
//! The API is asked for the same figures, so that the tests hold for whatever the recording has.

mod browser;
mod live;
mod program;
mod replay;
mod snapshot;
