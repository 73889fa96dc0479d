"""The starter music: scores as text, and the program that turns them into tracks (README.md)."""
