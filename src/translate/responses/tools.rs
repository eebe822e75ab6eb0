//! Declared tools: functions, custom tools, namespaces of both, and those of OpenAI's that the client runs. Tools that OpenAI
//! would run are left out and noted, because clients declare them whether they need them or not.

use crate::openai::chat::Function;
use crate::openai::responses::request::Tool;
use crate::openai::{Error, member};
use crate::translate::conversation::{self, Schema};
use crate::translate::front::tools::{self, check_length, named};
use crate::translate::notes::Notes;
use crate::wire::{List, Raw, Str};

use super::own::{self, Own};
use super::search;

/// The declared tools.
#[derive(Debug, Default)]
pub(super) struct Declared<'a> {
    /// The tools for the model.
    pub(super) all: tools::Declared<'a>,
    /// Those among them whose calls have another form than a function's.
    pub(super) special: Vec<Special>,
    /// For each tool for the model, where it is declared.
    pub(super) places: Vec<Place>,
    /// The name under which web search was allowed, if it was.
    pub(super) search: Option<&'static str>,
    /// Number of lists read.
    lists: usize,
}

/// Where a tool is declared: its index in `tools`, and in a namespace there; without the first index, in a later item.
pub(super) type Place = (Option<usize>, Option<usize>);

/// A tool whose calls have another form than a function's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Special {
    /// Its name in the conversation.
    pub(super) name: String,
    /// Bytes of that name that are its namespace.
    pub(super) namespace: Option<usize>,
    /// Set for a tool of OpenAI's that the client runs.
    pub(super) own: Option<&'static Own>,
}

/// Longest name of a namespace, bytes: each of its tools has it in its own name, so a longer one would be held many times.
const NAMESPACE: usize = 256;
/// Separates a namespace from a name; OpenAI allows it in neither.
const BETWEEN: char = '.';

/// The name in the conversation of a tool in a namespace.
pub(super) fn full_name<'a>(namespace: Option<&str>, name: Str<'a>) -> Str<'a> {
    match namespace.filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => format!("{namespace}{BETWEEN}{}", &*name).into(),
        None => name,
    }
}

impl<'a> Declared<'a> {
    /// Reads a list of tools at `param`.
    ///
    /// # Errors
    /// 400 with the path of the wrong member.
    pub(super) fn read(&mut self, list: Raw<'a>, param: &str, notes: &mut Notes<'_>) -> Result<(), Error> {
        let List(list) = member::<List<Tool<'a>>>(list, param)?;
        let is_first = self.lists == 0;
        for (index, mut tool) in list.into_iter().enumerate() {
            let place = format!("{param}[{index}]");
            let within = tool.tools.take();
            if tool.kind.as_deref() != Some("namespace") {
                let place_of = (is_first.then_some(index), None);
                notes.ignore_if(within.is_some(), "tools[].tools");
                self.tool(tool, None, &place, place_of, notes)?;
                continue;
            }
            name_lost(&tool, |name| !matches!(name, "name" | "description"), notes);
            let name = named(tool.name, &place)?;
            if name.len() > NAMESPACE {
                let message = format!("'{place}.name' is longer than {NAMESPACE} bytes.");
                return Err(Error::invalid(message).param(format!("{place}.name")));
            }
            notes.unknown("tools[].", tool.unknown)?;
            // A namespace's description goes to its first tool for the model.
            let mut about = tool.description.filter(|text| !text.is_blank());
            for (at, mut tool) in within.into_iter().flatten().enumerate() {
                notes.ignore_if(tool.tools.take().is_some(), "tools[].tools");
                let before = self.all.tools.len();
                let place_of = (is_first.then_some(index), Some(at));
                self.tool(tool, Some(&name), &format!("{place}.tools[{at}]"), place_of, notes)?;
                if let Some(tool) = self.all.tools.get_mut(before)
                    && let Some(about) = about.take()
                {
                    let own = tool.description.as_deref().unwrap_or_default();
                    tool.description = Some([&*name, ": ", &*about, "\n", own].concat().into());
                }
            }
        }
        self.lists = self.lists.saturating_add(1);
        check_length(self.all.tools.len(), param, notes)
    }

    fn tool(
        &mut self,
        mut tool: Tool<'a>,
        namespace: Option<&str>,
        place: &str,
        place_of: Place,
        notes: &mut Notes<'_>,
    ) -> Result<(), Error> {
        let kind = tool.kind.take().ok_or_else(|| Error::missing(&format!("{place}.type")))?;
        let mut special = Special { name: String::new(), namespace: namespace.map(str::len), own: None };
        let tool = match &*kind {
            "function" => function(tool, namespace, place, notes)?,
            "custom" => {
                let tool = custom(tool, namespace, place, notes)?;
                self.all.custom.push((*tool.name).to_owned());
                tool
            }
            kind => {
                let is_lone = namespace.is_none();
                if let Some(search) = search::of_tool(kind).filter(|_| is_lone)
                    && search::may_stand(&mut tool.unknown)
                {
                    name_lost(&tool, |_| true, notes);
                    self.search = self.search.or(Some(search));
                    return notes.unknown("tools[].", tool.unknown);
                }
                let own = own::of_tool(kind).filter(|_| is_lone && own::is_clients(&mut tool.unknown));
                let Some(own) = own else {
                    notes.ignore(&format!("tools[].{kind}"));
                    return Ok(());
                };
                name_lost(&tool, |_| true, notes);
                notes.unknown("tools[].", tool.unknown)?;
                special.own = Some(own);
                conversation::Tool {
                    name: own.tool.into(),
                    description: Some(own.description.into()),
                    schema: Some(Schema::Own(own.schema)),
                    strict: None,
                    cache_point: None,
                }
            }
        };
        if special.own.is_some() || special.namespace.is_some() {
            (*tool.name).clone_into(&mut special.name);
            self.special.push(special);
        }
        self.all.add(tool, place)?;
        self.places.push(place_of);
        Ok(())
    }
}

/// A function, whose members may be in an object of its own, as in a chat.
fn function<'a>(
    mut tool: Tool<'a>,
    namespace: Option<&str>,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<conversation::Tool<'a>, Error> {
    let chats = if tool.name.is_none() { tool.function.take() } else { None };
    let Some(function) = chats else {
        name_lost(&tool, |name| matches!(name, "format" | "function") || is_openais(name), notes);
        let Tool { name, description, parameters, strict, unknown, .. } = tool;
        notes.unknown("tools[].", unknown)?;
        let named = (full_name(namespace, named(name, &place)?), description);
        return tools::function(named, parameters, strict, &format_args!("{place}.parameters"), notes);
    };
    name_lost(&tool, |_| true, notes);
    notes.unknown("tools[].", tool.unknown)?;
    let Function { name, description, parameters, strict, cache_control, unknown } = *function;
    notes.unknown("tools[].function.", unknown)?;
    notes.ignore_if(cache_control.is_some(), "tools[].function.cache_control");
    let named = (full_name(namespace, named(name, &format_args!("{place}.function"))?), description);
    tools::function(named, parameters, strict, &format_args!("{place}.function.parameters"), notes)
}

fn custom<'a>(
    tool: Tool<'a>,
    namespace: Option<&str>,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<conversation::Tool<'a>, Error> {
    let is_lost = |name: &str| matches!(name, "parameters" | "strict" | "function") || is_openais(name);
    name_lost(&tool, is_lost, notes);
    let Tool { name, description, format, unknown, .. } = tool;
    notes.unknown("tools[].", unknown)?;
    let named = (full_name(namespace, named(name, &place)?), description);
    tools::custom(named, format, &format_args!("{place}.format"), notes)
}

/// Whether a member of a tool matters to OpenAI only.
fn is_openais(name: &str) -> bool {
    matches!(name, "defer_loading" | "output_schema" | "allowed_callers" | "async")
}

/// Notes a tool's members that have no meaning for it.
fn name_lost(tool: &Tool<'_>, is_lost: impl Fn(&str) -> bool, notes: &mut Notes<'_>) {
    for (name, given) in [
        ("name", tool.name.is_some()),
        ("description", tool.description.is_some()),
        ("parameters", tool.parameters.is_some()),
        ("strict", tool.strict == Some(true)),
        ("format", tool.format.is_some()),
        ("function", tool.function.is_some()),
        ("defer_loading", tool.defer_loading == Some(true)),
        ("output_schema", tool.output_schema.is_some()),
        ("allowed_callers", tool.allowed_callers.is_some()),
        ("async", tool.is_async == Some(true)),
    ] {
        notes.ignore_if(given && is_lost(name), &format!("tools[].{name}"));
    }
}

/// Path of the schema of a tool for the model.
pub(super) fn schema_place(places: &[Place], tool: usize) -> String {
    match places.get(tool) {
        Some((Some(index), None)) => format!("tools[{index}].parameters"),
        Some((Some(index), Some(at))) => format!("tools[{index}].tools[{at}].parameters"),
        Some((None, _)) | None => "input[].tools[].parameters".to_owned(),
    }
}

impl Special {
    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        size_of::<Self>().saturating_add(self.name.capacity())
    }

    /// Its namespace, and its name there.
    pub(super) fn parts(&self) -> (Option<&str>, &str) {
        let split = self
            .namespace
            .and_then(|at| Some((self.name.get(..at)?, self.name.get(at..)?.strip_prefix(BETWEEN)?)));
        match split {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, &self.name),
        }
    }
}
