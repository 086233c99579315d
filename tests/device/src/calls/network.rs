//! A network with one host, which does nothing but when the device waits: a router with an address for the device and a
//! name server, and behind it the gateway.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Context, Result};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{DhcpMessageType, DhcpPacket, DhcpRepr, EthernetAddress, IpCidr, Ipv4Cidr};

use super::server::{Server, Session};
use crate::cable::{PEER, answer_question};

const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
const DEVICE: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
/// The peer is not on the device's own network, but behind the router.
const PREFIX: u8 = 26;
const HARDWARE_ADDRESS: [u8; 6] = [2, 0, 0, 0, 0, 2];

const DNS: u16 = 53;
const DHCP_SERVER: u16 = 67;
const DHCP_CLIENT: u16 = 68;

/// The network and all that is in it.
pub struct Network {
    line: Line,
    interface: Interface,
    sockets: SocketSet<'static>,
    dns: SocketHandle,
    dhcp: SocketHandle,
    /// Two, so that a new connection finds a place while the old one ends.
    tcp: [(SocketHandle, Option<Session>); 2],
    server: Server,
    turns: i64,
}

impl Network {
    /// A network with this server.
    pub fn new(server: Server) -> Result<Self> {
        let mut line = Line::new()?;
        let mut interface =
            Interface::new(Config::new(EthernetAddress(HARDWARE_ADDRESS).into()), &mut line, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            for address in [ROUTER, PEER] {
                let _ = addresses.push(IpCidr::Ipv4(Ipv4Cidr::new(address, PREFIX)));
            }
        });
        let mut sockets = SocketSet::new(Vec::new());
        let mut bound = |port| -> Result<SocketHandle> {
            let space = || udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; 4], vec![0; 4096]);
            let mut socket = udp::Socket::new(space(), space());
            socket.bind(port).context("a port is taken")?;
            Ok(sockets.add(socket))
        };
        let (dns, dhcp) = (bound(DNS)?, bound(DHCP_SERVER)?);
        let tcp = [(); 2].map(|()| {
            let space = || tcp::SocketBuffer::new(vec![0; 16 * 1024]);
            let mut socket = tcp::Socket::new(space(), space());
            socket.set_nagle_enabled(false);
            socket.set_ack_delay(None);
            (sockets.add(socket), None)
        });
        Ok(Self { line, interface, sockets, dns, dhcp, tcp, server, turns: 0 })
    }

    /// Where the device's frames go, and where they must come from.
    pub fn device(&self) -> (SocketAddr, SocketAddr) {
        self.line.device
    }

    /// The device waits: everybody else does what there is to do. Returns how many frames that made.
    pub fn turn(&mut self) -> Result<u8> {
        // No timer runs off while the device takes its time.
        self.turns += 1;
        let now = Instant::from_millis(self.turns);
        for session in self.tcp.iter_mut().filter_map(|(_, session)| session.as_mut()) {
            session.answer()?;
        }
        self.line.sent = 0;
        self.line.fetch()?;
        loop {
            let sent = self.line.sent;
            self.interface.poll(now, &mut self.line, &mut self.sockets);
            self.answer_dhcp()?;
            self.answer_dns()?;
            self.serve()?;
            self.interface.poll(now, &mut self.line, &mut self.sockets);
            if self.line.sent == sent {
                return Ok(u8::try_from(sent)?);
            }
        }
    }

    fn serve(&mut self) -> Result<()> {
        for (handle, session) in &mut self.tcp {
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(*handle);
            if !socket.is_open() {
                socket.listen(self.server.port()).context("nobody can listen")?;
                *session = Some(self.server.session()?);
            }
            let Some(session) = session else { continue };
            if socket.can_recv() {
                socket.recv(|bytes| (bytes.len(), session.receive(bytes))).context("no connection")??;
            }
            if socket.can_send() && !session.outgoing().is_empty() {
                let count = socket.send_slice(session.outgoing()).context("no connection")?;
                session.outgoing().drain(..count);
            }
            if socket.state() == tcp::State::CloseWait {
                socket.close();
            }
        }
        Ok(())
    }

    fn answer_dns(&mut self) -> Result<()> {
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.dns);
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_slice(&mut question) {
            if let Some(answer) = answer_question(&question[..length]) {
                socket.send_slice(&answer, from.endpoint).context("no room for an answer")?;
            }
        }
        Ok(())
    }

    /// RFC 2131 §3.1: an offer, then an acknowledgement.
    fn answer_dhcp(&mut self) -> Result<()> {
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.dhcp);
        let mut question = [0; 1024];
        while let Ok((length, _)) = socket.recv_slice(&mut question) {
            let packet = DhcpPacket::new_checked(&question[..length])?;
            let asked = DhcpRepr::parse(&packet)?;
            let reply = DhcpRepr {
                message_type: match asked.message_type {
                    DhcpMessageType::Discover => DhcpMessageType::Offer,
                    _ => DhcpMessageType::Ack,
                },
                your_ip: DEVICE,
                server_ip: ROUTER,
                server_identifier: Some(ROUTER),
                router: Some(ROUTER),
                subnet_mask: Some(Ipv4Cidr::new(DEVICE, PREFIX).netmask()),
                dns_servers: Some([ROUTER].into_iter().collect()),
                lease_duration: Some(86_400),
                client_identifier: None,
                requested_ip: None,
                parameter_request_list: None,
                max_size: None,
                ..asked
            };
            let mut space = vec![0; reply.buffer_len()];
            reply.emit(&mut DhcpPacket::new_unchecked(&mut space[..]))?;
            socket.send_slice(&space, (Ipv4Addr::BROADCAST, DHCP_CLIENT)).context("no room for an offer")?;
        }
        Ok(())
    }
}

/// The line to the device, as QEMU has it: a datagram for a frame.
struct Line {
    socket: UdpSocket,
    device: (SocketAddr, SocketAddr),
    arrived: VecDeque<Vec<u8>>,
    sent: usize,
}

impl Line {
    fn new() -> Result<Self> {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
        // A port for QEMU's end, which was free a moment ago. Both are held until both are known.
        let (socket, other) = (bind()?, bind()?);
        socket.set_nonblocking(true)?;
        let device = (socket.local_addr()?, other.local_addr()?);
        Ok(Self { socket, device, arrived: VecDeque::new(), sent: 0 })
    }

    /// Takes what the device sent.
    fn fetch(&mut self) -> Result<()> {
        let mut space = [0; 2048];
        loop {
            match self.socket.recv(&mut space) {
                Ok(length) => self.arrived.push_back(space[..length].to_vec()),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("the line to the device"),
            }
        }
    }
}

impl phy::Device for Line {
    type RxToken<'a> = Arrived;
    type TxToken<'a> = Leaving<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Arrived, Leaving<'_>)> {
        let frame = self.arrived.pop_front()?;
        Some((Arrived(frame), Leaving(self)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Leaving<'_>> {
        Some(Leaving(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

struct Arrived(Vec<u8>);

struct Leaving<'l>(&'l mut Line);

impl phy::RxToken for Arrived {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl phy::TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut frame = vec![0; length];
        let result = write(&mut frame);
        // A frame that does not leave is missed by the device, which then waits in vain.
        if self.0.socket.send_to(&frame, self.0.device.1).is_ok() {
            self.0.sent += 1;
        }
        result
    }
}
