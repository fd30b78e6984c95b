//! What the handlers share.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use geophone_model::time::Timestamp;
use geophone_store::Store;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{Config, Exposition, Now, Problem};

/// A store to answer from, and the settings. Clones share everything.
#[derive(Clone)]
pub struct ApiState(Arc<Shared>);

struct Shared {
    store: Arc<dyn Store>,
    now: Now,
    config: Config,
    not_seen: Vec<String>,
    readiness: Box<dyn Fn() -> Readiness + Send + Sync>,
    metrics: Box<dyn Fn(&mut Exposition) + Send + Sync>,
    queries: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    /// Answers given, by status code.
    answers: Mutex<BTreeMap<u16, u64>>,
}

/// Whether the program can do its work, for `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot, for this reason.
    NotReady(String),
}

impl ApiState {
    /// A state that is always ready.
    pub fn new(store: Arc<dyn Store>, now: Now, config: Config) -> Self {
        Self(Arc::new(Shared {
            store,
            now,
            not_seen: Vec::new(),
            readiness: Box::new(|| Readiness::Ready),
            metrics: Box::new(|_| ()),
            queries: Arc::new(Semaphore::new(config.max_queries)),
            streams: Arc::new(Semaphore::new(config.max_streams)),
            config,
            answers: Mutex::default(),
        }))
    }

    /// Tells those who wonder where their traffic is what is not seen, in words: `/api/v1/about` says it, and the page.
    ///
    /// # Panics
    ///
    /// If the state has been cloned already, as its clones would not learn of it.
    #[must_use]
    pub fn with_not_seen(self, not_seen: impl IntoIterator<Item: Into<String>>) -> Self {
        self.with(|shared| shared.not_seen = not_seen.into_iter().map(Into::into).collect())
    }

    /// Lets `readiness` decide what `/readyz` answers.
    ///
    /// # Panics
    ///
    /// If the state has been cloned already, as its clones would not learn of it.
    #[must_use]
    pub fn with_readiness(self, readiness: impl Fn() -> Readiness + Send + Sync + 'static) -> Self {
        self.with(|shared| shared.readiness = Box::new(readiness))
    }

    /// Lets `metrics` add families of its own to `/metrics`.
    ///
    /// # Panics
    ///
    /// If the state has been cloned already, as its clones would not learn of it.
    #[must_use]
    pub fn with_metrics(self, metrics: impl Fn(&mut Exposition) + Send + Sync + 'static) -> Self {
        self.with(|shared| shared.metrics = Box::new(metrics))
    }

    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::get_mut(&mut self.0).expect("the state is set up before it is cloned"));
        self
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// What is served.
    pub(crate) fn source(&self) -> &Now {
        &self.0.now
    }

    pub(crate) fn not_seen(&self) -> &[String] {
        &self.0.not_seen
    }

    /// The longest range of a query: at least a recording's own, which is what a query without a range is about.
    pub(crate) fn max_range_ns(&self) -> u64 {
        let recorded_ns = self.source().recording().map_or(0, |recording| recording.range.length_ns);
        self.config().max_range_ns.max(recorded_ns)
    }

    pub(crate) fn readiness(&self) -> Readiness {
        (self.0.readiness)()
    }

    pub(crate) fn add_metrics(&self, exposition: &mut Exposition) {
        (self.0.metrics)(exposition);
    }

    pub(crate) fn count_answer(&self, status: u16) {
        let mut answers = self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(status).or_default() += 1;
    }

    pub(crate) fn answers(&self) -> BTreeMap<u16, u64> {
        self.0.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The end of a range that has none. Ranges are half-open, so it is just after the newest row.
    pub(crate) async fn now(&self) -> Result<Timestamp, Problem> {
        match &self.0.now {
            Now::Provided(now) => Ok(now()),
            Now::EndOf(recording) => Ok(recording.range.end()),
            Now::NewestRow => {
                let limit = self.config().timeout;
                let late = |_| Problem::busy(format!("the store took longer than {limit:?} to say what is newest"));
                let stats = timeout(limit, self.store().stats()).await.map_err(late)??;
                let newest = [stats.points.newest, stats.exchanges.newest.map(|end| end.plus_ns(1))];
                Ok(newest.into_iter().flatten().max().unwrap_or_default())
            }
        }
    }

    /// Lets a query run on a thread of its own, where it may take its time, once there is room for it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        query: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let limit = self.config().timeout;
        let busy =
            || Problem::busy(format!("too many queries are running, for longer than {limit:?}: try again later"));
        let permit =
            timeout(limit, self.0.queries.clone().acquire_owned()).await.ok().and_then(Result::ok).ok_or_else(busy)?;
        let runtime = Handle::current();
        // The permit goes along: who is no longer waited for still counts as running.
        let running = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            runtime.block_on(query)
        });
        match timeout(limit, running).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(Problem::failed(format!("the query broke off: {error}"))),
            Err(_) => Err(Problem::busy(format!("the query took longer than {limit:?}: ask for a shorter range"))),
        }
    }

    /// A place among those who follow the stream, if there is one.
    pub(crate) fn join_stream(&self) -> Option<OwnedSemaphorePermit> {
        self.0.streams.clone().try_acquire_owned().ok()
    }
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiState").field("now", &self.0.now).field("config", &self.0.config).finish_non_exhaustive()
    }
}
