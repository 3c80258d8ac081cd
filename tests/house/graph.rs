//! Circles in a graph.

use std::collections::{BTreeMap, BTreeSet};

/// A circle, if there is one: its nodes in order, the first one twice.
pub(crate) fn circle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|node| search(graph, node, &mut Vec::new(), &mut done))
}

fn search(
    graph: &BTreeMap<String, BTreeSet<String>>,
    node: &str,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(at) = path.iter().position(|other| other == node) {
        let mut circle = path[at..].to_vec();
        circle.push(node.to_owned());
        return Some(circle);
    }
    if done.contains(node) {
        return None;
    }
    path.push(node.to_owned());
    let found = graph.get(node).into_iter().flatten().find_map(|next| search(graph, next, path, done));
    path.pop();
    done.insert(node.to_owned());
    found
}
