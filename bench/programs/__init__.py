"""What peers run, as their users write it; in environments of their own, so none of it imports this project."""
