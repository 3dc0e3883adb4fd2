"""What tests stand on: real servers, real processes of the project."""
