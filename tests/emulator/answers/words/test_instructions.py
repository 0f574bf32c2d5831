"""System instructions, followed in an obvious way."""

import pytest

from tests.emulator.conftest import Caller


@pytest.mark.parametrize(
    ("instruction", "prompt", "said"),
    [
        ("You are a cat. Your name is Neko.", "What is your name?", "Meow! My name is Neko."),
        ("You are a helpful pirate.", "What is 2 + 2?", "Arr! 2 + 2 = 4"),
        ("Always answer with 'Yes.'", "Explain bees", "Yes."),
        ("Write in capital letters.", "Say hello there", "HELLO THERE"),
        ("End every answer with 'Over.'", "What is 2 + 2?", "2 + 2 = 4 Over."),
        ("Start each reply with “Well,”", "What is 2 + 2?", "Well, 2 + 2 = 4"),
        ("You are a helpful assistant.", "What is 2 + 2?", "2 + 2 = 4"),
    ],
)
def test_the_instruction_shows_in_the_answer(caller: Caller, instruction: str, prompt: str, said: str):
    assert caller.say(prompt, systemInstruction={"parts": [{"text": instruction}]}) == said
