//! The page and the API.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use geophone_api::{AllowedHosts, ApiState, Now, router};
use geophone_store::Store;
use tokio::net::TcpListener;

/// Takes the address, so that a port in use is an error before anything else begins.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is in use by another program: choose another one with --listen ADDRESS")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address} (--listen)")),
    })
}

/// What to answer from. Without names that are allowed, those are that suit the address.
pub(crate) fn state(
    listener: &TcpListener,
    store: Arc<dyn Store>,
    now: Now,
    allowed_hosts: Vec<String>,
) -> Result<ApiState> {
    let mut config = geophone_api::Config::default();
    config.allowed_hosts = match allowed_hosts {
        names if names.is_empty() => AllowedHosts::for_listener(listener.local_addr()?.ip()),
        names => AllowedHosts::These(names),
    };
    Ok(ApiState::new(store, now, config))
}

/// Answers until `stop` is ready.
pub(crate) async fn serve(
    listener: TcpListener,
    state: ApiState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    // Streams have no end of their own, so there is no waiting for open connections.
    tokio::select! {
        served = axum::serve(listener, router(state)) => served.context("the server has failed"),
        () = stop => Ok(()),
    }
}

/// Listens for SIGTERM and SIGINT from now on, in a runtime. What it returns is ready when the program is asked to end.
pub(crate) fn asked_to_end() -> Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
