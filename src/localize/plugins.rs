//! Paths in the configurations of built-in plugins.

use super::write::Place;
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::Text;
use crate::kustomization::schema::Role;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId, NodeKind, Tag};

/// The version that configurations of built-in plugins have.
const BUILTIN: &str = "builtin";

/// The kind whose chart home is copied even if it names none.
const CHARTS: &str = "HelmChartInflationGenerator";

/// Kinds, the fields with paths (through lists where the last part but one is a list), and what the paths are.
const PATHS: &[(&str, &[&str], Role)] = &[
    ("ConfigMapGenerator", &["env"], Role::File),
    ("ConfigMapGenerator", &["envs"], Role::File),
    ("ConfigMapGenerator", &["files"], Role::FileSource),
    ("SecretGenerator", &["env"], Role::File),
    ("SecretGenerator", &["envs"], Role::File),
    ("SecretGenerator", &["files"], Role::FileSource),
    (CHARTS, &["valuesFile"], Role::File),
    (CHARTS, &["additionalValuesFiles"], Role::File),
    ("PatchTransformer", &["path"], Role::File),
    ("PatchJson6902Transformer", &["path"], Role::File),
    ("ReplacementTransformer", &["replacements", "path"], Role::File),
    ("PatchStrategicMergeTransformer", &["paths"], Role::Patch),
];

/// Replaces the paths in a configuration.
pub(crate) fn replace(res: &mut Resource, place: &mut Place<'_>) -> Result<()> {
    if res.gvk().version != BUILTIN {
        return Ok(());
    }
    let kind = res.gvk().kind.to_string();
    let is_chart = kind == CHARTS && res.gvk().group.is_empty();
    res.edit(|doc| {
        for (_, path, role) in PATHS.iter().filter(|(k, ..)| kind == *k) {
            follow(doc, doc.root(), path, *role, place)?;
        }
        if is_chart {
            match doc.get(doc.root(), "chartHome") {
                Some(home) => scalar(doc, home, Role::ChartHome, place)?,
                None => place(Role::ChartHome, &marked(doc, doc.root(), "")).map(drop)?,
            }
        }
        Ok(())
    })
}

fn follow(doc: &mut Doc, node: NodeId, path: &[&str], role: Role, place: &mut Place<'_>) -> Result<()> {
    let Some((name, rest)) = path.split_first() else { return values(doc, node, role, place) };
    match doc.kind(node) {
        NodeKind::Seq => {
            let items = doc.items(node).to_vec();
            items.into_iter().try_for_each(|item| follow(doc, item, path, role, place))
        }
        NodeKind::Map => match doc.get(node, name) {
            Some(value) if !doc.is_null(value) => follow(doc, value, rest, role, place),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A path or a list of them.
fn values(doc: &mut Doc, node: NodeId, role: Role, place: &mut Place<'_>) -> Result<()> {
    match doc.kind(node) {
        NodeKind::Scalar => scalar(doc, node, role, place),
        NodeKind::Seq => {
            let items = doc.items(node).to_vec();
            items.into_iter().try_for_each(|item| scalar(doc, item, role, place))
        }
        _ => Err(Error::new(ErrorKind::Config, "expected a path or a list of paths, found a mapping")
            .at(doc.location(node))),
    }
}

fn scalar(doc: &mut Doc, node: NodeId, role: Role, place: &mut Place<'_>) -> Result<()> {
    if doc.kind(node) != NodeKind::Scalar {
        return Err(Error::new(ErrorKind::Config, "expected a path").at(doc.location(node)));
    }
    let old = marked(doc, node, doc.text(node));
    let new = place(role, &old)?;
    if new != old.value {
        doc.set_text(node, &new, Tag::Str);
    }
    Ok(())
}

fn marked(doc: &Doc, node: NodeId, value: &str) -> Text {
    Text { value: value.to_owned(), mark: doc.mark_or_start(node) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::read;
    use crate::yaml::{self, Source};

    fn replaced(text: &str) -> String {
        let mut objects = read::from_source(&Source::new("p.yaml", text.to_owned())).expect("objects");
        let mut place = |role, text: &Text| {
            Ok(match role {
                Role::ChartHome if text.value.is_empty() => String::new(),
                _ => format!("{role:?}-{}", text.value),
            })
        };
        let mut out = vec![];
        for res in &mut objects {
            replace(res, &mut place).expect("replaced");
            yaml::print(res.doc(), res.root(), &mut out).expect("printed");
        }
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn paths_of_built_in_plugins_are_replaced() {
        let head = "metadata:\n  name: x\n";
        for (given, expected) in [
            (
                "apiVersion: builtin\nfiles:\n- a\nkind: ConfigMapGenerator\n",
                "apiVersion: builtin\nfiles:\n- FileSource-a\nkind: ConfigMapGenerator\n",
            ),
            (
                "apiVersion: builtin\nkind: ReplacementTransformer\nreplacements:\n- path: r\n- source: {}\n",
                "apiVersion: builtin\nkind: ReplacementTransformer\nmetadata:\n  name: x\nreplacements:\n- path: File-r\n\
                 - source: {}\n",
            ),
            (
                "apiVersion: v1\nenv: a\nkind: ConfigMapGenerator\n",
                "apiVersion: v1\nenv: a\nkind: ConfigMapGenerator\n",
            ),
            (
                "apiVersion: builtin\nchartHome: h\nkind: HelmChartInflationGenerator\n",
                "apiVersion: builtin\nchartHome: ChartHome-h\nkind: HelmChartInflationGenerator\n",
            ),
        ] {
            let expected =
                if expected.contains("metadata") { expected.to_owned() } else { format!("{expected}{head}") };
            assert_eq!(replaced(&format!("{given}{head}")), expected);
        }
    }
}
