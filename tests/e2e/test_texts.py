"""Texts are passed over many bytes at a time, by instructions that only the VM has: what they look for is found wherever it is."""

import base64
import json

# More than two blocks of 64 bytes each side of what is read word by word.
LENGTH = 330
IMAGE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(LENGTH)).decode()


def body(content):
    return {"model": "nova-lite", "messages": [{"role": "user", "content": content}]}


def test_a_text_arrives_as_it_was_wherever_its_escapes_stand(gateway, emulator):
    specials = ['"', "\\", "\n", "\x00", "\x1f", "\x7f", "é", "\u2028", "😀"]
    texts = ["a" * at + special + "b" * (LENGTH - at) for special in specials for at in range(LENGTH)]
    content = [{"type": "text", "text": text} for text in texts]
    with gateway.connection() as connection:
        for sent in (json.dumps(body(content)), json.dumps(body(content), ensure_ascii=False)):
            answer = connection.chat(sent.encode(), {"content-type": "application/json"})
            assert answer.status == 200, answer
            [turn] = emulator.requests()[-1]["body"]["messages"]
            assert [block["text"] for block in turn["content"]] == texts


def test_a_control_character_in_a_text_is_refused_wherever_it_is(gateway):
    sent = json.dumps(body("a" * LENGTH)).encode()
    begin = sent.index(b"aaa")
    with gateway.connection() as connection:
        for at in range(begin, begin + LENGTH):
            broken = sent[:at] + bytes([at % 32]) + sent[at + 1 :]
            answer = connection.chat(broken, {"content-type": "application/json"})
            assert answer.status == 400 and "JSON" in answer.error["message"], (at, answer)


def test_white_space_in_base64_goes_wherever_it_is(gateway, emulator):
    with gateway.connection() as connection:
        for at in range(0, len(IMAGE), 5):
            url = "data:image/png;base64," + IMAGE[:at] + " \t\r\n"[at % 4] + IMAGE[at:]
            answer = connection.chat(body([{"type": "image_url", "image_url": {"url": url}}]))
            assert answer.status == 200, (at, answer)
            [block] = emulator.requests()[-1]["body"]["messages"][0]["content"]
            assert block["image"]["source"]["bytes"] == IMAGE
