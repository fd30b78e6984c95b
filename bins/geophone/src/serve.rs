//! The page and the API.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

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

/// Where the page is for a browser. Nobody can connect to the address that means all, and where names are allowed, the
/// address of a network is not one of them.
pub(crate) fn url(address: SocketAddr, allowed_hosts: &[String]) -> String {
    let ip = match address.ip().to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let port = address.port();
    let allowed = allowed_hosts.first().filter(|_| !ip.is_loopback());
    match allowed.map_or(Ok(ip), |name| name.parse().map_err(|_| name)) {
        Ok(ip) => format!("http://{}/", SocketAddr::new(ip, port)),
        Err(name) => format!("http://{name}:{port}/"),
    }
}

/// What to know of an address that others than this machine can reach; nothing of others.
pub(crate) fn warning(address: SocketAddr) -> Option<String> {
    let ip = address.ip();
    let is_open = !ip.to_canonical().is_loopback();
    is_open.then(|| {
        format!(
            "Warning: {ip} is no loopback address. Whoever reaches it over the network can read all that is shown, and is not \
             asked for a password."
        )
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

/// Listens for SIGTERM, SIGINT and SIGHUP from now on, in a runtime. What it returns is ready when the program is asked to end. A
/// terminal that is closed asks for that too, unless the program was started to outlive it (nohup(1)).
pub(crate) fn asked_to_end() -> Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let hangup = match outlives_its_terminal() {
        true => None,
        false => Some(signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?),
    };
    Ok(async move {
        let hung_up = async {
            match hangup {
                Some(mut hangup) => _ = hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = hung_up => {}
        }
    })
}

/// Whether SIGHUP is ignored, as nohup(1) leaves it: the lowest bit of that mask (proc_pid_status(5)).
fn outlives_its_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_one_that_works() {
        let url = |address: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            url(address.parse().unwrap(), &names)
        };
        assert_eq!(url("127.0.0.1:7070", &["a.example"]), "http://127.0.0.1:7070/");
        assert_eq!(url("0.0.0.0:7070", &["a.example"]), "http://127.0.0.1:7070/");
        assert_eq!(url("[::]:7070", &[]), "http://[::1]:7070/");
        assert_eq!(url("10.0.0.1:7070", &[]), "http://10.0.0.1:7070/");
        assert_eq!(url("10.0.0.1:7070", &["a.example", "b.example"]), "http://a.example:7070/");
        assert_eq!(url("[fe80::1]:7070", &["fe80::1"]), "http://[fe80::1]:7070/");
    }

    #[test]
    fn an_address_of_a_network_has_a_warning() {
        for address in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1"] {
            assert!(warning(address.parse().unwrap()).unwrap().contains("can read all"), "{address}");
        }
        for address in ["127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(warning(address.parse().unwrap()), None, "{address}");
        }
    }
}
