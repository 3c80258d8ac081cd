//! A column within a row group.

use super::hybrid::Hybrid;
use super::leaf::Leaf;
use super::page::{self, Content, Header};
use super::values::{Encoded, Scratch, dictionary};
use crate::columnar::{Codec, Outcome, Part, Values, bad};

/// A page of values: its bytes after decompression, and what is read of them next.
#[derive(Debug)]
struct Page {
    bytes: Vec<u8>,
    /// Whether each value is there; `None` if all are.
    levels: Option<Hybrid>,
    values: Encoded,
    left: usize,
}

/// The values of a column chunk, read forwards.
#[derive(Debug)]
pub(super) struct ColumnChunk {
    leaf: Leaf,
    codec: Codec,
    part: Part,
    dictionary: Option<Values>,
    /// Bytes of memory that the dictionary takes.
    dictionary_bytes: u64,
    page: Option<Page>,
    /// Values that have not been read.
    left: usize,
    /// The bytes of the last page as they were stored.
    stored: Vec<u8>,
    scratch: Scratch,
}

impl ColumnChunk {
    /// `values` values in `part`, which starts at a page.
    pub(super) fn new(leaf: Leaf, codec: Codec, part: Part, values: usize) -> Self {
        let (stored, scratch) = (Vec::new(), Scratch::default());
        Self { leaf, codec, part, dictionary: None, dictionary_bytes: 0, page: None, left: values, stored, scratch }
    }

    /// No values, of the type that the column has.
    pub(super) fn empty(&self) -> Values {
        self.leaf.empty()
    }

    /// Bytes of memory that are held: the page, before and after decompression, and the dictionary.
    pub(super) fn held(&self) -> u64 {
        let page = self.page.as_ref().map_or(0, |page| page.bytes.capacity());
        (page + self.stored.capacity()) as u64 + self.dictionary_bytes
    }

    /// Appends the next `count` values.
    pub(super) fn read(&mut self, count: usize, values: &mut Values) -> Outcome<()> {
        let mut wanted = count;
        while wanted > 0 {
            let Some(page) = self.page.as_mut().filter(|page| page.left > 0) else {
                self.next_page()?;
                continue;
            };
            let now = wanted.min(page.left);
            let Page { bytes, levels, values: encoded, .. } = page;
            let (first, scratch, known) = (values.len(), &mut self.scratch, self.dictionary.as_ref());
            let mut there = now;
            if let Some(levels) = levels {
                scratch.present.clear();
                levels.next(bytes, now, |level| scratch.present.push(level == 1))?;
                there = scratch.present.iter().filter(|&&present| present).count();
            }
            encoded.next(self.leaf, bytes, known, there, (scratch, values))?;
            if there < now {
                values.spread(first, &self.scratch.present);
            }
            page.left -= now;
            self.left -= now;
            wanted -= now;
        }
        Ok(())
    }

    /// Goes on to the next page of values.
    fn next_page(&mut self) -> Outcome<()> {
        // The allocation of the last page is used again.
        let mut bytes = self.page.take().map(|page| page.bytes).unwrap_or_default();
        loop {
            if self.part.left() == 0 {
                return bad(format!("a column of a row group lacks {} values", self.left));
            }
            let header = Header::read(&mut self.part)?;
            match header.content {
                Content::Other => self.part.skip(header.stored),
                Content::Dictionary => {
                    if self.dictionary.is_some() || !matches!(header.encoding, 0 | 2) {
                        return bad("a second dictionary, or one that is not plain");
                    }
                    page::read(&header, &mut self.part, self.codec, &mut self.stored, &mut bytes)?;
                    let values = dictionary(self.leaf, &bytes, header.values)?;
                    self.dictionary_bytes = values.bytes();
                    self.dictionary = Some(values);
                }
                Content::Values | Content::Values2 { .. } => {
                    if header.values > self.left {
                        return bad(format!("a page of {} values, {} are left", header.values, self.left));
                    }
                    page::read(&header, &mut self.part, self.codec, &mut self.stored, &mut bytes)?;
                    if header.values > 0 {
                        self.page = Some(self.open(&header, bytes)?);
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Finds the parts of a page.
    fn open(&self, header: &Header, bytes: Vec<u8>) -> Outcome<Page> {
        let (mut at, mut levels) = (0, None);
        if let Content::Values2 { levels: length, .. } = header.content {
            levels = self.leaf.optional.then(|| Hybrid::new(0, length, 1)).transpose()?;
            at = length;
        } else if self.leaf.optional {
            if header.level_encoding != 3 {
                return bad(format!("definition levels in encoding {}", header.level_encoding));
            }
            let Some(&length) = bytes.first_chunk::<4>() else { return bad("a page ends early") };
            let end = 4_usize.checked_add(u32::from_le_bytes(length) as usize).filter(|&end| end <= bytes.len());
            let Some(end) = end else { return bad("a page ends early") };
            levels = Some(Hybrid::new(4, end, 1)?);
            at = end;
        }
        // A page of nulls may hold no values, not even a header of them.
        let values = if at >= bytes.len() && levels.is_some() {
            Encoded::Plain { at }
        } else {
            Encoded::new(header.encoding, self.leaf, &bytes, at, header.values)?
        };
        Ok(Page { bytes, levels, values, left: header.values })
    }
}
