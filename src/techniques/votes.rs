//! Votes on the drafts' answers.

use super::Reply;
use super::extract::answer_of;

/// The answer with most votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Votes {
    /// Index of the first draft with that answer.
    pub(super) leader: usize,
    /// Number of votes for it.
    pub(super) count: usize,
    /// Number of drafts whose answer can be compared.
    pub(super) cast: usize,
}

/// Counts the votes; of equally frequent answers the earlier wins. `None` where no draft has a short answer.
pub(super) fn count<'a>(drafts: impl IntoIterator<Item = &'a Reply>) -> Option<Votes> {
    let answers: Vec<Option<String>> = drafts.into_iter().map(answer_of).collect();
    let cast = answers.iter().flatten().count();
    let mut best: Option<Votes> = None;
    for (leader, answer) in answers.iter().enumerate().filter(|(_, answer)| answer.is_some()) {
        let count = answers.iter().filter(|other| *other == answer).count();
        if best.is_none_or(|best| count > best.count) {
            best = Some(Votes { leader, count, cast });
        }
    }
    best
}

/// Whether there are several drafts and all have the same answer.
pub(super) fn all_agree(drafts: &[Reply]) -> bool {
    drafts.len() > 1 && count(drafts).is_some_and(|votes| votes.count == drafts.len())
}

#[cfg(test)]
mod tests {
    use super::super::testing::said;
    use super::*;

    #[test]
    fn the_answer_of_most_drafts_leads_and_drafts_without_one_do_not_vote() {
        let drafts = ["a poem\nof two", "The answer is 41", "42.", "Answer: 42 apples"].map(said);
        assert_eq!(count(&drafts), Some(Votes { leader: 2, count: 2, cast: 3 }));
        assert_eq!(count(&drafts[1..3]), Some(Votes { leader: 0, count: 1, cast: 2 }));
        assert_eq!(count(&drafts[..1]), None);
        assert!(all_agree(&drafts[2..]) && !all_agree(&drafts[1..]) && !all_agree(&drafts[3..]));
    }
}
