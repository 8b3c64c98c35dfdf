//! Digests: what exactly is approved, and what exactly a person saw.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::id::{RequestId, WorkspaceId};

/// A SHA-256 digest; shown as `sha256:` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

/// The text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `sha256:` followed by 64 hex digits")]
pub struct BadDigest;

impl Digest {
    /// SHA-256 over the parts, each preceded by its length, so that no two lists of parts share
    /// a digest. The first part is a tag that names use and version.
    ///
    /// ```
    /// use holdshort_core::Digest;
    /// assert_ne!(Digest::of("t", &[b"ab", b"c"]), Digest::of("t", &[b"a", b"bc"]));
    /// ```
    #[must_use]
    pub fn of(tag: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(tag.as_bytes()).chain(parts.iter().copied()) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The digest with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest of a call, stable over retries: tool identity, canonical arguments, the place
    /// it runs in and whatever it is pinned to.
    #[must_use]
    pub fn of_call(workspace: WorkspaceId, parts: &CallParts<'_>) -> Self {
        Self::of(
            "holdshort-call-v1",
            &[
                workspace.as_bytes(),
                parts.server.as_bytes(),
                parts.tool.as_bytes(),
                parts.arguments.as_bytes(),
                parts.cwd.as_bytes(),
                parts.env_names.as_bytes(),
                parts.definition.as_bytes(),
                parts.pins.as_bytes(),
            ],
        )
    }

    /// What a person sees, signs and quotes: the call, in this one request. The salt keeps short
    /// arguments from being guessed from it.
    #[must_use]
    pub fn binding(call: Digest, request: RequestId, salt: [u8; 16]) -> Self {
        Self::of("holdshort-binding-v1", &[&call.0, request.as_bytes(), &salt])
    }
}

/// What makes a call this call. All texts are canonical JSON, or empty where absent.
#[derive(Clone, Copy, Debug)]
pub struct CallParts<'a> {
    /// Server or namespace of the tool.
    pub server: &'a str,
    /// Name of the tool.
    pub tool: &'a str,
    /// Canonical arguments.
    pub arguments: &'a str,
    /// Working directory.
    pub cwd: &'a str,
    /// Names of environment variables.
    pub env_names: &'a str,
    /// The tool's definition (description, schema, annotations).
    pub definition: &'a str,
    /// Hashes and versions named by the adapter.
    pub pins: &'a str,
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let hex = text.strip_prefix("sha256:").ok_or(BadDigest)?;
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if hex.len() != 64 || !hex.bytes().all(lower) {
            return Err(BadDigest);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| BadDigest)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| BadDigest)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: [u8; 16] = [1; 16];

    fn parts() -> CallParts<'static> {
        CallParts {
            server: "s",
            tool: "t",
            arguments: "{}",
            cwd: "/",
            env_names: "[]",
            definition: "d",
            pins: "{}",
        }
    }

    #[test]
    fn every_part_changes_the_digest() {
        let of = |parts: CallParts<'_>| Digest::of_call(WorkspaceId::from_bytes(WORKSPACE), &parts);
        let base = of(parts());
        let changed = [
            of(CallParts { server: "x", ..parts() }),
            of(CallParts { tool: "x", ..parts() }),
            of(CallParts { arguments: "{ }", ..parts() }),
            of(CallParts { cwd: "/x", ..parts() }),
            of(CallParts { env_names: "[1]", ..parts() }),
            of(CallParts { definition: "x", ..parts() }),
            of(CallParts { pins: "x", ..parts() }),
            Digest::of_call(WorkspaceId::from_bytes([2; 16]), &parts()),
        ];
        assert!(changed.iter().all(|digest| *digest != base));
    }

    #[test]
    fn a_binding_is_for_one_request() {
        let call = Digest::of("x", &[]);
        let one = Digest::binding(call, RequestId::from_bytes([1; 16]), [0; 16]);
        assert_ne!(one, Digest::binding(call, RequestId::from_bytes([2; 16]), [0; 16]));
        assert_ne!(one, Digest::binding(call, RequestId::from_bytes([1; 16]), [9; 16]));
        assert_eq!(one.to_string().parse(), Ok(one));
        assert!("sha256:+1".parse::<Digest>().is_err());
    }
}
