"""The sandbox Bureau answers each example dialogue as it is written."""

import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.json"))


class Words:
    """The values of the example and those of real life; later steps speak the real ones."""

    def __init__(self, **origins):
        self.real = dict(origins)

    def translate(self, value):
        if isinstance(value, dict):
            return {name: self.translate(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.translate(item) for item in value]
        if not isinstance(value, str):
            return value
        if value in self.real:
            return self.real[value]
        for example in sorted(self.real, key=len, reverse=True):
            if example.startswith("https://") or value.endswith(f"={example}"):
                value = value.replace(example, self.real[example])
        return value

    def learn(self, example, real, paths):
        """Take the real values of the members that vary, and give the example with them put in."""
        for path in paths:
            *way, last = path.split(".")
            shown, said = example, real
            for name in way:
                place = int(name) if name.isdigit() else name
                shown, said = shown[place], said[place]
            last = int(last) if last.isdigit() else last
            assert type(said[last]) is type(shown[last]), path
            if isinstance(shown[last], str):
                self.real.setdefault(shown[last], said[last])
            shown[last] = said[last]


async def call(scene, words, step):
    request = words.translate(step["request"])
    url = request.get("url") or f"{scene.origin}/das-api/v1{request['path']}"
    headers = dict(request.get("headers", {}))
    if step["caller"] is not None:
        headers["Authorization"] = f"Bearer {scene.tokens[step['caller']]}"
    content = {"json": request["json"]} if "json" in request else {}
    if "body" in request:
        content = {"data": request["body"].encode()}
    async with scene.session.request(
        request["method"], url, params=request.get("query"), headers=headers, **content
    ) as answer:
        return answer.status, answer.headers, await answer.read()


def check_answer(words, response, status, headers, content):
    assert status == response["status"], content
    if "json" in response:
        real, example = json.loads(content), json.loads(json.dumps(response["json"]))
        words.learn(example, real, response.get("varies", ()))
        assert real == words.translate(example)
    if "body" in response:
        assert content.decode() == response["body"]
    for name, value in response.get("headers", {}).items():
        assert headers[name] == words.translate(value)


def check_bureaus_call(words, step, asked):
    request = words.translate(step["request"])
    path = request["url"].partition("/library")[2] if "url" in request else request["path"]
    assert asked["method"] == request["method"] and asked["path"].endswith(path)
    assert asked["json"] == request.get("json")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_the_bureau_answers_as_the_example_says(example_bureau, file):
    dialogue = json.loads(file.read_text("utf-8"))
    scene, library = example_bureau, example_bureau.library
    words = Words(**{"https://das.example": scene.origin, "https://office.example": library.origin})
    library.expected = [words.translate(step["response"]) for step in dialogue["steps"] if step["caller"] == "bureau"]
    for step in dialogue["steps"]:
        if step["caller"] == "bureau":
            await scene.bureau.bench.settled()
            check_bureaus_call(words, step, library.asked.pop(0))
        else:
            check_answer(words, step["response"], *(await call(scene, words, step)))
            await scene.bureau.bench.settled()
    assert (library.asked, library.expected) == ([], [])


def test_every_example_says_where_it_is_from():
    assert len(FILES) >= 10
    for file in FILES:
        dialogue = json.loads(file.read_text("utf-8"))
        assert set(dialogue) == {"title", "source", "steps"} and "das.md" in dialogue["source"]
        assert {step["evidence"] for step in dialogue["steps"]} <= {"seen", "inferred"}
