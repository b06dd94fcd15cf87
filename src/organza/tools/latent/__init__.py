"""What the latent space of a generator is for."""
