//! The clock and the randomness of a simulation's thread.
//!
//! libp2p, Noise and the standard library ask the system what time it is and for random bytes, by a handful of C
//! functions. Here these functions are defined by ourselves, so that the linker gives ours to everybody in the
//! program: on a thread that runs a simulation they answer with virtual time and with bytes that follow from the
//! seed, on every other thread they pass the call on to the kernel.
//!
//! This file must never be linked into the node that people run: randomness that can be foretold is no randomness.
//! It lives in the simulator's crate for that reason, and the node does not depend on it.
//!
//! A simulation asks for the time some hundred times a delivered message, so the answer is one thread-local load:
//! [`runtime`] has tokio refresh it whenever its paused clock has moved.

#![expect(unsafe_code, reason = "C functions are defined here, and the kernel is called for other threads")]

use std::cell::Cell;
use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

/// What [`CLOCK`] holds on a thread that runs no simulation.
const OFF: u64 = u64::MAX;

/// What monotonic clocks show when a simulation begins: far enough from zero that nobody's "an hour ago" is before it.
const MONOTONIC: u64 = 1_000_000 * 1_000_000_000;

thread_local! {
    /// Virtual nanoseconds since the simulation on this thread began.
    static CLOCK: Cell<u64> = const { Cell::new(OFF) };
    /// What the system's calendar shows when it begins, in nanoseconds since 1970.
    static EPOCH: Cell<u64> = const { Cell::new(0) };
    /// When it began by tokio's clock.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Where the stream of random bytes is; none means the kernel's.
    static RANDOM: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Makes this thread, which must be fresh, a simulation's: the standard library draws the keys of its hash maps once
/// a thread. Without a seed, randomness stays the kernel's. `epoch_ms` is in milliseconds since 1970.
pub fn enter(epoch_ms: u64, seed: Option<u64>) {
    EPOCH.set(epoch_ms.saturating_mul(1_000_000));
    RANDOM.set(seed.map(mix));
    CLOCK.set(0);
}

/// A runtime on this thread, after [`enter`]: time stands still while there is something to do and leaps to the next
/// timer when there is nothing.
///
/// # Errors
/// If the system refuses what a runtime needs.
pub fn runtime() -> io::Result<Runtime> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        // The paused clock moves only while the thread is parked.
        .on_thread_unpark(refresh)
        .build()?;
    runtime.block_on(async { BEGAN.set(Some(Instant::now())) });
    Ok(runtime)
}

fn refresh() {
    if let Some(began) = BEGAN.get() {
        CLOCK.set(u64::try_from(began.elapsed().as_nanos()).unwrap_or(OFF - 1));
    }
}

/// Virtual nanoseconds since the simulation on this thread began; 0 elsewhere.
pub fn now() -> u64 {
    match CLOCK.get() {
        OFF => 0,
        now => now,
    }
}

/// Sleeps until so many virtual nanoseconds have passed since the beginning, and the rest of that millisecond.
pub async fn sleep_until(at: u64) {
    if let Some(began) = BEGAN.get() {
        tokio::time::sleep_until(began + Duration::from_nanos(at)).await;
    }
}

/// The machine's own time since some moment, wherever it is asked.
pub fn machine() -> Duration {
    system::monotonic()
}

/// SplitMix64's finish: every bit of the input reaches every bit of the output.
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Fills `bytes` from this thread's stream; false if it has none.
fn draw(bytes: &mut [u8]) -> bool {
    // While a thread ends its locals may be gone already; the kernel answers then.
    let Ok(Some(mut state)) = RANDOM.try_with(Cell::get) else { return false };
    for part in bytes.chunks_mut(8) {
        state = state.wrapping_add(1);
        part.copy_from_slice(&mix(mix(state)).to_le_bytes()[..part.len()]);
    }
    RANDOM.set(Some(state));
    true
}

/// What a clock of the system shows on this thread, in nanoseconds; none if the kernel is to be asked.
fn shown(clock: libc::clockid_t) -> Option<u64> {
    let now = CLOCK.try_with(Cell::get).unwrap_or(OFF);
    if now == OFF {
        return None;
    }
    match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE => Some(EPOCH.get() + now),
        libc::CLOCK_MONOTONIC
        | libc::CLOCK_MONOTONIC_COARSE
        | libc::CLOCK_MONOTONIC_RAW
        | libc::CLOCK_BOOTTIME => Some(MONOTONIC + now),
        // Clocks of processor time measure the simulator, not the world.
        _ => None,
    }
}

/// The functions that take the place of the C library's.
mod system {
    use super::{Duration, draw, shown};

    const SECOND: u64 = 1_000_000_000;

    fn split(nanoseconds: u64) -> libc::timespec {
        // Both fit: seconds since 1970 are far below 2^63, and the rest is below 10^9.
        libc::timespec { tv_sec: (nanoseconds / SECOND) as _, tv_nsec: (nanoseconds % SECOND) as _ }
    }

    fn ask_kernel(clock: libc::clockid_t) -> (libc::c_int, libc::timespec) {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the kernel writes one `timespec` to the address of one.
        let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, &raw mut time) };
        (result as libc::c_int, time)
    }

    pub fn monotonic() -> Duration {
        let (_, time) = ask_kernel(libc::CLOCK_MONOTONIC);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }

    fn time_of(clock: libc::clockid_t) -> (libc::c_int, libc::timespec) {
        match shown(clock) {
            Some(nanoseconds) => (0, split(nanoseconds)),
            None => ask_kernel(clock),
        }
    }

    /// # Safety
    /// As for the C function: `time` is null or points to a `timespec`.
    // SAFETY: signature and meaning are those of the C library's function of this name.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> libc::c_int {
        let (result, value) = time_of(clock);
        if result == 0 && !time.is_null() {
            // SAFETY: the caller vouches for a pointer that is not null.
            unsafe { time.write(value) };
        }
        result
    }

    /// # Safety
    /// As for the C function: `time` is null or points to a `timeval`.
    // SAFETY: signature and meaning are those of the C library's function of this name.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn gettimeofday(time: *mut libc::timeval, _zone: *mut libc::c_void) -> libc::c_int {
        let (result, value) = time_of(libc::CLOCK_REALTIME);
        if result == 0 && !time.is_null() {
            let value = libc::timeval { tv_sec: value.tv_sec, tv_usec: value.tv_nsec / 1_000 };
            // SAFETY: the caller vouches for a pointer that is not null.
            unsafe { time.write(value) };
        }
        result
    }

    /// # Safety
    /// As for the C function: `time` is null or points to a `time_t`.
    // SAFETY: signature and meaning are those of the C library's function of this name.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn time(time: *mut libc::time_t) -> libc::time_t {
        let (_, value) = time_of(libc::CLOCK_REALTIME);
        if !time.is_null() {
            // SAFETY: the caller vouches for a pointer that is not null.
            unsafe { time.write(value.tv_sec) };
        }
        value.tv_sec
    }

    /// # Safety
    /// As for the C function: `len` bytes can be written at `buffer`.
    // SAFETY: signature and meaning are those of the C library's function of this name.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getrandom(
        buffer: *mut libc::c_void,
        len: libc::size_t,
        flags: libc::c_uint,
    ) -> libc::ssize_t {
        // Asked for nothing, at any address, to find out whether the function works: it does.
        if len == 0 {
            return 0;
        }
        // SAFETY: the caller vouches for `len` bytes at `buffer`; `draw` writes them and reads none.
        let bytes = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), len) };
        if draw(bytes) {
            return len as libc::ssize_t;
        }
        // SAFETY: the same promise is passed on to the kernel.
        let result = unsafe { libc::syscall(libc::SYS_getrandom, buffer, len, flags) };
        result as libc::ssize_t
    }

    /// # Safety
    /// As for the C function: `len` bytes can be written at `buffer`.
    // SAFETY: signature and meaning are those of the C library's function of this name.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn getentropy(buffer: *mut libc::c_void, len: libc::size_t) -> libc::c_int {
        // SAFETY: the caller's promise is passed on.
        let drawn = unsafe { getrandom(buffer, len, 0) };
        if usize::try_from(drawn) == Ok(len) { 0 } else { -1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a fresh thread sees with this seed: the order of a hash map, a key, and the clocks an hour later.
    fn seen(seed: Option<u64>) -> (Vec<u32>, libp2p::PeerId, u64, Duration) {
        let look = move || {
            enter(1_800_000_000_000, seed);
            let runtime = runtime().unwrap();
            let start = std::time::Instant::now();
            runtime.block_on(sleep_until(3_600_000_000_000));
            let map: std::collections::HashSet<u32> = (0..50).collect();
            let key = libp2p::identity::Keypair::generate_ed25519().public().to_peer_id();
            let calendar = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
            (map.into_iter().collect(), key, calendar, start.elapsed())
        };
        std::thread::spawn(look).join().unwrap()
    }

    #[test]
    fn a_seed_decides_everything_that_a_thread_sees() {
        let (first, second, other) = (seen(Some(1)), seen(Some(1)), seen(Some(2)));
        assert_eq!(first, second);
        assert_ne!(first.0, other.0);
        assert_ne!(first.1, other.1);
        assert_eq!(first.2, 1_800_003_600_000);
        assert_eq!(first.3, Duration::from_secs(3600));
    }

    #[test]
    fn without_a_seed_only_the_clock_is_virtual() {
        let (first, second) = (seen(None), seen(None));
        assert_ne!(first.1, second.1);
        assert_eq!((first.2, first.3), (second.2, second.3));
    }

    #[test]
    fn other_threads_have_the_machines_own() {
        let start = std::time::Instant::now();
        seen(Some(1));
        assert!(start.elapsed() < Duration::from_secs(3600));
        assert_ne!(
            libp2p::identity::Keypair::generate_ed25519().public(),
            libp2p::identity::Keypair::generate_ed25519().public()
        );
    }
}
