use super::*;
use serde_json::{Value, json};

#[test]
fn new_fields_are_appended_in_an_order_that_has_each_once() {
    let moved = ["bases", "imageTags", "helmChartInflationGenerator"];
    let mut names: Vec<&str> = NAMES.into_iter().filter(|name| !moved.contains(name)).collect();
    let mut order = ORDER.to_vec();
    names.sort_unstable();
    order.sort_unstable();
    assert_eq!(order, names);
}

#[test]
fn the_published_schema_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/kustomization.schema.json");
    let mut schema = object(KUSTOMIZATION);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("kustomization.yaml");
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("KFM_UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), text, "`KFM_UPDATE=1` writes it anew");
}

fn object(fields: &[Field]) -> Value {
    let properties = fields.iter().map(|field| (field.name.to_owned(), value(field.shape)));
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties.collect::<serde_json::Map<_, _>>(),
    })
}

fn value(shape: Shape) -> Value {
    match shape {
        Text(_) => json!({"type": "string"}),
        Flag => json!({"type": "boolean"}),
        Number => json!({"type": "integer"}),
        Texts(_) => json!({"type": "array", "items": {"type": "string"}}),
        Pairs(_) => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Any => json!({"type": "object"}),
        One(fields) => object(fields),
        Many(fields) => json!({"type": "array", "items": object(fields)}),
    }
}
