//! JSON: read by one pass over the text into the wire types, with strings borrowed from it, and written from them.
//!
//! A library would do. It is our own because reading and writing JSON is most of what a request costs, and half of the
//! module: nothing here is generic over who reads or writes, and runs of plain text are passed over by SIMD.

mod error;
mod lanes;
mod number;
mod object;
mod raw;
mod read;
mod reader;
mod scan;
mod string;
mod write;
mod writer;

pub use error::Error;
pub use number::Number;
pub(crate) use object::{answer, object};
pub use raw::{Raw, is_within_depth};
pub use read::{List, Members, NameOr, OneOrMany, Read, Unknown, from_slice, from_str, text};
pub use reader::{Kind, Reader};
pub use scan::has_none_below;
pub use string::Str;
pub use write::{Null, Write, to_string, to_vec};
pub use writer::{Object, Pieces, Writer};
