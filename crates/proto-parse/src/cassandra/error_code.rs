//! What the code of an ERROR says: section 9 (section 8 in version 5).

use crate::StatusClass;

/// The code of an ERROR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub i32);

impl ErrorCode {
    /// Who is to blame. The client: for what it says (0x000a), who it says to be (0x0100), and what it asks for (0x2000 to
    /// 0x2fff: syntax, permissions, what is not there or there already, ids that this node does not know). The server and its
    /// peers: for all else, among it time-outs, too few replicas and overload (0x1000 to 0x1fff).
    #[must_use]
    pub const fn class(self) -> StatusClass {
        match self.0 {
            0x000a | 0x0100 | 0x2000..=0x2fff => StatusClass::ClientError,
            _ => StatusClass::ServerError,
        }
    }

    /// The protocol's name for it, or nothing for one that the protocol does not have.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0x0000 => "Server_error",
            0x000a => "Protocol_error",
            0x0100 => "Authentication_error",
            0x1000 => "Unavailable",
            0x1001 => "Overloaded",
            0x1002 => "Is_bootstrapping",
            0x1003 => "Truncate_error",
            0x1100 => "Write_timeout",
            0x1200 => "Read_timeout",
            0x1300 => "Read_failure",
            0x1400 => "Function_failure",
            0x1500 => "Write_failure",
            0x1600 => "CDC_WRITE_FAILURE",
            0x1700 => "CAS_WRITE_UNKNOWN",
            0x2000 => "Syntax_error",
            0x2100 => "Unauthorized",
            0x2200 => "Invalid",
            0x2300 => "Config_error",
            0x2400 => "Already_exists",
            0x2500 => "Unprepared",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_who_is_to_blame() {
        for code in [0x000a, 0x0100, 0x2000, 0x2100, 0x2200, 0x2300, 0x2400, 0x2500] {
            assert_eq!(ErrorCode(code).class(), StatusClass::ClientError, "{code:#x}");
        }
        for code in [0, 0x1000, 0x1001, 0x1100, 0x1200, 0x1500, 0x3000, -1] {
            assert_eq!(ErrorCode(code).class(), StatusClass::ServerError, "{code:#x}");
        }
        assert_eq!((ErrorCode(0x2500).name(), ErrorCode(0x1234).name()), ("Unprepared", ""));
    }
}
