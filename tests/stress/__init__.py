"""What takes a lab of its own, and minutes: a storm of stops, and outages. `make storm`, `make outages`."""
