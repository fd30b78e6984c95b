//! The addresses that a response tells.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::code::{A, AAAA, CNAME, HTTPS, SRV, SVCB};
use super::message::{INTERNET, Message, Record};
use super::name::Name;
use crate::read::Reader;
use crate::{Answer, Limits};

/// A name whose addresses are of interest.
#[derive(Clone, Copy)]
struct Wanted {
    name: Name,
    /// The name under which they are told.
    told_as: Name,
    /// The shortest time to live on the way to it.
    ttl_s: u32,
}

/// Names that are followed from one question: aliases, and targets of services. More than a resolver follows.
const MAX_WANTED: usize = 16;

/// Records that are looked at, more than a datagram of 4 KiB has room for.
const MAX_RECORDS: usize = 256;

pub(super) fn collect(message: &Message<'_>, out: &mut Vec<Answer>, limits: &Limits) {
    let Some(question) = message.question.filter(|question| question.class == INTERNET) else { return };
    if message.records.answers == 0 {
        return;
    }
    let mut wanted = Vec::from([Wanted { name: question.name, told_as: question.name, ttl_s: u32::MAX }]);
    // RFC 1034 section 4.3.2 puts an alias before what it stands for, but not all servers do.
    while follow(message, &mut wanted) {}
    for record in message.records().take(MAX_RECORDS).filter(|record| record.class == INTERNET) {
        let Some(by) = wanted.iter().find(|wanted| wanted.name == record.owner) else { continue };
        let ttl_s = by.ttl_s.min(record.ttl_s);
        let content = content(message, &record);
        match record.kind {
            A if content.len() == 4 => tell(out, limits, &by.told_as, address(content), ttl_s),
            AAAA if content.len() == 16 => tell(out, limits, &by.told_as, address(content), ttl_s),
            HTTPS | SVCB => {
                let Some((target, parameters)) = service_binding(message, &record) else { continue };
                // RFC 9460 section 2.5: the root stands for the owner.
                let told_as = if target.is_root() { by.told_as } else { target };
                hints(parameters, |address| tell(out, limits, &told_as, Some(address), ttl_s));
            }
            _ => {}
        }
    }
}

/// Goes one step further along aliases and services. Says whether there was one.
fn follow(message: &Message<'_>, wanted: &mut Vec<Wanted>) -> bool {
    let before = wanted.len();
    for record in message.records().take(MAX_RECORDS).filter(|record| record.class == INTERNET) {
        let Some(by) = wanted.iter().find(|wanted| wanted.name == record.owner).copied() else { continue };
        let (at, end) = record.content;
        // The name that a content ends with may point to anywhere before it.
        let name = |from: usize| {
            let name_at = at.checked_add(from).filter(|name_at| *name_at < end)?;
            Name::read(message.data, name_at).map(|(name, _)| name)
        };
        let next = match record.kind {
            CNAME => name(0).map(|name| (name, by.told_as)),
            // RFC 2782: priority, weight and port come first.
            SRV => name(6).map(|target| (target, target)),
            _ => None,
        };
        let Some((name, told_as)) = next else { continue };
        if wanted.len() < MAX_WANTED && wanted.iter().all(|known| known.name != name) {
            wanted.push(Wanted { name, told_as, ttl_s: by.ttl_s.min(record.ttl_s) });
        }
    }
    wanted.len() > before
}

fn tell(out: &mut Vec<Answer>, limits: &Limits, name: &Name, address: Option<IpAddr>, ttl_s: u32) {
    let Some(address) = address.filter(|_| out.len() < limits.answers) else { return };
    let mut text = String::new();
    // A name that is cut is another one.
    if !name.write(&mut text, limits.resource_bytes) {
        out.push(Answer { name: text, address, ttl_s });
    }
}

fn content<'a>(message: &Message<'a>, record: &Record) -> &'a [u8] {
    let (at, end) = record.content;
    message.data.get(at..end).unwrap_or_default()
}

/// RFC 1035 section 3.4.1, RFC 3596 section 2.2.
fn address(content: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(content) {
        return Some(IpAddr::V4(Ipv4Addr::from(octets)));
    }
    <[u8; 16]>::try_from(content).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets)))
}

/// RFC 9460 section 2.2: a priority, a target, which is not compressed, and parameters.
fn service_binding<'a>(message: &Message<'a>, record: &Record) -> Option<(Name, &'a [u8])> {
    let (at, end) = record.content;
    let (target, parameters_at) = Name::read(message.data, at.checked_add(2)?)?;
    Some((target, message.data.get(parameters_at..end)?))
}

/// RFC 9460 section 7.3: parameters 4 and 6 are addresses, to be used until better ones are known.
fn hints(parameters: &[u8], mut tell: impl FnMut(IpAddr)) {
    let mut parameters = Reader(parameters);
    while let (Some(key), Some(len)) = (parameters.u16_be(), parameters.u16_be()) {
        let Some(value) = parameters.bytes(usize::from(len)) else { return };
        let width = match key {
            4 => 4,
            6 => 16,
            _ => continue,
        };
        value.chunks_exact(width).filter_map(address).for_each(&mut tell);
    }
}
