"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A test that judges by the clock fails on a busy machine and says nothing about the code.
settings.register_profile("plexus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("plexus")
