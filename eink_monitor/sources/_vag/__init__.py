"""What Volkswagen's interfaces have in common."""
