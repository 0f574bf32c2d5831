"""Tests of `emulator/apis/interactions`."""
