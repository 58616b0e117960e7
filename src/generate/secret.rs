//! `secretGenerator`: all values in base64, `data` also where there is none, and a type.

use super::configmap::{add_pair, base, finish, set_map};
use super::kv::{self, Load};
use super::text::{base64_lines, string_node};
use crate::diag::Result;
use crate::kustomization::{GeneratorArgs, GeneratorOptions};
use crate::resource::Resource;

/// The type of a Secret that names none.
const DEFAULT_TYPE: &str = "Opaque";

/// The Secret of an entry. `options`: those of the kustomization.
pub(crate) fn secret(
    args: &GeneratorArgs,
    options: Option<&GeneratorOptions>,
    load: &mut Load<'_>,
) -> Result<Resource> {
    let mut doc = base(args, "Secret")?;
    let kind = if args.secret_type.is_empty() { DEFAULT_TYPE } else { &args.secret_type };
    let (root, kind) = (doc.root(), string_node(&mut doc, kind));
    doc.set_mark(kind, &args.mark);
    doc.set(root, "type", kind);
    let pairs = kv::pairs(args, load)?;
    let mut children = Vec::with_capacity(2 * pairs.len());
    for (key, pair) in &pairs {
        add_pair(&mut doc, &mut children, key, &base64_lines(&pair.value), pair);
    }
    set_map(&mut doc, "data", &children);
    finish(doc, args, options)
}

#[cfg(test)]
mod tests {
    use super::super::configmap::tests::{args, show, texts};
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_secret_is_base64() {
        let mut a = args();
        a.literals = texts(&["b=top"]);
        let res = secret(&a, None, &mut |_| Ok(Arc::default())).unwrap();
        assert_eq!(
            show(&res),
            "{apiVersion: v1, kind: Secret, metadata: {name: conf, annotations: \
             {internal.config.kubernetes.io/generatorBehavior: unspecified}}, type: Opaque, data: {b: dG9w}}"
        );
        a.literals.clear();
        a.secret_type = "a/b".into();
        let res = secret(&a, None, &mut |_| Ok(Arc::default())).unwrap();
        assert!(show(&res).ends_with("type: a/b, data: }"), "{}", show(&res));
    }
}
