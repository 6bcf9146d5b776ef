"""What a machine tells about its power: on the files of four machines, and on damaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.machine.power.energy import EnergyCounter, EnergyHistory, EnergyMeter
from assistant.machine.power.readings import PowerReader, battery_percent, box_watts, cpu_celsius, frequencies
from assistant.machine.power.sysfs import Sysfs
from tests.assistant.machine.power.machine_trees import (
    RANGE_UJ,
    RAPL,
    Tree,
    amd_mini_pc,
    battery,
    nuc,
    refusing,
    virtual_machine,
)


def reader(tree: Tree) -> PowerReader:
    return PowerReader(tree.sysfs, clock=tree.clock)


# The four machines


def test_a_nuc_tells_everything(tmp_path: Path) -> None:
    """One package is counted once, and not again by its cores, the board or a second path to the same counter."""
    tree = nuc(tmp_path)
    power = reader(tree)
    tree.spend(joules=12.6, seconds=2.0, busy_cores=3.5)
    sample = power.sample()
    assert sample.package_watts.value == pytest.approx(6.3)
    assert sample.busy_cores.value == pytest.approx(3.5)
    assert sample.celsius.value == 52.0
    assert sample.celsius.why == "x86_pkg_temp"
    policies = frequencies(tree.sysfs)
    assert [policy.policy for policy in policies] == ["policy0", "policy1", "policy2", "policy3"]
    assert policies[0].hardware_high_khz == 3_400_000


def test_an_amd_mini_pc_tells_watts_and_its_die(tmp_path: Path) -> None:
    """The counter is in the same tree; of the sensors the die's counts, and not the one with an offset for the fan."""
    tree = amd_mini_pc(tmp_path)
    power = reader(tree)
    tree.spend(joules=8.0, seconds=1.0)
    sample = power.sample()
    assert sample.package_watts.value == pytest.approx(8.0)
    assert sample.celsius.value == 48.5
    assert sample.celsius.why == "k10temp Tdie"


def test_a_machine_that_refuses_says_so(tmp_path: Path) -> None:
    """The energy is reported as refused and not as missing, and the temperature can be read."""
    tree = refusing(tmp_path)
    power = reader(tree)
    tree.spend(joules=8.0, seconds=1.0)
    watts = power.sample().package_watts
    assert watts.value is None
    assert watts.refused
    assert "only root may read" in watts.why
    assert power.sample().celsius.value == 52.0


def test_a_virtual_machine_tells_nothing_and_why(tmp_path: Path) -> None:
    """No figure is made up, and each has its reason."""
    tree = virtual_machine(tmp_path)
    power = reader(tree)
    tree.spend(0.0, 1.0, busy_cores=1.0)
    sample = power.sample()
    for reading in (sample.package_watts, sample.celsius, sample.battery_watts, box_watts(sample, 3.0)):
        assert reading.value is None
        assert reading.why
        assert not reading.refused
    assert sample.busy_cores.value == pytest.approx(1.0)
    assert frequencies(tree.sysfs) == ()


def test_this_machine_can_be_read() -> None:
    """Any real machine gives figures or reasons, and no error."""
    power = PowerReader(Sysfs())
    sample = power.sample()
    for reading in (sample.package_watts, sample.celsius, sample.battery_watts):
        assert reading.value is not None or reading.why


# Energy


def test_a_counter_that_goes_round_loses_nothing(tmp_path: Path) -> None:
    """A counter that wraps at its range loses no energy."""
    tree = nuc(tmp_path).put({f"{RAPL}/energy_uj": f"{RANGE_UJ - 2_000_000}"})
    counter = EnergyCounter(tree.sysfs, tree.clock)
    assert counter.read().value == 0.0
    tree.spend(joules=5.0, seconds=1.0)
    assert counter.read().value == pytest.approx(5.0)
    assert int(tree.text(f"{RAPL}/energy_uj")) == 3_000_000


def test_several_packages_are_added(tmp_path: Path) -> None:
    """Each package has its own counter and range, and the tenth comes after the second."""
    second, tenth = (f"sys/class/powercap/intel-rapl:{number}" for number in (2, 10))
    tree = nuc(tmp_path)
    for folder, energy_uj in ((second, 999), (tenth, 299_999_999_000)):
        tree.put({f"{folder}/name": "package-x", f"{folder}/max_energy_range_uj": "300000000000"})
        tree.put({f"{folder}/energy_uj": f"{energy_uj}"})
    counter = EnergyCounter(tree.sysfs, tree.clock)
    counter.read()
    tree.now += 1.0
    tree.put({f"{second}/energy_uj": "500999", f"{tenth}/energy_uj": "249000"})
    assert counter.read().value == pytest.approx(0.5 + 0.25)


def test_a_gap_in_which_a_counter_may_have_gone_round_twice_gives_no_figure(tmp_path: Path) -> None:
    """At the highest power of a package 65 kJ are used up in three minutes, so a longer gap gives no figure."""
    tree = amd_mini_pc(tmp_path)
    counter = EnergyCounter(tree.sysfs, tree.clock)
    counter.read()
    tree.spend(joules=100.0, seconds=160.0)
    assert counter.read().value == pytest.approx(100.0)
    tree.spend(joules=100.0, seconds=170.0)
    gap = counter.read()
    assert gap.value is None
    assert "170 s" in gap.why
    tree.spend(joules=3.0, seconds=1.0)
    assert counter.read().value == pytest.approx(103.0), "afterwards it counts on"


def test_a_counter_that_was_reset_is_not_taken_for_one_that_went_round(tmp_path: Path) -> None:
    """A counter that begins at 0 after a suspension gives no figure, because 262 kJ in a second are impossible.

    The meters see a gap and go on from there.
    """
    tree = nuc(tmp_path).put({f"{RAPL}/energy_uj": "90000000"})
    power = reader(tree)
    meter = EnergyMeter(power.energy)
    meter.start()
    tree.now += 1.0
    tree.put({f"{RAPL}/energy_uj": "5000"})
    watts = power.sample().package_watts
    assert watts.value is None
    assert "jumped" in watts.why
    for _ in range(2):
        tree.spend(6.0, 1.0)
        watts = power.sample().package_watts
    assert watts.value == pytest.approx(6.0)
    assert meter.lap().value is None


def test_a_counter_without_a_range_is_believed_until_it_falls(tmp_path: Path) -> None:
    """Without a range nobody knows where it wraps, so a fall gives no figure."""
    tree = nuc(tmp_path)
    (tmp_path / RAPL / "max_energy_range_uj").unlink()
    counter = EnergyCounter(tree.sysfs, tree.clock)
    counter.read()
    tree.now += 1.0
    tree.put({f"{RAPL}/energy_uj": "3000000"})
    assert counter.read().value == pytest.approx(2.0)
    tree.now += 1.0
    tree.put({f"{RAPL}/energy_uj": "5"})
    assert counter.read().value is None


def test_a_counter_that_stands_still_is_none(tmp_path: Path) -> None:
    """Some virtual machines show a counter that is always 0, which does not mean 0 W."""
    tree = nuc(tmp_path)
    power = reader(tree)
    tree.spend(0.0, 1.0)
    watts = power.sample().package_watts
    assert watts.value is None
    assert "stands still" in watts.why


@pytest.mark.parametrize("text", ["", "nonsense", "12.5", "0x10"])
def test_a_damaged_counter_is_no_counter(tmp_path: Path, text: str) -> None:
    """A counter without a valid number gives no figure."""
    tree = nuc(tmp_path).put({f"{RAPL}/energy_uj": text})
    assert EnergyCounter(tree.sysfs, tree.clock).read().value is None


def test_a_meter_gives_the_joules_of_a_turn(tmp_path: Path) -> None:
    """A meter gives the joules of its turn, also if somebody else reads the same counter in between."""
    tree = nuc(tmp_path)
    counter = EnergyCounter(tree.sysfs, tree.clock)
    tree.spend(50.0, 5.0)
    meter = EnergyMeter(counter)
    meter.start()
    for _ in range(4):
        tree.spend(20.0, 2.0)
        counter.read()
    tree.spend(10.0, 1.0)
    assert meter.lap().value == pytest.approx(90.0)
    tree.spend(4.0, 1.0)
    assert meter.lap().value == pytest.approx(4.0)


def test_a_meter_does_not_bridge_a_failure(tmp_path: Path) -> None:
    """If the counter failed during the turn, the energy of that time is not known and no figure is given."""
    tree = nuc(tmp_path)
    counter = EnergyCounter(tree.sysfs, tree.clock)
    meter = EnergyMeter(counter)
    assert EnergyMeter(counter).lap().value is None, "not started"
    meter.start()
    tree.put({f"{RAPL}/energy_uj": ""})
    assert counter.read().value is None
    tree.put({f"{RAPL}/energy_uj": "90000000"})
    tree.spend(5.0, 1.0)
    missing = meter.lap()
    assert missing.value is None
    assert "all the time" in missing.why
    tree.spend(7.0, 1.0)
    assert meter.lap().value == pytest.approx(7.0), "the next lap is whole again"


def test_a_meter_on_a_machine_without_a_counter_says_why(tmp_path: Path) -> None:
    """The reason reaches the caller who asks for joules."""
    meter = EnergyMeter(EnergyCounter(virtual_machine(tmp_path).sysfs))
    meter.start()
    assert "no energy counter" in meter.lap().why


def test_a_history_tells_the_joules_since_a_moment_that_has_passed(tmp_path: Path) -> None:
    """The work for an answer begins with the first sound of a question, but that it was one is known only later."""
    tree = nuc(tmp_path)
    history = EnergyHistory(EnergyCounter(tree.sysfs, tree.clock), tree.clock)
    began = tree.now
    history.note()
    for joules in (2.0, 20.0, 10.0):
        tree.spend(joules, 1.0)
        history.note()
    assert history.since(began).value == pytest.approx(32.0)
    assert history.since(began + 1.5).value == pytest.approx(20.0)
    assert history.since(began + 3.0).value == pytest.approx(0.0)
    assert history.since(began + 9.0).value == pytest.approx(0.0)
    tree.spend(4.0, 0.5)
    assert history.since(began + 2.0).value == pytest.approx(14.0)
    assert history.since(began - 1.0).value is None


def test_a_history_does_not_bridge_a_failure(tmp_path: Path) -> None:
    """A span from before the failure has no figure, and one from after it has."""
    tree = nuc(tmp_path)
    history = EnergyHistory(EnergyCounter(tree.sysfs, tree.clock), tree.clock)
    began = tree.now
    assert history.note().value == 0.0
    tree.put({f"{RAPL}/energy_uj": ""})
    assert history.since(began).value is None
    tree.put({f"{RAPL}/energy_uj": "5"})
    tree.spend(1.0, 1.0)
    history.note()
    tree.spend(2.5, 1.0)
    assert history.since(began).value is None
    assert history.since(began + 1.0).value == pytest.approx(2.5)


# Temperature


@pytest.mark.parametrize("nonsense", ["0", "-273200", "255000", "none"])
def test_a_sensor_out_of_its_mind_is_not_believed(tmp_path: Path, nonsense: str) -> None:
    """An impossible temperature is ignored, and the next best sensor is used."""
    tree = nuc(tmp_path).put({"sys/class/thermal/thermal_zone1/temp": nonsense})
    celsius = cpu_celsius(tree.sysfs)
    assert celsius.value == 27.8
    assert celsius.why == "acpitz"


def test_the_hottest_of_two_packages_counts(tmp_path: Path) -> None:
    """The hotter package counts, because the limit holds for each."""
    tree = nuc(tmp_path).put(
        {"sys/class/thermal/thermal_zone7/type": "x86_pkg_temp", "sys/class/thermal/thermal_zone7/temp": "66000"}
    )
    assert cpu_celsius(tree.sysfs).value == 66.0


def test_the_package_of_coretemp_counts_where_there_is_no_zone(tmp_path: Path) -> None:
    """The package's sensor counts and not those of its cores, which differ by ten degrees from moment to moment."""
    tree = virtual_machine(tmp_path).put(
        {
            "sys/class/hwmon/hwmon3/name": "coretemp",
            "sys/class/hwmon/hwmon3/temp1_label": "Package id 0",
            "sys/class/hwmon/hwmon3/temp1_input": "55000",
            "sys/class/hwmon/hwmon3/temp2_label": "Core 0",
            "sys/class/hwmon/hwmon3/temp2_input": "68000",
        }
    )
    assert cpu_celsius(tree.sysfs).value == 55.0


# The whole box


def test_a_discharging_battery_tells_the_whole_box(tmp_path: Path) -> None:
    """The watts come from its power, or from current and voltage, and a negative figure means the same."""
    tree = nuc(tmp_path).put(battery("Discharging", power_now="-9700000"))
    sample = reader(tree).sample()
    assert sample.battery_watts.value == pytest.approx(9.7)
    assert box_watts(sample, 3.0).value == pytest.approx(9.7)
    assert "measured" in box_watts(sample, 3.0).why
    (tmp_path / "sys/class/power_supply/BAT0/power_now").unlink()
    tree.put(battery("Discharging", current_now="800000", voltage_now="11500000"))
    assert reader(tree).sample().battery_watts.value == pytest.approx(9.2)


def test_the_charge_counts_only_on_battery(tmp_path: Path) -> None:
    """A battery that is being charged tells none, and neither does a machine without one."""
    tree = nuc(tmp_path)
    assert battery_percent(tree.sysfs).value is None
    tree.put(battery("Discharging", capacity="42"))
    assert battery_percent(tree.sysfs).value == 42.0
    tree.put(battery("Charging", capacity="42"))
    assert battery_percent(tree.sysfs).why == "the box runs from the mains"
    (tmp_path / "sys/class/power_supply/BAT0/capacity").unlink()
    tree.put(battery("Discharging"))
    assert battery_percent(tree.sysfs).why == "the battery does not tell its charge"


@pytest.mark.parametrize("status", ["Charging", "Full", "Not charging", "Unknown"])
def test_a_battery_that_does_not_discharge_tells_nothing(tmp_path: Path, status: str) -> None:
    """While it does not discharge, the flow belongs to the charger."""
    tree = nuc(tmp_path).put(battery(status, power_now="9700000"))
    reading = reader(tree).sample().battery_watts
    assert reading.value is None
    assert "mains" in reading.why


def test_the_battery_of_a_headset_is_not_the_box(tmp_path: Path) -> None:
    """A battery whose scope says that it belongs to a device does not count."""
    tree = nuc(tmp_path).put(battery("Discharging", power_now="50000", scope="Device"))
    assert reader(tree).sample().battery_watts.why == "this machine has no battery"


def test_a_total_says_what_of_it_is_only_stated(tmp_path: Path) -> None:
    """The config's watts are never shown as measured; without them the total is the processor's alone and says so."""
    tree = nuc(tmp_path)
    power = reader(tree)
    tree.spend(6.0, 1.0)
    sample = power.sample()
    assert box_watts(sample, 3.5).value == pytest.approx(9.5)
    assert "3.5 W for the rest of the box as stated in power.other_watts" in box_watts(sample, 3.5).why
    assert box_watts(sample, 0.0).value == pytest.approx(6.0)
    assert "processor only" in box_watts(sample, 0.0).why
