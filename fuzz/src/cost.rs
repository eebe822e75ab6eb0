//! Inputs of which a piece is repeated, once and twice as often: what is found here is cost, not a panic. (`tests/cost/` tries
//! what somebody thought of; here the fuzzer thinks.)

use super::allocation::{Cost, measured};
use super::subject::{Subject, run};

/// Separates what stands before the piece, the piece, and what stands behind it.
const BETWEEN: u8 = 0xff;
/// Within the piece: its number.
const NUMBER: u8 = 0xfe;
/// Bytes of the shorter input.
const BYTES: usize = 16 << 10;

/// What a byte may make us hold. The goal is 25; what is known to take more is in `tests/cost/known.txt`.
const HELD_PER_BYTE: usize = 1_500;
const HELD: usize = 256 << 10;
/// Twice the bytes may ask for so many tenths as much, where it is enough to tell.
const GROWTH: usize = 28;
const MUCH: usize = 2 << 20;

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";
const NOVA: &str = "us.amazon.nova-pro-v1:0";

const SUBJECTS: &[Subject] = &[
    Subject::Request("chat", CLAUDE),
    Subject::Request("chat", NOVA),
    Subject::Request("chat", "mistral.mistral-large-2407-v1:0"),
    Subject::Request("completions", CLAUDE),
    Subject::Request("messages", CLAUDE),
    Subject::Request("messages", NOVA),
    Subject::Chunks,
    Subject::Request("embeddings", "cohere.embed-english-v3"),
    Subject::Request("moderations", "guardrail"),
    Subject::Split("embeddings"),
    Subject::Reply("chat", CLAUDE),
    Subject::Reply("embeddings", "cohere.embed-english-v3"),
    Subject::Reply("moderations", "guardrail"),
    Subject::Stream { eighths: 8, piece: 1 },
    Subject::Stream { eighths: 7, piece: 50 },
    Subject::Native { events: true, eighths: 8, piece: 1 },
    Subject::Body,
    Subject::Error,
    Subject::Images,
    Subject::Configuration,
    Subject::Credentials,
    Subject::Discovery,
    Subject::Piece("embeddings"),
    Subject::Gathered,
    Subject::Told,
    Subject::Technique,
    Subject::Draft,
    Subject::Examples,
];

/// The first byte chooses who reads; the rest is what stands before, the piece that is repeated, and what stands behind.
pub fn check(bytes: &[u8]) {
    let [subject, rest @ ..] = bytes else { return };
    let subject = SUBJECTS[usize::from(*subject) % SUBJECTS.len()];
    let mut parts = rest.splitn(3, |byte| *byte == BETWEEN);
    let [before, piece, after] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    if piece.is_empty() {
        return;
    }
    let times = BYTES / piece.len() + 1;
    let input = |times: usize| {
        let pieces: Vec<u8> = (0..times).flat_map(|at| numbered(piece, at)).collect();
        [before, &pieces, after].concat()
    };
    let (one, two) = (input(times), input(times * 2));
    let less = measured(|| run(subject, &one));
    let more = measured(|| run(subject, &two));
    let Cost { total, peak, .. } = more;
    let most = HELD_PER_BYTE * two.len() + HELD;
    assert!(
        peak <= most as isize,
        "{subject:?}: {peak} bytes held for an input of {}, at most {most}",
        two.len()
    );
    assert!(
        total < MUCH || total * 10 <= less.total * GROWTH,
        "{subject:?}: {} bytes asked for by an input of {}, {total} by one of {}",
        less.total,
        one.len(),
        two.len()
    );
}

/// The piece with its number, which is always as long.
fn numbered(piece: &[u8], at: usize) -> Vec<u8> {
    let number = format!("{at:06}");
    let byte = |byte: &u8| if *byte == NUMBER { number.clone().into_bytes() } else { vec![*byte] };
    piece.iter().flat_map(byte).collect()
}
