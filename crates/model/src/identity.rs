//! Who an endpoint is.

use std::{fmt, str::FromStr};

/// What an identity was found by, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum IdentityKind {
    /// A container, by its name or its short id.
    Container,
    /// A systemd service.
    Unit,
    /// A program: its executable, or the script that an interpreter runs.
    Process,
    /// A client that is seen only by the servers that it calls and is none of ours.
    ExternalClient,
    /// A service that is seen only by its clients, named by the host name that they asked for.
    ExternalService,
    /// An address of this machine whose owner is not known (yet, or any more).
    Unknown,
}

impl IdentityKind {
    const ALL: [Self; 6] =
        [Self::Container, Self::Unit, Self::Process, Self::ExternalClient, Self::ExternalService, Self::Unknown];

    /// The name in ids, labels and exported graphs. In JSON it has an underscore where this has a hyphen; both are read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Unit => "unit",
            Self::Process => "process",
            Self::ExternalClient => "external-client",
            Self::ExternalService => "external-service",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is a program under our eyes, rather than somebody who is known by traffic alone.
    pub const fn is_local(self) -> bool {
        !matches!(self, Self::ExternalClient | Self::ExternalService)
    }
}

/// A text that names no kind of identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidIdentityKind(pub String);

impl fmt::Display for InvalidIdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is none of: {}", self.0, IdentityKind::ALL.map(IdentityKind::as_str).join(", "))
    }
}

impl std::error::Error for InvalidIdentityKind {}

impl FromStr for IdentityKind {
    type Err = InvalidIdentityKind;

    /// The kind of this name, as it stands in ids (`external-client`) or in JSON (`external_client`).
    fn from_str(text: &str) -> Result<Self, InvalidIdentityKind> {
        let with_hyphens = || text.bytes().map(|byte| if byte == b'_' { b'-' } else { byte });
        let named = Self::ALL.into_iter().find(|kind| kind.as_str().bytes().eq(with_hyphens()));
        named.ok_or_else(|| InvalidIdentityKind(text.to_owned()))
    }
}

/// Who an endpoint is: a kind, a namespace where the kind has namespaces, and a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Identity {
    /// What it was found by.
    pub kind: IdentityKind,
    /// The namespace (of Kubernetes), where there is one.
    pub namespace: Option<String>,
    /// The name that people know it by.
    pub name: String,
}

impl Identity {
    /// An identity.
    pub fn new(kind: IdentityKind, namespace: Option<&str>, name: &str) -> Self {
        Self { kind, namespace: namespace.map(str::to_owned), name: name.to_owned() }
    }

    /// Its id: the same for the same identity on every machine and at every start.
    pub fn id(&self) -> ServiceId {
        let mut id = String::with_capacity(self.kind.as_str().len() + self.name.len() + 16);
        id.push_str(self.kind.as_str());
        for part in self.namespace.iter().chain([&self.name]) {
            id.push('~');
            escape(part, &mut id);
        }
        ServiceId(id)
    }
}

impl fmt::Display for Identity {
    /// `namespace/name`, or the name alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The id of an identity as text, `kind~name` or `kind~namespace~name`: readable, reversible, and made only of characters
/// that need no escaping anywhere in a URL (RFC 3986 section 2.3). Other bytes stand as `_` and two hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct ServiceId(String);

impl ServiceId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no service id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidServiceId(pub String);

impl fmt::Display for InvalidServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no service id, which looks like `unit~nginx.service`", self.0)
    }
}

impl std::error::Error for InvalidServiceId {}

impl FromStr for Identity {
    type Err = InvalidServiceId;

    /// The identity that a [`ServiceId`]'s text stands for.
    fn from_str(id: &str) -> Result<Self, InvalidServiceId> {
        let invalid = || InvalidServiceId(id.to_owned());
        let mut parts = id.split('~');
        let kind = parts.next().and_then(|kind| kind.parse().ok()).ok_or_else(invalid)?;
        let parts: Vec<String> = parts.map(unescape).collect::<Option<_>>().ok_or_else(invalid)?;
        match <[String; 2]>::try_from(parts) {
            Ok([namespace, name]) => Ok(Self { kind, namespace: Some(namespace), name }),
            Err(mut parts) if parts.len() == 1 => Ok(Self { kind, namespace: None, name: parts.remove(0) }),
            Err(_) => Err(invalid()),
        }
    }
}

fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.') {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("_{byte:02x}"));
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'_' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.') => byte,
            _ => return None,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_url_safe_and_reversible() {
        for (namespace, name) in
            [(None, "nginx.service"), (Some("shop"), "cart"), (None, "a~b/c d_é%"), (None, ""), (Some(""), "_5f")]
        {
            let identity = Identity::new(IdentityKind::Process, namespace, name);
            let id = identity.id();
            assert!(id.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)), "{id}");
            assert_eq!(id.as_str().parse(), Ok(identity));
        }
    }

    #[test]
    fn a_kind_is_read_as_ids_and_as_json_have_it() {
        for kind in IdentityKind::ALL {
            let in_json = kind.as_str().replace('-', "_");
            assert_eq!([kind.as_str(), &in_json].map(str::parse), [Ok(kind), Ok(kind)]);
            let id = format!("{in_json}~api.example.com");
            assert_eq!(id.parse(), Ok(Identity::new(kind, None, "api.example.com")));
        }
        let error = "external".parse::<IdentityKind>().unwrap_err();
        assert!(error.to_string().contains("`external` is none of: container, "), "{error}");
    }

    #[test]
    fn what_is_no_id_is_named() {
        for text in ["", "nginx", "unit", "planet~mars", "unit~a~b~c", "unit~_5", "unit~a b", "unit~_ff"] {
            assert_eq!(text.parse::<Identity>(), Err(InvalidServiceId(text.to_owned())));
        }
    }

    #[test]
    fn no_two_identities_share_an_id() {
        let plain = Identity::new(IdentityKind::Process, None, "a~b");
        let nested = Identity::new(IdentityKind::Process, Some("a"), "b");
        assert_ne!(plain.id(), nested.id());
    }
}
