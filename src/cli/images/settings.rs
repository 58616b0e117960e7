//! What flags and `kfm.toml` say about images.

use super::super::args::ImageArgs;
use super::super::environment::Environment;
use super::super::input;
use crate::accumulate::{Edit, Stage};
use crate::config::Repository;
use crate::diag::{Error, ErrorKind, Findings, Location, Result, cause};
use crate::image::map::{Entry, entries, mirror};
use crate::image::rewrite::outside;
use crate::image::{self, Lock, Map, Reference, Rewrite, Rules, UserRule};
use crate::resource::ResMap;
use crate::yaml::Source;
use std::sync::Arc;

/// The largest map or lock that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// How many places of images are shown that may not be there.
const SHOWN: usize = 20;

/// What is to be done with the images of a target.
pub(crate) struct Settings {
    entries: Vec<Entry>,
    /// Digests.
    lock: Option<Lock>,
    rules: Vec<UserRule>,
    /// Images that no object names.
    pub(crate) extra: Vec<Reference>,
    allow: Vec<String>,
    check: bool,
}

impl Settings {
    /// Reads the files that the flags name, and `kfm.toml` of the repository of the target unless the program was called
    /// as kustomize. A rule of the command line wins over one of `kfm.toml` for the same source.
    pub(crate) fn new(args: &ImageArgs, target: &str, environment: &Environment) -> Result<Self> {
        let repository = match environment.as_kustomize {
            true => Repository::default(),
            false => Repository::find(&environment.directory, target)?,
        };
        let mut all = vec![];
        for file in &args.image_map {
            all.extend(entries(&read(file, environment)?)?);
        }
        if let Some(registry) = &args.image_mirror {
            all.push(mirror(registry, "--image-mirror"));
        }
        let images = &repository.config.images;
        let own = repository.source.as_ref().map(|source| images.entries(source)).unwrap_or_default();
        let own: Vec<Entry> = own.into_iter().filter(|o| all.iter().all(|e| e.source != o.source)).collect();
        all.extend(own);
        let extra = repository.source.as_ref().map(|source| images.extra(source)).transpose()?;
        let lock = match &args.image_lock {
            Some(file) => Some(Lock::parse(&read(file, environment)?)?),
            None => None,
        };
        Ok(Self {
            entries: all,
            lock,
            rules: images.rules(),
            extra: extra.unwrap_or_default(),
            allow: [args.image_allow.clone(), images.allow.clone()].concat(),
            check: args.image_check,
        })
    }

    /// The rules by which images are found.
    pub(crate) fn rules(&self) -> Result<Rules> {
        Rules::new(&self.rules)
    }

    /// Where images are pulled from.
    pub(crate) fn map(&self) -> Result<Map> {
        Map::new(self.entries.clone())
    }

    /// How images are rewritten; `None` if they stay.
    pub(crate) fn rewrite(&self) -> Result<Option<Rewrite>> {
        if self.entries.is_empty() && self.lock.is_none() {
            return Ok(None);
        }
        Ok(Some(Rewrite { rules: self.rules()?, map: self.map()?, lock: self.lock.clone() }))
    }

    /// Fails if a check is asked for and an image is outside of what is allowed.
    pub(crate) fn check(&self, resources: &ResMap) -> Result<()> {
        if self.check { self.check_allowed(resources) } else { Ok(()) }
    }

    /// Fails if an image is outside of what is allowed: `--image-allow` and `allow`, or else what images are mapped to.
    pub(crate) fn check_allowed(&self, resources: &ResMap) -> Result<()> {
        let allowed = if self.allow.is_empty() { self.map()?.targets() } else { self.allow.clone() };
        if allowed.is_empty() {
            return Err(Error::new(
                ErrorKind::Usage,
                "no registry is allowed: there is nothing to check against",
            )
            .hint("name registries with `--image-allow`, or map images with `--image-mirror`"));
        }
        let found = image::find(resources, &self.rules()?, |_| true);
        image::rewrite::refuse_broken(&found, resources)?;
        let outside = outside(&found, &allowed);
        if outside.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{} of {} places name images outside of {}",
            outside.len(),
            found.hits.len(),
            allowed.join(", ")
        );
        let mut error = Error::new(ErrorKind::Restricted, message);
        for hit in outside.iter().take(SHOWN) {
            let Some(res) = resources.get(hit.slot) else { continue };
            let text = format!("`{}` in {} {}", hit.written, image::object(res), hit.path);
            error = error.label(hit.location(res), text);
        }
        Err(error.hint("`kfm images list --places` lists all of them"))
    }
}

/// The step of a build that rewrites images: first those whose names get a hash of their content, then all.
pub(crate) fn edit(rewrite: Rewrite) -> Edit {
    Edit(Arc::new(move |resources: &mut ResMap, stage: Stage, findings: &Findings| {
        match stage {
            Stage::BeforeHashes => rewrite.apply(resources, findings, |res| res.needs_hash)?,
            Stage::Finished => rewrite.apply(resources, findings, |_| true)?,
        };
        Ok(())
    }))
}

/// The text of a file that a flag names.
pub(super) fn read(file: &str, environment: &Environment) -> Result<Arc<Source>> {
    let wrong = |why: String| {
        Error::new(ErrorKind::Io, format!("`{file}` cannot be read: {why}")).at(Location::file(file))
    };
    let bytes = input::file(file, LARGEST, environment).map_err(|e| wrong(cause(&e)))?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    Ok(Source::new(file, text))
}
