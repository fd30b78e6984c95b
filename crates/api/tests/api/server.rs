//! The API behind a real listener on the loopback address.

use std::{net::SocketAddr, sync::Arc};

use geophone_api::{AllowedHosts, Config};
use geophone_store::{MemoryStore, Store};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::fixture::{app_with, batch, snapshot};

async fn serve(at: &str, store: Arc<MemoryStore>, mut config: Config) -> SocketAddr {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    config.allowed_hosts = AllowedHosts::for_listener(address.ip());
    tokio::spawn(async move { axum::serve(listener, app_with(store, config)).await });
    address
}

async fn ask(address: SocketAddr, path: &str, host: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

/// Reads until the answer has this text.
async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if text.contains(wanted) {
            return text;
        }
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{wanted} does not come in {text}");
    }
}

#[tokio::test]
async fn it_answers_by_its_address_and_not_by_the_name_of_another_site() {
    for at in ["127.0.0.1:0", "[::ffff:127.0.0.1]:0"] {
        let address = serve(at, Arc::new(MemoryStore::new(Default::default())), Config::default()).await;
        let mut own = ask(address, "/healthz", &address.to_string()).await;
        assert!(read_until(&mut own, "\"ok\"").await.starts_with("HTTP/1.1 200"), "{address}");
        let mut foreign = ask(address, "/healthz", "evil.example").await;
        assert!(read_until(&mut foreign, "foreign-host").await.starts_with("HTTP/1.1 403"), "{address}");
    }
}

#[tokio::test]
async fn a_follower_who_hangs_up_makes_room_for_another() {
    let store = Arc::new(MemoryStore::new(Default::default()));
    let mut config = Config::default();
    config.max_streams = 1;
    let address = serve("127.0.0.1:0", store.clone(), config).await;
    let mut first = ask(address, "/api/v1/stream", "localhost").await;
    read_until(&mut first, "\r\n\r\n").await;
    let mut sequence = 0;
    let mut write = || {
        let mut batch = batch(sequence);
        batch.windows.push(snapshot(sequence));
        sequence += 1;
        batch
    };
    store.append(write()).await.unwrap();
    read_until(&mut first, "event: window").await;

    drop(first);
    // The server finds out when it has something to send.
    while store.stats().await.unwrap().subscribers > 0 {
        store.append(write()).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut second = ask(address, "/api/v1/stream", "localhost").await;
    assert!(read_until(&mut second, "\r\n\r\n").await.starts_with("HTTP/1.1 200"));
}
