"""Files and folders: atomic writes, safe paths."""
