from django.test import TestCase

from django_livelog.testing import capture
from tests.todolist.models import List


class ReadmeTests(TestCase):
    def test_example_of_the_readme(self):
        with capture() as batches, self.captureOnCommitCallbacks(execute=True):
            List.objects.create(name="a")
            List.objects.create(name="b")
        assert [[change["instance"]["name"] for change in batch] for batch in batches] == [
            ["a", "b"]
        ]
