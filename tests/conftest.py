"""What holds for every test."""

from hypothesis import HealthCheck, settings

# The same examples in every run, however slow the machine: what fails was changed, and not drawn by chance.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")
