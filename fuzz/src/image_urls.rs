//! Addresses of images of any text: what is asked for is what was checked, also to another reader of URLs, and no private
//! address is let through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bedrock_filter::gateway::image_url::{Host, Url, check as check_host};
use bedrock_filter::gateway::images::{Form, Image, Images, find, may_hold_urls, splice};
use bedrock_filter::gateway::networks::{Network, may_be_reached};

use http::uri::Authority;

use super::allocation::{Bound, bounded};
use super::judge;

const BOUND: Bound = Bound { per_byte: 200, any: 64 << 10 };

/// The first line is an address, the second where a redirect leads; all of it is a body, and its beginning an IP address.
pub fn check(bytes: &[u8]) {
    addressed(bytes);
    body(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (text, location) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(url) = bounded("a URL", text.len(), BOUND, || Url::parse(text)) else { return };
    asked_for(&url);
    if let Ok(next) = bounded("a redirect", text.len() + location.len(), BOUND, || url.follow(location)) {
        asked_for(&next);
    }
}

/// What Envoy is told of `url` is the same to our reader and to another.
fn asked_for(url: &Url) {
    assert!(matches!(url.scheme(), "http" | "https"));
    assert!(
        url.path().starts_with('/') && url.path().bytes().all(|byte| byte.is_ascii_graphic()),
        "{:?}",
        url.path()
    );
    let written = format!("{}://{}{}", url.scheme(), url.authority(), url.path());
    assert_eq!(Url::parse(&written).as_ref(), Ok(url), "read again it is another: {written}");
    let authority: Authority = url.authority().parse().expect("an authority");
    assert!(!authority.as_str().contains('@'), "{authority} names a user");
    let networks = [Network::parse("2001:db8::/32").expect("a network")];
    if check_host(url, &hosts(), &networks).is_err() {
        return;
    }
    let port = authority.port_u16();
    let is_listed = match authority.host() {
        "images.example.com" | "9.9.9.9" => port.is_none(),
        "[2001:db8::1]" => port == Some(8443),
        host => host.ends_with(".example.org") && port.is_none(),
    };
    assert!(is_listed, "{authority} is let through");
}

fn hosts() -> [Host; 5] {
    ["images.example.com", "*.example.org", "[2001:db8::1]:8443", "9.9.9.9", "10.0.0.1"]
        .map(|host| Host::parse(host).expect("a host"))
}

fn addressed(bytes: &[u8]) {
    let mut addresses: Vec<IpAddr> = Vec::new();
    addresses.extend(bytes.first_chunk::<4>().map(|octets| IpAddr::from(Ipv4Addr::from(*octets))));
    if let Some(octets) = bytes.first_chunk::<16>() {
        let address = Ipv6Addr::from(*octets);
        addresses.push(address.into());
        let [_, _, _, _, _, _, high, low] = address.segments();
        // IPv4 within IPv6, in each of its forms.
        let prefixes = [
            [0, 0, 0, 0, 0, 0xffff],
            [0, 0, 0, 0, 0xffff, 0],
            [0, 0, 0, 0, 0, 0],
            [0x64, 0xff9b, 0, 0, 0, 0],
        ];
        for prefix in prefixes {
            let [a, b, c, d, e, f] = prefix;
            addresses.push(Ipv6Addr::new(a, b, c, d, e, f, high, low).into());
        }
        addresses.push(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into());
    }
    let everything = ["0.0.0.0/0", "::/0"].map(|text| Network::parse(text).expect("a network"));
    for address in addresses {
        assert!(!(is_private(address) && may_be_reached(address, &[])), "{address} is let through");
        if may_be_reached(address, &everything) {
            assert!(!is_link_local(address), "{address} is let through");
        }
    }
}

/// As the standard library says, and IPv4 within IPv6.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            let [first, second, third, ..] = v6.segments();
            let bytes = v6.octets();
            let last = Ipv4Addr::new(bytes[12], bytes[13], bytes[14], bytes[15]);
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.to_ipv4_mapped().is_some_and(|v4| is_private(v4.into()))
                || first == 0x2002 && {
                    let [a, b] = second.to_be_bytes();
                    let [c, d] = third.to_be_bytes();
                    is_private(Ipv4Addr::new(a, b, c, d).into())
                }
                || bytes[..12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] && is_private(last.into())
        }
    }
}

/// As the standard library says: `to_ipv4` also takes the mapped and the compatible form.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.to_ipv4().is_some_and(|v4| v4.is_link_local()),
    }
}

/// The body of a chat: each address stands where it is said to stand.
fn body(bytes: &[u8]) {
    let images = Images {
        cluster: "c".to_owned(),
        http_cluster: None,
        hosts: vec![Host::parse("*.example.org").expect("a host")],
        private_networks: Vec::new(),
        bytes: 1 << 20,
        timeout: Duration::from_secs(1),
        per_request: 3,
        redirects: 1,
    };
    if !bounded("a search", bytes.len(), BOUND, || may_hold_urls(bytes)) {
        return;
    }
    let found = match bounded("a body", bytes.len(), BOUND, || find(bytes, &images)) {
        Ok(found) => found,
        Err(error) => return judge::refused(&error, 400..401),
    };
    assert!(found.len() <= images.per_request);
    let image = Image::of(b"GIF89a").expect("an image");
    let mut places = Vec::new();
    for one in &found {
        assert!(one.url.is_https() && one.url.authority().ends_with(".example.org"));
        for place in &one.places {
            let raw = &bytes[place.range.clone()];
            let url: Option<String> = match &place.form {
                Form::Url => Some(serde_json::from_slice(raw).expect("a string with its quotes")),
                // Half of a surrogate pair among its other members is the translation's to refuse.
                Form::Source(_) => match serde_json::from_slice::<serde_json::Value>(raw) {
                    Ok(source) => Some(source["url"].as_str().expect("a URL").to_owned()),
                    Err(_) => None,
                },
            };
            assert!(url.is_none_or(|text| Url::parse(&text).as_ref() == Ok(&one.url)));
            places.push((place.range.clone(), image.text(&place.form)));
        }
    }
    // Half of a surrogate pair is the translation's to refuse.
    if serde_json::from_slice::<serde_json::Value>(bytes).is_err() {
        return;
    }
    let spliced = splice(bytes, places);
    serde_json::from_slice::<serde_json::Value>(&spliced).expect("a body with its images is JSON");
}
