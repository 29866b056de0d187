"""Several windows of a real browser follow the same lists."""

from collections.abc import Callable

from conftest import Run
from project import Socket
from websockets.sync.client import connect
from window import Window

# Closes the page's socket when it sends next, and lets no other be opened while `isOffline`.
GO_OFFLINE = """
window.isOffline = true;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (message) {
  if (window.isOffline) this.close(); else send.call(this, message);
};
window.WebSocket = class extends WebSocket {
  constructor(url) { super(window.isOffline ? "ws://127.0.0.1:1/" : url); }
};
"""


def test_a_second_window_shows_at_once_what_is_added_checked_and_deleted(
    window: Callable[[str | None], Window],
) -> None:
    alice, bob = window("alice"), window("bob")
    alice.add("Groceries", "Tea")
    for each in alice, bob:
        each.sees_task("Tea", is_done=False)
    alice.check("Tea")
    bob.sees_task("Tea", is_done=True)
    bob.check("Tea")
    alice.sees_task("Tea", is_done=False)
    bob.delete("Tea")
    alice.sees_no_task("Tea")


def test_who_is_logged_out_sees_the_tasks_and_not_which_are_done(window: Callable[[str | None], Window]) -> None:
    alice, visitor = window("alice"), window(None)
    visitor.sees_task("Oats")
    assert "done" not in visitor.markup("Oats")
    alice.add("Flat", "Sweep")
    visitor.sees_task("Sweep")
    alice.check("Sweep")
    alice.sees_task("Sweep", is_done=True)
    # A later task of the same list: what came before has been shown by then.
    alice.add("Flat", "Sleep")
    visitor.sees_task("Sleep")
    assert "done" not in visitor.markup("Sweep")
    assert not visitor.evaluate("Boolean(document.querySelector('li input, li button, .new'))")


def test_nothing_of_what_is_done_is_sent_to_who_is_logged_out(
    window: Callable[[str | None], Window], example: Run
) -> None:
    alice = window("alice")
    with connect(example.socket) as connection:
        visitor = Socket(connection)
        visitor.send({"model": "todolist.Task", "property": "list_id", "value": 2})
        alice.add("Flat", "Paint")
        alice.sees_task("Paint")
        alice.check("Paint")
        created, updated = visitor.message(), visitor.message()
    assert [created["action"], updated["action"]] == ["CREATED", "UPDATED"]
    for message in created, updated:
        assert message["instance"] == {"id": created["instance"]["id"], "text": "Paint"}


def test_a_list_that_is_folded_is_not_followed_and_is_fetched_when_it_is_opened(
    window: Callable[[str | None], Window],
) -> None:
    alice, bob = window("alice"), window("bob")
    bob.fold("Groceries")
    alice.add("Groceries", "Salt")
    alice.add("Flat", "Dust")
    bob.sees_task("Dust")
    bob.sees_no_task("Salt")
    bob.fold("Groceries")
    bob.sees_task("Salt", is_done=False)


def test_after_a_lost_connection_the_page_fetches_what_it_missed(window: Callable[[str | None], Window]) -> None:
    alice, bob = window("alice"), window("bob")
    bob.do(GO_OFFLINE)
    bob.fold("Flat")
    bob.sees("document.querySelector('#connection').textContent === 'connecting'")
    alice.add("Groceries", "Rice")
    alice.sees_task("Rice")
    bob.do("window.isOffline = false")
    bob.sees_task("Rice", is_done=False)
    # And it follows again.
    alice.check("Rice")
    bob.sees_task("Rice", is_done=True)
