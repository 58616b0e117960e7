//! The rules by which images are found: `rules.toml`, with what the user adds and switches off.

use super::reference;
use crate::diag::{Error, ErrorKind, Result};
use regex::Regex;
use serde::Deserialize;

/// The built-in rules.
const BUILT_IN: &str = include_str!("rules.toml");

/// The names of the built-in rules, as `[[images.rule]]` spells them.
pub(super) const NAMES: &[&str] = &[
    "field",
    "container",
    "env",
    "flag",
    "annotation",
    "reference",
    "repository",
    "choice",
    "list",
    "version",
    "hub",
    "template",
    "source",
    "schema",
    "known",
];

/// Words, or their beginnings or ends.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Words {
    pub(crate) keys: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) beginnings: Vec<String>,
    pub(crate) endings: Vec<String>,
    pub(crate) placeholders: Vec<String>,
    pub(crate) files: Vec<String>,
}

impl Words {
    /// Returns whether a word is one of these.
    pub(super) fn has(&self, word: &str) -> bool {
        self.endings.iter().any(|e| word.ends_with(e.as_str()))
            || self.keys.iter().chain(&self.names).any(|k| k == word)
            || self.beginnings.iter().any(|b| word.starts_with(b.as_str()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Container {
    pub(crate) sequences: Vec<String>,
    pub(crate) mappings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Repository {
    pub(crate) registry: String,
    pub(crate) repository: String,
    pub(crate) tag: String,
    pub(crate) digest: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    pub(crate) beginning: String,
    pub(crate) values: Vec<String>,
    pub(crate) options: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Version {
    pub(crate) image: String,
    pub(crate) versions: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hub {
    pub(crate) hub: String,
    pub(crate) tag: String,
    pub(crate) variant: String,
    pub(crate) image: String,
    pub(crate) along: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    #[serde(with = "expressions")]
    pub(crate) patterns: Vec<Regex>,
    #[serde(with = "expressions")]
    pub(crate) joined: Vec<Regex>,
    pub(crate) image: String,
    pub(crate) tag: String,
    pub(crate) versions: String,
}

/// Regular expressions in a file of rules.
mod expressions {
    use regex::Regex;
    use serde::{Deserialize, Deserializer, de::Error};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Regex>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| Regex::new(text).map_err(D::Error::custom)).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    registries: Vec<String>,
    endings: Vec<String>,
    pub(crate) prose: Vec<String>,
}

impl Known {
    /// Returns whether a whole text is an image by its look alone.
    pub(super) fn has(&self, text: &str) -> bool {
        if text.len() > 600 || !text.contains('/') || !text.contains(':') {
            return false;
        }
        let public = reference::registry_of(text).is_some_and(|r| {
            self.registries.iter().any(|k| k == r) || self.endings.iter().any(|e| r.ends_with(e.as_str()))
        });
        (public || text.contains("@sha256:")) && reference::is_pinned(text)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Skip {
    pub(crate) keys: Vec<String>,
    pub(crate) together: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hint {
    pub(crate) group: String,
    pub(crate) kind: String,
}

/// A rule without anything to say but that it holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plain {}

/// A rule of the user's: what it names is an image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserRule {
    /// Its name, or that of a built-in rule to be switched off.
    pub(crate) name: String,
    /// Switches the built-in rule of this name off.
    #[serde(default)]
    pub(crate) off: bool,
    /// Only objects of this kind.
    #[serde(default)]
    pub(crate) kind: Option<String>,
    /// Only objects of this name.
    #[serde(default)]
    pub(crate) object: Option<String>,
    /// Paths of fields: keys and `*` for every item or entry, divided by dots. A key with dots stands in brackets.
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    /// Keys whose strings are images wherever they stand.
    #[serde(default)]
    pub(crate) keys: Vec<String>,
    /// Names of environment variables.
    #[serde(default)]
    pub(crate) env: Vec<String>,
    /// Flags of arguments, without dashes.
    #[serde(default)]
    pub(crate) flags: Vec<String>,
    /// Keys whose values hold no images.
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
}

/// All rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    pub(super) field: Option<Words>,
    pub(super) container: Option<Container>,
    pub(super) env: Option<Words>,
    pub(super) flag: Option<Words>,
    pub(super) annotation: Option<Words>,
    pub(super) reference: Option<Words>,
    pub(super) repository: Option<Repository>,
    pub(super) choice: Option<Choice>,
    pub(super) list: Option<Words>,
    pub(super) version: Option<Version>,
    pub(super) hub: Option<Hub>,
    pub(super) template: Option<Plain>,
    pub(super) source: Option<Source>,
    pub(super) schema: Option<Plain>,
    pub(super) known: Option<Known>,
    pub(super) skip: Skip,
    pub(super) hint: Vec<Hint>,
    #[serde(skip)]
    pub(super) user: Vec<UserRule>,
}

impl Rules {
    /// The built-in rules, changed by those of the user. Errors: a rule that is switched off and does not exist.
    pub(crate) fn new(user: &[UserRule]) -> Result<Self> {
        let mut rules: Self = toml::from_str(BUILT_IN).map_err(|e| {
            Error::new(ErrorKind::Config, format!("the built-in rules for images: {}", e.message()))
        })?;
        for rule in user {
            match rule.off {
                true => rules.switch_off(&rule.name)?,
                false => rules.user.push(rule.clone()),
            }
        }
        Ok(rules)
    }

    fn switch_off(&mut self, name: &str) -> Result<()> {
        match name {
            "field" => self.field = None,
            "container" => self.container = None,
            "env" => self.env = None,
            "flag" => self.flag = None,
            "annotation" => self.annotation = None,
            "reference" => self.reference = None,
            "repository" => self.repository = None,
            "choice" => self.choice = None,
            "list" => self.list = None,
            "version" => self.version = None,
            "hub" => self.hub = None,
            "template" => self.template = None,
            "source" => self.source = None,
            "schema" => self.schema = None,
            "known" => self.known = None,
            _ => {
                let message = format!("there is no built-in rule `{name}` for images");
                let error = Error::new(ErrorKind::Config, message);
                return Err(match crate::diag::nearest(name, NAMES.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint(format!("there are {}", NAMES.join(", "))),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_are_read_and_each_can_be_switched_off() {
        assert!(Rules::new(&[]).is_ok());
        for name in NAMES {
            let off = UserRule { name: (*name).into(), off: true, ..UserRule::default() };
            assert!(Rules::new(&[off]).is_ok(), "{name}");
        }
        let wrong = UserRule { name: "chioce".into(), off: true, ..UserRule::default() };
        let error = Rules::new(&[wrong]).unwrap_err();
        assert_eq!(error.hints(), ["did you mean `choice`?"]);
    }
}
