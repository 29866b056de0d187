import pytest
from django.core.management import CommandError, call_command

from django_livelog.checks import check_setting
from django_livelog.schema import schema


def test_schema_says_who_sees_what():
    text = schema()
    assert text == schema()
    assert (
        '  "todolist.Task":\n    key: "id"\n    groups: ["list_id", "id"]\n'
        '    aliases: {"list": "list_id"}\n' in text
    )
    assert '"who": {"ask": "OwnerSerializer.list_id"}' in text
    assert '{"all": ["authenticated", {"ask": "OtherSerializer.list_id"}]}' in text
    assert text.index("OwnerSerializer") < text.index("OtherSerializer")
    assert 'decision_callback: {"url": "http://127.0.0.1:8000/livelog/decide"' in text


def test_check_fails_when_the_file_is_another(tmp_path):
    path = tmp_path / "livelog.yaml"
    with pytest.raises(CommandError):
        call_command("livelog_schema", output=str(path), check=True)
    call_command("livelog_schema", output=str(path))
    call_command("livelog_schema", output=str(path), check=True)


@pytest.mark.parametrize(
    "setting, id",
    [
        ([], "livelog.E001"),
        ({"ULR": ""}, "livelog.E002"),
        ({"URL": "localhost"}, "livelog.E003"),
        ({"URL": "http://a", "KEY": "x"}, "livelog.E004"),
        ({"URL": "http://a", "SECRET": "x"}, "livelog.E005"),
        ({"URL": "http://a"}, "livelog.W001"),
    ],
)
def test_setting_is_checked(settings, setting, id):
    settings.LIVELOG = setting
    found = check_setting()
    assert id in [message.id for message in found] and all(message.hint for message in found)
