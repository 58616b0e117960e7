//! The arguments of `edit`.
//!
//! Values may begin with a dash where they belong to a flag; others need `--` before them, as in kustomize. An unknown
//! command prints the help of its parent and succeeds, as in kustomize, but says so.

use crate::cli::args::go_bool;
use clap::{Args, Subcommand};
use std::ffi::OsString;

/// Arguments of `edit`.
#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// What to change
    #[command(subcommand)]
    pub(crate) command: Option<EditCommand>,
}

/// The commands of `edit`.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum EditCommand {
    /// Add an item
    Add(AddArgs),
    /// Move deprecated fields to those that replaced them
    #[command(args_override_self = true)]
    Fix(FixArgs),
    /// Remove items
    Remove(RemoveArgs),
    /// Set the value of a field
    Set(SetArgs),
    /// List the builtin plugins
    AlphaListBuiltinPlugin(Rest),
    /// Anything else
    #[command(external_subcommand)]
    Unknown(Vec<OsString>),
}

/// Arguments of which nothing is made.
#[derive(Debug, Args)]
pub(crate) struct Rest {
    /// Ignored, as kustomize does
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Names of things.
#[derive(Debug, Args)]
pub(crate) struct Names {
    /// What to add, set or remove
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// Arguments of `edit fix`.
#[derive(Debug, Args)]
pub(crate) struct FixArgs {
    /// Turn `vars` into `replacements` too; this changes the files that hold variables
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) vars: Option<bool>,
    /// Write nothing if the output of a build would change
    #[arg(long)]
    pub(crate) strict: bool,
    /// How remote content is fetched
    #[command(flatten)]
    pub(crate) remote: super::super::args::RemoteArgs,
    /// Ignored, as kustomize does
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Arguments of `edit add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// What to add
    #[command(subcommand)]
    pub(crate) command: Option<AddCommand>,
}

/// The commands of `edit add`.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum AddCommand {
    /// Add annotations `KEY:VALUE` to commonAnnotations
    #[command(args_override_self = true)]
    Annotation(AnnotationArgs),
    /// Add directories, separated by commas, to resources
    Base(Names),
    /// Add options, separated by commas, to buildMetadata
    Buildmetadata(Names),
    /// Add components
    Component(Names),
    /// Add files to configurations
    Configuration(Names),
    /// Add to a generator of a ConfigMap
    #[command(args_override_self = true)]
    Configmap(ConfigMapArgs),
    /// Add files to generators
    Generator(Names),
    /// Add labels `KEY:VALUE` to commonLabels or labels
    #[command(args_override_self = true)]
    Label(LabelArgs),
    /// Add a patch
    #[command(args_override_self = true)]
    Patch(PatchArgs),
    /// Add files, directories or URLs to resources
    #[command(args_override_self = true)]
    Resource(ResourceArgs),
    /// Add to a generator of a Secret
    #[command(args_override_self = true)]
    Secret(SecretArgs),
    /// Add files to transformers
    Transformer(Names),
    /// Anything else
    #[command(external_subcommand)]
    Unknown(Vec<OsString>),
}

/// Arguments of `edit add annotation`.
#[derive(Debug, Args)]
pub(crate) struct AnnotationArgs {
    /// `KEY:VALUE`, where the value may be in quotes
    #[arg(value_name = "KEY:VALUE")]
    pub(crate) pairs: Vec<String>,
    /// Replace the values of keys that are there
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) force: Option<bool>,
}

/// Arguments of `edit add label`.
#[derive(Debug, Args)]
pub(crate) struct LabelArgs {
    /// The pairs and `--force`
    #[command(flatten)]
    pub(crate) pairs: AnnotationArgs,
    /// Leave selectors alone: add to `labels`
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) without_selector: Option<bool>,
    /// Label templates as well; goes with --without-selector
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) include_templates: Option<bool>,
}

/// Arguments of `edit add resource`.
#[derive(Debug, Args)]
pub(crate) struct ResourceArgs {
    /// Files (with wildcards), directories or URLs
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Take the names as they are, without looking for them
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) no_verify: Option<bool>,
}

/// What a generator gets its data from.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// Name of the generator
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// A key and its value; may be repeated
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    pub(crate) from_literal: Vec<String>,
    /// Files, with wildcards, separated by commas; may be repeated
    #[arg(long, value_name = "[KEY=]FILE", allow_hyphen_values = true, value_delimiter = ',')]
    pub(crate) from_file: Vec<String>,
    /// A file of lines `KEY=VALUE`
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub(crate) from_env_file: Option<String>,
    /// Add no hash to the name
    #[arg(long = "disableNameSuffixHash", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) disable_name_suffix_hash: Option<bool>,
    /// Namespace of the generator
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) namespace: Option<String>,
}

/// Arguments of `edit add configmap`.
#[derive(Debug, Args)]
pub(crate) struct ConfigMapArgs {
    /// The data
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// `create`, `merge` or `replace`
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) behavior: Option<String>,
}

/// Arguments of `edit add secret`.
#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    /// The data
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Type of a new Secret
    #[arg(long = "type", value_name = "TYPE", default_value = "Opaque", allow_hyphen_values = true)]
    pub(crate) secret_type: String,
}

/// Arguments of `edit add patch` and `edit remove patch`.
#[derive(Debug, Args)]
pub(crate) struct PatchArgs {
    /// Path of the patch
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) path: Option<String>,
    /// Text of the patch
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) patch: Option<String>,
    /// API group of the target
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) group: Option<String>,
    /// API version of the target
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) version: Option<String>,
    /// Kind of the target
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) kind: Option<String>,
    /// Name of the target
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) name: Option<String>,
    /// Namespace of the target
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) namespace: Option<String>,
    /// Label selector of the target
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) label_selector: Option<String>,
    /// Annotation selector of the target
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) annotation_selector: Option<String>,
    /// Ignored, as kustomize does
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Arguments of `edit remove`.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// What to remove
    #[command(subcommand)]
    pub(crate) command: Option<RemoveCommand>,
}

/// The commands of `edit remove`.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum RemoveCommand {
    /// Remove keys, separated by commas, from commonAnnotations
    #[command(args_override_self = true)]
    Annotation(KeysArgs),
    /// Remove options, separated by commas, from buildMetadata
    Buildmetadata(Names),
    /// Remove the components that match patterns
    Component(Names),
    /// Remove generators of ConfigMaps, separated by commas
    #[command(args_override_self = true)]
    Configmap(GeneratorsArgs),
    /// Remove keys, separated by commas, from commonLabels
    #[command(args_override_self = true)]
    Label(KeysArgs),
    /// Remove a patch
    #[command(args_override_self = true)]
    Patch(PatchArgs),
    /// Remove the resources that match patterns
    Resource(Names),
    /// Remove generators of Secrets, separated by commas
    #[command(args_override_self = true)]
    Secret(GeneratorsArgs),
    /// Remove the transformers that match patterns
    Transformer(Names),
    /// Anything else
    #[command(external_subcommand)]
    Unknown(Vec<OsString>),
}

/// Arguments of `edit remove label` and `edit remove annotation`.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    /// Keys, separated by commas
    #[arg(value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// Go on without keys that are not there
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) ignore_non_existence: Option<bool>,
}

/// Arguments of `edit remove configmap` and `edit remove secret`.
#[derive(Debug, Args)]
pub(crate) struct GeneratorsArgs {
    /// Names, separated by commas
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Namespace of the generators
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) namespace: Option<String>,
}

/// Arguments of `edit set`.
#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// What to set
    #[command(subcommand)]
    pub(crate) command: Option<SetCommand>,
}

/// The commands of `edit set`.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum SetCommand {
    /// Set annotations `KEY:VALUE` in commonAnnotations
    Annotation(Names),
    /// Set buildMetadata to options, separated by commas
    Buildmetadata(Names),
    /// Change literals or the namespace of a generator of a ConfigMap
    #[command(args_override_self = true)]
    Configmap(SetSourcesArgs),
    /// Set images: `NAME:TAG`, `NAME=NEW:TAG`, `NAME@DIGEST`, …; `*` keeps a part
    Image(Names),
    /// Set labels `KEY:VALUE` in commonLabels
    Label(Names),
    /// Set namePrefix
    Nameprefix(Names),
    /// Set nameSuffix
    Namesuffix(Names),
    /// Set namespace
    Namespace(Names),
    /// Set replicas: `NAME=COUNT`
    Replicas(Names),
    /// Change literals or the namespace of a generator of a Secret
    #[command(args_override_self = true)]
    Secret(SetSourcesArgs),
    /// Anything else
    #[command(external_subcommand)]
    Unknown(Vec<OsString>),
}

/// Arguments of `edit set configmap` and `edit set secret`.
#[derive(Debug, Args)]
pub(crate) struct SetSourcesArgs {
    /// Name of the generator
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// A key that is there and its new value; may be repeated
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    pub(crate) from_literal: Vec<String>,
    /// Namespace of the generator
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) namespace: Option<String>,
    /// Its new namespace
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) new_namespace: Option<String>,
}
