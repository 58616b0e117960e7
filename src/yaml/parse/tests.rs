//! Texts and what they are read as, or why they are refused.

use super::super::show;
use super::*;

fn read(text: &str) -> Result<String, String> {
    let source = Source::new("t.yaml", text.into());
    match parse(&source, 0..text.len(), Dialect::V3) {
        Ok(Some(doc)) => Ok(show::show(&doc)),
        Ok(None) => Ok(String::new()),
        Err(e) => Err(e.to_string()),
    }
}

#[test]
fn documents_are_read() {
    let table = [
        ("", ""),
        ("# c\n", ""),
        ("---\n", "null"),
        ("a", "str:a"),
        ("a: 1\nb:\n- x\n- y: z\n", "{str:a int:1 str:b [str:x {str:y str:z}]}"),
        ("a:\n  b:\nc: ~", "{str:a {str:b null} str:c null:~}"),
        ("{a, b: , 'c':d, e: [1, {}]}", "{str:a null str:b null str:c str:d str:e [int:1 {}]}"),
        ("[a: 1, b, ? c, [d]: e]", "[{str:a int:1} str:b {str:c null} {[str:d] str:e}]"),
        ("- - a\n  - b\n-\n- 'x''y'", "[[str:a str:b] null str:x'y]"),
        ("a: b\n  c\n\n  d\n", "{str:a str:b c\nd}"),
        ("a: |\n  x\n   y\n\nb: >-\n  x\n  y\n\n  z\n", "{str:a str:x\n y\n str:b str:x y\nz}"),
        ("a: \"x\\n\\x41\\u00e9\\\n   b\n  c\"", "{str:a str:x\nAéb c}"),
        ("? a\n: b\n? c\n", "{str:a str:b str:c null}"),
        ("a: &x 1\nb: *x\n", "{str:a int:1 str:b *}"),
        (
            "a: !!str 1\nb: !foo x\nc: !!int '1'\nd: ! 1",
            "{str:a str!:1 str:b other!:x str:c int!:1 str:d int:1}",
        ),
        ("a: # c\n  b # c\n# c\n", "{str:a str:b}"),
        ("# a\n\t# b\nk: v", "{str:k str:v}"),
        ("k: 1\n...\nkind: B", "{str:k int:1}"),
        ("{\"a\":1}{\"b\":2}", "{str:a int:1}"),
        ("[-]", "[str:-]"),
        ("{a:1}", "{str:a:1 null}"),
        ("k:\t# c\n  v", "{str:k str:v}"),
        ("\u{feff}k: v", "{str:k str:v}"),
        ("%YAML 1.1\n---\na: b", "{str:a str:b}"),
        ("a: 2001-1-1\nb: <<", "{str:a timestamp:2001-1-1 str:b merge:<<}"),
    ];
    for (text, want) in table {
        assert_eq!(read(text).as_deref(), Ok(want), "{text:?}");
    }
}

#[test]
fn errors_say_what_go_yaml_says_and_where() {
    let table = [
        ("a: b: c", "1:5: mapping values are not allowed in this context"),
        ("a: - b", "1:4: block sequence entries are not allowed in this context"),
        ("a: ? b", "1:4: mapping keys are not allowed in this context"),
        ("\ta: 1", "1:1: found character that cannot start any token"),
        ("a: b\n\tc: d", "2:1: found a tab character that violates indentation"),
        ("a: b\nc\nd: e", "3:1: could not find expected ':'"),
        ("a: 'b", "1:4: found unexpected end of stream"),
        ("a: 'b\n---\n'", "2:1: found unexpected document indicator"),
        ("a: \"\\/\"", "1:5: found unknown escape character"),
        ("a: \"\\ud83d\"", "1:7: found invalid Unicode character escape code"),
        ("a: \"\\xg\"", "1:7: did not find expected hexdecimal number"),
        ("a: |0\n", "1:5: found an indentation indicator equal to 0"),
        ("a: |x\n", "1:5: did not find expected comment or line break"),
        ("a: |\n \tb", "2:2: found a tab character where an indentation space is expected"),
        ("a: *x", "1:4: unknown anchor 'x' referenced"),
        ("a: &x &y b", "1:7: did not find expected key"),
        ("a: !h!x b", "1:4: found undefined tag handle"),
        ("a: [b", "1:4: did not find expected ',' or ']'"),
        ("a: [b }", "1:7: did not find expected ',' or ']'"),
        ("a: [,b]", "1:5: did not find expected node content"),
        ("a: b\n c: d", "2:3: mapping values are not allowed in this context"),
        ("a:\n  b: 1\n c: d", "3:2: did not find expected key"),
        ("- a\n b", ""),
        ("- a\nb: c", "2:1: did not find expected '-' indicator"),
        ("a: \u{1}", "1:4: control characters are not allowed"),
        ("a: %b", "1:4: found character that cannot start any token"),
        ("%YAML 1.2\n---\n", "1:1: found incompatible YAML document"),
        ("%FOO\n", "1:1: found unknown directive name"),
        ("--- a: b", "1:6: mapping values are not allowed in this context"),
    ];
    for (text, want) in table {
        let got = read(text).err().unwrap_or_default();
        assert_eq!(got.trim_start_matches("t.yaml:"), want, "{text:?}");
    }
}

#[test]
fn spans_cover_the_nodes() {
    let text = "a: 'b' # c\nd:\n- |\n  x\n\n- &e [f, g]\nh: i\n  j\n";
    let source = Source::new("t.yaml", text.into());
    let doc = parse(&source, 0..text.len(), Dialect::V3).unwrap().unwrap();
    let of = |n| doc.span(n).map(|(a, b)| &text[a as usize..b as usize]);
    let d = doc.get(doc.root(), "d").unwrap();
    assert_eq!(of(doc.root()), Some(text.trim_end()));
    assert_eq!(of(doc.get(doc.root(), "a").unwrap()), Some("'b'"));
    assert_eq!(of(d), Some("- |\n  x\n\n- &e [f, g]"));
    assert_eq!(of(doc.items(d)[0]), Some("|\n  x"));
    assert_eq!(of(doc.get(doc.root(), "h").unwrap()), Some("i\n  j"));
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    for (text, ok) in [
        ("[".repeat(10_001), false),
        ("- ".repeat(10_001), false),
        (format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)), true),
        (format!("{}{}", "{a: ".repeat(9_000), "}".repeat(9_000)), true),
    ] {
        let source = Source::new("t.yaml", text.clone());
        assert_eq!(parse(&source, 0..text.len(), Dialect::V3).is_ok(), ok);
    }
}
