//! The API and the page inside a web server of your own, beside your own routes.
//!
//!     cargo run -p geophone-examples --bin mount_api              asks itself once and ends
//!     cargo run -p geophone-examples --bin mount_api -- --serve   stays up, for a browser
//!
//! The API answers from anything that implements `Store`. Here that is the store in memory, filled from the demo recording; a
//! program of yours would append a batch whenever a window is closed.

#![expect(clippy::print_stdout, reason = "what an example prints is what it shows")]

mod replay;

use std::{error::Error, net::Ipv4Addr, path::Path, sync::Arc};

use axum::{Router, routing::get};
use geophone_api::{ApiState, Config, Now, router};
use geophone_store::{Batch, BatchId, MemoryConfig, MemoryStore, Store};
use replay::{DEMO, replay};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    // A batch is applied once, by its sender, the sender's incarnation and a number: sent again after a crash, it changes
    // nothing.
    let replayed = replay(Path::new(DEMO))?;
    let store = MemoryStore::new(MemoryConfig::within(64 << 20));
    let mut batch = Batch::new(BatchId::new("demo", 1, 0));
    (batch.windows, batch.exchanges) = (replayed.windows, replayed.exchanges);
    store.append(batch).await?;

    // "Now" is the time of the newest row, so that `last=5m` means the recording's last five minutes. The default
    // configuration takes requests to loopback names only: see `Config::allowed_hosts` before you listen elsewhere.
    let geophone = router(ApiState::new(Arc::new(store), Now::NewestRow, Config::default()));
    let app = Router::new().route("/", get(async || "a page of my own\n")).nest_service("/geophone", geophone);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async { axum::serve(listener, app).await });

    for path in ["/", "/geophone/api/v1/service-map?last=5m&format=mermaid"] {
        println!("GET {path}");
        let mut connection = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        println!("{answer}");
    }

    if std::env::args().any(|argument| argument == "--serve") {
        println!("Open http://{address}/geophone/ and end this with Ctrl-C.");
        server.await??;
    }
    Ok(())
}
