//! A keyed chain over a log: finds every edit, cut, swap and re-chain, and names the place.
//!
//! Records are sealed in batches, in order. A seal holds one mark per record and a code over
//! itself and the seal before it, both made with a key that is not kept where the log is. Whoever
//! changes the log without the key is found; whoever holds the key as well is found by a head
//! that was kept somewhere else (an anchor). Nothing here does I/O.
//!
//! ```
//! use holdshort_audit::{Key, Record, Verifier};
//! let key = Key::new(&[7; 32]);
//! let log = [Record { seq: 1, fields: &[b"asked"] }, Record { seq: 2, fields: &[b"denied"] }];
//! let seal = key.seal(b"workspace", None, &log).unwrap();
//!
//! let mut verifier = Verifier::new(&key, b"workspace");
//! verifier.check(&seal, &log).unwrap();
//! assert_eq!(verifier.head().unwrap().total, 2);
//!
//! let edited = [Record { seq: 1, fields: &[b"asked"] }, Record { seq: 2, fields: &[b"allowed"] }];
//! let broken = Verifier::new(&key, b"workspace").check(&seal, &edited).unwrap_err();
//! assert_eq!(broken.to_string(), "record 2 was changed");
//! ```

mod key;
mod verify;

pub use key::{Key, MARK_BYTES, Record, Seal};
pub use verify::{Broken, Head, Verifier};
