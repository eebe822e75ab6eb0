"""What the native module lacks: tests that cannot hold with it (`FILTER=native`), each with its reason. docs/native.md has the same in words."""

NO_VM = "there is no VM"
CLAIMS = "Envoy's modules read no claims: metadata within metadata"
WIDER = "what is held is counted by sizes of 64 bits, so another limit comes first"
RECORD = "the record is dynamic metadata, and not a message in filter state"
ENDING = "Envoy gives an attempt that ends no headers, so that access logs see those of the last one where two were under way"
FROM_THE_START = "metrics without labels are there from the start"
SAMPLE = "the sample's own files name the .wasm"

LACKS = {
    "test_trap.py": NO_VM,
    "test_images.py::test_a_vm_that_is_shared_with_the_fetch_role_is_refused": NO_VM,
    "test_flow.py::test_a_slow_reader_holds_bedrock_back_and_loses_nothing": NO_VM,
    "test_buffers.py::test_bodies_and_replies_of_just_the_limit_go_through_side_by_side": NO_VM,
    "test_client_gone.py::test_nothing_of_a_thousand_clients_stays": NO_VM,
    "test_identities.py::test_a_verified_token_says_who_calls": CLAIMS,
    "test_identities.py::test_what_calls_the_gateway_itself_repeats_the_token": CLAIMS,
    "test_identities.py::test_an_identity_is_held_to_its_rules": CLAIMS,
    "test_opentelemetry.py::test_an_answer_is_a_span_and_a_log_record_with_its_models_and_tokens": RECORD,
    "test_opentelemetry.py::test_a_refusal_is_a_span_with_its_code": RECORD,
    "test_hedging.py::test_the_second_region_answers_when_the_first_is_silent": ENDING,
    "test_hedging.py::test_the_first_region_may_still_win_after_the_second_was_asked": ENDING,
    "test_bad_input.py::test_a_body_that_outgrows_the_limit_in_translation_is_refused": WIDER,
    "test_metrics.py::test_nothing_is_counted_where_that_is_said": FROM_THE_START,
    "test_metrics.py::test_discovery_tells_when_it_last_found_something": FROM_THE_START,
    "test_metrics.py::test_envoys_own_metrics_that_alerts_ask_for_by_a_pattern_are_there": SAMPLE,
}


def reason(test):
    """Why a test cannot hold, by its id; None where it can."""
    name = test.removeprefix("tests/e2e/")
    return next((why for place, why in LACKS.items() if name == place or name.startswith((f"{place}::", f"{place}["))), None)
