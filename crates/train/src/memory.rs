//! Memory of the process.

/// Peak resident set of this process so far, in bytes; none where the system does not report it
/// (without `/proc`).
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kilobytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_peak_grows_with_what_is_touched() {
        let Some(before) = super::peak_memory() else {
            println!("skipped: this system does not tell the peak of a process's memory");
            return;
        };
        let touched = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(super::peak_memory().is_some_and(|after| after >= before.max(touched.len() as u64)));
    }
}
