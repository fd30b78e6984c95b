//! nginx, and what it says it has served.

use std::{fs, path::PathBuf, time::Duration};

use crate::{
    listening::wait_until_listening,
    process::{Place, Running},
    room::Room,
    tally::Tally,
};

/// How long nginx may take to serve its last requests once it was asked to end.
const LONGEST_END: Duration = Duration::from_secs(10);

/// An nginx in a place. It serves
///
/// * `/ok`: 200 and six bytes; `/broken`: 503; `/upload`: 204 to anything, a body included;
/// * `/chunked`: 200, compressed on the way and so of unknown length;
/// * what was [put](Nginx::put) into its folder; everything else is 404.
#[derive(Debug)]
pub struct Nginx {
    process: Running,
    folder: PathBuf,
}

impl Nginx {
    /// Starts it with a number of worker processes and waits until it listens.
    ///
    /// # Panics
    /// If it does not within some seconds.
    pub fn start(room: &Room, place: Place<'_>, listen: &str, workers: u32) -> Self {
        let folder = room.folder().join(format!("nginx-{}", listen.replace(|c: char| !c.is_ascii_digit(), "-")));
        fs::create_dir(&folder).expect("a folder can be made");
        fs::write(folder.join("chunked"), "word ".repeat(10_000)).expect("a file can be written");
        let config = folder.join("nginx.conf");
        fs::write(&config, configuration(&folder.display().to_string(), listen, workers)).expect("it can be written");
        let mut command = place.command("nginx");
        command.arg("-c").arg(&config).arg("-e").arg(folder.join("error.log"));
        let process = Running(command.spawn().expect("nginx can be started"));
        let port = listen.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an address ends with a port");
        wait_until_listening(process.0.id(), port);
        Self { process, folder }
    }

    /// Puts a file of `len` bytes where it is served.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn put(&self, name: &str, len: usize) {
        fs::write(self.folder.join(name), vec![b'g'; len]).expect("a file can be written");
    }

    /// Lets it serve what has begun, ends it, and returns what it has logged: every request that it has read, with 499
    /// where the client was gone before the answer.
    ///
    /// # Panics
    /// If it does not end.
    pub fn end(mut self) -> Tally {
        self.process.signal(libc::SIGQUIT);
        self.process.wait(LONGEST_END);
        let log = fs::read_to_string(self.folder.join("access.log")).expect("nginx has written a log");
        log.lines().collect()
    }
}

fn configuration(folder: &str, listen: &str, workers: u32) -> String {
    format!(
        "daemon off; user root; worker_processes {workers}; pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    log_format truth '$request_method $uri $status';
    access_log {folder}/access.log truth;
    keepalive_requests 1000000;
    sendfile on;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen {listen} backlog=1024;
        root {folder};
        default_type text/plain;
        client_max_body_size 100m;
        location = /ok {{ return 200 'hello\\n'; }}
        location = /broken {{ return 503; }}
        location = /upload {{ return 204; }}
        location = /chunked {{ gzip on; gzip_types text/plain; gzip_http_version 1.0; }}
    }}
}}
"
    )
}
