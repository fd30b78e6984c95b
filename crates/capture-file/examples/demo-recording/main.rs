//! Writes the demo: two minutes of a small shop, made up from beginning to end and the same bytes every time.
//!
//! `cargo run -p geophone-capture-file --example demo-recording -- OUT` creates OUT, or replaces it.

mod amqp;
mod cart;
mod catalog;
mod checkout;
mod dns;
mod http;
mod machine;
mod mailer;
mod pool;
mod postgres;
mod programs;
mod random;
mod redis;
mod shop;

use std::{error::Error, path::Path};

use geophone_capture_file::recording::{self, Existing, Header};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(path), None) = (arguments.next(), arguments.next()) else {
        return Err("usage: demo-recording OUT".into());
    };
    let traffic = shop::two_minutes();
    let header = Header::new(machine::START).with_kernel("6.12.0-demo").with_recorder("demo-recording");
    let mut writer = recording::create(Path::new(&path), Existing::Replace, &header)?;
    for item in traffic.items() {
        writer.item(&item)?;
    }
    writer.finish()?;
    Ok(())
}
