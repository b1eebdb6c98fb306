//! Files that are looked at in place while nobody can change them.
//!
//! To map a file saves copying it, but if somebody cuts it short, whoever looks beyond its new end is
//! ended by the system (SIGBUS). Linux can promise that this does not happen: as long as a process
//! holds a read lease on a file, all who want to open it for writing or to truncate it have to wait,
//! and nobody gets a lease on a file that is open for writing. The lease is asked before each look,
//! and given back with the map as soon as somebody waits, so nobody waits longer than a look takes.
//! A holder that is stopped for longer than `/proc/sys/fs/lease-break-time` (45 s) loses it.
//!
//! Looks are granted for pages in memory only, whose reading cannot fail either. They are mapped all at
//! once (`MADV_POPULATE_READ`), which is an error where looking at them would be SIGBUS. Threads get
//! less in each other's way if no two of them map parts of the same 2 MiB, which share a page table.
//! Only local file systems have leases on which all writers of a file agree, and only the owner of a
//! file (or a process with the right to) gets one; what is not granted must be read.
//!
//! Sources: `fcntl(2)`, section "Leases"; `madvise(2)`.

use std::fs::File;
use std::ops::{Deref, Range};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rayon::ThreadPool;

/// `F_SETSIG` of `fcntl(2)`, on the processors that this is compiled for.
const F_SETSIG: libc::c_int = 10;
/// Maps pages, as if they were read; from Linux 5.14 on.
const MADV_POPULATE_READ: libc::c_int = 22;
/// Pages that are asked for at once.
const PAGES: usize = 256;
/// It takes a millisecond or more to unmap so many bytes.
const LARGE: usize = 32 << 20;

/// A file that is mapped under a lease, until somebody wants to write to it.
#[derive(Debug)]
pub(crate) struct Leased {
    map: RwLock<Option<Map>>,
}

/// A part of the file in place; whoever wants to write waits until it is dropped.
pub(crate) struct Look<'l> {
    map: RwLockReadGuard<'l, Option<Map>>,
    range: Range<usize>,
}

#[derive(Debug)]
struct Map {
    start: NonNull<u8>,
    length: usize,
    page: usize,
    /// The system maps whole ranges, and memory is not taken for those of which a file has nothing.
    maps_ranges: bool,
    file: File,
}

// SAFETY: a map is only read, and unmapped when nobody has a look.
unsafe impl Send for Map {}
// SAFETY: as above.
unsafe impl Sync for Map {}

impl Leased {
    /// A lease on the open file of a path, of which `size` bytes will be looked at; none if it is not
    /// to be had.
    pub fn take(path: &Path, open: &File, size: u64) -> Option<Self> {
        let length = usize::try_from(size).ok().filter(|&length| length > 0)?;
        // Leases belong to an open file, so this one is opened for nobody else.
        let file = File::open(path).ok()?;
        let (metadata, wanted) = (file.metadata().ok()?, open.metadata().ok()?);
        let is_same = (metadata.dev(), metadata.ino()) == (wanted.dev(), wanted.ino());
        let system = file_system(&file)?;
        let local = [libc::EXT4_SUPER_MAGIC, libc::XFS_SUPER_MAGIC, libc::BTRFS_SUPER_MAGIC];
        // Holes of files in memory are filled when they are mapped.
        let maps_ranges = local.contains(&system);
        if !is_same || !(maps_ranges || system == libc::TMPFS_MAGIC) {
            return None;
        }
        // SAFETY: asks for a number.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()?;
        let fd = file.as_raw_fd();
        // By default the signal that somebody waits would end the process; this one does nothing.
        // SAFETY: the file is open, and nobody else has its description.
        let is_leased = unsafe {
            libc::fcntl(fd, F_SETSIG, libc::SIGURG) == 0
                && libc::fcntl(fd, libc::F_SETLEASE, libc::F_RDLCK) == 0
        };
        if !is_leased {
            return None;
        }
        // From here on a map without a length gives the lease back.
        let mut map = Map { start: NonNull::dangling(), length: 0, page, maps_ranges, file };
        // It may have been cut short before there was a lease.
        if map.file.metadata().ok()?.len() < size {
            return None;
        }
        // SAFETY: a new map of an open file, at an address of the system's choice.
        let start = unsafe {
            let null = std::ptr::null_mut();
            libc::mmap(null, length, libc::PROT_READ, libc::MAP_SHARED, fd, 0)
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        (map.start, map.length) = (NonNull::new(start.cast())?, length);
        map.maps_ranges &= map.populate(&(0..1)) || errno() != libc::EINVAL;
        Some(Self { map: RwLock::new(Some(map)) })
    }

    /// The bytes of a range, if they are in memory and nobody waits to write.
    pub fn look(&self, range: Range<usize>) -> Option<Look<'_>> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        if !map.as_ref()?.is_kept() {
            drop(map);
            *self.map.write().unwrap_or_else(PoisonError::into_inner) = None;
            return None;
        }
        map.as_ref()?.is_ready(&range).then_some(Look { map, range })
    }

    /// Gives the lease back at once, and the map, which takes longer, by a thread of the pool.
    pub fn give_back(self, pool: &ThreadPool) {
        let map = self.map.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(map) = map.filter(|map| map.length >= LARGE) else { return };
        map.give_back();
        pool.spawn(move || drop(map));
    }
}

impl Map {
    /// Whether nobody waits for the lease.
    fn is_kept(&self) -> bool {
        // SAFETY: the file is open.
        unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_GETLEASE) == libc::F_RDLCK }
    }

    /// Whether a part of the map, checked here to be one, is in memory.
    fn is_ready(&self, range: &Range<usize>) -> bool {
        if range.start > range.end || range.end > self.length {
            return false;
        }
        if self.maps_ranges {
            // Else the first page of a file that is not in memory would be read as a map is.
            let first = range.start..range.end.min(range.start + 1);
            self.is_resident(&first) && self.populate(range)
        } else {
            self.is_resident(range)
        }
    }

    /// Maps all pages of a part of the map; false if the system does not, or cannot read them.
    fn populate(&self, range: &Range<usize>) -> bool {
        let start = range.start / self.page * self.page;
        // SAFETY: whole pages of the map, whose contents stay as they are.
        let answer = unsafe {
            let from = self.start.add(start).as_ptr().cast();
            libc::madvise(from, range.end - start, MADV_POPULATE_READ)
        };
        answer == 0
    }

    /// Lets those go on who wait to write; nobody has a look any more.
    fn give_back(&self) {
        // SAFETY: the file is open.
        unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_SETLEASE, libc::F_UNLCK) };
    }

    /// Whether all pages of a part of the map are in memory.
    fn is_resident(&self, range: &Range<usize>) -> bool {
        let mut found = [0u8; PAGES];
        let mut at = range.start / self.page * self.page;
        while at < range.end {
            let bytes = (range.end - at).min(PAGES * self.page);
            // SAFETY: whole pages of the map, at most as many as there are places for answers.
            let answer = unsafe {
                libc::mincore(self.start.add(at).as_ptr().cast(), bytes, found.as_mut_ptr())
            };
            let pages = &found[..bytes.div_ceil(self.page)];
            if answer != 0 || !pages.iter().all(|page| page & 1 == 1) {
                return false;
            }
            at += bytes;
        }
        true
    }
}

impl Deref for Look<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let Some(map) = &*self.map else { return &[] }; // a look is at a map that is there
        let Range { start, end } = self.range;
        // SAFETY: the range lies in the map, as was checked before the look was granted; the map
        // stays while the guard does, and the lease keeps all others from writing.
        unsafe { std::slice::from_raw_parts(map.start.add(start).as_ptr(), end - start) }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: mapped with this start and length, and nobody has a look at it.
        unsafe {
            if self.length > 0 {
                libc::munmap(self.start.as_ptr().cast(), self.length);
            }
        }
        self.give_back();
    }
}

/// What kind of file system a file lies on; of the local ones it is known that nobody changes their
/// files behind the system's back.
fn file_system(file: &File) -> Option<libc::c_long> {
    // SAFETY: all-zero bytes are a valid answer, which the call overwrites.
    let (answer, found) = unsafe {
        let mut found: libc::statfs = std::mem::zeroed();
        (libc::fstatfs(file.as_raw_fd(), &raw mut found), found)
    };
    (answer == 0).then_some(found.f_type)
}

/// Why the last call of the system failed.
fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::path::PathBuf;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;

    /// A file in a folder of its own, closed for writing.
    fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf, File) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let file = File::open(&path).unwrap();
        (folder, path, file)
    }

    fn bytes() -> Vec<u8> {
        (0..2_000_003u32).map(|i| (i % 251) as u8).collect()
    }

    #[test]
    fn looks_are_the_bytes() {
        let bytes = bytes();
        let (_folder, path, file) = file(&bytes);
        let Some(leased) = Leased::take(&path, &file, bytes.len() as u64) else { return }; // no such files here
        for range in [0..0, 0..1, 4095..4097, 1_999_999..2_000_003, 0..2_000_003, 7..1_500_000] {
            assert_eq!(&*leased.look(range.clone()).unwrap(), &bytes[range]);
        }
        assert!(leased.look(0..2_000_004).is_none());
        // Two looks at one page, of which one ends.
        let (first, second) = (leased.look(0..5000).unwrap(), leased.look(4096..9000).unwrap());
        drop(first);
        assert_eq!(&*second, &bytes[4096..9000]);
        let backwards = Range { start: 5, end: 4 };
        assert!(leased.look(backwards).is_none());
        assert!(
            Leased::take(&path, &file, bytes.len() as u64 + 1).is_none(),
            "shorter than was said"
        );
        assert!(Leased::take(&path, &file, 0).is_none());
        let other = path.with_file_name("other");
        std::fs::write(&other, &bytes).unwrap();
        assert!(Leased::take(&other, &file, 1).is_none(), "another file");
        // Two leases do not take each other's away.
        drop(Leased::take(&path, &file, 1).unwrap());
        assert!(leased.look(0..1).is_some());
    }

    #[test]
    fn nobody_gets_a_lease_beside_a_writer() {
        let bytes = bytes();
        let (_folder, path, file) = file(&bytes);
        let writer = OpenOptions::new().write(true).open(&path).unwrap();
        assert!(Leased::take(&path, &file, bytes.len() as u64).is_none());
        drop(writer);
    }

    #[test]
    fn writers_wait_for_a_look_and_no_longer() {
        let bytes = bytes();
        let (_folder, path, file) = file(&bytes);
        let Some(leased) = Leased::take(&path, &file, bytes.len() as u64) else { return };
        let look = leased.look(0..bytes.len()).unwrap();
        let (tell, told) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let writer = OpenOptions::new().write(true).truncate(true).open(&path);
                writer.unwrap();
                tell.send(Instant::now()).unwrap();
            });
            assert!(told.recv_timeout(Duration::from_millis(300)).is_err(), "it should wait");
            assert!(*look == bytes[..], "nothing has changed");
            drop(look);
            assert!(leased.look(0..1).is_none(), "the lease is asked back");
            told.recv_timeout(Duration::from_secs(10)).expect("nothing to wait for any more");
        });
        assert!(leased.look(0..1).is_none());
        assert_eq!(file.metadata().unwrap().len(), 0);
    }
}
