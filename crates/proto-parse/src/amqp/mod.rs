//! AMQP 0-9-1 (the specification and its XML of 2008-11-24), with the extensions of RabbitMQ: publisher confirms, `basic.nack`,
//! exchanges bound to exchanges, consumers that the broker cancels, blocked connections.
//!
//! [`Connection`] reads a connection; [`FrameHeader::parse`] reads the beginning of a frame, [`Method::parse`] a method.
//!
//! | what | becomes |
//! |---|---|
//! | a method that asks for an answer, and the answer | an exchange: `queue.declare orders` |
//! | the same with `no-wait` | a [`OneWay`](crate::Shape::OneWay) exchange |
//! | the protocol header, up to `connection.tune` | `connection.start`: the login |
//! | `basic.publish` with its content | `publish`, one way; on a channel in confirm mode, with the `basic.ack` or `basic.nack` that has its number |
//! | `basic.deliver` with its content | `deliver`, one way and [`ToClient`](crate::Direction::ToClient) |
//! | `basic.get` and the message, or that there is none | `get` |
//! | `basic.ack`, `basic.nack`, `basic.reject` of the client | `ack`, `nack`, `reject`, one way |
//! | `basic.return` with its content | `return`, one way and `ToClient`: a client error with its code |
//! | `channel.close` or `connection.close` of the server | the error of the method that it names, if that waits; else an exchange of its own, one way and `ToClient`, with the method as resource: `channel.close publish` |
//! | what else the server says of its own accord (`connection.blocked`, `channel.flow`, `basic.cancel`) | one way and `ToClient` |
//! | what waits on a channel that the server closes | `NoResponse`, unless it is what was at fault |
//! | heartbeats, `tune-ok`, answers of the client | nothing |
//!
//! Methods of class basic go without the class's name. The resource is the name of the queue, the exchange or the virtual host; of
//! `publish`, `deliver` and `return` it is the exchange or, for the default exchange, the routing key, which is the queue's name
//! there. Names that the broker makes up (`amq.gen-…`, `amq.rabbitmq.reply-to.…`) are cut behind the word that is the same in all.
//!
//! Codes of `close` blame the client, but for 320 (an operator closes the connection), 506, 540 and 541, which blame the server,
//! as `basic.nack` does.
//!
//! Answers to methods have no identifier but channel and kind. So after a loss, a channel on which the client was seen to ask
//! anew before it was answered is not paired any more; nor are publishes whose number can no longer be told, which become one
//! way. After a late join it is not known whether a channel is in confirm mode: its publishes are one way, and what confirms
//! them is unmatched.
//!
//! Of a method longer than [`Limits::message_bytes`](crate::Limits::message_bytes) the first part is read. At most
//! [`Limits::open_exchanges`](crate::Limits::open_exchanges) channels are known at once; what is asked on others is evicted. Login
//! data, message properties and bodies are never kept. Not covered: AMQP 1.0, which is another protocol; 0-8 and 0-9; the
//! content of message properties.

mod channel;
mod code;
mod conn;
mod content;
mod detect;
mod error;
#[cfg(any(feature = "fuzz", test))]
pub(crate) mod fuzz;
mod message;
mod method;
#[cfg(test)]
mod tests;

pub use conn::Connection;
pub use detect::detect;
pub use error::AmqpError;
pub use message::{FrameHeader, FrameKind, Method};
