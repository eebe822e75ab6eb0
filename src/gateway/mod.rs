//! Routes, callers, rights, limits, models, and the images that are fetched: pure functions over a request.

pub mod attribution;
pub mod callers;
pub mod discovery;
pub mod handoff;
pub mod headers;
pub mod identities;
pub mod image_url;
pub mod images;
pub mod keys;
pub mod limits;
pub mod memory;
pub mod models;
mod names;
pub mod native;
pub mod networks;
pub mod regions;
pub mod route;
pub mod shape;
pub mod spent;
pub mod targets;
pub mod tasks;
