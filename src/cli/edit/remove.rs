//! `edit remove`.

use super::args::{GeneratorsArgs, KeysArgs, RemoveArgs, RemoveCommand};
use super::{Done, Environment, add, edit, long_help, note, unknown, usage};
use crate::compat::Compat;
use crate::diag::Result;
use crate::edit::arguments::{self, commas};
use crate::edit::generators::{self, Sort};
use crate::edit::{fields, patches};

/// Runs a command of `edit remove`.
pub(super) fn run(args: RemoveArgs, environment: &Environment) -> Result<Done> {
    match args.command {
        Some(RemoveCommand::Annotation(args)) => {
            remove_keys(environment, &args, "commonAnnotations", "annotation")
        }
        Some(RemoveCommand::Label(args)) => remove_keys(environment, &args, "commonLabels", "label"),
        Some(RemoveCommand::Buildmetadata(args)) => {
            let options = arguments::build_metadata(&args.names)?;
            edit(environment, |file| {
                let stays = |text: &str| !options.iter().any(|o| o == text);
                let items = file.root.get_items("buildMetadata");
                let kept = items.iter().filter(|i| stays(i.text())).cloned().collect();
                fields::keep_items(&mut file.root, "buildMetadata", kept);
                Ok(vec![])
            })
        }
        Some(RemoveCommand::Component(_)) if environment.compat(None)? < Compat::V5_8_2 => {
            Ok(unknown(&["edit", "remove"], &["component".into()]))
        }
        Some(RemoveCommand::Component(args)) => {
            remove_items(environment, "components", &args.names, "component")
        }
        Some(RemoveCommand::Configmap(args)) => remove_generators(environment, &args, Sort::ConfigMap),
        Some(RemoveCommand::Secret(args)) => remove_generators(environment, &args, Sort::Secret),
        Some(RemoveCommand::Patch(args)) => {
            let flags = add::patch_flags(&args);
            edit(environment, |file| {
                if patches::remove(&mut file.root, &flags)? {
                    return Ok(vec![]);
                }
                file.leave();
                Ok(vec![note("there is no such patch in the kustomization file".to_owned())])
            })
        }
        Some(RemoveCommand::Resource(args)) => {
            remove_items(environment, "resources", &args.names, "resource")
        }
        Some(RemoveCommand::Transformer(args)) => {
            remove_items(environment, "transformers", &args.names, "transformer")
        }
        Some(RemoveCommand::Unknown(words)) => Ok(unknown(&["edit", "remove"], &words)),
        None => Ok(long_help(&["edit", "remove"])),
    }
}

fn remove_items(environment: &Environment, field: &str, patterns: &[String], what: &str) -> Result<Done> {
    if patterns.is_empty() {
        return Err(usage(&format!("expected the name of a {what}, found none")));
    }
    edit(environment, |file| {
        let before = file.root.clone();
        fields::remove_items(&mut file.root, field, patterns)?;
        if file.root != before {
            return Ok(vec![]);
        }
        file.leave();
        Ok(vec![note(format!("no {what} matches {}", patterns.join(", ")))])
    })
}

fn remove_keys(environment: &Environment, args: &KeysArgs, field: &str, what: &str) -> Result<Done> {
    let keys = match args.keys.as_slice() {
        [] => return Err(usage(&format!("expected a key of {what}s, found none"))),
        [one] => commas(one),
        _ => return Err(usage("expected one argument: keys are separated by commas, without spaces")),
    };
    let ignore = args.ignore_non_existence.unwrap_or(false);
    edit(environment, |file| {
        fields::remove_keys(&mut file.root, field, &keys, ignore, what)?;
        Ok(vec![])
    })
}

fn remove_generators(environment: &Environment, args: &GeneratorsArgs, sort: Sort) -> Result<Done> {
    let names = match args.names.as_slice() {
        [] => return Err(usage(&format!("expected the name of a {}, found none", sort.noun()))),
        [one] => commas(one),
        _ => return Err(usage("expected one argument: names are separated by commas, without spaces")),
    };
    let namespace = args.namespace.as_deref().unwrap_or_default();
    edit(environment, |file| {
        let missing = generators::remove(&mut file.root, sort, &names, namespace)?;
        Ok(missing
            .iter()
            .map(|n| note(format!("there is no {} `{n}` in the kustomization file", sort.noun())))
            .collect())
    })
}
