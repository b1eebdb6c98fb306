//! Nodes to vertex numbers: by value for integers close together, by address where the adjacency
//! has the same objects as the nodes, else by a dictionary.
//!
//! A dictionary reads the object for its hash, its own entry and the number, each a miss of the
//! cache in a large graph; an address is found in one.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::super::plain::integer;

/// Places of integers that a table may have per node.
const SPREAD: usize = 8;
const NOBODY: u32 = u32::MAX;

/// The number of each node.
pub(super) struct Numbers<'py> {
    nodes: Bound<'py, PyList>,
    table: Table,
    addresses: Addresses,
    index: Option<Bound<'py, PyDict>>,
}

/// Numbers of nodes that are all integers.
enum Table {
    None,
    /// The nodes are 0..n-1, in this order.
    Identity(u32),
    /// The number of `low + i` stands at `i`.
    Places {
        low: i64,
        places: Vec<u32>,
    },
}

impl<'py> Numbers<'py> {
    pub fn new(nodes: &Bound<'py, PyList>) -> Self {
        let table = Table::new(nodes);
        let addresses = match table {
            Table::None => Addresses::new(nodes),
            _ => Addresses::default(),
        };
        Self { nodes: nodes.clone(), table, addresses, index: None }
    }

    /// The number of a node, if it is one. Code of the node's class may run, unless it is an integer.
    pub fn of(&mut self, key: Borrowed<'_, 'py, PyAny>) -> PyResult<Option<u32>> {
        if let Some(value) = integer(key) {
            let found = self.table.get(value);
            if found.is_some() {
                return Ok(found);
            }
        }
        if let Some(number) = self.addresses.get(key) {
            return Ok(Some(number));
        }
        let key = key.to_owned(); // the lookup may run code that lets go of it
        let index = self.index()?;
        match index.get_item(&key)? {
            None => Ok(None),
            Some(number) => Ok(Some(number.extract()?)),
        }
    }

    /// The dictionary, if there was a need for it.
    pub fn into_index(self) -> Option<Bound<'py, PyDict>> {
        self.index
    }

    fn index(&mut self) -> PyResult<&Bound<'py, PyDict>> {
        let index = if let Some(index) = self.index.take() {
            index
        } else {
            let made = PyDict::new(self.nodes.py());
            for (number, node) in self.nodes.iter().enumerate() {
                made.set_item(node, number)?;
            }
            made
        };
        Ok(self.index.insert(index))
    }
}

/// Addresses of the nodes, which the list keeps alive, in an open table at most half full.
#[derive(Default)]
struct Addresses {
    /// Address and number; address 0 is nobody.
    slots: Vec<(usize, u32)>,
    shift: u32,
    /// Objects that were not found less those that were; beyond a bound nobody looks any more.
    misses: usize,
}

impl Addresses {
    fn new(nodes: &Bound<'_, PyList>) -> Self {
        let n = nodes.len();
        if n >= NOBODY as usize {
            return Self::default();
        }
        let size = (2 * n).next_power_of_two().max(2);
        let mut made =
            Self { slots: vec![(0, 0); size], shift: u64::BITS - size.trailing_zeros(), misses: 0 };
        for (number, node) in nodes.iter().enumerate() {
            let address = node.as_ptr() as usize;
            let mut slot = made.first(address);
            while made.slots[slot].0 != 0 {
                slot = (slot + 1) & (size - 1);
            }
            made.slots[slot] = (address, number as u32);
        }
        made
    }

    fn get(&mut self, key: Borrowed<'_, '_, PyAny>) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let address = key.as_ptr() as usize;
        let mut slot = self.first(address);
        loop {
            match self.slots[slot] {
                (0, _) => break,
                (found, number) if found == address => {
                    self.misses = self.misses.saturating_sub(1);
                    return Some(number);
                }
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
        self.misses += 1;
        if self.misses > self.slots.len() {
            self.slots = Vec::new(); // equal objects, not the same: looking costs, and finds little
        }
        None
    }

    /// Where the search for an address starts: the high bits of a product, since the low ones of
    /// addresses are alike.
    fn first(&self, address: usize) -> usize {
        ((address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }
}

impl Table {
    fn new(nodes: &Bound<'_, PyList>) -> Self {
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes.iter() {
            let Some(value) = integer(node.as_borrowed()) else { return Self::None };
            values.push(value);
        }
        let n = values.len();
        if n >= NOBODY as usize {
            return Self::None;
        }
        if values.iter().enumerate().all(|(place, &value)| value == place as i64) {
            return Self::Identity(n as u32);
        }
        let (Some(&low), Some(&high)) = (values.iter().min(), values.iter().max()) else {
            return Self::None;
        };
        let width = high.checked_sub(low).and_then(|width| usize::try_from(width).ok());
        let Some(width) = width.filter(|&width| width < SPREAD * n) else { return Self::None };
        let mut places = vec![NOBODY; width + 1];
        for (number, value) in values.into_iter().enumerate() {
            places[(value - low) as usize] = number as u32;
        }
        Self::Places { low, places }
    }

    fn get(&self, value: i64) -> Option<u32> {
        match self {
            Self::None => None,
            Self::Identity(n) => u32::try_from(value).ok().filter(|number| number < n),
            Self::Places { low, places } => {
                let place = usize::try_from(value.checked_sub(*low)?).ok()?;
                places.get(place).copied().filter(|&number| number != NOBODY)
            }
        }
    }
}
