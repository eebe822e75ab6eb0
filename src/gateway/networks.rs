//! Classifies IP addresses: public, private, and those that must never be asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A network such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Parses `address/length`.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// Whether an address is public or in one of `exceptions`; never true for one that serves the machine's own credentials.
pub fn may_be_reached(address: IpAddr, exceptions: &[Network]) -> bool {
    let meant = meant(address);
    let is_exception =
        || exceptions.iter().any(|Network(net)| net.contains(&address) || net.contains(&meant));
    !is_metadata(address) && (is_public(meant) || is_exception())
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6(segments: [u16; 8], prefix: u8) -> IpNet {
    let [a, b, c, d, e, f, g, h] = segments;
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix))
}

/// All global unicast addresses of IPv6.
const GLOBAL_V6: IpNet = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Networks that are not public (IANA's special-purpose registries); for IPv6 those within [`GLOBAL_V6`].
const NOT_PUBLIC: &[IpNet] = &[
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast, reserved, broadcast.
    v4(224, 0, 0, 0, 3),
    // Teredo, benchmarking and other protocols.
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Where machines get their own credentials and settings: never allowed, whatever is configured.
const METADATA: &[IpNet] = &[
    // All link-local addresses: EC2's 169.254.169.254, ECS's 169.254.170.2, EKS's 169.254.170.23, and other clouds'.
    v4(169, 254, 0, 0, 16),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    // EC2's ::254, EKS's ::23 (EC2 and EKS User Guides), and other services of AWS for its machines.
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32),
    // Google Compute Engine, Alibaba Cloud, and Azure's "wire server", by their documentation.
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128),
    v4(100, 100, 100, 200, 32),
    v4(168, 63, 129, 16, 32),
];

/// IPv6 networks whose last 32 bits are an IPv4 address: compatible, mapped, translated, NAT64 and local NAT64 (RFC 4291, 2765,
/// 6052, 8215).
const ENDS_IN_V4: &[IpNet] = &[
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
];

fn is_public(address: IpAddr) -> bool {
    (address.is_ipv4() || GLOBAL_V6.contains(&address))
        && !NOT_PUBLIC.iter().any(|net| net.contains(&address))
}

fn is_metadata(address: IpAddr) -> bool {
    let last = match address {
        IpAddr::V6(v6) if ENDS_IN_V4.iter().any(|net| net.contains(&address)) => {
            let [.., a, b, c, d] = v6.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => meant(address),
    };
    METADATA.iter().any(|net| net.contains(&address) || net.contains(&last))
}

/// The IPv4 address embedded in an IPv6 address: mapped, NAT64's well-known prefix, 6to4.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    match v6.octets() {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
        | [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]
        | [0x20, 0x02, a, b, c, d, ..] => Ipv4Addr::new(a, b, c, d).into(),
        _ => address,
    }
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
    fn no_network_opens_what_gives_a_machine_its_credentials() {
        let everything = ["0.0.0.0/0", "::/0", "169.254.0.0/16", "fd00:ec2::/32", "fe80::/10"];
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.0.1",
            "169.254.255.255",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fe80::a9fe:a9fe",
            "febf::1",
            "::169.254.169.254",
            "::ffff:169.254.169.254",
            "::ffff:0:169.254.170.2",
            "64:ff9b::169.254.170.23",
            "64:ff9b:1::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "2002:a9fe:aa02:1::7",
            "::ffff:100.100.100.200",
        ] {
            assert!(!reached(address, &everything), "{address}");
        }
        for address in [
            "169.253.255.255",
            "169.255.0.0",
            "100.100.100.201",
            "fd00:ec3::254",
            "fec0::1",
            "::1",
            "fd00::a9fe:a9fe",
        ] {
            assert!(reached(address, &everything), "{address}");
        }
    }

    #[test]
    fn what_is_no_network_is_not_read() {
        for text in ["10.0.0.0", "10.0.0.0/33", "::/129", "10/8", "10.0.0.0/", "x/8", "10.0.0.0/-1", ""] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
