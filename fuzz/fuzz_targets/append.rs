#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stave_fuzz::run("append", bytes));
