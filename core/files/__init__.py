"""Files and folders: atomic writes, paths that stay inside a folder, JSON, the user's folders."""
