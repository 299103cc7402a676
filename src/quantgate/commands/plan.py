"""`quantgate plan SPEC`."""

import argparse
import sys
import textwrap

from quantgate.commands.common.arguments import add_spec, examples
from quantgate.commands.common.checking import check_files, spare_threads
from quantgate.commands.common.wrapping import columns_of, fitted
from quantgate.domain.batch import ONE_IF_FREE
from quantgate.domain.flex_ops import COST
from quantgate.domain.recovery import RANKED
from quantgate.domain.search import SLOTS, Slot, recipes_for
from quantgate.domain.targets import TARGETS
from quantgate.errors import ExitCode
from quantgate.planning import early_stopping, power, sharding
from quantgate.planning.candidates import ModePlan
from quantgate.planning.cluster import rendered
from quantgate.planning.plan import Plan
from quantgate.planning.planner import make_plan
from quantgate.planning.tasks import PlannedTask, tasks_of
from quantgate.spec import load

#: Width of paragraphs on wide terminals and elsewhere.
_COLUMNS = 98


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "Show for each mode and recipe whether it would be tried, and why. Show the "
        "branch of LiteRT's decision tree that was taken, and the tasks that would run."
    )
    parser.epilog = examples(
        "quantgate plan quantgate.yaml",
        "quantgate plan quantgate.yaml --set quantize.target=microcontroller",
    )
    add_spec(parser)
    parser.set_defaults(handler=handle)


def handle(options: argparse.Namespace) -> int:
    """Print the plan.

    Raises:
        SpecError: the spec or a file it names has a problem.
    """
    spare_threads()
    loaded = load(options.spec, options.overrides)
    check_files(loaded)
    sys.stdout.write(fitted(render(make_plan(loaded.spec)), sys.stdout))
    return ExitCode.OK


def render(plan: Plan) -> str:
    """Return the plan as text for a terminal."""
    branch = plan.branch or "modes by name"
    modes = "".join(_mode_line(mode) for mode in plan.modes)
    tasks = "".join(_task_line(task) for task in tasks_of(plan))
    evaluation = f"{_stopping(plan)}{_shards(plan)}"
    notes = f"{_batch(plan)}{_cost(plan)}{evaluation}{_samples(plan)}{_unmeasured(plan)}"
    methods = f"modes\n{modes}{_recipes(plan)}{_recovered(plan)}{_searched(plan)}{_scored(plan)}"
    header = f"{plan.spec.name}: {branch}\n\n{methods}{notes}"
    return f"{header}\ntasks\n{tasks}{_cluster(plan)}"


def _recipes(plan: Plan) -> str:
    lines = "".join(map(_mode_line, plan.recipes))
    return f"\nrecipes\n{lines}" if lines else ""


def _recovered(plan: Plan) -> str:
    settings = plan.spec.quantize.recover
    if settings is None:
        return ""
    lines = "".join(f"  in   {candidate.name}\n" for candidate in plan.recovered)
    return (
        f"\nrecovered candidates, by {', '.join(plan.techniques)}\n{lines}"
        f"  ranked {RANKED[settings.when]}, found in up to {settings.budget:g} runs of "
        f"{_samples_of_a_run(plan)} each\n"
    )


def _searched(plan: Plan) -> str:
    settings = plan.spec.quantize.search
    if settings is None:
        return ""
    recipes = recipes_for(plan.spec.quantize.target)
    bits = ", ".join(f"{each} by {recipes[each]}" for each in plan.bits)
    lines = "".join(f"  in   {slot.name:<24} {_demand(slot, plan)}\n" for slot in SLOTS)
    return (
        f"\nsearched candidates, bits of layers: {bits}\n{lines}"
        f"  {_between(plan)}found in up to {settings.budget:g} runs of {_samples_of_a_run(plan)}\n"
    )


def _between(plan: Plan) -> str:
    return "" if plan.search_data else "between the most precise mix and the smallest one, "


def _demand(slot: Slot, plan: Plan) -> str:
    if plan.search_data:
        return slot.demand_on_metric(plan.search_data.metric.title)
    return slot.demand


def _samples_of_a_run(plan: Plan) -> str:
    return f"the calibration set{' and data.search' if plan.search_data else ''}"


def _scored(plan: Plan) -> str:
    search = plan.search_data
    if search is None:
        return ""
    text = f"models are scored by {search.metric.title} on {search.samples.data.source}"
    return f"\ndata.search\n{_filled(text)}\n"


def _mode_line(plan: ModePlan) -> str:
    state = "in " if plan.included else "out"
    return f"  {state}  {plan.mode.name:<24} {plan.reason}\n"


def _batch(plan: Plan) -> str:
    if plan.batch != ONE_IF_FREE:
        return ""
    return (
        "\nmodel.batch is 1, as embedded targets run one sample at a time. "
        "`model: {batch: dynamic}` keeps any batch size\n"
    )


def _cost(plan: Plan) -> str:
    if not plan.spec.quantize.select_tf_ops:
        return ""
    return f"\nquantize.select_tf_ops: if LiteRT lacks an op of the model,\n{_filled(COST)}\n"


def _stopping(plan: Plan) -> str:
    description = early_stopping.description(plan.spec)
    if not description:
        return ""
    return f"\nmeasure.evaluation.stop_early\n{_filled(description)}\n"


def _shards(plan: Plan) -> str:
    description = sharding.description(plan)
    return f"\nmeasure.evaluation.shards\n{_filled(description)}\n" if description else ""


def _filled(text: str, later: str = "  ") -> str:
    """Return a text wrapped at the width of the terminal, or at that of a page if it is wider."""
    columns = min(columns_of(sys.stdout) or _COLUMNS, _COLUMNS)
    return textwrap.fill(text, columns, initial_indent="  ", subsequent_indent=later)


def _samples(plan: Plan) -> str:
    lines = [_filled(text, later="    ") for text in power.descriptions(plan)]
    title = "\nsamples that decide, if a candidate loses none of them\n"
    return title + "".join(f"{line}\n" for line in lines) if lines else ""


def _unmeasured(plan: Plan) -> str:
    target = plan.spec.quantize.target
    if target not in TARGETS or plan.spec.measure.targets:
        return ""
    return (
        f"\nquantize.target is {target}, but nothing is measured on it. "
        f"Add `measure: {{targets: [{target}]}}` to measure on it\n"
    )


def _cluster(plan: Plan) -> str:
    return f"\ncluster\n{rendered(plan.spec.cluster)}" if plan.spec.cluster else ""


def _task_line(task: PlannedTask) -> str:
    return f"  {task.title}{f' x {task.times}' if task.times > 1 else ''}\n"
