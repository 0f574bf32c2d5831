"""Tests of `emulator/apis/resources`."""
