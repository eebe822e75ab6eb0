//! The basis of the wire types on top of serde: strings and numbers that keep their written form, values of alternative types,
//! objects that keep unknown members, errors that name a path, and output in parts.
//!
//! All JSON is parsed by [`from_str`] and its siblings, and written by [`pieces`], [`to_vec`] or [`append`]: strings that keep
//! their written form depend on both ends ([`Str`]).

mod budget;
mod depth;
mod error;
mod forms;
mod lossy;
mod number;
mod object;
mod pieces;
mod read;
mod text;

pub use budget::{MOST, at_most};
pub use depth::is_within_depth;
pub use error::Error;
pub(crate) use error::within;
pub use forms::{List, Members, NameOr, OneOrMany, Unknown};
pub(crate) use forms::{Name, keep};
pub use number::Number;
pub(crate) use object::object;
pub use pieces::{Pieces, append, pieces, raw_of, to_string, to_vec};
pub use read::{Raw, from_slice, from_str, object_from_slice, text};
pub use text::Str;
