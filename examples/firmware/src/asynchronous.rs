//! The network of [`net`](crate::net) for an executor: what is not ready gives way to the other tasks, one of which moves
//! frames, and then sleeps until the next interrupt. The network controller has none here, but the clock, every millisecond.

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::net::{IpAddr, SocketAddr};
use core::task::Poll;
use core::time::Duration;

use embassy_executor::{Executor, SpawnError, SpawnToken, Spawner};
use embedded_nal::{AddrType, Dns as _, TcpClientStack, TcpError, TcpErrorKind};
use heyan_embedded::embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use heyan_embedded::embedded_nal_async::{Dns, TcpConnect};
use heyan_embedded::{Clock, Timer};

use crate::board::{clock, host};
use crate::kiosk::ADDRESS_WITHIN;
use crate::net::{NetError, Network, Socket};

/// Milliseconds since the start, and alarms.
#[derive(Clone, Copy)]
pub struct Alarms;

impl Clock for Alarms {
    fn now(&self) -> Duration {
        clock::now()
    }
}

impl Timer for Alarms {
    fn until(&self, at: Duration) -> impl Future<Output = ()> {
        until(move || (clock::now() >= at).then_some(()))
    }
}

/// Asks again and again, and lets the other tasks run in between.
pub fn until<T>(mut ask: impl FnMut() -> Option<T>) -> impl Future<Output = T> {
    poll_fn(move |context| match ask() {
        Some(answer) => Poll::Ready(answer),
        None => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
}

/// The task that moves frames, for ever.
#[embassy_executor::task]
pub async fn move_frames(network: &'static RefCell<Network>) {
    until(|| {
        network.borrow_mut().poll();
        cortex_m::asm::wfi();
        None
    })
    .await
}

/// Runs the kiosk's two tasks: the one that moves frames, and the one that serves people.
pub fn run<S>(
    executor: &'static mut Executor,
    network: &'static RefCell<Network>,
    serve: Result<SpawnToken<S>, SpawnError>,
) -> ! {
    executor.run(|spawner: Spawner| {
        let tasks = [move_frames(network).map(|task| spawner.spawn(task)), serve.map(|task| spawner.spawn(task))];
        if tasks.iter().any(Result::is_err) {
            host::exit(104);
        }
    })
}

/// Waits for an address, or gives up: then the first call says what is missing.
pub async fn await_address(network: &RefCell<Network>) {
    let give_up = clock::now() + ADDRESS_WITHIN;
    until(|| (network.borrow().has_address() || clock::now() >= give_up).then_some(())).await;
}

/// The network with the traits of `embedded-nal-async`.
#[derive(Clone, Copy)]
pub struct Stack<'n>(pub &'n RefCell<Network>);

impl Dns for Stack<'_> {
    type Error = NetError;

    async fn get_host_by_name(&self, host: &str, _: AddrType) -> Result<IpAddr, NetError> {
        until(|| ready(self.0.borrow_mut().get_host_by_name(host, AddrType::IPv4))).await
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, NetError> {
        Err(NetError::Name)
    }
}

impl TcpConnect for Stack<'_> {
    type Error = NetError;
    type Connection<'s>
        = Connection<'s>
    where
        Self: 's;

    async fn connect<'s>(&'s self, to: SocketAddr) -> Result<Connection<'s>, NetError> {
        let socket = self.0.borrow_mut().socket()?;
        let mut connection = Connection { network: self.0, socket: Some(socket) };
        connection.with(|network, socket| network.connect(socket, to)).await?;
        Ok(connection)
    }
}

/// A connection; it is closed when it is dropped.
pub struct Connection<'n> {
    network: &'n RefCell<Network>,
    socket: Option<Socket>,
}

impl Connection<'_> {
    fn with<R>(
        &mut self,
        mut ask: impl FnMut(&mut Network, &mut Socket) -> nb::Result<R, NetError>,
    ) -> impl Future<Output = Result<R, NetError>> {
        until(move || match &mut self.socket {
            Some(socket) => ready(ask(&mut self.network.borrow_mut(), socket)),
            None => Some(Err(NetError::Closed)),
        })
    }
}

fn ready<T>(answer: nb::Result<T, NetError>) -> Option<Result<T, NetError>> {
    match answer {
        Ok(answer) => Some(Ok(answer)),
        Err(nb::Error::Other(error)) => Some(Err(error)),
        Err(nb::Error::WouldBlock) => None,
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            let _ = self.network.borrow_mut().close(socket);
        }
    }
}

impl core::fmt::Display for NetError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the network reports {self:?}")
    }
}

impl core::error::Error for NetError {}

impl heyan_embedded::embedded_io::Error for NetError {
    fn kind(&self) -> ErrorKind {
        match TcpError::kind(self) {
            TcpErrorKind::PipeClosed => ErrorKind::BrokenPipe,
            _ => ErrorKind::Other,
        }
    }
}

impl ErrorType for Connection<'_> {
    type Error = NetError;
}

impl Read for Connection<'_> {
    async fn read(&mut self, space: &mut [u8]) -> Result<usize, NetError> {
        match self.with(|network, socket| network.receive(socket, space)).await {
            Err(NetError::Closed) => Ok(0),
            result => result,
        }
    }
}

impl Write for Connection<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, NetError> {
        self.with(|network, socket| network.send(socket, bytes)).await
    }

    async fn flush(&mut self) -> Result<(), NetError> {
        Ok(())
    }
}
