"""REST for machines and other systems: the same rows, services and policy as the portal. A door."""
