//! News of what is written, for whoever wants to follow.
//!
//! [`Publisher`] is the backend's end and [`Subscription`] the reader's. Neither ever waits for the other: a reader that is
//! too slow loses its oldest notices and is told how many.

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

    /// Gives a notice to every reader.
    pub fn publish(&self, notice: &Notice) {
        lock(&self.mailboxes).retain(|mailbox| {
            let Some(mailbox) = mailbox.upgrade() else { return false };
            if mailbox.put(notice.clone()) {
                self.skipped.fetch_add(1, Ordering::Relaxed);
            }
            true
        });
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
        for mailbox in lock(&self.mailboxes).drain(..).filter_map(|mailbox| mailbox.upgrade()) {
            mailbox.close();
        }
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
    /// Whether the oldest notice had to go.
    fn put(&self, notice: Notice) -> bool {
        let mut queue = lock(&self.0);
        let full = queue.notices.len() >= MAX_QUEUED_NOTICES;
        if full {
            queue.notices.pop_front();
            queue.skipped = queue.skipped.saturating_add(1);
        }
        queue.notices.push_back(notice);
        wake(queue);
        full
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

    fn close(&self) {
        let mut queue = lock(&self.0);
        queue.closed = true;
        wake(queue);
    }
}

/// Wakes the reader once the queue is free, as it may run at once.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let reader = queue.reader.take();
    drop(queue);
    if let Some(reader) = reader {
        reader.wake();
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
            publisher.publish(&notice(number));
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
        publisher.publish(&notice(1));
        drop(publisher);
        let (first, second) = thread.join().unwrap();
        assert_eq!((first, second), (Some(Delivery { notice: notice(1), skipped: 0 }), None));
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let publisher = Publisher::default();
        drop(publisher.subscribe());
        assert_eq!(publisher.subscribers(), 0);
        publisher.publish(&notice(1));
        assert_eq!(publisher.skipped(), 0);
    }
}
