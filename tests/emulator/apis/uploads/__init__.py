"""Tests of the emulator's room of the same name."""
