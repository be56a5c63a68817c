"""What every cloud source shares: asking over HTTP, signing in by OAuth, keeping tokens."""
