"""What only root may change: settings, sound output, name. A process of its own."""
