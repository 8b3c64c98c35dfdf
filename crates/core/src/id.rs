//! Ids: prefixed 128-bit newtypes.
//!
//! Rows and events carry UUIDv7 (time-ordered, so they index well); requests carry 128 random
//! bits, because knowing the id of one must not help to guess another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

/// The text is not an id of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an id like `{prefix}_` followed by 32 hex digits")]
pub struct BadId {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id with these 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes, as the store keeps them.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// A time-ordered id (UUIDv7, RFC 9562 section 5.7) from a time and random bytes.
            #[must_use]
            pub fn at(now: Timestamp, random: [u8; 16]) -> Self {
                Self(uuid_v7(now, random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(concat!($prefix, "_"))?;
                self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(parse_hex)
                    .map(Self)
                    .ok_or(BadId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A workspace; part of every key.
    WorkspaceId = "wsp";
    /// A person, an agent or a machine.
    PrincipalId = "usr";
    /// A run of an agent.
    RunId = "run";
    /// An action.
    ActionId = "act";
    /// A request: 128 random bits, never time-ordered.
    RequestId = "req";
    /// An event.
    EventId = "evt";
    /// A stop.
    StopId = "stop";
    /// A standing permission.
    GrantId = "grt";
}

fn uuid_v7(now: Timestamp, random: [u8; 16]) -> [u8; 16] {
    let millis = now.as_micros().max(0).cast_unsigned() / 1_000;
    let [_, _, m0, m1, m2, m3, m4, m5] = millis.to_be_bytes();
    let [_, _, _, _, _, _, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15] = random;
    let (version, variant) = (0x70 | (r6 & 0x0f), 0x80 | (r8 & 0x3f));
    [m0, m1, m2, m3, m4, m5, version, r7, variant, r9, r10, r11, r12, r13, r14, r15]
}

fn parse_hex(text: &str) -> Option<[u8; 16]> {
    let digits: &[u8; 32] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = hex_digit(*high)? << 4 | hex_digit(*low)?;
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let id = ActionId::at(Timestamp::from_micros(1_700_000_000_000_000), [0xab; 16]);
        assert_eq!(id.to_string(), "act_018bcfe568007babababababababab".to_owned() + "ab");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("act_018bcfe5".parse::<ActionId>().is_err());
        assert!(id.to_string().replace("act", "run").parse::<ActionId>().is_err());
        assert!(id.to_string().to_uppercase().parse::<ActionId>().is_err());
    }

    #[test]
    fn later_ids_sort_later() {
        let early = ActionId::at(Timestamp::from_micros(1_000_000), [0xff; 16]);
        let late = ActionId::at(Timestamp::from_micros(2_000_000), [0; 16]);
        assert!(early < late);
    }
}
