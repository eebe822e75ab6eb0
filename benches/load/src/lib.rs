//! Shared by the client and the upstream of the benchmarks. All I/O is blocking, one thread per connection: pauses are then as
//! exact as the kernel's timers.

pub mod frames;
pub mod http;
