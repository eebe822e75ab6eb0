//! Translates a request into a conversation: each member is mapped, or noted as ignored.

use crate::anthropic::request::{Message, Metadata, OutputConfig, OutputFormat};
use crate::openai::{Error, member};
use crate::translate::chat::{Parameter, guardrail};
use crate::translate::conversation::{
    Answer, Caching, Choice, Conversation, Effort, Rest, Sampling, Speaker, Thinking,
};
use crate::translate::fit::notes::Field;
use crate::translate::front::named::Names;
use crate::translate::front::tools::Declared;
use crate::translate::front::{
    self, Finished, Purpose, answer, bedrock_members, cache, metadata, parameters,
};
use crate::translate::messages::members::{is_dropped, is_left_out};
use crate::translate::messages::{self, Reply};
use crate::translate::notes::Notes;
use crate::translate::{Client, Outgoing, Rules, conversation};
use crate::wire::{List, Members, Number, OneOrMany, Raw, Str};

use super::{content, tools};

const SCHEMA: &str = "output_config.format.schema";

/// The members of a request.
#[derive(Default)]
struct Read<'a> {
    system: Vec<conversation::Content<'a>>,
    messages: Option<Vec<conversation::Message<'a>>>,
    max_tokens: Option<i64>,
    stream: bool,
    temperature: Option<Number<'a>>,
    top_p: Option<Number<'a>>,
    top_k: Option<i64>,
    stop: Vec<Str<'a>>,
    declared: Declared<'a>,
    /// Whether all tools were left out, with notes.
    none_left: bool,
    choice: Choice<'a>,
    single_call: bool,
    thinking: Option<Thinking<'a>>,
    effort: Option<Effort>,
    answer: Answer<'a>,
    user: Option<Str<'a>>,
    betas: Option<Vec<String>>,
    cache: cache::Names,
}

/// Translates a request for a model by its `rules`. `asked` is the client's name for the model, which the reply repeats.
///
/// # Errors
/// 400 with the path of a member that is wrong, too large, or without a counterpart.
pub(in crate::translate) fn request<'a>(
    Members(members): Members<'a, Raw<'a>>,
    asked: &str,
    client: &Client<'_>,
    rules: Rules<'_>,
    purpose: Purpose,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let mut notes = Notes::new(rules.unsupported, rules.limits);
    let mut read = Read { betas: bedrock_members::betas(client.chat.anthropic_beta)?, ..Read::default() };
    for (name, raw) in members {
        if !is_left_out(&name, raw, rules.drop, &mut notes)? {
            read.member(&name, raw, rules.drop, &mut notes)?;
        }
    }
    let Read {
        system,
        messages,
        max_tokens,
        stream,
        temperature,
        top_p,
        top_k,
        stop,
        declared,
        none_left,
        choice,
        single_call,
        thinking,
        effort,
        answer,
        user,
        betas,
        cache,
    } = read;
    // Without tools there is nothing to choose.
    let (choice, single_call) = if none_left { (Choice::Auto, false) } else { (choice, single_call) };
    front::choice::check(&choice, &declared.names)?;
    let messages = messages.ok_or_else(|| Error::missing("messages"))?;
    let max_tokens = match max_tokens {
        Some(limit) => parameters::limit(limit, "max_tokens", &mut notes)?,
        None if purpose == Purpose::Count => None,
        None if rules.drop.contains(&Parameter::MaxTokens) => None,
        // The caller's limit takes its place.
        None if rules.tokens.limit(None).is_some() => None,
        None => return Err(Error::missing("max_tokens")),
    };
    let only_stop = match stop.as_slice() {
        [only] => Some((**only).to_owned()),
        _ => None,
    };
    let stop = (Some(OneOrMany::Many(stop)), "stop_sequences");
    let sampling = parameters::sampling(temperature, top_p, top_k, stop, &mut notes)?;
    let instructions = conversation::Message { speaker: Speaker::System, content: system };
    let conversation = Conversation {
        messages: std::iter::once(instructions).chain(messages).collect(),
        tools: declared.tools,
        choice,
        web_search: false,
        single_call,
        answer,
        sampling: Sampling { max_tokens, ..sampling },
        effort,
        thinking,
        caching: Caching { automatic: rules.automatic_caching, ..Caching::default() },
        betas,
        rest: Rest {
            guardrail: guardrail::config(rules.guardrail, None, &client.chat, stream, &mut notes)?,
            labels: metadata::labels(client, None, None, [user, None], &mut notes),
            ..Rest::default()
        },
        ..Conversation::default()
    };
    let names =
        Names { said: "messages", max_tokens: "max_tokens", web_search: "tools[].web_search", cache, own };
    let tool_schema = |place: usize| format!("tools[{place}].input_schema");
    let finished = front::finish(conversation, rules, &names, source, tool_schema, purpose, &mut notes)?;
    let operation = finished.operation(stream);
    let Finished { body, undo, json_beside_calls, .. } = finished;
    if purpose == Purpose::Count {
        let (operation, ignored) = ("count-tokens", notes.into_ignored());
        return Ok(Outgoing { operation, guardrail: None, body, ignored, reply: Reply::Count });
    }
    let context = crate::translate::answer::Context { undo, json_beside_calls, ..Default::default() };
    let reply = super::Reply { model: asked.to_owned(), stream, context, stop: only_stop };
    let reply = messages::Reply::Converse(reply);
    Ok(Outgoing { operation, guardrail: None, body, ignored: notes.into_ignored(), reply })
}

impl<'a> Read<'a> {
    fn member(
        &mut self,
        name: &str,
        raw: Raw<'a>,
        drop: &[Parameter],
        notes: &mut Notes<'_>,
    ) -> Result<(), Error> {
        match name {
            "model" | "anthropic_version" => {}
            "system" => {
                if let Some(system) = member::<Option<OneOrMany<'_, _>>>(raw, name)? {
                    self.system = content::instructions(system, &mut self.cache, notes)?;
                }
            }
            "messages" => {
                let List(messages) = member::<List<Message<'a>>>(raw, name)?;
                self.messages = Some(content::messages(messages, &mut self.cache, notes)?);
            }
            "max_tokens" => self.max_tokens = member(raw, name)?,
            "stream" => self.stream = member::<Option<bool>>(raw, name)?.unwrap_or(false),
            "temperature" => self.temperature = member(raw, name)?,
            "top_p" => self.top_p = member(raw, name)?,
            "top_k" => self.top_k = member(raw, name)?,
            "stop_sequences" => {
                let stop: Option<List<Str<'a>>> = member(raw, name)?;
                self.stop = stop.map(|List(stop)| stop).unwrap_or_default();
            }
            "tools" => {
                let declared: Option<List<_>> = member(raw, name)?;
                let declared = declared.map(|List(tools)| tools).unwrap_or_default();
                let has_tools = !declared.is_empty();
                self.declared = tools::read(declared, &mut self.cache, notes)?;
                self.none_left = has_tools && self.declared.names.is_empty();
            }
            "tool_choice" => {
                if let Some(choice) = member(raw, name)? {
                    (self.choice, self.single_call) = tools::choice(choice, drop, notes)?;
                }
            }
            "thinking" => self.thinking = parameters::thinking(member(raw, name)?, notes)?,
            "output_config" => {
                let config: Option<OutputConfig<'a>> = member(raw, name)?;
                let OutputConfig { effort, format, unknown } = config.unwrap_or_default();
                notes.unknown("output_config.", unknown)?;
                let effort = effort.filter(|_| !is_dropped("output_config.effort", drop, notes));
                let format = format.filter(|_| !is_dropped("output_config.format", drop, notes));
                self.effort = parameters::effort(effort, "output_config.effort")?;
                self.format(format, "output_config.format", notes)?;
            }
            // The member's name while it was in beta.
            "output_format" => self.format(member(raw, name)?, name, notes)?,
            "metadata" => {
                let metadata: Option<Metadata<'a>> = member(raw, name)?;
                let Metadata { user_id, unknown } = metadata.unwrap_or_default();
                notes.unknown("metadata.", unknown)?;
                self.user = user_id;
            }
            "anthropic_beta" => {
                let named: Option<List<Str<'a>>> = member(raw, name)?;
                let named = named.into_iter().flatten().map(|name| name.into_cow().into_owned());
                self.betas.get_or_insert_default().extend(named);
            }
            "compaction" if raw.get() != "null" => {
                notes.unsupported(
                    name,
                    "Only Claude that is asked natively makes its conversation shorter.",
                )?;
            }
            _ => notes.unknown("", vec![(name.to_owned().into(), raw)])?,
        }
        Ok(())
    }

    fn format(&mut self, format: Option<Raw<'a>>, param: &str, notes: &mut Notes<'_>) -> Result<(), Error> {
        let Some(format) = format else { return Ok(()) };
        let OutputFormat { kind, schema, unknown } = member(format, param)?;
        notes.unknown("output_config.format.", unknown)?;
        if kind.as_deref() != Some("json_schema") {
            let message = format!("'{param}.type' must be 'json_schema'.");
            return Err(Error::invalid(message).param(format!("{param}.type")));
        }
        let schema = schema.ok_or_else(|| Error::missing(SCHEMA))?;
        self.answer = answer::by_schema(Some(schema), (None, None), Some(true), SCHEMA, notes)?;
        Ok(())
    }
}

/// Names of fields that only Anthropic's API has.
fn own(field: &Field) -> Option<&'static str> {
    Some(match field {
        Field::Stop => "stop_sequences",
        Field::SingleCall => "tool_choice.disable_parallel_tool_use",
        Field::SchemaMember(_) => "tools[].input_schema",
        Field::AnswerMember(_) => SCHEMA,
        Field::Answer => "output_config.format",
        Field::Effort => "output_config.effort",
        Field::Replay => "messages[].content[].thinking",
        _ => return None,
    })
}
