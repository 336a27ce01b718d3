"""What goes wrong around a service under the crash drill, and how often."""

from types import MappingProxyType

from orbion.simulators.faults import (
    EvolutionFaults,
    ModelFault,
    ModelFaults,
    SendFault,
    SheetFault,
    SheetFaults,
)

GATEWAY = EvolutionFaults(
    latency_ms=(2, 20),
    send=MappingProxyType(
        {
            SendFault.ERROR_500_BEFORE: 0.02,
            SendFault.ERROR_400_BEFORE: 0.02,
            SendFault.RESET_BEFORE: 0.02,
            SendFault.HANG_BEFORE: 0.005,
            SendFault.RATE_LIMITED: 0.01,
            SendFault.ERROR_500_AFTER: 0.02,
            SendFault.ERROR_400_AFTER: 0.02,
            SendFault.RESET_AFTER: 0.02,
            SendFault.HANG_AFTER: 0.005,
            SendFault.HANG_THEN_ACCEPT: 0.005,
            SendFault.TRUNCATED: 0.02,
            SendFault.HIDDEN: 0.01,
        }
    ),
    retry_after_s=1,
    late_accept_ms=(300, 2_000),
    unrecorded=0.1,
    unechoed=0.2,
    find_fails=0.1,
    echo_ms=(1, 300),
    duplicated=0.1,
    late=0.05,
    late_ms=(100, 3_000),
    jitter_ms=(0, 50),
)

# Not a refused key and not a used-up quota: those hold the model off until somebody puts it right.
MODEL = ModelFaults(
    latency_ms=(5, 400),
    call=MappingProxyType(
        {
            ModelFault.RATE_LIMITED: 0.005,
            ModelFault.SERVER_ERROR: 0.005,
            ModelFault.OVERLOADED: 0.005,
            ModelFault.TIMED_OUT: 0.005,
            ModelFault.HANG: 0.003,
            ModelFault.RESET: 0.005,
            ModelFault.TRUNCATED: 0.005,
            ModelFault.NOT_JSON: 0.005,
            ModelFault.WRONG_SHAPE: 0.005,
            ModelFault.NO_CHOICES: 0.005,
            ModelFault.EMPTY: 0.005,
            ModelFault.CUT_SHORT: 0.005,
            ModelFault.FILTERED: 0.005,
            ModelFault.REFUSED: 0.005,
            ModelFault.MALFORMED: 0.005,
            ModelFault.OFF_CONTRACT: 0.005,
            ModelFault.BROKEN_ARGUMENTS: 0.005,
            ModelFault.UNKNOWN_TOOL: 0.005,
        }
    ),
    wait=(("retry-after", "1"),),
)

# All ten kinds; Google's quota counts over all lives, and each life begins with a full one.
SHEET = SheetFaults(
    latency_ms=(5, 60),
    call=MappingProxyType(
        {
            SheetFault.RATE_LIMITED: 0.03,
            SheetFault.UNAUTHORIZED: 0.03,
            SheetFault.FORBIDDEN: 0.001,
            SheetFault.NOT_FOUND: 0.001,
            SheetFault.SERVER_ERROR: 0.03,
            SheetFault.OVERLOADED: 0.03,
            SheetFault.NOT_JSON: 0.03,
            SheetFault.HANG: 0.003,
            SheetFault.RESET: 0.03,
            SheetFault.RESET_AFTER: 0.03,
        }
    ),
    wait=(("retry-after", "1"),),
    per_minute=300,
)

# Without the kinds after which it is left alone for a minute, or hangs for twenty seconds.
HASTY_SHEET = SheetFaults(
    latency_ms=SHEET.latency_ms,
    call=MappingProxyType(
        {
            SheetFault.RATE_LIMITED: 0.03,
            SheetFault.UNAUTHORIZED: 0.03,
            SheetFault.RESET_AFTER: 0.05,
        }
    ),
    wait=SHEET.wait,
    per_minute=1_000_000,
)
