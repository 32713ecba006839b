"""The live instrument: OSC message -> command -> engine -> audio file -> reply."""
