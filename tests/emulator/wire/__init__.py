"""Tests of `emulator/wire`."""
