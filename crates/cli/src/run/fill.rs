//! What one step gives to another: `${step.output}` in a text, and `${step.lines}` or
//! `${step.json}` in the place of a whole value. `$${` stands for `${`.

use serde_json::{Map, Value};

/// What follows an output that was too long to be kept whole.
pub(crate) const CUT: &str = "\n[cut: this output was too long to be kept]";

/// A piece of a text.
enum Piece<'a> {
    Text(&'a str),
    Of { step: &'a str, what: &'a str },
}

/// The steps that are named in arguments.
///
/// # Errors
/// When a name is not closed, or asks for something else than `output`, `lines` or `json`.
pub(crate) fn names(arguments: &Map<String, Value>) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut open: Vec<&Value> = arguments.values().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.values()),
            Value::String(text) => {
                let pieces = pieces(text)?;
                let whole = pieces.len() == 1;
                for piece in pieces {
                    let Piece::Of { step, what } = piece else { continue };
                    if !(what == "output" || (whole && matches!(what, "lines" | "json"))) {
                        return Err(format!(
                            "`{text}`: a step gives `output`, or as a whole value `lines` or `json`"
                        ));
                    }
                    names.push(step.to_owned());
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    Ok(names)
}

/// Arguments with what steps gave in their places.
///
/// # Errors
/// When a step gave nothing, or something that cannot stand there.
pub(crate) fn fill(
    arguments: &Map<String, Value>,
    output: &dyn Fn(&str) -> Option<String>,
) -> Result<Map<String, Value>, String> {
    arguments.iter().map(|(name, value)| Ok((name.clone(), filled(value, output)?))).collect()
}

fn filled(value: &Value, output: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
    Ok(match value {
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| filled(item, output)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => Value::Object(fill(members, output)?),
        Value::String(text) => text_of(text, output)?,
        other => other.clone(),
    })
}

fn text_of(text: &str, output: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
    let given = |step: &str| {
        let text = output(step).ok_or_else(|| format!("`{step}` gave nothing"))?;
        match text.ends_with(CUT) {
            true => Err(format!("what `{step}` gave was too long to be kept")),
            false => Ok(text),
        }
    };
    let pieces = pieces(text)?;
    if let [Piece::Of { step, what }] = pieces.as_slice() {
        let text = given(step)?;
        return match *what {
            "lines" => Ok(text.lines().map(|line| Value::String(line.to_owned())).collect()),
            "json" => serde_json::from_str(&text)
                .map_err(|error| format!("what `{step}` gave is no JSON: {error}")),
            _ => Ok(Value::String(text)),
        };
    }
    let mut whole = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => whole.push_str(text),
            Piece::Of { step, .. } => whole.push_str(&given(step)?),
        }
    }
    Ok(Value::String(whole))
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(plain) = before.strip_suffix('$') {
            pieces.extend([Piece::Text(plain), Piece::Text("${")]);
            rest = after;
            continue;
        }
        let (name, after) =
            after.split_once('}').ok_or_else(|| format!("`{text}`: a `${{` is not closed"))?;
        let (step, what) = name
            .rsplit_once('.')
            .ok_or_else(|| format!("`${{{name}}}` names no step: write `${{step.output}}`"))?;
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Of { step, what });
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(arguments: Value) -> Result<Value, String> {
        let Value::Object(arguments) = arguments else { unreachable!() };
        let output = |step: &str| match step {
            "list" => Some("a\nb".to_owned()),
            "data" => Some("{\"n\": 3}".to_owned()),
            "long" => Some(format!("x{CUT}")),
            _ => None,
        };
        names(&arguments)?;
        fill(&arguments, &output).map(Value::Object)
    }

    #[test]
    fn outputs_stand_in_texts_and_in_the_place_of_values() {
        let filled = run(json!({
            "text": "got: ${list.output}!", "ids": "${list.lines}", "deep": [{"n": "${data.json}"}],
            "plain": "costs $${not} 5 $", "n": 1
        }));
        let expected = json!({
            "text": "got: a\nb!", "ids": ["a", "b"], "deep": [{"n": {"n": 3}}],
            "plain": "costs ${not} 5 $", "n": 1
        });
        assert_eq!(filled, Ok(expected));
    }

    #[test]
    fn what_cannot_stand_there_is_refused() {
        for (wrong, says) in [
            (json!({ "a": "${list.output" }), "not closed"),
            (json!({ "a": "${list}" }), "names no step"),
            (json!({ "a": "ids: ${list.lines}" }), "as a whole value"),
            (json!({ "a": "${list.size}" }), "a step gives"),
            (json!({ "a": "${none.output}" }), "gave nothing"),
            (json!({ "a": "${list.json}" }), "no JSON"),
            (json!({ "a": "${long.output}" }), "too long"),
        ] {
            let error = run(wrong).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
