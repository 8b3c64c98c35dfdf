//! Marks and seals: HMAC-SHA256 (RFC 2104) with two keys derived from one.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

type Code = Hmac<Sha256>;

/// Bytes of a record's mark: half of a code, as RFC 2104 section 5 allows.
pub const MARK_BYTES: usize = 16;

/// A record of the log: its place, and its fields as the bytes that are stored.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its place in the log; grows.
    pub seq: i64,
    /// Its fields.
    pub fields: &'a [&'a [u8]],
}

/// A seal over some records in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Its number, from 1.
    pub number: u64,
    /// Place of the first record.
    pub first: i64,
    /// Place of the last record.
    pub last: i64,
    /// Records in all seals up to this one.
    pub total: u64,
    /// One mark for each record, in order.
    pub marks: Vec<u8>,
    /// The code over this and the seal before it.
    pub mac: [u8; 32],
}

/// The key of a log. Keep it where the log is not.
#[derive(Clone)]
pub struct Key {
    marks: Code,
    seals: Code,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key(…)")
    }
}

fn code(key: &[u8; 32]) -> Code {
    // A key shorter than a block is padded with zeros (RFC 2104 section 2).
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(byte, from)| *byte = *from);
    <Code as KeyInit>::new(&block.into())
}

fn derive(key: &[u8; 32], purpose: &[u8]) -> Code {
    code(&code(key).chain_update(purpose).finalize().into_bytes().into())
}

fn add(code: &mut Code, field: &[u8]) {
    // The length goes first: two fields never read as one.
    code.update(&(field.len() as u64).to_be_bytes());
    code.update(field);
}

impl Key {
    /// The key with these bytes.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self {
            marks: derive(bytes, b"holdshort-audit-mark-v1"),
            seals: derive(bytes, b"holdshort-audit-seal-v1"),
        }
    }

    /// The mark of a record.
    #[must_use]
    pub fn mark(&self, record: &Record<'_>) -> [u8; MARK_BYTES] {
        let mut code = self.marks.clone();
        code.update(&record.seq.to_be_bytes());
        record.fields.iter().for_each(|field| add(&mut code, field));
        let whole = code.finalize().into_bytes();
        let mut mark = [0; MARK_BYTES];
        mark.iter_mut().zip(whole).for_each(|(byte, from)| *byte = from);
        mark
    }

    /// Seals records that follow those of `previous`; `None` for no records.
    #[must_use]
    pub fn seal(
        &self,
        workspace: &[u8],
        previous: Option<&Seal>,
        records: &[Record<'_>],
    ) -> Option<Seal> {
        let (first, last) = (records.first()?.seq, records.last()?.seq);
        let before = previous.map_or(0, |seal| seal.total);
        let mut seal = Seal {
            number: previous.map_or(0, |seal| seal.number).saturating_add(1),
            first,
            last,
            total: before.saturating_add(records.len() as u64),
            marks: records.iter().flat_map(|record| self.mark(record)).collect(),
            mac: [0; 32],
        };
        seal.mac = self.code_of(workspace, previous.map(|seal| &seal.mac), &seal);
        Some(seal)
    }

    pub(crate) fn code_of(
        &self,
        workspace: &[u8],
        previous: Option<&[u8; 32]>,
        seal: &Seal,
    ) -> [u8; 32] {
        let mut code = self.seals.clone();
        add(&mut code, workspace);
        code.update(&seal.number.to_be_bytes());
        code.update(&seal.first.to_be_bytes());
        code.update(&seal.last.to_be_bytes());
        code.update(&seal.total.to_be_bytes());
        code.update(previous.unwrap_or(&[0; 32]));
        add(&mut code, &seal.marks);
        code.finalize().into_bytes().into()
    }
}
