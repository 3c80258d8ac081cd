//! How much is tried.

/// Whether `LAWS_LONG` is set, as `scripts/laws.sh` does: more steps, sizes and combinations.
pub(crate) fn long() -> bool {
    std::env::var_os("LAWS_LONG").is_some()
}

/// The long figure or the short one.
pub(crate) fn effort<T>(short: T, long_run: T) -> T {
    if long() { long_run } else { short }
}
