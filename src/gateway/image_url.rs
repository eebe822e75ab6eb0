//! The URL of an image: parsed as browsers and HTTP clients do (WHATWG's URL Standard), checked against the allowed hosts, and
//! resolved at redirects.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU16;

use url::{Position, SyntaxViolation};

use super::networks::{Network, may_be_reached};

/// Longest URL, as written and as sent, bytes.
const LONGEST: usize = 8192;

/// The URL of something to fetch: `http` or `https`, an IP address or a DNS name, no user name, no fragment. It is kept in the
/// standard's normal form, so that the URL that is checked is the one that is requested.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(url::Url);

impl Url {
    /// Bytes held.
    pub fn held(&self) -> usize {
        self.0.as_str().len()
    }
}

/// Omits path and query, which may be secrets.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.authority())
    }
}

/// Why a URL was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not a well-formed `http` or `https` URL.
    Malformed,
    /// Its host or port is not allowed, or its address is not a public one.
    Host,
}

impl Url {
    /// Reads an absolute URL; a fragment is dropped.
    ///
    /// # Errors
    /// [`Refused::Malformed`], also for user names and for what the standard calls a validation error, such as backslashes.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        read(text, None)
    }

    /// The URL that a redirect's `location` names.
    ///
    /// # Errors
    /// [`Refused::Malformed`].
    pub fn follow(&self, location: &str) -> Result<Self, Refused> {
        read(location, Some(&self.0))
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Whether it is fetched over TLS.
    pub fn is_https(&self) -> bool {
        self.scheme() == "https"
    }

    /// `host`, or `host:port` where the port is not the scheme's default.
    pub fn authority(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// Path and query, as `:path` has them.
    pub fn path(&self) -> &str {
        &self.0[Position::BeforePath..]
    }
}

fn read(text: &str, base: Option<&url::Url>) -> Result<Url, Refused> {
    // The standard would encode or drop these characters; no honest client sends them.
    if text.len() > LONGEST || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Err(Refused::Malformed);
    }
    let is_valid = Cell::new(true);
    let note = |violation| {
        // Unencoded `|`, `{`, `%` and the like in a path or a query are common and harmless.
        if !matches!(violation, SyntaxViolation::NonUrlCodePoint | SyntaxViolation::PercentDecode) {
            is_valid.set(false);
        }
    };
    let options = url::Url::options().base_url(base).syntax_violation_callback(Some(&note));
    let mut url = options.parse(text).map_err(|_| Refused::Malformed)?;
    url.set_fragment(None);
    let has_host = match url.host() {
        Some(url::Host::Domain(name)) => is_dns_name(name),
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        None => false,
    };
    let is_web = matches!(url.scheme(), "http" | "https");
    if is_valid.get() && is_web && has_host && url.as_str().len() <= LONGEST {
        Ok(Url(url))
    } else {
        Err(Refused::Malformed)
    }
}

/// A host that may be asked, or a suffix of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    host: url::Host,
    /// Written as `*.name`: any host below `name`, but not `name` itself.
    is_suffix: bool,
    port: Option<u16>,
}

impl Host {
    /// Parses `name`, `*.name`, or an IP address as in URLs, each with or without `:port`.
    pub fn parse(text: &str) -> Option<Self> {
        let (is_suffix, rest) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !rest.ends_with(']') => {
                (host, Some(port.parse::<NonZeroU16>().ok()?.get()))
            }
            _ => (rest, None),
        };
        let host = url::Host::parse(host).ok()?;
        let is_legal = match &host {
            url::Host::Domain(name) => is_dns_name(name),
            // An IP address has no subdomains.
            url::Host::Ipv4(_) | url::Host::Ipv6(_) => !is_suffix,
        };
        is_legal.then_some(Self { host, is_suffix, port })
    }

    fn fits(&self, Url(url): &Url) -> bool {
        // A URL omits the scheme's default port.
        let has_port = match self.port {
            Some(port) => url.port_or_known_default() == Some(port),
            None => url.port().is_none(),
        };
        has_port
            && match (&self.host, url.host()) {
                (url::Host::Domain(name), Some(url::Host::Domain(asked))) if self.is_suffix => {
                    asked.strip_suffix(name.as_str()).is_some_and(|below| below.ends_with('.'))
                }
                (host, Some(asked)) => *host == asked,
                (_, None) => false,
            }
    }
}

/// Checks a URL against the allowed hosts. An IP address must also be public, or in one of `private_networks`; the addresses of
/// a DNS name are checked when it is connected to.
///
/// # Errors
/// [`Refused::Host`].
pub fn check(url: &Url, hosts: &[Host], private_networks: &[Network]) -> Result<(), Refused> {
    let may_be_asked = match url.0.host() {
        Some(url::Host::Ipv4(address)) => may_be_reached(address.into(), private_networks),
        Some(url::Host::Ipv6(address)) => may_be_reached(address.into(), private_networks),
        Some(url::Host::Domain(_)) => true,
        None => false,
    };
    if may_be_asked && hosts.iter().any(|host| host.fits(url)) { Ok(()) } else { Err(Refused::Host) }
}

/// Whether a name can be looked up (RFC 1035, 2.3.4; underscores are in use). The URL Standard accepts more.
fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(is_label)
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
        check(&url, &hosts(), &["127.0.0.0/8", "::1/128"].map(|text| Network::parse(text).unwrap()))?;
        Ok(format!("{} {}", url.authority(), url.path()))
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
            ("https://xn--bcher-kva.example.org/", "xn--bcher-kva.example.org /"),
            ("https://images.example.com/a/../b/%2e%2E/c", "images.example.com /c"),
            (
                "https://images.example.com/a//b%2Fc|{}?a[]='%zz",
                "images.example.com /a//b%2Fc|%7B%7D?a[]=%27%zz",
            ),
        ] {
            assert_eq!(run(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_spelt_otherwise_is_asked_for_as_it_is_listed() {
        for (text, expected) in [
            ("http://127.1:9000/", "127.0.0.1:9000 /"),
            ("http://2130706433:9000/", "127.0.0.1:9000 /"),
            ("http://0x7f000001:9000/", "127.0.0.1:9000 /"),
            ("http://0x7f.0.0.1:9000/", "127.0.0.1:9000 /"),
            ("http://0177.0.0.1:9000/", "127.0.0.1:9000 /"),
            ("http://127.0.0.01:9000/", "127.0.0.1:9000 /"),
            ("HTTPS://images.example.com/", "images.example.com /"),
            ("https://images.example.com:/", "images.example.com /"),
            ("https://images.example.com:0443/", "images.example.com /"),
            ("https://images%2eexample.com/", "images.example.com /"),
            ("https://images.example.com/\u{85}", "images.example.com /%C2%85"),
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
            "http://127.1/",
            "http://2130706434:9000/",
            "http://[::ffff:127.0.0.1]:9000/",
            "http://[::2]/",
            "https://images.example.com:0/",
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
            "https:images.example.com",
            "https:/images.example.com/",
            "https:///images.example.com/",
            "https:\\\\images.example.com/",
            "https://images.example.com./",
            "https://.example.org/",
            "https://*.example.org/",
            "https://a,b.example.org/",
            "https://xn--.example.org/",
            "https://a..example.org/",
            "https://@images.example.com/",
            "https://:@images.example.com/",
            "https://user@images.example.com/",
            "https://user:pass@images.example.com/",
            "https://images.example.com@evil.net/",
            "https://evil.net\\@images.example.com/",
            "https://images.example.com\\/",
            "https://images.example.com/a\\b",
            "https://images.example.com/a b",
            "https://images.example.com/a\r\nhost: evil.net",
            "https://images.example.com/\u{0}",
            "https://images.example.com\t/",
            "https://images.example.com:65536/",
            "https://images.example.com:+443/",
            "https://images.example.com:443:443/",
            "http://1.example.org.1/",
            "http://1.example.org.0x7f/",
            "http://256.0.0.1:9000/",
            "https://evil.net%2f.example.org/",
            "https://evil.net%00.example.org/",
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
            ("#top", "a.example.org /dir/x?q=1"),
            // Without slashes and of the same scheme it is relative, as the standard has it.
            ("https:a.png", "a.example.org /dir/a.png"),
        ] {
            let url = from.follow(location).unwrap();
            assert_eq!(format!("{} {}", url.authority(), url.path()), expected, "{location}");
        }
        for location in [
            "ftp://a.example.org/",
            "file:///etc/passwd",
            "mailto:a@b",
            "git+ssh:a",
            "http:a.png",
            "///a/",
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
        for text in [
            "",
            "*",
            "*.",
            "a:0",
            "a:",
            "a/",
            "a#b",
            "[::1",
            "256.1.1.1",
            "a/b",
            "https://a",
            "a:b",
            "*.1",
            "*.[::1]",
            "a b",
            "*.*.a",
            "a..b",
            "u@a",
        ] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_that_is_listed_has_to_be_public_or_in_a_network_that_is_named() {
        let hosts = ["8.8.8.8", "10.0.0.1", "169.254.169.254", "[fd00::1]", "[::ffff:a00:1]"]
            .map(|text| Host::parse(text).unwrap());
        let run = |text, networks: &[&str]| {
            let networks: Vec<_> = networks.iter().map(|text| Network::parse(text).unwrap()).collect();
            check(&Url::parse(text).unwrap(), &hosts, &networks)
        };
        assert_eq!(run("https://8.8.8.8/", &[]), Ok(()));
        for text in ["https://10.0.0.1/", "https://0xa000001/", "https://[::ffff:10.0.0.1]/"] {
            assert_eq!(run(text, &["10.1.0.0/16"]), Err(Refused::Host), "{text}");
            assert_eq!(run(text, &["10.0.0.0/16"]), Ok(()), "{text}");
        }
        assert_eq!(run("https://[fd00::1]/", &["10.0.0.0/16"]), Err(Refused::Host));
        assert_eq!(run("https://[fd00::1]/", &["fd00::/8"]), Ok(()));
        assert_eq!(run("https://169.254.169.254/", &["0.0.0.0/0", "169.254.169.254/32"]), Err(Refused::Host));
    }
}
