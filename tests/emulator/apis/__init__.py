"""Tests of `emulator/apis`."""
