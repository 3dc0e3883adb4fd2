"""One module a part: how to find it, what to write for it, how to start it, when it is ready."""
