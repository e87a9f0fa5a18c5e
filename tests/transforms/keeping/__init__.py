"""What passes keep of units."""
