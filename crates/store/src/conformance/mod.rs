//! What every backend has to do, as functions that panic where one does not.
//!
//! A backend's tests give them a way to open an empty store and [`run`] them all:
//!
//! ```
//! use std::sync::Arc;
//!
//! use geophone_store::{MemoryConfig, MemoryStore, Store, conformance};
//!
//! let open = |room| -> geophone_store::BoxFuture<'static, Arc<dyn Store>> {
//!     Box::pin(async move {
//!         let config = match room {
//!             conformance::Room::Ample => MemoryConfig::default(),
//!             conformance::Room::Little => MemoryConfig::within(256 << 10),
//!         };
//!         Arc::new(MemoryStore::new(config)) as Arc<dyn Store>
//!     })
//! };
//! pollster::block_on(conformance::run(&open));
//! ```
//!
//! The functions are grouped by what they are about: [`batches`], [`series`], [`exchanges`] and [`accounts`].

use std::sync::Arc;

use crate::{BoxFuture, Store};

pub mod accounts;
pub mod batches;
pub mod exchanges;
pub(crate) mod fixture;
pub mod series;

/// How much the store that is opened has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Room {
    /// All that the suite writes: some thousand rows.
    Ample,
    /// As little as the backend can be told to, so that some thousand rows make it evict; a backend that never evicts takes
    /// no notice.
    Little,
}

/// Opens an empty store that nobody else uses.
pub type Open = dyn Fn(Room) -> BoxFuture<'static, Arc<dyn Store>> + Sync;

/// Runs the whole suite.
///
/// # Panics
///
/// Where the backend does not do what the suite wants.
pub async fn run(open: &Open) {
    batches::an_empty_store_has_nothing(open).await;
    batches::a_batch_is_applied_once(open).await;
    batches::batches_may_come_in_any_order(open).await;
    batches::a_refused_batch_leaves_nothing_behind(open).await;
    series::a_range_holds_its_start_and_not_its_end(open).await;
    series::snapshots_of_a_window_come_merged(open).await;
    series::the_order_of_snapshots_makes_no_difference(open).await;
    series::nothing_makes_nothing_coarser(open).await;
    series::filters_select_points_and_keep_windows(open).await;
    series::too_many_points_are_refused(open).await;
    exchanges::a_range_holds_its_start_and_not_its_end(open).await;
    exchanges::the_newest_comes_first(open).await;
    exchanges::each_condition_selects(open).await;
    exchanges::pages_make_up_the_whole(open).await;
    exchanges::a_cursor_stays_while_others_write(open).await;
    accounts::the_ledger_has_the_latest_and_the_history(open).await;
    accounts::events_are_found_by_kind_and_source(open).await;
    accounts::the_books_of_the_store_balance(open).await;
    accounts::eviction_takes_the_oldest_and_is_told(open).await;
    accounts::subscribers_hear_of_what_is_written(open).await;
}
