//! The catalogue of models and inference profiles that discovery finds.

use std::fmt::Write as _;

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A foundation model, called by its own id.
    Model,
    /// A system-defined inference profile of AWS's.
    System,
    /// An application inference profile of the account's.
    Application,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Model, Self::System, Self::Application];

    /// Its name in the list of models.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::System => "system_profile",
            Self::Application => "application_profile",
        }
    }
}

/// A model or an inference profile. An empty string means unknown; none has a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The kind of the entry.
    pub kind: Kind,
    /// The id for calls: a model's or a system profile's id, an application profile's ARN.
    pub id: String,
    /// The name of an application profile.
    pub name: String,
    /// The id of the model that answers, where a profile has only one.
    pub model: String,
    /// The regions where it may be answered, separated by commas.
    pub regions: String,
    /// Its input modalities, in lower case, separated by commas.
    pub input: String,
    /// Its output modalities, in lower case, separated by commas.
    pub output: String,
    /// Whether it supports streaming.
    pub streaming: Option<bool>,
    /// When it was released or created, seconds since 1970; 0: unknown.
    pub created: u64,
    /// The end-of-life date, such as `2027-03-10`.
    pub shutdown: String,
}

/// The entries, sorted by kind and then id, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue(Vec<Entry>);

impl Catalogue {
    /// Sorts the entries and removes duplicate ids.
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

    /// The application profile of this name, if only one has it.
    pub fn named(&self, name: &str) -> Option<&Entry> {
        let mut found = self.0.iter().filter(|entry| !entry.name.is_empty() && entry.name == name);
        found.next().filter(|_| found.next().is_none())
    }

    /// The model that answers for a model's or a profile's id, or a profile's ARN.
    pub fn behind(&self, id: &str) -> Option<&str> {
        self.find(id).map(|entry| entry.model.as_str()).filter(|model| !model.is_empty())
    }

    /// Serialised for the shared data: a line per entry, its members separated by tabs.
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
            // Writing to a string does not fail.
            let _ = writeln!(text, "{created}");
        }
        text
    }

    /// Parses [`Self::to_text`]; invalid lines are left out.
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
