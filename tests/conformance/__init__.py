"""Google's own tests of google-genai, in API mode through the gateway and the emulator: `make test-conformance`."""
