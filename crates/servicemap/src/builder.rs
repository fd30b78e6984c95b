//! From points to a map, one window after the other.

use std::{collections::HashMap, sync::Arc};

use geophone_model::{
    identity::Identity,
    ledger::Coverage,
    protocol::Protocol,
    series::{SeriesPoint, WindowSnapshot},
    time::Window,
};

use crate::{Config, Edge, LeftOut, Operation, ServiceMap, Views, rollup::Rollup, tally::Decoded};

/// A map in the making: points and snapshots go in, in any order, and [`finish`](Self::finish) draws it.
///
/// To draw a map again and again while windows close, keep the builder, and finish a clone of it.
#[derive(Clone, Debug)]
pub struct MapBuilder {
    range: Window,
    config: Config,
    coverage: Coverage,
    left_out: LeftOut,
    rows: HashMap<RowKey, Row>,
}

/// What the breakdown of the map is by. Peers choose these names: the hash is keyed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct RowKey {
    client: Arc<Identity>,
    server: Arc<Identity>,
    protocol: Protocol,
    operation: Arc<str>,
    delivery: bool,
}

#[derive(Clone, Debug, Default)]
struct Row {
    views: Views,
    points: u64,
}

impl MapBuilder {
    /// An empty map of `range`.
    pub fn new(range: Window, config: Config) -> Self {
        let (coverage, left_out) = (Coverage::default(), LeftOut::default());
        Self { range, config, coverage, left_out, rows: HashMap::new() }
    }

    /// Adds the points and the coverage of one window. A window that comes in several snapshots, from several agents or late,
    /// is the sum of them.
    pub fn add(&mut self, snapshot: &WindowSnapshot) {
        if self.range.contains(snapshot.window.start) {
            self.coverage.merge(snapshot.coverage);
        }
        snapshot.points.iter().for_each(|point| self.add_point(point));
    }

    /// Adds one point. A point belongs to the range in which its window starts; one that is left out is counted.
    pub fn add_point(&mut self, point: &SeriesPoint) {
        if !self.range.contains(point.window.start) {
            self.left_out.outside_range += 1;
            return;
        }
        let Ok(decoded) = Decoded::new(point) else {
            self.left_out.malformed += 1;
            return;
        };
        let row = self.rows.entry(RowKey::of(point)).or_default();
        row.points += 1;
        row.views.entry(point.key.view).add_decoded(decoded);
        if self.rows.len() >= self.config.max_rows.saturating_mul(2) {
            self.evict();
        }
    }

    /// Draws the map.
    pub fn finish(mut self) -> ServiceMap {
        self.evict();
        let Self { range, config, coverage, left_out, rows } = self;
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));

        let mut rollup = Rollup::default();
        for (key, row) in &rows {
            rollup.announce(&key.client, &key.server, &row.views);
        }

        let mut edges = Vec::new();
        let mut rows = rows.into_iter().peekable();
        while let Some((key, row)) = rows.next() {
            let RowKey { client, server, protocol, operation, delivery } = key;
            let mut operations = vec![Operation { protocol, name: operation, delivery, views: row.views }];
            while let Some((key, row)) = rows.next_if(|(key, _)| key.client == client && key.server == server) {
                let RowKey { protocol, operation, delivery, .. } = key;
                operations.push(Operation { protocol, name: operation, delivery, views: row.views });
            }
            let edge = Edge::new(client, server, operations, &config.thresholds);
            rollup.add(&edge);
            edges.push(edge);
        }
        let nodes = rollup.finish(&config.thresholds);
        ServiceMap { range, config, coverage, left_out, nodes, edges }
    }

    /// Keeps the rows that come first, [`Config::max_rows`] of them. A row that was ever dropped has so many rows before it
    /// that it would be dropped again, whatever comes later: so what is left depends on the points and not on their order.
    fn evict(&mut self) {
        let max_rows = self.config.max_rows;
        if self.rows.len() <= max_rows {
            return;
        }
        let mut rows: Vec<_> = self.rows.drain().collect();
        rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (_, row) in rows.drain(max_rows..) {
            self.left_out.over_limit += row.points;
        }
        self.rows.extend(rows);
    }
}

impl RowKey {
    fn of(point: &SeriesPoint) -> Self {
        let key = &point.key;
        Self {
            client: key.client().clone(),
            server: key.server().clone(),
            protocol: key.protocol,
            operation: key.operation.clone(),
            delivery: key.delivery,
        }
    }
}
