//! A fast Bedrock that checks nothing. The model's id says what it answers, so that one process serves every row
//! of the benchmarks: `amazon.nova-bench-r1024` is a reply of 1,024 bytes of text, `amazon.nova-bench-e200-p2500` a stream of
//! 200 events 2.5 ms apart on average. `GET /first-byte` tells when the last stream's first byte was written, `GET /counts` how
//! much has been answered.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use bench_load::frames;
use bench_load::http::Head;
use socket2::{Domain, Socket, Type};

/// Connections that wait to be accepted. Envoy opens a thousand at once, and fails all waiting requests where one is not taken.
const BACKLOG: i32 = 4_096;

/// Nanoseconds since 1970 at which the last stream began.
static FIRST_BYTE: AtomicU64 = AtomicU64::new(0);
/// Whole answers that were written, but for counts.
static ANSWERS: AtomicU64 = AtomicU64::new(0);
/// Pieces of streams that were written: events, where there is a pause between them.
static PIECES: AtomicU64 = AtomicU64::new(0);
/// Streams that are being written.
static OPEN: AtomicU64 = AtomicU64::new(0);
/// Streams that had the place of their second event spread out.
static SPREAD: AtomicU64 = AtomicU64::new(0);

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = listen(port)?;
    println!("listening on http://{}", listener.local_addr()?);
    let answers = Arc::new(Answers::default());
    for stream in listener.incoming() {
        let (stream, answers) = (stream?, Arc::clone(&answers));
        thread::Builder::new().stack_size(256 << 10).spawn(move || {
            // An error means that the peer closed the connection.
            let _ = serve(&stream, &answers);
        })?;
    }
    Ok(())
}

/// As `TcpListener::bind`, which lets 128 connections wait.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn serve(mut stream: &TcpStream, answers: &Answers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut from = BufReader::with_capacity(128 << 10, stream);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    while let Some(head) = Head::read(&mut from)? {
        head.body(&mut from, |_| {})?;
        let asked = Asked::of(head.second());
        match answers.of(&asked).as_ref() {
            Answer::Whole(bytes) => {
                stream.write_all(bytes)?;
                ANSWERS.fetch_add(u64::from(asked.kind != Kind::Counts), Ordering::Relaxed);
            }
            Answer::Stream(parts) => {
                OPEN.fetch_add(1, Ordering::Relaxed);
                let written = write_parts(stream, parts, &asked, &mut random);
                OPEN.fetch_sub(1, Ordering::Relaxed);
                written?;
            }
        }
        if head.closes() {
            return Ok(());
        }
    }
    Ok(())
}

fn write_parts(mut stream: &TcpStream, parts: &[Vec<u8>], asked: &Asked, random: &mut u64) -> io::Result<()> {
    if asked.delay > 0 {
        thread::sleep(Duration::from_micros(asked.delay));
    }
    FIRST_BYTE.store(now(), Ordering::SeqCst);
    for (index, part) in parts.iter().enumerate() {
        let pause = match index {
            0 => 0,
            1 if asked.spread > 0 => part_of(asked.spread, SPREAD.fetch_add(1, Ordering::Relaxed)),
            _ if asked.pause > 0 => around(asked.pause, random),
            _ => 0,
        };
        if pause > 0 {
            thread::sleep(Duration::from_micros(pause));
        }
        stream.write_all(part)?;
        PIECES.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Another part of `whole` for each `number`, evenly spread: multiples of the golden ratio.
fn part_of(whole: u64, number: u64) -> u64 {
    let fraction = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    (whole.min(u64::from(u32::MAX)) * fraction) >> 32
}

/// A pause varied by up to a fifth, at random: 2 to 3 ms for 2.5 ms.
fn around(pause: u64, random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    pause * 4 / 5 + *random % (pause * 2 / 5).max(1)
}

fn now() -> u64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_nanos()).unwrap_or_default()
}

/// The answer that a request's path asks for.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Asked {
    kind: Kind,
    /// Bytes of text in a whole reply.
    reply: usize,
    /// Number of events in a stream.
    events: usize,
    /// Bytes of text in an event.
    text: usize,
    /// Pause between events, microseconds; 0 sends them all at once.
    pause: u64,
    /// Delay before the first event, microseconds.
    delay: u64,
    /// Before the second at most, microseconds, so that streams that are opened together do not go on together.
    spread: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kind {
    Health,
    FirstByte,
    Counts,
    Chat,
    ChatStream,
    Embedding,
    Unknown,
}

impl Asked {
    fn of(path: &str) -> Self {
        let (model, operation) = match path.strip_prefix("/model/").and_then(|rest| rest.split_once('/')) {
            Some((model, operation)) => (model, operation),
            None => ("", path),
        };
        let kind = match operation {
            "/health" => Kind::Health,
            "/first-byte" => Kind::FirstByte,
            "/counts" => Kind::Counts,
            "converse" => Kind::Chat,
            "converse-stream" => Kind::ChatStream,
            "invoke" => Kind::Embedding,
            _ => Kind::Unknown,
        };
        let mut asked = Self { kind, reply: 1_024, events: 200, text: 5, pause: 0, delay: 0, spread: 0 };
        for part in model.split('-') {
            let Some(letter) = part.chars().next() else { continue };
            let Some(number) = part.get(1..).and_then(|digits| digits.parse::<u64>().ok()) else { continue };
            let size = usize::try_from(number).unwrap_or_default();
            match letter {
                'r' => asked.reply = size,
                'e' => asked.events = size,
                't' => asked.text = size,
                'p' => asked.pause = number,
                'd' => asked.delay = number,
                's' => asked.spread = number,
                _ => {}
            }
        }
        asked
    }
}

/// Answers by what was asked, each made once.
#[derive(Default)]
struct Answers(Mutex<HashMap<Asked, Arc<Answer>>>);

enum Answer {
    Whole(Vec<u8>),
    /// A stream: the chunks, one write each.
    Stream(Vec<Vec<u8>>),
}

impl Answers {
    fn of(&self, asked: &Asked) -> Arc<Answer> {
        let make = || Arc::new(Answer::to(asked));
        match (self.0.lock(), &asked.kind) {
            (Ok(mut known), kind) if !matches!(kind, Kind::FirstByte | Kind::Counts) => {
                Arc::clone(known.entry(asked.clone()).or_insert_with(make))
            }
            _ => make(),
        }
    }
}

impl Answer {
    fn to(asked: &Asked) -> Self {
        match asked.kind {
            Kind::Health => whole("200 OK", "ok"),
            Kind::FirstByte => whole("200 OK", &FIRST_BYTE.load(Ordering::SeqCst).to_string()),
            Kind::Counts => whole("200 OK", &counts()),
            Kind::Chat => whole("200 OK", &converse(asked.reply)),
            Kind::Embedding => whole("200 OK", &embedding()),
            Kind::ChatStream => stream(asked),
            Kind::Unknown => {
                whole("404 Not Found", r#"{"message":"The benchmarks' upstream has no such path"}"#)
            }
        }
    }
}

const REQUEST_ID: &str = "x-amzn-requestid: 7f3c1a52-8d0e-4b9a-9a67-0c5d2e1f4b38";

fn whole(status: &str, body: &str) -> Answer {
    let length = body.len();
    Answer::Whole(
        format!(
            "HTTP/1.1 {status}\r\ndate: Mon, 02 Nov 2026 10:00:00 GMT\r\ncontent-type: application/json\r\n\
             {REQUEST_ID}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes(),
    )
}

fn counts() -> String {
    let [answers, pieces, open] = [&ANSWERS, &PIECES, &OPEN].map(|count| count.load(Ordering::Relaxed));
    format!(r#"{{"answers":{answers},"pieces":{pieces},"open":{open}}}"#)
}

/// A reply of Converse.
fn converse(text: usize) -> String {
    let text: String =
        "The quick brown fox jumps over the lazy dog.\\n".chars().cycle().take(text / 46 * 46).collect();
    format!(
        r#"{{"metrics":{{"latencyMs":512}},"output":{{"message":{{"content":[{{"text":"{text}"}}],"role":"assistant"}}}},"stopReason":"end_turn","usage":{{"inputTokens":230,"outputTokens":210,"totalTokens":440}}}}"#
    )
}

/// A reply of Titan Text Embeddings.
fn embedding() -> String {
    let numbers: Vec<String> =
        (0..256).map(|index| format!("{}", f64::from(index) / 1024.0 - 0.125)).collect();
    format!(r#"{{"embedding":[{}],"inputTextTokenCount":8}}"#, numbers.join(","))
}

fn stream(asked: &Asked) -> Answer {
    let head = format!(
        "HTTP/1.1 200 OK\r\ndate: Mon, 02 Nov 2026 10:00:00 GMT\r\n\
         content-type: application/vnd.amazon.eventstream\r\n{REQUEST_ID}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let mut parts: Vec<Vec<u8>> =
        frames::answer(asked.events, asked.text).iter().map(|frame| frames::chunk(frame)).collect();
    if let Some(first) = parts.first_mut() {
        first.splice(..0, head.into_bytes());
    }
    if let Some(last) = parts.last_mut() {
        last.extend_from_slice(b"0\r\n\r\n");
    }
    if asked.pause == 0 {
        parts = vec![parts.concat()];
    }
    Answer::Stream(parts)
}
