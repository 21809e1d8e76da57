"""End-to-end tests: the deployed product is attacked in the lab."""
