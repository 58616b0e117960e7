//! The table of commands and flags in `docs/command-line.md`, held against the parser.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use clap::error::ErrorKind;
use kfm::internals;
use std::ffi::OsString;

const TABLE: &str = include_str!("../docs/command-line.md");

/// The texts in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Rows of the table: words of the command, ways to write the flag, what kfm says of it.
fn rows() -> Vec<(Vec<&'static str>, Vec<&'static str>, &'static str)> {
    let lines = TABLE.lines().skip_while(|l| !l.starts_with("| command"));
    let rows = lines.skip(2).take_while(|l| l.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3, "three cells in {line}");
        let (command, flag, result) = (cells[0], cells[1], cells[2]);
        (command.trim_matches('`').split_whitespace().collect(), quoted(flag), result)
    })
    .collect()
}

#[test]
fn every_row_says_whether_it_works() {
    let rows = rows();
    assert!(rows.len() > 100, "{} rows", rows.len());
    for (command, flag, result) in rows {
        assert!(
            result.starts_with("works") || result.starts_with("refused: "),
            "{command:?} {flag:?}: {result}"
        );
    }
}

#[test]
fn every_command_and_flag_of_the_table_is_accepted() {
    let root = internals::command();
    for (command, flags, _) in rows() {
        let found = command.iter().try_fold(&root, |parent, word| parent.find_subcommand(word));
        assert!(found.is_some(), "`{}` is no command", command.join(" "));
        let long = flags.last().and_then(|f| f.split_once(' '));
        let flags = if flags.is_empty() { vec![""] } else { flags };
        for flag in flags {
            let flag = flag.split(' ').next().unwrap_or_default();
            let mut line = vec![OsString::from("kfm")];
            line.extend(command.iter().map(OsString::from));
            line.extend((!flag.is_empty()).then(|| flag.into()));
            line.extend(long.filter(|_| !flag.is_empty()).map(|_| "1".into()));
            if let Err(e) = internals::parse(line) {
                let wrong =
                    [ErrorKind::UnknownArgument, ErrorKind::InvalidSubcommand, ErrorKind::InvalidValue];
                assert!(!wrong.contains(&e.kind()), "`{} {flag}`: {e}", command.join(" "));
            }
        }
    }
}
