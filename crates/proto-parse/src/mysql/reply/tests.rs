//! Replies as MariaDB 10.11 gave them, packet by packet.

use alloc::vec::Vec;

use super::*;

/// Feeds payloads; all but the last must leave the reply unfinished.
fn run(reply: &mut Reply, payloads: &[&[u8]]) -> Progress {
    let (last, others) = payloads.split_last().unwrap();
    for payload in others {
        let progress = packet(reply, payload).unwrap();
        assert!(matches!(progress, Progress::More | Progress::Prepared(_)), "{}: {progress:?}", payload.escape_ascii());
    }
    packet(reply, last).unwrap()
}

fn packet(reply: &mut Reply, payload: &[u8]) -> Result<Progress, PayloadError> {
    let head = payload.get(..Reply::HEAD_BYTES).unwrap_or(payload);
    reply.packet(head, u32::try_from(payload.len()).unwrap())
}

fn reply(kind: ReplyKind) -> Reply {
    Reply::new(kind, None)
}

const OK_PACKET: &[u8] = b"\0\0\0\x02\0\0\0";
const EOF_PACKET: &[u8] = b"\xfe\0\0\x02\0";
/// EOF where both sides can do without: an OK packet.
const OK_FOR_EOF: &[u8] = b"\xfe\0\0\x02\0\0\0";
const MORE_RESULTS: &[u8] = b"\xfe\0\0\x0a\x40";
const ITEM: &[u8] = b"\x03def\x04shop\x06orders\x06orders\x04item\x04item\x0c-\0\xa0\0\0\0\xfd\0\0\0\0\0";
const PARAMETER: &[u8] = b"\x03def\0\0\0\x01?\0\x0c?\0\0\0\0\0\x06\x80\0\0\0\0";
const NO_TABLE: &[u8] = b"\xffz\x04#42S02Table 'shop.nowhere' doesn't exist";

#[test]
fn a_status_is_one_packet() {
    assert_eq!(run(&mut reply(ReplyKind::Status), &[OK_PACKET]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Status), &[EOF_PACKET]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Text), &[b"Uptime: 0  Threads: 1"]), Progress::Done);
    assert_eq!(packet(&mut reply(ReplyKind::Status), b"\x01"), Err(PayloadError::NotMysql));
    assert_eq!(packet(&mut reply(ReplyKind::Results), b""), Err(PayloadError::NotMysql));
}

#[test]
fn an_error_ends_any_reply() {
    let error = ServerError { code: 1146, sqlstate: Some(*b"42S02") };
    for kind in [ReplyKind::Status, ReplyKind::Results, ReplyKind::Prepared, ReplyKind::Login, ReplyKind::Stream] {
        assert_eq!(run(&mut reply(kind), &[NO_TABLE]), Progress::Failed(error));
    }
    assert_eq!(
        run(&mut reply(ReplyKind::Results), &[b"\x01", ITEM, EOF_PACKET, b"\x01a", NO_TABLE]),
        Progress::Failed(error)
    );
    let early = run(&mut reply(ReplyKind::Login), &[b"\xff\x10\x04Too many connections"]);
    assert_eq!(early, Progress::Failed(ServerError { code: 1040, sqlstate: None }));
    assert_eq!(packet(&mut reply(ReplyKind::Status), b"\xffz"), Err(PayloadError::Short));
}

#[test]
fn a_report_of_progress_is_no_error() {
    let mut reply = reply(ReplyKind::Results);
    assert_eq!(packet(&mut reply, b"\xff\xff\xff\x01\x02\x02\x00\x00\x00\x05stage"), Ok(Progress::Interim));
    assert_eq!(run(&mut reply, &[OK_PACKET]), Progress::Done);
}

#[test]
fn rows_end_with_either_kind_of_eof() {
    let mut old = reply(ReplyKind::Results);
    assert_eq!(run(&mut old, &[b"\x01", ITEM, EOF_PACKET, b"\x01a", b"\x01b", EOF_PACKET]), Progress::Done);
    assert_eq!(old.ends_columns(), Some(true));
    let mut new = reply(ReplyKind::Results);
    assert_eq!(run(&mut new, &[b"\x01", ITEM, b"\x01a", b"\x01b", OK_FOR_EOF]), Progress::Done);
    assert_eq!(new.ends_columns(), Some(false));
    // Without rows.
    assert_eq!(run(&mut reply(ReplyKind::Results), &[b"\x01", ITEM, EOF_PACKET, EOF_PACKET]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Results), &[b"\x01", ITEM, OK_FOR_EOF]), Progress::Done);
}

#[test]
fn a_row_may_begin_with_the_byte_of_eof() {
    let mut reply = reply(ReplyKind::Results);
    run(&mut reply, &[b"\x01", ITEM, EOF_PACKET]);
    assert_eq!(reply.packet(b"\xfe\0\0\0\x01\0\0\0\0x", PacketHeader::FULL), Ok(Progress::More));
    // NULL, and an empty text.
    assert_eq!(run(&mut reply, &[b"\xfb", b"\0", EOF_PACKET]), Progress::Done);
}

#[test]
fn columns_need_not_be_sent_again() {
    // MariaDB has the flag behind the count, MySQL's documentation in front of it.
    for count in [b"\x02\0", b"\0\x02"] {
        assert_eq!(run(&mut reply(ReplyKind::Results), &[count, b"\x01a\x01b", OK_FOR_EOF]), Progress::Done);
        assert_eq!(
            run(&mut reply(ReplyKind::Results), &[count, EOF_PACKET, b"\x01a\x01b", EOF_PACKET]),
            Progress::Done
        );
    }
    assert_eq!(run(&mut reply(ReplyKind::Results), &[b"\x01\x01", ITEM, OK_FOR_EOF]), Progress::Done);
    assert_eq!(packet(&mut reply(ReplyKind::Results), b"\x02\x05"), Err(PayloadError::NotMysql));
    assert_eq!(packet(&mut reply(ReplyKind::Results), b"\xfd\0\0\x01"), Err(PayloadError::NotMysql), "65536 columns");
}

#[test]
fn a_reply_has_as_many_results_as_its_statuses_say() {
    let payloads: Vec<&[u8]> = [
        &[b"\x01", ITEM, MORE_RESULTS, b"\x011", MORE_RESULTS][..],
        &[b"\0\x01\0\x0a\0\0\0"],
        &[b"\x01", ITEM, MORE_RESULTS, b"\x012", MORE_RESULTS],
        &[OK_PACKET],
    ]
    .concat();
    assert_eq!(run(&mut reply(ReplyKind::Results), &payloads), Progress::Done);
}

#[test]
fn a_prepared_statement_has_a_number() {
    let prepared = b"\0\x01\0\0\0\x01\0\x02\0\0\0\0";
    let eof: &[u8] = b"\xfe\0\0\0\0";
    let mut old = Reply::new(ReplyKind::Prepared, Some(true));
    assert_eq!(packet(&mut old, prepared), Ok(Progress::Prepared(1)));
    assert_eq!(run(&mut old, &[PARAMETER, PARAMETER, eof, ITEM, eof]), Progress::Done);
    let mut new = Reply::new(ReplyKind::Prepared, Some(false));
    assert_eq!(run(&mut new, &[prepared, PARAMETER, PARAMETER, ITEM]), Progress::Done);
    // The end of the columns is told by the end of the parameters.
    assert_eq!(run(&mut reply(ReplyKind::Prepared), &[prepared, PARAMETER, PARAMETER, eof, ITEM, eof]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Prepared), &[prepared, PARAMETER, PARAMETER, ITEM]), Progress::Done);
    // With columns alone, nothing tells: the reply is over as soon as it may be.
    assert_eq!(run(&mut reply(ReplyKind::Prepared), &[b"\0\x07\0\0\0\x01\0\0\0\0\0\0", ITEM]), Progress::Done);
    for nothing in [&b"\0\x07\0\0\0\0\0\0\0\0\0\0"[..], b"\0\x07\0\0\0\x02\0\x02\0\0\0\0\0"] {
        assert_eq!(packet(&mut reply(ReplyKind::Prepared), nothing), Ok(Progress::DonePrepared(7)));
    }
    assert_eq!(packet(&mut reply(ReplyKind::Prepared), b"\0\x01\0\0\0\x01"), Err(PayloadError::Short));
}

#[test]
fn a_cursor_keeps_its_rows() {
    let cursor: &[u8] = b"\xfe\0\0\x42\0";
    assert_eq!(run(&mut reply(ReplyKind::Results), &[b"\x01", ITEM, cursor]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Results), &[b"\x01", ITEM, b"\xfe\0\0\x42\0\0\0"]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Rows), &[b"\0\0\x01b", b"\0\0\x01c", cursor]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Rows), &[b"\0\0\x01e", b"\xfe\0\0\x82\0\0\0"]), Progress::Done);
}

#[test]
fn a_file_and_a_login_are_the_clients_turn() {
    let mut load = reply(ReplyKind::Results);
    assert_eq!(packet(&mut load, b"\xfb/tmp/import.csv"), Ok(Progress::ClientsTurn));
    assert_eq!(run(&mut load, &[b"\0\xfc\xd0\x07\0\x02\0\0\0\x32Records: 2000"]), Progress::Done);
    let mut login = reply(ReplyKind::Login);
    assert_eq!(packet(&mut login, b"\xfeclient_ed25519\0"), Ok(Progress::ClientsTurn));
    assert_eq!(packet(&mut login, b"\x01\x04"), Ok(Progress::ClientsTurn));
    assert_eq!(run(&mut login, &[b"\0\0\0\x02\x40\0\0\0\x07\x01\x05\x04shop"]), Progress::Done);
}

#[test]
fn a_list_of_columns_and_a_log_last_until_eof() {
    assert_eq!(run(&mut reply(ReplyKind::Fields), &[ITEM, ITEM, OK_FOR_EOF]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Fields), &[ITEM, ITEM, EOF_PACKET]), Progress::Done);
    assert_eq!(run(&mut reply(ReplyKind::Stream), &[b"\0\0\0\0\0\x04", b"\0\xe4\xf5\x01", EOF_PACKET]), Progress::Done);
}
