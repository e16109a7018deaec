"""Pictures of ideas, one subject a module: each function draws one and describes it for those who cannot see it."""
