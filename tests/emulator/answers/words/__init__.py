"""Tests of `emulator/answers/words`."""
