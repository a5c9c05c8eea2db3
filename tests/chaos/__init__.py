import pytest

pytest.register_assert_rewrite("tests.chaos.arena", "tests.chaos.ledger")
