"""The devices of a plant, and what one look at them tells: values without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ASLEEP = (1, 2)
"""States of an inverter that is off or sleeps: its AC power reads "not implemented" and is nought."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a SunSpec common block says it is; ``option`` is what a meter measures ("Export+Import", "Production")."""

    maker: str
    model: str
    option: str
    serial: str

    @property
    def role(self) -> Literal["grid", "house", "production", "other"]:
        """Where a meter sits. One that does not say is taken for the grid meter, as it is where there is only one."""
        option = self.option.lower()
        if not option or ("import" in option and "export" in option):
            return "grid"
        if "consumption" in option:
            return "house"
        return "production" if "production" in option else "other"


NOBODY = Identity("", "", "", "")
"""A device that does not say who it is."""


@dataclass(frozen=True, slots=True)
class LifetimeEnergy:
    """A lifetime counter in Wh, and the value at which it starts again from nought."""

    value: float
    wrap: float


@dataclass(frozen=True, slots=True)
class Inverter:
    """AC power and temperature (W, °C), the lifetime energy, and the state with the vendor's own code beside it."""

    ac_power: float | None
    energy: LifetimeEnergy | None
    temperature: float | None
    status: int | None
    code: int | None


@dataclass(frozen=True, slots=True)
class Meter:
    """Power in W with the sign the meter gives it, and what went each way since installation."""

    power: float | None
    exported: LifetimeEnergy | None
    imported: LifetimeEnergy | None


@dataclass(frozen=True, slots=True)
class Rated:
    """What a battery's label says: the energy it holds in Wh, and the most it gives or takes in W; None where blank."""

    energy: float | None
    power: float | None


@dataclass(frozen=True, slots=True)
class BatteryBlock:
    """Power in W (charging positive), the energy it can hold in Wh, and its state of charge in percent.

    ``given`` and ``taken`` are its lifetime counters in Wh, None where it keeps none.
    """

    power: float | None
    capacity: float | None
    charge: float | None
    given: float | None
    taken: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device's registers start, who it is, and what AC power in W an inverter is made for, if it says so.

    ``model`` and ``length`` are those of its SunSpec model, where they are needed to read it.
    """

    address: int
    identity: Identity
    rating: float | None = None
    model: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Plant:
    """The devices behind one unit: an inverter with its meters, or meters and batteries alone.

    ``storage`` are the models that tell of its battery. ``whole`` is whether everything said who it is,
    ``export_usual`` whether a positive power of meters like these means export, until their counters prove otherwise.
    """

    unit: int
    inverter: Place | None
    meters: tuple[Place, ...]
    whole: bool = True
    export_usual: bool = True
    storage: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One reading of every device: the meters in the order of the plant, None for a silent one.

    ``batteries`` are those that answered, by the number of their bay; ``lost`` is whether one that was there before did
    not, so that neither their sum nor what the modules make is known.
    """

    inverter: Inverter | None
    meters: tuple[Meter | None, ...]
    batteries: dict[int, BatteryBlock]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class PlantPart:
    """One unit with its devices; ``look`` is None while its inverter is silent, ``asleep`` says whether that is sleep.

    A look without an inverter is one of meters and batteries alone.
    """

    unit: int
    plant: Plant | None = None
    look: Look | None = None
    asleep: bool = False
