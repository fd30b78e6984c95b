//! The registers of a call.

use aya_ebpf::cty::c_void;

use crate::globals;

/// `struct pt_regs` of the task that made the call.
#[derive(Clone, Copy)]
pub struct Registers(*const c_void);

impl Registers {
    /// The registers that a tracepoint gave.
    #[inline(always)]
    pub fn new(regs: *const c_void) -> Self {
        Self(regs)
    }

    /// The call's number.
    #[inline(always)]
    pub fn call(self) -> u32 {
        self.field(globals::regs_call())
    }

    #[inline(always)]
    pub fn first(self) -> u64 {
        self.field(globals::regs_first())
    }

    #[inline(always)]
    pub fn second(self) -> u64 {
        self.field(globals::regs_second())
    }

    #[inline(always)]
    pub fn third(self) -> u64 {
        self.field(globals::regs_third())
    }

    #[inline(always)]
    pub fn fourth(self) -> u64 {
        self.field(globals::regs_fourth())
    }

    #[inline(always)]
    fn field<T: Copy>(self, offset: u32) -> T {
        // SAFETY: the verifier knows what the pointer points to, and checks that the read lies within.
        unsafe { self.0.byte_add(offset as usize).cast::<T>().read_volatile() }
    }
}
