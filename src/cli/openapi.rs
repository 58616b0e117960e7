//! `openapi`: the schema that is built in, or that of a cluster.

use super::Done;
use super::environment::Environment;
use crate::diag::{Error, ErrorKind, Result};
use crate::plugin::program::{self, Program};
use crate::yaml::{self, Source, json};
use clap::{Args, Subcommand};

/// `openapi`
#[derive(Debug, Subcommand)]
pub(super) enum Openapi {
    /// Print which schema is built in
    Info(Rest),
    /// Print the schema of the cluster that kubectl talks to
    Fetch(FetchArgs),
}

/// Words that are ignored, as kustomize does.
#[derive(Debug, Args)]
pub(super) struct Rest {
    /// Ignored
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Arguments of `openapi fetch`.
#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// `json` or `yaml`
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub(crate) format: String,
    /// Ignored
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// The schema that is built in, as kustomize prints it.
const INFO: &str = "{title:Kubernetes,version:v1.21.2}\n";

/// Runs one of the two.
pub(super) fn run(command: &Openapi, environment: &Environment) -> Result<Done> {
    let text = match command {
        Openapi::Info(_) => INFO.to_owned(),
        Openapi::Fetch(args) if matches!(args.format.as_str(), "json" | "yaml") => {
            format(&fetch(environment)?, &args.format)?
        }
        Openapi::Fetch(args) => {
            let message = format!("`--format` must be `json` or `yaml`, found `{}`", args.format);
            return Err(Error::new(ErrorKind::Usage, message));
        }
    };
    Ok(Done { stdout: vec![text.into_bytes()], ..Done::default() })
}

fn fetch(environment: &Environment) -> Result<String> {
    let fail = |message: String| {
        Err(Error::new(ErrorKind::Program, message)
            .hint("see whether kubectl is installed, its context is right and the cluster is up"))
    };
    let args = ["get", "--raw", "/openapi/v2"].map(str::to_owned);
    let search = environment.search.clone();
    let done = program::run(&Program { name: "kubectl", search, args: &args, ..Default::default() });
    match done {
        Err(e) => fail(e.message().to_owned()),
        Ok(done) if !done.status.success() || done.stdout.is_empty() => {
            fail(format!("`kubectl get --raw /openapi/v2` failed: {}", done.stderr.trim()))
        }
        Ok(done) => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
    }
}

/// The schema, indented, with an empty line after YAML as kustomize prints it.
fn format(schema: &str, format: &str) -> Result<String> {
    let wrong = |e: serde_json::Error| {
        Error::new(ErrorKind::Syntax, format!("what kubectl printed is not JSON: {e}"))
    };
    if !schema.trim_start().starts_with('{') {
        return Err(Error::new(ErrorKind::Syntax, "what kubectl printed is no JSON object"));
    }
    if format == "json" {
        let value: serde_json::Value = serde_json::from_str(schema).map_err(wrong)?;
        let text = serde_json::to_string_pretty(&value).map_err(wrong)?;
        // Go's printer escapes what could be HTML; outside of texts these characters do not occur.
        let text = [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026")]
            .into_iter()
            .fold(text, |text, (c, escape)| text.replace(c, escape));
        return Ok(text + "\n");
    }
    let doc = json::read_json(&Source::new("kubectl", schema.to_owned()))?;
    let mut out = vec![];
    yaml::print_with(&doc, doc.root(), yaml::Options::STRAIGHT, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_sorted_and_indented() {
        let schema = r#"{"b":{"c":"<1>"},"a":[1]}"#;
        let json = "{\n  \"a\": [\n    1\n  ],\n  \"b\": {\n    \"c\": \"\\u003c1\\u003e\"\n  }\n}\n";
        assert_eq!(format(schema, "json").ok().as_deref(), Some(json));
        assert_eq!(format(schema, "yaml").ok().as_deref(), Some("a:\n- 1\nb:\n  c: <1>\n\n"));
        assert!(["no", "null", "[1]"].iter().all(|schema| format(schema, "json").is_err()));
    }
}
