"""Settings: config.toml, profiles, and what the user set by voice."""
