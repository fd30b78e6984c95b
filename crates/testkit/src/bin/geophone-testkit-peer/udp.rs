//! Datagrams: one end sends, the other sends back.

use std::{io, net::UdpSocket, thread, time::Duration};

use crate::{say, wait_for_the_end};

/// What a datagram holds.
const PAYLOAD: &[u8] = b"GET /not-http HTTP/1.1\r\n\r\n";

/// Answers each datagram with itself.
pub(crate) fn serve(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    say(&format!("listening {}", socket.local_addr()?))?;
    thread::Builder::new().spawn(move || -> io::Result<()> {
        let mut buffer = [0; 1500];
        loop {
            let (len, from) = socket.recv_from(&mut buffer)?;
            socket.send_to(&buffer[..len], from)?;
        }
    })?;
    wait_for_the_end()
}

/// Sends datagrams one after the other and prints how many were answered.
pub(crate) fn send(address: &str, count: &str) -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut answered: u64 = 0;
    for _ in 0..count.parse::<u64>().map_err(io::Error::other)? {
        socket.send(PAYLOAD)?;
        answered += u64::from(socket.recv(&mut [0; 1500])? == PAYLOAD.len());
    }
    say(&answered.to_string())
}
