//! JSON schemas of tools and answers, in the form that a family takes. They stay the client's text wherever they can:
//! the order of properties is part of what a model reads.

use crate::bedrock::converse::Document;
use crate::json::{self, Members, Raw, Str};
use crate::openai::Error;
use crate::translate::family::Schemas;
use crate::translate::notes::Notes;

/// Most that a schema may grow to by having its references replaced, bytes: each may double it.
const LARGEST: usize = 1 << 20;

/// A member that is a reference.
const REF: &str = "\"$ref\"";

/// What stands for a schema inside itself.
const ANY: &str = r#"{"type":"object"}"#;

/// Members of a root that ask for nothing once references are replaced.
const SILENT: &[&str] = &["$schema", "$id", "$defs", "definitions", "title", "$comment"];

/// Members whose values are data, not schemas.
const DATA: &[&str] = &["enum", "const", "default", "examples", "required"];

/// A root schema as Bedrock takes it: an object whose type is `object`, and for families that need it without
/// references. `param` is where it stands.
pub(super) fn root<'a>(
    schema: Raw<'a>,
    param: &str,
    schemas: Schemas,
    notes: &mut Notes<'_>,
) -> Result<Document<'a>, Error> {
    let members = members(schema, param)?;
    check_type(&members, param)?;
    match schemas {
        Schemas::Any => with_type(schema, members, param),
        Schemas::Plain => plain(schema, param, notes),
    }
}

/// True where a schema holds itself, which Bedrock's own structured output and strict tools do not take (AWS
/// documentation, "Structured outputs"); also where it is too large to tell, or refers to what is not in it.
pub(super) fn is_recursive(schema: Raw<'_>, notes: &Notes<'_>) -> bool {
    if !schema.get().contains(REF) {
        return false;
    }
    let Ok(members) = members(schema, "") else {
        return false;
    };
    let mut inliner = Inliner::new(&members, notes);
    match inliner.run() {
        Ok(()) => inliner.is_recursive,
        // What comes behind was not looked at.
        Err(Refused::Dangling(_) | Refused::TooLarge | Refused::Unreadable) => true,
    }
}

type Object<'a> = Vec<(Str<'a>, Raw<'a>)>;

fn members<'a>(schema: Raw<'a>, param: &str) -> Result<Object<'a>, Error> {
    json::from_str::<Members<'_, Raw<'_>>>(schema.get())
        .map(|members| members.0)
        .map_err(|_| refuse(param, "a JSON schema must be an object."))
}

fn refuse(param: &str, reason: &str) -> Error {
    Error::invalid(format!("Invalid schema for '{param}': {reason}")).param(param)
}

fn value<'a>(members: &Object<'a>, name: &str) -> Option<Raw<'a>> {
    members.iter().find(|(other, _)| &**other == name).map(|(_, value)| *value)
}

fn check_type(members: &Object<'_>, param: &str) -> Result<(), Error> {
    match value(members, "type").map(Raw::get) {
        None | Some("null" | "\"object\"") => Ok(()),
        Some(kind) if kind.starts_with('[') && kind.contains("\"object\"") => Ok(()),
        Some(_) => Err(refuse(param, "its type must be 'object'.")),
    }
}

/// Members that Bedrock refuses as `null`.
fn is_null_member(name: &str, value: Raw<'_>) -> bool {
    matches!(name, "properties" | "required") && value.get() == "null"
}

/// Bedrock wants `type: object` at the root; what else the client says stays.
fn with_type<'a>(schema: Raw<'a>, members: Object<'a>, param: &str) -> Result<Document<'a>, Error> {
    let has_type = value(&members, "type").is_some_and(|kind| kind.get() == "\"object\"");
    if has_type && !members.iter().any(|(name, value)| is_null_member(name, *value)) {
        return Ok(Document::Raw(schema));
    }
    let object = Raw::of("\"object\"").map_err(|_| refuse(param, "it cannot be read."))?;
    let mut mended: Object<'_> = vec![("type".into(), object)];
    mended.extend(
        members.into_iter().filter(|(name, value)| &**name != "type" && !is_null_member(name, *value)),
    );
    Ok(Document::Mended(json::to_string(&Members(mended))))
}

/// Nothing at the root but `type`, `properties` and `required`, and no references anywhere.
fn plain<'a>(schema: Raw<'a>, param: &str, notes: &mut Notes<'_>) -> Result<Document<'a>, Error> {
    let inlined = if schema.get().contains(REF) { Some(inlined(schema, param, notes)?) } else { None };
    let root = match &inlined {
        Some(inlined) => members(Raw::of(inlined).map_err(|_| refuse(param, "it cannot be read."))?, param)?,
        None => members(schema, param)?,
    };
    // A root that refers to its own definition has its type only now.
    check_type(&root, param)?;
    let mut kept: Object<'_> = Vec::with_capacity(3);
    let mut is_changed = inlined.is_some();
    for (name, value) in &root {
        match &**name {
            "properties" | "required" if !is_null_member(name, *value) => kept.push((name.clone(), *value)),
            "type" if value.get() == "\"object\"" => kept.push((name.clone(), *value)),
            name => {
                is_changed = true;
                let asks = !SILENT.contains(&name) && !matches!(name, "type" | "properties" | "required");
                notes.ignore_if(asks, &format!("tools[].function.parameters.{name}"));
            }
        }
    }
    if !is_changed && value(&kept, "type").is_some() {
        return Ok(Document::Raw(schema));
    }
    if value(&kept, "type").is_none() {
        let object = Raw::of("\"object\"").map_err(|_| refuse(param, "it cannot be read."))?;
        kept.insert(0, ("type".into(), object));
    }
    Ok(Document::Mended(json::to_string(&Members(kept))))
}

fn inlined(schema: Raw<'_>, param: &str, notes: &Notes<'_>) -> Result<String, Error> {
    let root = members(schema, param)?;
    let mut inliner = Inliner::new(&root, notes);
    inliner.run().map_err(|refused| match refused {
        Refused::Dangling(reference) => {
            let reference: String = reference.chars().take(128).collect();
            refuse(param, &format!("its $ref '{reference}' leads nowhere."))
        }
        Refused::TooLarge => refuse(param, "with its references replaced it is too large or nests too deep."),
        Refused::Unreadable => refuse(param, "it cannot be read."),
    })?;
    Ok(inliner.out)
}

enum Refused {
    /// A reference to nothing that is in the schema.
    Dangling(String),
    TooLarge,
    Unreadable,
}

impl From<json::Error> for Refused {
    fn from(_: json::Error) -> Self {
        Self::Unreadable
    }
}

/// Writes a schema with what its references refer to in their places.
struct Inliner<'s, 'n> {
    root: &'s Object<'s>,
    notes: &'n Notes<'n>,
    /// The references that lead to where we are.
    path: Vec<String>,
    /// How deep we are.
    depth: usize,
    out: String,
    /// A reference led to a schema around it.
    is_recursive: bool,
}

impl<'s, 'n> Inliner<'s, 'n> {
    fn new(root: &'s Object<'s>, notes: &'n Notes<'n>) -> Self {
        Self { root, notes, path: Vec::new(), depth: 0, out: String::new(), is_recursive: false }
    }

    fn deepest(&self) -> usize {
        self.notes.limits().schema_depth
    }

    /// Following references may look at the same text again and again, however little of it is written.
    fn spend(&self, cost: usize) -> Result<(), Refused> {
        if self.notes.may_follow(cost) { Ok(()) } else { Err(Refused::TooLarge) }
    }

    fn run(&mut self) -> Result<(), Refused> {
        let is_definitions = |name: &str| matches!(name, "$defs" | "definitions");
        let members: Object<'s> =
            self.root.iter().filter(|(name, _)| !is_definitions(name)).cloned().collect();
        self.members(members)
    }

    fn write(&mut self, text: &str) -> Result<(), Refused> {
        if self.out.len().saturating_add(text.len()) > LARGEST {
            return Err(Refused::TooLarge);
        }
        self.out.push_str(text);
        Ok(())
    }

    fn schema(&mut self, schema: Raw<'s>) -> Result<(), Refused> {
        let text = schema.get();
        self.spend(text.len())?;
        if !text.contains(REF) {
            return self.write(text);
        }
        if self.depth >= self.deepest() {
            return Err(Refused::TooLarge);
        }
        self.depth = self.depth.saturating_add(1);
        if text.starts_with('[') {
            let items: Vec<Raw<'_>> = json::from_str(text)?;
            self.write("[")?;
            for (index, item) in items.into_iter().enumerate() {
                self.write(if index == 0 { "" } else { "," })?;
                self.schema(item)?;
            }
            self.write("]")?;
        } else if let Ok(Members(members)) = json::from_str::<Members<'_, Raw<'_>>>(text) {
            self.members(members)?;
        } else {
            self.write(text)?;
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// A schema: what it refers to, then its own members, which hold over that.
    fn members(&mut self, mut members: Object<'s>) -> Result<(), Refused> {
        let mut entered = 0usize;
        while let Some((reference, beside)) = taken(&members) {
            if reference == "#" || self.path.contains(&reference) {
                self.is_recursive = true;
                self.path.truncate(self.path.len().saturating_sub(entered));
                return self.write(ANY);
            }
            if self.path.len() >= self.deepest() {
                return Err(Refused::TooLarge);
            }
            let Some(target) = self.find(&reference)? else {
                return Err(Refused::Dangling(reference));
            };
            self.path.push(reference);
            entered = entered.saturating_add(1);
            // `true` is a schema too, and asks for nothing.
            let Members(below) =
                json::from_str::<Members<'_, Raw<'_>>>(target.get()).unwrap_or(Members(Vec::new()));
            members = below;
            self.spend(target.get().len().saturating_add(members.len().saturating_mul(beside.len())))?;
            members.retain(|(name, _)| beside.iter().all(|(other, _)| other != name));
            members.extend(beside);
        }
        self.write("{")?;
        let mut separator = "";
        for (name, value) in members {
            self.write(separator)?;
            separator = ",";
            self.write(&json::to_string(&name))?;
            self.write(":")?;
            if DATA.contains(&&*name) && !value.get().starts_with('{') {
                self.write(value.get())?;
            } else {
                self.schema(value)?;
            }
        }
        self.path.truncate(self.path.len().saturating_sub(entered));
        self.write("}")
    }

    /// Finds what a JSON pointer within the schema leads to (RFC 6901).
    fn find(&self, reference: &str) -> Result<Option<Raw<'s>>, Refused> {
        // In a URI's fragment it is percent-encoded.
        let Ok(pointer) = percent_encoding::percent_decode_str(reference).decode_utf8() else {
            return Ok(None);
        };
        let Some(pointer) = pointer.strip_prefix("#/") else { return Ok(None) };
        let mut steps = pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
        self.spend(self.root.len())?;
        let mut found = steps.next().and_then(|step| value(self.root, &step));
        for step in steps {
            let Some(within) = found else { return Ok(None) };
            self.spend(within.get().len())?;
            found = if within.get().starts_with('[') {
                let items: Vec<Raw<'_>> = json::from_str(within.get())?;
                step.parse::<usize>().ok().and_then(|index| items.get(index).copied())
            } else {
                let members = json::from_str::<Members<'_, Raw<'_>>>(within.get()).ok();
                members.and_then(|Members(members)| value(&members, &step))
            };
        }
        Ok(found)
    }
}

/// The reference of a schema, and what stands beside it.
fn taken<'s>(members: &Object<'s>) -> Option<(String, Object<'s>)> {
    let reference = value(members, "$ref")?;
    // A property may be called that; its value is no text then.
    let reference = json::from_str::<String>(reference.get()).ok()?;
    Some((reference, members.iter().filter(|(name, _)| &**name != "$ref").cloned().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::Limits;
    use crate::translate::notes::Unsupported;

    fn raw(text: &str) -> Raw<'_> {
        Raw::of(text).unwrap()
    }

    fn plain(text: &str) -> (Result<String, Error>, Vec<String>) {
        let limits = Limits::default();
        let mut notes = Notes::new(Unsupported::Refuse, &limits);
        let document =
            root(raw(text), "p", Schemas::Plain, &mut notes).map(|document| json::to_string(&document));
        (document, notes.into_ignored())
    }

    fn recursive(text: &str) -> bool {
        let limits = Limits::default();
        is_recursive(raw(text), &Notes::new(Unsupported::Refuse, &limits))
    }

    #[test]
    fn references_are_replaced_and_the_order_of_properties_stays() {
        let (schema, ignored) = plain(
            r##"{"$defs":{"A":{"title":"A","type":"object","properties":{"z":{"$ref":"#/$defs/B"},"a":{"type":"string"}}},
                "B":{"type":"integer"}},"properties":{"y":{"$ref":"#/$defs/A","description":"why"},"$ref":{"type":"string"}},
                "required":["y"],"additionalProperties":false,"title":"T"}"##,
        );
        assert_eq!(
            schema.unwrap(),
            r#"{"type":"object","properties":{"y":{"title":"A","type":"object","properties":{"z":{"type":"integer"},"a":{"type":"string"}},"description":"why"},"$ref":{"type":"string"}},"required":["y"]}"#
        );
        assert_eq!(ignored, ["tools[].function.parameters.additionalProperties"]);
    }

    #[test]
    fn a_root_that_is_a_reference_is_what_it_refers_to() {
        let (schema, _) = plain(
            r##"{"$ref":"#/definitions/R","definitions":{"R":{"type":"object","properties":{"a":{"type":"string"}}}}}"##,
        );
        assert_eq!(schema.unwrap(), r#"{"type":"object","properties":{"a":{"type":"string"}}}"#);
        let (schema, _) = plain(r##"{"$ref":"#/definitions/R","definitions":{"R":{"type":"string"}}}"##);
        assert_eq!(schema.unwrap_err().param.as_deref(), Some("p"));
    }

    #[test]
    fn a_schema_inside_itself_ends_as_any_object() {
        let tree = r##"{"type":"object","properties":{"root":{"$ref":"#/$defs/N"},"all":{"$ref":"#"}},
            "$defs":{"N":{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/N"}}}}}}"##;
        assert!(recursive(tree));
        assert_eq!(
            plain(tree).0.unwrap(),
            r#"{"type":"object","properties":{"root":{"type":"object","properties":{"children":{"type":"array","items":{"type":"object"}}}},"all":{"type":"object"}}}"#
        );
        assert!(!recursive(
            r##"{"properties":{"a":{"$ref":"#/$defs/N"},"b":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"string"}}}"##
        ));
        // Behind a reference that cannot be followed.
        assert!(recursive(
            r##"{"properties":{"a":{"$ref":"https://example.com/a.json"},"b":{"$ref":"#"}}}"##
        ));
        // Nothing but themselves.
        assert!(recursive(
            r##"{"properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"$ref":"#/$defs/B"},"B":{"$ref":"#/$defs/A"}}}"##
        ));
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_refused() {
        for reference in ["#/$defs/None", "https://example.com/a.json", "#x", "#/properties/0/1"] {
            let (schema, _) = plain(&format!(r#"{{"properties":{{"a":{{"$ref":"{reference}"}}}}}}"#));
            assert_eq!(schema.unwrap_err().param.as_deref(), Some("p"), "{reference}");
        }
    }

    #[test]
    fn references_that_look_at_much_and_write_little_are_refused_soon() {
        // Definitions of a megabyte, most of it nothing, and what is looked up in them a hundred thousand times.
        let spaces = " ".repeat(1 << 20);
        let many = r##"{"$ref":"#/$defs/A"},"##.repeat(100_000);
        let looked_up = format!(r#"{{"anyOf":[{many}{{}}],"$defs":{{"A":{{}}{spaces}}}}}"#);
        // Members in their thousands, beside a reference to as many.
        let members: String = (0..20_000).map(|at| format!(r#""m{at}":1,"#)).collect();
        let beside = format!(
            r##"{{"properties":{{"a":{{{members}"$ref":"#/$defs/A"}}}},"$defs":{{"A":{{{members}"z":1}}}}}}"##
        );
        for schema in [looked_up, beside] {
            let begun = std::time::Instant::now();
            assert!(plain(&schema).0.unwrap_err().message.contains("too large"));
            assert!(recursive(&schema), "what is too large to tell is taken for one");
            assert!(begun.elapsed().as_secs() < 20);
        }
    }

    #[test]
    fn references_that_double_and_double_are_refused_soon() {
        let mut definitions = String::from(r#""D0":{"type":"string"}"#);
        for level in 1..60 {
            let below = level - 1;
            definitions += &format!(
                r##","D{level}":{{"properties":{{"a":{{"$ref":"#/$defs/D{below}"}},"b":{{"$ref":"#/$defs/D{below}"}}}}}}"##
            );
        }
        let (schema, _) = plain(&format!(
            r##"{{"properties":{{"a":{{"$ref":"#/$defs/D59"}}}},"$defs":{{{definitions}}}}}"##
        ));
        assert!(schema.unwrap_err().message.contains("too large"));
    }
}
