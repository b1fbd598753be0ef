"""Assay decides which people and companies are worth a salesperson's time now, and says exactly why."""
