"""Each example of django-rest-live's document, as it is written there but for the name of the package."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from conftest import LIVELOG
from project import Project, Start

LIST = {"model": "todolist.Task", "property": "list_id", "value": 1}


def message(action: str, instance: dict[str, Any], group_key_value: int = 1) -> dict[str, Any]:
    return {
        "model": "todolist.Task", "instance": instance, "action": action, "group_key_value": group_key_value,
    }  # fmt: skip


def task(number: int, text: str, is_done: bool = False) -> dict[str, Any]:
    return {"id": number, "text": text, "done": is_done}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda example: stack.enter_context(Project.of(example, tmp_path))


@pytest.fixture(scope="session")
def asking(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For tests whose checks the server has to ask for."""
    need(
        "models: {todolist.Task: {views: [{name: all, who: {ask: anything}}]}}\n"
        "decision_callback: {url: 'http://127.0.0.1:1/decide', secret_file: secret}\n",
        tmp_path_factory,
    )


@pytest.fixture(scope="session")
def ordering(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For tests of the order in which rest-live 1 sends a record's groups, which came with `rest_live`."""
    need("rest_live: {strict: false}\n", tmp_path_factory)


def need(configuration: str, directories: pytest.TempPathFactory) -> None:
    """Skips where the server does not know such a configuration, and says what it says."""
    directory = directories.mktemp("configuration")
    (directory / "secret").write_text("s" * 48)
    (directory / "livelog.yaml").write_text(configuration)
    checked = subprocess.run([LIVELOG, "check-config", directory / "livelog.yaml"], capture_output=True, text=True)
    if checked.returncode != 0:
        pytest.skip(f"this server is too old: {checked.stderr.strip().splitlines()[0].split(': ', 1)[-1]}")


def test_basic_usage_follows_one_task_by_its_id(project: Start) -> None:
    basic = project("basic")
    with basic.socket() as socket:
        # Django publishes behind the request: what was created is in the log when the second has been heard of.
        of_second = {"model": "todolist.Task", "property": "id", "value": 2}
        socket.send(of_second)
        first, second = basic.create("test"), basic.create("other")
        assert socket.message() == message("CREATED", task(second, "other"), second)
        socket.send({"unsubscribe": True, **of_second})
        socket.send({"model": "todolist.Task", "property": "id", "value": first})
        basic.finish(second)
        basic.finish(first)
        assert socket.message() == message("UPDATED", task(first, "test", True), first)
        basic.delete(first)
        assert socket.message() == message("DELETED", task(first, "test", True), first)
        assert socket.is_silent()


def test_groups_follow_the_tasks_of_a_list(project: Start) -> None:
    groups = project("groups")
    with groups.socket() as socket:
        socket.send(LIST)
        groups.create("elsewhere", in_list=2)
        number = groups.create("test")
        assert socket.message() == message("CREATED", task(number, "test"))
        groups.finish(number)
        assert socket.message() == message("UPDATED", task(number, "test", True))
        groups.delete(number)
        assert socket.message() == message("DELETED", task(number, "test", True))
        socket.send({"unsubscribe": True, **LIST})
        groups.create("unheard")
        assert socket.is_silent()


def test_stacked_decorators_bring_two_messages(project: Start) -> None:
    assert sorted(stacked_values(project)) == [1, 2]


@pytest.mark.usefixtures("ordering")
def test_of_stacked_decorators_the_lowest_comes_first(project: Start) -> None:
    assert stacked_values(project) == [1, 2]


def stacked_values(project: Start) -> list[int]:
    """By which values a save of task 2 of list 1 is sent to who follows both."""
    stacked = project("stacked")
    with stacked.socket() as socket:
        socket.send(LIST)
        stacked.create("another, so that the two values differ")
        number = stacked.create("test")
        # Django publishes behind the request: what was created is in the log when it has been heard of.
        assert [socket.message()["action"], socket.message()["action"]] == ["CREATED", "CREATED"]
        socket.send({"model": "todolist.Task", "property": "pk", "value": number})
        stacked.finish(number)
        messages = [socket.message(), socket.message()]
        values = [each["group_key_value"] for each in messages]
        assert messages == [message("UPDATED", task(number, "test", True), value) for value in values]
        assert socket.is_silent()
        return values


@pytest.mark.usefixtures("asking")
def test_a_permission_lets_only_hear_who_is_logged_in(project: Start) -> None:
    permissions = project("permissions")
    with permissions.socket() as visitor, permissions.socket(is_logged_in=True) as alice:
        for socket in visitor, alice:
            socket.send(LIST)
        number = permissions.create("test")
        assert alice.message() == message("CREATED", task(number, "test"))
        permissions.finish(number)
        assert alice.message() == message("UPDATED", task(number, "test", True))
        permissions.delete(number)
        assert alice.message() == message("DELETED", task(number, "test", True))
        assert visitor.is_silent()


@pytest.mark.usefixtures("asking")
def test_the_conditional_serializer_pattern_shows_each_reader_its_own_form(project: Start) -> None:
    conditional = project("conditional")
    with conditional.socket() as visitor, conditional.socket(is_logged_in=True) as alice:
        for socket in visitor, alice:
            socket.send(LIST)
        number = conditional.create("test")
        assert alice.message() == message("CREATED", task(number, "test"))
        assert visitor.message() == message("CREATED", {"id": number, "text": "test"})
        conditional.finish(number)
        assert alice.message() == message("UPDATED", task(number, "test", True))
        assert visitor.message() == message("UPDATED", {"id": number, "text": "test"})
        conditional.delete(number)
        assert alice.message() == message("DELETED", task(number, "test", True))
        assert visitor.message() == message("DELETED", {"id": number, "text": "test"})
        for socket in visitor, alice:
            assert socket.is_silent()
