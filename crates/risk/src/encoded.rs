//! Shows what encoded parts of a command say, one level deep.

use holdshort_core::Phrase;

const NOTES_MAX: usize = 8;

/// Remarks on encoded text. Empty when there is none.
pub(crate) fn notes(text: &str) -> Vec<Phrase> {
    let lower = text.to_ascii_lowercase();
    let powershell =
        lower.contains("-enc") && lower.contains("powershell") || lower.contains("pwsh");
    let marks =
        ["base64", "frombase64string", "\\x", "b64decode", "atob(", "xxd -r", "openssl enc"];
    if !powershell && !marks.iter().any(|mark| lower.contains(mark)) {
        return Vec::new();
    }
    let mut notes = vec![Phrase::ours("encoded command")];
    let part = |char: char| !(char.is_ascii_alphanumeric() || "+/=-_".contains(char));
    for token in text.split(part).filter(|token| token.len() >= 8) {
        if notes.len() >= NOTES_MAX {
            break;
        }
        if let Some(decoded) = decode(token).and_then(readable) {
            notes.push(Phrase::ours("decodes to: ").theirs(decoded));
        }
    }
    notes
}

/// Base64, standard or for URLs, with or without padding.
fn decode(token: &str) -> Option<Vec<u8>> {
    let body = token.trim_end_matches('=');
    if body.len() % 4 == 1 || body.contains('=') {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 2);
    let mut bits: u32 = 0;
    let mut held = 0;
    for byte in body.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = ((bits << 6) | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(out)
}

/// Text a person can read: UTF-8, or UTF-16 as PowerShell takes it.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let fits = |text: &str| {
        !text.is_empty()
            && text.chars().all(|char| !char.is_control() || char == '\n' || char == '\t')
    };
    let wide: Vec<u16> = bytes
        .chunks_exact(2)
        .filter_map(|pair| <[u8; 2]>::try_from(pair).ok().map(u16::from_le_bytes))
        .collect();
    if let Ok(text) = String::from_utf8(bytes)
        && fits(&text)
    {
        return Some(text);
    }
    // Any pair of bytes is some letter, so only Latin text is taken for text.
    String::from_utf16(&wide).ok().filter(|text| text.is_ascii() && fits(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let notes: Vec<String> = notes(text).iter().map(|note| note.render().to_plain()).collect();
        assert_eq!(notes, expect, "{text}");
    }

    #[test]
    fn decodes_one_level() {
        check(
            "echo cm0gLXJmIC9kYXRh | base64 -d | sh",
            &["encoded command", "decodes to: rm -rf /data"],
        );
        check("powershell -enc cgBtACAAeAA=", &["encoded command", "decodes to: rm x"]);
        check("printf '\\x72\\x6d'", &["encoded command"]);
        check("echo cm0gLXJmIC9kYXRh", &[]);
    }
}
