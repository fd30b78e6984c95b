//! Errors: by convention, the first word of an error's text is its code, in upper case (Redis serialization protocol
//! specification, "Simple errors").

use crate::StatusClass;

/// Bytes of an error's text in which its code is.
pub(super) const CODE_BYTES: usize = 33;

/// The code of an error by its text, and whom it blames. Scripts and modules make errors of their own: a first word that is
/// no code is not kept.
///
/// The server is to blame where it cannot do what it is there for at the time (`LOADING`, `OOM`, `READONLY`, …), and where
/// it sends the client elsewhere, which costs the client another attempt (`MOVED`, `ASK`); all else is the client's: a command,
/// an argument or a right that is wrong.
pub(super) fn blame(text: &[u8]) -> (StatusClass, &str) {
    let word = text.split(|byte| *byte == b' ').next().unwrap_or_default();
    let is_code = word.len() < CODE_BYTES
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_');
    let code = core::str::from_utf8(word).ok().filter(|_| is_code).unwrap_or_default();
    let class = match code {
        "LOADING" | "OOM" | "BUSY" | "READONLY" | "MISCONF" | "MASTERDOWN" | "NOMASTERLINK" | "NOREPLICAS"
        | "NOGOODSLAVE" | "CLUSTERDOWN" | "MOVED" | "ASK" | "TRYAGAIN" | "IOERR" | "INPROG" | "UNBLOCKED" => {
            StatusClass::ServerError
        }
        _ => StatusClass::ClientError,
    };
    (class, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_the_code_if_it_looks_like_one() {
        for (text, class, code) in [
            ("ERR unknown command 'hunter2'", StatusClass::ClientError, "ERR"),
            (
                "WRONGTYPE Operation against a key holding the wrong kind of value",
                StatusClass::ClientError,
                "WRONGTYPE",
            ),
            ("NOAUTH Authentication required.", StatusClass::ClientError, "NOAUTH"),
            ("OOM command not allowed", StatusClass::ServerError, "OOM"),
            ("MOVED 3999 127.0.0.1:6381", StatusClass::ServerError, "MOVED"),
            ("hunter2 is what a script says", StatusClass::ClientError, ""),
            ("Hunter2", StatusClass::ClientError, ""),
            ("", StatusClass::ClientError, ""),
            ("ACODETHATISLONGERTHANANYTHATISKNOWN", StatusClass::ClientError, ""),
        ] {
            assert_eq!(blame(text.as_bytes()), (class, code), "{text}");
        }
    }
}
