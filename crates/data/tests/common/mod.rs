//! What the tests of this crate share.

use std::fmt::Display;
use std::io::Write;

/// Says that a test had nothing to test, past the harness, which shows the words of failing tests only.
pub(crate) fn skipped(reason: impl Display) {
    let _ = writeln!(std::io::stderr(), "\nskipped: {reason}");
}
