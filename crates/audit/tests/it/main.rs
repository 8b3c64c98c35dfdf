//! Whatever is done to a sealed log without its key is found.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use holdshort_audit::{Broken, Head, Key, Record, Seal, Verifier};
use proptest::prelude::*;

const WORKSPACE: &[u8] = b"one";

/// A log in memory: records and the seals over them.
#[derive(Clone, Debug)]
struct Log {
    rows: Vec<(i64, Vec<u8>)>,
    seals: Vec<Seal>,
}

fn key() -> Key {
    Key::new(&[3; 32])
}

impl Log {
    fn of(texts: &[Vec<u8>], batch: usize, key: &Key) -> Self {
        let rows: Vec<(i64, Vec<u8>)> =
            texts.iter().enumerate().map(|(n, text)| (n as i64 * 2 + 1, text.clone())).collect();
        let mut seals: Vec<Seal> = Vec::new();
        for rows in rows.chunks(batch) {
            let seal = with(rows, |records| key.seal(WORKSPACE, seals.last(), records));
            seals.push(seal.unwrap());
        }
        Self { rows, seals }
    }

    fn verify(&self, anchors: Vec<Head>) -> Result<Option<Head>, Broken> {
        let key = key();
        let mut verifier = Verifier::new(&key, WORKSPACE).with_anchors(anchors);
        let mut after = i64::MIN;
        for seal in &self.seals {
            let within = |(seq, _): &&(i64, Vec<u8>)| *seq > after && *seq <= seal.last;
            let rows: Vec<_> = self.rows.iter().filter(within).cloned().collect();
            with(&rows, |records| verifier.check(seal, records))?;
            after = seal.last;
        }
        verifier.finish()
    }
}

fn with<T>(rows: &[(i64, Vec<u8>)], use_them: impl FnOnce(&[Record<'_>]) -> T) -> T {
    let fields: Vec<[&[u8]; 1]> = rows.iter().map(|(_, text)| [text.as_slice()]).collect();
    let records: Vec<Record<'_>> =
        rows.iter().zip(&fields).map(|((seq, _), fields)| Record { seq: *seq, fields }).collect();
    use_them(&records)
}

fn texts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 2..40)
}

proptest! {
    #[test]
    fn an_untouched_log_holds(texts in texts(), batch in 1_usize..9) {
        let log = Log::of(&texts, batch, &key());
        let head = log.verify(Vec::new()).unwrap().unwrap();
        prop_assert_eq!(head.total, texts.len() as u64);
        prop_assert!(log.verify(vec![head]).is_ok());
    }

    #[test]
    fn an_edit_is_named(texts in texts(), batch in 1_usize..9, at in any::<prop::sample::Index>()) {
        let mut log = Log::of(&texts, batch, &key());
        let row = at.index(log.rows.len());
        log.rows[row].1.push(b'!');
        prop_assert_eq!(log.verify(Vec::new()), Err(Broken::Changed(log.rows[row].0)));
    }

    #[test]
    fn a_cut_is_found(texts in texts(), batch in 1_usize..9, at in any::<prop::sample::Index>()) {
        let mut log = Log::of(&texts, batch, &key());
        let gone = log.rows.remove(at.index(log.rows.len())).0;
        let place = match log.verify(Vec::new()).unwrap_err() {
            Broken::TakenOut(seq) | Broken::TakenOutUpTo(seq) => seq,
            other => panic!("{other}"),
        };
        prop_assert!(place >= gone && place <= gone + 2 * batch as i64);
    }

    #[test]
    fn a_swap_is_found(texts in texts(), at in any::<prop::sample::Index>()) {
        let mut log = Log::of(&texts, 4, &key());
        let row = at.index(log.rows.len() - 1);
        prop_assume!(log.rows[row].1 != log.rows[row + 1].1);
        let (left, right) = (log.rows[row].1.clone(), log.rows[row + 1].1.clone());
        (log.rows[row].1, log.rows[row + 1].1) = (right, left);
        prop_assert_eq!(log.verify(Vec::new()), Err(Broken::Changed(log.rows[row].0)));
    }

    #[test]
    fn what_is_put_in_is_found(texts in texts(), at in any::<prop::sample::Index>()) {
        let mut log = Log::of(&texts, 4, &key());
        let row = at.index(log.rows.len());
        let seq = log.rows[row].0 - 1;
        log.rows.insert(row, (seq, b"new".to_vec()));
        prop_assert_eq!(log.verify(Vec::new()), Err(Broken::PutIn(seq)));
    }

    #[test]
    fn a_chain_made_without_the_key_is_found(texts in texts(), batch in 1_usize..9) {
        let mut log = Log::of(&texts, batch, &Key::new(&[4; 32]));
        prop_assert_eq!(log.verify(Vec::new()), Err(Broken::SealChanged(1)));
        log.seals.clear();
        let head = Log::of(&texts, batch, &key()).verify(Vec::new()).unwrap().unwrap();
        prop_assert_eq!(log.verify(vec![head]), Err(Broken::Cut(head.number)));
    }

    #[test]
    fn seals_are_neither_taken_out_nor_moved(texts in texts(), at in any::<prop::sample::Index>()) {
        let log = Log::of(&texts, 2, &key());
        prop_assume!(log.seals.len() > 2);
        let which = at.index(log.seals.len() - 1);
        let mut cut = log.clone();
        cut.seals.remove(which);
        prop_assert!(cut.verify(Vec::new()).is_err());
        let mut moved = log;
        moved.seals.swap(which, which + 1);
        prop_assert!(moved.verify(Vec::new()).is_err());
    }
}

#[test]
fn a_log_made_anew_with_the_key_does_not_pass_an_anchor() {
    let texts: Vec<Vec<u8>> = (0..6).map(|n| vec![n]).collect();
    let honest = Log::of(&texts, 2, &key());
    let kept = Head::from(&honest.seals[1]);
    let mut other = texts.clone();
    other[3] = b"rewritten".to_vec();
    let remade = Log::of(&other, 2, &key());
    assert!(remade.verify(Vec::new()).is_ok(), "whoever has the key can make a log");
    assert_eq!(remade.verify(vec![kept]), Err(Broken::Remade(2)));
    let shorter = Log::of(&texts[..2], 2, &key());
    assert_eq!(shorter.verify(vec![kept]), Err(Broken::Cut(2)));
}
