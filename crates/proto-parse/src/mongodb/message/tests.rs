use super::*;

const PING: &[u8] =
    b"\x33\0\0\0\x07\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1e\0\0\0\x10ping\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";
const FAILED: &[u8] = b"X\0\0\0e\0\0\0\x07\0\0\0\xdd\x07\0\0\0\0\0\0\0C\0\0\0\x01ok\0\0\0\0\0\0\0\0\0\x02errmsg\
    \0\x07\0\0\0secret\0\x10code\0\x1a\0\0\0\x02codeName\0\x07\0\0\0NoSuch\0\0";

fn head(data: &[u8]) -> (Head, &[u8]) {
    let Ok(Parsed::Complete { value, consumed }) = Head::parse(data) else { panic!("it is a head") };
    (value, &data[consumed..])
}

#[test]
fn a_head_is_refused_as_soon_as_it_shows() {
    let (value, _) = head(PING);
    let expected = Head { message_bytes: 51, request_id: 7, response_to: 0, opcode: Opcode::Msg };
    assert_eq!(value, expected);
    for len in 0..Head::BYTES {
        assert_eq!(Head::parse(&PING[..len]), Ok(Parsed::Incomplete { at_least: Head::BYTES - len }));
    }
    for (data, error) in [
        (&b"\x0f\0\0\0"[..], MessageError::Length),
        (b"\x01\x6c\xdc\x02", MessageError::Length),
        (b"\xff\xff\xff\xff", MessageError::Length),
        (b"\x33\0\0\0\x07\0\0\0\0\0\0\0\xde\x07\0\0", MessageError::Opcode),
    ] {
        assert_eq!(Head::parse(data), Err(error), "{}", data.escape_ascii());
    }
}

#[test]
fn what_is_cut_says_less_and_nothing_else() {
    let (request, rest) = head(PING);
    for len in 0..=rest.len() {
        let found = request.request(&rest[..len]);
        let extent = if len == rest.len() { Extent::Whole } else { Extent::Cut };
        assert_eq!(found.extent, extent, "{len}");
        assert!(found.command.is_empty() || found.command == b"ping");
        assert!(found.database.is_empty() || found.database == b"admin");
    }
    let (response, rest) = head(FAILED);
    for len in 0..=rest.len() {
        let found = response.response(&rest[..len], true);
        let extent = if len == rest.len() { Extent::Whole } else { Extent::Cut };
        assert_eq!(found.extent, extent, "{len}");
        if let Some(error) = found.error {
            assert!(matches!(error.code, None | Some(26)) && matches!(error.name, b"" | b"NoSuch"), "{error:?}");
        }
    }
    let error = response.response(rest, true).error;
    assert_eq!(error, Some(Error { code: Some(26), name: b"NoSuch" }));
}

/// OP_MSG with these flags, and a body with these elements.
fn request_with(flags: u32, elements: &[u8]) -> Request<'static> {
    let mut data = alloc::vec::Vec::from(flags.to_le_bytes());
    data.push(0);
    data.extend_from_slice(&u32::try_from(elements.len()).unwrap().saturating_add(5).to_le_bytes());
    data.extend_from_slice(elements);
    data.push(0);
    let message_bytes = u32::try_from(data.len()).unwrap().saturating_add(16);
    let head = Head { message_bytes, request_id: 1, response_to: 0, opcode: Opcode::Msg };
    head.request(data.leak())
}

#[test]
fn flags_say_how_often_there_is_an_answer() {
    let ping = b"\x10ping\0\x01\0\0\0";
    for (flags, answers, extent) in [
        (0, Answers::Once, Extent::Whole),
        (1, Answers::Once, Extent::Whole),
        (2, Answers::Never, Extent::Whole),
        (1 << 16, Answers::Often, Extent::Whole),
        // Those that need not be known are not looked at.
        (1 << 20, Answers::Once, Extent::Whole),
        (1 << 3, Answers::Once, Extent::Malformed),
    ] {
        let request = request_with(flags, ping);
        assert_eq!((request.answers, request.extent), (answers, extent), "{flags}");
    }
}

#[test]
fn only_what_is_a_collection_is_told() {
    for (elements, command, collection) in [
        (&b"\x02find\0\x07\0\0\0orders\0"[..], &b"find"[..], &b"orders"[..]),
        (b"\x02createUser\0\x06\0\0\0alice\0", b"createUser", b""),
        (b"\x02usersInfo\0\x06\0\0\0alice\0", b"usersInfo", b""),
        (b"\x10aggregate\0\x01\0\0\0", b"aggregate", b""),
        (b"\x12getMore\0\x07\0\0\0\0\0\0\0\x02collection\0\x07\0\0\0orders\0", b"getMore", b"orders"),
        (b"\x10hello\0\x01\0\0\0\x02collection\0\x07\0\0\0orders\0", b"hello", b""),
    ] {
        let request = request_with(0, elements);
        assert_eq!((request.command, request.collection), (command, collection), "{}", elements.escape_ascii());
    }
    assert_eq!(request_with(0, b"\x10no name\0\x01\0\0\0").extent, Extent::Malformed);
    assert_eq!(request_with(0, b"").extent, Extent::Malformed);
}
