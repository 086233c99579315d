//! The cable between the emulated device and QEMU's own network, which is closed: it gives an address and moves TCP to one
//! peer, but has no name server. The cable is one: it answers questions for a vendor's host with the address of that peer,
//! and adds itself to the offer of an address. No other name exists. And it can be pulled.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// Where the device finds its peer.
pub const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 100);
/// Where it finds its name server: QEMU's own, which a closed network leaves silent.
const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);

const ETHERNET: usize = 14;
const IP: usize = 20;
const UDP: usize = 8;
const DNS_PORT: [u8; 2] = [0, 53];
const DHCP_SERVER_PORT: [u8; 2] = [0, 67];

/// A cable; it moves frames until it is dropped.
pub struct Cable {
    /// Where the device's frames go, and where they must come from.
    pub device: (SocketAddr, SocketAddr),
    /// The same for the network's.
    pub network: (SocketAddr, SocketAddr),
    pulled: Arc<AtomicBool>,
}

impl Cable {
    /// A cable that is pulled once the device has sent this many TCP segments with data in them.
    pub fn new(pull_after: Option<u32>) -> Result<Self> {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
        let (to_device, to_network) = (Arc::new(bind()?), Arc::new(bind()?));
        // Ports for QEMU's ends, which were free a moment ago. Both are held until both are known.
        let (one, other) = (bind()?, bind()?);
        let device = (to_device.local_addr()?, one.local_addr()?);
        let network = (to_network.local_addr()?, other.local_addr()?);
        let pulled = Arc::new(AtomicBool::new(false));
        let left = Arc::new(AtomicU32::new(pull_after.unwrap_or(u32::MAX)));
        for (from, to, end) in [(&to_device, &to_network, network.1), (&to_network, &to_device, device.1)] {
            from.set_read_timeout(Some(Duration::from_millis(100)))?;
            let (from, to, pulled, left) = (Arc::clone(from), Arc::clone(to), Arc::clone(&pulled), Arc::clone(&left));
            let is_device = end == network.1;
            thread::spawn(move || {
                let mut space = [0; 2048];
                while !pulled.load(Ordering::Relaxed) {
                    // An error is that of an end which is not there yet, or no longer.
                    let Ok(length) = from.recv(&mut space) else { continue };
                    let frame = &mut space[..length];
                    if let Some(reply) = is_device.then(|| answer(frame)).flatten() {
                        let _ = from.send_to(&reply, device.1);
                        continue;
                    }
                    if is_device && has_tcp_data(frame) {
                        if left.load(Ordering::Relaxed) == 0 {
                            pulled.store(true, Ordering::Relaxed);
                            continue;
                        }
                        left.fetch_sub(1, Ordering::Relaxed);
                    }
                    if !is_device {
                        add_name_server(frame);
                    }
                    let _ = to.send_to(frame, end);
                }
            });
        }
        Ok(Self { device, network, pulled })
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.pulled.store(true, Ordering::Relaxed);
    }
}

/// The UDP datagram or TCP segment in a frame, if it is one of IPv4.
fn inside(frame: &[u8], protocol: u8) -> Option<&[u8]> {
    let ip = frame.get(ETHERNET..)?;
    let fits = frame.get(12..14)? == [0x08, 0x00] && *ip.first()? == 0x45 && *ip.get(9)? == protocol;
    let length = usize::from(u16::from_be_bytes([*ip.get(2)?, *ip.get(3)?]));
    if fits { ip.get(IP..length) } else { None }
}

fn has_tcp_data(frame: &[u8]) -> bool {
    let Some(tcp) = inside(frame, 6) else { return false };
    tcp.get(12).is_some_and(|offset| tcp.len() > usize::from(offset >> 4) * 4)
}

/// Puts the name server into the options of a DHCP reply, in the place of the padding behind them (RFC 2132 §3.8).
fn add_name_server(frame: &mut [u8]) {
    const OPTIONS: usize = ETHERNET + IP + UDP + 240;
    if inside(frame, 17).and_then(|udp| udp.get(..2)) != Some(&DHCP_SERVER_PORT) {
        return;
    }
    let mut at = OPTIONS;
    while let Some(code) = frame.get(at) {
        if *code == 255 {
            let [a, b, c, d] = NAME_SERVER.octets();
            if let Some(place) = frame.get_mut(at..at + 7) {
                place.copy_from_slice(&[6, 4, a, b, c, d, 255]);
                // A check sum of 0 is none (RFC 768).
                frame[ETHERNET + IP + 6..][..2].fill(0);
            }
            return;
        }
        at += if *code == 0 { 1 } else { 2 + usize::from(frame.get(at + 1).copied().unwrap_or(0)) };
    }
}

/// The frame that answers a frame with a question.
fn answer(frame: &[u8]) -> Option<Vec<u8>> {
    let udp = inside(frame, 17)?;
    if udp.get(2..4)? != DNS_PORT {
        return None;
    }
    let dns = answer_question(udp.get(UDP..)?)?;
    let ip = frame.get(ETHERNET..)?;
    let mut reply = Vec::new();
    reply.extend([&frame[6..12], &frame[..6], &[0x08, 0x00]].concat());
    let total = u16::try_from(IP + UDP + dns.len()).ok()?.to_be_bytes();
    let mut header = [0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, 17, 0, 0].to_vec();
    header.extend([&ip[16..20], &ip[12..16]].concat());
    let sum = check_sum(&header).to_be_bytes();
    header[10..12].copy_from_slice(&sum);
    reply.extend(header);
    let length = u16::try_from(UDP + dns.len()).ok()?.to_be_bytes();
    reply.extend([&udp[2..4], &udp[..2], &length, &[0, 0]].concat());
    reply.extend(dns);
    Some(reply)
}

/// RFC 1035 §4: the question again, and for a host that is known one address.
pub fn answer_question(question: &[u8]) -> Option<Vec<u8>> {
    let mut name = String::new();
    let mut at = 12;
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        name += &String::from_utf8_lossy(question.get(at..at + length)?).to_ascii_lowercase();
        name.push('.');
        at += length;
    }
    let is_known = heyan::provider::ALL.iter().any(|provider| name.trim_end_matches('.') == provider.info().host);
    let mut reply = question.get(..at + 4)?.to_vec();
    // A reply, authoritative; recursion was asked for and is there; code 3 says that the name does not exist.
    reply[2..4].copy_from_slice(&[0x85, if is_known { 0x80 } else { 0x83 }]);
    reply[4..12].copy_from_slice(&[0, 1, 0, u8::from(is_known), 0, 0, 0, 0]);
    if is_known {
        // The name of the question, type A, class IN, for a minute, four bytes.
        reply.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply.extend(PEER.octets());
    }
    Some(reply)
}

fn check_sum(header: &[u8]) -> u16 {
    let words = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    !((sum & 0xFFFF) + (sum >> 16)) as u16
}
