"""What happens around one handler's call: the layers, each in a file of its own, and what they stand on."""
