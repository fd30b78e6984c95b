//! Entry of the fuzz target for messages.

use alloc::string::String;
use alloc::vec::Vec;

use crate::fuzz::limits;

/// A DNS message: names and answers within their limits, whatever is in it.
pub fn message(data: &[u8]) {
    for data in [data, data.get(2..).unwrap_or_default()] {
        let Ok(message) = super::Message::parse(data) else { continue };
        if let Some(question) = message.question {
            let mut name = String::new();
            question.write_name(&mut name, limits().resource_bytes);
            assert!(
                name.len() <= limits().resource_bytes && name.chars().all(|byte| byte.is_ascii_graphic()),
                "{name}"
            );
        }
        let mut answers = Vec::new();
        message.answers(&mut answers, &limits());
        assert!(answers.len() <= limits().answers);
        assert!(answers.iter().all(|answer| answer.name.len() <= limits().resource_bytes), "{answers:?}");
        let _ = message.status();
    }
}
