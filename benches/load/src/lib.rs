//! What both ends of the benchmarks share. Everything is blocking, a thread per connection: a pause is then as exact as
//! the kernel's timers, and there is nothing between the socket and the measurement.

pub mod frames;
pub mod http;
