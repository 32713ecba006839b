"""Training of a CIPS: pictures -> scattered pixels -> steps -> a run folder -> a model folder."""
