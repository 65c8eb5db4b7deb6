"""Where teams let their repositories deploy: sign-in, sessions, registrations."""
