//! Where a file can be read from its middle.

/// The most places that are kept; of more, every second one goes.
const MOST: usize = 8192;

/// The start of a record, and what came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its offset in the file.
    pub byte: u64,
    /// Its line.
    pub line: u64,
    /// Its number among the records of the file.
    pub record: u64,
    /// Rows before it; records that are left out are none.
    pub row: u64,
}

/// Some consecutive records of a file; all of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvPart {
    pub(super) from: Option<Place>,
    pub(super) to: Option<Place>,
}

/// Places at about the same distance from each other, in order; the first one is behind the header.
#[derive(Debug, Default)]
pub(super) struct Places {
    list: Vec<Place>,
    /// Every so many of the places told of is kept.
    stride: usize,
    told: usize,
}

impl Places {
    /// Takes the next one.
    pub fn push(&mut self, place: Place) {
        if self.told.is_multiple_of(self.stride.max(1)) {
            if self.list.len() == MOST {
                let mut even = false;
                self.list.retain(|_| {
                    even = !even;
                    even
                });
                self.stride = self.stride.max(1) * 2;
            }
            self.list.push(place);
        }
        self.told += 1;
    }

    /// The first one.
    pub fn first(&self) -> Option<Place> {
        self.list.first().copied()
    }

    /// At most `count` parts of a file of `size` bytes.
    pub fn parts(&self, count: usize, size: u64) -> Vec<CsvPart> {
        let Some(first) = self.list.first() else { return vec![CsvPart::default()] };
        let bytes = u128::from(size.saturating_sub(first.byte));
        let mut cuts = vec![*first];
        for part in 1..count {
            let offset = bytes * part as u128 / count as u128;
            let wanted = first.byte + u64::try_from(offset).unwrap_or(u64::MAX);
            let next = self.list.partition_point(|place| place.byte < wanted);
            cuts.extend(self.list.get(next));
        }
        cuts.dedup();
        let ends = cuts.iter().skip(1).copied().map(Some).chain([None]);
        cuts.iter().zip(ends).map(|(from, to)| CsvPart { from: Some(*from), to }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_places_stay_few_and_parts_are_even() {
        let mut places = Places::default();
        for at in 0..100_000 {
            places.push(Place { byte: at * 10 + 4, line: at + 2, record: at + 2, row: at });
        }
        assert!(places.list.len() <= MOST && places.list.len() > MOST / 4);
        let parts = places.parts(4, 1_000_004);
        assert_eq!(parts.len(), 4);
        assert_eq!(parts[0].from.map(|place| place.row), Some(0));
        assert_eq!(parts[3].to, None);
        for pair in parts.windows(2) {
            assert_eq!(pair[0].to, pair[1].from);
            let row = pair[1].from.map_or(0, |place| place.row);
            assert!(row % 25_000 < 32 || row % 25_000 > 24_968, "{row}");
        }
        assert_eq!(places.parts(1, 1_000_004).len(), 1);
        assert_eq!(places.parts(0, 1_000_004).len(), 1);
        assert_eq!(Places::default().parts(3, 0), [CsvPart::default()]);
    }
}
