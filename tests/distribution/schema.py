"""Objects against the OpenAPI schema of a CustomResourceDefinition: the structural subset that those may use."""

import re

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
}
BOUNDS = [
    ("minimum", lambda v, b: v >= b),
    ("maximum", lambda v, b: v <= b),
    ("minLength", lambda v, b: len(v) >= b),
    ("maxLength", lambda v, b: len(v) <= b),
    ("minItems", lambda v, b: len(v) >= b),
    ("maxItems", lambda v, b: len(v) <= b),
    ("pattern", lambda v, b: re.search(b, v) is not None),
    ("enum", lambda v, b: v in b),
]


def validate(value, schema, path=""):
    """What is wrong with `value`, one line each. A field the schema does not know would be pruned: wrong too."""
    where = path or "."
    if value is None:
        return [] if schema.get("nullable") else [f"{where}: null"]
    if schema.get("x-kubernetes-int-or-string"):
        if not (TYPES["integer"](value) or isinstance(value, str)):
            return [f"{where}: expected an integer or a string, found {type(value).__name__}"]
        return [f"{where}: `{value}` breaks `pattern`"] if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value) else []
    expected = schema.get("type")
    if expected and not TYPES[expected](value):
        return [f"{where}: expected {expected}, found {type(value).__name__}"]
    found = [f"{where}: `{value}` breaks `{key}`" for key, holds in BOUNDS if key in schema and not holds(value, schema[key])]
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += validate(item, schema.get("items") or {}, f"{path}[{index}]")
    if isinstance(value, dict):
        found += [f"{where}: `{key}` is missing" for key in schema.get("required", []) if key not in value]
        properties = schema.get("properties") or {}
        rest = schema.get("additionalProperties")
        keep = schema.get("x-kubernetes-preserve-unknown-fields")
        for key, item in value.items():
            if key in properties:
                found += validate(item, properties[key], f"{path}.{key}")
            elif isinstance(rest, dict):
                found += validate(item, rest, f"{path}.{key}")
            elif not (rest or keep):
                found.append(f"{where}: unknown field `{key}`")
    return found


def structural(schema, path=""):
    """Why an API server would refuse the schema as not structural, one line each."""
    found = []
    free = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if "type" not in schema and not free:
        found.append(f"{path or '.'}: no `type`")
    if schema.get("type") == "array" and "items" not in schema:
        found.append(f"{path}: no `items`")
    if "properties" in schema and isinstance(schema.get("additionalProperties"), dict):
        found.append(f"{path}: `properties` beside `additionalProperties`")
    for key in schema.get("required", []):
        if key not in (schema.get("properties") or {}) and not free:
            found.append(f"{path}: required `{key}` is no property")
    for key, inner in (schema.get("properties") or {}).items():
        found += structural(inner, f"{path}.{key}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found += structural(schema[key], f"{path}.{key}")
    return found
