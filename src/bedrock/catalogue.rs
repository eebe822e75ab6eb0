//! What Bedrock says that there is: models and inference profiles, as discovery finds them.

use std::fmt::Write as _;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A model that is called by its own id.
    Model,
    /// An inference profile of AWS's.
    System,
    /// An inference profile of the account's.
    Application,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Model, Self::System, Self::Application];

    /// As the list of models calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::System => "system_profile",
            Self::Application => "application_profile",
        }
    }
}

/// Something that can be called. A text that is empty is not known; none has a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// What Bedrock is called with: a model's or a system profile's id, an application profile's ARN.
    pub id: String,
    /// What people call an application profile.
    pub name: String,
    /// The id of the model that answers, where all behind a profile are one.
    pub model: String,
    /// Where it may be answered, separated by commas.
    pub regions: String,
    /// What it takes, in lower case, separated by commas.
    pub input: String,
    /// What it makes, in lower case, separated by commas.
    pub output: String,
    /// Whether it streams.
    pub streaming: Option<bool>,
    /// Since when it is there, seconds since 1970; 0: not known.
    pub created: u64,
    /// The day on which it ends, such as `2027-03-10`.
    pub shutdown: String,
}

/// All that was found, by kind and then by id, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue(Vec<Entry>);

impl Catalogue {
    /// In order, and each id once.
    pub fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
        entries.dedup_by(|a, b| a.id == b.id);
        Self(entries)
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The entry with this id.
    pub fn find(&self, id: &str) -> Option<&Entry> {
        Kind::ALL.iter().find_map(|kind| {
            let at = self.0.binary_search_by(|entry| (entry.kind, entry.id.as_str()).cmp(&(*kind, id)));
            self.0.get(at.ok()?)
        })
    }

    /// The application profile of this name, unless another has it too.
    pub fn named(&self, name: &str) -> Option<&Entry> {
        let mut found = self.0.iter().filter(|entry| !entry.name.is_empty() && entry.name == name);
        found.next().filter(|_| found.next().is_none())
    }

    /// The model that answers, by a model's or a profile's id or a profile's ARN.
    pub fn behind(&self, id: &str) -> Option<&str> {
        self.find(id).map(|entry| entry.model.as_str()).filter(|model| !model.is_empty())
    }

    /// For the memory that workers share: a line for each entry, its members separated by tabs.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for entry in &self.0 {
            let Entry { kind, id, name, model, regions, input, output, streaming, created, shutdown } = entry;
            let kind = kind.name();
            let streaming = streaming.map_or("", |streams| if streams { "1" } else { "0" });
            let members = [kind, id, name, model, regions, input, output, streaming, shutdown];
            for member in members {
                text.push_str(member);
                text.push('\t');
            }
            // Writing to a text does not fail.
            let _ = writeln!(text, "{created}");
        }
        text
    }

    /// What [`Self::to_text`] wrote; lines that nobody wrote are left out.
    pub fn from_text(text: &str) -> Self {
        Self::of(text.lines().filter_map(entry).collect())
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut members = line.split('\t').map(str::to_owned);
    let mut next = || members.next();
    let kind = next()?;
    let kind = Kind::ALL.into_iter().find(|known| known.name() == kind)?;
    let (id, name, model, regions, input, output) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let streaming = match next()?.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    };
    let shutdown = next()?;
    let created = next()?.parse().ok()?;
    Some(Entry { kind, id, name, model, regions, input, output, streaming, created, shutdown })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: Kind, id: &str, name: &str, model: &str) -> Entry {
        Entry {
            kind,
            id: id.into(),
            name: name.into(),
            model: model.into(),
            regions: "us-east-1,us-west-2".into(),
            input: "text,image".into(),
            output: "text".into(),
            streaming: Some(false),
            created: 5,
            shutdown: String::new(),
        }
    }

    fn catalogue() -> Catalogue {
        Catalogue::of(vec![
            entry(Kind::Application, "arn:b", "team", "a.b"),
            entry(Kind::System, "us.a.b", "", "a.b"),
            entry(Kind::Model, "z.z", "", "z.z"),
            entry(Kind::Model, "a.b", "", "a.b"),
            entry(Kind::Model, "a.b", "", "a.b"),
            entry(Kind::Application, "arn:a", "two", ""),
            entry(Kind::Application, "arn:c", "two", "a.b"),
        ])
    }

    #[test]
    fn entries_stand_by_kind_and_id_and_once() {
        let catalogue = catalogue();
        let ids: Vec<&str> = catalogue.entries().iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["a.b", "z.z", "us.a.b", "arn:a", "arn:b", "arn:c"]);
        for id in ids {
            assert_eq!(catalogue.find(id).unwrap().id, id);
        }
        assert_eq!(catalogue.find("us.z.z"), None);
    }

    #[test]
    fn a_name_stands_for_a_profile_where_only_one_has_it() {
        let catalogue = catalogue();
        assert_eq!(catalogue.named("team").unwrap().id, "arn:b");
        assert_eq!(catalogue.named("two"), None);
        assert_eq!(catalogue.named(""), None);
    }

    #[test]
    fn the_model_behind_a_profile_is_known_where_it_is_one() {
        let catalogue = catalogue();
        assert_eq!(catalogue.behind("arn:b"), Some("a.b"));
        assert_eq!(catalogue.behind("us.a.b"), Some("a.b"));
        assert_eq!(catalogue.behind("arn:a"), None);
        assert_eq!(catalogue.behind("arn:z"), None);
    }

    #[test]
    fn a_catalogue_comes_back_as_it_went_wherever_it_is_cut() {
        let catalogue = catalogue();
        let text = catalogue.to_text();
        assert_eq!(Catalogue::from_text(&text), catalogue);
        for end in 0..text.len() {
            assert!(Catalogue::from_text(&text[..end]).entries().len() <= catalogue.entries().len());
        }
        assert_eq!(Catalogue::from_text("nobody wrote this\n\n\t\t\t"), Catalogue::default());
    }
}
