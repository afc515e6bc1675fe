"""From noise to latents: samplers, schedulers, the denoising loop, its batch, and what steers it."""
