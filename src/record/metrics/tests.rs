use super::*;

/// Metrics by name: counters and gauges as sums, histograms as the values.
#[derive(Debug, Default)]
struct Fake {
    names: Vec<(Kind, String)>,
    sums: HashMap<String, i64>,
    values: HashMap<String, Vec<u64>>,
}

impl Fake {
    fn name(&self, id: u32) -> String {
        self.names[id as usize].1.clone()
    }

    /// The metrics whose names begin with `metric`, by the rest of their names.
    fn of(&self, metric: &str) -> Vec<(String, i64)> {
        let behind =
            |name: &String| Some(name.strip_prefix(metric)?.strip_prefix('.')?.replace("bedrock_", ""));
        let mut found: Vec<_> =
            self.sums.iter().filter_map(|(name, sum)| Some((behind(name)?, *sum))).collect();
        found.sort();
        found
    }
}

impl Meter for Fake {
    fn define(&mut self, kind: Kind, name: &str) -> Option<u32> {
        assert!(
            !self.names.iter().any(|(_, known)| known == name) || kind == Kind::Histogram,
            "{name} twice"
        );
        self.names.push((kind, name.to_owned()));
        Some(u32::try_from(self.names.len() - 1).unwrap())
    }

    fn add(&mut self, id: u32, amount: i64) {
        assert_ne!(self.names[id as usize].0, Kind::Histogram);
        *self.sums.entry(self.name(id)).or_default() += amount;
    }

    fn record(&mut self, id: u32, value: u64) {
        assert_ne!(self.names[id as usize].0, Kind::Counter);
        self.values.entry(self.name(id)).or_default().push(value);
    }
}

const WEB: Whose<'static> =
    Whose { caller: "web", team: "search", model: "amazon.nova", region: "us-east-1" };

fn answered() -> Ended<'static> {
    Ended {
        status: 200,
        outcome: "ok",
        tokens: Tokens { input: 10, output: 20, ..Tokens::default() },
        cost_micros: 45,
        first_token: Some(Duration::from_millis(120)),
        duration: Duration::from_millis(900),
        ..Ended::default()
    }
}

fn refused(code: &'static str) -> Ended<'static> {
    Ended { status: 429, outcome: "refused", error: code, ..Ended::default() }
}

fn knows_none(_: &str) -> bool {
    false
}

#[test]
fn an_answer_counts_once_in_each_metric_of_its_own() {
    let (mut meter, mut series) = (Fake::default(), Series::new(100));
    for _ in 0..2 {
        series.count(&mut meter, WEB, &answered(), &knows_none);
    }
    let whose = "caller=.=web;.;team=.=search;.;model=.=amazon.nova;.;region=.=us-east-1;.;";
    assert_eq!(meter.of("bedrock.requests"), [(format!("{whose}status=.=200;.;outcome=.=ok;.;"), 2)]);
    assert_eq!(
        meter.of("bedrock.tokens"),
        [(format!("{whose}type=.=input;.;"), 20), (format!("{whose}type=.=output;.;"), 40)]
    );
    assert_eq!(meter.of("bedrock.cost_micros"), [(whose.to_owned(), 90)]);
    for metric in ["bedrock.retries", "bedrock.fallbacks", "bedrock.refused", "bedrock.errors"] {
        assert_eq!(meter.of(metric), [], "{metric}");
    }
    let shared = "bedrock_team=.=search;.;bedrock_model=.=amazon.nova;.;bedrock_region=.=us-east-1;.;";
    assert_eq!(meter.values[&format!("bedrock.time_to_first_token.{shared}")], [120, 120]);
    assert_eq!(meter.values[&format!("bedrock.duration.{shared}")], [900, 900]);
}

#[test]
fn a_refusal_and_a_failure_count_by_their_codes_and_apart() {
    let (mut meter, mut series) = (Fake::default(), Series::new(100));
    let whose = Whose { caller: "web", ..Whose::default() };
    series.count(&mut meter, whose, &refused("rate_limit_exceeded"), &knows_none);
    series.count(&mut meter, whose, &refused("model_not_allowed"), &knows_none);
    let failed = Ended {
        outcome: "cut",
        status: 200,
        error: "stream_cut",
        retries: 2,
        is_fallback: true,
        ..answered()
    };
    series.count(&mut meter, WEB, &failed, &knows_none);
    let unknown = "caller=.=web;.;team=.=-;.;model=.=-;.;region=.=-;.;";
    assert_eq!(
        meter.of("bedrock.refused"),
        [
            (format!("{unknown}code=.=model_not_allowed;.;"), 1),
            (format!("{unknown}code=.=rate_limit_exceeded;.;"), 1)
        ]
    );
    let whose = "caller=.=web;.;team=.=search;.;model=.=amazon.nova;.;region=.=us-east-1;.;";
    assert_eq!(meter.of("bedrock.errors"), [(format!("{whose}code=.=stream_cut;.;"), 1)]);
    assert_eq!(meter.of("bedrock.retries"), [(whose.to_owned(), 2)]);
    assert_eq!(meter.of("bedrock.fallbacks"), [(whose.to_owned(), 1)]);
    assert!(meter.values.keys().all(|name| name.contains("amazon.nova")), "{:?}", meter.values);
}

#[test]
fn an_invented_model_makes_no_series_until_it_answers() {
    let (mut meter, mut series) = (Fake::default(), Series::new(1_000));
    let failed = Ended { status: 404, outcome: "error", error: "model_not_found", ..Ended::default() };
    for number in 0..50 {
        let model = format!("amazon.invented-{number}");
        series.count(&mut meter, Whose { model: &model, ..WEB }, &failed, &knows_none);
    }
    let is_known = |model: &str| model == "amazon.known";
    series.count(&mut meter, Whose { model: "amazon.known", ..WEB }, &failed, &is_known);
    series.count(&mut meter, WEB, &answered(), &is_known);
    series.count(&mut meter, WEB, &failed, &is_known);
    let behind = "region=.=us-east-1;.;code=.=model_not_found;.;";
    let of =
        |model: &str, count| (format!("caller=.=web;.;team=.=search;.;model=.={model};.;{behind}"), count);
    assert_eq!(meter.of("bedrock.errors"), [of("amazon.known", 1), of("amazon.nova", 1), of("other", 50)]);
}

#[test]
fn beyond_their_number_series_count_for_others_and_nothing_is_lost() {
    let (mut meter, mut series) = (Fake::default(), Series::new(40));
    for number in 0..500 {
        let caller = format!("caller-{number}");
        series.open(&mut meter, &caller, "t");
        let whose = Whose { caller: &caller, ..WEB };
        series.count(&mut meter, whose, &answered(), &knows_none);
        series.count(&mut meter, whose, &refused("rate_limit_exceeded"), &knows_none);
    }
    // The series of `other`: six of an answer, two of a refusal, a gauge.
    assert!(meter.names.len() <= 40 + 9, "{}", meter.names.len());
    let sum = |metric: &str| meter.of(metric).iter().map(|(_, sum)| *sum).sum::<i64>();
    assert_eq!(sum("bedrock.requests"), 1_000);
    assert_eq!(sum("bedrock.tokens"), 15_000);
    assert_eq!(sum("bedrock.refused"), 500);
    assert!(meter.of("bedrock.requests").iter().any(|(labels, _)| labels.starts_with(
        "caller=.=other;.;team=.=other;.;model=.=other;.;region=.=other;.;status=.=200;.;outcome=.=ok;.;"
    )));
}

#[test]
fn open_requests_of_a_caller_are_one_gauge() {
    let (mut meter, mut series) = (Fake::default(), Series::new(10));
    let first = series.open(&mut meter, "web", "search").unwrap();
    assert_eq!(series.open(&mut meter, "web", "search"), Some(first));
    let other = series.open(&mut meter, "batch", "").unwrap();
    for (id, amount) in [(first, 1), (other, 1), (first, -1)] {
        meter.add(id, amount);
    }
    assert_eq!(
        meter.of("bedrock.open_requests"),
        [("caller=.=batch;.;team=.=-;.;".to_owned(), 1), ("caller=.=web;.;team=.=search;.;".to_owned(), 0)]
    );
}

#[test]
fn a_part_of_a_request_counts_what_it_cost_and_is_no_request() {
    let (mut meter, mut series) = (Fake::default(), Series::new(100));
    series.count(&mut meter, WEB, &Ended { is_part: true, error: "x", ..answered() }, &knows_none);
    let metrics: Vec<_> = meter.names.iter().filter_map(|(_, name)| name.split('.').nth(1)).collect();
    assert_eq!(metrics, ["tokens", "tokens", "cost_micros"]);
}

#[test]
fn codes_that_nobody_knows_all_of_have_an_end() {
    let (mut meter, mut series) = (Fake::default(), Series::new(0));
    for number in 0..1_000 {
        let code = format!("word_{number}");
        let ended = Ended { outcome: "error", error: &code, ..Ended::default() };
        series.count(&mut meter, WEB, &ended, &knows_none);
    }
    let errors = meter.of("bedrock.errors");
    assert_eq!(errors.len(), CODES + 1);
    assert!(errors.iter().any(|(labels, sum)| labels.ends_with("code=.=other;.;") && *sum == 900));
}

#[test]
fn a_state_is_one_gauge_that_takes_the_newest_value() {
    let (mut meter, mut series) = (Fake::default(), Series::new(0));
    for value in [1, 2] {
        series.set(&mut meter, "bedrock.credentials_failures", &[(Label::Account, "usual")], value);
    }
    assert_eq!(meter.values["bedrock.credentials_failures.bedrock_account=.=usual;.;"], [1, 2]);
    assert_eq!(meter.names.len(), 1);
}

#[test]
fn what_is_used_of_a_limit_is_a_gauge_that_is_0_once_the_limit_is_gone() {
    let (mut meter, mut series) = (Fake::default(), Series::new(10));
    let own = Used { caller: "web", team: "", limit: "cost_per_day", percent: 80 };
    let teams = Used { caller: "", team: "search", limit: "tokens_per_minute", percent: 101 };
    series.tell_limits(&mut meter, [own, teams], 0);
    series.tell_limits(&mut meter, [Used { percent: 81, ..own }], 60_000);
    series.tell_limits(&mut meter, [own], 60_001);
    series.tell_limits(&mut meter, [own], 60_002);
    let of = |labels: &str| &meter.values[&format!("bedrock.limit_used_percent.{labels}")];
    assert_eq!(
        *of("bedrock_caller=.=web;.;bedrock_team=.=-;.;bedrock_limit=.=cost_per_day;.;"),
        [80, 81, 80, 80]
    );
    assert_eq!(
        *of("bedrock_caller=.=-;.;bedrock_team=.=search;.;bedrock_limit=.=tokens_per_minute;.;"),
        [101, 0]
    );
    assert_eq!(meter.names.len(), 2);
}

#[test]
fn beyond_the_number_of_series_the_fullest_of_the_other_limits_is_told() {
    let (mut meter, mut series) = (Fake::default(), Series::new(2));
    let names: Vec<String> = (0..200).map(|number| format!("caller-{number}")).collect();
    let used = |name, percent| Used { caller: name, team: "", limit: "parallel", percent };
    for _ in 0..2 {
        let all = names.iter().zip(0..).map(|(name, number)| used(name, number * 7 % 100));
        series.tell_limits(&mut meter, all, 0);
    }
    assert_eq!(meter.names.len(), 3);
    let other = "bedrock.limit_used_percent.bedrock_caller=.=other;.;bedrock_team=.=other;.;bedrock_limit=.=parallel;.;";
    assert_eq!(meter.values[other], [99, 99]);
}
