//! Sends an answer's bytes: paced, split, stalled, cut or reset.

use crate::account::Watch;
use crate::encoding::scramble;
use crate::faults::{Faults, Split};
use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::HeaderValue;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// A step of sending.
enum Step {
    Send(Bytes),
    Wait(Duration),
    Abort,
    Hang,
    Trailers,
}

/// A body made of steps. It yields after every part, so that each is flushed on its own.
pub struct Delivery {
    steps: VecDeque<Step>,
    sleep: Option<Pin<Box<Sleep>>>,
    yielded: bool,
    length: Option<u64>,
    connection: Arc<AtomicBool>,
    watch: Option<Watch>,
}

impl Delivery {
    /// A body sent at once, with its length.
    pub fn whole(bytes: Bytes) -> Self {
        let length = u64::try_from(bytes.len()).ok();
        let steps = if bytes.is_empty() { VecDeque::new() } else { VecDeque::from([Step::Send(bytes)]) };
        Self { steps, sleep: None, yielded: true, length, connection: Arc::default(), watch: None }
    }

    /// `frames` shaped by the faults; `connection` is set when it should be reset.
    pub fn shaped(frames: Vec<Bytes>, faults: &Faults, usual: &Manner, connection: Arc<AtomicBool>) -> Self {
        let mut steps = VecDeque::new();
        if faults.no_first {
            steps.push_back(Step::Hang);
        }
        let total = frames.len();
        let reset = faults.reset.and_then(|n| usize::try_from(n).ok());
        let end = [reset, faults.stall].into_iter().flatten().min().unwrap_or(total).min(total);
        let mut kept: Vec<Bytes> = frames.into_iter().take(end).collect();
        if let Some(limit) = faults.cut_bytes {
            truncate(&mut kept, limit);
        }
        let pace = Duration::from_millis(faults.pace.unwrap_or(usual.pace));
        for piece in pieces(kept, faults.split.or(usual.split)) {
            if !pace.is_zero() && !steps.is_empty() {
                steps.push_back(Step::Wait(pace));
            }
            steps.push_back(Step::Send(piece));
        }
        if reset.is_some() {
            // Waits for the bytes to arrive, because a reset discards those under way.
            steps.push_back(Step::Wait(Duration::from_millis(20)));
            steps.push_back(Step::Abort);
        } else if faults.stall.is_some() {
            steps.push_back(Step::Hang);
        } else if faults.trailers {
            steps.push_back(Step::Trailers);
        }
        Self { steps, sleep: None, yielded: true, length: None, connection, watch: None }
    }

    /// Has `watch` record the bytes sent.
    pub fn watch(&mut self, watch: Option<Watch>) {
        self.watch = watch;
    }
}

/// The settings of `--pace-ms` and `--split`, for all requests.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Milliseconds between pieces.
    pub pace: u64,
    /// How bytes are cut.
    pub split: Option<Split>,
}

fn truncate(frames: &mut Vec<Bytes>, mut limit: usize) {
    for frame in frames.iter_mut() {
        frame.truncate(limit);
        limit -= frame.len();
    }
    frames.retain(|f| !f.is_empty());
}

fn pieces(frames: Vec<Bytes>, split: Option<Split>) -> Vec<Bytes> {
    let Some(split) = split else { return frames };
    let mut all = BytesMut::with_capacity(frames.iter().map(Bytes::len).sum());
    for frame in frames {
        all.extend_from_slice(&frame);
    }
    let mut all = all.freeze();
    let mut out = Vec::new();
    let mut state = 1;
    while !all.is_empty() {
        let n = match split {
            Split::Coalesce => all.len(),
            Split::Every(n) => n.max(1),
            Split::Random => {
                state = scramble(state);
                usize::try_from(state % 64).unwrap_or(0) + 1
            }
        };
        out.push(all.split_to(n.min(all.len())));
    }
    out
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(sleep) = &mut this.sleep {
                if sleep.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                this.sleep = None;
            }
            if !this.yielded {
                this.yielded = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            return match this.steps.pop_front() {
                None => Poll::Ready(None),
                Some(Step::Send(bytes)) => {
                    this.yielded = this.steps.is_empty();
                    if let Some(watch) = &mut this.watch {
                        watch.sent(bytes.len());
                    }
                    Poll::Ready(Some(Ok(Frame::data(bytes))))
                }
                Some(Step::Wait(time)) => {
                    this.sleep = Some(Box::pin(tokio::time::sleep(time)));
                    continue;
                }
                Some(Step::Abort) => {
                    this.connection.store(true, Ordering::Relaxed);
                    Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))))
                }
                Some(Step::Hang) => {
                    this.steps.push_front(Step::Hang);
                    Poll::Pending
                }
                Some(Step::Trailers) => {
                    let mut trailers = HeaderMap::new();
                    trailers.insert("x-emulator-trailer", HeaderValue::from_static("the end"));
                    Poll::Ready(Some(Ok(Frame::trailers(trailers))))
                }
            };
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Bytes> {
        vec![Bytes::from_static(b"abcd"), Bytes::from_static(b"efgh")]
    }

    #[test]
    fn bytes_are_split_regardless_of_frames() {
        let lengths: Vec<usize> = pieces(frames(), Some(Split::Every(3))).iter().map(Bytes::len).collect();
        assert_eq!(lengths, [3, 3, 2]);
        assert_eq!(pieces(frames(), Some(Split::Random)).concat(), b"abcdefgh");
        assert_eq!(pieces(frames(), Some(Split::Coalesce)).len(), 1);
        assert_eq!(pieces(frames(), None).len(), 2);
    }

    #[test]
    fn bytes_after_the_limit_are_dropped() {
        let mut cut = frames();
        truncate(&mut cut, 5);
        assert_eq!(cut.concat(), b"abcde");
    }
}
