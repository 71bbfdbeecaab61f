//! Files into a folder: all of them, or none.

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

/// Writes files to a folder beside the right one, then moves each to its place; what was there is kept until the
/// last is, and put back if one can't be moved.
pub(super) fn write(folder: &Path, files: &[File]) -> Result<(), MonitoringError> {
    check_places(folder, files)?;
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(|error| refused(folder, &error))?;
    let staging = Staging(folder.join(format!(".agent-metrics.{}", std::process::id())));
    let done = stage(&staging, files).and_then(|()| move_all(folder, &staging, files));
    drop(staging);
    if done.is_err() && is_new {
        let _ = fs::remove_dir_all(folder);
    }
    done
}

/// A folder that is gone when all is done, or nothing.
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

fn refused(path: &Path, error: &io::Error) -> MonitoringError {
    MonitoringError::Write { path: path.display().to_string(), message: error.to_string() }
}

/// Finds what stands in the way before anything is written: a file where a folder must be, or the other way round.
fn check_places(folder: &Path, files: &[File]) -> Result<(), MonitoringError> {
    let blocked = |path: &Path, message: &str| MonitoringError::Write {
        path: path.display().to_string(),
        message: message.to_owned(),
    };
    for file in files {
        let place = folder.join(&file.path);
        if place.is_dir() {
            return Err(blocked(&place, "it is a folder"));
        }
        let mut above = place.parent();
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
        let place = staging.staged(file);
        make_parent(&place)?;
        fs::write(&place, &file.content).map_err(|error| refused(&place, &error))?;
    }
    Ok(())
}

fn move_all(folder: &Path, staging: &Staging, files: &[File]) -> Result<(), MonitoringError> {
    for (at, file) in files.iter().enumerate() {
        if let Err(error) = move_one(folder, staging, file) {
            for file in &files[..=at] {
                put_back(folder, staging, file);
            }
            return Err(error);
        }
    }
    Ok(())
}

fn move_one(folder: &Path, staging: &Staging, file: &File) -> Result<(), MonitoringError> {
    let (place, old) = (folder.join(&file.path), staging.replaced(file));
    make_parent(&place)?;
    if place.exists() {
        make_parent(&old)?;
        fs::rename(&place, &old).map_err(|error| refused(&place, &error))?;
    }
    fs::rename(staging.staged(file), &place).map_err(|error| refused(&place, &error))
}

/// What was there comes back; what wasn't goes, with the folders that were made for it.
fn put_back(folder: &Path, staging: &Staging, file: &File) {
    let (place, old) = (folder.join(&file.path), staging.replaced(file));
    if old.exists() {
        let _ = fs::rename(&old, &place);
    } else if !staging.staged(file).exists() {
        let _ = fs::remove_file(&place);
    }
    let mut above = place.parent();
    while let Some(path) = above.filter(|path| *path != folder) {
        if fs::remove_dir(path).is_err() {
            return; // It isn't empty.
        }
        above = path.parent();
    }
}

fn make_parent(place: &Path) -> Result<(), MonitoringError> {
    let Some(parent) = place.parent() else { return Ok(()) };
    fs::create_dir_all(parent).map_err(|error| refused(parent, &error))
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
    fn files_are_written_and_others_stay() {
        let folder = folder("stay");
        fs::create_dir_all(folder.join("a")).expect("a folder");
        fs::write(folder.join("mine.txt"), "mine").expect("a file");
        fs::write(folder.join("a/one.yml"), "old").expect("a file");
        write(&folder, &[File::new("a/one.yml", "new"), File::new("b/c/two.yml", "two")]).expect("written");
        assert_eq!(read(&folder.join("a/one.yml")), "new");
        assert_eq!(read(&folder.join("b/c/two.yml")), "two");
        assert_eq!(read(&folder.join("mine.txt")), "mine");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 3, "nothing else is left");
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn what_stands_in_the_way_is_named_and_nothing_is_written() {
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
    fn a_move_that_fails_undoes_those_before() {
        let folder = folder("undone");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("one.yml"), "old").expect("a file");
        let files =
            [File::new("one.yml", "new"), File::new("sub/two.yml", "new"), File::new("three.yml", "new")];
        let staging = Staging(folder.join(".staging"));
        stage(&staging, &files).expect("staged");
        fs::remove_file(staging.staged(&files[2])).expect("the third goes missing");
        move_all(&folder, &staging, &files).expect_err("the third can't be moved");
        drop(staging);
        assert_eq!(read(&folder.join("one.yml")), "old");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "the rest is gone again");
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let error = write(Path::new("/proc/no-such-folder"), &[File::new("one.yml", "x")]);
        let error = error.expect_err("nothing can be made there").to_string();
        assert!(error.starts_with("can't write /proc/no-such-folder"), "{error}");
    }
}
