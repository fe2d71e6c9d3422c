#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rasteret_fuzz::stac::check(bytes));
