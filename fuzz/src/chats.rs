//! Chats that clients might send, made of the fuzzer's choices, and the same with a piece of it replaced.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::chat::Headers;

use super::generate::{self, MODELS};
use super::random::Random;
use super::requests::options;
use super::{judge, schemas};

pub fn check(bytes: &[u8]) {
    let mut random = Random::of(bytes);
    let model = random.pick(MODELS);
    let options = options(random.below(256) as u8);
    let is_strict = options != requests_default();
    let changes = random.below(4);
    let references = random.once_in(4);
    let mut request = generate::request(&mut random);
    for _ in 0..changes {
        generate::mutate(&mut random, &mut request);
    }
    if references {
        schemas::put_into(&mut random, &mut request);
    }
    let result = judge::request(
        Endpoint::ChatCompletions,
        model,
        request.to_string().as_bytes(),
        &Headers::default(),
        &options,
    );
    if let (Err(error), false, 0, false) = (result, is_strict, changes, references) {
        panic!("{model}: a good request is refused: {error:?}: {request}");
    }
}

/// What refuses nothing that is not wrong.
fn requests_default() -> bedrock_filter::translate::Options {
    options(0)
}
