"""Tests of `emulator/answers/tools`."""
