//! The key file: one key a line in 64 hexadecimal digits, the newest first, readable by its owner alone. It lies beside no
//! backup of the database.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Fault;
use crate::ids::Ids;
use crate::services::seal::{Secret, Vault};

/// More keys than anybody needs: a file with more lines is something else.
const MOST: usize = 32;

fn told(file: &Path, why: impl std::fmt::Display) -> Fault {
    format!("key file {}: {why}", file.display()).into()
}

/// The keys, newest first. A file with one is made at first start.
pub fn load(file: &Path) -> Result<Vec<Secret>, Fault> {
    if !file.exists() {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|e| told(file, e))?;
        }
        let mut made = open_new(file).map_err(|e| told(file, e))?;
        write_key(&mut made).map_err(|e| told(file, e))?;
        made.sync_all().map_err(|e| told(file, e))?;
    }
    read(file)
}

/// The keys of a file that is there.
///
/// # Errors
/// A file that somebody else than its owner may read, or that holds anything but keys.
pub fn read(file: &Path) -> Result<Vec<Secret>, Fault> {
    let meta = fs::metadata(file).map_err(|e| told(file, e))?;
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(told(file, "others may read it; make it its owner's alone: chmod 600"));
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(|e| told(file, e))?);
    let mut keys = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut key = Secret::default();
        hex::decode_to_slice(line, key.as_mut_slice())
            .map_err(|_| told(file, "a line is not 64 hexadecimal digits"))?;
        if keys.contains(&key) || keys.len() == MOST {
            return Err(told(file, "a key stands in it twice, or there are too many"));
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(told(file, "no key in it"));
    }
    Ok(keys)
}

/// The names of a file's keys, newest first, as sealed rows bear them.
///
/// # Errors
/// As [`read`].
pub fn names(file: &Path) -> Result<Vec<String>, Fault> {
    let keys = read(file)?;
    Ok(Vault::of(Arc::new(move || Ok(keys.clone())))?.key_ids())
}

/// Puts a new key before the others. Whoever reads meanwhile finds the file of before or the whole new one.
pub fn add(file: &Path) -> Result<(), Fault> {
    read(file)?;
    let others = Zeroizing::new(fs::read_to_string(file).map_err(|e| told(file, e))?);
    let beside = file.with_extension("new");
    // Left by one that was stopped while it wrote.
    if beside.exists() {
        fs::remove_file(&beside).map_err(|e| told(&beside, e))?;
    }
    let mut made = open_new(&beside).map_err(|e| told(&beside, e))?;
    write_key(&mut made)
        .and_then(|()| made.write_all(others.trim().as_bytes()))
        .and_then(|()| made.write_all(b"\n"))
        .and_then(|()| made.sync_all())
        .and_then(|()| fs::rename(&beside, file))
        .map_err(|e| told(&beside, e))?;
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|e| told(folder, e))?;
    }
    Ok(())
}

fn open_new(file: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

fn write_key(file: &mut File) -> std::io::Result<()> {
    let fresh = Zeroizing::new(hex::encode(Ids::System.secret()));
    file.write_all(fresh.as_bytes())?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_added_before_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("panoh.key");
        let first = load(&file).unwrap();
        assert_eq!(load(&file).unwrap(), first, "made once");
        fs::write(file.with_extension("new"), "half a ke").unwrap();
        add(&file).unwrap();
        let both = read(&file).unwrap();
        assert_eq!((both.len(), both[1] == first[0], both[0] == first[0]), (2, true, false));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        // A file of before, without an end of line.
        fs::write(&file, hex::encode(first[0].as_slice())).unwrap();
        assert_eq!(read(&file).unwrap(), first);
    }

    #[test]
    fn a_file_that_others_may_read_or_that_is_no_key_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("panoh.key");
        let key = load(&file).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert!(read(&file).unwrap_err().to_string().contains("chmod 600"), "{mode:o}");
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&file).unwrap(), key);
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let twice = format!("{0}\n{0}\n", hex::encode(key[0].as_slice()));
        for text in ["", "\n\n", "abc", twice.as_str()] {
            fs::write(&file, text).unwrap();
            let refused = read(&file).unwrap_err().to_string();
            assert!(!refused.contains(&hex::encode(key[0].as_slice())), "{refused}");
        }
    }
}
