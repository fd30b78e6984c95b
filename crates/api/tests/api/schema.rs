//! A validator for the part of JSON Schema that the OpenAPI document uses. It is stricter than the standard in one point: a
//! property that the schema does not name is an error, so that nothing is answered that is not documented.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is wrong with `value`, or nothing.
pub(crate) fn check(value: &Value, schema: &Value, document: &Value) -> Result<(), String> {
    let schema = resolve(schema, document);
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let results: Vec<_> = choices.iter().map(|choice| check(value, choice, document)).collect();
        return match results.iter().filter(|result| result.is_ok()).count() {
            1 => Ok(()),
            matching => Err(format!("{matching} of {} shapes match: {results:?}", results.len())),
        };
    }
    if value.is_object() {
        return check_object(value, schema, document);
    }
    check_type(value, schema)?;
    let allowed = schema.get("enum").and_then(Value::as_array);
    if allowed.is_some_and(|allowed| !allowed.contains(value)) {
        return Err(format!("{value} is not among {allowed:?}"));
    }
    if let (Some(number), Some(minimum)) = (value.as_f64(), schema.get("minimum").and_then(Value::as_f64))
        && number < minimum
    {
        return Err(format!("{number} is below {minimum}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        check(item, &schema["items"], document).map_err(|error| format!("[{index}]: {error}"))?;
    }
    Ok(())
}

fn check_object(value: &Value, schema: &Value, document: &Value) -> Result<(), String> {
    let (mut properties, mut required) = (BTreeMap::new(), Vec::new());
    collect(schema, document, &mut properties, &mut required);
    let is_object = !properties.is_empty() || schema.get("type").is_none();
    if !is_object {
        return Err(format!("an object where {schema} was expected"));
    }
    for name in required {
        if value.get(name).is_none() {
            return Err(format!("`{name}` is missing"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let schema = properties.get(name.as_str()).ok_or_else(|| format!("`{name}` is not documented"))?;
        check(inner, schema, document).map_err(|error| format!(".{name}: {error}"))?;
    }
    Ok(())
}

/// The properties of a schema and of all that it is put together from.
fn collect<'a>(
    schema: &'a Value,
    document: &'a Value,
    properties: &mut BTreeMap<&'a str, &'a Value>,
    required: &mut Vec<&'a str>,
) {
    let schema = resolve(schema, document);
    let own = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.extend(own.map(|(name, schema)| (name.as_str(), schema)));
    required.extend(schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str));
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        collect(part, document, properties, required);
    }
}

fn check_type(value: &Value, schema: &Value) -> Result<(), String> {
    let actual = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let wanted = match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Err(format!("{value} where {schema} was expected")),
    };
    let fits = wanted.iter().any(|wanted| *wanted == actual || (*wanted == "number" && actual == "integer"));
    if fits { Ok(()) } else { Err(format!("{value} is no {wanted:?}")) }
}

fn resolve<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let target = document.pointer(reference.trim_start_matches('#'));
            resolve(target.unwrap_or_else(|| panic!("{reference} leads nowhere")), document)
        }
        None => schema,
    }
}

#[test]
fn what_does_not_fit_is_found() {
    use serde_json::json;
    let document = json!({"shapes": {
        "a": {"type": "object", "required": ["x"], "properties": {"x": {"type": ["integer", "null"], "minimum": 0}}},
        "b": {"allOf": [{"$ref": "#/shapes/a"}, {"type": "object", "properties": {"y": {"type": "array", "items": {"type": "string"}}}}]},
    }});
    let schema = json!({"$ref": "#/shapes/b"});
    for good in [json!({"x": 1}), json!({"x": null, "y": ["z"]})] {
        assert_eq!(check(&good, &schema, &document), Ok(()));
    }
    for bad in
        [json!({}), json!({"x": "1"}), json!({"x": -1}), json!({"x": 1, "y": [1]}), json!({"x": 1, "z": 1}), json!([])]
    {
        assert!(check(&bad, &schema, &document).is_err(), "{bad}");
    }
}
