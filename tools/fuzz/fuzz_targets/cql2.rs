#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| rasteret_fuzz::cql2::check(text));
