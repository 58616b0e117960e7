//! The table `[images]`.
//!
//! ```toml
//! [images]
//! mirror = "registry.example.com"
//! extra = ["tensorflow/tensorflow:2.5.1"]
//! allow = ["registry.example.com"]
//!
//! [images.map]
//! "docker.io" = "registry.example.com/hub"
//! "us-central1-docker.pkg.dev/staging" = { to = "registry.example.com/jobset", from = "registry.k8s.io" }
//!
//! [[images.rule]]
//! name = "driver"
//! kind = "Job"
//! paths = ["spec.driver.picture"]
//! ```

use crate::diag::{Error, ErrorKind, Result};
use crate::image::map::Entry;
use crate::image::{Reference, UserRule};
use crate::yaml::{Mark, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::Spanned;

/// Which images there are and where they are pulled from.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Images {
    /// The registry that everything is pulled from.
    #[serde(default)]
    mirror: Option<Spanned<String>>,
    /// Sources and targets.
    #[serde(default)]
    map: BTreeMap<String, Spanned<Target>>,
    /// Images that no object names.
    #[serde(default)]
    extra: Vec<Spanned<String>>,
    /// Registries, or beginnings of repositories, that images may be pulled from.
    #[serde(default)]
    pub(crate) allow: Vec<String>,
    /// Rules by which images are found.
    #[serde(default)]
    pub(crate) rule: Vec<Spanned<UserRule>>,
}

/// Where a source is mapped to.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Target {
    Plain(String),
    From(From),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    to: String,
    from: String,
}

impl Images {
    /// The rules for where images are pulled from.
    pub(crate) fn entries(&self, source: &Arc<Source>) -> Vec<Entry> {
        let entry = |from: &str, target: String, origin, at: usize| Entry {
            source: from.to_owned(),
            target,
            from: origin,
            mark: mark(source, at),
        };
        let mirror = self.mirror.iter().map(|m| entry("*", m.get_ref().clone(), None, m.span().start));
        let map = self.map.iter().map(|(from, target)| match target.get_ref() {
            Target::Plain(to) => entry(from, to.clone(), None, target.span().start),
            Target::From(both) => entry(from, both.to.clone(), Some(both.from.clone()), target.span().start),
        });
        mirror.chain(map).collect()
    }

    /// Images that no object names. Errors: a string that is not a valid reference.
    pub(crate) fn extra(&self, source: &Arc<Source>) -> Result<Vec<Reference>> {
        let parse = |text: &Spanned<String>| {
            Reference::parse(text.get_ref()).map_err(|why| {
                let message = format!("the image `{}` is not a valid reference: {why}", text.get_ref());
                Error::new(ErrorKind::Config, message).at(mark(source, text.span().start).location())
            })
        };
        self.extra.iter().map(parse).collect()
    }

    /// The rules by which images are found.
    pub(crate) fn rules(&self) -> Vec<UserRule> {
        self.rule.iter().map(|rule| rule.get_ref().clone()).collect()
    }
}

fn mark(source: &Arc<Source>, offset: usize) -> Mark {
    Mark { source: source.clone(), offset: u32::try_from(offset).unwrap_or(0) }
}
