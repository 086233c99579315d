//! The cable between the emulated device and QEMU's own network, which is closed: it gives an address and moves TCP to one
//! peer, but has no name server. The cable is one: it answers questions for a vendor's host with the address of that peer,
//! and adds itself to the offer of an address. No other name exists. And it can be pulled.

use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use std::{env, fs, process, thread};

use anyhow::Result;

/// Where the device finds its peer.
pub const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 100);
/// Where it finds a name server when it has no peer: QEMU's own, which a closed network leaves silent. With a peer, names
/// are asked for at the peer's address: smoltcp looks for one address per second, and a kiosk would wait for the second.
const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);

const ETHERNET: usize = 14;
const IP: usize = 20;
const UDP: usize = 8;
const DNS_PORT: [u8; 2] = [0, 53];
const DHCP_SERVER_PORT: [u8; 2] = [0, 67];

/// A cable; it moves frames until it is dropped.
pub struct Cable {
    /// The sockets of the cable's two ends and of what is plugged into them. They have names, so that many cables can be
    /// laid at the same time: a port that is free now may be taken when QEMU asks for it.
    folder: PathBuf,
    pulled: Arc<AtomicBool>,
}

/// One end of a cable: the socket of what is plugged in, and the cable's own.
pub struct End {
    /// Where frames are sent to by the cable.
    pub plug: PathBuf,
    /// Where the cable receives them.
    pub socket: PathBuf,
}

impl Cable {
    /// A cable that is pulled once the device has sent this many TCP segments with data in them; to a network in which
    /// there is a peer, or nobody.
    pub fn new(pull_after: Option<u32>, has_peer: bool) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("heyan-cable-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder)?;
        let pulled = Arc::new(AtomicBool::new(false));
        let cable = Self { folder, pulled };
        let name_server = if has_peer { PEER } else { NAME_SERVER };
        let (device, network) = (cable.device(), cable.network());
        let (from_device, from_network) = (UnixDatagram::bind(&device.socket)?, UnixDatagram::bind(&network.socket)?);
        for socket in [&from_device, &from_network] {
            socket.set_read_timeout(Some(Duration::from_millis(100)))?;
            // What is plugged in may have gone, and its queue is full for ever.
            socket.set_write_timeout(Some(Duration::from_millis(100)))?;
        }
        let pulled = Arc::clone(&cable.pulled);
        let mut left = pull_after.unwrap_or(u32::MAX);
        thread::spawn(move || {
            let mut space = [0; 2048];
            while !pulled.load(Ordering::Relaxed) {
                // An error is that of an end which is not there yet, or no longer.
                let Ok(length) = from_device.recv(&mut space) else { continue };
                let frame = &space[..length];
                if let Some(reply) = answer(frame) {
                    let _ = from_device.send_to(&reply, &device.plug);
                    continue;
                }
                if has_tcp_data(frame) {
                    if left == 0 {
                        pulled.store(true, Ordering::Relaxed);
                        continue;
                    }
                    left -= 1;
                }
                let _ = from_device.send_to(frame, &network.plug);
            }
        });
        let (pulled, device) = (Arc::clone(&cable.pulled), cable.device());
        thread::spawn(move || {
            let mut space = [0; 2048];
            while !pulled.load(Ordering::Relaxed) {
                let Ok(length) = from_network.recv(&mut space) else { continue };
                let frame = &mut space[..length];
                add_name_server(frame, name_server);
                let _ = from_network.send_to(frame, &device.plug);
            }
        });
        Ok(cable)
    }

    /// Where the device is plugged in.
    pub fn device(&self) -> End {
        self.end("device")
    }

    /// Where the network is.
    pub fn network(&self) -> End {
        self.end("network")
    }

    fn end(&self, name: &str) -> End {
        End { plug: self.folder.join(name), socket: self.folder.join(format!("cable-{name}")) }
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.pulled.store(true, Ordering::Relaxed);
        let _ = fs::remove_dir_all(&self.folder);
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
fn add_name_server(frame: &mut [u8], address: Ipv4Addr) {
    const OPTIONS: usize = ETHERNET + IP + UDP + 240;
    if inside(frame, 17).and_then(|udp| udp.get(..2)) != Some(&DHCP_SERVER_PORT) {
        return;
    }
    let mut at = OPTIONS;
    while let Some(code) = frame.get(at) {
        if *code == 255 {
            let [a, b, c, d] = address.octets();
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
