//! The pieces of user memory that a call names, one after another.
//!
//! A call names a buffer, a list of buffers, or a list of lists. All are walked by the same steps, each of which reports at
//! most one piece. The state lies in a map and not on the stack: the verifier knows nothing of what it reads back, and so
//! does not tell one way of getting there from another.

use aya_ebpf::helpers::generated::bpf_probe_read_user;
use core::mem::MaybeUninit;
use geophone_probe_common::syscall::{CAPACITIES, ChunkHead, LARGEST_FROM, MAX_MESSAGES, MAX_PIECES, call};

use super::{
    Call,
    emit::{self, Fates},
};
use crate::bytes::forgotten;

/// `struct iovec`, include/uapi/linux/uio.h.
type Vector = [u64; 2];

/// `struct user_msghdr`, include/linux/socket.h, up to and with `msg_iovlen`: name, its length, vectors, their number.
type Message = [u64; 4];

/// Size of `struct mmsghdr`: a message's 56 bytes, and its length.
const MESSAGE_STRIDE: u64 = 64;
const MESSAGE_LEN: u64 = 56;

/// Where a walk is.
#[repr(C)]
pub struct Walk {
    pub call: Call,
    /// What all records of the call say; `offset` moves on.
    pub head: ChunkHead,
    /// What became of the bytes so far.
    pub fates: Fates,
    /// Bytes of the call that are not accounted for.
    left: u64,
    /// Bytes of the message that is being walked; never more than `left`.
    message_left: u64,
    /// What is left of a buffer, never more than `message_left`.
    buffer: u64,
    buffer_left: u64,
    /// The buffers of the message that follow.
    vectors: u64,
    vectors_left: u64,
    /// The messages that follow.
    messages: u64,
    messages_left: u64,
}

/// The bytes that `count` messages moved, which the kernel has written beside each.
#[inline(always)]
pub fn bytes_of_messages(messages: u64, count: u64) -> u64 {
    let mut total = 0;
    let mut len = messages + MESSAGE_LEN;
    let end = len + count * MESSAGE_STRIDE;
    for _ in 0..MAX_MESSAGES {
        if len == end {
            break;
        }
        total += u64::from(read_user::<u32>(len));
        len += MESSAGE_STRIDE;
    }
    total
}

impl Walk {
    /// Before the first piece of the call, that moved `total` bytes; an `unreadable` one shows none of them.
    #[inline(always)]
    pub fn begin(&mut self, total: u64, unreadable: bool) {
        self.fates.clear();
        self.left = total;
        self.message_left = 0;
        self.buffer_left = 0;
        self.vectors_left = 0;
        self.messages_left = 0;
        if unreadable {
            return;
        }
        let call = self.call;
        match call.shape {
            call::BUFFER => {
                self.message_left = total;
                self.buffer = call.second;
                self.buffer_left = call.third.min(total);
            }
            call::VECTORS => {
                self.message_left = total;
                self.vectors = call.second;
                self.vectors_left = call.third;
            }
            call::MESSAGE => {
                self.message_left = total;
                self.take_vectors(call.second);
            }
            _ => {
                self.messages = call.second;
                self.messages_left = call.returned;
            }
        }
    }

    /// Reports all pieces. What is behind the last that is looked at is one gap.
    #[inline(always)]
    pub fn run(&mut self) {
        for _ in 0..MAX_PIECES {
            let walk = forgotten(self);
            if walk.left == 0 {
                return;
            }
            walk.step();
        }
        self.lose(self.left);
    }

    #[inline(always)]
    fn step(&mut self) {
        if self.message_left == 0 {
            self.next_message();
            if self.message_left == 0 {
                return;
            }
        }
        if self.buffer_left == 0 && self.vectors_left != 0 {
            self.next_vector();
            if self.buffer_left == 0 {
                return;
            }
        }
        let walk = forgotten(self);
        if walk.buffer_left == 0 {
            // A datagram may be longer than the buffers that it was received into.
            walk.lose(walk.message_left);
        } else {
            walk.take();
        }
    }

    #[inline(always)]
    fn next_message(&mut self) {
        if self.messages_left == 0 {
            // What no message names: the lengths have changed since they were added up.
            self.message_left = self.left;
            self.vectors_left = 0;
            return;
        }
        let len: u32 = read_user(self.messages + MESSAGE_LEN);
        self.message_left = u64::from(len).min(self.left);
        self.take_vectors(self.messages);
        self.messages += MESSAGE_STRIDE;
        self.messages_left -= 1;
    }

    #[inline(always)]
    fn take_vectors(&mut self, message: u64) {
        let [_, _, vectors, vectors_left]: Message = read_user(message);
        self.vectors = vectors;
        self.vectors_left = vectors_left;
    }

    #[inline(always)]
    fn next_vector(&mut self) {
        let [buffer, len]: Vector = read_user(self.vectors);
        self.buffer = buffer;
        self.buffer_left = len.min(self.message_left);
        self.vectors += size_of::<Vector>() as u64;
        self.vectors_left -= 1;
    }

    /// Reports the next piece of the buffer.
    #[inline(always)]
    fn take(&mut self) {
        let most = if self.buffer_left > LARGEST_FROM { CAPACITIES[3] } else { CAPACITIES[2] };
        let len = self.buffer_left.min(most as u64);
        let from = self.buffer;
        self.buffer += len;
        self.buffer_left -= len;
        emit::bytes(&mut self.head, &mut self.fates, from, len);
        self.pass(len);
    }

    /// Reports a gap, unless it is empty.
    #[inline(always)]
    fn lose(&mut self, len: u64) {
        if len == 0 {
            return;
        }
        emit::gap(&mut self.head, &mut self.fates, len);
        self.pass(len);
    }

    /// Goes on behind `len` bytes.
    #[inline(always)]
    fn pass(&mut self, len: u64) {
        self.head.offset += len;
        self.left -= len;
        // Behind the last piece that is looked at it is of no use any more, and may wrap.
        self.message_left = self.message_left.wrapping_sub(len);
    }
}

/// Reads a value of the task's memory; zeroes, which the helper writes, where that cannot be read.
#[inline(always)]
fn read_user<T: Copy>(address: u64) -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the destination has the size that is given, and the helper writes all of it, with zeroes if it fails
    // (bpf_probe_read_user_common, kernel/trace/bpf_trace.c); any bytes are a value of the integers that are read.
    unsafe {
        bpf_probe_read_user(value.as_mut_ptr().cast(), size_of::<T>() as u32, address as *const _);
        value.assume_init()
    }
}
