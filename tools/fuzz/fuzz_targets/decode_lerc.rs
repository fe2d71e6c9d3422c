#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rasteret_fuzz::tile::check(34887, bytes));
