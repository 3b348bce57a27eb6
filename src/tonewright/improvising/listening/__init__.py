"""What agents hear of both sides: features by name, on scales where near means near."""
