"""Tests of `emulator/state`."""
