"""SeeSay as a service of systemd: its unit, how systemd is told that it works, and how it is put in and taken out."""
