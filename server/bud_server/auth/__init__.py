"""Who asks, and what they may do: credentials are verified here, and nothing else says who somebody is."""
