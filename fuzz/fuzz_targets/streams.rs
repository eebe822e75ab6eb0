#![no_main]

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    bedrock_filter_fuzz::streams::mutate(data, size, max_size, seed)
});
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bedrock_filter_fuzz::streams::check(bytes));
