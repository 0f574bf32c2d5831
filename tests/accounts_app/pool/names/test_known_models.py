"""Which names of models are known, and how many may be."""

from accounts_app.pool.names.known_models import DECLARED, LEARNT, OTHERS, UNUSED_FOR, KnownModels
from accounts_app.pool.names.names import is_model_name


def test_the_bounds_are_what_the_documents_say():
    assert (DECLARED, LEARNT, UNUSED_FOR, OTHERS) == (4096, 256, 3600.0, "(other)")
    assert not is_model_name(OTHERS)


def test_it_says_how_many_it_knows():
    models = KnownModels()
    models.declare(["a", "b"])
    models.learn("c", 0.0)

    assert repr(models) == "<KnownModels 2 declared, 1 learnt>"


def test_a_name_is_known_when_it_is_declared_or_upstream_answers_for_it():
    models = KnownModels()

    models.declare(["gemini-a"])
    models.learn("gemini-b", 0.0)

    assert "gemini-a" in models
    assert "gemini-b" in models
    assert "gemini-c" not in models


def test_of_those_that_only_answers_made_known_there_is_a_bound():
    models = KnownModels()

    for number in range(10_000):
        models.learn(f"x-{number}", number / 1000)

    assert len(models) == LEARNT
    assert "x-0" in models
    assert f"x-{LEARNT}" not in models


def test_the_one_unused_for_longest_gives_way_after_an_hour():
    models = KnownModels()
    for number in range(LEARNT):
        models.learn(f"x-{number}", float(number))
    models.learn("x-0", 300.0)

    models.learn("early", 1.0 + UNUSED_FOR - 0.1)
    models.learn("late", 1.0 + UNUSED_FOR)

    assert "early" not in models
    assert "late" in models
    assert "x-1" not in models
    assert "x-0" in models
    assert len(models) == LEARNT


def test_what_is_declared_takes_no_room_from_what_is_learnt():
    models = KnownModels()
    models.declare(["declared"])

    models.learn("declared", 0.0)
    for number in range(LEARNT):
        models.learn(f"x-{number}", 0.0)

    assert len(models) == LEARNT + 1


def test_there_is_a_bound_on_what_is_declared_too():
    models = KnownModels()

    models.declare(f"x-{number}" for number in range(DECLARED + 10))

    assert len(models) == DECLARED
    assert f"x-{DECLARED - 1}" in models
