//! Tables of texts before and after an edit.

use super::tree::Entry;
use super::*;
use std::path::PathBuf;

fn edited(text: &str, change: impl FnOnce(&mut Node)) -> String {
    let bytes = text.as_bytes().to_vec();
    let mut file = KustomizationFile::from_bytes(PathBuf::new(), "k.yaml".into(), bytes).unwrap();
    file.root = file.old.clone();
    change(&mut file.root);
    String::from_utf8(file.render().unwrap()).unwrap()
}

fn add(list: &'static str, item: &'static str) -> impl Fn(&mut Node) {
    move |root| root.field_mut(list).items_mut().push(item.into())
}

fn remove(list: &'static str, item: &'static str) -> impl Fn(&mut Node) {
    move |root| {
        root.field_mut(list).items_mut().retain(|i| i.text() != item);
        root.drop_if_empty(list);
    }
}

fn label(key: &'static str, value: &'static str) -> impl Fn(&mut Node) {
    move |root| root.field_mut("commonLabels").set_key(key, value)
}

type Case = (&'static str, Box<dyn Fn(&mut Node)>, &'static str);

fn case(before: &'static str, change: impl Fn(&mut Node) + 'static, after: &'static str) -> Case {
    (before, Box::new(change), after)
}

fn check(cases: Vec<Case>) {
    for (before, change, after) in cases {
        assert_eq!(edited(before, change), after, "{before:?}");
    }
}

#[test]
fn items_are_added_after_the_last_one_in_the_form_of_the_list() {
    check(vec![
        case("resources:\n- a\n", add("resources", "b"), "resources:\n- a\n- b\n"),
        case("resources:\n  - a # x\n", add("resources", "b"), "resources:\n  - a # x\n  - b\n"),
        case(
            "resources:\n- a\n\n# n\nnamePrefix: p\n",
            add("resources", "b"),
            "resources:\n- a\n- b\n\n# n\nnamePrefix: p\n",
        ),
        case("resources: [a]\n", add("resources", "b"), "resources: [a, b]\n"),
        case("resources: [a, ] # c\n", add("resources", "b,c"), "resources: [a, 'b,c', ] # c\n"),
        case("resources: [\n  a,\n  b\n]\n", add("resources", "c"), "resources: [\n  a,\n  b,\n  c\n]\n"),
        case("resources: []\n", add("resources", "b"), "resources:\n- b\n"),
        case("resources:\n", add("resources", "b"), "resources:\n- b\n"),
        case("resources: # files\n", add("resources", "b"), "resources: # files\n- b\n"),
        case(
            "resources: null # none\nnamespace: x\n",
            add("resources", "b"),
            "resources: # none\n- b\nnamespace: x\n",
        ),
        case("resources:\n- a", add("resources", "b"), "resources:\n- a\n- b\n"),
        case(
            "resources:\r\n- a\r\nnamespace: x\r\n",
            add("resources", "b"),
            "resources:\r\n- a\r\n- b\r\nnamespace: x\r\n",
        ),
        case("\u{feff}resources:\n- a\n", add("resources", "b"), "\u{feff}resources:\n- a\n- b\n"),
        case(
            "resources:\n  - a\n  # - c\nnamespace: x\n",
            add("resources", "b"),
            "resources:\n  - a\n  # - c\n  - b\nnamespace: x\n",
        ),
        case("namespace: x\n", add("resources", "true"), "namespace: x\nresources:\n- \"true\"\n"),
        case("crds:\n  - x\n", add("resources", "b"), "crds:\n  - x\nresources:\n  - b\n"),
        case(
            "{\"namespace\": \"x\"}\n",
            add("resources", "b"),
            "{\"namespace\": \"x\", \"resources\": [\"b\"]}\n",
        ),
        case(
            "{\n  \"namespace\": \"x\"\n}\n",
            add("resources", "b"),
            "{\n  \"namespace\": \"x\",\n  \"resources\": [\"b\"]\n}\n",
        ),
        case("", add("resources", "b"), "resources:\n- b\n"),
        case("# c\n", add("resources", "b"), "# c\nresources:\n- b\n"),
        case("---\n", add("resources", "b"), "---\nresources:\n- b\n"),
        case("null\n", add("resources", "b"), "resources:\n- b\n"),
        case("{}\n", add("resources", "b"), "resources:\n- b\n"),
        case(
            "---\nnamespace: x\n---\na: b\n",
            add("resources", "b"),
            "---\nnamespace: x\nresources:\n- b\n---\na: b\n",
        ),
        case("namespace: x\n...\n", add("resources", "b"), "namespace: x\nresources:\n- b\n...\n"),
        case("resources: &r\n- a\ncrds: *r\n", add("crds", "b"), "resources: &r\n- a\ncrds:\n- a\n- b\n"),
        case(
            "resources: &r\n- a\ncrds: *r\n",
            add("resources", "b"),
            "resources: &r\n- a\n- b\ncrds:\n- a\n",
        ),
    ]);
}

#[test]
fn items_go_with_their_line_and_comments_of_their_own_stay() {
    check(vec![
        case("resources:\n- a # x\n- b\n", remove("resources", "a"), "resources:\n- b\n"),
        case(
            "resources:\n# one\n- a\n# two\n- b\n",
            remove("resources", "a"),
            "resources:\n# one\n# two\n- b\n",
        ),
        case(
            "# files\nresources:\n- a\n# n\nnamespace: x\n",
            remove("resources", "a"),
            "# files\n# n\nnamespace: x\n",
        ),
        case("resources: [a, b, c]\n", remove("resources", "b"), "resources: [a, c]\n"),
        case("resources: [a, b, c]\n", remove("resources", "a"), "resources: [b, c]\n"),
        case("resources: [a, b, c]\n", remove("resources", "c"), "resources: [a, b]\n"),
        case("namespace: x\nresources: [a]\n", remove("resources", "a"), "namespace: x\n"),
        case(
            "patches:\n- patch: |\n    a\nresources:\n    # one\n    - a\n",
            remove("resources", "a"),
            "patches:\n- patch: |\n    a\n# one\n",
        ),
    ]);
}

#[test]
fn values_are_replaced_where_they_stand() {
    let set = |text: &'static str| move |root: &mut Node| root.set_text("namespace", text);
    check(vec![
        case("namespace: 'old' # c\nnamePrefix: p\n", set("new"), "namespace: 'new' # c\nnamePrefix: p\n"),
        case("namespace: '#x'\n", set("new"), "namespace: new\n"),
        case("namespace: \"old\"\n", set("it's"), "namespace: \"it's\"\n"),
        case("namespace:\nnamePrefix: p\n", set("new"), "namespace: new\nnamePrefix: p\n"),
        case("namespace:   # c\nnamePrefix: p\n", set("new"), "namespace: new   # c\nnamePrefix: p\n"),
        case(
            "namespace: a # c\nnamePrefix: p\n",
            set("b\nc"),
            "namespace: |- # c\n  b\n  c\nnamePrefix: p\n",
        ),
        case("namespace: |\n  a\nnamePrefix: p\n", set("b"), "namespace: b\nnamePrefix: p\n"),
        case("namespace: a\n# c\nnamePrefix: p\n", set(""), "# c\nnamePrefix: p\n"),
        case("namespace: &n a\nnamePrefix: *n\n", set("b"), "namespace: b\nnamePrefix: a\n"),
        case("{namespace: a, namePrefix: p}\n", set("b: c"), "{namespace: 'b: c', namePrefix: p}\n"),
        case("NameSpace: a\n", set("b"), "NameSpace: b\n"),
    ]);
}

#[test]
fn keys_of_a_map_are_added_in_order_where_it_is_sorted() {
    check(vec![
        case(
            "commonLabels:\n  a: b\n  z: b\n",
            label("c", "1"),
            "commonLabels:\n  a: b\n  c: \"1\"\n  z: b\n",
        ),
        case(
            "commonLabels:\n  z: b\n  a: b\n",
            label("c", "1"),
            "commonLabels:\n  z: b\n  a: b\n  c: \"1\"\n",
        ),
        case(
            "commonLabels:\n    # one\n    b: c # two\n",
            label("a", "b"),
            "commonLabels:\n    a: b\n    # one\n    b: c # two\n",
        ),
        case("commonLabels: {b: c}\n", label("a", "b"), "commonLabels: {b: c, a: b}\n"),
        case("commonLabels: {b: c}\n", label("b", "d"), "commonLabels: {b: d}\n"),
        case("commonLabels: {}\nnamespace: x\n", label("b", "d"), "commonLabels:\n  b: d\nnamespace: x\n"),
        case(
            "commonLabels: &l\n  a: b\ncommonAnnotations: *l\n",
            label("c", "d"),
            "commonLabels: &l\n  a: b\n  c: d\ncommonAnnotations:\n  a: b\n",
        ),
        case(
            "commonAnnotations: &l\n  a: b\ncommonLabels:\n  <<: *l\n",
            label("c", "d"),
            "commonAnnotations: &l\n  a: b\ncommonLabels:\n  a: b\n  c: d\n",
        ),
    ]);
}

#[test]
fn entries_after_a_dash_come_and_go() {
    let image =
        |change: fn(&mut Node)| move |root: &mut Node| change(&mut root.field_mut("images").items_mut()[0]);
    check(vec![
        case(
            "images:\n- digest: x # d\n  # n\n  name: a\n- name: b\n",
            image(|i| {
                i.set_text("digest", "");
                i.set_text("newTag", "2");
            }),
            "images:\n# n\n- name: a\n  newTag: \"2\"\n- name: b\n",
        ),
        case(
            "images:\n- name: a # x\n",
            image(|i| i.set_text("digest", "d")),
            "images:\n- digest: d\n  name: a # x\n",
        ),
        case(
            "images: [{name: a, newTag: b}]\n",
            image(|i| i.set_text("newTag", "1")),
            "images: [{name: a, newTag: \"1\"}]\n",
        ),
        case(
            "images:\n- name: a # x\n  newTag: 'b' # y\n",
            image(|i| i.set_text("newTag", "1")),
            "images:\n- name: a # x\n  newTag: '1' # y\n",
        ),
    ]);
}

#[test]
fn items_move_with_their_comments() {
    let sort = |root: &mut Node| {
        root.field_mut("images").items_mut().sort_by(|a, b| a.get_text("name").cmp(b.get_text("name")));
    };
    check(vec![
        case(
            "images:\n# z\n- name: z # last\n  newTag: \"1\"\n# a\n- name: a\n",
            sort,
            "images:\n# a\n- name: a\n# z\n- name: z # last\n  newTag: \"1\"\n",
        ),
        case(
            "bases:\n  # base\n  - ../b # x\nresources:\n- a\n",
            |root: &mut Node| {
                let moved = root.take("bases").unwrap();
                root.field_mut("resources").items_mut().extend(moved.items().iter().cloned());
            },
            "resources:\n- a\n# base\n- ../b # x\n",
        ),
        case(
            "commonLabels:\n  # one\n  a: 'b' # x\nnamespace: s\n",
            |root: &mut Node| {
                let pairs = root.take("commonLabels").unwrap();
                let pairs = pairs.at(None);
                let entries =
                    vec![Entry::new("includeSelectors", Node::plain("true")), Entry::new("pairs", pairs)];
                root.field_mut("labels").items_mut().push(Node::map(entries));
            },
            "namespace: s\nlabels:\n- includeSelectors: true\n  pairs:\n    # one\n    a: 'b' # x\n",
        ),
        case(
            "patchesStrategicMerge:\n# why\n- p.yaml # one\n- |-\n  a: b\n  # c\npatches:\n- path: q.yaml\n",
            |root: &mut Node| {
                let old = root.take("patchesStrategicMerge").unwrap();
                for item in old.items() {
                    let key = if item.text().contains('\n') { "patch" } else { "path" };
                    let entry = Node::map(vec![Entry::new(key, item.clone())]).at(item.origin);
                    root.field_mut("patches").items_mut().push(entry);
                }
            },
            "patches:\n- path: q.yaml\n# why\n- path: p.yaml # one\n- patch: |-\n    a: b\n    # c\n",
        ),
    ]);
}
