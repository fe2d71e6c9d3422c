//! Libraries that assert what a file says of itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs what may panic on damaged bytes; the message of the panic is the error.
pub(crate) fn unwinding<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        message.unwrap_or("it contradicts itself").to_owned()
    })
}
