"""What the drivers share: nodes, the way through OAuth, waiting, entities."""
