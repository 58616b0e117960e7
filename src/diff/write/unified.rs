//! As `diff -u` would have it: both sides of every object as YAML. Objects that only were written differently are not
//! in it.

use super::super::mask;
use crate::diag::render::safe;
use crate::diag::{Error, Result};
use crate::diff::report::{ObjectChange, Target};
use crate::limits::{Budget, Limit};
use crate::resource::Resource;
use crate::yaml;
use similar::{Algorithm, TextDiff};
use std::fmt::Write;

/// The reports as a unified diff, whose text is charged to a budget.
pub(crate) fn unified(targets: &[Target], show_secrets: bool, budget: &Budget) -> Result<String> {
    let mut out = String::new();
    for target in targets {
        for change in &target.report.objects {
            object(&target.name, change, show_secrets, budget, &mut out)?;
        }
    }
    Ok(out)
}

fn object(
    target: &str,
    change: &ObjectChange,
    show_secrets: bool,
    budget: &Budget,
    out: &mut String,
) -> Result<()> {
    let side = |object: &Option<Resource>, other: &Option<Resource>, sign: &str| match object {
        Some(object) => {
            let text = text(object, other.as_ref(), sign, show_secrets)?;
            let taken = budget.take(Limit::Memory, text.len() as u64);
            taken.map_err(|e| Error::from(e).during(format!("printing {}", object.id())))?;
            Ok::<_, Error>(text)
        }
        None => Ok(String::new()),
    };
    let old = side(&change.old, &change.new, "before")?;
    let new = side(&change.new, &change.old, "after")?;
    let name = |letter: &str, object: &Option<Resource>| match object {
        Some(object) => format!("{letter}/{}", file(target, object)),
        None => "/dev/null".to_owned(),
    };
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_lines(old.as_str(), new.as_str());
    let (a, b) = (name("a", &change.old), name("b", &change.new));
    let _ = write!(out, "{}", diff.unified_diff().context_radius(3).header(&a, &b));
    Ok(())
}

/// An object as YAML; values of Secrets are masked.
fn text(object: &Resource, other: Option<&Resource>, sign: &str, show_secrets: bool) -> Result<String> {
    let mut out = vec![];
    if mask::is_secret(object) && !show_secrets {
        let doc = mask::masked(object, other, sign);
        yaml::print(&doc, doc.root(), &mut out)?;
    } else {
        yaml::print(object.doc(), object.root(), &mut out)?;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A name for an object, as if it were a file: `TARGET/KIND.GROUP/NAMESPACE/NAME`.
fn file(target: &str, object: &Resource) -> String {
    let gvk = object.gvk();
    let kind =
        if gvk.group.is_empty() { gvk.kind.to_string() } else { format!("{}.{}", gvk.kind, gvk.group) };
    let parts = [target, &kind, object.namespace(), object.name()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    safe(&parts.join("/")).into_owned()
}
