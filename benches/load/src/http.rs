//! As much of HTTP/1.1 as Envoy speaks to a client and to an upstream.

use std::io::{self, BufRead, Read};

/// The start line and headers of a message.
#[derive(Debug, Default)]
pub struct Head {
    /// The request line or the status line.
    pub first: String,
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
}

impl Head {
    /// Reads a head; `None` where the peer has closed the connection.
    ///
    /// # Errors
    /// The connection fails, or the bytes are not HTTP.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = Self::default();
        if from.read_line(&mut head.first)? == 0 {
            return Ok(None);
        }
        let mut line = String::new();
        loop {
            line.clear();
            if from.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(Some(head)) };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = Some(value.parse().map_err(io::Error::other)?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.is_chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = value.eq_ignore_ascii_case("close");
            }
        }
    }

    /// The start line's second word: a request's path, a response's status.
    pub fn second(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }

    /// Whether the connection closes after this message.
    pub fn closes(&self) -> bool {
        self.closes
    }

    /// Reads the body to its end and passes each part on as it comes.
    ///
    /// # Errors
    /// The connection fails, or the body ends early.
    pub fn body(&self, from: &mut impl BufRead, mut piece: impl FnMut(&[u8])) -> io::Result<()> {
        if !self.is_chunked {
            return exactly(from, self.length.unwrap_or(0), &mut piece);
        }
        let mut line = String::new();
        loop {
            line.clear();
            from.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
            exactly(from, size, &mut piece)?;
            // The chunk's end. Trailers are not expected.
            from.read_exact(&mut [0; 2])?;
            if size == 0 {
                return Ok(());
            }
        }
    }
}

fn exactly(from: &mut impl BufRead, mut size: u64, piece: &mut impl FnMut(&[u8])) -> io::Result<()> {
    while size > 0 {
        let mut part = from.take(size);
        let bytes = part.fill_buf()?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece(bytes);
        let read = bytes.len();
        from.consume(read);
        size -= read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Head, Vec<u8>) {
        let mut from = text.as_bytes();
        let head = Head::read(&mut from).unwrap().unwrap();
        let mut body = Vec::new();
        head.body(&mut from, |piece| body.extend_from_slice(piece)).unwrap();
        assert!(from.is_empty());
        (head, body)
    }

    #[test]
    fn bodies_of_a_length_and_in_chunks_are_read_whole() {
        let (head, body) = read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!((head.second(), body.as_slice()), ("200", b"abc".as_slice()));
        let (_, body) =
            read("POST /p HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
        assert_eq!(body, b"abc");
    }

    #[test]
    fn a_cut_body_is_an_error() {
        let mut from = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab".as_bytes();
        let head = Head::read(&mut from).unwrap().unwrap();
        assert!(head.body(&mut from, |_| {}).is_err());
    }
}
