"""Notes with labels to train on: from sound files, sound fonts and NSynth to data.tfrecord."""
