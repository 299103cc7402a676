"""The table of targets that are measured beside LiteRT."""

from quantgate.domain.targets import TARGETS


def test_options_are_the_keys_that_a_target_needs_or_takes():
    assert TARGETS["ethos_u"].options == ("accelerator", "system_config", "memory_mode")
    assert TARGETS["microcontroller"].options == ("tolerance", "samples")
