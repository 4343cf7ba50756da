"""The demo: a company, three campaigns and the people they call, all dialled for real over the simulated network."""
