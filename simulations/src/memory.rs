//! What this process takes, and what the machine has: a world that does not fit is better told of before.

/// Bytes of memory that this process holds now; 0 where the system does not say.
pub fn resident() -> u64 {
    field("/proc/self/status", "VmRSS:").unwrap_or(0)
}

/// The most bytes that it ever held; 0 where the system does not say.
pub fn peak() -> u64 {
    field("/proc/self/status", "VmHWM:").unwrap_or(0)
}

/// Bytes that the machine could give without swapping; none where the system does not say.
pub fn available() -> Option<u64> {
    field("/proc/meminfo", "MemAvailable:")
}

/// A field in KiB of one of Linux's own tables.
fn field(table: &str, name: &str) -> Option<u64> {
    let table = std::fs::read_to_string(table).ok()?;
    let line = table.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_holds_less_than_its_peak() {
        let held = resident();
        assert!(held > 0 && peak() >= held && available().is_some());
    }
}
