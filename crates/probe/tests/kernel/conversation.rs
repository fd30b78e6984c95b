//! The conversations that a child process holds with itself, and what is said in them.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread,
};

use crate::calls;

/// The argument that makes this program a child which holds a conversation.
pub(crate) const ROLE: &str = "hold-conversation";

/// Which pattern the client sends, and which the server.
pub(crate) const QUESTION: u8 = 1;
pub(crate) const ANSWER: u8 = 2;
/// Of no size class, and larger than the smallest ones.
pub(crate) const QUESTION_LEN: usize = 3_333;
/// Larger than a record of the last but one size.
pub(crate) const ANSWER_LEN: usize = 40_001;
/// More than is looked at of one call.
pub(crate) const LONG_LEN: usize = 3 << 20;
/// More than are looked at of one call.
pub(crate) const VECTORS: usize = 100;
pub(crate) const VECTOR_LEN: usize = 10;
pub(crate) const DATAGRAM_LEN: usize = 1_000;
/// The receiver's buffer.
pub(crate) const DATAGRAM_ROOM: usize = 600;

/// Bytes that are never the same at two near places, nor for two kinds.
pub(crate) fn pattern(kind: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 / 7) as u8 ^ (at >> 8) as u8 ^ kind.wrapping_mul(0x55)).collect()
}

type Send = fn(&TcpStream, &[u8]);
type Receive = fn(&TcpStream, usize) -> Vec<u8>;

/// Holds the conversation with this name, and says on the standard output between which addresses.
pub(crate) fn hold(name: &str) {
    let (name, port) = name.split_once(':').map_or((name, 0), |(name, port)| (name, port.parse().unwrap()));
    match name {
        "write" => exchange(port, calls::write, calls::read),
        "writev" => exchange(port, calls::writev, calls::readv),
        "pwritev2" => exchange(port, calls::pwritev2, calls::preadv2),
        "sendto" => exchange(port, calls::sendto, calls::recvfrom),
        "sendmsg" => exchange(port, calls::sendmsg, calls::recvmsg),
        "sendmmsg" => exchange(port, calls::sendmmsg, calls::recvmmsg),
        "sendfile" => ask(port, QUESTION_LEN, calls::sendfile, calls::read),
        "splice" => ask(port, QUESTION_LEN, calls::splice_out, calls::splice_in),
        "trunc" => ask(port, QUESTION_LEN, calls::write, |from, len| {
            calls::discard(from, len);
            pattern(QUESTION, len)
        }),
        "long" => ask(port, LONG_LEN, calls::write, calls::read),
        "vectors" => {
            ask(port, VECTORS * VECTOR_LEN, |to, bytes| calls::writev_of(to, bytes, VECTORS), calls::read);
        }
        "datagrams" => datagrams(),
        "paused" => paused(),
        _ => panic!("no conversation is called {name}"),
    }
}

/// A question and an answer, both by the same kind of call.
fn exchange(port: u16, send: Send, receive: Receive) {
    talk(port, QUESTION_LEN, [send, send], [receive, receive]);
}

/// A question by a certain kind of call, and an answer by the plainest.
fn ask(port: u16, question_len: usize, send: Send, receive: Receive) {
    talk(port, question_len, [send, calls::write], [receive, calls::read]);
}

fn talk(port: u16, question_len: usize, [ask, answer]: [Send; 2], [listen, hear]: [Receive; 2]) {
    let (client, server) = connection(port);
    say_where(client.local_addr().unwrap(), server.local_addr().unwrap());
    let serving = thread::spawn(move || {
        assert!(listen(&server, question_len) == pattern(QUESTION, question_len), "the question was understood");
        answer(&server, &pattern(ANSWER, ANSWER_LEN));
        // Until the other end has closed.
        let _ = (&server).read(&mut [0]);
    });
    ask(&client, &pattern(QUESTION, question_len));
    assert!(hear(&client, ANSWER_LEN) == pattern(ANSWER, ANSWER_LEN), "the answer was understood");
    drop(client);
    serving.join().unwrap();
}

fn connection(port: u16) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = listener.accept().unwrap().0;
    (client, server)
}

fn say_where(client: SocketAddr, server: SocketAddr) {
    let mut out = std::io::stdout();
    writeln!(out, "{client} {server}").and_then(|()| out.flush()).unwrap();
}

fn datagrams() {
    let nameless = UdpSocket::bind("127.0.0.1:0").unwrap();
    nameless.connect(nameless.local_addr().unwrap()).unwrap();
    calls::sendto(&nameless, b"?");
    assert_eq!(calls::recvfrom_once(&nameless, &mut [0], 0), 1);

    let [client, server] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    client.connect(server.local_addr().unwrap()).unwrap();
    server.connect(client.local_addr().unwrap()).unwrap();
    calls::name(&client);
    calls::name(&server);
    say_where(client.local_addr().unwrap(), server.local_addr().unwrap());
    calls::sendto(&client, &pattern(QUESTION, DATAGRAM_LEN));
    let told = calls::recvfrom_once(&server, &mut [0; DATAGRAM_ROOM], libc::MSG_TRUNC);
    assert_eq!(told, DATAGRAM_LEN, "the length that the datagram had");
}

/// A question, and the same again once somebody has written to the standard input.
fn paused() {
    let (client, server) = connection(0);
    say_where(client.local_addr().unwrap(), server.local_addr().unwrap());
    for question in 0..2 {
        if question == 1 {
            std::io::stdin().read_exact(&mut [0]).unwrap();
        }
        calls::write(&client, &pattern(QUESTION, QUESTION_LEN));
        calls::read(&server, QUESTION_LEN);
    }
}
