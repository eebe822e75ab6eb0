"""The page of `make run UI=1` in a real browser."""

from conftest import KEY

LAST = "document.querySelector('article:last-child p')?.textContent"
FOOT = "document.querySelector('article:last-child small')?.textContent"
ERROR = "document.getElementById('error').textContent"
FOCUS = "document.activeElement.id"
TURNS = "document.querySelectorAll('article').length"


def enter_key(page, key=KEY):
    page.type(key)
    page.press("Enter")


def signed_in(page):
    enter_key(page)
    page.until(f"{FOCUS} === 'message'")


def test_a_chat_needs_no_mouse(page):
    assert page.value(FOCUS) == "key"
    signed_in(page)
    page.type("Say")
    page.press("Enter", shift=True)
    page.type("hello.")
    page.press("Enter")
    assert page.until(f"{FOOT} && {LAST}") == "You said: Say\nhello."
    assert page.value(FOCUS) == "message" and page.value(ERROR) == ""
    assert "tokens in" in page.value(FOOT)
    page.value("document.getElementById('key').focus()")
    found = []
    for _ in range(5):
        page.press("Tab")
        found.append(page.value(FOCUS))
    assert found == ["model", "new", "conversation", "message", "send"]


def test_a_model_that_is_chosen_answers_and_knows_what_was_said(page):
    signed_in(page)
    page.value("document.getElementById('model').value = 'nova-lite'")
    for text in ["one", "two"]:
        page.type(text)
        page.press("Enter")
        page.until(f"{LAST} === 'You said: {text}' && {FOOT}")
    assert page.value("document.querySelector('article:last-child h2').textContent") == "nova-lite"
    tokens = page.value("[...document.querySelectorAll('small')].map((foot) => parseInt(foot.textContent)).filter(Boolean)")
    assert tokens[1] > tokens[0], tokens
    page.click("#new")
    assert page.value(TURNS) == 0


def test_an_answer_shows_as_it_comes_and_can_be_stopped(page, run):
    signed_in(page)
    run.faults("pace=60")
    page.type("word " * 60)
    page.press("Enter")
    page.until(f"{LAST}?.length > 20")
    assert page.value("document.getElementById('conversation').ariaBusy") == "true"
    assert page.value("[document.getElementById('send').hidden, document.getElementById('stop').hidden]") == [True, False]
    page.press("Escape")
    page.until(f"{FOOT} === 'stopped'")
    assert 20 < page.value(f"{LAST}.length") < 300
    assert page.value("document.getElementById('conversation').ariaBusy") == "false" and page.value(ERROR) == ""


def test_nothing_that_a_model_says_becomes_part_of_the_page(page):
    signed_in(page)
    evil = "<img src=x onerror=document.title='taken'><script>document.title='taken'</script>"
    page.type(evil)
    page.press("Enter")
    assert page.until(f"{FOOT} && {LAST}") == f"You said: {evil}"
    assert page.value("document.querySelectorAll('article img, article script').length") == 0
    assert page.value("document.title") != "taken"


def test_the_policy_lets_no_script_of_a_texts_run(page):
    page.value("document.getElementById('error').innerHTML = '<img src=x onerror=\"document.title=`taken`\">'")
    page.value("new Promise((done) => setTimeout(done, 100))")
    assert page.value("document.title") != "taken"
    assert page.problems and all("Content Security Policy" in problem for problem in page.problems)
    page.problems.clear()


def test_errors_can_be_read_and_the_question_is_not_lost(page, run):
    enter_key(page, "wrong")
    assert "(invalid_api_key)" in page.until(ERROR)
    page.value("document.getElementById('key').select()")
    signed_in(page)
    assert page.value(ERROR) == ""
    run.faults("error=ThrottlingException")
    page.type("hello")
    page.press("Enter")
    assert "(rate_limit_exceeded)" in page.until(ERROR)
    assert (page.value(TURNS), page.value("document.getElementById('message').value")) == (0, "hello")
    run.faults("cut=4")
    page.press("Enter")
    assert "(stream_cut)" in page.until(f"{TURNS} && {ERROR}")
    assert page.value(LAST)
    run.faults()
    page.value("document.getElementById('message').select()")
    page.type("again")
    page.press("Enter")
    assert page.until(f"{FOOT} && {LAST}") == "You said: again" and page.value(ERROR) == ""
    # The browser's console names each answer that is an error.
    page.problems[:] = [problem for problem in page.problems if "Failed to load resource" not in problem]


def test_a_screen_reader_is_told_what_everything_is(page):
    signed_in(page)
    told = page.accessible()
    for role, name in [("textbox", "API key"), ("combobox", "Model"), ("textbox", "Message"), ("log", "Conversation")]:
        assert (role, name) in told
    controls = [name for role, name in told if role in ("button", "textbox", "combobox")]
    assert all(controls) and {"New chat", "Send"} <= set(controls)
    page.type("hello")
    page.press("Enter")
    page.until(FOOT)
    headings = [name for role, name in page.accessible() if role == "heading"]
    assert headings == ["Bedrock gateway", "You", "gpt-4o"]


def test_without_a_key_it_says_what_to_do(page):
    page.value("document.getElementById('message').focus()")
    page.type("hello")
    page.press("Enter")
    assert page.value(ERROR).startswith("First the API key") and page.value(FOCUS) == "key"
