//! News of what is written, for whoever wants to follow.
//!
//! [`Publisher`] is the backend's end and [`Subscription`] the reader's. Neither ever waits for the other: a reader that is
//! too slow loses its oldest notices and is told how many. A reader may run, and ask the store, in the moment in which it is
//! woken: so notices are published under the locks of a backend, which keep their order, and readers are woken after them
//! ([`Sleepers`]).

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use geophone_model::{ledger::Coverage, time::Window};

use crate::Event;

/// Most notices that wait for one reader; the oldest go first.
pub const MAX_QUEUED_NOTICES: usize = 256;

/// Something was written.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// A window was closed, or late rows were added to it.
    Window {
        /// Which window.
        window: Window,
        /// Points that it has now.
        points: usize,
        /// How far it can be trusted.
        coverage: Coverage,
    },
    /// Something notable happened.
    Event(Arc<Event>),
}

/// A notice, and how many were skipped before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// What was written.
    pub notice: Notice,
    /// Notices that this reader lost, since the last one that it got, for being too slow.
    pub skipped: u64,
}

/// A backend's end.
#[derive(Debug, Default)]
pub struct Publisher {
    mailboxes: Mutex<Vec<Weak<Mailbox>>>,
    skipped: AtomicU64,
}

impl Publisher {
    /// A new reader of what is published from now on.
    pub fn subscribe(&self) -> Subscription {
        let mailbox = Arc::new(Mailbox::default());
        let mut mailboxes = lock(&self.mailboxes);
        mailboxes.retain(|mailbox| mailbox.strong_count() > 0);
        mailboxes.push(Arc::downgrade(&mailbox));
        Subscription(mailbox)
    }

    /// Gives notices to every reader, and returns those that sleep until there is one.
    pub fn publish(&self, notices: &[Notice]) -> Sleepers {
        let mut sleepers = Vec::new();
        if !notices.is_empty() {
            lock(&self.mailboxes).retain(|mailbox| {
                let Some(mailbox) = mailbox.upgrade() else { return false };
                let (skipped, sleeper) = mailbox.put(notices);
                self.skipped.fetch_add(skipped, Ordering::Relaxed);
                sleepers.extend(sleeper);
                true
            });
        }
        Sleepers(sleepers)
    }

    /// Readers that there are.
    pub fn subscribers(&self) -> usize {
        lock(&self.mailboxes).iter().filter(|mailbox| mailbox.strong_count() > 0).count()
    }

    /// Notices that readers were too slow for.
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let mailboxes = self.mailboxes.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..);
        let sleepers = mailboxes.filter_map(|mailbox| mailbox.upgrade()?.close());
        Sleepers(sleepers.collect()).wake();
    }
}

/// Readers that wait for what was published.
#[derive(Debug, Default)]
#[must_use = "readers that are not woken do not learn that there is something to read"]
pub struct Sleepers(Vec<Waker>);

impl Sleepers {
    /// Wakes them. They may run at once, in this thread: to be called with no lock held that a reader of the store takes.
    pub fn wake(self) {
        self.0.into_iter().for_each(Waker::wake);
    }
}

/// A reader's end: a bounded queue of notices.
#[derive(Debug)]
pub struct Subscription(Arc<Mailbox>);

impl Subscription {
    /// The next notice, when there is one; `None` when the store is gone and all its notices are read.
    pub async fn next(&mut self) -> Option<Delivery> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// The same, for whoever writes a future or a stream by hand.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.0.take(context)
    }
}

#[derive(Debug, Default)]
struct Mailbox(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    notices: VecDeque<Notice>,
    skipped: u64,
    closed: bool,
    reader: Option<Waker>,
}

impl Mailbox {
    /// How many of the oldest notices had to go, and who is to be woken.
    fn put(&self, notices: &[Notice]) -> (u64, Option<Waker>) {
        let mut queue = lock(&self.0);
        let mut skipped = 0;
        for notice in notices {
            if queue.notices.len() >= MAX_QUEUED_NOTICES {
                queue.notices.pop_front();
                skipped += 1;
            }
            queue.notices.push_back(notice.clone());
        }
        queue.skipped = queue.skipped.saturating_add(skipped);
        (skipped, queue.reader.take())
    }

    fn take(&self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let mut queue = lock(&self.0);
        match queue.notices.pop_front() {
            Some(notice) => Poll::Ready(Some(Delivery { notice, skipped: std::mem::take(&mut queue.skipped) })),
            None if queue.closed => Poll::Ready(None),
            None => {
                queue.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Who is to be woken.
    fn close(&self) -> Option<Waker> {
        let mut queue = lock(&self.0);
        queue.closed = true;
        queue.reader.take()
    }
}

/// No invariant spans a panic: what a panicking thread leaves behind is a queue like any other.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use geophone_model::time::Timestamp;

    use super::*;

    fn notice(number: u64) -> Notice {
        let window = Window { start: Timestamp::from_ns(number), length_ns: 1 };
        Notice::Window { window, points: 0, coverage: Coverage::default() }
    }

    #[test]
    fn a_slow_reader_skips_and_is_told_so_and_a_quick_one_is_not() {
        let publisher = Publisher::default();
        let (mut slow, mut quick) = (publisher.subscribe(), publisher.subscribe());
        for number in 0..MAX_QUEUED_NOTICES as u64 + 3 {
            publisher.publish(&[notice(number)]).wake();
            let delivery = pollster::block_on(quick.next()).unwrap();
            assert_eq!(delivery, Delivery { notice: notice(number), skipped: 0 });
        }
        assert_eq!(pollster::block_on(slow.next()), Some(Delivery { notice: notice(3), skipped: 3 }));
        assert_eq!(pollster::block_on(slow.next()), Some(Delivery { notice: notice(4), skipped: 0 }));
        assert_eq!((publisher.skipped(), publisher.subscribers()), (3, 2));
    }

    #[test]
    fn a_reader_wakes_up_for_a_notice_and_for_the_end() {
        let publisher = Publisher::default();
        let mut reader = publisher.subscribe();
        let thread = std::thread::spawn(move || {
            let first = pollster::block_on(reader.next());
            (first, pollster::block_on(reader.next()))
        });
        publisher.publish(&[notice(1)]).wake();
        drop(publisher);
        let (first, second) = thread.join().unwrap();
        assert_eq!((first, second), (Some(Delivery { notice: notice(1), skipped: 0 }), None));
    }

    #[test]
    fn notices_that_come_together_are_read_in_order_and_skipped_like_others() {
        let publisher = Publisher::default();
        let mut reader = publisher.subscribe();
        let all: Vec<_> = (0..MAX_QUEUED_NOTICES as u64 + 3).map(notice).collect();
        publisher.publish(&all).wake();
        let mut read = std::iter::from_fn(|| match reader.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(delivery) => delivery,
            Poll::Pending => None,
        });
        assert_eq!(read.next(), Some(Delivery { notice: notice(3), skipped: 3 }));
        assert!(
            read.map(|delivery| (delivery.notice, delivery.skipped))
                .eq(all.into_iter().skip(4).map(|notice| (notice, 0)))
        );
        assert_eq!(publisher.skipped(), 3);
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let publisher = Publisher::default();
        drop(publisher.subscribe());
        assert_eq!(publisher.subscribers(), 0);
        publisher.publish(&[notice(1)]).wake();
        assert_eq!(publisher.skipped(), 0);
    }
}
