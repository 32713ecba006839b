"""One small file per offline command: parse flags, call a package, print."""
