//! Fetches credentials by a sequence of calls: which to make next, and what its response means. Nothing here does I/O.
//!
//! Errors are worded for the operator. They contain no token and no credentials, whatever the endpoint has answered.

mod answer;
mod container;
mod instance;
mod sts;

use std::time::{Duration, SystemTime};

use super::Credentials;
use super::source::{Base, ContainerToken, Recipe, Role, TokenFile};

/// Temporary credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Temporary {
    /// The credentials that sign requests.
    pub credentials: Credentials,
    /// When AWS stops accepting them.
    pub expires: SystemTime,
}

/// An HTTP request to make.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The Envoy cluster that it goes to.
    pub cluster: String,
    /// The method, in upper case.
    pub method: &'static str,
    /// The `host` header.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// The other headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty: none.
    pub body: String,
}

impl Call {
    fn get(cluster: &str, host: &str, path: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            method: "GET",
            host: host.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The outcome of a call: its status and body.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// `None`: there was no response.
    pub status: Option<u16>,
    /// The response's body.
    pub body: &'a [u8],
}

/// The next step of a fetch.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// Make this call, and return its outcome to [`Fetch::answered`].
    Ask(Call),
    /// Finished, with these credentials.
    Have(Temporary),
    /// Failed, for this reason.
    Failed(String),
}

/// A fetch of credentials under way.
#[derive(Debug)]
pub struct Fetch {
    recipe: Recipe,
    at: At,
    /// Secrets that no error may contain.
    secrets: Secrets,
}

/// The call whose response is awaited.
#[derive(Clone, Copy, Debug)]
enum At {
    ContainerToken,
    Container,
    InstanceToken,
    InstanceRole,
    Instance,
    WebToken,
    WebIdentity,
    Role,
}

/// Secrets that were sent, which a response could repeat.
#[derive(Default)]
struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Fetch {
    /// Begins a fetch. `usual` are the default account's credentials, if they are there; `now` is Envoy's clock.
    pub fn begin(recipe: &Recipe, usual: Option<&Credentials>, now: SystemTime) -> (Self, Step) {
        let mut fetch = Self { recipe: recipe.clone(), at: At::ContainerToken, secrets: Secrets::default() };
        let step = fetch.first(usual, now);
        (fetch, step)
    }

    /// Continues with the outcome of the call.
    pub fn answered(&mut self, answer: Answer<'_>, now: SystemTime) -> Step {
        let next = self.next(answer, now);
        next.unwrap_or_else(|why| Step::Failed(self.secrets.hidden_in(&why)))
    }

    fn first(&mut self, usual: Option<&Credentials>, now: SystemTime) -> Step {
        match self.recipe.base.clone() {
            Base::Given(credentials) => self.assume(credentials, now).unwrap_or_else(Step::Failed),
            Base::Usual(_) => match usual {
                Some(credentials) => self.assume(credentials.clone(), now).unwrap_or_else(Step::Failed),
                None => Step::Failed("the gateway's own credentials are not there".to_owned()),
            },
            Base::Container(container) => match &container.token {
                Some(ContainerToken::File(file)) => self.ask(At::ContainerToken, read(file)),
                Some(ContainerToken::Given(token)) => {
                    self.secrets.0.push(token.clone());
                    self.ask(At::Container, container::call(&container, Some(token)))
                }
                None => self.ask(At::Container, container::call(&container, None)),
            },
            Base::Instance(from) => self.ask(At::InstanceToken, instance::token(&from)),
            Base::WebIdentity(from) => self.ask(At::WebToken, read(&from.token)),
        }
    }

    fn next(&mut self, answer: Answer<'_>, now: SystemTime) -> Result<Step, String> {
        Ok(match (self.at, self.recipe.base.clone()) {
            (At::ContainerToken, Base::Container(container)) => {
                let Some(ContainerToken::File(file)) = &container.token else { return Err(lost()) };
                let token = self.token(answer, file)?;
                self.ask(At::Container, container::call(&container, Some(&token)))
            }
            (At::Container, Base::Container(from)) => {
                let place = format!("the container endpoint (cluster '{}')", from.cluster);
                self.based(answer::credentials(answer, &place)?, now)?
            }
            (At::InstanceToken, Base::Instance(from)) => {
                let token = instance::text(answer, &from, "token")?;
                self.secrets.0.push(token.clone());
                match from.role.as_deref() {
                    Some(role) => self.ask(At::Instance, instance::credentials(&from, &token, role)),
                    None => self.ask(At::InstanceRole, instance::role(&from, &token)),
                }
            }
            (At::InstanceRole, Base::Instance(from)) => {
                let role = instance::text(answer, &from, "role")?;
                let token = self.secrets.0.first().cloned().unwrap_or_default();
                self.ask(At::Instance, instance::credentials(&from, &token, &role))
            }
            (At::Instance, Base::Instance(from)) => {
                self.based(answer::credentials(answer, &instance::place(&from))?, now)?
            }
            (At::WebToken, Base::WebIdentity(from)) => {
                let token = self.token(answer, &from.token)?;
                self.ask(At::WebIdentity, sts::with_web_identity(&from.role, &token))
            }
            (At::WebIdentity, Base::WebIdentity(from)) => {
                let temporary = sts::credentials(answer, &from.role, sts::WEB_IDENTITY)?;
                self.based(temporary, now)?
            }
            (At::Role, _) => {
                let role = self.recipe.role.as_ref().ok_or_else(lost)?;
                Step::Have(unexpired(sts::credentials(answer, role, sts::ROLE)?, now)?)
            }
            _ => return Err(lost()),
        })
    }

    /// The base credentials have come: they are the result, or assume the role.
    fn based(&mut self, base: Temporary, now: SystemTime) -> Result<Step, String> {
        let base = unexpired(base, now)?;
        if self.recipe.role.is_none() {
            return Ok(Step::Have(base));
        }
        self.assume(base.credentials, now)
    }

    fn assume(&mut self, credentials: Credentials, now: SystemTime) -> Result<Step, String> {
        let role: Role = self.recipe.role.clone().ok_or_else(lost)?;
        let call = sts::assume(&role, &credentials, now)?;
        let Credentials { access_key_id: _, secret_access_key, session_token } = credentials;
        self.secrets.0.push(secret_access_key);
        self.secrets.0.extend(session_token);
        self.secrets.0.extend(role.external_id);
        Ok(self.ask(At::Role, call))
    }

    fn ask(&mut self, at: At, call: Call) -> Step {
        self.at = at;
        Step::Ask(call)
    }

    /// The token in a file.
    fn token(&mut self, answer: Answer<'_>, file: &TokenFile) -> Result<String, String> {
        let place = format!("the token file (cluster '{}', path '{}')", file.cluster, file.path);
        let token = answer::text(answer, &place)?;
        self.secrets.0.push(token.clone());
        Ok(token)
    }
}

impl Secrets {
    fn hidden_in(&self, text: &str) -> String {
        // A shorter text is no secret, and may well occur in an error.
        let secrets = self.0.iter().filter(|secret| secret.len() >= 4);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "…"))
    }
}

fn read(file: &TokenFile) -> Call {
    Call::get(&file.cluster, "localhost", &file.path)
}

/// The error for a state that cannot occur: the call does not belong to the recipe.
fn lost() -> String {
    "the way to the credentials was lost".to_owned()
}

/// Refuses credentials that have expired.
fn unexpired(temporary: Temporary, now: SystemTime) -> Result<Temporary, String> {
    if temporary.expires <= now {
        let ago = now.duration_since(temporary.expires).unwrap_or(Duration::ZERO).as_secs();
        return Err(format!("the credentials that came had expired {ago} s before: is the clock right?"));
    }
    Ok(temporary)
}

#[cfg(test)]
mod tests;
