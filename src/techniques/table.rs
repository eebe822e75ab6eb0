//! The table of techniques.

use super::{
    Error, Reply, Step, Technique, Tunables, bon, cot_reflection, genselect, leap, majority_voting, mcts,
    moa, plansearch, pvg, re2, rsa, rstar, rto, self_consistency,
};

/// A technique in the table.
#[derive(Debug)]
pub struct Known {
    /// Its name: OptiLLM's, if it has one.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// The parameters that it reads ([`Tunables::NAMES`]).
    pub tunables: &'static [&'static str],
    make: fn(&Tunables) -> Box<dyn Technique>,
}

impl Known {
    /// The technique in its initial state.
    pub fn make(&self, tunables: &Tunables) -> Box<dyn Technique> {
        (self.make)(tunables)
    }
}

/// All techniques.
pub const KNOWN: &[Known] = &[
    Known { name: "re2", aliases: &[], tunables: &[], make: |_| Box::new(One(re2::step())) },
    Known {
        name: "cot_reflection",
        aliases: &[],
        tunables: &["return_full_response"],
        make: |tunables| Box::new(One(cot_reflection::step(tunables.return_full_response))),
    },
    Known {
        name: "bon",
        aliases: &["best_of_n"],
        tunables: &["best_of_n", "comparison_temperature", "include_reasoning"],
        make: |tunables| Box::new(bon::new(tunables)),
    },
    Known {
        name: "genselect",
        aliases: &[],
        tunables: &["num_candidates", "comparison_temperature", "include_reasoning"],
        make: |tunables| Box::new(genselect::new(tunables)),
    },
    Known {
        name: "moa",
        aliases: &[],
        tunables: &["moa_models"],
        make: |tunables| Box::new(moa::Moa::new(tunables)),
    },
    Known {
        name: "rsa",
        aliases: &[],
        tunables: &["aggregation_population_size", "aggregation_selection_size", "aggregation_loops"],
        make: |tunables| Box::new(rsa::Rsa::new(tunables)),
    },
    Known {
        name: "self_consistency",
        aliases: &[],
        tunables: &["num_samples"],
        make: |tunables| Box::new(self_consistency::new(tunables)),
    },
    Known {
        name: "majority_voting",
        aliases: &[],
        tunables: &["k"],
        make: |tunables| Box::new(majority_voting::new(tunables)),
    },
    Known { name: "rto", aliases: &[], tunables: &[], make: |_| Box::new(rto::Rto::default()) },
    Known { name: "leap", aliases: &[], tunables: &[], make: |_| Box::new(leap::Leap::default()) },
    Known {
        name: "plansearch",
        aliases: &[],
        tunables: &["num_initial_observations", "num_derived_observations"],
        make: |tunables| Box::new(plansearch::Plansearch::new(tunables)),
    },
    Known {
        name: "pvg",
        aliases: &[],
        tunables: &["num_rounds", "num_solutions"],
        make: |tunables| Box::new(pvg::Pvg::new(tunables)),
    },
    Known {
        name: "mcts",
        aliases: &[],
        tunables: &["mcts_simulations", "mcts_depth", "mcts_exploration"],
        make: |tunables| Box::new(mcts::Mcts::new(tunables)),
    },
    Known {
        name: "rstar",
        aliases: &[],
        tunables: &["rstar_max_depth", "rstar_num_rollouts", "rstar_c"],
        make: |tunables| Box::new(rstar::Rstar::new(tunables)),
    },
];

/// The technique of this name or alias, ignoring case.
pub fn known(name: &str) -> Option<&'static Known> {
    let is_it = |other: &str| other.eq_ignore_ascii_case(name);
    KNOWN.iter().find(|known| is_it(known.name) || known.aliases.iter().any(|alias| is_it(alias)))
}

/// A technique of one call.
#[derive(Debug)]
struct One(Step);

impl Technique for One {
    fn next(&mut self, _: Vec<Option<Reply>>) -> Result<Step, Error> {
        Ok(self.0.clone())
    }

    fn most_calls(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Call, Turn};
    use super::*;

    #[test]
    fn each_name_and_alias_is_there_once_in_any_case() {
        let mut names: Vec<&str> = KNOWN
            .iter()
            .flat_map(|known| [known.name].into_iter().chain(known.aliases.iter().copied()))
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(known("Re2").map(|known| known.name), Some("re2"));
        assert!(known("re").is_none() && known("").is_none());
    }

    #[test]
    fn each_tunable_is_known_and_read_by_some_technique() {
        for known in KNOWN {
            assert!(known.tunables.iter().all(|name| Tunables::NAMES.contains(name)), "{}", known.name);
        }
    }

    #[test]
    fn re2_is_one_call_in_which_the_question_comes_twice() {
        let mut technique = known("re2").unwrap().make(&Tunables::default());
        let turn = Turn::Repeated("Read the question again:".into());
        assert_eq!(technique.next(Vec::new()), Ok(Step::Last(Call { turn, ..Call::default() })));
        assert_eq!(technique.most_calls(), 1);
    }

    #[test]
    fn cot_reflection_is_one_call_whose_thoughts_are_told_apart_unless_all_is_asked_for() {
        let mut tunables = Tunables::default();
        for parted in [true, false] {
            tunables.return_full_response = !parted;
            let mut technique = known("cot_reflection").unwrap().make(&tunables);
            let Ok(Step::Last(call)) = technique.next(Vec::new()) else { panic!() };
            assert_eq!(call.parted, parted);
            assert!(call.system.unwrap().contains("<output>"));
        }
    }
}
