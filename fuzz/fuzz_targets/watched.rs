#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bedrock_filter_fuzz::watched::check(bytes));
