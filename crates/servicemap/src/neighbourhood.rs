//! The surroundings of one service.

use std::collections::{HashMap, HashSet, VecDeque};

use geophone_model::identity::Identity;

use crate::{Edge, ServiceMap};

/// Which way to follow the edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Direction {
    /// To who calls it.
    Callers,
    /// To what it calls.
    Callees,
    /// Both ways, at every step.
    Both,
}

impl ServiceMap {
    /// The map of the edges on the ways of at most `depth` steps that start at `service`; `None` where the map does not have
    /// it. A depth of zero follows no edge and gives an empty map. Figures are of the followed edges only.
    pub fn neighbourhood(&self, service: &Identity, depth: u32, direction: Direction) -> Option<Self> {
        let start = &**self.node(service)?.identity();
        let steps = Steps::new(self.edges(), direction);
        let mut depths = HashMap::from([(start, 0)]);
        let mut queue = VecDeque::from([start]);
        let mut followed = HashSet::new();
        while let Some(here) = queue.pop_front() {
            let depth_here = depths[here];
            if depth_here == depth {
                continue;
            }
            for &(index, next) in steps.from(here) {
                followed.insert(index);
                depths.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    depth_here + 1
                });
            }
        }
        let edges = self.edges().iter().enumerate().filter(|(index, _)| followed.contains(index));
        Some(self.with_edges(edges.map(|(_, edge)| edge.clone()).collect()))
    }
}

/// For each node, the edges that lead on from it, by their index, and where to.
struct Steps<'a>(HashMap<&'a Identity, Vec<(usize, &'a Identity)>>);

impl<'a> Steps<'a> {
    fn new(edges: &'a [Edge], direction: Direction) -> Self {
        let mut steps = HashMap::<_, Vec<_>>::new();
        for (index, edge) in edges.iter().enumerate() {
            let (client, server) = (&**edge.client(), &**edge.server());
            if direction != Direction::Callers {
                steps.entry(client).or_default().push((index, server));
            }
            if direction != Direction::Callees {
                steps.entry(server).or_default().push((index, client));
            }
        }
        Self(steps)
    }

    fn from(&self, node: &Identity) -> &[(usize, &'a Identity)] {
        self.0.get(node).map_or(&[], Vec::as_slice)
    }
}
