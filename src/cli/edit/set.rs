//! `edit set`.

use super::args::{SetArgs, SetCommand, SetSourcesArgs};
use super::{Done, Environment, edit, long_help, try_generator, unknown, usage};
use crate::diag::Result;
use crate::edit::arguments;
use crate::edit::fields::{self, Existing};
use crate::edit::generators::{self, Sort};

/// Runs a command of `edit set`.
pub(super) fn run(args: SetArgs, environment: &Environment) -> Result<Done> {
    match args.command {
        Some(SetCommand::Annotation(args)) => {
            let pairs = pairs(&args.names, "annotation")?;
            if let Some((key, _)) = pairs.iter().find(|(key, _)| !arguments::is_annotation_key(key)) {
                let error = usage(&format!("`{key}` cannot be the key of an annotation"));
                return Err(error.hint(
                    "a key is `[PREFIX/]NAME`, the name of at most 63 letters, digits, `-`, `_`, `.`",
                ));
            }
            set_pairs(environment, "commonAnnotations", &pairs, "annotation")
        }
        Some(SetCommand::Label(args)) => {
            set_pairs(environment, "commonLabels", &pairs(&args.names, "label")?, "label")
        }
        Some(SetCommand::Buildmetadata(args)) => {
            let options = arguments::build_metadata(&args.names)?;
            edit(environment, |file| {
                let items = options.iter().map(|o| o.as_str().into()).collect();
                *file.root.field_mut("buildMetadata").items_mut() = items;
                Ok(vec![])
            })
        }
        Some(SetCommand::Configmap(args)) => set_generator(environment, &args, Sort::ConfigMap),
        Some(SetCommand::Secret(args)) => set_generator(environment, &args, Sort::Secret),
        Some(SetCommand::Image(args)) => {
            if args.names.is_empty() {
                return Err(usage("expected an image, found none"));
            }
            let images = args.names.iter().map(|a| arguments::image(a)).collect::<Result<Vec<_>>>()?;
            edit(environment, |file| {
                fields::set_images(&mut file.root, &images);
                file.step()?;
                fields::sort_by_name(&mut file.root, "images");
                Ok(vec![])
            })
        }
        Some(SetCommand::Replicas(args)) => {
            if args.names.is_empty() {
                return Err(usage("expected `NAME=COUNT`, found nothing"));
            }
            let replicas = args.names.iter().map(|a| arguments::replica(a)).collect::<Result<Vec<_>>>()?;
            edit(environment, |file| {
                fields::set_replicas(&mut file.root, &replicas);
                file.step()?;
                fields::sort_by_name(&mut file.root, "replicas");
                Ok(vec![])
            })
        }
        Some(SetCommand::Nameprefix(args)) => set_text(environment, "namePrefix", &args.names),
        Some(SetCommand::Namesuffix(args)) => set_text(environment, "nameSuffix", &args.names),
        Some(SetCommand::Namespace(args)) => set_text(environment, "namespace", &args.names),
        Some(SetCommand::Unknown(words)) => Ok(unknown(&["edit", "set"], &words)),
        None => Ok(long_help(&["edit", "set"])),
    }
}

fn pairs(names: &[String], what: &str) -> Result<Vec<(String, String)>> {
    if names.is_empty() {
        return Err(usage(&format!("expected {what}s `KEY:VALUE`, found none")));
    }
    arguments::pairs(names, what)
}

fn set_pairs(environment: &Environment, field: &str, pairs: &[(String, String)], what: &str) -> Result<Done> {
    edit(environment, |file| {
        fields::set_pairs(file.root.field_mut(field), pairs, Existing::Replace, what)?;
        Ok(vec![])
    })
}

fn set_text(environment: &Environment, field: &str, values: &[String]) -> Result<Done> {
    let [value] = values else {
        let error = usage(&format!("expected exactly one value for `{field}`, found {}", values.len()));
        return Err(error.hint("put `--` before a value that begins with a dash"));
    };
    edit(environment, |file| {
        file.root.set_text(field, value);
        Ok(vec![])
    })
}

fn set_generator(environment: &Environment, args: &SetSourcesArgs, sort: Sort) -> Result<Done> {
    let [name] = args.names.as_slice() else {
        return Err(usage(&format!(
            "expected exactly one name of a {}, found {}",
            sort.noun(),
            args.names.len()
        )));
    };
    let new_namespace = args.new_namespace.as_deref().unwrap_or_default();
    if args.from_literal.is_empty() && new_namespace.is_empty() {
        return Err(usage("expected `--from-literal` or `--new-namespace`, found neither"));
    }
    edit(environment, |file| {
        let namespace = args.namespace.as_deref().unwrap_or_default();
        let at = generators::set(&mut file.root, sort, name, namespace, &args.from_literal, new_namespace)?;
        try_generator(environment, file, sort, at)?;
        Ok(vec![])
    })
}
