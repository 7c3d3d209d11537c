"""`python -m tests.chaos run`: runs a profile's seeds; exit code 1 on violations."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from livechat.env import PROJECT_DIR
from tests.chaos.profiles import PROFILES, Profile
from tests.chaos.run import Outcome, Run
from tests.chaos.sabotage import SABOTAGES
from tests.chaos.scenes import SCENES

SHOWN_MAX = 20
PASSED_WITH = 0
FAILED = 1


def main() -> int:
    """The exit code: 0 when no run found anything (or the sabotage was caught)."""
    options = _options()
    profile = PROFILES[options.profile]
    if options.sabotage and not options.minutes:
        options.minutes = SABOTAGES[options.sabotage].minutes
        options.scenes = options.scenes or SABOTAGES[options.sabotage].scenes
    if options.minutes:
        profile = profile.lasting(options.minutes)
    seeds = [options.replay or options.seed] if options.replay or options.seed else None
    seeds = seeds or list(profile.seeds)
    outcomes = []
    for seed in seeds:
        wanted = seed == seeds[-1] and not (options.calm or options.sabotage)
        scenes = profile.scenes if wanted else ()
        outcomes.append(_run(seed, profile, options, options.scenes or scenes))
    if options.sabotage:
        return _caught(outcomes, options.sabotage)
    shortened = options.minutes or options.replay or options.seed or options.calm
    if not shortened and _is_weak(profile, outcomes):
        return FAILED
    return FAILED if any(one.violations for one in outcomes) else PASSED_WITH


def _is_weak(profile: Profile, outcomes: list[Outcome]) -> bool:
    """Whether too little has happened for a run without violations to mean much."""
    weak = False
    for name, least in profile.least:
        count = sum(one.figures[name] for one in outcomes)
        _say(f"{name}, all seeds: {count:,} (at least {least:,})")
        weak |= count < least
    return weak


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="run the site under faults and check it")
    run.add_argument("--profile", choices=sorted(PROFILES), default="smoke")
    run.add_argument("--seed", type=int, help="one seed in place of the profile's")
    run.add_argument("--replay", type=int, help="the seed of a run that failed")
    run.add_argument("--minutes", type=float, help="of the storm")
    run.add_argument("--sabotage", choices=sorted(SABOTAGES), help="break it first")
    run.add_argument("--calm", action="store_true", help="no scenes after the storm")
    run.add_argument("--scenes", nargs="*", choices=sorted(SCENES), help="only these")
    run.add_argument("--committed", action="store_true", help="run the last commit")
    run.add_argument("--into", type=Path, default=PROJECT_DIR / "var" / "chaos")
    return parser.parse_args()


def _run(
    seed: int, profile: Profile, options: argparse.Namespace, scenes: Sequence[str]
) -> Outcome:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    name = f"{stamp}-{profile.name}-{seed}"
    if options.sabotage:
        name += f"-{options.sabotage}"
    sabotage = SABOTAGES.get(options.sabotage)
    run = Run(
        seed,
        profile,
        options.into / name,
        sabotage=sabotage,
        scenes=tuple(scenes),
        committed=options.committed,
    )
    outcome = asyncio.run(run.go())
    _tell(outcome)
    return outcome


def _tell(outcome: Outcome) -> None:
    _say(f"seed {outcome.seed}: {outcome.folder}")
    for name, value in outcome.figures.items():
        for one in value if isinstance(value, list) else [value]:
            _say(f"  {name}: {one}")
    for one in outcome.violations[:SHOWN_MAX]:
        _say(f"  VIOLATION {one.check} at {one.at_s:.1f} s: {one.text}")
    found = len(outcome.violations)
    if found:
        _say(f"  {found} violations. Again: --replay {outcome.seed}")
    else:
        _say("  no violations")


def _caught(outcomes: list[Outcome], name: str) -> int:
    wanted = SABOTAGES[name].caught_by
    found = {one.check for outcome in outcomes for one in outcome.violations}
    caught = sorted(found & set(wanted))
    _say(f"sabotage {name}: {'caught by ' + ', '.join(caught) if caught else 'MISSED'}")
    return PASSED_WITH if caught else FAILED


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
