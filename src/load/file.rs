//! A file that was reached, read when it is needed and once.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files::{FileSystem, Memory};
use crate::limits::{Budget, Limit};
use crate::yaml::{Source, split};
use std::any::{Any, TypeId};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A file, its text, and what others made of it.
#[derive(Debug)]
pub(crate) struct File {
    /// Where it is, links resolved; `None` for files that were fetched.
    path: Option<PathBuf>,
    /// As the user would name it.
    shown: Arc<str>,
    /// Size in bytes when it was found.
    size: u64,
    bytes: OnceLock<Result<Arc<Vec<u8>>>>,
    text: OnceLock<Result<Arc<Source>>>,
    budget: Arc<Budget>,
    files: Arc<dyn FileSystem>,
    made: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
}

impl File {
    /// A regular file that was found but not read.
    pub(super) fn found(
        path: PathBuf,
        shown: Arc<str>,
        size: u64,
        files: Arc<dyn FileSystem>,
        budget: Arc<Budget>,
    ) -> Self {
        Self {
            path: Some(path),
            shown,
            size,
            bytes: OnceLock::new(),
            text: OnceLock::new(),
            budget,
            files,
            made: Mutex::default(),
        }
    }

    /// A file that was fetched.
    pub(super) fn fetched(shown: Arc<str>, bytes: Vec<u8>, budget: Arc<Budget>) -> Self {
        budget.read(bytes.len() as u64);
        let nowhere = Arc::new(Memory::new());
        let file = Self::found(PathBuf::new(), shown, bytes.len() as u64, nowhere, budget);
        Self { path: None, bytes: OnceLock::from(Ok(Arc::new(bytes))), ..file }
    }

    /// Where it is, links resolved; `None` for files that were fetched.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// As the user would name it.
    #[cfg(test)]
    pub(crate) fn shown(&self) -> &Arc<str> {
        &self.shown
    }

    /// Size in bytes when it was found.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The content as it is.
    pub(crate) fn bytes(&self) -> Result<Arc<Vec<u8>>> {
        self.bytes.get_or_init(|| self.load().map(Arc::new)).clone()
    }

    /// The content as text: UTF-8, or UTF-16 that begins with a byte order mark; CR LF is LF.
    pub(crate) fn text(&self) -> Result<Arc<Source>> {
        self.text
            .get_or_init(|| {
                let bytes = match self.bytes.get() {
                    Some(bytes) => bytes.clone()?.to_vec(),
                    None => self.load()?,
                };
                split::read_text(self.shown.clone(), bytes, Some(&self.budget))
            })
            .clone()
    }

    /// What `make` makes of this file; made once for every type, and kept with the file.
    pub(crate) fn made<T: Any + Send + Sync>(&self, make: impl FnOnce(&Self) -> T) -> Arc<T> {
        let slot = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            let known = made.iter().find(|(id, _)| *id == TypeId::of::<T>()).map(|(_, slot)| slot.clone());
            known.unwrap_or_else(|| {
                let slot: Arc<dyn Any + Send + Sync> = Arc::new(OnceLock::<Arc<T>>::new());
                made.push((TypeId::of::<T>(), slot.clone()));
                slot
            })
        };
        match slot.downcast::<OnceLock<Arc<T>>>() {
            Ok(slot) => slot.get_or_init(|| Arc::new(make(self))).clone(),
            Err(_) => Arc::new(make(self)),
        }
    }

    fn error(&self, message: String) -> Error {
        Error::new(ErrorKind::Io, message).at(Location::file(self.shown.clone()))
    }

    fn load(&self) -> Result<Vec<u8>> {
        let Some(path) = &self.path else { return Ok(vec![]) };
        let refused =
            |e: std::io::Error| self.error(format!("`{}` cannot be read: {}", self.shown, cause(&e)));
        let limit = self.budget.limits().get(Limit::File);
        let mut bytes = Vec::with_capacity(usize::try_from(self.size.min(limit)).unwrap_or(0) + 1);
        self.files.read(path, limit + 1, &mut bytes).map_err(refused)?;
        let size = bytes.len() as u64;
        self.budget.check(Limit::File, size).map_err(|e| Error::from(e).during(reading(&self.shown)))?;
        self.budget.read(size);
        Ok(bytes)
    }
}

/// What messages say that was being done.
pub(super) fn reading(shown: &str) -> String {
    format!("reading `{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_a_file_is_made_once() {
        let file = File::fetched("x".into(), b"1".to_vec(), Arc::default());
        let first = file.made(|_| 1_u8);
        assert!(Arc::ptr_eq(&first, &file.made(|_| 2_u8)));
        assert_eq!(*file.made(|_| 3_u16), 3);
    }
}
