use alloc::vec::Vec;

use super::*;

/// A document with these elements.
fn document_of(elements: &[&[u8]]) -> Vec<u8> {
    let content = elements.concat();
    let len = i32::try_from(content.len()).unwrap().saturating_add(5);
    [&len.to_le_bytes()[..], &content, &[0]].concat()
}

fn names(data: &[u8]) -> Result<Vec<&[u8]>, Stop> {
    let (mut elements, _) = document(data)?;
    let mut names = Vec::new();
    while let Some(element) = elements.next()? {
        names.push(element.name);
    }
    Ok(names)
}

/// One element of every kind, called after it, and what it is read as.
fn kinds() -> Vec<(&'static [u8], Value<'static>)> {
    alloc::vec![
        (b"\x01n\0\0\0\0\0\0\0\xf0\x3f", Value::Double(1.0)),
        (b"\x02n\0\x03\0\0\0ab\0", Value::Text(b"ab")),
        (b"\x03n\0\x05\0\0\0\0", Value::Document(b"\x05\0\0\0\0")),
        (b"\x04n\0\x05\0\0\0\0", Value::Document(b"\x05\0\0\0\0")),
        (b"\x05n\0\x02\0\0\0\x80ab", Value::Other),
        (b"\x06n\0", Value::Other),
        (b"\x07n\0abcdefghijkl", Value::Other),
        (b"\x08n\0\x01", Value::Bool(true)),
        (b"\x09n\0abcdefgh", Value::Other),
        (b"\x0an\0", Value::Other),
        (b"\x0bn\0a.*\0i\0", Value::Other),
        (b"\x0cn\0\x02\0\0\0a\0abcdefghijkl", Value::Other),
        (b"\x0dn\0\x02\0\0\0a\0", Value::Other),
        (b"\x0en\0\x02\0\0\0a\0", Value::Other),
        (b"\x0fn\0\x0f\0\0\0\x02\0\0\0a\0\x05\0\0\0\0", Value::Other),
        (b"\x10n\0\xff\xff\xff\xff", Value::Int(-1)),
        (b"\x11n\0abcdefgh", Value::Other),
        (b"\x12n\0\x01\0\0\0\x01\0\0\0", Value::Int(0x1_0000_0001)),
        (b"\x13n\0abcdefghijkl3456", Value::Other),
        (b"\x7fn\0", Value::Other),
        (b"\xffn\0", Value::Other),
    ]
}

#[test]
fn every_kind_of_value_is_passed_over_or_read() {
    for (element, value) in kinds() {
        let data = document_of(&[element, b"\x0aafter\0"]);
        let (mut elements, len) = document(&data).unwrap();
        assert_eq!(len, data.len());
        assert_eq!(elements.next(), Ok(Some(Element { name: b"n", value })), "{}", element.escape_ascii());
        assert_eq!(names(&data), Ok(alloc::vec![&b"n"[..], b"after"]), "{}", element.escape_ascii());
    }
}

#[test]
fn what_is_cut_is_short_and_says_nothing_wrong() {
    let all: Vec<&[u8]> = kinds().into_iter().map(|(element, _)| element).collect();
    let data = document_of(&all);
    for len in 0..data.len() {
        assert_eq!(names(&data[..len]), Err(Stop::Short), "{len}");
    }
    assert_eq!(names(&data).map(|names| names.len()), Ok(all.len()));
}

#[test]
fn a_nested_document_that_is_cut_is_there_as_far_as_it_goes() {
    let inner = document_of(&[b"\x10code\0\x07\0\0\0", b"\x0arest\0"]);
    let data = document_of(&[&[&b"\x03error\0"[..], &inner].concat()]);
    let (mut elements, _) = document(&data[..data.len().saturating_sub(4)]).unwrap();
    let Ok(Some(Element { value: Value::Document(inner), .. })) = elements.next() else { panic!("it is there") };
    let (mut inner, _) = document(inner).unwrap();
    assert_eq!(inner.next(), Ok(Some(Element { name: b"code", value: Value::Int(7) })));
    assert_eq!(elements.next(), Err(Stop::Short));
}

#[test]
fn what_is_no_document_is_malformed() {
    for data in [
        &b"\x04\0\0\0"[..],
        b"\xff\xff\xff\xff\0",
        b"\x10\0\0\0\x14n\0\0\0\0\0\0\0\0\0\0",
        b"\x10\0\0\0\x02n\0\0\0\0\0\0\0\0\0\0",
        b"\x10\0\0\0\x02n\0\x02\0\0\0ab\0\0\0",
        b"\x10\0\0\0\x03n\0\x01\0\0\0\0\0\0\0\0",
        b"\x10\0\0\0\x05n\0\xff\xff\xff\xff\0\0\0\0\0",
    ] {
        assert_eq!(names(data), Err(Stop::Malformed), "{}", data.escape_ascii());
    }
}
