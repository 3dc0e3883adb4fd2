"""What a user would run instead of this project, one module each; `bench.contest` runs them all in the same way."""
