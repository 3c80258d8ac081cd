//! Parses `key=value&key=value` into the options of a generator.

use std::str::FromStr;

use super::nearest::nearest;
use crate::error::DataError;

/// Options that can be set by `key=value`.
pub(crate) trait Options: Sized {
    /// The name of the generator.
    const NAME: &'static str;
    /// The option keys.
    const KEYS: &'static [&'static str];

    /// Sets one of [`Self::KEYS`].
    fn set(&mut self, key: &'static str, value: &str) -> Result<(), DataError>;

    /// The value of one of [`Self::KEYS`], in a form that [`Self::set`] parses back.
    fn get(&self, key: &'static str) -> String;

    /// Checks each option's range and the constraints between options.
    fn check(&self) -> Result<(), DataError>;
}

/// Sets the options in `text` one by one, then checks them all.
pub(crate) fn apply<T: Options>(mut options: T, text: &str) -> Result<T, DataError> {
    let mut seen: Vec<&'static str> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(&known) = T::KEYS.iter().find(|&&known| known == key) else {
            return Err(DataError::UnknownKey {
                generator: T::NAME,
                key: key.to_owned(),
                nearest: nearest(key, T::KEYS),
            });
        };
        if seen.contains(&known) {
            return Err(DataError::RepeatedKey { generator: T::NAME, key: key.to_owned() });
        }
        seen.push(known);
        options.set(known, value)?;
    }
    options.check()?;
    Ok(options)
}

/// `NAME?key=value&key=value` with every option, in a form that [`apply`] parses back.
pub(crate) fn describe<T: Options>(options: &T) -> String {
    let pairs: Vec<String> = T::KEYS.iter().map(|&key| format!("{key}={}", options.get(key))).collect();
    format!("{}?{}", T::NAME, pairs.join("&"))
}

/// Parses a number, or returns an error that names the option.
pub(crate) fn number<N: FromStr>(option: &'static str, value: &str, expected: &'static str) -> Result<N, DataError> {
    value.parse().map_err(|_| DataError::BadOption { option, value: format!("{value:?}"), expected })
}

/// Refuses `value` unless `allowed`.
pub(crate) fn require(
    allowed: bool,
    option: &'static str,
    value: impl ToString,
    expected: &'static str,
) -> Result<(), DataError> {
    if allowed {
        return Ok(());
    }
    Err(DataError::BadOption { option, value: value.to_string(), expected })
}
