//! Names of types, opcodes and response codes, and who is to blame.

use alloc::string::String;
use core::fmt::Write as _;

use crate::StatusClass;

/// Types of records that are read.
pub(super) const A: u16 = 1;
pub(super) const CNAME: u16 = 5;
pub(super) const AAAA: u16 = 28;
pub(super) const SRV: u16 = 33;
pub(super) const OPT: u16 = 41;
pub(super) const SVCB: u16 = 64;
pub(super) const HTTPS: u16 = 65;

/// Appends the name of a type (the registry that RFC 6895 section 3.1 founded; RFC 3597 section 5 for those without).
pub(super) fn write_type(number: u16, out: &mut String) {
    let name = match number {
        A => "A",
        2 => "NS",
        CNAME => "CNAME",
        6 => "SOA",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        17 => "RP",
        18 => "AFSDB",
        25 => "KEY",
        AAAA => "AAAA",
        29 => "LOC",
        SRV => "SRV",
        35 => "NAPTR",
        37 => "CERT",
        39 => "DNAME",
        OPT => "OPT",
        43 => "DS",
        44 => "SSHFP",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        51 => "NSEC3PARAM",
        52 => "TLSA",
        53 => "SMIMEA",
        59 => "CDS",
        60 => "CDNSKEY",
        61 => "OPENPGPKEY",
        62 => "CSYNC",
        63 => "ZONEMD",
        SVCB => "SVCB",
        HTTPS => "HTTPS",
        99 => "SPF",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        _ => "",
    };
    out.push_str(name);
    if name.is_empty() {
        // A String takes anything.
        let _ = write!(out, "TYPE{number}");
    }
}

/// The name of an opcode (RFC 6895 section 2.2).
pub(super) const fn opcode_name(opcode: u8) -> &'static str {
    match opcode {
        0 => "QUERY",
        1 => "IQUERY",
        2 => "STATUS",
        4 => "NOTIFY",
        5 => "UPDATE",
        6 => "DSO",
        _ => "OPCODE",
    }
}

/// The name of a response code, and whom it blames (RFC 6895 section 2.3).
pub(super) const fn response_code(code: u16) -> (&'static str, StatusClass) {
    match code {
        0 => ("", StatusClass::Ok),
        1 => ("FORMERR", StatusClass::ClientError),
        2 => ("SERVFAIL", StatusClass::ServerError),
        3 => ("NXDOMAIN", StatusClass::ClientError),
        4 => ("NOTIMP", StatusClass::ServerError),
        5 => ("REFUSED", StatusClass::ClientError),
        6 => ("YXDOMAIN", StatusClass::ClientError),
        7 => ("YXRRSET", StatusClass::ClientError),
        8 => ("NXRRSET", StatusClass::ClientError),
        9 => ("NOTAUTH", StatusClass::ClientError),
        10 => ("NOTZONE", StatusClass::ClientError),
        11 => ("DSOTYPENI", StatusClass::ClientError),
        16 => ("BADVERS", StatusClass::ClientError),
        17 => ("BADKEY", StatusClass::ClientError),
        18 => ("BADTIME", StatusClass::ClientError),
        19 => ("BADMODE", StatusClass::ClientError),
        20 => ("BADNAME", StatusClass::ClientError),
        21 => ("BADALG", StatusClass::ClientError),
        22 => ("BADTRUNC", StatusClass::ClientError),
        23 => ("BADCOOKIE", StatusClass::ClientError),
        _ => ("", StatusClass::ServerError),
    }
}
