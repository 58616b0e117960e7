//! What the search for images finds.

use super::reference::Reference;
use crate::diag::Location;
use crate::limits::narrow;
use crate::resource::Resource;
use crate::yaml::{NodeId, Style};
use std::ops::Range;

/// In what kind of place an image stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Carrier {
    /// `image` of a container of a built-in workload.
    Container,
    /// `image` of a container of a custom resource.
    CustomContainer,
    /// Another field of an object.
    CustomField,
    /// The value of an environment variable.
    Env,
    /// `--flag=image`
    ArgJoined,
    /// `--flag`, then the image.
    ArgSeparate,
    /// An annotation.
    Annotation,
    /// A whole value of a ConfigMap or Secret.
    Scalar,
    /// A field in YAML within a value.
    EmbeddedYaml,
    /// A choice of a form in YAML within a value.
    EmbeddedChoice,
    /// A field in JSON within a value.
    EmbeddedJson,
    /// Joined from image and version.
    ComposedVersion,
    /// Joined from registry, image and tag.
    ComposedHubTag,
    /// Joined from registry, repository and tag as charts have them.
    ComposedRepository,
    /// A line in a template.
    TemplateLiteral,
    /// A default in source code.
    SourceDefault,
    /// The default of a field in the schema of a custom resource.
    SchemaDefault,
}

impl Carrier {
    /// The name in listings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::CustomContainer => "cr-container",
            Self::CustomField => "cr-image-field",
            Self::Env => "env",
            Self::ArgJoined => "arg-joined",
            Self::ArgSeparate => "arg-separate",
            Self::Annotation => "annotation",
            Self::Scalar => "configmap-scalar",
            Self::EmbeddedYaml => "embedded-yaml",
            Self::EmbeddedChoice => "embedded-choice",
            Self::EmbeddedJson => "embedded-json",
            Self::ComposedVersion => "composed-version",
            Self::ComposedHubTag => "composed-hub-tag",
            Self::ComposedRepository => "composed-repository",
            Self::TemplateLiteral => "template-literal",
            Self::SourceDefault => "source-default",
            Self::SchemaDefault => "schema-default",
        }
    }
}

/// When an image is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Pulled {
    /// By what is installed.
    Always,
    /// When a user does something.
    OnUse,
    /// Only with a setting that is off, or as a hint.
    Conditional,
}

impl Pulled {
    /// The name in listings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::OnUse => "on use",
            Self::Conditional => "conditional",
        }
    }
}

/// How sure it is that a place holds an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Confidence {
    /// It is the field that is pulled.
    Certain,
    /// Its name, or its look, says so.
    Likely,
}

impl Confidence {
    /// The name in listings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
        }
    }
}

/// Bytes of the text of a scalar of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The scalar.
    pub(crate) node: NodeId,
    /// The bytes; `None` where the text stands otherwise in the scalar than it reads, as `\u0067hcr.io` does.
    pub(crate) range: Option<Range<usize>>,
}

/// How a reference is made of what stands in the manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Join {
    /// The text is the reference.
    Whole,
    /// The text is the reference without tag; the tag stands elsewhere.
    Version,
    /// The text is the last component. Registry and repository stand at another place, and other images are joined
    /// from the same parts.
    Hub {
        /// Where the registry stands.
        hub: Place,
        /// Images that have to become whole together with this one.
        along: Vec<Place>,
    },
    /// Registry, repository and tag in fields of a mapping.
    Repository {
        /// Where the registry stands, if it has a field.
        registry: Option<Place>,
        /// Where the tag stands.
        tag: Option<Place>,
        /// Where the digest stands.
        digest: Option<Place>,
    },
}

/// An image in an object.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    /// The slot of the object in its table.
    pub(crate) slot: usize,
    /// The path of the field; `→` leads into a text.
    pub(crate) path: String,
    /// The kind of place.
    pub(crate) carrier: Carrier,
    /// What is pulled.
    pub(crate) reference: Reference,
    /// The reference in the form in which it stands there, or is joined.
    pub(crate) written: String,
    /// What stands there.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// How the reference is made of it.
    pub(crate) join: Join,
    /// The parts of a joined reference: path and text.
    pub(crate) parts: Vec<(String, String)>,
    /// The rule that found it.
    pub(crate) rule: String,
    /// When it is pulled.
    pub(crate) pulled: Pulled,
    /// How sure that is.
    pub(crate) confidence: Confidence,
}

impl Hit {
    /// The file and line of the image: within a block scalar the line of the text itself.
    pub(crate) fn location(&self, res: &Resource) -> Location {
        let doc = res.doc();
        let mut at = doc.location(self.place.node);
        let block = matches!(doc.style(self.place.node), Style::Literal | Style::Folded);
        // The place of what a generator made is its entry, which is no block.
        let column = (at.column as usize).saturating_sub(1);
        let begins = at.text.as_deref().and_then(|line| line.chars().nth(column));
        let block = block && matches!(begins, Some('|' | '>'));
        if let Some(range) = self.place.range.as_ref().filter(|_| block) {
            let before = doc.text(self.place.node).get(..range.start).unwrap_or_default();
            at.line += 1 + narrow(before.matches('\n').count());
            (at.column, at.length, at.text) = (0, 0, None);
        }
        at
    }
}

/// `Kind/namespace/name` of an object.
pub(crate) fn object(res: &Resource) -> String {
    format!("{}/{}/{}", res.gvk().kind, res.namespace(), res.name())
}
