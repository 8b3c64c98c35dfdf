//! Recognizes options however they are spelt.

use crate::words::items;

/// Whether `word` is `option`, glued to a value, in a cluster of letters, or cut short.
fn is_option(word: &str, option: &str) -> bool {
    let name = word.split('=').next().unwrap_or(word);
    if word == option || name == option {
        return true;
    }
    match (option.strip_prefix("--"), option.strip_prefix('-')) {
        (Some(_), _) => name.len() > 3 && name.starts_with("--") && option.starts_with(name),
        (None, Some(letter)) if letter.len() == 1 => {
            word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
        }
        _ => false,
    }
}

pub(crate) fn has_option(words: &[String], options: &str) -> bool {
    words.iter().any(|word| items(options).any(|option| is_option(word, option)))
}
