"""All trunks of all switches by name: which switch a call goes through, and how many lines are free now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from campaigns.pacing import TrunkLimits
from core.clock import Clock
from core.errors import Unavailable
from telephony_esl.switch import Switch, SwitchSettings
from telephony_esl.trunks import TrunkGate


class TrunkLines:
    """The dialler's `Lines` port over the trunks' gates; a lost switch has no free line.

    Other processes may place calls on the same trunks, so none is placed here before `pace` says how many.
    """

    def __init__(self, switches: Iterable[tuple[SwitchSettings, Switch]], clock: Clock) -> None:
        self._clock = clock
        self._routes: dict[str, tuple[Switch, TrunkGate]] = {}
        for settings, switch in switches:
            for trunk in settings.trunks:
                if trunk.name in self._routes:
                    raise ValueError(f"two trunks are named {trunk.name!r}")
                self._routes[trunk.name] = (switch, TrunkGate(trunk, rate=0.0))

    @property
    def names(self) -> tuple[str, ...]:
        """The trunks that campaigns may name."""
        return tuple(self._routes)

    def limits(self) -> Mapping[str, TrunkLimits]:
        """What the trunks allow whose switch is connected."""
        return {
            name: TrunkLimits(gate.trunk.lines, gate.trunk.calls_per_second)
            for name, (switch, gate) in self._routes.items()
            if switch.connected
        }

    def pace(self, rates: Mapping[str, float]) -> None:
        """Sets the calls per second of each trunk; one that is missing places none."""
        for name, (_, gate) in self._routes.items():
            gate.pace(rates.get(name, 0.0), self._clock.monotonic())

    def free(self, trunk: str) -> int:
        """How many calls may be placed on `trunk` now; 0 for one that does not exist or whose switch is away."""
        route = self._routes.get(trunk)
        if route is None or not route[0].connected:
            return 0
        return route[1].free(self._clock.monotonic())

    def take(self, trunk: str) -> None:
        """Takes one line."""
        self._routes[trunk][1].take(self._clock.monotonic())

    def give(self, trunk: str) -> None:
        """Gives one line back."""
        self._routes[trunk][1].give()

    def switch(self, trunk: str) -> Switch:
        """The switch that `trunk` belongs to."""
        route = self._routes.get(trunk)
        if route is None:
            raise Unavailable(
                "no_such_trunk",
                f"No trunk is named {trunk!r}.",
                hint=f"Known trunks: {', '.join(self._routes) or 'none'}; name one of them in the campaign.",
            )
        return route[0]

    @property
    def switches(self) -> tuple[Switch, ...]:
        """Every switch once."""
        return tuple(dict.fromkeys(switch for switch, _ in self._routes.values()))
