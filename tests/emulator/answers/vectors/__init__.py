"""Tests of `emulator/answers/vectors`."""
