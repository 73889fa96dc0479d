"""Tells the house's MQTT broker how things are, and does what the house asks for (docs/home.md)."""
