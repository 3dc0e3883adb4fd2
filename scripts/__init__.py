"""Commands for developers and operators; each answers `--help`."""
