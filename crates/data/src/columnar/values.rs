//! Decoded values of a column.

use super::problem::{Outcome, bad};

/// The longest name of a row, bytes.
const LONGEST_NAME: u64 = 1 << 12;

/// The values, one for each row; that of a null is unspecified.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Real(Vec<f64>),
    Whole(Vec<i128>),
    Text(Vec<String>),
}

/// Consecutive values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Values {
    pub(crate) data: Data,
    /// The places without a value, ascending.
    pub(crate) nulls: Vec<usize>,
}

macro_rules! each {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            Data::Real($values) => $body,
            Data::Whole($values) => $body,
            Data::Text($values) => $body,
        }
    };
}

/// Appends the little-endian numbers of a type, of which there are whole ones, each converted.
macro_rules! append {
    ($values:ident, $bytes:expr, $type:ty, $convert:expr) => {
        $values.extend($bytes.as_chunks().0.iter().map(|&word| ($convert)(<$type>::from_le_bytes(word))))
    };
}
pub(crate) use append;

/// Refuses the name of a row that is too long.
pub(crate) fn check_name(length: u64) -> Outcome<()> {
    if length > LONGEST_NAME {
        return bad(format!("a row name of {length} bytes, at most {LONGEST_NAME} are read"));
    }
    Ok(())
}

impl Data {
    pub(crate) fn len(&self) -> usize {
        each!(self, values => values.len())
    }
}

impl Values {
    pub(crate) fn new(data: Data) -> Self {
        Self { data, nulls: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    /// Bytes of memory that the values take.
    pub(crate) fn bytes(&self) -> u64 {
        let own = each!(&self.data, values => size_of_val(&values[..]));
        let text = match &self.data {
            Data::Text(texts) => texts.iter().map(String::len).sum(),
            _ => 0,
        };
        (own + text + size_of_val(&self.nulls[..])) as u64
    }

    /// Removes all values. Their allocation is kept if `empty`, which is, has the same type.
    pub(crate) fn restart(&mut self, empty: Self) {
        if std::mem::discriminant(&self.data) == std::mem::discriminant(&empty.data) {
            self.nulls.clear();
            each!(&mut self.data, values => values.clear());
        } else {
            *self = empty;
        }
    }

    /// Appends a text.
    pub(crate) fn push_text(&mut self, bytes: &[u8]) -> Outcome<()> {
        check_name(bytes.len() as u64)?;
        match (&mut self.data, std::str::from_utf8(bytes)) {
            (Data::Text(texts), Ok(text)) => texts.push(text.to_owned()),
            (Data::Text(_), Err(_)) => return bad("a text that is not UTF-8"),
            _ => return bad("values of another type"),
        }
        Ok(())
    }

    /// Appends a null.
    pub(crate) fn push_null(&mut self) {
        self.nulls.push(self.len());
        each!(&mut self.data, values => values.push(Default::default()));
    }

    /// Appends the values at these places of a dictionary.
    pub(crate) fn gather(&mut self, dictionary: &Self, places: impl Iterator<Item = u64>) -> Outcome<()> {
        macro_rules! gather {
            ($values:ident, $known:ident) => {
                for place in places {
                    let known = usize::try_from(place).ok().filter(|&place| place < $known.len());
                    let Some(place) = known else {
                        return bad(format!("value {place} of a dictionary of {}", $known.len()));
                    };
                    if dictionary.nulls.binary_search(&place).is_ok() {
                        self.nulls.push($values.len());
                    }
                    $values.push($known[place].clone());
                }
            };
        }
        match (&mut self.data, &dictionary.data) {
            (Data::Real(values), Data::Real(known)) => gather!(values, known),
            (Data::Whole(values), Data::Whole(known)) => gather!(values, known),
            (Data::Text(values), Data::Text(known)) => gather!(values, known),
            _ => return bad("a dictionary of another type"),
        }
        Ok(())
    }

    /// Appends those of another list of the same type.
    pub(crate) fn append(&mut self, mut other: Self) -> Outcome<()> {
        let before = self.len();
        self.nulls.extend(other.nulls.iter().map(|null| before + null));
        match (&mut self.data, &mut other.data) {
            (Data::Real(values), Data::Real(more)) => values.append(more),
            (Data::Whole(values), Data::Whole(more)) => values.append(more),
            (Data::Text(values), Data::Text(more)) => values.append(more),
            _ => return bad("a dictionary of another type"),
        }
        Ok(())
    }

    /// Moves the last values apart, so that those that are `present` stand where they belong and the
    /// others are null. As many of the flags are true as there are values from `first` on.
    pub(crate) fn spread(&mut self, first: usize, present: &[bool]) {
        let nulls = &mut self.nulls;
        each!(&mut self.data, values => {
            let packed = values.split_off(first);
            let mut packed = packed.into_iter();
            for &present in present {
                if !present {
                    nulls.push(values.len());
                }
                values.push(if present { packed.next().unwrap_or_default() } else { Default::default() });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_are_spread_around_nulls() {
        let mut values = Values::new(Data::Whole(vec![7, 1, 2]));
        values.spread(1, &[false, true, false, true, false]);
        assert_eq!(values.data, Data::Whole(vec![7, 0, 1, 0, 2, 0]));
        assert_eq!(values.nulls, [1, 3, 5]);
        values.restart(Values::new(Data::Whole(Vec::new())));
        assert_eq!((values.len(), values.nulls.len()), (0, 0));
    }

    #[test]
    fn a_dictionary_is_looked_up_and_its_nulls_are_nulls() {
        let dictionary = Values { data: Data::Real(vec![0.5, 1.5, 0.0]), nulls: vec![2] };
        let mut values = Values::new(Data::Real(vec![]));
        values.gather(&dictionary, [1, 2, 0].into_iter()).unwrap();
        assert_eq!((values.data.clone(), &values.nulls[..]), (Data::Real(vec![1.5, 0.0, 0.5]), &[1][..]));
        assert!(values.gather(&dictionary, [3].into_iter()).is_err());
        assert!(values.gather(&dictionary, [u64::MAX].into_iter()).is_err());
        assert!(Values::new(Data::Text(vec![])).gather(&dictionary, [0].into_iter()).is_err());
        let more = values.clone();
        values.append(more).unwrap();
        assert_eq!((values.len(), &values.nulls[..]), (6, &[1, 4][..]));
    }
}
