//! Parameters of techniques, set by a request or the configuration.

use std::ops::RangeInclusive;

use crate::openai::Error;
use crate::wire;

/// All parameters, under OptiLLM's names where it has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Tunables {
    /// `bon`: number of drafts.
    pub best_of_n: usize,
    /// `genselect`: number of drafts.
    pub num_candidates: usize,
    /// `bon`, `genselect`: temperature of the comparison; `None`: the client's.
    pub comparison_temperature: Option<f64>,
    /// `bon`, `genselect`: whether the judge reasons before it chooses.
    pub include_reasoning: bool,
    /// `majority_voting`: number of votes.
    pub k: usize,
    /// `self_consistency`: number of votes.
    pub num_samples: usize,
    /// `moa`: models of the drafts; empty: the client's.
    pub moa_models: Vec<String>,
    /// `cot_reflection`: whether the model's text is returned unchanged, with thoughts and tags.
    pub return_full_response: bool,
    /// `mcts`: number of simulations.
    pub mcts_simulations: usize,
    /// `mcts`: how often an answer is improved before it is scored.
    pub mcts_depth: usize,
    /// `mcts`: weight of exploration.
    pub mcts_exploration: f64,
    /// `rstar`: most parts that a question is divided into.
    pub rstar_max_depth: usize,
    /// `rstar`: number of rollouts.
    pub rstar_num_rollouts: usize,
    /// `rstar`: weight of exploration.
    pub rstar_c: f64,
    /// `pvg`: most rounds.
    pub num_rounds: usize,
    /// `pvg`: helpful drafts per round, and as many sneaky ones.
    pub num_solutions: usize,
    /// `plansearch`: number of first observations.
    pub num_initial_observations: usize,
    /// `plansearch`: number of observations derived from the first.
    pub num_derived_observations: usize,
    /// `rsa`: number of drafts in each round.
    pub aggregation_population_size: usize,
    /// `rsa`: number of drafts that one call combines.
    pub aggregation_selection_size: usize,
    /// `rsa`: number of rounds, including the last, which combines all drafts.
    pub aggregation_loops: usize,
}

impl Default for Tunables {
    fn default() -> Self {
        Self {
            best_of_n: 3,
            num_candidates: 4,
            comparison_temperature: None,
            include_reasoning: true,
            k: 8,
            num_samples: 5,
            moa_models: Vec::new(),
            return_full_response: false,
            mcts_simulations: 2,
            mcts_depth: 1,
            mcts_exploration: 0.2,
            rstar_max_depth: 3,
            rstar_num_rollouts: 5,
            rstar_c: 1.4,
            num_rounds: 2,
            num_solutions: 3,
            num_initial_observations: 3,
            num_derived_observations: 2,
            aggregation_population_size: 4,
            aggregation_selection_size: 3,
            aggregation_loops: 2,
        }
    }
}

/// Most models of drafts.
const MODELS: usize = 8;
/// Longest name of a model, bytes.
const NAME: usize = 256;

/// The field of a parameter, and its valid range.
enum Place<'a> {
    Whole(&'a mut usize, RangeInclusive<usize>),
    Number(&'a mut f64, RangeInclusive<f64>),
    Maybe(&'a mut Option<f64>, RangeInclusive<f64>),
    Flag(&'a mut bool),
    Names(&'a mut Vec<String>),
}

impl Tunables {
    /// All names that [`Self::set`] accepts.
    pub const NAMES: [&'static str; 21] = [
        "best_of_n",
        "num_candidates",
        "comparison_temperature",
        "include_reasoning",
        "k",
        "num_samples",
        "moa_models",
        "return_full_response",
        "mcts_simulations",
        "mcts_depth",
        "mcts_exploration",
        "rstar_max_depth",
        "rstar_num_rollouts",
        "rstar_c",
        "num_rounds",
        "num_solutions",
        "num_initial_observations",
        "num_derived_observations",
        "aggregation_population_size",
        "aggregation_selection_size",
        "aggregation_loops",
    ];

    /// Sets a parameter to a JSON value; `null` leaves it unchanged. False for an unknown name.
    ///
    /// # Errors
    /// 400 with the name where the value is invalid.
    pub fn set(&mut self, name: &str, json: &str) -> Result<bool, Error> {
        let Some(place) = self.place(name) else { return Ok(false) };
        if json.trim() == "null" {
            return Ok(true);
        }
        let wanted = match place {
            Place::Whole(place, range) => read(json, place, |value| range.contains(value))
                .map_err(|()| format!("a whole number from {} to {}", range.start(), range.end())),
            Place::Number(place, range) => read(json, place, |value| range.contains(value))
                .map_err(|()| format!("a number from {} to {}", range.start(), range.end())),
            Place::Maybe(place, range) => {
                read(json, place, |value| value.is_some_and(|value| range.contains(&value)))
                    .map_err(|()| format!("a number from {} to {}", range.start(), range.end()))
            }
            Place::Flag(place) => read(json, place, |_| true).map_err(|()| "true or false".into()),
            Place::Names(place) => read(json, place, |names| {
                names.len() <= MODELS
                    && names.iter().all(|name| !name.trim().is_empty() && name.len() <= NAME)
            })
            .map_err(|()| format!("a list of at most {MODELS} names of models")),
        };
        wanted
            .map(|()| true)
            .map_err(|wanted| Error::invalid_param(name, format!("'{name}' must be {wanted}.")))
    }

    fn place(&mut self, name: &str) -> Option<Place<'_>> {
        Some(match name {
            "best_of_n" => Place::Whole(&mut self.best_of_n, 1..=32),
            "num_candidates" => Place::Whole(&mut self.num_candidates, 1..=32),
            "comparison_temperature" => Place::Maybe(&mut self.comparison_temperature, 0.0..=2.0),
            "include_reasoning" => Place::Flag(&mut self.include_reasoning),
            "k" => Place::Whole(&mut self.k, 1..=32),
            "num_samples" => Place::Whole(&mut self.num_samples, 1..=32),
            "moa_models" => Place::Names(&mut self.moa_models),
            "return_full_response" => Place::Flag(&mut self.return_full_response),
            "mcts_simulations" => Place::Whole(&mut self.mcts_simulations, 1..=8),
            "mcts_depth" => Place::Whole(&mut self.mcts_depth, 0..=4),
            "mcts_exploration" => Place::Number(&mut self.mcts_exploration, 0.0..=10.0),
            "rstar_max_depth" => Place::Whole(&mut self.rstar_max_depth, 1..=8),
            "rstar_num_rollouts" => Place::Whole(&mut self.rstar_num_rollouts, 1..=20),
            "rstar_c" => Place::Number(&mut self.rstar_c, 0.0..=10.0),
            "num_rounds" => Place::Whole(&mut self.num_rounds, 1..=4),
            "num_solutions" => Place::Whole(&mut self.num_solutions, 1..=8),
            "num_initial_observations" => Place::Whole(&mut self.num_initial_observations, 1..=8),
            "num_derived_observations" => Place::Whole(&mut self.num_derived_observations, 0..=8),
            "aggregation_population_size" => Place::Whole(&mut self.aggregation_population_size, 2..=16),
            "aggregation_selection_size" => Place::Whole(&mut self.aggregation_selection_size, 1..=8),
            "aggregation_loops" => Place::Whole(&mut self.aggregation_loops, 1..=8),
            _ => return None,
        })
    }
}

/// Stores the value if it is valid.
fn read<'a, T: serde::Deserialize<'a>>(
    json: &'a str,
    place: &mut T,
    may: impl FnOnce(&T) -> bool,
) -> Result<(), ()> {
    *place = wire::from_str(json).ok().filter(may).ok_or(())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_and_null_leaves_what_is() {
        let mut tunables = Tunables::default();
        for name in Tunables::NAMES {
            assert_eq!(tunables.set(name, " null"), Ok(true), "{name}");
        }
        assert_eq!(tunables, Tunables::default());
        assert_eq!(tunables.set("best_of", "2"), Ok(false));
    }

    #[test]
    fn a_value_in_its_bounds_is_taken() {
        let mut tunables = Tunables::default();
        for (name, json) in [
            ("best_of_n", "32"),
            ("comparison_temperature", "0.3"),
            ("moa_models", r#"["a","b"]"#),
            ("return_full_response", "true"),
            ("mcts_exploration", "1"),
        ] {
            assert_eq!(tunables.set(name, json), Ok(true), "{name}");
        }
        let Tunables { best_of_n, comparison_temperature, moa_models, mcts_exploration, .. } = tunables;
        assert_eq!((best_of_n, comparison_temperature, mcts_exploration), (32, Some(0.3), 1.0));
        assert_eq!(moa_models, ["a", "b"]);
    }

    #[test]
    fn what_is_no_value_or_out_of_bounds_is_refused_by_name() {
        for (name, json, wanted) in [
            ("best_of_n", "0", "a whole number from 1 to 32"),
            ("best_of_n", "2.5", "a whole number from 1 to 32"),
            ("k", "-1", "a whole number from 1 to 32"),
            ("k", "\"3\"", "a whole number from 1 to 32"),
            ("k", "1e400", "a whole number from 1 to 32"),
            ("k", "{", "a whole number from 1 to 32"),
            ("comparison_temperature", "2.1", "a number from 0 to 2"),
            ("rstar_c", "[]", "a number from 0 to 10"),
            ("include_reasoning", "1", "true or false"),
            ("moa_models", "\"a\"", "a list of at most 8 names of models"),
            ("moa_models", "[\"\"]", "a list of at most 8 names of models"),
            ("moa_models", r#"["","","","","","","","",""]"#, "a list of at most 8 names of models"),
        ] {
            let mut tunables = Tunables::default();
            let error = tunables.set(name, json).unwrap_err();
            assert_eq!(error.message, format!("'{name}' must be {wanted}."), "{json}");
            assert_eq!((error.status, error.param.as_deref()), (400, Some(name)));
            assert_eq!(tunables, Tunables::default(), "{name} {json}");
        }
    }
}
