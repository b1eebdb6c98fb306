//! A thread that makes blocks ahead of who takes them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::damaged;
use super::stream::{Fault, Stream};
use crate::error::panic_text;
use crate::{IoError, Result};

type Message = Result<Option<Vec<u8>>, Fault>;

/// The thread, and the two ways between it and the taker.
pub(super) struct Pump {
    blocks: Option<Receiver<Message>>,
    spare: Sender<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
}

impl Pump {
    /// Lets `stream` run up to `queue` blocks ahead.
    pub fn start(path: &Path, stream: Stream, queue: usize) -> Result<Self> {
        let (sender, blocks) = sync_channel(queue);
        let (spare, returned) = channel();
        let name = path.to_path_buf();
        let work = move || {
            let run = || run(stream, &sender, &returned);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
                let error = damaged(&name, &panic_text(panic.as_ref()));
                // Nobody may be there any more to hear it.
                let _ = sender.send(Err(Fault::Error(error)));
            }
        };
        let thread = Builder::new()
            .name("pf-io-unpack".to_owned())
            .spawn(work)
            .map_err(|source| IoError::Os { path: path.to_path_buf(), source })?;
        Ok(Self { blocks: Some(blocks), spare, thread: Some(thread) })
    }

    pub fn next_block(&mut self) -> Message {
        let message = self.blocks.as_ref().and_then(|blocks| blocks.recv().ok());
        // The thread says how it ends before it ends.
        message.unwrap_or(Err(Fault::Error(IoError::Cancelled)))
    }

    pub fn recycle(&mut self, block: Vec<u8>) {
        let _ = self.spare.send(block);
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.blocks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mut stream: Stream, sender: &SyncSender<Message>, spare: &Receiver<Vec<u8>>) {
    loop {
        let message = stream.block(spare.try_recv().unwrap_or_default());
        let more = matches!(message, Ok(Some(_)));
        if sender.send(message).is_err() || !more {
            return;
        }
    }
}
