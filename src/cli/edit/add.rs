//! `edit add`.

use super::args::{AddArgs, AddCommand, LabelArgs, PatchArgs, Sources};
use super::{Done, Environment, edit, file_name, long_help, note, try_generator, unknown, usage};
use crate::cli::find;
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Finding, Result};
use crate::edit::fields::{self, Existing};
use crate::edit::generators::{self, Additions, Sort};
use crate::edit::patches::{self, PatchFlags};
use crate::edit::{KustomizationFile, arguments, file, glob};

/// Runs a command of `edit add`.
pub(super) fn run(args: AddArgs, environment: &Environment) -> Result<Done> {
    match args.command {
        Some(AddCommand::Annotation(args)) => {
            let pairs = pairs(&args.pairs, "annotation")?;
            let existing = existing(args.force);
            edit(environment, |file| {
                let map = file.root.field_mut("commonAnnotations");
                fields::set_pairs(map, &pairs, existing, "annotation")?;
                Ok(vec![])
            })
        }
        Some(AddCommand::Label(args)) => add_label(environment, &args),
        Some(AddCommand::Base(args)) => add_base(environment, &args.names),
        Some(AddCommand::Buildmetadata(args)) => {
            let options = arguments::build_metadata(&args.names)?;
            edit(environment, |file| {
                match fields::add_items(&mut file.root, "buildMetadata", &options).first() {
                    None => Ok(vec![]),
                    Some(there) => Err(already("option", there)),
                }
            })
        }
        Some(AddCommand::Resource(args)) => {
            let verify = !args.no_verify.unwrap_or(false);
            add_found(environment, "resources", &args.names, "resource", verify)
        }
        Some(AddCommand::Component(args)) => {
            add_found(environment, "components", &args.names, "component", true)
        }
        Some(AddCommand::Configuration(_)) if environment.compat(None)? < Compat::V5_8_2 => {
            Ok(unknown(&["edit", "add"], &["configuration".into()]))
        }
        Some(AddCommand::Configuration(args)) => {
            add_files(environment, "configurations", &args.names, "configuration")
        }
        Some(AddCommand::Generator(args)) => add_files(environment, "generators", &args.names, "generator"),
        Some(AddCommand::Transformer(args)) => {
            add_files(environment, "transformers", &args.names, "transformer")
        }
        Some(AddCommand::Configmap(args)) => {
            let behavior = args.behavior.unwrap_or_default();
            if !matches!(behavior.as_str(), "" | "create" | "merge" | "replace") {
                let message = format!("behavior `{behavior}` must be `create`, `merge` or `replace`");
                return Err(usage(&message));
            }
            add_generator(environment, args.sources, Sort::ConfigMap, behavior, String::new())
        }
        Some(AddCommand::Secret(args)) => {
            add_generator(environment, args.sources, Sort::Secret, String::new(), args.secret_type)
        }
        Some(AddCommand::Patch(args)) => {
            let flags = patch_flags(&args);
            edit(environment, |file| {
                if patches::add(&mut file.root, &flags)? {
                    return Ok(vec![]);
                }
                file.leave();
                Ok(vec![note("the patch is in the kustomization file already".to_owned())])
            })
        }
        Some(AddCommand::Unknown(words)) => Ok(unknown(&["edit", "add"], &words)),
        None => Ok(long_help(&["edit", "add"])),
    }
}

fn already(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("{what} `{name}` is in the kustomization file already"))
}

fn existing(force: Option<bool>) -> Existing {
    if force.unwrap_or(false) { Existing::Replace } else { Existing::Refuse }
}

fn pairs(inputs: &[String], what: &str) -> Result<Vec<(String, String)>> {
    if inputs.is_empty() {
        return Err(usage(&format!("expected {what}s `KEY:VALUE`, found none")));
    }
    arguments::pairs(inputs, what)
}

fn add_label(environment: &Environment, args: &LabelArgs) -> Result<Done> {
    let pairs = pairs(&args.pairs.pairs, "label")?;
    let existing = existing(args.pairs.force);
    let templates = args.include_templates.unwrap_or(false);
    let apart = args.without_selector.unwrap_or(false);
    if templates && !apart {
        return Err(usage("`--include-templates` needs `--without-selector`"));
    }
    edit(environment, |file| {
        let map = match apart {
            true => fields::label_pairs(&mut file.root, templates),
            false => file.root.field_mut("commonLabels"),
        };
        fields::set_pairs(map, &pairs, existing, "label")?;
        Ok(vec![])
    })
}

fn add_base(environment: &Environment, arguments: &[String]) -> Result<Done> {
    let [argument] = arguments else {
        return Err(usage("expected one argument: directories are separated by commas, without spaces"));
    };
    edit(environment, |file| {
        for name in arguments::commas(argument) {
            if name.is_empty() || !environment.directory.join(&name).exists() {
                return Err(Error::new(ErrorKind::NotFound, format!("`{name}` does not exist")));
            }
            if let Some(there) = fields::add_items(&mut file.root, "resources", &[name]).first() {
                return Err(already("base", there));
            }
        }
        Ok(vec![])
    })
}

/// Adds files, directories and URLs, which must be there.
fn add_found(
    environment: &Environment,
    field: &str,
    names: &[String],
    what: &str,
    verify: bool,
) -> Result<Done> {
    if names.is_empty() {
        return Err(usage(&format!("expected the name of a {what}, found none")));
    }
    let mut found = match verify {
        true => find::resources(environment, names)?,
        false => names.to_vec(),
    };
    edit(environment, |file| {
        found.retain(|name| *name != file_name(&file.path));
        let there = fields::add_items(&mut file.root, field, &found);
        Ok(there.iter().map(|name| in_there(what, name)).collect())
    })
}

fn in_there(what: &str, name: &str) -> Finding {
    note(format!("{what} `{name}` is in the kustomization file already"))
}

/// Adds files; those that are not there are passed over.
fn add_files(environment: &Environment, field: &str, patterns: &[String], what: &str) -> Result<Done> {
    if patterns.is_empty() {
        return Err(usage(&format!("expected the name of a {what}, found none")));
    }
    let (found, mut findings) = expand(environment, patterns)?;
    if found.is_empty() {
        return Ok(Done { findings, ..Done::default() });
    }
    let mut done = edit(environment, |file| {
        let there = fields::add_items(&mut file.root, field, &found);
        Ok(there.iter().map(|name| in_there(what, name)).collect())
    })?;
    findings.append(&mut done.findings);
    Ok(Done { findings, ..done })
}

fn expand(environment: &Environment, patterns: &[String]) -> Result<(Vec<String>, Vec<Finding>)> {
    let (mut found, mut findings) = (Vec::new(), Vec::new());
    for pattern in patterns {
        let files = glob::files(&environment.directory, pattern)?;
        if files.is_empty() {
            findings.push(note(format!("`{pattern}` does not exist and was passed over")));
        }
        found.extend(files);
    }
    Ok((found, findings))
}

/// The flags that describe a patch.
pub(super) fn patch_flags(args: &PatchArgs) -> PatchFlags {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    PatchFlags {
        path: text(&args.path),
        patch: text(&args.patch),
        target: vec![
            ("annotationSelector", text(&args.annotation_selector)),
            ("group", text(&args.group)),
            ("kind", text(&args.kind)),
            ("labelSelector", text(&args.label_selector)),
            ("name", text(&args.name)),
            ("namespace", text(&args.namespace)),
            ("version", text(&args.version)),
        ],
    }
}

fn add_generator(
    environment: &Environment,
    sources: Sources,
    sort: Sort,
    behavior: String,
    secret_type: String,
) -> Result<Done> {
    file::locate(&environment.directory)?;
    let (files, mut findings) = expand_files(environment, &sources.from_file)?;
    let [name] = sources.names.as_slice() else {
        let found = sources.names.len();
        return Err(usage(&format!("expected exactly one name of a {}, found {found}", sort.noun())));
    };
    let more = Additions {
        name: name.clone(),
        namespace: sources.namespace.unwrap_or_default(),
        literals: sources.from_literal,
        files,
        env: sources.from_env_file.unwrap_or_default(),
        disable_hash: sources.disable_name_suffix_hash.unwrap_or(false),
        behavior,
        secret_type,
    };
    let others = !more.literals.is_empty() || !more.files.is_empty();
    if !more.env.is_empty() && others {
        return Err(usage("`--from-env-file` cannot be given with `--from-file` or `--from-literal`"));
    }
    if more.env.is_empty() && !others {
        let error = usage("expected `--from-env-file`, `--from-file` or `--from-literal`, found none");
        return Err(findings.into_iter().fold(error, |e, f| e.hint(f.message)));
    }
    let mut done = edit(environment, |file: &mut KustomizationFile| {
        let at = generators::add(&mut file.root, sort, &more);
        try_generator(environment, file, sort, at)?;
        Ok(vec![])
    })?;
    done.findings.append(&mut findings);
    Ok(done)
}

/// The files that `[KEY=]PATTERN` names.
fn expand_files(environment: &Environment, patterns: &[String]) -> Result<(Vec<String>, Vec<Finding>)> {
    let (mut all, mut findings) = (Vec::new(), Vec::new());
    for given in patterns {
        let (key, pattern) = match given.split('=').collect::<Vec<_>>().as_slice() {
            [key, pattern] => ((*key).to_owned(), (*pattern).to_owned()),
            parts => (String::new(), parts.first().map(|p| (*p).to_owned()).unwrap_or_default()),
        };
        let (found, more) = expand(environment, std::slice::from_ref(&pattern))?;
        findings.extend(more);
        if key.is_empty() {
            all.extend(found);
            continue;
        }
        let [file] = found.as_slice() else {
            let message = format!("`{given}` must name one file, found {}", found.len());
            let hint = "with a key, the pattern must match exactly one file of the current directory";
            return Err(Error::new(ErrorKind::NotFound, message).hint(hint));
        };
        all.push(format!("{key}={file}"));
    }
    Ok((all, findings))
}
