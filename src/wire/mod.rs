//! What the wire types share on top of serde: strings and numbers that stay as they are written, values that may be one thing
//! or another, objects that keep the members nobody asked for, errors that name a place, and texts in pieces.
//!
//! All JSON is read by [`from_str`] and written by [`pieces`], [`to_vec`] or [`append`]: what stays as it is written
//! depends on both ends ([`Str`]).

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
