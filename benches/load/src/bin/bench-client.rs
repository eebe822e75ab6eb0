//! Sends the requests of a plan and prints the results, one line of JSON each. It does what load generators do not: counts
//! requests to the last one, checks how streams end, mixes requests, times first bytes, holds streams open.

use std::fs;
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use bench_load::http::Head;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// The server to connect to.
    address: SocketAddr,
    /// The requests, sent in turn, each as often as its weight.
    requests: Vec<Request>,
    /// Connections at a time.
    connections: usize,
    /// Most requests in all.
    count: usize,
    /// No request begins after this many seconds; those under way are waited for.
    seconds: Option<f64>,
    /// Between the beginnings of connections, microseconds.
    ramp: Option<u64>,
    /// The upstream to ask when it wrote a stream's first byte.
    clock: Option<SocketAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    weight: usize,
    /// The expected status.
    status: String,
    /// How the response's body must end.
    end: String,
}

/// A request's bytes, and the response that is expected.
struct Ready {
    bytes: Vec<u8>,
    status: String,
    end: String,
}

#[derive(Default)]
struct Found {
    errors: usize,
    first_error: Option<String>,
    bytes: u64,
    /// Times from the request to the last byte of its response.
    whole: Vec<Duration>,
    /// Times from the upstream's first byte to the client's.
    first_byte: Vec<Duration>,
}

fn main() -> io::Result<()> {
    let mut plan = String::new();
    match std::env::args().nth(1) {
        Some(path) => plan = fs::read_to_string(path)?,
        None => _ = io::stdin().read_to_string(&mut plan)?,
    }
    let plan: Plan = serde_json::from_str(&plan)?;
    let ready = ready(&plan)?;
    let (next, open) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let found = Mutex::new(Found::default());
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..plan.connections {
            scope.spawn(|| {
                Worker { plan: &plan, ready: &ready, next: &next, open: &open, found: &found, begin }.run()
            });
            if let Some(ramp) = plan.ramp {
                thread::sleep(Duration::from_micros(ramp));
            }
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    let Ok(mut found) = found.into_inner() else { return Err(io::Error::other("a worker panicked")) };
    println!(
        "{}",
        json!({
            "requests": found.whole.len() + found.errors, "errors": found.errors, "first_error": found.first_error, "seconds": seconds,
            "bytes": found.bytes, "whole_ms": median(&mut found.whole), "first_byte_ms": median(&mut found.first_byte),
        })
    );
    Ok(())
}

fn median(times: &mut [Duration]) -> Option<f64> {
    times.sort_unstable();
    times.get(times.len() / 2).map(|time| time.as_secs_f64() * 1e3)
}

fn ready(plan: &Plan) -> io::Result<Vec<Ready>> {
    let mut ready = Vec::new();
    // Requests of higher weight are spread out: first one of each, then those of weight two and more, and so on.
    let heaviest = plan.requests.iter().map(|request| request.weight).max().unwrap_or(0);
    for round in 0..heaviest {
        for request in plan.requests.iter().filter(|request| request.weight > round) {
            let Request { path, headers, body, status, end, .. } = request;
            let body = fs::read(body)?;
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let mut bytes = format!(
                "POST {path} HTTP/1.1\r\nhost: {}\r\n{headers}\
                 content-length: {}\r\n\r\n",
                plan.address,
                body.len()
            )
            .into_bytes();
            bytes.extend_from_slice(&body);
            ready.push(Ready { bytes, status: status.clone(), end: end.clone() });
        }
    }
    Ok(ready)
}

struct Worker<'a> {
    plan: &'a Plan,
    ready: &'a [Ready],
    next: &'a AtomicUsize,
    open: &'a AtomicUsize,
    found: &'a Mutex<Found>,
    begin: Instant,
}

impl Worker<'_> {
    fn run(&self) {
        let mut found = Found::default();
        let mut connection = None;
        loop {
            if self.plan.seconds.is_some_and(|seconds| self.begin.elapsed().as_secs_f64() > seconds) {
                break;
            }
            let ticket = self.next.fetch_add(1, Ordering::Relaxed);
            if ticket >= self.plan.count {
                break;
            }
            let Some(request) = self.ready.get(ticket % self.ready.len().max(1)) else { break };
            let began = Instant::now();
            match self.exchange(&mut connection, request, &mut found) {
                Ok(()) => found.whole.push(began.elapsed()),
                Err(error) => {
                    connection = None;
                    found.errors += 1;
                    found.first_error.get_or_insert(error.to_string());
                }
            }
        }
        if let Ok(mut all) = self.found.lock() {
            all.errors += found.errors;
            all.first_error = all.first_error.take().or(found.first_error);
            all.bytes += found.bytes;
            all.whole.append(&mut found.whole);
            all.first_byte.append(&mut found.first_byte);
        }
    }

    fn exchange(
        &self,
        connection: &mut Option<BufReader<TcpStream>>,
        request: &Ready,
        found: &mut Found,
    ) -> io::Result<()> {
        let mut from = match connection.take() {
            Some(open) => open,
            None => {
                let stream = TcpStream::connect(self.plan.address)?;
                stream.set_nodelay(true)?;
                BufReader::with_capacity(64 << 10, stream)
            }
        };
        from.get_mut().write_all(&request.bytes)?;
        let head = Head::read(&mut from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut first_byte = None;
        let mut end: Vec<u8> = Vec::new();
        let result = head.body(&mut from, |piece| {
            if first_byte.is_none() {
                first_byte = Some(SystemTime::now());
                self.says_how_many_are_open();
            }
            found.bytes += piece.len() as u64;
            // Keeps the last bytes, also across reads.
            end.extend_from_slice(
                piece.get(piece.len().saturating_sub(request.end.len())..).unwrap_or(piece),
            );
            end.drain(..end.len().saturating_sub(request.end.len()));
        });
        self.open.fetch_sub(usize::from(first_byte.is_some()), Ordering::Relaxed);
        result?;
        if head.second() != request.status || end != request.end.as_bytes() {
            let end = String::from_utf8_lossy(&end);
            return Err(io::Error::other(format!("{}, ends with {end:?}", head.first.trim_end())));
        }
        if let (Some(clock), Some(first_byte)) = (self.plan.clock, first_byte) {
            found.first_byte.push(first_byte.duration_since(written(clock)?).unwrap_or_default());
        }
        if !head.closes() {
            *connection = Some(from);
        }
        Ok(())
    }

    /// The script that holds streams open waits for these lines.
    fn says_how_many_are_open(&self) {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        if open == self.plan.connections && self.plan.connections == self.plan.count {
            println!("{}", json!({"open": open}));
        }
    }
}

/// Asks when the upstream wrote the first byte of the last stream.
fn written(clock: SocketAddr) -> io::Result<SystemTime> {
    let mut stream = TcpStream::connect(clock)?;
    write!(stream, "GET /first-byte HTTP/1.1\r\nhost: {clock}\r\nconnection: close\r\n\r\n")?;
    let mut from = BufReader::new(stream);
    let head = Head::read(&mut from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut text = Vec::new();
    head.body(&mut from, |piece| text.extend_from_slice(piece))?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_nanos(text.parse().map_err(io::Error::other)?))
}
