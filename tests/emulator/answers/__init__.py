"""Tests of `emulator/answers`."""
