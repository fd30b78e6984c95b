//! The parameters of one request.

use std::fmt::Display;

use axum::http::Uri;

use crate::{
    DEFAULT_LIMIT, Problem,
    parameter::{Kind, Parameter, Parameters},
};

/// Most values of one query.
const MAX_VALUES: usize = 64;

/// The parameters of a request, each of them known, and none given twice that takes one value.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    values: Vec<(&'static Parameter, String)>,
}

impl Query {
    /// Reads the query of a request.
    pub(crate) fn new(uri: &Uri, known: Parameters) -> Result<Self, Problem> {
        let mut values: Vec<(&'static Parameter, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let Some(parameter) = known.iter().copied().flatten().find(|known| known.name == name) else {
                let names: Vec<_> = known.iter().copied().flatten().map(|known| known.name).collect();
                return Err(Problem::unknown_parameter(&name, &names));
            };
            if !parameter.repeats && values.iter().any(|(given, _)| given.name == name) {
                return Err(Problem::repeated_parameter(&name));
            }
            if values.len() >= MAX_VALUES {
                return Err(Problem::too_many_values(&name, MAX_VALUES));
            }
            if value.is_empty() {
                return Err(Problem::invalid_parameter(&name, "it is empty: give it a value or leave it out"));
            }
            // What is no UTF-8 has become this: a pattern with it would match nothing, and say nothing about why.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(Problem::invalid_parameter(&name, "it is not UTF-8"));
            }
            values.push((parameter, value.into_owned()));
        }
        Ok(Self { values })
    }

    /// The value of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(parameter, _)| parameter.name == name).map(|(_, value)| value.as_str())
    }

    /// The values of a parameter.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(parameter, _)| parameter.name == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter, read by `read`.
    pub(crate) fn value<T, E: Display>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        self.text(name).map(|text| read(text).map_err(|why| Problem::invalid_parameter(name, why))).transpose()
    }

    /// The values of a parameter, each read by `read`.
    pub(crate) fn values<T, E: Display>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Problem> {
        self.texts(name).map(|text| read(text).map_err(|why| Problem::invalid_parameter(name, why))).collect()
    }

    /// The value of a parameter that takes an integer within bounds.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<u64>, Problem> {
        let Some((parameter, text)) = self.values.iter().find(|(parameter, _)| parameter.name == name) else {
            return Ok(None);
        };
        let (min, max) = match parameter.kind {
            Kind::Integer { min, max, .. } => (min, max),
            Kind::Text | Kind::Choice(_) | Kind::Boolean | Kind::Number => (0, u64::MAX),
        };
        match text.parse() {
            Ok(value) if (min..=max).contains(&value) => Ok(Some(value)),
            _ => Err(Problem::invalid_parameter(name, format!("`{text}` is no whole number from {min} to {max}"))),
        }
    }

    /// The value of a parameter that is true or false; false where it is left out.
    pub(crate) fn boolean(&self, name: &str) -> Result<bool, Problem> {
        let read = |text: &str| text.parse::<bool>().map_err(|_| format!("`{text}` is neither `true` nor `false`"));
        Ok(self.value(name, read)?.unwrap_or_default())
    }

    /// One of some values by its name.
    pub(crate) fn choices<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Result<Vec<T>, Problem> {
        self.values(name, |text| {
            all.iter().copied().find(|one| name_of(*one) == text).ok_or_else(|| {
                let known: Vec<_> = all.iter().map(|one| name_of(*one)).collect();
                format!("`{text}` is none of: {}", known.join(", "))
            })
        })
    }

    /// The parameter `limit`.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.integer("limit")?.and_then(|limit| usize::try_from(limit).ok());
        Ok(limit.unwrap_or(DEFAULT_LIMIT))
    }
}
