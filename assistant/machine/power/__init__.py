"""The machine's power: what it tells, and how it is kept within a budget.

`sysfs` small files of the kernel below one root · `energy` joules · `readings` watts, temperature, frequencies, battery ·
`governor` the policy, pure, of `box`, `watts_loop` and `heat_loop` · `borrowed` settings changed for a while · `limits` which ones · `keeper` the thread that puts
them together · `overview`, `command` what `seesay power` shows and does. No figure is ever made up.
"""

from assistant.machine.power.energy import EnergyCounter, EnergyHistory, EnergyMeter
from assistant.machine.power.readings import PowerReader, PowerSample
from assistant.machine.power.sysfs import SensorValue, Sysfs

__all__ = ["EnergyCounter", "EnergyHistory", "EnergyMeter", "PowerReader", "PowerSample", "SensorValue", "Sysfs"]
