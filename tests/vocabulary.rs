//! Words that were given up do not come back: in names, messages and documents.

use std::path::Path;

/// A word as it must not occur, what to say instead, and the directories of source that it concerns ("" for all).
const GIVEN_UP: &[(&str, &str, &str)] = &[
    ("folder", "directory", ""),
    ("Folder", "directory", ""),
    ("kids", "children", ""),
    ("Surgeon", "line editor", ""),
    ("surgery", "line edits", ""),
    ("behind", "after", "yaml"),
    ("heeded", "`X` wins", ""),
    ("is no regular expression", "invalid regular expression", ""),
    ("is no number", "has no JSON representation", ""),
    ("is no mapping", "is not a mapping", ""),
    ("a text as", "a string as", ""),
    ("leads nowhere", "does not exist", ""),
    ("without blanks", "without spaces", ""),
    ("belong into", "belong in", ""),
    ("for ever", "forever", ""),
    ("rows", "field specs", "kube"),
    ("Rows", "field specs", "kube"),
    ("Rows", "field specs", "transform"),
    ("odd_list", "irregular list", "patch"),
];

/// The files that speak: source, and documents at the top and below `docs`.
fn files() -> Vec<(String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents =
        walkdir::WalkDir::new(top).max_depth(1).into_iter().chain(walkdir::WalkDir::new(top.join("docs")));
    documents
        .chain(walkdir::WalkDir::new(top.join("src")))
        .flatten()
        .filter(|e| e.file_type().is_file())
        .filter_map(|e| {
            let name = e.path().strip_prefix(top).ok()?.to_str()?.to_owned();
            let speaks = name.ends_with(".rs") || name.ends_with(".md");
            // The glossary and the style guide quote what they advise against.
            let quotes = ["STYLE.md", "docs/glossary.md"].contains(&name.as_str());
            (speaks && !quotes).then(|| std::fs::read_to_string(e.path()).ok().map(|text| (name, text)))?
        })
        .collect()
}

/// Returns whether the word occurs in the text, not merely as a part of a longer word.
fn occurs(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
    })
}

#[test]
fn words_that_were_given_up_do_not_come_back() {
    let files = files();
    assert!(files.len() > 200, "only {} files were found", files.len());
    let mut found = vec![];
    for (name, text) in &files {
        for (word, instead, module) in GIVEN_UP {
            let concerned = module.is_empty() || name.starts_with(&format!("src/{module}"));
            if let Some(at) = concerned.then(|| occurs(text, word)).flatten() {
                let line = text[..at].lines().count().max(1);
                found.push(format!("{name}:{line}: `{word}`: say {instead}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_word_is_found_as_a_whole() {
    assert_eq!(occurs("throws rows", "rows"), Some(7));
    assert_eq!(occurs("arrows", "rows"), None);
    assert_eq!(occurs("a_folder", "folder"), Some(2));
}
