//! Operations by number, and what a service may have of them.

use std::{collections::HashMap, sync::Arc};

use geophone_model::{protocol::Protocol, series::OTHER_OPERATION, status::Status};

use crate::{
    key::{IdentityId, OperationId},
    roster::Roster,
    template::{Lesson, MAX_TEMPLATE_BYTES, Templates},
};

/// Longest verb in an operation's name; the rest of it is cut off.
const MAX_VERB_BYTES: usize = 31;
/// Longest name of an operation, in bytes; the rest of a resource that is no path is cut off.
pub const MAX_OPERATION_BYTES: usize = MAX_VERB_BYTES + 1 + MAX_TEMPLATE_BYTES;

/// The operation that stands for all past a cap.
pub(crate) const OTHER: OperationId = OperationId(0);

/// Whether the answer says that the service has such a resource: of HTTP, 404 and 405 say that it has not (RFC 9110 sections
/// 15.5.5 and 15.5.6). Anybody can ask for what is not there, so such requests teach nothing about paths and get few operations.
pub(crate) fn is_routed(protocol: Protocol, status: Status) -> bool {
    !protocol.has_paths() || !matches!(status.code.as_number(), Some(404 | 405))
}

/// What is known of a service.
#[derive(Debug)]
pub(crate) struct Service {
    /// A number that no other service, and no other state of this one's knowledge, has.
    pub(crate) stamp: u64,
    templates: Option<Box<Templates>>,
    by_name: HashMap<Arc<str>, OperationId>,
    /// How many of its operations were only ever answered with 404 or 405.
    unrouted: usize,
}

impl Service {
    pub(crate) fn new(stamp: u64) -> Self {
        Self { stamp, templates: None, by_name: HashMap::new(), unrouted: 0 }
    }
}

/// All operations of all services.
#[derive(Debug)]
pub(crate) struct Operations {
    entries: Vec<Option<Operation>>,
    vacant: Vec<u32>,
    max_per_service: usize,
    template: crate::template::Config,
    /// The name that is being put together.
    scratch: String,
    text_bytes: usize,
    template_bytes: usize,
}

#[derive(Debug)]
struct Operation {
    name: Arc<str>,
    service: IdentityId,
    routed: bool,
    last_used: u64,
}

/// A request that wants an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) server: IdentityId,
    pub(crate) protocol: Protocol,
    pub(crate) verb: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) routed: bool,
    pub(crate) round: u64,
}

impl Operations {
    pub(crate) fn new(max_per_service: usize, template: crate::template::Config) -> Self {
        let other =
            Operation { name: OTHER_OPERATION.into(), service: IdentityId(0), routed: true, last_used: u64::MAX };
        Self {
            entries: vec![Some(other)],
            vacant: Vec::new(),
            max_per_service: max_per_service.max(1),
            template,
            scratch: String::with_capacity(2 * MAX_OPERATION_BYTES),
            text_bytes: 0,
            template_bytes: 0,
        }
    }

    pub(crate) fn name(&self, id: OperationId) -> &Arc<str> {
        &self.entries[id.0 as usize].as_ref().expect("a number in use is not given back: see Aggregator::expire").name
    }

    /// The operation that a request is, and what its path has taught.
    pub(crate) fn operation_of(
        &mut self,
        roster: &mut Roster,
        request: &Request<'_>,
        has_room: bool,
    ) -> (OperationId, Lesson) {
        let lesson = self.compose_name(roster.service_mut(request.server), request, has_room);
        if lesson.positions_learned > 0 {
            roster.restamp(request.server);
        }
        let service = roster.service_mut(request.server);
        if let Some(id) = service.by_name.get(&*self.scratch).copied() {
            if let Some(operation) = &mut self.entries[id.0 as usize]
                && request.routed
                && !operation.routed
            {
                operation.routed = true;
                service.unrouted -= 1;
            }
            return (id, lesson);
        }
        let full = service.by_name.len() >= self.max_per_service
            || !request.routed && service.unrouted >= self.max_per_service.div_ceil(4);
        if full || !has_room {
            return (OTHER, lesson);
        }
        let name: Arc<str> = self.scratch.as_str().into();
        self.text_bytes += name.len();
        let id = OperationId(self.vacant.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() as u32 - 1
        }));
        service.unrouted += usize::from(!request.routed);
        service.by_name.insert(name.clone(), id);
        roster.touch(request.server, request.round);
        let Request { server, routed, round, .. } = *request;
        self.entries[id.0 as usize] = Some(Operation { name, service: server, routed, last_used: round });
        (id, lesson)
    }

    /// Notes that something was counted for an operation.
    pub(crate) fn touch(&mut self, id: OperationId, round: u64) {
        if let Some(operation) = &mut self.entries[id.0 as usize] {
            operation.last_used = operation.last_used.max(round);
        }
    }

    /// Forgets the operations that were last used before `round`. Returns how many.
    pub(crate) fn expire(&mut self, roster: &mut Roster, round: u64) -> u64 {
        let mut expired = 0;
        for (number, slot) in self.entries.iter_mut().enumerate() {
            let Some(operation) = slot.take_if(|operation| operation.last_used < round) else { continue };
            let service = roster.service_mut(operation.service);
            service.by_name.remove(&operation.name);
            service.unrouted -= usize::from(!operation.routed);
            roster.restamp(operation.service);
            self.text_bytes -= operation.name.len();
            self.vacant.push(number as u32);
            expired += 1;
        }
        expired
    }

    /// Takes what a service has learned out of the books, before the service is forgotten.
    pub(crate) fn forget_templates(&mut self, bytes: usize) {
        self.template_bytes -= bytes;
    }

    /// Bytes held, those of the services' operations and templates included.
    pub(crate) fn memory_bytes(&self) -> usize {
        let index = size_of::<(Arc<str>, OperationId)>() + 2 * size_of::<usize>();
        self.entries.capacity() * (size_of::<Option<Operation>>() + index) + self.text_bytes + self.template_bytes
    }

    /// Puts the name of a request's operation into `scratch`.
    fn compose_name(&mut self, service: &mut Service, request: &Request<'_>, has_room: bool) -> Lesson {
        self.scratch.clear();
        self.scratch.push_str(cut(request.verb, MAX_VERB_BYTES));
        if !request.verb.is_empty() && !request.resource.is_empty() {
            self.scratch.push(' ');
        }
        if !request.protocol.has_paths() {
            self.scratch.push_str(cut(request.resource, MAX_TEMPLATE_BYTES));
            return Lesson::default();
        }
        let templates = service.templates.get_or_insert_with(|| Box::new(Templates::new(self.template)));
        let before = templates.memory_bytes();
        let mut lesson = templates.append(request.resource, request.routed && has_room, &mut self.scratch);
        lesson.forgotten |= request.routed && !has_room;
        self.template_bytes = self.template_bytes + templates.memory_bytes() - before;
        lesson
    }
}

impl Service {
    /// Bytes that its templates hold.
    pub(crate) fn template_bytes(&self) -> usize {
        self.templates.as_ref().map_or(0, |templates| templates.memory_bytes())
    }
}

/// The longest prefix of whole characters that is not longer than `max_bytes`.
fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}
