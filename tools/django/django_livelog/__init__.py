"""Publishes what a Django project saves to a Livelog server."""
