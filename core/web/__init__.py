"""What every page of the program stands on: a web server that lets only its own page in, and not too many clients."""
