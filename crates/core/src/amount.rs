//! Amounts: exact decimals with a currency.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of money, exact.
///
/// ```
/// use holdshort_core::Amount;
/// let a: Amount = "0.10 USD".parse().unwrap();
/// let b: Amount = "0.20 usd".parse().unwrap();
/// assert_eq!(a.plus(&b).unwrap().to_string(), "0.30 USD");
/// assert!("ten USD".parse::<Amount>().is_err());
/// assert!(a.plus(&"1 EUR".parse().unwrap()).is_none(), "currencies do not mix");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    number: Decimal,
    currency: String,
}

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is written like `5.00 USD`: a decimal, a blank, three letters of a currency")]
pub struct BadAmount;

impl Amount {
    /// An amount from its two parts.
    ///
    /// # Errors
    /// When the number is not a plain decimal, is negative, or the currency is not three letters.
    pub fn new(number: &str, currency: &str) -> Result<Self, BadAmount> {
        let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number = Decimal::from_str_exact(number).map_err(|_| BadAmount)?;
        let letters = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_alphabetic());
        if !plain || !letters || number.is_sign_negative() {
            return Err(BadAmount);
        }
        Ok(Self { number, currency: currency.to_ascii_uppercase() })
    }

    /// The currency, three capital letters.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// The number, for comparing within one currency.
    #[must_use]
    pub fn number(&self) -> Decimal {
        self.number
    }

    /// The sum; `None` for two currencies, or when it is too large to be exact.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        let number = self.number.checked_add(other.number)?;
        Some(Self { number, currency: self.currency.clone() })
    }

    /// The difference, never below nothing; `None` for two currencies.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        let number = self.number.checked_sub(other.number)?.max(Decimal::ZERO);
        Some(Self { number, currency: self.currency.clone() })
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.number, self.currency)
    }
}

impl FromStr for Amount {
    type Err = BadAmount;

    fn from_str(text: &str) -> Result<Self, BadAmount> {
        let (number, currency) = text.trim().split_once(' ').ok_or(BadAmount)?;
        Self::new(number, currency.trim())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
