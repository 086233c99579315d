//! The device's log: defmt's frames from the emulated serial line, as text.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow};
use defmt_decoder::{DecodeError, Table};

/// A log that is being received.
pub struct Log {
    /// What QEMU connects its serial line to.
    pub address: SocketAddr,
    reader: JoinHandle<Result<Vec<String>>>,
}

impl Log {
    /// Waits for one connection and decodes what comes by the messages in the image; shows it at once if `live`.
    pub fn start(image: &Path, live: bool) -> Result<Self> {
        let table = Table::parse(&fs::read(image)?)?.context("the image has no log messages")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let reader = thread::spawn(move || {
            let (mut line, _) = listener.accept()?;
            let mut decoder = table.new_stream_decoder();
            let (mut space, mut lines) = ([0; 1024], Vec::new());
            loop {
                // The end of the emulator may look like an error.
                let count = line.read(&mut space).unwrap_or(0);
                if count == 0 {
                    return Ok(lines);
                }
                decoder.received(&space[..count]);
                loop {
                    match decoder.decode() {
                        Ok(frame) => {
                            let text = frame.display(false).to_string();
                            if live {
                                eprintln!("    log: {text}");
                            }
                            lines.push(text);
                        }
                        Err(DecodeError::UnexpectedEof) => break,
                        Err(DecodeError::Malformed) => return Err(anyhow!("the log is garbled")),
                    }
                }
            }
        });
        Ok(Self { address, reader })
    }

    /// All of it, after the emulator has ended.
    pub fn lines(self) -> Result<Vec<String>> {
        self.reader.join().map_err(|_| anyhow!("the log's reader gave up"))?
    }
}
