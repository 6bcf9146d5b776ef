"""The machine's power: what it tells, and how it is kept within a budget.

What each file holds:

- `sysfs`: reads and writes the kernel's small files below one root.
- `energy`: joules. `readings`: watts, temperature, frequencies, battery.
- `governor`: the policy, without input or output. It is made of `power_knobs`, `watts_loop` and `heat_loop`.
- `restored_settings`: settings of the kernel that are changed for a while. `limits`: which settings these are.
- `keeper`: the thread that puts them together. `overview`: what `seesay power` shows.

No figure is ever made up.
"""

from assistant.machine.power.energy import EnergyCounter, EnergyHistory, EnergyMeter
from assistant.machine.power.readings import PowerReader, PowerSample
from assistant.machine.power.sysfs import SensorValue, Sysfs

__all__ = ["EnergyCounter", "EnergyHistory", "EnergyMeter", "PowerReader", "PowerSample", "SensorValue", "Sysfs"]
