//! Generated files, and writing all of them to a folder or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::MonitoringError;

/// A generated file.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct File {
    /// The path within the folder, with `/` between its parts.
    pub path: String,
    /// The text of the file.
    pub content: String,
}

impl File {
    pub(super) fn new(path: impl Into<String>, content: impl Into<String>) -> Self {
        Self { path: path.into(), content: content.into() }
    }
}

/// Writes files to a staging folder, then moves each to its path. Replaced files are kept until the last file is moved, and
/// are restored if one cannot be moved.
pub(super) fn write(folder: &Path, files: &[File]) -> Result<(), MonitoringError> {
    check_paths(folder, files)?;
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(|error| write_error(folder, &error))?;
    let staging = Staging(folder.join(format!(".agent-metrics.{}", std::process::id())));
    let done = stage(&staging, files).and_then(|()| move_all(folder, &staging, files));
    drop(staging);
    if done.is_err() && is_new {
        let _ = fs::remove_dir_all(folder);
    }
    done
}

/// A temporary folder for new and replaced files, which is removed when dropped.
struct Staging(PathBuf);

impl Staging {
    fn staged(&self, file: &File) -> PathBuf {
        self.0.join("new").join(&file.path)
    }

    fn replaced(&self, file: &File) -> PathBuf {
        self.0.join("old").join(&file.path)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write_error(path: &Path, error: &io::Error) -> MonitoringError {
    MonitoringError::Write { path: path.display().to_string(), message: error.to_string() }
}

/// Returns an error, before anything is written, if a folder exists where a file is to be written, or a file where a folder
/// is needed.
fn check_paths(folder: &Path, files: &[File]) -> Result<(), MonitoringError> {
    let blocked = |path: &Path, message: &str| MonitoringError::Write {
        path: path.display().to_string(),
        message: message.to_owned(),
    };
    for file in files {
        let path = folder.join(&file.path);
        if path.is_dir() {
            return Err(blocked(&path, "it is a folder"));
        }
        let mut above = path.parent();
        while let Some(path) = above.filter(|path| !path.as_os_str().is_empty()) {
            if path.exists() && !path.is_dir() {
                return Err(blocked(path, "it is a file"));
            }
            above = path.parent();
        }
    }
    Ok(())
}

fn stage(staging: &Staging, files: &[File]) -> Result<(), MonitoringError> {
    for file in files {
        let path = staging.staged(file);
        make_parent(&path)?;
        fs::write(&path, &file.content).map_err(|error| write_error(&path, &error))?;
    }
    Ok(())
}

fn move_all(folder: &Path, staging: &Staging, files: &[File]) -> Result<(), MonitoringError> {
    for (at, file) in files.iter().enumerate() {
        if let Err(error) = move_one(folder, staging, file) {
            for file in &files[..=at] {
                restore(folder, staging, file);
            }
            return Err(error);
        }
    }
    Ok(())
}

fn move_one(folder: &Path, staging: &Staging, file: &File) -> Result<(), MonitoringError> {
    let (path, old) = (folder.join(&file.path), staging.replaced(file));
    make_parent(&path)?;
    if path.exists() {
        make_parent(&old)?;
        fs::rename(&path, &old).map_err(|error| write_error(&path, &error))?;
    }
    fs::rename(staging.staged(file), &path).map_err(|error| write_error(&path, &error))
}

/// Restores a replaced file, or removes a new one together with the folders that were created for it.
fn restore(folder: &Path, staging: &Staging, file: &File) {
    let (path, old) = (folder.join(&file.path), staging.replaced(file));
    if old.exists() {
        let _ = fs::rename(&old, &path);
    } else if !staging.staged(file).exists() {
        let _ = fs::remove_file(&path);
    }
    let mut above = path.parent();
    while let Some(parent) = above.filter(|parent| *parent != folder) {
        if fs::remove_dir(parent).is_err() {
            return; // It is not empty.
        }
        above = parent.parent();
    }
}

fn make_parent(path: &Path) -> Result<(), MonitoringError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    fs::create_dir_all(parent).map_err(|error| write_error(parent, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("agent-metrics-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[test]
    fn files_are_written_and_other_files_stay() {
        let folder = folder("stay");
        fs::create_dir_all(folder.join("a")).expect("a folder");
        fs::write(folder.join("other.txt"), "other").expect("a file");
        fs::write(folder.join("a/one.yml"), "old").expect("a file");
        write(&folder, &[File::new("a/one.yml", "new"), File::new("b/c/two.yml", "two")]).expect("written");
        assert_eq!(read(&folder.join("a/one.yml")), "new");
        assert_eq!(read(&folder.join("b/c/two.yml")), "two");
        assert_eq!(read(&folder.join("other.txt")), "other");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 3, "no staging folder is left");
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_path_that_is_occupied_is_reported_and_nothing_is_written() {
        let folder = folder("blocked");
        fs::create_dir_all(folder.join("b")).expect("a folder");
        fs::write(folder.join("a"), "a file").expect("a file");
        let blocked = write(&folder, &[File::new("new.yml", "x"), File::new("a/one.yml", "x")]);
        let error = blocked.expect_err("a is a file").to_string();
        assert!(error.contains("/a: it is a file; nothing was changed"), "{error}");
        let error =
            write(&folder, &[File::new("new.yml", "x"), File::new("b", "x")]).expect_err("b is a folder");
        assert!(error.to_string().contains("/b: it is a folder"), "{error}");
        assert!(!folder.join("new.yml").exists());
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_failed_move_undoes_the_earlier_moves() {
        let folder = folder("undone");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("one.yml"), "old").expect("a file");
        let files =
            [File::new("one.yml", "new"), File::new("sub/two.yml", "new"), File::new("three.yml", "new")];
        let staging = Staging(folder.join(".staging"));
        stage(&staging, &files).expect("staged");
        fs::remove_file(staging.staged(&files[2])).expect("removed");
        move_all(&folder, &staging, &files).expect_err("the third can't be moved");
        drop(staging);
        assert_eq!(read(&folder.join("one.yml")), "old");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "new files are removed");
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_folder_that_cannot_be_created_is_reported() {
        let error = write(Path::new("/proc/no-such-folder"), &[File::new("one.yml", "x")]);
        let error = error.expect_err("nothing can be made there").to_string();
        assert!(error.starts_with("can't write /proc/no-such-folder"), "{error}");
    }
}
