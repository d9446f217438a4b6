"""The columns: what the shipped files declare, and what a wrong file is told."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from backends.profile import EVIDENCES, FEATURES, Limits, Profile
from backends.profiles import FOLDER, UnknownProfileError, load_profiles, parse_profile, read_profile, select_profiles
from backends.reading import Problem, ReadingError

CHIP = """
name = "newchip"
title = "A chip of tomorrow"
vendor = "Tomorrow"
device = "tmr"
dispatch_key = "PrivateUse1"
evidence = ["run", "time"]

[probe]
module = "torch_tmr"
commands = ["tmr-smi"]
"""


def problems_of(path: Path) -> dict[str, Problem]:
    with pytest.raises(ReadingError) as error:
        read_profile(path)
    return {problem.key: problem for problem in error.value.problems}


def write(tmp_path: Path, text: str, name: str = "newchip") -> Path:
    path = tmp_path / f"{name}.toml"
    path.write_text(text)
    return path


def test_every_vendor_of_the_field_has_a_column() -> None:
    assert set(load_profiles()) == {
        *(
            "aipu",
            "arm",
            "ascend",
            "cambricon",
            "cpu-interpreter",
            "cuda",
            "enflame",
            "enflame-gcu400",
            "hygon",
            "iluvatar",
        ),
        *("kunlunxin", "metax", "mthreads", "rocm", "spacemit", "sunrise", "thead", "tsingmicro"),
        *("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"),
        *("gfx90a", "gfx942", "gfx950", "gfx1100", "gfx1201"),
    }


def test_profiles_come_in_alphabetical_order_and_say_their_file() -> None:
    profiles = load_profiles()
    assert list(profiles) == sorted(profiles)
    assert {profile.path for profile in profiles.values()} == {str(path) for path in FOLDER.glob("*.toml")}


@pytest.mark.parametrize("profile", load_profiles().values(), ids=str)
def test_a_column_is_consistent(profile: Profile) -> None:
    assert set(profile.evidence) <= set(EVIDENCES)
    assert set(profile.lacks) <= set(FEATURES)
    assert profile.needs_device == (profile.emulation is None)
    assert profile.software, "say what a lab needs"
    if profile.device not in {"cuda", "cpu"}:
        assert profile.dispatch_key == "PrivateUse1"
        assert profile.probe is not None
        assert profile.probe.module is not None
    if profile.needs_device:
        assert profile.probe is not None
        assert profile.probe.device == profile.device
        assert profile.probe.commands or profile.probe.machines


def test_every_chip_says_where_its_facts_are_from() -> None:
    for path in FOLDER.glob("*.toml"):
        text = path.read_text()
        assert "# device, dispatch key" in text or "source = " in text, path


def test_the_interpreter_column_needs_no_device_and_no_specialised_kernels() -> None:
    profile = load_profiles()["cpu-interpreter"]
    assert profile.evidence == ("interpret",)
    assert not profile.needs_device
    assert profile.emulation is not None
    assert profile.emulation.target.capability[0] == 8
    assert (profile.device, profile.dispatch_key) == ("cpu", "CPU")


def test_a_chip_is_one_file(tmp_path: Path) -> None:
    path = write(tmp_path, CHIP)
    profiles = load_profiles([path])
    assert profiles["newchip"].probe is not None
    assert profiles["newchip"].probe.device == "tmr"
    assert len(profiles) == len(load_profiles()) + 1
    assert [profile.name for profile in select_profiles([str(path)])] == ["newchip"]


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    profile = read_profile(write(tmp_path, CHIP))
    assert profile.limits == Limits()
    assert (profile.lacks, profile.environment, profile.one_device, profile.emulation) == ((), {}, None, None)
    assert len({profile, read_profile(profile.path or "")}) == 1


def test_a_file_of_a_users_own_does_not_replace_a_shipped_profile(tmp_path: Path) -> None:
    path = write(tmp_path, CHIP.replace("newchip", "cuda"), "cuda")
    with pytest.raises(ReadingError, match="a name of its own"):
        select_profiles([str(path)])


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = CHIP.replace('vendor = "Tomorrow"', "vendor = 7").replace('["run", "time"]', '["runs"]')
    problems = problems_of(write(tmp_path, text + 'modul = "x"\n', "other"))
    assert set(problems) == {"vendor", "evidence[0]", "probe.modul", "name"}
    assert problems["evidence[0]"].remedy == "did you mean 'run'?"
    assert problems["probe.modul"].remedy == "did you mean 'module'?"
    assert problems["name"].found == "'newchip'"


def test_problems_of_several_files_come_at_once(tmp_path: Path) -> None:
    paths = [write(tmp_path, CHIP.replace("title", "titel"), name) for name in ("one", "two")]
    with pytest.raises(ReadingError) as error:
        load_profiles(paths)
    assert {problem.path for problem in error.value.problems} == {str(path) for path in paths}


def test_a_name_is_given_once(tmp_path: Path) -> None:
    path = write(tmp_path, CHIP.replace("newchip", "cuda"), "cuda")
    with pytest.raises(ReadingError, match=r"which .*cuda\.toml has already; allowed is a name of its own"):
        load_profiles([path])


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('evidence = ["run", "time"]', "evidence = []", "evidence"),
        ('evidence = ["run", "time"]', 'evidence = ["time", "run"]', "evidence"),
        ('evidence = ["run", "time"]', 'evidence = ["time"]', "evidence"),
        ('evidence = ["run", "time"]', 'evidence = ["interpret"]', "emulation"),
        ('[probe]\nmodule = "torch_tmr"\ncommands = ["tmr-smi"]', "", "probe"),
        ('name = "newchip"', 'name = "new:chip"', "name"),
        ('vendor = "Tomorrow"', 'vendor = "Tomorrow"\nlacks = ["fp32"]', "lacks[0]"),
        ("[probe]", "[limits]\nseconds = 0\n[probe]", "limits.seconds"),
        ("[probe]", "[limits]\nmemory = 3\n[probe]", "limits.memory"),
        ("[probe]", "[environment]\nA = 1\n[probe]", "environment.A"),
        (
            "[probe]",
            '[emulation]\nvendor = "x"\n[emulation.target]\nbackend = "cuda"\n[probe]',
            "emulation.target.source",
        ),
        ("[probe]", '[emulation]\nvendor = "x"\nvendors = "y"\n[probe]', "emulation.vendors"),
        ("[probe]", '[emulation]\nvendor = "x"\n[emulation.stand_ins]\n"a-b" = {}\n[probe]', "emulation.stand_ins.a-b"),
    ],
)
def test_a_contradiction_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in CHIP
    problems = problems_of(write(tmp_path, CHIP.replace(old, new)))
    assert key in problems
    assert all(problem.allowed and problem.remedy for problem in problems.values())


def test_the_emulation_of_a_chip_is_data(tmp_path: Path) -> None:
    text = CHIP + (
        '[emulation]\nvendor = "tmr"\nconfig_arguments = ["stages"]\nlaunch_arguments = ["hint"]\n'
        'autotune_arguments = ["generate_configs"]\ndevice_modules = ["torch_tmr"]\ndriver_functions = ["fill"]\n'
        '[emulation.device_functions]\nfast_tanh = "tanh"\n[emulation.language_arguments]\nload = ["hint"]\n'
        "[emulation.generated_configurations.mm]\nBLOCK_M = 32\n"
        "[emulation.stand_ins.torch_tmr]\ndevice_count = 1\n"
        '[emulation.stand_ins."torch_tmr.core"]\n[emulation.target]\nbackend = "hip"\narch = "gfx942"\n'
        'warp_size = 64\ncapability = [9, 4]\nshared_memory = 65536\nregisters = 512\nsource = "a guide"\n'
        "[emulation.target.properties]\ncores = 8\n"
    )
    emulation = read_profile(write(tmp_path, text)).emulation
    assert emulation is not None
    assert emulation.stand_ins == {"torch_tmr": {"device_count": 1}, "torch_tmr.core": {}}
    assert emulation.config_arguments == ("stages",)
    assert emulation.launch_arguments == ("hint",)
    assert emulation.generated_configurations == {"mm": {"BLOCK_M": 32}}
    assert emulation.autotune_arguments == ("generate_configs",)
    assert emulation.target.arch == "gfx942"
    assert emulation.target.registers == 512
    assert emulation.target.properties == {"cores": 8}
    assert (emulation.device_modules, emulation.driver_functions) == (("torch_tmr",), ("fill",))
    assert emulation.language_arguments == {"load": ("hint",)}
    assert emulation.device_functions == {"fast_tanh": "tanh"}


def test_globs_select_in_the_order_of_the_patterns_and_each_once() -> None:
    names = [profile.name for profile in select_profiles(["rocm", "c*", "cu?a"])]
    assert names == ["rocm", "cambricon", "cpu-interpreter", "cuda"]


def test_a_name_that_is_none_gets_the_nearest() -> None:
    with pytest.raises(UnknownProfileError, match=r"no profile is named 'ascand'; did you mean 'ascend'\?"):
        select_profiles(["cuda", "ascand"])
    with pytest.raises(UnknownProfileError, match="there are aipu, arm"):
        select_profiles(["zz*"])


def test_the_file_of_a_shipped_profile_selects_it() -> None:
    assert [profile.name for profile in select_profiles([str(FOLDER / "cuda.toml"), "cuda"])] == ["cuda"]


def test_a_profile_that_came_as_text_is_the_same_and_has_no_path() -> None:
    text = (FOLDER / "cuda.toml").read_text()
    assert parse_profile(text, "cuda", "lab.zip") == replace(read_profile(FOLDER / "cuda.toml"), path=None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "lab.zip: found no TOML"),
        ("x = " + "[" * 1500, "lab.zip: found tables within tables without end"),
        ("x = " + "9" * 5000, "lab.zip: found no TOML"),
        ('name = "rocm"', "'cuda', as the file is named"),
        ("device = [1]\n[emulation]", "device: found"),
    ],
)
def test_a_text_that_is_no_profile_is_refused_and_says_where_it_came_from(text: str, words: str) -> None:
    with pytest.raises(ReadingError) as caught:
        parse_profile(text, "cuda", "lab.zip")
    assert words in str(caught.value)


def test_reading_all_columns_is_quick() -> None:
    load_profiles()
    start = time.perf_counter()
    load_profiles()
    assert time.perf_counter() - start < 0.1


def test_reading_the_columns_imports_no_torch() -> None:
    code = "import sys, backends.profiles as p; p.load_profiles(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0
