//! What a connection is subscribed to.
//!
//! In RESP2 deliveries come as arrays that only the state of the connection tells from answers (Redis documentation,
//! "Pub/Sub", "Format of pushed messages"). In RESP3 they are a type of their own.

/// The three namespaces of what can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Topics {
    Channels,
    Patterns,
    ShardChannels,
}

/// What an array, or a push, whose first element is this word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Notice {
    /// A message was delivered.
    Delivery,
    /// One more is subscribed to.
    Subscribed(Topics),
    /// One less is subscribed to, if it was.
    Unsubscribed(Topics),
}

impl Notice {
    pub(super) fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"message" | b"pmessage" | b"smessage" => Self::Delivery,
            b"subscribe" => Self::Subscribed(Topics::Channels),
            b"psubscribe" => Self::Subscribed(Topics::Patterns),
            b"ssubscribe" => Self::Subscribed(Topics::ShardChannels),
            b"unsubscribe" => Self::Unsubscribed(Topics::Channels),
            b"punsubscribe" => Self::Unsubscribed(Topics::Patterns),
            b"sunsubscribe" => Self::Unsubscribed(Topics::ShardChannels),
            _ => return None,
        })
    }
}

impl Topics {
    /// What a command subscribes to, or does not any more.
    pub(super) fn of_command(verb: &str) -> Self {
        match verb.as_bytes().first() {
            Some(b'P') => Self::Patterns,
            Some(b'S') if verb != "SUBSCRIBE" => Self::ShardChannels,
            _ => Self::Channels,
        }
    }
}

/// How many of each are subscribed to.
///
/// The server tells the sum of channels and patterns, and the number of shard channels, each time one changes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Subscriptions {
    channels: u64,
    patterns: u64,
    shard_channels: u64,
    /// Some may have been made unseen.
    is_unknown: bool,
}

impl Subscriptions {
    pub(super) fn unknown() -> Self {
        Self { is_unknown: true, ..Self::default() }
    }

    /// Whether a delivery may come.
    pub(super) fn may_deliver(&self) -> bool {
        self.is_unknown || self.channels > 0 || self.patterns > 0 || self.shard_channels > 0
    }

    /// Whether none of these is left, as far as is known.
    pub(super) fn is_without(&self, topics: Topics) -> bool {
        match topics {
            Topics::Channels => self.channels == 0,
            Topics::Patterns => self.patterns == 0,
            Topics::ShardChannels => self.shard_channels == 0,
        }
    }

    /// Takes what a notice says: how many there are now.
    pub(super) fn take(&mut self, topics: Topics, now: u64) {
        match topics {
            Topics::Channels => self.channels = now.saturating_sub(self.patterns),
            Topics::Patterns => self.patterns = now.saturating_sub(self.channels),
            Topics::ShardChannels => self.shard_channels = now,
        }
        if now == 0 && topics != Topics::ShardChannels {
            (self.channels, self.patterns, self.is_unknown) = (0, 0, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_both_tells_how_many_there_are_of_each() {
        let mut subscriptions = Subscriptions::default();
        assert!(!subscriptions.may_deliver());
        for (topics, now, channels_left, patterns_left) in [
            (Topics::Channels, 1, true, false),
            (Topics::Channels, 2, true, false),
            (Topics::Patterns, 3, true, true),
            (Topics::Channels, 2, true, true),
            (Topics::Channels, 1, false, true),
            (Topics::Patterns, 0, false, false),
        ] {
            subscriptions.take(topics, now);
            assert_eq!(
                (!subscriptions.is_without(Topics::Channels), !subscriptions.is_without(Topics::Patterns)),
                (channels_left, patterns_left),
                "{topics:?}, {now} now"
            );
        }
        assert!(!subscriptions.may_deliver());
    }

    #[test]
    fn a_command_is_for_the_topics_of_its_name() {
        for (verb, topics) in [
            ("SUBSCRIBE", Topics::Channels),
            ("SSUBSCRIBE", Topics::ShardChannels),
            ("SUNSUBSCRIBE", Topics::ShardChannels),
            ("PUNSUBSCRIBE", Topics::Patterns),
            ("UNSUBSCRIBE", Topics::Channels),
        ] {
            assert_eq!(Topics::of_command(verb), topics, "{verb}");
        }
    }
}
