use super::super::scalar::Dialect;
use super::super::source::Source;
use super::*;
use crate::yaml::parse::parse;

fn read(text: &str) -> Doc {
    let source = Source::new("t.yaml", text.into());
    parse(&source, 0..source.text.len(), Dialect::V3).expect("syntax").expect("a document")
}

fn printed_as(text: &str, options: Options) -> Result<String> {
    let doc = read(text);
    let mut out = b"before".to_vec();
    let result = print_with(&doc, doc.root(), options, &mut out);
    let out = String::from_utf8(out).expect("UTF-8");
    let out = out.strip_prefix("before").expect("what was there before").to_owned();
    assert!(result.is_ok() || out.is_empty());
    result.map(|()| out)
}

fn printed(text: &str) -> Result<String> {
    printed_as(text, Options::default())
}

/// Each piece stands below `data:`, and so does what is printed for it.
fn check(cases: &[(&str, &str)]) {
    for (input, output) in cases {
        let framed = format!("data:\n  {}", input.replace('\n', "\n  "));
        let whole = printed(&framed).expect(input);
        let inner = whole.strip_prefix("data:\n").expect("the frame");
        // A sequence stands at its key's column.
        let frame = if inner.starts_with('-') { "" } else { "  " };
        let lines: Vec<&str> = inner.split('\n').map(|l| l.strip_prefix(frame).unwrap_or(l)).collect();
        assert_eq!(lines.join("\n"), format!("{output}\n"), "{input}");
        // What is printed is read as the same, and printed as the same once more.
        assert_eq!(printed(&whole).expect(&whole), whole, "again: {input}");
    }
}

fn refused(cases: &[&str]) {
    for input in cases {
        let framed = format!("data:\n  {}", input.replace('\n', "\n  "));
        let error = printed(&framed).expect_err(input);
        assert!(error.labels()[0].at.line > 0, "{input}");
    }
}

#[test]
fn collections_are_laid_out_in_block_style() {
    check(&[
        ("k: {b: 1, a: [x, y]} # c", "k:\n  a:\n  - x\n  - \"y\"\n  b: 1"),
        ("a: {}\nb: []\nc:\nd: ~", "a: {}\nb: []\nc: null\nd: null"),
        ("a:\n  - - x\n    - z\n  - []\n  - {}", "a:\n- - x\n  - z\n- []\n- {}"),
        ("a: [{b: 1, a: [c]}, [[d]]]", "a:\n- a:\n  - c\n  b: 1\n- - - d"),
        ("? 'a\n\n  b'\n: v\n? \"c\\nd\\n\"\n: [a, b]", "? |-\n  a\n  b\n: v\n? |\n  c\n  d\n: - a\n  - b"),
        ("- ? \"a\\nb\"\n  : {a: 1, b: {}}", "- ? |-\n    a\n    b\n  : a: 1\n    b: {}"),
    ]);
    let long = "k".repeat(129);
    check(&[
        (&format!("? {long}\n: {{a: 1}}"), &format!("? {long}\n: a: 1")),
        (&format!("? {long}\n: []"), &format!("? {long}\n: []")),
        (&format!("{}: a", &long[1..]), &format!("{}: a", &long[1..])),
    ]);
    assert_eq!(printed("{}").expect("an empty map"), "{}\n");
    assert_eq!(
        printed("kind: A\napiVersion: v1\nSpec: 1").expect("three keys"),
        "Spec: 1\napiVersion: v1\nkind: A\n"
    );
}

#[test]
fn many_keys_are_sorted() {
    let keys: Vec<String> = (0..200).map(|i| format!("k{}", i * 37 % 200)).collect();
    let text: String = keys.iter().map(|k| format!("{k}: {{b: 1, a: 2}}\n")).collect();
    let sorted: String = (0..200).map(|i| format!("k{i}:\n  a: 2\n  b: 1\n")).collect();
    assert_eq!(printed(&text).expect("200 keys"), sorted);
}

#[test]
fn scalars_have_their_values() {
    check(&[
        ("[1.50, 0x10, 010, 08, 1_000, -0, +1, 0o17]", "- 1.5\n- 16\n- 8\n- 8\n- 1000\n- 0\n- 1\n- 15"),
        ("[True, FALSE, yes, 'true', ~, Null]", "- true\n- false\n- \"yes\"\n- \"true\"\n- null\n- null"),
        ("[2001-1-1, '2001-1-1', <<, =]", "- \"2001-01-01T00:00:00Z\"\n- \"2001-1-1\"\n- <<\n- ="),
        ("[18446744073709551615, 18446744073709551616]", "- 18446744073709551615\n- 1.8446744073709552e+19"),
        (
            "[1e3, 6.0, 1e19, 1e20, 1e-7, 3.140]",
            "- 1000\n- 6\n- 10000000000000000000\n- 1e+20\n- 1e-07\n- 3.14",
        ),
        ("[!!str 1, !!float 1, !!int '7', !foo 1, !!binary aGk=]", "- \"1\"\n- 1\n- 7\n- \"1\"\n- hi"),
        ("a: !!str\nb: !a\nc: !!null ''", "a: \"\"\nb: \"\"\nc: null"),
    ]);
    refused(&[
        "a: .inf",
        "a: !!int a",
        "a: !!int",
        "a: !!bool 1",
        "a: !!binary '%'",
        "a: !!int 2001-01-01",
        "a: 2001-1-1T1:2:3+24:00",
    ]);
}

#[test]
fn keys_are_strings() {
    check(&[
        ("y: 1\nno: 2\n'1': 3\n'a: b': 4\n'# c': 5", "'# c': 5\n\"1\": 3\n'a: b': 4\n\"no\": 2\n\"y\": 1"),
        ("? \n: a", "\"\": a"),
        ("a b: 1\na:b: 2", "a b: 1\na:b: 2"),
        ("0x1F: a\n2001-01-01: b", "\"31\": a\n\"2001-01-01T00:00:00Z\": b"),
        ("!!int '1': a", "\"1\": a"),
    ]);
    refused(&["true: a", "1.5: a", "null: a", "~: a", "[a]: b", "{a: b}: c"]);
    refused(&["a: 1\na: 2", "a: 1\nb: 2\n'a': 3", "\"a\\Nb\": 1"]);
    let printed = printed("1: a\n0x1: b\n!x k: c\ntrue: d").expect("any keys at the top");
    assert_eq!(printed, "\"0x1\": b\n\"1\": a\nk: c\n\"true\": d\n");
}

#[test]
fn the_second_of_two_equal_keys_is_named() {
    let error = printed("b: 1\na: 2\nc: 3\na: 4\n").expect_err("a key twice");
    assert_eq!(error.labels()[0].at.line, 4);
    assert_eq!(error.labels()[1].at.line, 2);
}

#[test]
fn keys_too_long_for_json_are_refused() {
    let key = |n| format!("? {}\n: a", "<".repeat(n));
    assert!(printed(&key(170)).is_ok());
    assert!(printed(&key(171)).is_err());
}

#[test]
fn nulls_and_times_change_in_flow() {
    check(&[
        ("{a, b: , c: ~}", "a: \"\"\nb: \"\"\nc: null"),
        ("[a: , {a:1}]", "- a: \"\"\n- a:1: \"\""),
        (
            "{l: 2001-1-1t1:2:3Z, m: !!timestamp 2001-1-1}",
            "l: \"2001-1-1t1:2:3Z\"\nm: \"2001-01-01T00:00:00Z\"",
        ),
        ("l: 2001-1-1t1:2:3Z", "l: \"2001-01-01T01:02:03Z\""),
    ]);
    let straight = printed_as("a: {b: , c: 2001-1-1t1:2:3Z}", Options::STRAIGHT).expect("no writing between");
    assert_eq!(straight, "a:\n  b: null\n  c: \"2001-01-01T01:02:03Z\"\n");
}

#[test]
fn folded_texts_are_written_anew() {
    check(&[
        ("k: >\n  a\n   b", "k: |-\n  a\n\n   b"),
        ("k: >\n  a\n  b\n\n  c", "k: |-\n  a b\n  c"),
        ("k: >2\n    a\n  b\n  c", "k: |2-\n    a\n  b c"),
        ("k: >-\n  a\n  b", "k: a b"),
    ]);
    assert_eq!(printed("k: >+\n  a\n\n").expect("kept breaks"), "k: |+\n  a\n\n\n");
    assert_eq!(printed("k: >2\n    a\n  b\n  c\n").expect("an indented start"), "k: |2\n    a\n  b c\n");
    let straight = printed_as("k: >\n  a\n   b\n", Options::STRAIGHT).expect("no writing between");
    assert_eq!(straight, "k: |\n  a\n   b\n");
    refused(&["k: |2\n  \ta"]);
}

#[test]
fn comments_after_a_kept_text_cost_a_line() {
    assert_eq!(printed("k: |+\n  x\n\n# c\n").expect("a comment"), "k: |+\n  x\n\n\n");
    assert_eq!(printed("k: |+\n  x\n\n").expect("no comment"), "k: |+\n  x\n\n");
    assert_eq!(printed("b: |+\n  x\n\na: {c: d}\n# c\n").expect("a comment"), "a:\n  c: d\nb: |+\n  x\n\n");
}

#[test]
fn characters_pass_through_json() {
    check(&[
        (r#"["a\Nb", "\N\N", "a \N b", "\x01"]"#, "- a b\n- |2+\n\n- a b\n- \"\\x01\""),
        (
            r#"["a\tb", "😀", "\ufeffa", "é", "\u200b"]"#,
            "- \"a\\tb\"\n- \"\\U0001F600\"\n- \"\\uFEFF\\x61\"\n- é\n- \u{200b}",
        ),
        (r#"["a\Lb", "\P"]"#, "- 'a\u{2028}  b'\n- '\u{2029}'"),
    ]);
    refused(&[
        r#"["\x7f"]"#,
        r#"["\x80"]"#,
        r#"["\ufffe"]"#,
        r#"{"\x9f": a}"#,
        r#"["a\N--- b"]"#,
        r#"{"a\Nb": c}"#,
    ]);
}

#[test]
fn texts_with_line_feeds_are_literal() {
    check(&[
        (r#"k: "a\nb""#, "k: |-\n  a\n  b"),
        (r#"k: "a \nb""#, "k: \"a \\nb\""),
        (r#"k: "a\nb ""#, "k: \"a\\nb \""),
        (r#"k: "a\n b""#, "k: |-\n  a\n   b"),
        (r#"k: "a\tb\n""#, "k: \"a\\tb\\n\""),
        (r#"k: "\ta\nb""#, "k: \"\\ta\\nb\""),
        (r#"- "a\nb""#, "- |-\n  a\n  b"),
    ]);
    for (input, output) in [
        ("\"a\\n\"", "|\n  a\n"),
        ("\"a\\n\\n\"", "|+\n  a\n\n"),
        ("\" a\\nb\\n\"", "|2\n   a\n  b\n"),
        ("\"\\n\"", "|2+\n\n"),
        ("\"\\n\\na\\n\"", "|2\n\n\n  a\n"),
        ("\"a\\n\\n\\nb\\Lc\\n\"", "|\n  a\n\n\n  b\u{2028}  c\n"),
    ] {
        assert_eq!(printed(&format!("k: {input}")).expect(input), format!("k: {output}"));
    }
}

#[test]
fn long_texts_are_folded_after_column_80() {
    let words = |n: usize| vec!["abcd"; n].join(" ");
    let (w16, w15) = (words(16), words(15));
    check(&[
        // 2 + 3 + 16 * 5 - 1 = 84 characters on the line; the break comes at the first blank after 80.
        (&format!("k: {}", words(17)), &format!("k: {w16}\n  abcd")),
        (&format!("k: '{}: x'", words(17)), &format!("k: '{}\n  abcd: x'", w15.clone() + " abcd")),
        (&format!("k: \"\\t{}\"", words(17)), &format!("k: \"\\t{w15}\n  abcd abcd\"")),
        (&format!("k: \"\\t{}  x\"", words(15)), &format!("k: \"\\t{w15}\n  \\ x\"")),
        (&format!("k: '{}  x # y'", words(16)), &format!("k: '{w16}  x\n  # y'")),
        (&format!("{}: ''", "x".repeat(120)), &format!("{}: \"\"", "x".repeat(120))),
        (&format!("- {}", words(18)), &format!("- {w16}\n  abcd abcd")),
        (&format!("k: {}", words(40)), &format!("k: {w16}\n  {w16}\n  {}", words(8))),
        (&format!("k: {}", "x".repeat(200)), &format!("k: {}", "x".repeat(200))),
        (&format!("{} a: 1", "x".repeat(120)), &format!("{} a: 1", "x".repeat(120))),
        (&format!("? {}\n: x", words(30)), &format!("? {w16}\n  {}\n: x", words(14))),
        (&format!("k: {} y", "é".repeat(75)), &format!("k: {} y", "é".repeat(75))),
        (&format!("k: {} y", "é".repeat(76)), &format!("k: {}\n  y", "é".repeat(76))),
        (&format!("k: '{}: it''s y'", "x".repeat(67)), &format!("k: '{}: it''s y'", "x".repeat(67))),
        (&format!("k: '{}: it''s y'", "x".repeat(68)), &format!("k: '{}: it''s\n  y'", "x".repeat(68))),
        (&format!("k: '{}'", words(17) + " "), &format!("k: '{w16}\n  abcd '")),
    ]);
}

#[test]
fn quotes_that_stay_on_a_changed_value_make_strings() {
    for (input, text, tag, output) in [
        ("a: '1'", "2", Tag::Int, "a: \"2\"\n"),
        ("a: \"yes\"", "true", Tag::Bool, "a: \"true\"\n"),
        ("a: 1", "2", Tag::Str, "a: \"2\"\n"),
        ("a: x", "true", Tag::Bool, "a: true\n"),
        ("a: |\n x", "1", Tag::Int, "a: \"1\"\n"),
        ("a: \"1\"", "0x10", Tag::Int, "a: \"0x10\"\n"),
        ("a: !!str 1", "2", Tag::Int, "a: 2\n"),
        ("a: x", "1.50", Tag::Unset, "a: 1.5\n"),
        ("a: 'x'", "1.50", Tag::Unset, "a: \"1.50\"\n"),
        ("a: x", "yes", Tag::Unset, "a: \"yes\"\n"),
        ("a: x", "", Tag::Unset, "a: null\n"),
        ("a: x", "b\nc", Tag::Str, "a: |-\n  b\n  c\n"),
        ("a: x", "3", Tag::Float, "a: 3\n"),
    ] {
        let mut doc = read(input);
        let value = doc.get(doc.root(), "a").expect("the value");
        doc.set_text(value, text, tag);
        let mut out = Vec::new();
        print(&doc, doc.root(), &mut out).expect(input);
        assert_eq!(String::from_utf8_lossy(&out), output, "{input} {text}");
    }
    let mut doc = read("a: x");
    let value = doc.get(doc.root(), "a").expect("the value");
    for (text, tag) in [("\tb\nc", Tag::Str), ("x", Tag::Int), ("2", Tag::Bool)] {
        doc.set_text(value, text, tag);
        assert!(print(&doc, doc.root(), &mut Vec::new()).is_err(), "{text}");
    }
}

#[test]
fn one_document_is_printed_by_several_threads() {
    let doc = read("a: [x, {b: 1, a: 2}]\nc: d\n");
    let print = || {
        let mut out = Vec::new();
        print(&doc, doc.root(), &mut out).map(|()| out)
    };
    let alone = print().expect("one thread");
    std::thread::scope(|scope| {
        for thread in [(); 4].map(|()| scope.spawn(print)) {
            assert_eq!(thread.join().expect("no panic").expect("no error"), alone);
        }
    });
}
