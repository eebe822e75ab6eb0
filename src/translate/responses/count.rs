//! `POST responses/input_tokens` ⇄ CountTokens.

use crate::bedrock::count_tokens;
use crate::openai::Error;
use crate::openai::responses::event::{Value, object};
use crate::translate::errors::no_answer;
use crate::wire;

/// Translates the body of a 200.
///
/// # Errors
/// 502 where it has no token count.
pub(in crate::translate) fn counted(body: &[u8]) -> Result<Vec<u8>, Error> {
    let count_tokens::Reply { input_tokens } =
        wire::object_from_slice(body).map_err(|_| no_answer("Bedrock's reply could not be read."))?;
    let tokens = input_tokens.ok_or_else(|| no_answer("Bedrock's reply counts no tokens."))?;
    let mut out = Vec::new();
    let members = [("object", Value::Text("response.input_tokens")), ("input_tokens", Value::Number(tokens))];
    object(&mut out, &members);
    Ok(out)
}
