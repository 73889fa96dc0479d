"""What tests/hunt.py consists of."""
