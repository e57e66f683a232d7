//! What the user has changed of single lanes since a batch began: it goes before what their starts bring.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::method::{Bounds, Limits, Tolerances};

/// Changes by lane number; of most lanes there are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Changes {
    lanes: BTreeMap<usize, Change>,
}

/// What is other of one lane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Its start.
    pub(crate) point: Option<Vec<f64>>,
    pub(crate) parameters: Option<Vec<f64>>,
    /// Bounds of its own, in the place of those that the starts bring.
    pub(crate) bounds: Option<Bounds>,
    pub(crate) tolerances: Option<Tolerances>,
    pub(crate) limits: Option<Limits>,
}

impl Changes {
    /// Those of one lane, if there are any.
    pub(crate) fn of(&self, lane: usize) -> Option<&Change> {
        self.lanes.get(&lane)
    }

    /// All of them, by lane.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Change)> {
        self.lanes.iter().map(|(&lane, change)| (lane, change))
    }

    /// Those of one lane, to be changed.
    pub(crate) fn edit(&mut self, lane: usize) -> &mut Change {
        self.lanes.entry(lane).or_default()
    }

    /// Whether a lane has bounds that bound something.
    pub(crate) fn has_bounds(&self) -> bool {
        self.lanes.values().filter_map(|change| change.bounds.as_ref()).any(Bounds::binds)
    }
}
