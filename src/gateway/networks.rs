//! Which addresses are out on the internet, and which are somebody's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses, `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `address/length`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let prefix = prefix.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= longest).then_some(Self { address, prefix })
    }

    fn has(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => has_v4(network, self.prefix, address),
            (IpAddr::V6(network), IpAddr::V6(address)) => has_v6(network, self.prefix, address),
            _ => false,
        }
    }
}

/// True for an address out on the internet, and for one of `exceptions`.
pub fn may_be_reached(address: IpAddr, exceptions: &[Network]) -> bool {
    let meant = meant(address);
    is_public(meant) || exceptions.iter().any(|network| network.has(address) || network.has(meant))
}

/// What is not out on the internet (IANA's special-purpose registry for IPv4).
const NOT_PUBLIC_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved, broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// All global unicast addresses of IPv6.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What of these is not out on the internet (IANA's special-purpose registry for IPv6).
const NOT_PUBLIC_V6: &[(Ipv6Addr, u32)] = &[
    // Teredo, benchmarking and other protocols'.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            NOT_PUBLIC_V4.iter().all(|(network, prefix)| !has_v4(*network, *prefix, address))
        }
        IpAddr::V6(address) => {
            has_v6(GLOBAL_V6.0, GLOBAL_V6.1, address)
                && NOT_PUBLIC_V6.iter().all(|(network, prefix)| !has_v6(*network, *prefix, address))
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, NAT64's well-known prefix, 6to4.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let of = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => of(g, h),
        (0x2002, high, low, _, _, _) => of(high, low),
        _ => address,
    }
}

fn has_v4(network: Ipv4Addr, prefix: u32, address: Ipv4Addr) -> bool {
    let differ = network.to_bits() ^ address.to_bits();
    differ.leading_zeros() >= prefix
}

fn has_v6(network: Ipv6Addr, prefix: u32, address: Ipv6Addr) -> bool {
    let differ = network.to_bits() ^ address.to_bits();
    differ.leading_zeros() >= prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(address: &str, exceptions: &[&str]) -> bool {
        let exceptions: Vec<_> = exceptions.iter().map(|text| Network::parse(text).unwrap()).collect();
        may_be_reached(address.parse().unwrap(), &exceptions)
    }

    #[test]
    fn only_what_is_out_on_the_internet_is_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.255.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001:0:1::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!reached(address, &[]), "{address}");
        }
        for address in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(reached(address, &[]), "{address}");
        }
    }

    #[test]
    fn a_private_network_is_reached_where_it_is_named() {
        assert!(reached("10.1.2.3", &["10.1.0.0/16"]));
        assert!(!reached("10.2.2.3", &["10.1.0.0/16"]));
        assert!(reached("::ffff:10.1.2.3", &["10.1.0.0/16"]));
        assert!(reached("fd00::1", &["127.0.0.0/8", "fd00::/8"]));
        assert!(reached("127.0.0.1", &["0.0.0.0/0"]));
        assert!(!reached("::1", &["0.0.0.0/0"]));
    }

    #[test]
    fn what_is_no_network_is_not_read() {
        for text in ["10.0.0.0", "10.0.0.0/33", "::/129", "10/8", "10.0.0.0/", "x/8", "10.0.0.0/-1", ""] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
