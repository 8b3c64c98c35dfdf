//! Checks seals against records, one seal at a time, and says where the first damage is.

use crate::key::{Key, MARK_BYTES, Record, Seal};

/// Where a log is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A record is not the one that was sealed.
    #[error("record {0} was changed")]
    Changed(i64),
    /// Records that were sealed are gone.
    #[error("records before {0} were taken out")]
    TakenOut(i64),
    /// Records at the end of a seal are gone.
    #[error("records up to {0} were taken out")]
    TakenOutUpTo(i64),
    /// A record was put in after sealing, or moved.
    #[error("record {0} was put in or moved")]
    PutIn(i64),
    /// A seal is missing.
    #[error("seal {0} is missing")]
    SealMissing(u64),
    /// A seal is not one this key made after the one before it.
    #[error("seal {0} was changed, or made without the key")]
    SealChanged(u64),
    /// The log ends before a head that was kept elsewhere.
    #[error("the log was cut or made anew: an anchor knows seal {0}")]
    Cut(u64),
    /// The log has another seal than a head that was kept elsewhere.
    #[error("the log was made anew: seal {0} is not the one an anchor knows")]
    Remade(u64),
}

/// The end of a log: what an anchor keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last seal.
    pub number: u64,
    /// Place of the last sealed record.
    pub last: i64,
    /// Sealed records in all.
    pub total: u64,
    /// The code of the last seal.
    pub mac: [u8; 32],
}

impl From<&Seal> for Head {
    fn from(seal: &Seal) -> Self {
        Self { number: seal.number, last: seal.last, total: seal.total, mac: seal.mac }
    }
}

/// Checks a log from its beginning.
#[derive(Debug)]
pub struct Verifier<'a> {
    key: &'a Key,
    workspace: &'a [u8],
    anchors: Vec<Head>,
    head: Option<Head>,
}

impl<'a> Verifier<'a> {
    /// At the beginning of a log.
    #[must_use]
    pub fn new(key: &'a Key, workspace: &'a [u8]) -> Self {
        Self { key, workspace, anchors: Vec::new(), head: None }
    }

    /// Heads that were kept elsewhere: the log must have had each of them.
    #[must_use]
    pub fn with_anchors(mut self, anchors: Vec<Head>) -> Self {
        self.anchors = anchors;
        self
    }

    /// Checks the next seal against the records from after the last one up to its own last.
    ///
    /// # Errors
    /// Says where the damage is.
    pub fn check(&mut self, seal: &Seal, records: &[Record<'_>]) -> Result<(), Broken> {
        let expected = self.head.map_or(0, |head| head.number).saturating_add(1);
        if seal.number != expected {
            return Err(Broken::SealMissing(expected));
        }
        let previous = self.head.as_ref().map(|head| &head.mac);
        let right = self.key.code_of(self.workspace, previous, seal) == seal.mac;
        let before = self.head.map_or(0, |head| head.total);
        let count = seal.marks.len().checked_div(MARK_BYTES).unwrap_or(0) as u64;
        if !right || before.checked_add(count) != Some(seal.total) {
            return Err(Broken::SealChanged(seal.number));
        }
        self.records(seal, records)?;
        let anchor = self.anchors.iter().find(|head| head.number == seal.number);
        if anchor.is_some_and(|head| *head != Head::from(seal)) {
            return Err(Broken::Remade(seal.number));
        }
        self.head = Some(Head::from(seal));
        Ok(())
    }

    fn records(&self, seal: &Seal, records: &[Record<'_>]) -> Result<(), Broken> {
        let mut marks = seal.marks.chunks_exact(MARK_BYTES);
        for (index, record) in records.iter().enumerate() {
            let mark = self.key.mark(record);
            let rest = marks.clone();
            match marks.next() {
                Some(sealed) if sealed == mark => {}
                None => return Err(Broken::PutIn(record.seq)),
                Some(sealed) => {
                    let later = |record: &Record<'_>| self.key.mark(record) == sealed;
                    if rest.skip(1).any(|other| other == mark) {
                        return Err(Broken::TakenOut(record.seq));
                    }
                    if records.iter().skip(index.saturating_add(1)).any(later) {
                        return Err(Broken::PutIn(record.seq));
                    }
                    return Err(Broken::Changed(record.seq));
                }
            }
        }
        match marks.next() {
            Some(_) => Err(Broken::TakenOutUpTo(seal.last)),
            None => Ok(()),
        }
    }

    /// Ends the check: every anchor must have been met.
    ///
    /// # Errors
    /// When the log ends before one.
    pub fn finish(self) -> Result<Option<Head>, Broken> {
        let reached = self.head.map_or(0, |head| head.number);
        match self.anchors.iter().find(|anchor| anchor.number > reached) {
            Some(anchor) => Err(Broken::Cut(anchor.number)),
            None => Ok(self.head),
        }
    }

    /// The end of what was checked.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        self.head
    }
}
