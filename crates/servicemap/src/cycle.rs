//! Services that call each other in a circle.

use std::{collections::HashMap, sync::Arc};

use geophone_model::identity::Identity;

use crate::ServiceMap;

/// Services of which each reaches every other by calls, or one that calls itself: sorted, each once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cycle {
    services: Vec<Arc<Identity>>,
}

impl Cycle {
    /// The services, sorted by identity.
    pub fn services(&self) -> &[Arc<Identity>] {
        &self.services
    }
}

impl ServiceMap {
    /// The strongly connected components of the map that have a cycle, sorted by their first service. No service is in two
    /// of them, so there are never more than nodes.
    pub fn cycles(&self) -> Vec<Cycle> {
        let indexes: HashMap<&Identity, usize> =
            self.nodes().iter().enumerate().map(|(index, node)| (&**node.identity(), index)).collect();
        let mut callees = vec![Vec::new(); self.nodes().len()];
        for edge in self.edges() {
            callees[indexes[&**edge.client()]].push(indexes[&**edge.server()]);
        }
        let mut cycles: Vec<Cycle> = Components::of(&callees)
            .into_iter()
            .filter(|component| component.len() > 1 || callees[component[0]].contains(&component[0]))
            .map(|mut component| {
                component.sort_unstable();
                Cycle { services: component.into_iter().map(|index| self.nodes()[index].identity().clone()).collect() }
            })
            .collect();
        cycles.sort_unstable();
        cycles
    }
}

/// Tarjan's strongly connected components ("Depth-first search and linear graph algorithms", 1972) with a stack of its own:
/// a chain of calls is as long as peers make it.
struct Components<'a> {
    callees: &'a [Vec<usize>],
    /// Order in which a node was reached, from 1; zero where it was not.
    reached: Vec<usize>,
    /// The earliest node on the stack that is known to be reachable from it.
    lowest: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    count: usize,
    found: Vec<Vec<usize>>,
}

impl<'a> Components<'a> {
    fn of(callees: &'a [Vec<usize>]) -> Vec<Vec<usize>> {
        let len = callees.len();
        let mut search = Self {
            callees,
            reached: vec![0; len],
            lowest: vec![0; len],
            on_stack: vec![false; len],
            stack: Vec::new(),
            count: 0,
            found: Vec::new(),
        };
        for root in 0..len {
            if search.reached[root] == 0 {
                search.search(root);
            }
        }
        search.found
    }

    /// Walks everything that `root` reaches and that was not reached yet.
    fn search(&mut self, root: usize) {
        self.enter(root);
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(&callee) = self.callees[node].get(*next) {
                *next += 1;
                if self.reached[callee] == 0 {
                    self.enter(callee);
                    path.push((callee, 0));
                } else if self.on_stack[callee] {
                    self.lowest[node] = self.lowest[node].min(self.reached[callee]);
                }
                continue;
            }
            path.pop();
            if let Some(&(caller, _)) = path.last() {
                self.lowest[caller] = self.lowest[caller].min(self.lowest[node]);
            }
            if self.lowest[node] == self.reached[node] {
                self.leave(node);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.count += 1;
        self.reached[node] = self.count;
        self.lowest[node] = self.count;
        self.on_stack[node] = true;
        self.stack.push(node);
    }

    /// Takes the component that began with `node` off the stack.
    fn leave(&mut self, node: usize) {
        let start = self.stack.iter().rposition(|on_stack| *on_stack == node).expect("it was entered and not left");
        let component = self.stack.split_off(start);
        for member in &component {
            self.on_stack[*member] = false;
        }
        self.found.push(component);
    }
}
