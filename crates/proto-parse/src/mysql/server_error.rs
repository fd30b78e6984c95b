//! Who is to blame for an error.

use super::ServerError;
use crate::StatusClass;

impl ServerError {
    /// Whose fault it is.
    ///
    /// * The client's: what is not there, not allowed, not valid, or not to be done with the data as they are, and conflicts
    ///   with other clients (as with PostgreSQL, and HTTP's 409). SQLSTATE classes 01, 02, 0A, 20 to 28, 2D, 2F, 33 to 3D, 40,
    ///   42, 44, 45 and XA.
    /// * The server's: what went wrong within it, what it has too little of, and what took it too long. All other classes,
    ///   among them 08 (connections), 70 (time limits, shutting down) and HY (the rest).
    ///
    /// `HY000`, "general error", and 08 say too little, so that some of the client's errors in them are known by their code;
    /// and in class 42 are limits, of connections and of use, that are the server's.
    #[must_use]
    pub fn class(&self) -> StatusClass {
        let is_clients = match self.sqlstate {
            _ if SERVERS_CODES.contains(&self.code) => false,
            Some([a, b, ..]) if is_clients_class([a, b]) => true,
            _ => CLIENTS_CODES.contains(&self.code),
        };
        if is_clients { StatusClass::ClientError } else { StatusClass::ServerError }
    }
}

fn is_clients_class(class: [u8; 2]) -> bool {
    match class {
        [b'0', second] => matches!(second, b'1' | b'2' | b'A'),
        [b'2', second] => matches!(second, b'0'..=b'8' | b'D' | b'F'),
        [b'3', second] => matches!(second, b'3'..=b'9' | b'A'..=b'D'),
        [b'4', second] => matches!(second, b'0' | b'2' | b'4' | b'5'),
        [b'X', b'A'] => true,
        _ => false,
    }
}

/// Too many connections of one user, and more than a user may do in an hour.
const SERVERS_CODES: [u16; 2] = [1203, 1226];

/// The client's errors whose SQLSTATE is `HY000` or of class 08, and the same where there is none.
const CLIENTS_CODES: [u16; 27] = [
    1043, // bad handshake
    1045, // access denied
    1047, // unknown command
    1153, // packet larger than max_allowed_packet
    1193, // unknown system variable
    1205, // row that another client has locked for too long
    1210, // wrong arguments
    1215, // foreign key that does not fit
    1221, // clauses that do not go together
    1229, // variable that is global only
    1238, // variable that is read-only
    1243, // unknown prepared statement
    1295, // not supported in a prepared statement
    1347, // a view where a table is wanted, or the other way round
    1348, // column that cannot be updated
    1356, // view of what is not there
    1364, // no value for a column without a default
    1366, // value that is none of the column's type
    1369, // row that a view's check refuses
    1442, // table in use by the statement that called
    1471, // table that cannot be inserted into
    1524, // unknown plugin for authentication
    1819, // password too weak
    1820, // password to be changed first
    1826, // constraint of that name exists
    3730, // table that a foreign key refers to
    3819, // row that a check refuses
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_tells_and_where_it_does_not_the_code() {
        let class = |code, sqlstate: Option<&[u8; 5]>| ServerError { code, sqlstate: sqlstate.copied() }.class();
        for (code, sqlstate) in [
            (1146, b"42S02"),
            (1064, b"42000"),
            (1062, b"23000"),
            (1045, b"28000"),
            (1046, b"3D000"),
            (1644, b"45000"),
            (1243, b"HY000"),
            (1205, b"HY000"),
            (1213, b"40001"),
            (1047, b"08S01"),
        ] {
            assert_eq!(class(code, Some(sqlstate)), StatusClass::ClientError, "{code}");
        }
        for (code, sqlstate) in
            [(1040, b"08004"), (1203, b"42000"), (1317, b"70100"), (1114, b"HY000"), (3024, b"HY000")]
        {
            assert_eq!(class(code, Some(sqlstate)), StatusClass::ServerError, "{code}");
        }
        assert_eq!(class(1040, None), StatusClass::ServerError);
        assert_eq!(class(1043, None), StatusClass::ClientError);
    }
}
