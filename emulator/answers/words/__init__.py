"""What the emulator says, and the little it knows."""
