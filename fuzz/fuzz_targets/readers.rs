//! The fast reader against the complete parser, and that one against libyaml: the same acceptance, the same nodes.

#![no_main]

use kfm::yaml::{Dialect, Doc, Kind, NodeId, Source, Style, fast, parse};
use libfuzzer_sys::fuzz_target;
use libyaml_safer::{EventData, Parser, ScalarStyle};

fuzz_target!(|text: &str| {
    if text.len() > 4096 {
        return;
    }
    // The port of libyaml fails at the end of a text without a line break.
    let text = format!("{text}\n");
    let source = Source::new("f.yaml", text.clone());
    for dialect in [Dialect::V3, Dialect::V2] {
        let full = parse::parse(&source, 0..text.len(), dialect);
        if let Some(quick) = fast::read(&source, 0..text.len(), dialect) {
            match &full {
                Ok(Some(full)) => assert!(
                    kfm::yaml::node::equal(&quick, quick.root(), full, full.root())
                        && quick.tail_comment == full.tail_comment
                        && quick.has_anchors == full.has_anchors,
                    "the readers differ"
                ),
                _ => panic!("taken by the fast reader alone"),
            }
        }
        // The port of libyaml gives up with a panic at a tag before a comma.
        let unfit = text.contains('!') && text.contains(',') || text.starts_with('\u{feff}');
        if dialect == Dialect::V2 && !unfit {
            let ours = full.map_err(|e| e.to_string()).map(|doc| {
                let mut out = vec![];
                if let Some(doc) = &doc {
                    events(doc, doc.root(), &mut out);
                }
                out
            });
            let theirs = libyaml(&text);
            let same = ours == theirs || ours.is_err() && theirs.is_err();
            let (a, b) = (ours.as_ref().err(), theirs.as_ref().err());
            assert!(
                same || is_known_difference(&text, a.map(String::as_str), b.map(String::as_str)),
                "kfm {ours:?}\nlibyaml {theirs:?}"
            );
        }
    }
});

fn events(doc: &Doc, id: NodeId, out: &mut Vec<String>) {
    match doc.kind(id) {
        Kind::Scalar => out.push(format!("{:?} {:?}", doc.style(id), doc.text(id))),
        Kind::Alias => out.push("alias".to_owned()),
        kind => {
            out.push(format!("{kind:?}"));
            doc.kids(id).iter().for_each(|kid| events(doc, *kid, out));
            out.push("end".to_owned());
        }
    }
}

fn libyaml(text: &str) -> Result<Vec<String>, String> {
    let mut parser = Parser::new();
    let mut input = text.as_bytes();
    parser.set_input_string(&mut input);
    let mut out = vec![];
    loop {
        match parser.parse().map_err(|e| e.to_string())?.data {
            EventData::StreamEnd | EventData::DocumentEnd { .. } => return Ok(out),
            EventData::Scalar { value, style, .. } => {
                let style = match style {
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                    _ => Style::Plain,
                };
                out.push(format!("{style:?} {value:?}"));
            }
            EventData::Alias { .. } => out.push("alias".to_owned()),
            EventData::MappingStart { .. } => out.push("Map".to_owned()),
            EventData::SequenceStart { .. } => out.push("Seq".to_owned()),
            EventData::MappingEnd | EventData::SequenceEnd => out.push("end".to_owned()),
            _ => {}
        }
    }
}

/// Where go-yaml is known to differ from libyaml; see `src/yaml/differential.rs`.
fn is_known_difference(text: &str, ours: Option<&str>, theirs: Option<&str>) -> bool {
    let has = |problem: Option<&str>, part: &str| problem.is_some_and(|p| p.contains(part));
    let behind = |line: &str, empty: &str| line.split_once(empty).is_some_and(|(_, rest)| rest.contains(':'));
    has(ours, "unknown anchor")
        || text.lines().any(|line| behind(line, "[]") || behind(line, "{}"))
        || has(theirs, "found unexpected ':'")
        || ["\\/", "\\'", "\u{feff}"].iter().any(|odd| text.contains(odd))
        || has(theirs, "while scanning a tag")
        || text.contains('?') && text.contains(['[', '{'])
}
