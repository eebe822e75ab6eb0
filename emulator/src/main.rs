//! The Bedrock emulator.
fn main() {}
