//! The kustomization files, as a person would write them.

use super::find::Generator;
use crate::kustomization::{FieldOptions, Replacement, Selector, TargetSelector};
use crate::text::go;
use crate::yaml::{Dialect, Tag, scalar::resolve};
use std::borrow::Cow;

/// An application as a kustomization.
pub(super) struct Converted {
    pub(crate) name: String,
    /// Paths from the directory of the kustomization.
    pub(crate) resources: Vec<String>,
    pub(crate) components: Vec<String>,
    /// ConfigMaps and what is set in them.
    pub(crate) merged: Vec<(Generator, Vec<(String, String)>)>,
    pub(crate) replacements: Vec<Replacement>,
    /// What was left out, and why.
    pub(crate) left_out: Vec<String>,
}

impl Converted {
    /// Returns whether its parameters are set by a component of their own.
    pub(super) fn has_own_component(&self) -> bool {
        !self.components.is_empty() && !self.merged.is_empty()
    }
}

const HEAD: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";

/// The file that names the applications.
pub(super) fn top(title: &str, directory: &str, apps: &[Converted], left_out: &[(String, String)]) -> String {
    let mut out = comment(&format!("Made by `kfm import kfdef` from {title}."));
    for (name, why) in left_out {
        out += &comment(&format!("Left out: application `{name}`: {why}"));
    }
    out += HEAD;
    out += "resources:\n";
    for app in apps {
        out += &format!("- {}\n", scalar(&format!("{directory}/{}", app.name)));
    }
    out
}

/// The file of an application.
pub(super) fn application(title: &str, app: &Converted) -> String {
    let mut out = comment(&format!("Application `{}` of {title}.", app.name));
    for left_out in &app.left_out {
        out += &comment(&format!("Left out: {left_out}"));
    }
    out += HEAD;
    let own = app.has_own_component().then(|| PARAMETERS.to_owned());
    let components: Vec<&String> = app.components.iter().chain(&own).collect();
    for (field, entries) in [("resources", app.resources.iter().collect()), ("components", components)] {
        if !entries.is_empty() {
            out += &format!("{field}:\n");
            entries.iter().for_each(|entry| out += &format!("- {}\n", scalar(entry)));
        }
    }
    if !app.has_own_component() {
        values(&mut out, app);
    }
    out
}

/// The directory of the component that sets parameters.
pub(super) const PARAMETERS: &str = "parameters";

/// The component that sets parameters. Generators of an application run before its components, and could not merge into
/// what these generate.
pub(super) fn parameters(title: &str, app: &Converted) -> String {
    let mut out = comment(&format!("Parameters of the application `{}` of {title}.", app.name));
    out += "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    values(&mut out, app);
    out
}

fn values(out: &mut String, app: &Converted) {
    if !app.merged.is_empty() {
        *out += "configMapGenerator:\n";
    }
    for (generator, pairs) in &app.merged {
        *out += &format!("- name: {}\n", scalar(&generator.name));
        field(out, "  ", "namespace", &generator.namespace);
        *out += "  behavior: merge\n";
        if generator.plain_name {
            *out += "  options:\n    disableNameSuffixHash: true\n";
        }
        *out += "  literals:\n";
        for (key, value) in pairs {
            *out += &format!("  - {}\n", scalar(&literal(key, value)));
        }
    }
    if !app.replacements.is_empty() {
        *out += "replacements:\n";
    }
    app.replacements.iter().for_each(|r| replacement(out, r));
}

fn replacement(out: &mut String, r: &Replacement) {
    let Some(source) = &r.source else { return };
    *out += "- source:\n";
    selector(out, "    ", &source.selector);
    field(out, "    ", "fieldPath", &source.field_path);
    options(out, "    ", source.options.as_ref());
    *out += "  targets:\n";
    for target in &r.targets {
        self::target(out, target);
    }
}

fn target(out: &mut String, target: &TargetSelector) {
    let mut text = String::new();
    if let Some(select) = &target.select {
        text += "    select:\n";
        selector(&mut text, "      ", select);
    }
    if !target.reject.is_empty() {
        text += "    reject:\n";
    }
    for reject in &target.reject {
        let mut one = String::new();
        selector(&mut one, "      ", reject);
        text += "    - ";
        text += one.trim_start();
    }
    if !target.field_paths.is_empty() {
        text += "    fieldPaths:\n";
        target.field_paths.iter().for_each(|path| text += &format!("    - {}\n", scalar(path)));
    }
    options(&mut text, "    ", target.options.as_ref());
    *out += "  - ";
    *out += text.trim_start();
}

fn selector(out: &mut String, indent: &str, s: &Selector) {
    for (name, value) in [
        ("group", s.gvk.group.as_str()),
        ("version", s.gvk.version.as_str()),
        ("kind", s.gvk.kind.as_str()),
        ("name", &s.name),
        ("namespace", &s.namespace),
        ("labelSelector", &s.label_selector),
        ("annotationSelector", &s.annotation_selector),
    ] {
        field(out, indent, name, value);
    }
}

fn options(out: &mut String, indent: &str, options: Option<&FieldOptions>) {
    let Some(options) = options.filter(|o| **o != FieldOptions::default()) else { return };
    *out += &format!("{indent}options:\n");
    let inner = format!("{indent}  ");
    field(out, &inner, "delimiter", &options.delimiter);
    if options.index != 0 {
        *out += &format!("{inner}index: {}\n", options.index);
    }
    field(out, &inner, "encoding", &options.encoding);
    if options.create {
        *out += &format!("{inner}create: true\n");
    }
}

fn field(out: &mut String, indent: &str, name: &str, value: &str) {
    if !value.is_empty() {
        *out += &format!("{indent}{name}: {}\n", scalar(value));
    }
}

/// `key=value`; a value in quotes gets another pair, as kustomize takes one off.
fn literal(key: &str, value: &str) -> String {
    let quoted = value.len() > 1 && ['"', '\''].iter().any(|q| value.starts_with(*q) && value.ends_with(*q));
    if quoted { format!("{key}=\"{value}\"") } else { format!("{key}={value}") }
}

/// A comment in one line.
fn comment(text: &str) -> String {
    let text: String = text.chars().map(|c| if go::is_print(c) { c } else { ' ' }).collect();
    format!("# {text}\n")
}

/// A text as a YAML scalar: bare where it reads back as itself.
fn scalar(text: &str) -> Cow<'_, str> {
    let bare = !text.is_empty()
        && [Dialect::V2, Dialect::V3].iter().all(|d| resolve(text, *d) == Tag::Str)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+=,:@$()[]*\\~".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || "/.$(".contains(c))
        && !text.ends_with(':')
        && !text.contains(": ");
    if bare { text.into() } else { go::quote(text).into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Source, split};

    #[test]
    fn scalars_read_back_as_they_were() {
        for text in [
            "../../manifests/a",
            "a=b",
            "a=",
            "",
            "true",
            "1",
            "0x1f",
            "1:30",
            "a: b",
            "- a",
            "*a",
            "a #b",
            "a\nb",
            "\"a\"",
            "a=\"'x'\"",
            "ü",
            "[a]",
            "spec.template.spec.containers.[name=x].env.0.value",
            "\u{7}\u{85}",
            "~",
            "a:",
        ] {
            let source = Source::new("x", format!("a: {}\n", scalar(text)));
            let doc = split::read_v2(&source).unwrap().unwrap();
            let value = doc.get(doc.root(), "a").unwrap();
            assert_eq!((doc.text(value), doc.tag(value)), (text, Tag::Str), "{}", source.text);
        }
    }

    #[test]
    fn a_value_in_quotes_keeps_them() {
        for (value, expected) in [("x", "k=x"), ("\"x\"", "k=\"\"x\"\""), ("'", "k='"), ("''", "k=\"''\"")] {
            assert_eq!(literal("k", value), expected);
        }
    }

    #[test]
    fn comments_stay_in_their_line() {
        assert_eq!(comment("a\nb: c"), "# a b: c\n");
    }
}
