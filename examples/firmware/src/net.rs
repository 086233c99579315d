//! smoltcp behind `embedded-nal`: an address by DHCP, names by DNS, one TCP connection at a time.

use core::mem::MaybeUninit;
use core::net::{IpAddr, SocketAddr};

use embedded_nal::{AddrType, Dns, TcpClientStack, TcpError, TcpErrorKind};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::{dhcpv4, dns, tcp};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{DnsQueryType, EthernetAddress, IpAddress, IpCidr};

use crate::board::clock;
use crate::board::ethernet::Ethernet;
use crate::random::Random;

/// Locally administered, and the same in every run: the emulated network has one device.
pub const HARDWARE_ADDRESS: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// Longest reply that is in the socket before somebody reads it; more waits at the peer.
const RECEIVE_LEN: usize = 2048;
/// Longest piece of a request under way.
const SEND_LEN: usize = 1024;

/// The ports for clients begin here (RFC 6335 §6); there are 16384.
const FIRST_PORT: u16 = 49152;

/// The buffers of the network, for a static. All of it is zero at first, so that it takes no flash.
pub struct Memory {
    ethernet: Ethernet,
    receive: [u8; RECEIVE_LEN],
    send: [u8; SEND_LEN],
}

/// The places for sockets. Empty ones are not zero: in a static that is written at the start they take no flash.
pub struct Places {
    sockets: [SocketStorage<'static>; 3],
    queries: [Option<dns::DnsQuery>; 1],
}

impl Places {
    /// Free places.
    #[must_use]
    pub const fn new() -> Self {
        Self { sockets: [SocketStorage::EMPTY; 3], queries: [const { None }; 1] }
    }

    /// Free places in memory that is not initialized.
    #[inline(never)] // They are made on the stack first.
    pub fn free(memory: &mut MaybeUninit<Self>) -> &mut Self {
        memory.write(Self::new())
    }
}

impl Default for Places {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Empty memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { ethernet: Ethernet::new(), receive: [0; RECEIVE_LEN], send: [0; SEND_LEN] }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Why the network did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub enum NetError {
    /// There is no network controller.
    NoDevice,
    /// No server gave an address.
    NoAddress,
    /// The name is none, or no server knows it.
    Name,
    /// The connection is in use already.
    Busy,
    /// The peer refused or reset the connection, or cannot be reached.
    Reset,
    /// The peer will send no more.
    Closed,
}

impl TcpError for NetError {
    fn kind(&self) -> TcpErrorKind {
        if *self == Self::Closed { TcpErrorKind::PipeClosed } else { TcpErrorKind::Other }
    }
}

/// The network.
pub struct Network {
    interface: Interface,
    ethernet: &'static mut Ethernet,
    sockets: SocketSet<'static>,
    dhcp: SocketHandle,
    dns: SocketHandle,
    tcp: SocketHandle,
    query: Option<dns::QueryHandle>,
    has_address: bool,
    in_use: bool,
    next_port: u16,
}

/// The one connection.
#[derive(Debug)]
pub struct Socket {
    /// It was tried already: a closed state is the peer's answer.
    started: bool,
}

impl Network {
    /// Starts the controller and asks for an address.
    ///
    /// # Errors
    /// [`NetError::NoDevice`].
    #[inline(never)] // What it takes of the stack is needed once.
    pub fn start(
        memory: &'static mut Memory,
        places: &'static mut Places,
        random: &mut impl Random,
    ) -> Result<Self, NetError> {
        let Memory { ethernet, receive, send } = memory;
        let Places { sockets, queries } = places;
        ethernet.start(HARDWARE_ADDRESS).map_err(|_| NetError::NoDevice)?;
        let mut config = Config::new(EthernetAddress(HARDWARE_ADDRESS).into());
        config.random_seed = random.number();
        let interface = Interface::new(config, ethernet, now());
        let mut sockets = SocketSet::new(&mut sockets[..]);
        let mut dhcp = dhcpv4::Socket::new();
        let mut retry = dhcp.get_retry_config();
        retry.discover_timeout = Duration::from_secs(1);
        dhcp.set_retry_config(retry);
        let mut tcp = tcp::Socket::new(tcp::SocketBuffer::new(&mut receive[..]), tcp::SocketBuffer::new(&mut send[..]));
        tcp.set_nagle_enabled(false);
        // The default holds every acknowledgement back for 10 ms, and with it the peer's next segment.
        tcp.set_ack_delay(None);
        Ok(Self {
            interface,
            ethernet,
            dhcp: sockets.add(dhcp),
            dns: sockets.add(dns::Socket::new(&[], &mut queries[..])),
            tcp: sockets.add(tcp),
            sockets,
            query: None,
            has_address: false,
            in_use: false,
            next_port: FIRST_PORT | random.number() as u16 & 0x3FFF,
        })
    }

    /// Moves frames. To be called whenever the program waits.
    pub fn poll(&mut self) {
        self.interface.poll(now(), self.ethernet, &mut self.sockets);
        match self.sockets.get_mut::<dhcpv4::Socket<'_>>(self.dhcp).poll() {
            None => {}
            Some(dhcpv4::Event::Configured(given)) => {
                defmt::info!("address by DHCP, name servers: {=usize}", given.dns_servers.len());
                self.interface.update_ip_addrs(|addresses| {
                    addresses.clear();
                    let _ = addresses.push(IpCidr::Ipv4(given.address));
                });
                self.interface.routes_mut().remove_default_ipv4_route();
                if let Some(router) = given.router {
                    let _ = self.interface.routes_mut().add_default_ipv4_route(router);
                }
                let server = given.dns_servers.first().map(|server| IpAddress::Ipv4(*server));
                self.sockets.get_mut::<dns::Socket<'_>>(self.dns).update_servers(server.as_slice());
                self.has_address = true;
            }
            Some(dhcpv4::Event::Deconfigured) => {
                self.interface.update_ip_addrs(|addresses| addresses.clear());
                self.has_address = false;
            }
        }
    }

    /// Whether a server gave an address, and its lease has not run out.
    #[must_use]
    pub const fn has_address(&self) -> bool {
        self.has_address
    }

    /// Whether the connection is in use: between two people it must not be, unless it is kept.
    #[must_use]
    pub const fn in_use(&self) -> bool {
        self.in_use
    }

    fn tcp(&mut self) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.tcp)
    }
}

fn now() -> Instant {
    Instant::from_millis(i64::from(clock::millis()))
}

impl Dns for Network {
    type Error = NetError;

    fn get_host_by_name(&mut self, name: &str, _: AddrType) -> nb::Result<IpAddr, NetError> {
        let socket = self.sockets.get_mut::<dns::Socket<'_>>(self.dns);
        let query = match self.query {
            Some(query) => query,
            None => {
                let query = socket.start_query(self.interface.context(), name, DnsQueryType::A);
                *self.query.insert(query.map_err(|_| nb::Error::Other(NetError::Name))?)
            }
        };
        match socket.get_query_result(query) {
            Err(dns::GetQueryResultError::Pending) => Err(nb::Error::WouldBlock),
            result => {
                self.query = None;
                let addresses = result.map_err(|_| nb::Error::Other(NetError::Name))?;
                let first = addresses.first().ok_or(nb::Error::Other(NetError::Name))?;
                Ok((*first).into())
            }
        }
    }

    fn get_host_by_address(&mut self, _: IpAddr, _: &mut [u8]) -> nb::Result<usize, NetError> {
        Err(nb::Error::Other(NetError::Name))
    }
}

impl TcpClientStack for Network {
    type TcpSocket = Socket;
    type Error = NetError;

    fn socket(&mut self) -> Result<Socket, NetError> {
        if self.in_use {
            return Err(NetError::Busy);
        }
        self.in_use = true;
        // Whatever is left of the connection before.
        self.tcp().abort();
        self.poll();
        Ok(Socket { started: false })
    }

    fn connect(&mut self, connection: &mut Socket, remote: SocketAddr) -> nb::Result<(), NetError> {
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(self.tcp);
        match socket.state() {
            tcp::State::Established | tcp::State::CloseWait => return Ok(()),
            tcp::State::SynSent | tcp::State::SynReceived => return Err(nb::Error::WouldBlock),
            _ if connection.started => return Err(nb::Error::Other(NetError::Reset)),
            _ if !self.has_address => return Err(nb::Error::Other(NetError::NoAddress)),
            _ => {}
        }
        let SocketAddr::V4(remote) = remote else { return Err(nb::Error::Other(NetError::Name)) };
        connection.started = true;
        let port = self.next_port;
        self.next_port = FIRST_PORT | port.wrapping_add(1) & 0x3FFF;
        let begun = socket.connect(self.interface.context(), remote, port);
        begun.map_err(|_| nb::Error::Other(NetError::Reset))?;
        self.poll();
        Err(nb::Error::WouldBlock)
    }

    fn send(&mut self, _: &mut Socket, bytes: &[u8]) -> nb::Result<usize, NetError> {
        self.poll();
        let socket = self.tcp();
        if !socket.may_send() {
            return Err(nb::Error::Other(NetError::Reset));
        }
        match socket.send_slice(bytes) {
            Ok(0) => Err(nb::Error::WouldBlock),
            Ok(count) => {
                self.poll();
                Ok(count)
            }
            Err(_) => Err(nb::Error::Other(NetError::Reset)),
        }
    }

    fn receive(&mut self, _: &mut Socket, space: &mut [u8]) -> nb::Result<usize, NetError> {
        self.poll();
        match self.tcp().recv_slice(space) {
            Ok(0) => Err(nb::Error::WouldBlock),
            Ok(count) => Ok(count),
            Err(tcp::RecvError::Finished) => Err(nb::Error::Other(NetError::Closed)),
            Err(tcp::RecvError::InvalidState) => Err(nb::Error::Other(NetError::Reset)),
        }
    }

    fn close(&mut self, _: Socket) -> Result<(), NetError> {
        self.tcp().close();
        self.poll();
        self.in_use = false;
        Ok(())
    }
}
