"""The portal's forms: they read what people type; services decide."""
