//! Which process holds the lock on a file, as far as the platform can tell.

use std::path::Path;

/// A process that holds a lock.
pub(super) struct Holder {
    pub(super) pid: u32,
    pub(super) command: Option<String>,
}

/// The process that locks a file: the first of them, where several share the lock.
///
/// Reads `/proc/locks` (proc_locks(5)), which names the owner, device and inode of every lock. File
/// systems that show another device number there than in `stat` are told apart by the files that the
/// owner has open.
#[cfg(target_os = "linux")]
pub(super) fn holder(path: &Path) -> Option<Holder> {
    use std::os::unix::fs::MetadataExt;

    let file = std::fs::metadata(path).ok()?;
    // glibc's encoding of device numbers, gnu_dev_major(3).
    let device = file.dev();
    let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
    let minor = (device & 0xff) | (device >> 12 & !0xff);
    let same_device = format!("{major:02x}:{minor:02x}");

    let has_open = |pid: u32| {
        std::fs::read_dir(format!("/proc/{pid}/fd")).ok().into_iter().flatten().flatten().any(|entry| {
            std::fs::metadata(entry.path())
                .is_ok_and(|open| (open.dev(), open.ino()) == (file.dev(), file.ino()))
        })
    };
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = locks.lines().filter(|line| !line.contains("->")).find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(4);
        // Locks of an open file description have no owner: -1 does not parse.
        let pid: u32 = fields.next()?.parse().ok()?;
        let (device, inode) = fields.next()?.rsplit_once(':')?;
        let is_it = inode.parse() == Ok(file.ino()) && (device == same_device || has_open(pid));
        (is_it && pid > 0).then_some(pid)
    })?;
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok().map(|line| {
        let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        words.join(" ").trim_end().to_owned()
    });
    Some(Holder { pid, command: command.filter(|command| !command.is_empty()) })
}

/// No other platform tells.
#[cfg(not(target_os = "linux"))]
pub(super) fn holder(_path: &Path) -> Option<Holder> {
    None
}
