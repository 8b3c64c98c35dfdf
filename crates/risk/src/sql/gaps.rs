//! Words that the parser does not know and that change nothing about what a statement does.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Word};

/// Leaves out what the parser would stumble over: `BETWEEN SYMMETRIC`, `EXCLUDE TIES`,
/// `GROUP BY DISTINCT`, `FOR NO KEY UPDATE`; spells `TABLE t` as the query it stands for.
pub(super) fn fill(tokens: Vec<Token>) -> Vec<Token> {
    let plain: Vec<Token> =
        tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    let mut out: Vec<Token> = Vec::with_capacity(plain.len());
    let mut at = 0;
    while let Some(token) = plain.get(at) {
        let word = |offset: usize| plain.get(at + offset).map_or("", keyword);
        let before = out.last().map_or("", keyword);
        let skip = match (before, word(0)) {
            ("BETWEEN", "SYMMETRIC" | "ASYMMETRIC") | ("BY", "DISTINCT" | "ALL") => 1,
            ("FOR", "NO") if word(1) == "KEY" => 2,
            ("FOR", "KEY") if word(1) == "SHARE" => 1,
            ("ROW" | "FOLLOWING" | "PRECEDING", "EXCLUDE") => match word(1) {
                "CURRENT" | "NO" => 3,
                "GROUP" | "TIES" => 2,
                _ => 0,
            },
            ("" | ";" | "(", "TABLE") => {
                out.extend([ours(Keyword::SELECT), Token::Mul, ours(Keyword::FROM)]);
                1
            }
            _ => 0,
        };
        if skip == 0 {
            out.push(token.clone());
        }
        at += skip.max(1);
    }
    out
}

/// A word that matters here, in upper case.
fn keyword(token: &Token) -> &'static str {
    const WORDS: &[&str] = &[
        "BETWEEN",
        "SYMMETRIC",
        "ASYMMETRIC",
        "BY",
        "DISTINCT",
        "ALL",
        "FOR",
        "NO",
        "KEY",
        "SHARE",
        "ROW",
        "FOLLOWING",
        "PRECEDING",
        "EXCLUDE",
        "CURRENT",
        "GROUP",
        "TIES",
        "TABLE",
    ];
    match token {
        Token::Word(word) if word.quote_style.is_none() => WORDS
            .iter()
            .find(|known| known.eq_ignore_ascii_case(&word.value))
            .copied()
            .unwrap_or("?"),
        Token::SemiColon => ";",
        Token::LParen => "(",
        _ => "?",
    }
}

fn ours(keyword: Keyword) -> Token {
    let value = if keyword == Keyword::SELECT { "SELECT" } else { "FROM" };
    Token::Word(Word { value: value.to_owned(), quote_style: None, keyword })
}

/// The text as databases read it that execute the comments of MySQL, which begin with `/*!`;
/// nothing where it holds none.
pub(super) fn executed_comments(text: &str) -> Option<String> {
    if !text.contains("/*!") && !text.contains("/*M!") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("/*") {
        let (before, comment) = rest.split_at_checked(at)?;
        out.push_str(before);
        let inside = comment.strip_prefix("/*!").or_else(|| comment.strip_prefix("/*M!"));
        let Some(inside) = inside else {
            out.push_str("/*");
            rest = comment.get(2..)?;
            continue;
        };
        let inside = inside.trim_start_matches(|char: char| char.is_ascii_digit());
        let end = inside.find("*/").unwrap_or(inside.len());
        out.push(' ');
        out.push_str(inside.get(..end)?);
        out.push(' ');
        rest = inside.get(end + 2..).unwrap_or_default();
    }
    out.push_str(rest);
    Some(out)
}
