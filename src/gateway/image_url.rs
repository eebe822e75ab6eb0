//! The address of an image: read strictly, checked against the hosts that may be asked, and followed on.

use std::fmt;

/// The address of something to fetch. What it holds is clean: no control characters, no spaces, no user names.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    /// Over TLS.
    pub is_https: bool,
    host: String,
    /// Where it is not the scheme's own.
    port: Option<u16>,
    /// Path and query, as `:path` has them.
    pub path: String,
}

/// Shows no path and no query: they may be secrets.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

/// Why an address was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not an address of `http` or `https` that is well-formed.
    Malformed,
    /// Its host, or its port there, is not among those that are asked.
    Host,
}

impl Url {
    /// Reads `http(s)://host[:port][/path][?query]`; a fragment is dropped, as browsers do.
    ///
    /// # Errors
    /// [`Refused::Malformed`], also for user names and for whatever readers of URLs do not agree about.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let (scheme, rest) = text.split_once("://").ok_or(Refused::Malformed)?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(Refused::Malformed),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(Refused::Malformed)?;
        let (host, port) = host_and_port(authority).ok_or(Refused::Malformed)?;
        let port = port.filter(|port| *port != own_port(is_https));
        Ok(Self { is_https, host, port, path: clean_path(path)? })
    }

    /// Where a redirect's `location` leads from here.
    ///
    /// # Errors
    /// [`Refused::Malformed`].
    pub fn follow(&self, location: &str) -> Result<Self, Refused> {
        // Some would be gone with a `..` behind them.
        if location.bytes().any(|byte| byte <= b' ' || matches!(byte, 0x7f | b'\\')) {
            return Err(Refused::Malformed);
        }
        if has_scheme(location) {
            return Self::parse(location);
        }
        let scheme = if self.is_https { "https" } else { "http" };
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        let (path, _) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let location = match location.bytes().next() {
            Some(b'/') => location.to_owned(),
            Some(b'?') => format!("{path}{location}"),
            None | Some(b'#') => self.path.clone(),
            Some(_) => joined(path, location),
        };
        Ok(Self { path: clean_path(&location)?, ..self.clone() })
    }

    /// `host`, or `host:port` where the port is not the scheme's own.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

/// Hosts that may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    name: String,
    /// `*.name`: any host below it, but not itself.
    is_suffix: bool,
    port: Option<u16>,
}

impl Host {
    /// Reads `name`, `*.name`, or an address as a URL has it, each with `:port` or without.
    pub fn parse(text: &str) -> Option<Self> {
        let (is_suffix, rest) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (name, port) = host_and_port(rest)?;
        // Below an address there is nothing.
        (!is_suffix || !is_address(&name)).then_some(Self { name, is_suffix, port })
    }

    fn fits(&self, url: &Url) -> bool {
        let own = own_port(url.is_https);
        if self.port.unwrap_or(own) != url.port.unwrap_or(own) {
            return false;
        }
        if !self.is_suffix {
            return self.name == url.host;
        }
        // An address fits by its whole text or not at all.
        !is_address(&url.host)
            && url.host.strip_suffix(&self.name).and_then(|rest| rest.strip_suffix('.')).is_some()
    }
}

/// Holds an address to the hosts that may be asked.
///
/// # Errors
/// [`Refused::Host`].
pub fn check(url: &Url, hosts: &[Host]) -> Result<(), Refused> {
    if hosts.iter().any(|host| host.fits(url)) { Ok(()) } else { Err(Refused::Host) }
}

fn own_port(is_https: bool) -> u16 {
    if is_https { 443 } else { 80 }
}

/// A host in lower case, and the port that stands behind it. `user@host` is none, nor what is not ASCII.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            let address: std::net::Ipv6Addr = address.parse().ok()?;
            let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
            (format!("[{address}]"), port)
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            let is_label = |label: &str| {
                !label.is_empty()
                    && label.len() <= 63
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            if host.len() > 253 || !host.split('.').all(is_label) {
                return None;
            }
            (host.to_ascii_lowercase(), port)
        }
    };
    let port = match port {
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => {
            Some(port.parse().ok().filter(|port| *port != 0)?)
        }
        Some(_) => return None,
        None => None,
    };
    Some((host, port))
}

/// True for what some resolver takes for an address: `127.1`, `0x7f000001`, `2130706433`, `[::1]`.
fn is_address(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    host.starts_with('[') || last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x")
}

/// True for an address that stands for itself, `mailto:` among them (RFC 3986, 3.1).
fn has_scheme(location: &str) -> bool {
    location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// A path that is relative to another (RFC 3986, 5.2).
fn joined(base: &str, relative: &str) -> String {
    let end = relative.find(['?', '#']).unwrap_or(relative.len());
    let (relative, query) = relative.split_at_checked(end).unwrap_or((relative, ""));
    let mut steps: Vec<&str> = base.split('/').skip(1).collect();
    steps.pop();
    let mut names = relative.split('/').peekable();
    while let Some(name) = names.next() {
        match name {
            "." => {}
            ".." => {
                steps.pop();
            }
            name => steps.push(name),
        }
        if names.peek().is_none() && matches!(name, "." | "..") {
            steps.push("");
        }
    }
    format!("/{}{query}", steps.join("/"))
}

/// Path and query as a request line can carry them.
fn clean_path(text: &str) -> Result<String, Refused> {
    const LONGEST: usize = 8192;
    let text = text.split_once('#').map_or(text, |(before, _)| before);
    if text.len() > LONGEST {
        return Err(Refused::Malformed);
    }
    let mut path = String::with_capacity(text.len().saturating_add(1));
    if !text.starts_with('/') {
        path.push('/');
    }
    for c in text.chars() {
        match c {
            '\\' => return Err(Refused::Malformed),
            '!'..='~' => path.push(c),
            // As browsers send it; control characters and spaces are nobody's good will.
            c if !c.is_ascii() && !c.is_control() && !c.is_whitespace() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    path.push_str(percent_encoding::percent_encode_byte(byte));
                }
            }
            _ => return Err(Refused::Malformed),
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Vec<Host> {
        [
            "images.example.com",
            "*.Example.org",
            "127.0.0.1:9000",
            "[::1]",
            "store.example.net:8443",
            "*.a.b:81",
        ]
        .map(|text| Host::parse(text).unwrap())
        .to_vec()
    }

    fn run(text: &str) -> Result<String, Refused> {
        let url = Url::parse(text)?;
        check(&url, &hosts())?;
        Ok(format!("{} {}", url.authority(), url.path))
    }

    #[test]
    fn what_is_listed_is_let_through() {
        for (text, expected) in [
            ("https://images.example.com/a/b.png?x=1&y=%20#top", "images.example.com /a/b.png?x=1&y=%20"),
            ("http://images.example.com", "images.example.com /"),
            ("https://IMAGES.example.com:443?q", "images.example.com /?q"),
            ("http://images.example.com:80/", "images.example.com /"),
            ("https://a.example.org/", "a.example.org /"),
            ("https://a.b.example.org/", "a.b.example.org /"),
            ("http://127.0.0.1:9000/", "127.0.0.1:9000 /"),
            ("https://[0:0::1]/x", "[::1] /x"),
            ("https://store.example.net:8443/", "store.example.net:8443 /"),
            ("http://x.a.b:81/", "x.a.b:81 /"),
            ("https://images.example.com/Bär.png", "images.example.com /B%C3%A4r.png"),
        ] {
            assert_eq!(run(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_listed_is_refused() {
        for text in [
            "https://example.org/",
            "https://badexample.org/",
            "https://images.example.com.evil.net/",
            "https://evil.net/images.example.com",
            "https://evil.net?images.example.com",
            "https://images.example.com:8443/",
            "https://images.example.com:80/",
            "http://images.example.com:443/",
            "http://127.0.0.1/",
            "https://store.example.net/",
            "https://store.example.net:443/",
            "http://localhost/",
            "http://127.1:9000/",
            "http://2130706433:9000/",
            "http://0x7f000001:9000/",
            "http://0x7f.0.0.1:9000/",
            "http://0177.0.0.1:9000/",
            "http://127.0.0.01:9000/",
            "http://[::ffff:127.0.0.1]:9000/",
            "http://[::2]/",
            "http://1.example.org.1/",
        ] {
            assert_eq!(run(text), Err(Refused::Host), "{text}");
        }
    }

    #[test]
    fn what_readers_of_urls_do_not_agree_about_is_refused() {
        for text in [
            "",
            "https:",
            "https:///x",
            "https://",
            "ftp://images.example.com/",
            "HTTPS://images.example.com/",
            "https://images.example.com./",
            "https://.example.org/",
            "https://a..example.org/",
            "https://user@images.example.com/",
            "https://user:pass@images.example.com/",
            "https://images.example.com@evil.net/",
            "https://evil.net\\@images.example.com/",
            "https://images.example.com\\/",
            "https://images.example.com/a\\b",
            "https://images.example.com/a b",
            "https://images.example.com/a\r\nhost: evil.net",
            "https://images.example.com/\u{0}",
            "https://images.example.com/\u{85}",
            "https://images.example.com\t/",
            "https://images.example.com:/",
            "https://images.example.com:0/",
            "https://images.example.com:65536/",
            "https://images.example.com:+443/",
            "https://images.example.com:443:443/",
            "https://images%2eexample.com/",
            "https://ímages.example.com/",
            "https://ｉmages.example.com/",
            "http://[::1/",
            "http://[::1]x/",
            "http://[fe80::1%25eth0]/",
            "http://[v1.x]/",
        ] {
            assert_eq!(run(text), Err(Refused::Malformed), "{text:?}");
        }
        assert_eq!(run(&format!("https://images.example.com/{}", "x".repeat(9000))), Err(Refused::Malformed));
    }

    #[test]
    fn a_redirect_leads_on_from_where_it_is() {
        let from = Url::parse("https://a.example.org/dir/x?q=1").unwrap();
        for (location, expected) in [
            ("https://b.example.org/y", "b.example.org /y"),
            ("http://b.example.org", "b.example.org /"),
            ("//b.example.org:81/y", "b.example.org:81 /y"),
            ("/y?z", "a.example.org /y?z"),
            ("y/z", "a.example.org /dir/y/z"),
            ("../y?../z", "a.example.org /y?../z"),
            ("../../.././y/..", "a.example.org /"),
            ("./", "a.example.org /dir/"),
            ("?r=http://c", "a.example.org /dir/x?r=http://c"),
            ("", "a.example.org /dir/x?q=1"),
            ("/y?to=https://c/", "a.example.org /y?to=https://c/"),
        ] {
            let url = from.follow(location).unwrap();
            assert_eq!(format!("{} {}", url.authority(), url.path), expected, "{location}");
        }
        for location in [
            "ftp://a.example.org/",
            "file:///etc/passwd",
            "mailto:a@b",
            "git+ssh:a",
            "https:a.png",
            "/a b",
            "\\\\evil",
            "//u@a/",
            "/\n",
            "\0a/../b",
            "\\\\/../a",
        ] {
            assert_eq!(from.follow(location), Err(Refused::Malformed), "{location}");
        }
    }

    #[test]
    fn what_is_no_host_is_not_read() {
        for text in
            ["", "*", "*.", "a/b", "https://a", "a:b", "*.1", "*.[::1]", "a b", "*.*.a", "a..b", "u@a"]
        {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }
}
